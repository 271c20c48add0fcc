#include "pg/restore/recorded_table.hpp"

#include <algorithm>
#include <set>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/owner.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

TableIndex find_table(const LiveScope& live, const std::string& encoded) {
  const TableName name = decode_table_name(encoded);
  return live.schema.find(name.schema, name.table);
}

std::string shown_name(const std::string& encoded) {
  const TableName name = decode_table_name(encoded);
  return display_name(name.schema) + "." + display_name(name.table);
}

// By recorded column; null: it cannot be written any more.
std::vector<const Column*> find_columns(const Table* table, const std::string& names) {
  std::vector<const Column*> columns;
  for (const std::string& name : parse_text_array(names)) {
    const Column* column = table == nullptr ? nullptr : find_column(*table, name);
    columns.push_back(column != nullptr && !column->generated ? column : nullptr);
  }
  return columns;
}

// Columns that are gone are read as they stand.
std::vector<RowColumn> recorded_columns(const Table* table, const std::string& names) {
  const std::vector<const Column*> columns = find_columns(table, names);
  std::vector<RowColumn> result;
  for (const std::string& name : parse_text_array(names)) {
    const Column* column = columns[result.size()];
    result.push_back({name, column == nullptr || column->type_oid == JSONBOID});
  }
  return result;
}

template <class T>
std::vector<T> without_null(const std::vector<T>& items) {
  std::vector<T> rest;
  std::copy_if(items.begin(), items.end(), std::back_inserter(rest),
               [](T item) { return item != nullptr; });
  return rest;
}

}  // namespace

RecordedTable::RecordedTable(const LiveScope& live, const OutsideRecord& record)
    : live_(live),
      index_(find_table(live, record.table)),
      table_(index_ == kNoTable ? nullptr : &live.table(index_)),
      name_(shown_name(record.table)),
      columns_(without_null(find_columns(table_, record.columns))),
      line_(recorded_columns(table_, record.columns)),
      // Our own record, but of a table whose types may have changed since.
      reader_(columns_, all_positions(columns_.size()), read_base64, LoadValue::Kind::kWritten) {
  const std::vector<const Column*> recorded = find_columns(table_, record.columns);
  for (size_t i = 0; i < recorded.size(); ++i) {
    if (recorded[i] != nullptr) kept_.push_back(i);
  }
  if (table_ == nullptr) return;
  key_ = pick_key(*table_);
  visible_ = may_see_rows(*table_);
  if (key_positions().size() != key_.size()) key_.clear();
}

std::vector<int16_t> RecordedTable::numbers() const {
  std::vector<int16_t> numbers;
  for (const Column* column : columns_) numbers.push_back(column->number);
  return numbers;
}

std::vector<size_t> RecordedTable::key_positions() const {
  std::vector<size_t> positions;
  for (int16_t number : key_) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i]->number == number) positions.push_back(i);
    }
  }
  return positions;
}

const std::vector<RowValue>& RecordedTable::parse(std::string_view row) {
  line_.parse(row);
  values_.clear();
  for (size_t position : kept_) values_.push_back(line_[position]);
  mapper_.apply(values_);
  return values_;
}

std::string RecordedTable::row_key(const std::vector<RowValue>& values) const {
  std::string text;
  if (!visible_ || key_.empty()) return text;
  for (size_t position : key_positions()) {
    text += (text.empty() ? "(" : ", ") + std::string(values[position].text);
  }
  return text + ")";
}

std::string RecordedTable::identity(const std::vector<RowValue>& values) const {
  if (!key_.empty()) {
    if (const auto line = key_line_of(key_, columns_, values)) return *line;
  }
  std::string text;
  for (const RowValue& value : values) {
    text += value.kind == ValueKind::kNull ? '0' : '1';
    text += value.text;
    text += '\0';
  }
  return text;
}

void RecordedTable::find(const std::vector<std::string>& identities, const Visit& visit) const {
  const AsOwnerOf owner(table_->oid);
  search(identities, nullptr, visit);
}

void RecordedTable::find_owned(const std::vector<std::string>& identities,
                               const std::vector<std::string>& companies,
                               const Visit& visit) const {
  const Table& company_table = live_.table(live_.scope.company_table);
  const std::vector<const Column*> key{&column_of(company_table, live_.scope.company_key)};
  KeyBatch batch(key);
  for (const std::string& company : companies) batch.add(key_line({company}));
  search(
      identities,
      [&](std::vector<Arg>& args) {
        const size_t first = args.size() + 1;
        for (const Arg& arg : batch.arrays()) args.push_back(arg);
        return "EXISTS (SELECT FROM " + batch.unnested(first) + " WHERE " +
               owned_by(live_.schema, live_.scope, index_, "s", "u.k0") + ")";
      },
      visit);
}

void RecordedTable::search(const std::vector<std::string>& identities, const Condition& also,
                           const Visit& visit) const {
  const std::set<std::string> wanted(identities.begin(), identities.end());
  const std::vector<const Column*> key_columns = columns_of(*table_, key_);
  std::string condition = "true";
  std::vector<Arg> args;
  BatchMemory memory;
  if (!key_.empty()) {
    KeyBatch batch(key_columns);
    for (const std::string& line : wanted) batch.add(line);
    args = batch.arrays();
    condition = equals_one_of(key_columns, "s");
  }
  if (also) condition = "(" + condition + ") AND " + also(args);
  RowLine line(row_columns(columns_));
  FreshSnapshot fresh;
  read_current(query_rows(*table_, columns_, condition, args), nullptr,
               [&](const CurrentRow& row, uint32_t) {
                 line.parse(row.line);
                 const std::string found = identity(line.values());
                 if (wanted.contains(found)) visit(found, row.version, line.values());
               });
  fresh.close();
  memory.close();
}

}  // namespace company_backup
