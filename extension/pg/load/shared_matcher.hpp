// Finds the rows of this database that stand for those of one shared table of an archive.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/merge/restore_words.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct SharedOptions {
  bool same_database = false;
  // The company the rows go to, if it exists already and is not the archive's own: people who are
  // not members of it are looked for like people of another database.
  const Company* other_company = nullptr;
  Text actor = {};                                 // takes the place of people who are not found
  MissingShared missing = MissingShared::kRefuse;  // kAdd: but people never are
  bool preview = false;  // nothing is added, and what is missing is no error
};

// One shared table of the archive: its rows there, and here.
struct SharedRows {
  TableIndex index;
  const Table* table;
  const ScopedTable* scoped;
  std::string condition = "true";  // which rows t are shared
  std::vector<const Column*> columns;
  std::vector<Row> theirs;
  std::vector<Row> sought;  // the same, with what match columns refer to as it is here
  std::vector<Row> ours;    // of the same columns; empty: not found
  enum class State : uint8_t { kWaiting, kDone, kMissing, kToBeAdded };
  std::vector<State> states;
  std::vector<bool> is_actor;
  std::vector<std::string> missing, added;
  // Rows by what these columns have in the archive.
  std::map<std::vector<int16_t>, std::unordered_map<std::string, size_t>> by_columns;

  bool people() const { return scoped->treatment == TableTreatment::kPeople; }

  size_t position_of(int16_t number) const {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const Column* column) { return column->number == number; });
    return static_cast<size_t>(found - columns.begin());
  }
};

using SharedTables = std::vector<std::unique_ptr<SharedRows>>;

// Reads and looks up one shared table. First read() and begin() of every table, then find() of each
// until none finds more, then finish().
class SharedMatcher {
 public:
  SharedMatcher(SharedRows& match, const ManifestTable& archived, const SharedTables& matches)
      : match_(match), archived_(archived), matches_(matches) {}

  void read(RowSource& source, size_t number);

  // First: what the archive's own database tells by itself.
  void begin(const LiveScope& live, const SharedOptions& options);

  // Looks for rows of which is known what their match columns refer to. To be called again when
  // more of that may be known; false: there were none.
  bool find(const LiveScope& live, const SharedOptions& options);

  // Last: what is missing.
  void finish(const SharedOptions& options);

 private:
  using State = SharedRows::State;
  std::vector<size_t> wanted() const;
  bool is_ready(const LiveScope& live, const SharedOptions& options, size_t row);
  bool translate(const LiveScope& live, const MatchReference& reference, size_t row);
  static bool holds_number(const LiveScope& live, const MatchReference& reference);
  std::vector<size_t> by_key() const;
  std::vector<size_t> by_match_columns() const;
  void look_up(const std::vector<size_t>& by, const std::vector<size_t>& rows);
  void use_actor(const std::string& actor, const std::vector<size_t>& asked);
  void forget_strangers(const LiveScope& live, const Company& company);
  void add_rows(const LiveScope& live, const std::vector<size_t>& added);
  void prove_added(const LiveScope& live, const std::vector<size_t>& added) const;

  SharedRows& match_;
  const ManifestTable& archived_;
  const SharedTables& matches_;
  std::vector<bool> ambiguous_;
  std::vector<size_t> added_;
  std::set<size_t> references_;  // positions of columns that refer to other rows
  bool has_looked_ = false;
};

}  // namespace company_backup
