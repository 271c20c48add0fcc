#include "core/archive/schema_drift.hpp"

#include <algorithm>

#include "core/archive/former_names.hpp"
#include "core/scope/sql.hpp"
#include "core/text/error.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedDifferences = 1000;
constexpr size_t kLongestList = 64 << 10;

std::string counted(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

SchemaDifference difference_of(const DriftTable& table) {
  SchemaDifference told{display_entry(table.archived->name), "", table.difference,
                        DriftEffect::kNothing, table.settle};
  if (table.archived->rows == 0) return told;
  told.difference += ": " + counted(table.archived->rows, "row");
  told.effect = DriftEffect::kLost;
  told.stops = true;
  return told;
}

void add_column(const DriftTable& table, size_t position, std::vector<SchemaDifference>& all) {
  const DriftColumn& column = table.columns[position];
  const std::string place = display_table(*table.table);
  const std::string& name = table.archived->columns[position].name;
  if (!column.difference.empty()) {
    SchemaDifference told{place, name, column.difference, DriftEffect::kNothing, column.settle};
    const bool fails = column.refused > 0;
    if (column.lost > 0) {
      told.difference += ": " + counted(column.lost, "value") +
                         (column.change == DriftColumn::Change::kDropped ? ""
                          : column.lost == 1                             ? " does not fit"
                                                                         : " do not fit");
      told.effect = fails ? DriftEffect::kRefused : DriftEffect::kLost;
      told.stops = true;
    } else {
      told.settle.clear();
    }
    all.push_back(std::move(told));
  }
  if (column.nulls == 0) return;
  all.push_back({place, name,
                 "must not be null here: " + counted(column.nulls, "row") + " " +
                     (column.nulls == 1 ? "is" : "are") + " without a value",
                 column.filler ? DriftEffect::kFilled : DriftEffect::kRefused,
                 column.filler ? "" : column.settle, !column.filler});
}

}  // namespace

const char* to_text(DriftEffect effect) {
  switch (effect) {
    case DriftEffect::kNothing:
      return "nothing";
    case DriftEffect::kFilled:
      return "filled";
    case DriftEffect::kChecked:
      return "checked";
    case DriftEffect::kLost:
      return "lost with adapt";
    case DriftEffect::kRefused:
      return "refused";
  }
  return "";
}

bool DriftTable::passes() const {
  if (table == nullptr || resorted) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    const DriftColumn& column = columns[i];
    if (column.change != DriftColumn::Change::kNone) return false;
    if (column.column->name != archived->columns[i].name) return false;
    if (column.nulls > 0) return false;
  }
  return true;
}

bool DriftTable::is_doubtful() const {
  if (archived->rows == 0) return false;
  if (table == nullptr) return true;
  return std::any_of(columns.begin(), columns.end(), [](const DriftColumn& column) {
    return column.is_lossy() || column.may_be_null;
  });
}

bool SchemaDrift::is_none() const {
  return std::all_of(tables.begin(), tables.end(), [](const DriftTable& table) {
    return table.passes() && table.table != nullptr &&
           encode_table_name(table.table->schema, table.table->name) == table.archived->name;
  });
}

bool SchemaDrift::is_doubtful() const {
  return std::any_of(tables.begin(), tables.end(),
                     [](const DriftTable& table) { return table.is_doubtful(); });
}

std::vector<SchemaDifference> differences_of(const SchemaDrift& drift) {
  std::vector<SchemaDifference> all;
  for (const DriftTable& table : drift.tables) {
    if (table.table == nullptr) {
      all.push_back(difference_of(table));
      continue;
    }
    for (size_t i = 0; i < table.columns.size(); ++i) add_column(table, i, all);
  }
  all.insert(all.end(), drift.others.begin(), drift.others.end());
  return all;
}

void require_fitting(const SchemaDrift& drift, bool adapts) {
  std::string list, statement;
  size_t count = 0;
  bool adaptable = true;
  for (const SchemaDifference& difference : differences_of(drift)) {
    if (!difference.stops || (adapts && difference.effect == DriftEffect::kLost)) continue;
    ++count;
    adaptable = adaptable && difference.effect == DriftEffect::kLost;
    if (statement.empty()) statement = difference.settle;
    if (count > kListedDifferences || list.size() > kLongestList) continue;
    list += (list.empty() ? "" : "\n") +
            (difference.column.empty()
                 ? "table " + difference.table
                 : "column " + difference.table + "." + display_name(difference.column)) +
            " " + difference.difference;
  }
  if (count == 0) return;
  const size_t listed = static_cast<size_t>(std::count(list.begin(), list.end(), '\n')) + 1;
  if (listed < count) list += "\nand " + std::to_string(count - listed) + " more";
  std::string hint;
  if (!statement.empty()) hint = "The first that can be settled: " + statement + " ";
  hint +=
      adaptable ? "schema_drift => 'adapt' restores without these values, and lists them. " : "";
  throw Error(sqlstate::kSchemaDiffers,
              "the archive does not fit the structure of this database in " +
                  std::to_string(count) + (count == 1 ? " place" : " places"))
      .detail(list)
      .hint(hint +
            "Or bring the database to the structure the backup was made under, or make a new "
            "backup. compare_schema() lists all differences.");
}

}  // namespace company_backup
