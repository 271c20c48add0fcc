// Rules as the extension's tables keep them, by name; and what is said of those for all tables.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/catalog.hpp"
#include "pg/scope/rules.hpp"
#include "pg/sql/named_table.hpp"

namespace company_backup {

// The tables as they are, and the rules that there are.
struct AllTables {
  Rules rules = load_rules();
  Schema schema = load_schema(rules.settings);
};

// In place of the column's rule; no treatment: none. No table: for all tables. `replacement` is
// evaluated as the caller, who owns the table. `on_evidence`: see ColumnRule.
void store_column_rule(const NamedTable& table, const std::string& column,
                       std::optional<ColumnTreatment> treatment, const Text& replacement,
                       bool on_evidence = false);

// Its place must be free.
void store_reference(const ReferenceRule& rule);
// The rule of this place, however its path is spelt.
void remove_reference(const ReferenceRule& rule);

// "It is a scope column." of "it is a scope column".
std::string sentence(std::string text);
std::string told_columns(const std::vector<std::string>& columns);
// Tells for how many tables a rule for all of them is.
void tell_of_all(const std::vector<std::string>& columns, size_t tables);

}  // namespace company_backup
