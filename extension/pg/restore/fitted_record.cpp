#include "pg/restore/fitted_record.hpp"

#include <algorithm>
#include <utility>

#include "core/archive/drift_finder.hpp"
#include "core/archive/former_names.hpp"
#include "core/merge/change_log.hpp"
#include "core/scope/sql.hpp"
#include "core/text/row_composer.hpp"
#include "core/text/table_name.hpp"
#include "pg/load/drift_scan.hpp"
#include "pg/load/row_adapter.hpp"
#include "pg/rows/structure_facts.hpp"

namespace company_backup {
namespace {

// What says the same as the catalog comes last: rules of the application are asked first.
Rules with_renames(Rules rules, const RecordedNames& names) {
  rules.table_renames.insert(rules.table_renames.end(), names.tables.begin(), names.tables.end());
  rules.column_renames.insert(rules.column_renames.end(), names.columns.begin(),
                              names.columns.end());
  return rules;
}

// The lines of one part and table.
class PartLines : public LineSource {
 public:
  PartLines(int64_t restore, UndoPart part, size_t number)
      : members_(undo_members(restore, part)), lines_(*members_, static_cast<int>(number)) {}
  bool next(std::string_view& line) override { return lines_.next(line); }

 private:
  std::unique_ptr<MemberSource> members_;
  UndoLines lines_;
};

// A log of changes (core/merge/change_log.hpp), or of a keyless table an empty line and rows.
class AdaptedLog : public LineSource {
 public:
  AdaptedLog(const DriftTable& table, std::unique_ptr<LineSource> lines)
      : table_(table), lines_(std::move(lines)), whole_(table), whole_text_(whole_.columns()) {}

  bool next(std::string_view& line) override {
    if (!lines_->next(line)) return false;
    if (!std::exchange(begun_, true)) {
      text_ = line.empty() ? "" : header(ChangeLogHeader::parse(line));
    } else {
      const bool has_word = line[0] != '{';
      const bool added = line[0] == 'a';
      text_ = line.substr(0, has_word ? 1 : 0);
      line.remove_prefix(text_.size());
      (added ? *added_text_ : whole_text_).append((added ? *added_ : whole_).adapt(line), text_);
    }
    line = text_;
    return true;
  }

 private:
  std::string header(const ChangeLogHeader& then) {
    added_.emplace(table_, then.archived);
    added_text_.emplace(added_->columns());
    ChangeLogHeader now{added_->columns().size()};
    for (const size_t position : then.known) {
      if (const auto here = added_->position_of(position)) now.known.push_back(*here);
    }
    return now.text();
  }

  const DriftTable& table_;
  std::unique_ptr<LineSource> lines_;
  RowAdapter whole_;
  RowComposer whole_text_;
  std::optional<RowAdapter> added_;
  std::optional<RowComposer> added_text_;
  bool begun_ = false;
  std::string text_;
};

std::string line_of(const SchemaDifference& difference) {
  return (difference.column.empty()
              ? "table " + difference.table
              : "column " + difference.table + "." + display_name(difference.column)) +
         " " + difference.difference;
}

// Is there no such table any more?
bool is_gone(const LiveScope& live, const FormerNames& names, const DriftTable& table) {
  const TableName name = decode_table_name(names.now(table.archived->name));
  return table.table == nullptr && live.schema.find(name.schema, name.table) == kNoTable;
}

bool loses_values(const DriftTable& table) {
  return std::any_of(table.columns.begin(), table.columns.end(), [](const DriftColumn& column) {
    return column.change == DriftColumn::Change::kCast && column.lost > 0;
  });
}

}  // namespace

FittedRecord::FittedRecord(const LiveScope& live, int64_t restore)
    : restore_(restore),
      record_(undo_manifest(restore)),
      names_(renamed_since(restore, record_, live.schema)),
      rules_(with_renames(live.rules, names_)),
      rows_(undo_members(restore, UndoPart::kBefore), 0),
      drift_(find_drift(record_, live.schema, rules_, live.scope, structure_facts(live),
                        functions_schema(), false)) {
  leave_keyless();
  if (drift_.is_doubtful()) scan_drift(drift_, rows_, {});
  judge(live);
  if (!drift_.is_none()) adapted_.emplace(drift_, rows_);
}

// Rows that had no key when they were recorded, as the company's own, are not told apart by one
// now.
void FittedRecord::leave_keyless() {
  for (size_t i = 0; i < drift_.kept.size(); ++i) {
    DriftTable& table = drift_.tables[drift_.kept[i]];
    if (!table.archived->key.empty()) continue;
    table.resorted = false;
    drift_.manifest.tables[i].key.clear();
  }
}

// Differences stand in the order of the tables; those of none of them last.
void FittedRecord::judge(const LiveScope& live) {
  const FormerNames names(record_, rules_);
  std::vector<std::string> refused;
  std::string settle;
  for (DriftTable& table : drift_.tables) {
    SchemaDrift alone;
    alone.tables = {table};
    const bool may_lose =
        table.table == nullptr ? is_gone(live, names, table) : !loses_values(table);
    for (const SchemaDifference& difference : differences_of(alone)) {
      if (!difference.stops) continue;
      const bool passes = names_.are_known && may_lose && difference.effect == DriftEffect::kLost;
      (passes ? left_out_ : refused).push_back(line_of(difference));
      if (!passes && settle.empty()) settle = difference.settle;
    }
  }
  for (const SchemaDifference& difference : drift_.others)
    if (difference.stops) refused.push_back(line_of(difference));
  if (refused.empty()) return;
  std::string list;
  for (const std::string& line : refused) list += (list.empty() ? "" : "\n") + line;
  throw Error(sqlstate::kSchemaDiffers,
              "restore " + std::to_string(restore_) +
                  " cannot be reverted: the structure of the tables has changed since in " +
                  std::to_string(refused.size()) + (refused.size() == 1 ? " place" : " places"))
      .detail(std::move(list))
      .hint(
          (settle.empty() ? "" : "The first that can be settled: " + settle + " ") +
          "Bring these tables to the structure that they had at the restore, then revert again. Or "
          "end the review with keep_restore().");
}

std::unique_ptr<LineSource> FittedRecord::lines(UndoPart part, size_t table) const {
  return std::make_unique<PartLines>(restore_, part, drift_table(table).number);
}

std::unique_ptr<LineSource> FittedRecord::rows(UndoPart part, size_t table) const {
  return adapt_lines(drift_table(table), lines(part, table));
}

std::unique_ptr<LineSource> FittedRecord::changes(size_t table) const {
  std::unique_ptr<LineSource> then = lines(UndoPart::kChanges, table);
  const DriftTable& fitted = drift_table(table);
  if (fitted.passes()) return then;
  return std::make_unique<AdaptedLog>(fitted, std::move(then));
}

std::optional<std::string> FittedRecord::column_now(size_t table, const std::string& name) const {
  const DriftTable& fitted = drift_table(table);
  for (size_t i = 0; i < fitted.columns.size(); ++i) {
    if (fitted.archived->columns[i].name != name) continue;
    if (fitted.columns[i].column == nullptr) break;
    return fitted.columns[i].column->name;
  }
  return std::nullopt;
}

}  // namespace company_backup
