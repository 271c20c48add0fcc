#include "pg/load/company_load.hpp"

#include <algorithm>
#include <numeric>

#include "core/scope/load_order.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/check/integrity.hpp"
#include "pg/load/missing_values.hpp"
#include "pg/rows/replacement.hpp"

namespace company_backup {
namespace {

std::vector<int16_t> loaded_numbers(const MatchedTable& table) {
  std::vector<int16_t> numbers;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.loaded[i]) numbers.push_back(table.columns[i]->number);
  }
  return numbers;
}

std::vector<size_t> all_columns(const MatchedTable& table) {
  std::vector<size_t> positions(table.columns.size());
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

std::vector<MatchedTable> in_load_order(std::vector<MatchedTable> tables, const LiveScope& live) {
  std::vector<TableIndex> indexes;
  for (const MatchedTable& table : tables) indexes.push_back(table.scoped->table);
  std::vector<MatchedTable> ordered;
  for (const size_t position : load_order(live.schema, live.scope, indexes)) {
    ordered.push_back(std::move(tables[position]));
  }
  return ordered;
}

}  // namespace

CompanyLoad::CompanyLoad(const LiveScope& live, const Manifest& manifest, RowSource& source,
                         const MatchOptions& options, const SharedOptions& shared)
    : live_(live),
      manifest_(manifest),
      source_(source),
      same_database_(shared.same_database),
      same_company_(options.same_company || options.everything),
      tables_(in_load_order(match_archive(manifest, live.schema, live.rules, live.scope, options),
                            live)),
      shared_(live, manifest, source, shared),
      references_(live, manifest, source, shared_,
                  {.same_database = same_database_, .same_company = same_company_}) {
  const MatchedTable* company = company_table();
  if (company == nullptr || company->archived->rows != 1) {
    throw Error(sqlstate::kBadArchive, "the archive does not hold exactly one company row");
  }
  for (const MatchedTable& table : tables_) {
    if (!table.table->foreign || &table == company) continue;
    refuse_code_of_insert(table.table->oid, display_table(*table.table), loaded_numbers(table));
  }
  read(*company, all_columns(*company), [&](const std::vector<RowValue>& row) {
    for (size_t i = 0; i < company->columns.size(); ++i) {
      if (!company->loaded[i]) continue;
      archived_company_[company->columns[i]->number] =
          text_form(*company->columns[i], row[i], i, bytes_of(*company));
    }
  });
}

void CompanyLoad::set_new_ids(const IdMaps* ids) {
  new_ids_ = ids;
  references_.set_new_ids(ids);
}

const MatchedTable* CompanyLoad::company_table() const {
  for (const MatchedTable& table : tables_) {
    if (table.scoped->table == live_.scope.company_table) return &table;
  }
  return nullptr;
}

std::vector<int16_t> CompanyLoad::company_key_columns() const {
  std::vector<int16_t> numbers;
  const TableIndex table = live_.scope.company_table;
  for (const Column& column : live_.table(table).columns) {
    const std::vector<ColumnRoot>& roots = references_.roots().of(table, column.number);
    const ColumnRoot self{table, column.number};
    if (std::find(roots.begin(), roots.end(), self) != roots.end() ||
        column.number == live_.scope.company_key) {
      numbers.push_back(column.number);
    }
  }
  return numbers;
}

CompanyRow CompanyLoad::archived_company_keys() const {
  CompanyRow keys;
  for (int16_t number : company_key_columns()) {
    const auto archived = archived_company_.find(number);
    if (archived != archived_company_.end()) keys.insert(*archived);
  }
  return keys;
}

std::vector<std::string> CompanyLoad::replaced(const Table& table, const Column& column,
                                               const std::vector<std::string>& values) const {
  return replace_values(table, column, column_rule(live_.rules, table, column.name)->replacement,
                        values, {manifest_.company_key, target_key_});
}

void CompanyLoad::set_company_keys(const CompanyRow& target) {
  const auto key = target.find(live_.scope.company_key);
  if (key != target.end()) target_key_ = key->second;
  for (const auto& [number, value] : target) {
    const auto archived = archived_company_.find(number);
    references_.set_company_key(
        number, archived == archived_company_.end() ? Text() : archived->second, value);
  }
}

CompanyRow CompanyLoad::translated_company() {
  const MatchedTable& company = *company_table();
  RowMapper mapper = references_.mapper(company);
  std::vector<RowValue> row(company.columns.size());
  for (size_t i = 0; i < row.size(); ++i) {
    const auto value = archived_company_.find(company.columns[i]->number);
    if (value == archived_company_.end() || !value->second) continue;
    row[i] = {ValueKind::kString, *value->second};
  }
  mapper.apply(row);
  if (const auto check = leftover_check(company)) check->check(row);
  CompanyRow result;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!company.loaded[i]) continue;
    result[company.columns[i]->number] =
        row[i].kind == ValueKind::kNull ? Text() : Text(std::string(row[i].text));
  }
  return result;
}

void CompanyLoad::add_replacements(CompanyRow& row) const {
  const MatchedTable& company = *company_table();
  for (const auto& [column, expression] : company.replacements) {
    if (row.contains(column->number)) continue;
    row[column->number] = ReplacementValues(*company.table, *column, expression).next();
  }
}

