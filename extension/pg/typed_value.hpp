// Parameters of a column's base type, read by the type's input function: a cast from text could be
// a user's own.
#pragma once

#include <string>
#include <vector>

#include "core/schema.hpp"
#include "pg/spi.hpp"
#include "pg/value_input.hpp"

namespace company_backup {

inline Arg read_as(Oid type, const std::string& text) {
  const char* input = text.c_str();
  return Arg::datum(type, guarded([=] { return read_text(type, input, -1); }));
}

inline Arg typed_value(const Column& column, const Text& text) {
  if (text) return read_as(column.type_oid, *text);
  Arg null = Arg::datum(column.type_oid, 0);
  null.null = true;
  return null;
}

inline Arg typed_array(const Column& column, const std::vector<std::string>& values) {
  const Oid element = column.type_oid;
  return read_as(guarded([element] { return get_array_type(element); }), text_array(values));
}

}  // namespace company_backup
