#include "pg/rows/value_cast.hpp"

#include <cstring>

#include "core/text/hex.hpp"
#include "core/text/json_text.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/value_input.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

bool is_finite_number(std::string_view text) {
  return !text.empty() && text != "NaN" && !text.ends_with("Infinity");
}

// As what two texts are compared to find out whether they say the same: a type that loses nothing
// of what the column's own may lose. InvalidOid: as texts.
Oid compared_type(Oid base) {
  switch (base) {
    case DATEOID:
    case TIMESTAMPOID:
      return TIMESTAMPTZOID;
    case FLOAT4OID:
    case FLOAT8OID:
      return NUMERICOID;
    case TIMEOID:
    case TIMETZOID:
    case NAMEOID:
      return InvalidOid;
    default:
      return base;
  }
}

// Inside guarded() only.
bool are_same(Oid compared, const char* before, const char* after) {
  if (std::strcmp(before, after) == 0) return true;
  if (!OidIsValid(compared)) return false;
  // What somebody's own type reads, it has understood.
  if (compared >= FirstNormalObjectId) return true;
  const TypeCacheEntry* entry = lookup_type_cache(compared, TYPECACHE_EQ_OPR_FINFO);
  if (!OidIsValid(entry->eq_opr_finfo.fn_oid)) return true;
  FmgrInfo equal = entry->eq_opr_finfo;
  return DatumGetBool(FunctionCall2Coll(&equal, DEFAULT_COLLATION_OID,
                                        read_text(compared, before, -1),
                                        read_text(compared, after, -1)));
}

}  // namespace

void to_line_value(const Column& column, std::string_view text, LineValue& value) {
  value.text.clear();
  value.kind = ValueKind::kString;
  switch (column.type_oid) {
    case BOOLOID:
      value.kind = ValueKind::kBoolean;
      value.text = text == "t" || text == "true" ? "true" : "false";
      return;
    case FLOAT4OID:
    case FLOAT8OID:
      if (is_finite_number(text)) value.kind = ValueKind::kNumber;
      break;
    case INT2OID:
    case INT4OID:
      value.kind = ValueKind::kNumber;
      break;
    case JSONBOID:
      value.kind = ValueKind::kJson;
      append_jsonb(value.text, text);
      return;
    case BYTEAOID: {
      append_base64(value.text, bytes_of_hex(text.substr(2)).value());
      value.text = value.text.substr(1, value.text.size() - 2);
      return;
    }
    default:
      break;
  }
  value.text = text;
}

Text archived_text(const std::string& type, const RowValue& value) {
  if (value.kind == ValueKind::kNull) return std::nullopt;
  if (type == "jsonb") return std::string(unwrap_jsonb(value.text));
  if (type != "bytea") return std::string(value.text);
  std::string bytes, text = "\\x";
  append_base64_decoded(bytes, value.text);
  append_hex(text, bytes);
  return text;
}

ValueCast::ValueCast(const Table& table, const Column& column) {
  const Oid relation = table.oid;
  const int16_t number = column.number;
  guarded([&, relation, number] {
    Oid collation;
    get_atttypetypmodcoll(relation, number, &type_, &typmod_, &collation);
    base_ = getBaseType(type_);
    compared_ = compared_type(base_);
  });
}

const ValueCast::Result& ValueCast::cast(const std::string& value) {
  if (has_last_ && value == last_) return result_;
  last_ = value;
  has_last_ = true;
  result_ = {};
  BatchMemory memory;
  with_subtransaction(
      [&] {
        const char* const before = value.c_str();
        struct Read {
          const char* text;
          bool is_same;
        };
        const Read read = guarded([&, before] {
          const Datum datum = read_text(type_, before, typmod_);
          Oid output;
          bool varlena;
          getTypeOutputInfo(base_, &output, &varlena);
          const char* const after = from_server(OidOutputFunctionCall(output, datum));
          return Read{after, are_same(compared_, before, after)};
        });
        result_.text = read.text;
        result_.is_same = read.is_same;
      },
      [&](const CaughtError& error) {
        result_.text.reset();
        result_.sqlstate = error.sqlstate;
        result_.problem = error.message;
      });
  memory.close();
  return result_;
}

}  // namespace company_backup
