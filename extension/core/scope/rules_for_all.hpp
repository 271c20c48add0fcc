// Rules for all tables: stored without a table, they are for every table that has such columns,
// also for those made later. Whatever else says what a column is there, goes before: a rule for the
// one table, a foreign key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

inline bool is_for_all(const ColumnRule& rule) {
  return rule.table.empty();
}
inline bool is_for_all(const ReferenceRule& rule) {
  return rule.table.empty();
}

// Adds to each rule for all tables one for each of the tables that it is for. Once, before anything
// asks for the rules of a table.
void apply_to_tables(const Schema& schema, Rules& rules);

// How many tables that is; of a reference to columns that are not there, none.
size_t tables_of(const Schema& schema, const Rules& rules, const ReferenceRule& rule);
size_t tables_of(const Schema& schema, const Rules& rules, const ColumnRule& rule);

// Is the column one that a reference rule for all tables names, but of a type that does not fit?
bool is_left_out(const Schema& schema, const Rules& rules, TableIndex table, const Column& column);

// Has any table all these columns?
bool has_columns(const Schema& schema, const std::vector<std::string>& columns);

// The columns that a table must have for the rule: those that refer, and when_column.
std::vector<std::string> needed_columns(const ReferenceRule& rule);

// Does it name columns or a table that are gone? forget_stale_rules() removes it then.
bool is_stale(const Schema& schema, const ColumnRule& rule);
bool is_stale(const Schema& schema, const ReferenceRule& rule);

// The target columns that the rule names or means: those of the primary key; empty: not all exist.
std::vector<int16_t> target_columns(const Table& target, const ReferenceRule& rule);

// Foreign keys, of tables that have no rule of their own for the column, that say that the column
// of a rule for all tables refers to something. One for each table.
std::vector<const ForeignKey*> contradicting_keys(const Schema& schema, const Rules& rules,
                                                  const ColumnRule& rule);

// What else for all tables says otherwise, as it is said of the column: "it is a scope column, ..."
std::optional<std::string> said_otherwise(const Rules& rules, const ColumnRule& rule);
std::optional<std::string> said_otherwise(const Rules& rules, const ReferenceRule& rule);

}  // namespace company_backup
