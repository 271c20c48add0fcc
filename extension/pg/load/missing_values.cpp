#include "pg/load/missing_values.hpp"

#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedColumns = 20;

std::vector<size_t> key_positions(const MatchedTable& table) {
  std::vector<size_t> positions;
  for (int16_t number : table.scoped->key) {
    if (const auto position = position_of(table, number)) positions.push_back(*position);
  }
  return positions;
}

std::string key_text(const MatchedTable& table, const std::vector<RowValue>& row,
                     const ReadBytes& bytes) {
  std::string key;
  for (const size_t position : key_positions(table)) {
    const Text text = text_form(*table.columns[position], row[position], position, bytes);
    key += (key.empty() ? "(" : ", ") + text.value_or("null").substr(0, 100);
  }
  return key.empty() ? key : key + ")";
}

std::string count_of(uint64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

}  // namespace

void MissingValues::note(const MatchedTable& table, const std::vector<RowValue>& row,
                         const ReadBytes& bytes) {
  if (table.gaps.empty()) return;
  Noted& noted = noted_[table.scoped->table];
  noted.table = &table;
  if (++noted.rows > kListedKeys) return;
  noted.keys += (noted.keys.empty() ? "" : ", ") + key_text(table, row, bytes);
}

void MissingValues::note_all(const MatchedTable& table, RowSource& source) {
  if (table.gaps.empty() || table.archived->rows == 0) return;
  const ReadBytes bytes = source.bytes_of(table);
  source.read(table, key_positions(table),
              [&](const std::vector<RowValue>& row) { note(table, row, bytes); });
}

std::vector<std::string> MissingValues::notes_of(TableIndex table) const {
  const auto found = noted_.find(table);
  if (found == noted_.end()) return {};
  const Noted& noted = found->second;
  std::vector<std::string> notes;
  for (const Column* column : noted.table->gaps) {
    notes.push_back("refused: " + count_of(noted.rows) + " would be added without a value for " +
                    display_name(column->name) + (noted.keys.empty() ? "" : ": " + noted.keys) +
                    (noted.rows > kListedKeys && !noted.keys.empty() ? ", ..." : ""));
  }
  return notes;
}

std::string MissingValues::statement_for(const Table& table, const Column& column) const {
  return Statements(functions_schema())
      .value_for(table, column, column_treatment(live_.rules, table, column.name))
      .text;
}

void MissingValues::refuse() const {
  if (noted_.empty()) return;
  uint64_t rows = 0;
  size_t columns = 0;
  std::string list, statement;
  for (const auto& [index, noted] : noted_) {
    rows += noted.rows;
    for (const Column* column : noted.table->gaps) {
      if (++columns > kListedColumns) continue;
      const Table& table = *noted.table->table;
      list += (list.empty() ? "column " : "\ncolumn ") + display_table(table) + "." +
              display_name(column->name) + ": " + count_of(noted.rows) +
              (noted.keys.empty() ? "" : ", " + noted.keys) +
              (noted.rows > kListedKeys && !noted.keys.empty() ? ", ..." : "");
      if (statement.empty()) statement = statement_for(table, *column);
    }
  }
  if (columns > kListedColumns) {
    list += "\nand " + std::to_string(columns - kListedColumns) + " more columns";
  }
  throw Error(sqlstate::kMissingValue, count_of(rows) + " would be added without a value that " +
                                           (rows == 1 ? "it needs" : "they need"))
      .detail(list)
      .hint(
          "These columns must not be null, have no default and get nothing from the archive. "
          "Say what new rows get, here for the first column: " +
          statement);
}

}  // namespace company_backup
