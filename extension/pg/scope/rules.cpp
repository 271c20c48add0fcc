#include "pg/scope/rules.hpp"

#include <algorithm>
#include <tuple>

#include "core/text/hex.hpp"
#include "core/text/json_path.hpp"
#include "core/text/words.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

Settings load_settings() {
  Settings settings;
  const Rows rows = own_query(
      "SELECT company_schema, company_table, key_column, name_column, owner_column, "
      "identity_columns::text[], scope_columns::text[], membership_schema, membership_table, "
      "membership_person_column, search_path::text[] FROM company_backup.settings");
  if (rows.empty()) return settings;
  const Row& row = rows[0];
  settings.company_schema = row[0].value_or("");
  settings.company_table = row[1].value_or("");
  settings.key_column = row[2].value_or("");
  settings.name_column = row[3].value_or("");
  settings.owner_column = row[4].value_or("");
  if (row[5]) settings.identity_columns = parse_text_array(*row[5]);
  settings.scope_columns = parse_text_array(*row[6]);
  settings.membership_schema = row[7].value_or("");
  settings.membership_table = row[8].value_or("");
  settings.membership_person_column = row[9].value_or("");
  settings.search_path = parse_text_array(*row[10]);
  return settings;
}

// Two spellings of one path are one rule, also in what was stored before they became one.
void add_reference(ReferenceRule rule, std::vector<ReferenceRule>& rules) {
  const auto is_it = [&](const ReferenceRule& other) {
    const auto all = [](const ReferenceRule& one) {
      return std::tie(one.schema, one.table, one.columns, one.target_schema, one.target_table,
                      one.target_columns, one.json_path, one.when_column, one.when_value);
    };
    return all(other) == all(rule);
  };
  if (!rule.json_path.empty() && std::any_of(rules.begin(), rules.end(), is_it)) return;
  rules.push_back(std::move(rule));
}

// What older archives call otherwise, or do not have.
void load_drift_rules(Rules& rules) {
  for (const Row& row : own_query("SELECT old_schema, old_table, table_schema, table_name FROM "
                                  "company_backup.table_rename ORDER BY 1, 2")) {
    rules.table_renames.push_back({*row[0], *row[1], *row[2], *row[3]});
  }
  for (const Row& row : own_query("SELECT table_schema, table_name, old_column, column_name FROM "
                                  "company_backup.column_rename ORDER BY 1, 2, 3")) {
    rules.column_renames.push_back({*row[0], *row[1], *row[2], *row[3]});
  }
  for (const Row& row : own_query("SELECT table_schema, table_name, column_name, replacement FROM "
                                  "company_backup.column_default ORDER BY 1, 2, 3")) {
    rules.column_defaults.push_back({*row[0], *row[1], *row[2], *row[3]});
  }
}

}  // namespace

Rules load_rules() {
  Rules rules;
  rules.settings = load_settings();
  for (const Row& row :
       own_query("SELECT table_schema, table_name, treatment, reason, area, match_columns::text[], "
                 "route::text[] FROM company_backup.table_rule ORDER BY 1, 2")) {
    rules.tables.push_back({*row[0], *row[1], stored_word<TableTreatment>(*row[2]),
                            row[3].value_or(""), row[4].value_or(""), parse_text_array(*row[5]),
                            parse_text_array(*row[6])});
  }
  for (const Row& row : own_query(
           "SELECT table_schema, table_name, column_name, treatment, replacement, evidence FROM "
           "company_backup.column_rule ORDER BY 1, 2, 3")) {
    rules.columns.push_back({.schema = *row[0],
                             .table = *row[1],
                             .column = *row[2],
                             .treatment = stored_word<ColumnTreatment>(*row[3]),
                             .replacement = row[4].value_or(""),
                             .on_evidence = row[5] == "t"});
  }
  for (const Row& row :
       own_query("SELECT table_schema, table_name, columns::text[], target_schema, target_table, "
                 "target_columns::text[], json_path, when_column, when_value, outside FROM "
                 "company_backup.reference_rule ORDER BY 1, 2, 3, 7, 8, 9")) {
    add_reference(
        {*row[0], *row[1], parse_text_array(*row[2]), *row[3], *row[4], parse_text_array(*row[5]),
         one_spelling(*row[6]), *row[7], *row[8], stored_word<OutsidePolicy>(*row[9])},
        rules.references);
  }
  load_drift_rules(rules);
  for (const Row& row : own_query("SELECT table_schema, table_name, condition FROM "
                                  "company_backup.row_check ORDER BY 1, 2")) {
    rules.row_checks.push_back({*row[0], *row[1], *row[2]});
  }
  return rules;
}

DatabaseIdentity database_identity() {
  const Rows rows = own_query(
      "SELECT identity, pg_catalog.encode(archive_key, 'hex') FROM "
      "company_backup.database_identity");
  if (rows.empty()) {
    throw Error(sqlstate::kNotConfigured, "the extension has lost the identity of this database")
        .hint("Drop the extension and create it again.");
  }
  return {*rows[0][0], bytes_of_hex(*rows[0][1]).value()};
}

}  // namespace company_backup
