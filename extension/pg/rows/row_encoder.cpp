#include "pg/rows/row_encoder.hpp"

#include <cmath>
#include <cstring>

#include "core/text/hex.hpp"
#include "core/text/json_text.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {
namespace {

void append_quoted(std::string& out, std::string_view plain) {
  out += '"';
  out += plain;
  out += '"';
}

// Shortest digits that read back as the same number, as PostgreSQL itself writes them; NaN and
// infinities as strings.
void append_float(std::string& out, double value, bool single) {
  if (!std::isfinite(value)) {
    append_quoted(out, std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    return;
  }
  char digits[DOUBLE_SHORTEST_DECIMAL_LEN];
  const int length = single ? float_to_shortest_decimal_bufn(static_cast<float>(value), digits)
                            : double_to_shortest_decimal_bufn(value, digits);
  out.append(digits, static_cast<size_t>(length));
}

void append_uuid(std::string& out, const pg_uuid_t* uuid) {
  char digits[38];
  char* p = digits;
  *p++ = '"';
  for (int i = 0; i < UUID_LEN; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    *p++ = kHexDigits[uuid->data[i] >> 4];
    *p++ = kHexDigits[uuid->data[i] & 15];
  }
  *p++ = '"';
  out.append(digits, p);
}

void append_date(std::string& out, DateADT date) {
  char buffer[MAXDATELEN + 1];
  if (DATE_NOT_FINITE(date)) {
    EncodeSpecialDate(date, buffer);
  } else {
    pg_tm tm{};
    j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
    EncodeDateOnly(&tm, USE_ISO_DATES, buffer);
  }
  append_quoted(out, buffer);
}

// In UTC, so that a timestamptz needs no look at a time zone.
void append_timestamp(std::string& out, Timestamp timestamp, bool with_zone) {
  char buffer[MAXDATELEN + 1];
  if (TIMESTAMP_NOT_FINITE(timestamp)) {
    EncodeSpecialTimestamp(timestamp, buffer);
  } else {
    pg_tm tm{};
    fsec_t fraction;
    if (timestamp2tm(timestamp, nullptr, &tm, &fraction, nullptr, nullptr) != 0) {
      ereport(ERROR,
              (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    }
    if (with_zone) tm.tm_isdst = 0;  // else EncodeDateTime leaves the zone out
    EncodeDateTime(&tm, fraction, with_zone, 0, nullptr, USE_ISO_DATES, buffer);
  }
  append_quoted(out, buffer);
}

}  // namespace

std::string_view to_utf8(const char* text, size_t size) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8) return {text, size};
  if (encoding == PG_SQL_ASCII) {
    pg_verify_mbstr(PG_UTF8, text, static_cast<int>(size), false);
    return {text, size};
  }
  const char* converted = pg_server_to_any(text, static_cast<int>(size), PG_UTF8);
  return converted == text ? std::string_view(text, size) : std::string_view(converted);
}

RowEncoder::Form RowEncoder::form_of(uint32_t type) {
  switch (type) {
    case BOOLOID:
      return Form::kBoolean;
    case INT2OID:
      return Form::kInt2;
    case INT4OID:
      return Form::kInt4;
    case INT8OID:
      return Form::kInt8;
    case FLOAT4OID:
      return Form::kFloat4;
    case FLOAT8OID:
      return Form::kFloat8;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case JSONOID:
    case XMLOID:  // as it is stored: its output function drops the encoding from the declaration
      return Form::kText;
    case UUIDOID:
      return Form::kUuid;
    case DATEOID:
      return Form::kDate;
    case TIMESTAMPOID:
      return Form::kTimestamp;
    case TIMESTAMPTZOID:
      return Form::kTimestampTz;
    case JSONBOID:
      return Form::kJsonb;
    case BYTEAOID:
      return Form::kBytea;
    default:
      return Form::kOther;
  }
}

bool RowEncoder::is_plain(uint32_t type) {
  switch (form_of(type)) {
    case Form::kBoolean:
    case Form::kInt2:
    case Form::kInt4:
    case Form::kInt8:
    case Form::kUuid:
    case Form::kDate:
    case Form::kTimestamp:
    case Form::kTimestampTz:
      return true;
    default:
      return false;
  }
}

RowEncoder::RowEncoder(const std::vector<Column>& columns, const std::vector<size_t>& files,
                       FileTaker taker)
    : taker_(std::move(taker)) {
  for (const Column& column : columns) add_column(column, columns_.size());
  for (const size_t position : files) columns_[position].form = Form::kFile;
}

RowEncoder::RowEncoder(const std::vector<const Column*>& columns,
                       const std::vector<size_t>& positions) {
  for (const size_t position : positions) add_column(*columns[position], position);
}

void RowEncoder::add_column(const Column& column, size_t position) {
  Encoded& encoded = columns_.emplace_back();
  encoded.token = (columns_.size() == 1 ? "{" : ",") + json_key_token(column.name);
  encoded.position = position;
  encoded.form = form_of(column.type_oid);
  spans_.resize(columns_.size());
  if (encoded.form != Form::kOther) return;
  FmgrInfo* output = &encoded.output;
  const Oid type = column.type_oid;
  guarded([=] {
    Oid function;
    bool varlena;
    getTypeOutputInfo(type, &function, &varlena);
    fmgr_info_cxt(function, output, CurrentMemoryContext);
  });
}

void RowEncoder::append(TupleTableSlot* slot, std::string& out) {
  slot_getallattrs(slot);
  file_bytes_ = 0;
  if (columns_.empty()) out += '{';
  for (size_t i = 0; i < columns_.size(); ++i) {
    out += columns_[i].token;
    spans_[i].begin = out.size();
    const size_t position = columns_[i].position;
    if (slot->tts_isnull[position]) {
      out += "null";
    } else {
      append_value(columns_[i], slot->tts_values[position], out);
    }
    spans_[i].end = out.size();
  }
  out += '}';
}

void RowEncoder::append_value(Encoded& column, Datum value, std::string& out) {
  switch (column.form) {
    case Form::kBoolean:
      out += DatumGetBool(value) ? "true" : "false";
      return;
    case Form::kInt2:
      append_int64(out, DatumGetInt16(value));
      return;
    case Form::kInt4:
      append_int64(out, DatumGetInt32(value));
      return;
    case Form::kInt8:
      out += '"';
      append_int64(out, DatumGetInt64(value));
      out += '"';
      return;
    case Form::kFloat4:
      append_float(out, DatumGetFloat4(value), true);
      return;
    case Form::kFloat8:
      append_float(out, DatumGetFloat8(value), false);
      return;
    case Form::kText: {
      const varlena* text = PG_DETOAST_DATUM_PACKED(value);
      append_json_string(out, to_utf8(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)));
      return;
    }
    case Form::kUuid:
      append_uuid(out, DatumGetUUIDP(value));
      return;
    case Form::kDate:
      append_date(out, DatumGetDateADT(value));
      return;
    case Form::kTimestamp:
      append_timestamp(out, DatumGetTimestamp(value), false);
      return;
    case Form::kTimestampTz:
      append_timestamp(out, DatumGetTimestampTz(value), true);
      return;
    case Form::kJsonb: {
      Jsonb* jsonb = DatumGetJsonbP(value);
      const char* text = JsonbToCString(nullptr, &jsonb->root, VARSIZE(jsonb));
      append_jsonb(out, to_utf8(text, std::strlen(text)));
      return;
    }
    case Form::kBytea: {
      const varlena* bytes = PG_DETOAST_DATUM_PACKED(value);
      append_base64(out, {VARDATA_ANY(bytes), static_cast<size_t>(VARSIZE_ANY_EXHDR(bytes))});
      return;
    }
    case Form::kFile:
      append_file(column, value, out);
      return;
    case Form::kOther: {
      const char* text = OutputFunctionCall(&column.output, value);
      append_json_string(out, to_utf8(text, std::strlen(text)));
      return;
    }
  }
}

void RowEncoder::append_file(const Encoded& column, Datum value, std::string& out) {
  varlena* const bytes = PG_DETOAST_DATUM_PACKED(value);
  const std::string_view content{VARDATA_ANY(bytes), static_cast<size_t>(VARSIZE_ANY_EXHDR(bytes))};
  sha256_.update(content);
  const Sha256Digest digest = sha256_.finish();
  file_bytes_ += content.size();
  if (taker_) taker_(static_cast<size_t>(&column - columns_.data()), digest, content);
  if (PointerGetDatum(bytes) != value) pfree(bytes);  // one file at a time, not a whole row's
  append_quoted(out, hex(digest));
}

}  // namespace company_backup
