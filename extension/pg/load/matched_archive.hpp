// An archive as it fits this database and its company here: tables, shared rows and people matched,
// every value translated on its way from a line to a table. Who loads it into a new company is
// pg/load/company_loader.hpp, who merges it with a company's rows pg/restore/company_merge.hpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "pg/load/left_identity.hpp"
#include "pg/load/leftover_check.hpp"
#include "pg/load/reference_maps.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/row_source.hpp"
#include "pg/rows/sequences.hpp"
#include "pg/rows/table_writer.hpp"
#include "pg/rows/translated_lines.hpp"

namespace company_backup {

// Values of a row of the company table by attribute number; NULL: nullopt.
using CompanyRow = std::map<int16_t, Text>;

class MatchedArchive {
 public:
  // Matches structure and shared rows; nothing is written yet. All references must outlive it.
  // Errors: see match_archive() and SharedMatch.
  MatchedArchive(const LiveScope& live, const Manifest& manifest, RowSource& source,
                 const MatchOptions& options, const SharedOptions& shared);

  // The company's row as it is in the archive, the loaded columns only, in PostgreSQL's text form.
  const CompanyRow& archived_company() const { return archived_company_; }

  // What becomes of the values of a table's rows, which stand as its columns do in the archive.
  RowMapper make_mapper(const MatchedTable& table) { return mapper_of(table); }

  // Columns of the company table whose values other rows hold.
  std::vector<int16_t> company_key_columns() const;

  // ... and what they hold in the archive.
  CompanyRow archived_company_keys() const;

  // Says what these columns hold in the target's row. To be called before anything is loaded.
  void set_company_keys(const CompanyRow& target);
  // What becomes of such a column's value. After that.
  const KeyMap& company_keys(int16_t column) const { return references_.company_keys(column); }

  // Decides what becomes of references to other companies. To be called before anything is read
  // translated; without it they stay as they are. `target`: null if it does not exist yet.
  void settle_outside(const Company* target) { references_.settle_outside(tables_, target); }
  // After that; null before.
  const OutsideReferences* outside() const { return references_.outside(); }

  // These values of "identity" columns do not come. To be called before anything is read
  // translated. `preview`: see LeftIdentity.
  void leave_identity(const TakenIdentity& taken, bool preview) {
    if (!taken.empty()) left_.emplace(live_, tables_, source_, taken, preview);
  }

  // The archived row as it is to be in the target: references translated, not yet overridden.
  CompanyRow translated_company();

  // The company's row among tables().
  const MatchedTable& company_table() const;

  // Rows get new IDs from here on; null: they keep them.
  void set_new_ids(const IdMaps* ids);
  const IdMaps* new_ids() const { return new_ids_; }  // null: they keep them
  const ColumnRoots& roots() const { return references_.roots(); }
  bool is_company_table(TableIndex table) const { return table == live_.scope.company_table; }

  // What the rule of a column makes of its values on their way to this company.
  std::vector<std::string> replaced(const Table& table, const Column& column,
                                    const std::vector<std::string>& values) const;

  // Calls `row` with every row of a table: these values (positions) as the archive has them, or the
  // whole row as it is there and with its references translated.
  using RowVisitor = RowSource::Visitor;
  void read(const MatchedTable& table, const std::vector<size_t>& wanted, const RowVisitor& row);
  void read_translated(const MatchedTable& table, const TranslationObserver& row);

  // For a merge. The tables of the archive in the order they are to be written in, and of each its
  // lines, translated and in the order of their key, and what writes them. `observer` (may be
  // empty) is not called if nothing changes.
  const Manifest& manifest() const { return manifest_; }
  const std::vector<MatchedTable>& tables() const { return tables_; }
  std::unique_ptr<LineSource> lines(const MatchedTable& table, TranslationObserver observer = {});
  bool gives_new_ids() const { return new_ids_ != nullptr; }
  bool keeps_keys() const { return new_ids_ == nullptr || new_ids_->keeps_keys(); }
  // For rows that are translated already; and for rows as the archive has them, which are
  // translated and checked on the way.
  std::unique_ptr<MappedRowWriter> writer(const MatchedTable& table) const;
  std::unique_ptr<MappedRowWriter> translating_writer(const MatchedTable& table);
  ReadBytes bytes_of(const MatchedTable& table) const { return source_.bytes_of(table); }
  // The archived company row with its references translated, as a line.
  std::string translated_company_line();
  // Behind loaded columns, and the furthest values they saw.
  std::vector<ColumnSequence>& sequences() { return sequences_; }
  bool is_of_this_database() const { return origin_.same_database; }
  const RowOrigin& origin() const { return origin_; }
  RowSource& source() { return source_; }
  // Rows whose CHECKs are evaluated again when all are written.
  DoubtedRows& doubts() { return doubts_; }
  // What became of shared rows and people.
  std::vector<SharedReport> shared_report() const { return shared_.report(); }

  // Shared tables of which several rows of the archive are one row here.
  const std::set<TableIndex>& collapsed() const { return shared_.collapsed(); }

 private:
  RowMapper mapper_of(const MatchedTable& table);
  // Null if there is nothing to look for.
  std::shared_ptr<LeftoverCheck> leftover_check(const MatchedTable& table) const;
  TranslationObserver with_leftover_check(const MatchedTable& table,
                                          TranslationObserver observer) const;
  std::unique_ptr<MappedRowWriter> writer(const MatchedTable& table, RowMapper mapper) const;

  const LiveScope& live_;
  const Manifest& manifest_;
  RowSource& source_;
  const RowOrigin origin_;
  std::vector<MatchedTable> tables_;
  SharedMatch shared_;
  ReferenceMaps references_;
  std::optional<LeftIdentity> left_;
  const IdMaps* new_ids_ = nullptr;
  CompanyRow archived_company_;
  Text target_key_;
  std::vector<ColumnSequence> sequences_;
  mutable DoubtedRows doubts_;
};

}  // namespace company_backup
