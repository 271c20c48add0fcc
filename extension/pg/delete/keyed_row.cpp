#include "pg/delete/keyed_row.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

std::vector<std::string> read_key(const Table& table, const std::vector<const Column*>& columns,
                                  const std::string& key) {
  if (columns.size() == 1) return {key};
  std::vector<std::string> values;
  const nlohmann::json parsed = nlohmann::json::parse(key, nullptr, false);
  if (parsed.is_array()) {
    for (const Row& row :
         query("SELECT v FROM json_array_elements_text($1::json) AS u(v)", {key})) {
      if (row[0]) values.push_back(*row[0]);
    }
  }
  if (values.size() == columns.size()) return values;
  std::string names;
  for (const Column* column : columns)
    names += (names.empty() ? "" : ", ") + display_name(column->name);
  throw Error(sqlstate::kInvalidParameter, "the key of table " +
                                               quoted_display(display_table(table)) + " has " +
                                               std::to_string(columns.size()) + " columns")
      .hint("Give a JSON array of the values of " + names + ": '[\"1\", \"2\"]'.");
}

}  // namespace

void require_exact_key(const Table& table) {
  for (const Column* column : columns_of(table, pick_key(table))) {
    if (has_one_text(table, *column)) continue;
    throw Error(sqlstate::kInexactKey, "rows of table " + quoted_display(display_table(table)) +
                                           " cannot be erased for good")
        .detail("Equal values of type " + column->type + " of its key column " +
                display_name(column->name) +
                " may be written differently, so that an older backup may hold the row under "
                "another text.")
        .hint(
            "Give the table a primary key of a type that writes equal values alike, such as "
            "bigint, "
            "uuid or text.");
  }
}

KeyedRow keyed_row(const LiveScope& live, uint32_t oid, const std::string& key) {
  const auto& tables = live.schema.tables;
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const Table& one) { return one.oid == oid; });
  const auto index = static_cast<TableIndex>(found - tables.begin());
  const ScopedTable* scoped = found == tables.end() ? nullptr : live.scope.find(index);
  if (scoped == nullptr || !scoped->owned() || found->foreign) {
    throw Error(sqlstate::kInvalidParameter, "rows of this table belong to no company")
        .hint(
            "company_scope() lists the tables whose rows do; those of foreign tables are left "
            "to their server.");
  }
  const std::vector<const Column*> columns = columns_of(*found, pick_key(*found));
  if (columns.empty()) {
    throw Error(sqlstate::kInvalidParameter,
                "rows of table " + quoted_display(display_table(*found)) + " have no key")
        .hint("Give the table a primary key.");
  }
  require_exact_key(*found);
  KeyedRow row{index, read_key(*found, columns, key)};
  for (size_t i = 0; i < columns.size(); ++i) row.key[i] = canonical_text(*columns[i], row.key[i]);
  return row;
}

Text company_of(const LiveScope& live, const KeyedRow& row, Access access) {
  const Table& table = live.table(row.table);
  const Table& companies = live.table(live.scope.company_table);
  const Column& key = column_of(companies, live.scope.company_key);
  std::vector<Arg> args;
  const std::string condition = has_key(table, row, "t", args);
  const Rows rows = query(
      "SELECT " + as_text(column_sql("c", key), key) + " FROM " + from_table(companies) +
          " AS c WHERE EXISTS (SELECT FROM " + from_table(table) + " AS t WHERE " + condition +
          " AND " + owned_by(live.schema, live.scope, row.table, "t", column_sql("c", key)) + ")",
      args, access);
  return rows.empty() ? Text() : rows[0][0];
}

std::string has_key(const Table& table, const KeyedRow& row, const std::string& alias,
                    std::vector<Arg>& args) {
  std::string condition;
  const std::vector<const Column*> columns = columns_of(table, pick_key(table));
  for (size_t i = 0; i < columns.size(); ++i) {
    args.push_back(typed_value(*columns[i], row.key[i]));
    condition += (i > 0 ? " AND " : "") + column_sql(alias, *columns[i]) + " " +
                 columns[i]->equality + " $" + std::to_string(args.size());
  }
  return condition;
}

std::vector<std::string> comparable_key(const LiveScope& live, const KeyedRow& row) {
  const Table& table = live.table(row.table);
  const std::vector<int16_t> numbers = pick_key(table);
  std::vector<std::string> key;
  for (size_t i = 0; i < numbers.size(); ++i)
    key.emplace_back(in_form(key_form(column_of(table, numbers[i])), row.key[i]));
  return key;
}

}  // namespace company_backup
