// The name of a column's base type, for casts.
#pragma once

#include <string>

#include "core/schema.hpp"
#include "pg/spi.hpp"

namespace company_backup {

// Without a modifier, so that a cast changes nothing: "bpchar", not "character", which is one long.
inline std::string base_type_name(const Column& column) {
  const Oid type = column.type_oid;
  return *query("SELECT format_type($1, -1)", {Arg::datum(OIDOID, ObjectIdGetDatum(type))})[0][0];
}

}  // namespace company_backup
