// Texts are UTF-8 in all of the extension, and in the encoding of the database in PostgreSQL. They
// are converted where they cross: queries and their results (pg/base/spi.hpp), arguments and
// results of functions, errors, values of columns, names from the catalog. In databases of UTF-8
// nothing is; nor in those of SQL_ASCII, whose bytes stay what they are.
#pragma once

#include <string>
#include <string_view>

#include "pg/base/postgres.hpp"

namespace company_backup {

// Is it neither UTF-8 nor SQL_ASCII?
bool has_other_encoding();

// Inside guarded() only. What they return ends with a NUL byte if the argument does; it is the
// argument if there is nothing to convert, else in the current memory context. Errors of
// PostgreSQL's: a character that the other encoding does not have.
std::string_view from_server(std::string_view server_text);
std::string_view to_server(std::string_view utf8);
const char* from_server(const char* server_text);
const char* to_server(const char* utf8);

// The same with "?" for such a character.
const char* to_server_with_marks(const char* utf8);
// The same; null if there is such a character.
const char* to_server_if_possible(const char* utf8);

// get_attnum() of a column's name as we have it. Inside guarded() only.
AttrNumber column_number(Oid table, const char* name);

}  // namespace company_backup
