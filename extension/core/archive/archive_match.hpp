// Does an archive fit the database it is to be loaded into?
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// What a column of an added row gets instead of a value of the archive.
struct Replacement {
  const Column* column;
  std::string expression;  // SQL over nothing
};

// A table of the archive and its table here; pointers into the schema and the scope.
struct MatchedTable {
  size_t number;  // in Manifest::tables
  const ManifestTable* archived;
  const ScopedTable* scoped;
  const Table* table;
  std::vector<const Column*> columns{};     // of each of the archive's columns
  std::vector<bool> loaded{};               // is that column loaded, or does its default count?
  std::vector<Replacement> replacements{};  // of columns that are not loaded
  // Columns that must not be NULL, and for which nothing gives a value: existing rows keep theirs,
  // but no row can be added.
  std::vector<const Column*> gaps{};
  std::string row_check{};       // what its rows must meet; empty: nothing
  std::vector<int16_t> moved{};  // of the columns loaded, those of MatchOptions::moved
};

// Columns by table and number.
using MovedColumns = std::set<std::pair<TableIndex, int16_t>>;

// The position of a column among the archive's.
std::optional<size_t> position_of(const MatchedTable& table, int16_t number);

struct MatchOptions {
  // The archive's company of the archive's database is the target. Otherwise columns with the
  // treatment "identity" do not travel, unless a row cannot be without them and its rule says
  // nothing else, or it is one of `moved`.
  bool same_company = false;
  // Columns with the treatment "file" travel; otherwise only if a row cannot be without them.
  bool with_files = false;
  // An undo record: every column is loaded, whatever its treatment.
  bool everything = false;
  MovedColumns moved = {};  // identity columns that come along, since nobody here has their values
  MovedColumns left = {};   // those that do not, since somebody has them, also of the same company
};

// Columns that are secret here never travel.
//
// Error kSchemaDiffers lists every table and column that does not fit.
std::vector<MatchedTable> match_archive(const Manifest& manifest, const Schema& schema,
                                        const Rules& rules, const Scope& scope,
                                        const MatchOptions& options);

}  // namespace company_backup
