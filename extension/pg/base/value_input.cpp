#include "pg/base/value_input.hpp"

#include <charconv>
#include <cstring>

#include "core/text/hex.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/owner.hpp"

namespace company_backup {
namespace {

using Way = ColumnInput::Way;

Way way_of(Oid type, int32 typmod) {
  switch (type) {
    case INT2OID:
      return Way::kInt2;
    case INT4OID:
      return Way::kInt4;
    case INT8OID:
      return Way::kInt8;
    case FLOAT8OID:
      return Way::kFloat8;
    case BOOLOID:
      return Way::kBool;
    case TEXTOID:
      return Way::kText;
    case VARCHAROID:
      return typmod < 0 ? Way::kText : Way::kVarchar;
    case UUIDOID:
      return Way::kUuid;
    case DATEOID:
      return Way::kDate;
    case TIMESTAMPOID:
      return Way::kTimestamp;
    case TIMESTAMPTZOID:
      return Way::kTimestampTz;
    default:
      return Way::kFunction;
  }
}

// Built-in types whose input depends on nothing but the text.
bool is_literal(Oid type) {
  switch (type) {
    case BYTEAOID:
    case CHAROID:
    case NAMEOID:
    case TEXTOID:
    case OIDOID:
    case TIDOID:
    case XIDOID:
    case CIDOID:
    case JSONOID:
    case JSONBOID:
    case XMLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case FLOAT4OID:
    case FLOAT8OID:
    case NUMERICOID:
    case BOOLOID:
    case BPCHAROID:
    case VARCHAROID:
    case BITOID:
    case VARBITOID:
    case UUIDOID:
    case INETOID:
    case CIDROID:
    case MACADDROID:
    case MACADDR8OID:
    case TSVECTOROID:
      return true;
    default:
      return false;
  }
}

// The same for a type made of others, if it is true of these. Of an extension's types nobody knows.
bool is_literal_inside(Oid type) {
  type = getBaseType(type);
  if (is_literal(type)) return true;
  const Oid element = get_element_type(type);
  if (OidIsValid(element)) return is_literal_inside(element);
  switch (get_typtype(type)) {
    case TYPTYPE_ENUM:
      return true;
    case TYPTYPE_RANGE:
      return is_literal_inside(get_range_subtype(type));
    case TYPTYPE_MULTIRANGE:
      return is_literal_inside(get_multirange_range(type));
    case TYPTYPE_COMPOSITE: {
      TupleDesc row = lookup_rowtype_tupdesc(type, -1);
      bool literal = true;
      for (int i = 0; literal && i < row->natts; ++i) {
        const FormData_pg_attribute* attribute = TupleDescAttr(row, i);
        literal = attribute->attisdropped || is_literal_inside(attribute->atttypid);
      }
      ReleaseTupleDesc(row);
      return literal;
    }
    default:
      return false;
  }
}

ColumnInput::Proof proof_of(Oid type) {
  if (type == BOOLOID || type == UUIDOID) {  // mostly read directly
    return ColumnInput::Proof::kPrinted;
  }
  switch (getBaseType(type)) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case FLOAT4OID:
    case FLOAT8OID:
    case NUMERICOID:
      return ColumnInput::Proof::kDecimal;
    default:
      return is_literal_inside(type) ? ColumnInput::Proof::kNone : ColumnInput::Proof::kPrinted;
  }
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == text.npos) return digits != 0 && !text.empty();
  return text[digits] == '.' && digits + 1 < text.size() &&
         text.find_first_not_of("0123456789", digits + 1) == text.npos;
}

// As much of a text as a message has room for.
const char* beginning(const char* text) {
  constexpr int kShown = 100;
  const int size = static_cast<int>(std::strlen(text));
  return size <= kShown ? text : pnstrdup(text, pg_mbcliplen(text, size, kShown));
}

void prove_printed(ColumnInput& column, const char* text, Datum datum) {
  char* printed = OutputFunctionCall(&column.output, datum);
  if (std::strcmp(printed, text) != 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                    errmsg("type %s never prints \"%s\"; here it would become \"%s\"",
                           format_type_be(column.type), beginning(text), beginning(printed))));
  }
  pfree(printed);
}