void CompanyLoad::require_values() const {
  MissingValues missing(live_);
  for (const MatchedTable& table : tables_) {
    if (&table != company_table()) missing.note_all(table, source_);
  }
  missing.refuse();
}

void CompanyLoad::add_company(const CompanyRow& row, const CompanyRow& given) {
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
    sequences_.push_back(sequence);
  }
  RowWriter writer(table.oid, display_table(table), numbers, key);
  writer.add(values);
  writer.finish();
}

uint64_t CompanyLoad::load_tables() {
  uint64_t rows = 0;
  for (const MatchedTable& table : tables_) {
    if (&table != company_table()) rows += load_table(table);
  }
  doubts_.prove();
  return rows;
}

void CompanyLoad::read(const MatchedTable& table, const std::vector<size_t>& wanted,
                       const RowVisitor& row) {
  source_.read(table, wanted, row);
}

void CompanyLoad::read_translated(const MatchedTable& table, const TranslationObserver& row) {
  RowMapper mapper = references_.mapper(table);
  std::vector<RowValue> values;
  read(table, all_columns(table), [&](const std::vector<RowValue>& archived) {
    values = archived;
    mapper.apply(values);
    row(archived, values);
  });
}

std::shared_ptr<LeftoverCheck> CompanyLoad::leftover_check(const MatchedTable& table) const {
  if (new_ids_ == nullptr) return nullptr;
  auto check = std::make_shared<LeftoverCheck>(live_, table, new_ids_->leftovers());
  return check->empty() ? nullptr : check;
}

TranslationObserver CompanyLoad::with_leftover_check(const MatchedTable& table,
                                                     TranslationObserver observer) const {
  const auto check = leftover_check(table);
  if (!check) return observer;
  return [check, observer](const std::vector<RowValue>& archived,
                           const std::vector<RowValue>& translated) {
    check->check(translated);
    if (observer) observer(archived, translated);
  };
}

std::unique_ptr<LineSource> CompanyLoad::lines(const MatchedTable& table,
                                               TranslationObserver observer) {
  RowMapper mapper = references_.mapper(table);  // first: it may read the same rows
  auto lines = source_.lines(false, table.number, *table.archived);
  observer = with_leftover_check(table, std::move(observer));
  if (mapper.empty() && !observer) return lines;
  return translate_lines(std::move(lines), row_columns(table.columns), std::move(mapper),
                         table.archived->key, std::move(observer));
}

std::string CompanyLoad::translated_company_line() {
  const std::unique_ptr<LineSource> translated = lines(*company_table());
  std::string_view line;
  std::string text;
  while (translated->next(line)) text = line;
  return text;
}

std::unique_ptr<MappedRowWriter> CompanyLoad::loader(const MatchedTable& table) const {
  return loader(table, RowMapper());
}

std::unique_ptr<MappedRowWriter> CompanyLoad::loader(const MatchedTable& table,
                                                     RowMapper mapper) const {
  return std::make_unique<MappedRowWriter>(*table.table, table.columns, table.loaded,
                                           table.scoped->key, std::move(mapper), bytes_of(table),
                                           table.replacements, &doubts_);
}

uint64_t CompanyLoad::load_table(const MatchedTable& table) {
  if (table.archived->rows == 0) return 0;
  const std::unique_ptr<MappedRowWriter> rows = loader(table, references_.mapper(table));
  if (const auto check = leftover_check(table)) {
    rows->set_observer([check](const std::vector<RowValue>& row) { check->check(row); },
                       check->positions());
  }
  source_.write(table, *rows);
  note_mapped(table, rows->mapper());
  return loaded_[table.scoped->table] = rows->finish(sequences_);
}

// References that need no further proof: the map of a renewed column knows the values that rows of
// the archive have in it, no others, and all these rows are loaded. Where it knew every value of a
// column that refers to it, each leads to such a row.
void CompanyLoad::note_mapped(const MatchedTable& table, const RowMapper& mapper) {
  if (new_ids_ == nullptr) return;
  for (const Reference& reference : live_.scope.references) {
    if (reference.table != table.scoped->table || reference.soft || reference.columns.size() != 1) {
      continue;
    }
    const KeyMap* map = new_ids_->of({reference.target, reference.target_columns[0]});
    const auto position = position_of(table, reference.columns[0]);
    if (map == nullptr || !position || !mapper.has_known_all(*position, *map)) continue;
    mapped_.insert(&reference);
  }
}

void CompanyLoad::prove(const Company& company, bool counts) {
  prove_references(live_, company, {.same_database = same_database_, .same_company = same_company_},
                   [this](const Reference& reference) { return !mapped_.contains(&reference); });
  if (counts) count_rows(company);
  advance_sequences(sequences_);
}

void CompanyLoad::count_rows(const Company& company) const {
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
    const std::string detail = "Loaded were " + std::to_string(expected) +
                               " rows, but the company has " + std::to_string(found) + ".";
    if (found > expected) {
      throw Error(sqlstate::kSerializationFailure,
                  "somebody else added rows of the company to table " + quoted_display(name))
          .detail(detail)
          .hint("Try again.");
    }
    throw Error(sqlstate::kIntegrity, "rows of table \"" + name +
                                          "\" would not belong to company \"" + company.key + "\"")
        .detail(detail);
  }
}

}  // namespace company_backup
