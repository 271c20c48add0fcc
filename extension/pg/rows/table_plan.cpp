#include "pg/rows/table_plan.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

std::string column_of_row(const Table& table, int16_t number, const std::string& alias) {
  return alias + "." + quote_name(column_of(table, number).name);
}

std::string order_term(const Column& column, const std::string& value) {
  if (column.family == TypeFamily::kInteger || column.family == TypeFamily::kUuid) return value;
  if (column.type_oid == BYTEAOID) {  // as the line has it
    return "pg_catalog.translate(pg_catalog.encode(" + value +
           ", 'base64'), E'\\n', '') COLLATE pg_catalog.\"C\"";
  }
  // concat() and not a cast: a type's owner may define what a cast to text does.
  const std::string text = "pg_catalog.concat(" + value + ")";
  if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII) {
    const bool plain = column.type_oid == TEXTOID || column.type_oid == VARCHAROID;
    return (plain ? value : text) + " COLLATE pg_catalog.\"C\"";
  }
  return "pg_catalog.convert_to(" + text + ", 'UTF8')";
}

}  // namespace

std::string order_terms(const Table& table, const std::vector<int16_t>& key,
                        const std::string& alias) {
  std::string terms;
  for (int16_t number : key) {
    if (!terms.empty()) terms += ", ";
    terms += order_term(column_of(table, number), column_of_row(table, number, alias));
  }
  return terms;
}

std::string row_key_expression(const Table& table, const std::vector<int16_t>& key,
                               const std::string& alias) {
  if (key.empty()) return "'(row at ' || " + alias + ".ctid::text || ')'";
  std::string expression = "pg_catalog.concat('(', pg_catalog.concat_ws(', '";
  for (int16_t number : key) expression += ", " + column_of_row(table, number, alias);
  return expression + "), ')')";
}

TravellingTable plan_travelling(const LiveScope& live, const ScopedTable& scoped,
                                const Company& company, const FilePolicy& files) {
  const Table& table = live.table(scoped.table);
  TravellingTable plan;
  plan.scoped = &scoped;
  plan.query.name = display_table(table);
  ManifestTable& manifest = plan.manifest;
  manifest.name = encode_table_name(table.schema, table.name);
  manifest.area = scoped.area;
  manifest.treatment = scoped.treatment;
  manifest.route = scoped.route_text;
  std::string select;
  std::vector<int16_t> numbers;
  for (const Column& column : table.columns) {
    if (column.generated) continue;
    const std::optional<ColumnTreatment> treatment =
        column_treatment(live.rules, table, column.name);
    if (treatment == ColumnTreatment::kSecret ||
        (treatment == ColumnTreatment::kFile && !files.travel)) {
      manifest.omitted.push_back({column.name, to_text(*treatment)});
      continue;
    }
    ManifestColumn archived{column.name, column.type, ColumnTreatment::kData};
    const bool is_told = treatment && !gives_new_values(*treatment);
    if (is_told && treatment != ColumnTreatment::kPath) archived.treatment = *treatment;
    if (!files.in_rows && is_file(live.rules, table, column)) {
      archived.files = ManifestFiles{};
      plan.query.files.push_back(plan.query.columns.size());
    }
    manifest.columns.push_back(std::move(archived));
    select += (select.empty() ? "t." : ", t.") + quote_name(column.name);
    plan.query.columns.push_back(column);
    numbers.push_back(column.number);
  }
  for (int16_t number : scoped.key) {
    const auto found = std::find(numbers.begin(), numbers.end(), number);
    const Column& column = column_of(table, number);
    if (found == numbers.end() ||
        column_treatment(live.rules, table, column.name) == ColumnTreatment::kFile) {
      throw Error(sqlstate::kBadRule, "key column \"" + column.name + "\" of table " +
                                          quoted_display(plan.query.name) + " does not travel")
          .hint("A column of a key cannot be generated, secret or a file.");
    }
    plan.query.key.push_back(static_cast<size_t>(found - numbers.begin()));
    manifest.key.push_back({column.name, key_order(column)});
  }
  plan.query.sql = "SELECT " + select + " FROM " + from_table(table) + " AS t WHERE " +
                   owned_by(live.schema, live.scope, scoped.table, "t", "$1");
  if (!scoped.key.empty()) plan.query.sql += " ORDER BY " + order_terms(table, scoped.key, "t");
  plan.query.args = {company.arg()};
  return plan;
}

}  // namespace company_backup