template <class Number>
bool parse_number(std::string_view text, Number* number) {
  const char* end = text.data() + text.size();
  const char first = text.data()[text.starts_with('-') ? 1 : 0];
  if (first < '0' || first > '9') return false;  // "nan" would be a number, too
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc{} && stop == end;
}

// `count` decimal digits at `at`.
bool parse_digits(std::string_view text, size_t at, size_t count, int* number) {
  if (text.size() < at + count) return false;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i]) - '0';
    if (digit > 9) return false;
    value = value * 10 + static_cast<int>(digit);
  }
  *number = value;
  return true;
}

// 2026-11-22, years 0001 to 9999; anything else is left to date_in.
bool parse_date(std::string_view text, int* days) {
  int year, month, day;
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || !parse_digits(text, 0, 4, &year) ||
      !parse_digits(text, 5, 2, &month) || !parse_digits(text, 8, 2, &day)) {
    return false;
  }
  if (year == 0 || month < 1 || month > 12 || day < 1) return false;
  if (day > day_tab[isleap(year)][month - 1]) return false;
  *days = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
  return true;
}

// 2026-11-22 01:02:03[.123456], followed by +00 if `with_zone`, with at most `precision` digits of
// the second.
bool parse_timestamp(std::string_view text, bool with_zone, int32 precision, Timestamp* timestamp) {
  if (with_zone) {
    if (!text.ends_with("+00")) return false;
    text.remove_suffix(3);
  }
  int days, hour, minute, second;
  if (text.size() < 19 || text[10] != ' ' || text[13] != ':' || text[16] != ':' ||
      !parse_date(text, &days) || !parse_digits(text, 11, 2, &hour) ||
      !parse_digits(text, 14, 2, &minute) || !parse_digits(text, 17, 2, &second)) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  int micros = 0;
  if (text.size() > 19) {
    const size_t digits = text.size() - 20;
    if (text[19] != '.' || digits < 1 || digits > static_cast<size_t>(precision)) return false;
    if (!parse_digits(text, 20, digits, &micros)) return false;
    for (size_t i = digits; i < 6; ++i) micros *= 10;
  }
  *timestamp = days * USECS_PER_DAY + hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE +
               second * USECS_PER_SEC + micros;
  return true;
}

// The form uuid_out writes.
bool parse_uuid(std::string_view text, pg_uuid_t* uuid) {
  if (text.size() != 36) return false;
  size_t at = 0;
  for (unsigned char& byte : uuid->data) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (text[at++] != '-') return false;
    }
    const int high = lower_hex_value(text[at++]);
    const int low = lower_hex_value(text[at++]);
    if (high < 0 || low < 0) return false;
    byte = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

Datum text_datum(std::string_view text) {
  return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

// False: the input function has to look at it (and to say what is wrong with it).
bool read_directly(const ColumnInput& column, std::string_view text, Datum* datum) {
  switch (column.way) {
    case Way::kFunction:
      return false;
    case Way::kInt2: {
      int16 number;
      if (!parse_number(text, &number)) return false;
      *datum = Int16GetDatum(number);
      return true;
    }
    case Way::kInt4: {
      int32 number;
      if (!parse_number(text, &number)) return false;
      *datum = Int32GetDatum(number);
      return true;
    }
    case Way::kInt8: {
      int64 number;
      if (!parse_number(text, &number)) return false;
      *datum = Int64GetDatum(number);
      return true;
    }
    case Way::kFloat8: {
      double number;
      if (!parse_number(text, &number)) return false;
      *datum = Float8GetDatum(number);
      return true;
    }
    case Way::kBool:
      if (text != "true" && text != "false") return false;
      *datum = BoolGetDatum(text == "true");
      return true;
    case Way::kText:
      *datum = text_datum(text);
      return true;
    case Way::kVarchar:
      if (text.size() > static_cast<size_t>(column.typmod - VARHDRSZ)) return false;
      *datum = text_datum(text);
      return true;
    case Way::kUuid: {
      pg_uuid_t uuid;
      if (!parse_uuid(text, &uuid)) return false;
      auto* copy = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
      *copy = uuid;
      *datum = UUIDPGetDatum(copy);
      return true;
    }
    case Way::kDate: {
      int days;
      if (text.size() != 10 || !parse_date(text, &days)) return false;
      *datum = DateADTGetDatum(days);
      return true;
    }
    case Way::kTimestamp:
    case Way::kTimestampTz: {
      Timestamp timestamp;
      const int32 precision = column.typmod < 0 ? MAX_TIMESTAMP_PRECISION : column.typmod;
      if (!parse_timestamp(text, column.way == Way::kTimestampTz, precision, &timestamp)) {
        return false;
      }
      *datum = TimestampGetDatum(timestamp);
      return true;
    }
  }
  return false;
}

Datum read_null(ColumnInput& column) {
  if (column.null_is_checked) {
    InputFunctionCall(&column.function, nullptr, column.io_param, column.typmod);
  }
  return 0;
}

Datum read_bytes(ColumnInput& column, std::string_view bytes) {
  const Datum datum = text_datum(bytes);  // bytea and text are the same to palloc
  if (column.type != BYTEAOID) {
    domain_check(datum, false, column.type, &column.domain_cache, column.function.fn_mcxt);
  }
  return datum;
}

}  // namespace

