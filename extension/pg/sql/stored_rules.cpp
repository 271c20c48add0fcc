#include "pg/sql/stored_rules.hpp"

#include "core/scope/scope_statements.hpp"
#include "core/text/json_path.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/arguments.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {

void store_column_rule(const NamedTable& table, const std::string& column,
                       std::optional<ColumnTreatment> treatment, const Text& replacement,
                       bool on_evidence) {
  own_query(
      "DELETE FROM company_backup.column_rule WHERE table_schema::text = $1 AND table_name::text = "
      "$2 "
      "AND column_name::text = $3",
      {table.schema, table.name, column}, Access::kWrite);
  if (!treatment) return;
  own_query(
      "INSERT INTO company_backup.column_rule (table_schema, table_name, column_name, treatment, "
      "replacement, replacement_by, replacement_role, said_in, evidence) SELECT $1::name, "
      "$2::name, "
      "$3::name, "
      "$4, $5, r.rolname, r.oid, i.identity, $7 FROM (VALUES ($5 IS NOT NULL)) v (has_one) LEFT "
      "JOIN "
      "pg_roles r ON has_one AND r.oid = $6 LEFT JOIN company_backup.database_identity i ON "
      "has_one",
      {table.schema, table.name, column, to_text(*treatment), replacement, caller_role(),
       on_evidence},
      Access::kWrite);
}

void remove_reference(const ReferenceRule& rule) {
  const std::string columns = text_array(rule.columns);
  const Rows stored = own_query(
      "SELECT json_path FROM company_backup.reference_rule WHERE table_schema::text = $1 AND "
      "table_name::text = $2 AND columns = $3::name[] AND when_column::text = $4 AND when_value = "
      "$5",
      {rule.schema, rule.table, columns, rule.when_column, rule.when_value}, Access::kWrite);
  for (const Row& row : stored) {
    if (one_spelling(*row[0]) != rule.json_path) continue;
    own_query(
        "DELETE FROM company_backup.reference_rule WHERE table_schema::text = $1 AND "
        "table_name::text = $2 AND columns = $3::name[] AND json_path = $4 AND when_column::text "
        "= $5 AND when_value = $6",
        {rule.schema, rule.table, columns, *row[0], rule.when_column, rule.when_value},
        Access::kWrite);
  }
}

void store_reference(const ReferenceRule& rule) {
  own_query(
      "INSERT INTO company_backup.reference_rule (table_schema, table_name, columns, "
      "target_schema, target_table, target_columns, json_path, when_column, when_value, outside) "
      "VALUES ($1::name, $2::name, $3::name[], $4::name, $5::name, $6::name[], $7, $8::name, $9, "
      "$10)",
      {rule.schema, rule.table, text_array(rule.columns), rule.target_schema, rule.target_table,
       text_array(rule.target_columns), rule.json_path, rule.when_column, rule.when_value,
       to_text(rule.outside)},
      Access::kWrite);
}

std::string sentence(std::string text) {
  text[0] = static_cast<char>(pg_ascii_toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

std::string told_columns(const std::vector<std::string>& columns) {
  return (columns.size() == 1 ? "column " : "columns ") + name_list(columns);
}

// A table that is NULL may be one whose name was mistyped.
void tell_of_all(const std::vector<std::string>& columns, size_t tables) {
  notice("the rule for " + told_columns(columns) + " is for all tables, at present for " +
         (tables == 0 ? "none" : std::to_string(tables)));
}

}  // namespace company_backup
