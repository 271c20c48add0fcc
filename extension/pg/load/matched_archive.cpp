#include "pg/load/matched_archive.hpp"

#include <algorithm>

#include "core/scope/load_order.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/replacement.hpp"
#include "pg/rows/row_check.hpp"

namespace company_backup {
namespace {

std::vector<int16_t> loaded_numbers(const MatchedTable& table) {
  std::vector<int16_t> numbers;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.loaded[i]) numbers.push_back(table.columns[i]->number);
  }
  return numbers;
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

MatchedArchive::MatchedArchive(const LiveScope& live, const Manifest& manifest, RowSource& source,
                               const MatchOptions& options, const SharedOptions& shared)
    : live_(live),
      manifest_(manifest),
      source_(source),
      origin_{.same_database = shared.same_database,
              .same_company = options.same_company || options.everything},
      tables_(in_load_order(match_archive(manifest, live.schema, live.rules, live.scope, options),
                            live)),
      shared_(live, manifest, source, shared),
      references_(live, manifest, source, shared_, origin_) {
  const auto company = std::find_if(tables_.begin(), tables_.end(), [this](const auto& table) {
    return is_company_table(table.scoped->table);
  });
  if (company == tables_.end() || company->archived->rows != 1) {
    throw Error(sqlstate::kBadArchive, "the archive does not hold exactly one company row");
  }
  for (const MatchedTable& table : tables_)
    if (!table.row_check.empty()) require_own_row_check(*table.table, table.row_check);
  for (const MatchedTable& table : tables_) {
    if (!table.table->foreign || is_company_table(table.scoped->table)) continue;
    refuse_code_of_insert(table.table->oid, display_table(*table.table), loaded_numbers(table));
  }
  read(*company, all_positions(company->columns.size()), [&](const std::vector<RowValue>& row) {
    for (size_t i = 0; i < company->columns.size(); ++i) {
      if (!company->loaded[i]) continue;
      archived_company_[company->columns[i]->number] =
          text_form(*company->columns[i], row[i], i, bytes_of(*company));
    }
  });
}

RowMapper MatchedArchive::mapper_of(const MatchedTable& table) {
  RowMapper mapper = references_.mapper(table);
  if (left_) left_->add_to(mapper, table);
  return mapper;
}

void MatchedArchive::set_new_ids(const IdMaps* ids) {
  new_ids_ = ids;
  references_.set_new_ids(ids);
}

const MatchedTable& MatchedArchive::company_table() const {
  return *std::find_if(tables_.begin(), tables_.end(),
                       [this](const auto& table) { return is_company_table(table.scoped->table); });
}

std::vector<int16_t> MatchedArchive::company_key_columns() const {
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

CompanyRow MatchedArchive::archived_company_keys() const {
  CompanyRow keys;
  for (int16_t number : company_key_columns()) {
    const auto archived = archived_company_.find(number);
    if (archived != archived_company_.end()) keys.insert(*archived);
  }
  return keys;
}

std::vector<std::string> MatchedArchive::replaced(const Table& table, const Column& column,
                                                  const std::vector<std::string>& values) const {
  return replace_values(table, column, column_rule(live_.rules, table, column.name)->replacement,
                        values, {manifest_.company_key, target_key_});
}

void MatchedArchive::set_company_keys(const CompanyRow& target) {
  const auto key = target.find(live_.scope.company_key);
  if (key != target.end()) target_key_ = key->second;
  for (const auto& [number, value] : target) {
    const auto archived = archived_company_.find(number);
    references_.set_company_key(
        number, archived == archived_company_.end() ? Text() : archived->second, value);
  }
}

CompanyRow MatchedArchive::translated_company() {
  const MatchedTable& company = company_table();
  RowMapper mapper = mapper_of(company);
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

void MatchedArchive::read(const MatchedTable& table, const std::vector<size_t>& wanted,
                          const RowVisitor& row) {
  source_.read(table, wanted, row);
}

void MatchedArchive::read_translated(const MatchedTable& table, const TranslationObserver& row) {
  RowMapper mapper = mapper_of(table);
  std::vector<RowValue> values;
  read(table, all_positions(table.columns.size()), [&](const std::vector<RowValue>& archived) {
    values = archived;
    mapper.apply(values);
    row(archived, values);
  });
}

std::shared_ptr<LeftoverCheck> MatchedArchive::leftover_check(const MatchedTable& table) const {
  if (new_ids_ == nullptr) return nullptr;
  auto check = std::make_shared<LeftoverCheck>(live_, table, new_ids_->leftovers());
  return check->empty() ? nullptr : check;
}

TranslationObserver MatchedArchive::with_leftover_check(const MatchedTable& table,
                                                        TranslationObserver observer) const {
  const auto check = leftover_check(table);
  if (!check) return observer;
  return [check, observer](const std::vector<RowValue>& archived,
                           const std::vector<RowValue>& translated) {
    check->check(translated);
    if (observer) observer(archived, translated);
  };
}

std::unique_ptr<LineSource> MatchedArchive::lines(const MatchedTable& table,
                                                  TranslationObserver observer) {
  RowMapper mapper = mapper_of(table);  // first: it may read the same rows
  auto lines = source_.lines(false, table.number, *table.archived);
  observer = with_leftover_check(table, std::move(observer));
  if (mapper.empty() && !observer) return lines;
  return translate_lines(std::move(lines), row_columns(table.columns), std::move(mapper),
                         table.archived->key, std::move(observer));
}

std::string MatchedArchive::translated_company_line() {
  const std::unique_ptr<LineSource> translated = lines(company_table());
  std::string_view line;
  std::string text;
  while (translated->next(line)) text = line;
  return text;
}

std::unique_ptr<MappedRowWriter> MatchedArchive::writer(const MatchedTable& table) const {
  return writer(table, RowMapper());
}

std::unique_ptr<MappedRowWriter> MatchedArchive::writer(const MatchedTable& table,
                                                        RowMapper mapper) const {
  return std::make_unique<MappedRowWriter>(*table.table, table.columns, table.loaded,
                                           table.scoped->key, std::move(mapper), bytes_of(table),
                                           table.replacements, &doubts_, table.row_check);
}

std::unique_ptr<MappedRowWriter> MatchedArchive::translating_writer(const MatchedTable& table) {
  std::unique_ptr<MappedRowWriter> rows = writer(table, mapper_of(table));
  if (const auto check = leftover_check(table)) {
    rows->set_observer([check](const std::vector<RowValue>& row) { check->check(row); },
                       check->positions());
  }
  return rows;
}

}  // namespace company_backup