ColumnInput make_column_input(TupleDesc row, AttrNumber attnum) {
  const FormData_pg_attribute* attribute = TupleDescAttr(row, attnum - 1);
  if (attribute->attisdropped) {
    ereport(ERROR, (errcode(errcode_of(sqlstate::kTableChanged)),
                    errmsg("a column of a table was dropped while it was being written"),
                    errdetail("Code of the table's owner did that in this transaction.")));
  }
  ColumnInput column{};
  column.attnum = attnum;
  column.type = attribute->atttypid;
  column.typmod = attribute->atttypmod;
  column.length = attribute->attlen;
  column.by_value = attribute->attbyval;
  column.way = way_of(column.type, column.typmod);
  Oid function;
  getTypeInputInfo(column.type, &function, &column.io_param);
  fmgr_info(function, &column.function);
  column.null_is_checked = !column.function.fn_strict;
  column.proof = proof_of(column.type);
  if (column.proof != ColumnInput::Proof::kNone) {
    bool varlena;
    getTypeOutputInfo(column.type, &function, &varlena);
    fmgr_info(function, &column.output);
  }
  column.code_owner = owner_of_type_code(column.type);
  return column;
}

Datum read_value(ColumnInput& column, const LoadValue& value, bool* is_null) {
  *is_null = value.kind == LoadValue::Kind::kNull;
  if (*is_null) return read_null(column);
  if (value.kind == LoadValue::Kind::kDatum) return value.datum;
  if (value.kind == LoadValue::Kind::kBytes) return read_bytes(column, value.text);
  std::string_view text = value.text;
  if (GetDatabaseEncoding() != PG_UTF8) text = to_server(text);
  Datum datum;
  if (read_directly(column, text, &datum)) return datum;
  datum = InputFunctionCall(&column.function, const_cast<char*>(text.data()), column.io_param,
                            column.typmod);
  if (value.kind == LoadValue::Kind::kWritten || column.proof == ColumnInput::Proof::kNone ||
      (column.proof == ColumnInput::Proof::kDecimal && is_decimal(text))) {
    return datum;
  }
  prove_printed(column, text.data(), datum);
  return datum;
}

Datum read_text(Oid type, const char* text, int32 typmod) {
  text = to_server(text);
  Oid function, parameter;
  getTypeInputInfo(type, &function, &parameter);
  const Oid owner = owner_of_type_code(type);
  Datum value = 0;
  const auto read = [&] {
    value = OidInputFunctionCall(function, const_cast<char*>(text), parameter, typmod);
  };
  if (OidIsValid(owner)) {
    run_owners_code(owner, read);
    return value;
  }
  const int settings = NewGUCNestLevel();  // a superuser's code may run, and leaves none either
  read();
  AtEOXact_GUC(false, settings);
  return value;
}

}  // namespace company_backup
