// From a value's text to a Datum of a column: directly for the types that fill most tables, through
// the type's input function for all others (a domain's checks hold, typmods are applied).
#pragma once

#include <string_view>

#include "pg/base/postgres.hpp"

namespace company_backup {

// A value as the archive has it: PostgreSQL's text form, or the bytes themselves of a bytea. Or one
// that a person wrote, or that comes out of a row of the same column.
struct LoadValue {
  // kText: what the type prints, and nothing else: an archive that says "now" is not believed.
  // kWritten: whatever the type reads.
  enum class Kind : uint8_t { kNull, kText, kWritten, kBytes, kDatum };
  Kind kind = Kind::kNull;
  std::string_view text{};
  Datum datum = 0;  // kDatum
};

// How values of one column are read. Plain data.
struct ColumnInput {
  enum class Way : uint8_t {
    kFunction,
    kInt2,
    kInt4,
    kInt8,
    kFloat8,
    kBool,
    kText,
    kVarchar,  // with a length; what fits in bytes fits in characters
    kUuid,
    kDate,
    kTimestamp,
    kTimestampTz,
  };
  // Whether the type could make something else of a text than what the text says: an hour ("now"),
  // an object (regclass), what its session is set to.
  enum class Proof : uint8_t {
    kNone,     // no: numbers, texts, documents
    kDecimal,  // not of decimal digits
    kPrinted,  // it has to be printed again, and to be the same
  };
  AttrNumber attnum;
  Oid type;
  int32 typmod;
  int16 length;  // of a Datum, as in pg_attribute
  bool by_value;
  Way way;
  Proof proof;
  FmgrInfo function;  // the type's input function
  FmgrInfo output;    // its output function, unless `proof` is kNone
  Oid io_param;
  bool null_is_checked;  // the input function wants to see NULL (a domain)
  Oid code_owner;        // whose code it may run, see pg/base/code_owner.hpp; InvalidOid: nobody's
  void* domain_cache;
};

// All of these inside guarded() only.

// Made in the current memory context, which the result then depends on.
ColumnInput make_column_input(TupleDesc row, AttrNumber attnum);

// `text` of a kText value is UTF-8 and ends with a NUL byte that its size does not count. The
// result may depend on the current memory context. Raises an error, among others, for a kText value
// that the type would not have printed.
Datum read_value(ColumnInput& column, const LoadValue& value, bool* is_null);

// One value by itself, in UTF-8. Code of the owner of a domain in it runs as he.
Datum read_text(Oid type, const char* text, int32 typmod);

}  // namespace company_backup
