#include "pg/restore/lost_values.hpp"

#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/restore/restore_record.hpp"

namespace company_backup {
namespace {

std::string display_lost(const DriftTable& table) {
  if (table.table != nullptr) return display_table(*table.table);
  const TableName name = decode_table_name(table.archived->name);
  return display_name(name.schema) + "." + display_name(name.table);
}

}  // namespace

LossObserver LostValues::observer() {
  return [this](const LostValue& value) { note(value); };
}

void LostValues::note(const LostValue& value) {
  list_.add({value.table.table, display_lost(value.table), value.row_key, value.sqlstate,
             value.problem, value.data});
}

void LostValues::record(int64_t restore) {
  const uint64_t count = list_.count();
  list_.record(restore);
  report_problems(restore, count,
                  "the tables here have no place for " UINT64_FORMAT
                  " value or row of the backup, which is lost",
                  "the tables here have no place for " UINT64_FORMAT
                  " values and rows of the backup, which are lost");
}

std::vector<std::string> loss_notes(const SchemaDrift& drift, const Table& table) {
  std::vector<std::string> notes;
  for (const DriftTable& known : drift.tables) {
    if (known.table != &table) continue;
    for (size_t i = 0; i < known.columns.size(); ++i) {
      const DriftColumn& column = known.columns[i];
      if (column.lost == 0) continue;
      notes.push_back("lost: " + std::to_string(column.lost) +
                      (column.lost == 1 ? " value" : " values") + " of column " +
                      display_name(known.archived->columns[i].name) + ", which " +
                      column.difference);
    }
  }
  return notes;
}

Rows lost_tables(const SchemaDrift& drift) {
  Rows rows;
  for (const DriftTable& table : drift.tables) {
    if (table.table != nullptr || table.archived->rows == 0) continue;
    rows.push_back({table.archived->area, display_lost(table), "0", "0", "0", "0",
                    "lost: " + std::to_string(table.archived->rows) +
                        (table.archived->rows == 1 ? " row" : " rows") + "; the table " +
                        table.difference});
  }
  return rows;
}

}  // namespace company_backup
