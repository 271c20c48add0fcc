#include "pg/load/company_loader.hpp"

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/progress.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/check/integrity.hpp"
#include "pg/load/missing_values.hpp"
#include "pg/rows/replacement.hpp"

namespace company_backup {

void CompanyLoader::add_replacements(CompanyRow& row) const {
  const MatchedTable& company = archive_.company_table();
  for (const auto& [column, expression] : company.replacements) {
    if (row.contains(column->number)) continue;
    row[column->number] = ReplacementValues(*company.table, *column, expression).next();
  }
}

void CompanyLoader::require_values() const {
  MissingValues missing(live_);
  for (const MatchedTable& table : archive_.tables()) {
    if (!archive_.is_company_table(table.scoped->table)) missing.note_all(table, archive_.source());
  }
  missing.refuse();
}

void CompanyLoader::add_company(const CompanyRow& row, const CompanyRow& given) {
  const Table& table = live_.table(live_.scope.company_table);
  std::vector<int16_t> numbers;
  std::vector<LoadValue> values;
  std::vector<size_t> key;
  for (const auto& [number, value] : row) {
    if (number == live_.scope.company_key) key.push_back(numbers.size());
    numbers.push_back(number);
    const auto kind = given.contains(number) ? LoadValue::Kind::kWritten : LoadValue::Kind::kText;
    values.push_back(value ? LoadValue{kind, *value} : LoadValue{});
  }
  for (ColumnSequence& sequence : sequences_of(table.oid)) {
    const auto value = row.find(sequence.column);
    if (value == row.end() || !value->second) continue;
    sequence.see(*value->second);
    archive_.sequences().push_back(sequence);
  }
  RowWriter writer(table.oid, display_table(table), numbers, key);
  writer.add(values);
  writer.finish();
}

uint64_t CompanyLoader::load_tables() {
  uint64_t rows = 0;
  uint64_t expected = 0;
  for (const MatchedTable& table : archive_.tables()) {
    if (!archive_.is_company_table(table.scoped->table)) expected += table.archived->rows;
  }
  expect_rows(expected);
  for (const MatchedTable& table : archive_.tables()) {
    if (!archive_.is_company_table(table.scoped->table)) rows += load_table(table);
  }
  archive_.doubts().prove();
  return rows;
}

uint64_t CompanyLoader::load_table(const MatchedTable& table) {
  if (table.archived->rows == 0) return 0;
  show_phase("writing", display_table(*table.table));
  const std::unique_ptr<MappedRowWriter> rows = archive_.translating_writer(table);
  archive_.source().write(table, *rows);
  note_mapped(table, rows->mapper());
  return loaded_[table.scoped->table] = rows->finish(archive_.sequences());
}

// References that need no further proof: the map of a renewed column knows the values that rows of
// the archive have in it, no others, and all these rows are loaded. Where it knew every value of a
// column that refers to it, each leads to such a row.
void CompanyLoader::note_mapped(const MatchedTable& table, const RowMapper& mapper) {
  const IdMaps* ids = archive_.new_ids();
  if (ids == nullptr) return;
  for (const Reference& reference : live_.scope.references) {
    if (reference.table != table.scoped->table || reference.soft || reference.columns.size() != 1) {
      continue;
    }
    const KeyMap* map = ids->of({reference.target, reference.target_columns[0]});
    const auto position = position_of(table, reference.columns[0]);
    if (map == nullptr || !position || !mapper.has_known_all(*position, *map)) continue;
    mapped_.insert(&reference);
  }
}

void CompanyLoader::prove_references(const Company& company) const {
  company_backup::prove_references(
      live_, company, archive_.origin(),
      [this](const Reference& reference) { return !mapped_.contains(&reference); });
}

void CompanyLoader::prove_counts(const Company& company) const {
  for (const ScopedTable* scoped : live_.travelling()) {
    if (scoped->table == live_.scope.company_table) continue;
    const Table& table = live_.table(scoped->table);
    const auto loaded = loaded_.find(scoped->table);
    const uint64_t expected = loaded == loaded_.end() ? 0 : loaded->second;
    const uint64_t found = std::stoull(
        *query_unestimated("SELECT count(*) FROM " + from_table(table) + " AS t WHERE " +
                               owned_by(live_.schema, live_.scope, scoped->table, "t", "$1"),
                           {company.arg()})[0][0]);
    if (found == expected) continue;
    const std::string name = display_table(table);
    const std::string detail = "Rows loaded: " + std::to_string(expected) +
                               "; rows of the company: " + std::to_string(found) + ".";
    if (found > expected) {
      throw Error(sqlstate::kSerializationFailure,
                  "could not serialize access: somebody else added rows of the company to table " +
                      quoted_display(name))
          .detail(detail)
          .hint("Try again.");
    }
    throw Error(sqlstate::kIntegrity, "rows of table \"" + name +
                                          "\" would not belong to company \"" + company.key + "\"")
        .detail(detail);
  }
}

}  // namespace company_backup
