#include "pg/check/short_cells.hpp"

#include <cstring>

#include "pg/base/boundary.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/spi.hpp"

extern "C" {
#include "access/detoast.h"
#include "utils/json.h"
}

namespace company_backup {
namespace {

// A column of the result.
struct CellSource {
  uint32_t longest;
  Oid type;
  bool stored_by_length;
  FmgrInfo output;
};

struct CellReceiver {
  DestReceiver base;
  std::vector<CellSource>* sources;
  std::vector<Cell>* cells;
  const TakeCells* take;
  MemoryContext row_memory;
  bool ended;
};

bool is_character_type(Oid type) {
  return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

void append_scalar(StringInfo to, const JsonbValue& value) {
  switch (value.type) {
    case jbvString:
      escape_json(to, pnstrdup(value.val.string.val, value.val.string.len));
      break;
    case jbvNumeric: {
      char* text =
          DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
      appendStringInfoString(to, text);
      pfree(text);
      break;
    }
    case jbvBool:
      appendStringInfoString(to, value.val.boolean ? "true" : "false");
      break;
    default:
      appendStringInfoString(to, "null");
  }
}

// Stops at `longest`: a number of a few bytes can have 131,072 digits. False: it did.
bool append_jsonb(StringInfo to, Jsonb* jsonb, uint32_t longest) {
  JsonbIterator* iterator = JsonbIteratorInit(&jsonb->root);
  JsonbValue value;
  const bool scalar = JB_ROOT_IS_SCALAR(jsonb);
  bool follows = false;  // a value in the same container
  for (;;) {
    const JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, false);
    if (token == WJB_DONE) return true;
    if (static_cast<uint32_t>(to->len) > longest) return false;
    if (follows && token != WJB_END_ARRAY && token != WJB_END_OBJECT) appendStringInfoChar(to, ',');
    follows = token != WJB_BEGIN_ARRAY && token != WJB_BEGIN_OBJECT && token != WJB_KEY;
    if (token == WJB_KEY || token == WJB_ELEM || token == WJB_VALUE) append_scalar(to, value);
    if (token == WJB_KEY) appendStringInfoChar(to, ':');
    if (token == WJB_BEGIN_OBJECT) appendStringInfoChar(to, '{');
    if (token == WJB_END_OBJECT) appendStringInfoChar(to, '}');
    if (token == WJB_BEGIN_ARRAY && !scalar) appendStringInfoChar(to, '[');
    if (token == WJB_END_ARRAY && !scalar) appendStringInfoChar(to, ']');
  }
}

Cell too_long(const CellSource& source, Datum value) {
  Cell cell{Cell::State::kTooLong};
  if (!is_character_type(source.type)) return cell;
  const varlena* first = PG_DETOAST_DATUM_SLICE(value, 0, 1);
  cell.text = {VARDATA_ANY(first), static_cast<size_t>(VARSIZE_ANY_EXHDR(first))};
  return cell;
}

// In the memory of the row. Holds nothing with a destructor: it may ereport.
Cell read_cell(CellSource& source, Datum value) {
  if (source.stored_by_length && toast_raw_datum_size(value) > source.longest + VARHDRSZ)
    return too_long(source, value);
  const char* text;
  if (source.type == JSONBOID) {
    StringInfoData json;
    initStringInfo(&json);
    if (!append_jsonb(&json, DatumGetJsonbP(value), 4 * source.longest)) {
      return {Cell::State::kTooLong};
    }
    text = json.data;
  } else {
    text = OutputFunctionCall(&source.output, value);
  }
  std::string_view read = from_server(std::string_view(text, std::strlen(text)));
  if (source.type == BPCHAROID) read = read.substr(0, read.find_last_not_of(' ') + 1);
  return {Cell::State::kText, read};
}

void begin_cells(DestReceiver* destination, int, TupleDesc form) {
  auto* self = reinterpret_cast<CellReceiver*>(destination);
  for (size_t i = 0; i < self->sources->size(); ++i) {
    CellSource& source = (*self->sources)[i];
    source.type = TupleDescAttr(form, static_cast<int>(i))->atttypid;
    source.stored_by_length = TupleDescAttr(form, static_cast<int>(i))->attlen == -1;
    Oid output;
    bool varlena;
    getTypeOutputInfo(source.type, &output, &varlena);
    fmgr_info(output, &source.output);
  }
}

bool receive_cells(TupleTableSlot* slot, DestReceiver* destination) {
  auto* self = reinterpret_cast<CellReceiver*>(destination);
  return callback([=] {
    const MemoryContext before = MemoryContextSwitchTo(self->row_memory);
    slot_getallattrs(slot);
    for (size_t i = 0; i < self->cells->size(); ++i) {
      (*self->cells)[i] =
          slot->tts_isnull[i] ? Cell() : read_cell((*self->sources)[i], slot->tts_values[i]);
    }
    MemoryContextSwitchTo(before);
    self->ended = !(*self->take)(*self->cells);
    MemoryContextReset(self->row_memory);
    CHECK_FOR_INTERRUPTS();
    return !self->ended;
  });
}

}  // namespace

bool read_short_cells(const std::string& sql, const std::vector<uint32_t>& longest,
                      const TakeCells& take) {
  std::vector<CellSource> sources;
  for (const uint32_t bytes : longest) sources.push_back({bytes, InvalidOid, false, {}});
  std::vector<Cell> cells(longest.size());
  CellReceiver receiver{};
  init_receiver(receiver.base, receive_cells);
  receiver.base.rStartup = begin_cells;
  receiver.sources = &sources;
  receiver.cells = &cells;
  receiver.take = &take;
  receiver.row_memory = guarded([] {
    return AllocSetContextCreate(CurTransactionContext, "company_backup row",
                                 ALLOCSET_DEFAULT_SIZES);
  });
  stream(sql, {}, &receiver.base);
  guarded([&] { MemoryContextDelete(receiver.row_memory); });
  return !receiver.ended;
}

}  // namespace company_backup
