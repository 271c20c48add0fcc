// SQL text from scope data: identifiers always quoted, values always parameters.
#pragma once

#include <string>
#include <string_view>

#include "core/scope.hpp"

namespace company_backup {

std::string quote_name(std::string_view name);     // "a""b"
std::string quote_literal(std::string_view text);  // 'it''s', E'...' where a backslash is in it
std::string display_name(std::string_view name);   // quoted only where needed
std::string quoted_table(const Table& table);      // "sales"."invoice"
std::string display_table(const Table& table);     // sales.invoice, quoted only where needed

// A display name in a message: "sales.invoice", but sales."Invoice" as it is.
std::string quoted_display(const std::string& display);

// FROM item of a table's own rows: ONLY for a plain table with or without inheritance children,
// the whole tree for a partitioned one.
std::string from_table(const Table& table);

// The "=" both columns can be compared with directly; empty: only their text can be compared.
std::string common_equality(const Column& left, const Column& right);

// The text of `value`, of the column's type, that no user's cast can interfere with.
std::string as_text(const std::string& value, const Column& column);

// `alias.column` for use with an operator.
std::string column_sql(std::string_view alias, const Column& column);

// True where one of the columns is NULL.
std::string is_any_null(const Table& table, const std::vector<int16_t>& columns,
                        std::string_view alias);

// A condition that is true for the rows of `alias` (of `table`) that belong to the company whose
// key is `parameter` ("$1", already of the key column's type). Nested EXISTS for each step; several
// routes are OR-ed. Throws Error kInternal when the table is not owned.
std::string owned_by(const Schema& schema, const Scope& scope, TableIndex table,
                     std::string_view alias, std::string_view parameter);

// The reverse for a table of which can_be_orphaned() is true: no row of any company, nor one that
// belongs to nobody itself, is there that a row of `alias` could belong to.
std::string is_orphan(const Schema& schema, const Scope& scope, TableIndex table,
                      std::string_view alias);

// The join condition of one step of a route: `alias` is the row, `target_alias` the step's target.
std::string step_join(const Schema& schema, const RouteStep& step, TableIndex table,
                      std::string_view alias, std::string_view target_alias);

// The join condition of a reference: target.k OP source.c AND ... (whole, unqualified operators
// never).
std::string reference_join(const Schema& schema, const Reference& reference,
                           std::string_view source_alias, std::string_view target_alias);

}  // namespace company_backup
