// SQL text about tables and columns: identifiers always quoted, values always parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {

// Is it of a type of PostgreSQL's own?
bool is_own_type(const Column& column);

std::string quoted_table(const Table& table);   // "sales"."invoice"
std::string display_table(const Table& table);  // sales.invoice, quoted only where needed

// FROM item of a table's own rows: ONLY for a plain table with or without inheritance children,
// the whole tree for a partitioned one.
std::string from_table(const Table& table);

// The "=" both columns can be compared with directly; empty: only their text can be compared.
std::string common_equality(const Column& left, const Column& right);

// The text of `value`, of the column's type, that no user's cast can interfere with.
std::string as_text(const std::string& value, const Column& column);

// `alias.column` for use with an operator.
std::string column_sql(std::string_view alias, const Column& column);

// The same as it is looked at: the same number is the same text, 5.00 like 5.
std::string value_sql(std::string_view alias, const Column& column);

// True where one of the columns is NULL.
std::string is_any_null(const Table& table, const std::vector<int16_t>& columns,
                        std::string_view alias);

// `left` OP `right` for two columns that no foreign key pairs: with their own "=" where both sides
// have the same one, else as text.
std::string equal(const std::string& left, const Column& left_column, const std::string& right,
                  const Column& right_column);

// True for the rows of `alias` whose column has this text.
std::string has_text(const std::string& alias, const Column& column, const std::string& text);

}  // namespace company_backup
