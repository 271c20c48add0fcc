#include "core/scope/sql.hpp"

#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

// Types with smaller OIDs are PostgreSQL's own.
constexpr uint32_t kFirstUserType = 16384;

}  // namespace

bool is_own_type(const Column& column) {
  return column.type_oid < kFirstUserType;
}

// A cast, but for types of users: they may define what a cast to text does. concat() calls the
// type's output function, and makes '' of NULL.
std::string as_text(const std::string& value, const Column& column) {
  if (is_own_type(column)) return value + "::pg_catalog.text";
  return "CASE WHEN " + value + " IS DISTINCT FROM NULL THEN pg_catalog.concat(" + value + ") END";
}

std::string column_sql(std::string_view alias, const Column& column) {
  return std::string(alias) + "." + quote_name(column.name) + column.cast;
}

std::string value_sql(std::string_view alias, const Column& column) {
  const std::string value = column_sql(alias, column);
  return column.family == TypeFamily::kNumeric ? "pg_catalog.trim_scale(" + value + ")" : value;
}

std::string quoted_table(const Table& table) {
  return quote_name(table.schema) + "." + quote_name(table.name);
}

std::string display_table(const Table& table) {
  return display_name(table.schema) + "." + display_name(table.name);
}

std::string from_table(const Table& table) {
  return table.partitioned ? quoted_table(table) : "ONLY " + quoted_table(table);
}

std::string common_equality(const Column& left, const Column& right) {
  const bool same_type = left.type_oid != 0 && left.type_oid == right.type_oid;
  const bool same_family = same_values(left.family, right.family) &&
                           left.family != TypeFamily::kOther && left.family != TypeFamily::kJson &&
                           left.equality == "OPERATOR(pg_catalog.=)";
  if ((same_type || same_family) && left.equality == right.equality) return left.equality;
  return "";
}

std::string is_any_null(const Table& table, const std::vector<int16_t>& columns,
                        std::string_view alias) {
  std::string text;
  for (int16_t number : columns) {
    const Column& column = column_of(table, number);
    if (column.not_null) continue;
    text += (text.empty() ? "(" : " OR ") + column_sql(alias, column) + " IS NULL";
  }
  return text.empty() ? "false" : text + ")";
}

// `left` OP `right` for two columns that no foreign key pairs: with their own "=" where both sides
// have the same one, else as text.
std::string equal(const std::string& left, const Column& left_column, const std::string& right,
                  const Column& right_column) {
  const std::string op = common_equality(left_column, right_column);
  if (!op.empty()) return left + " " + op + " " + right;
  return as_text(left, left_column) + " OPERATOR(pg_catalog.=) " + as_text(right, right_column);
}

// True for the rows of `alias` whose column has this text.
std::string has_text(const std::string& alias, const Column& column, const std::string& text) {
  return as_text(column_sql(alias, column), column) + " OPERATOR(pg_catalog.=) " +
         quote_literal(text);
}

}  // namespace company_backup
