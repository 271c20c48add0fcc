#include "pg/rows/current_rows.hpp"

namespace company_backup {
namespace {

// splitmix64: neighbouring versions must not cancel each other out in a sum.
uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t hash(const RowVersion& version, uint32_t xmin) {
  const uint64_t place = uint64_t{version.block} << 16 | version.offset;
  return scramble(scramble(place) ^ (uint64_t{version.relation} << 32 | xmin));
}

struct Receiver {
  DestReceiver base;
  const CurrentQuery* query;
  RowEncoder* encoder;
  LineCutter* lines;
  std::string* buffer;
  const CurrentRowVisitor* visit;
  MemoryContext row_memory;
};

RowVersion version_of(const Datum* values, uint32_t* xmin) {
  const auto* tid = reinterpret_cast<ItemPointer>(DatumGetPointer(values[1]));
  *xmin = DatumGetTransactionId(values[2]);
  return {DatumGetObjectId(values[0]), ItemPointerGetBlockNumberNoCheck(tid),
          ItemPointerGetOffsetNumberNoCheck(tid)};
}

void receive_row(Receiver* self, TupleTableSlot* slot) {
  const size_t start = self->lines != nullptr ? self->lines->line_start() : 0;
  if (self->lines == nullptr) self->buffer->clear();
  self->encoder->append(slot, *self->buffer);
  require_loadable(self->query->table, self->encoder->spans(), *self->buffer, start);
  CurrentRow row;
  row.line = std::string_view(*self->buffer).substr(start);
  uint32_t xmin = 0;
  if (!self->query->foreign) {
    row.version = version_of(slot->tts_values + self->query->table.columns.size(), &xmin);
  }
  (*self->visit)(row, xmin);
  if (self->lines != nullptr) self->lines->end_line();
}

bool receive_current(TupleTableSlot* slot, DestReceiver* destination) {
  auto* self = reinterpret_cast<Receiver*>(destination);
  return callback([=] {
    const MemoryContext before = MemoryContextSwitchTo(self->row_memory);
    receive_row(self, slot);
    MemoryContextSwitchTo(before);
    MemoryContextReset(self->row_memory);
    CHECK_FOR_INTERRUPTS();
    return true;
  });
}

struct SumReceiver {
  DestReceiver base;
  uint32_t since;
  VersionSum sum;
  uint64_t written;
  const std::function<void(const RowVersion&)>* visit;  // may be null
};

bool receive_version(TupleTableSlot* slot, DestReceiver* destination) {
  auto* self = reinterpret_cast<SumReceiver*>(destination);
  slot_getallattrs(slot);
  uint32_t xmin;
  const RowVersion version = version_of(slot->tts_values, &xmin);
  const CommandId command = DatumGetCommandId(slot->tts_values[3]);
  if (TransactionIdIsCurrentTransactionId(xmin) && command >= self->since) {
    ++self->written;
  } else {
    self->sum.add(version, xmin);
    if (self->visit != nullptr) callback([&] { (*self->visit)(version); });
  }
  CHECK_FOR_INTERRUPTS();
  return true;
}

}  // namespace

void VersionSum::add(const RowVersion& version, uint32_t xmin) {
  ++rows;
  sum += hash(version, xmin);
}

void VersionSum::remove(const RowVersion& version, uint32_t xmin) {
  --rows;
  sum -= hash(version, xmin);
}

void read_current(const CurrentQuery& query, LineCutter* lines, const CurrentRowVisitor& visit) {
  RowEncoder encoder(query.table.columns);
  std::string own_buffer;
  Receiver receiver{};
  init_receiver(receiver.base, receive_current);
  receiver.base.rStartup = [](DestReceiver* self, int, TupleDesc form) {
    callback([=] { require_form(reinterpret_cast<Receiver*>(self)->query->table, form); });
  };
  receiver.query = &query;
  receiver.encoder = &encoder;
  receiver.lines = lines;
  receiver.buffer = lines != nullptr ? &lines->buffer() : &own_buffer;
  receiver.visit = &visit;
  receiver.row_memory = guarded([] {
    return AllocSetContextCreate(CurrentMemoryContext, "company_backup row",
                                 ALLOCSET_DEFAULT_SIZES);
  });
  stream(query.table.sql, query.table.args, &receiver.base);
  guarded([&] { MemoryContextDelete(receiver.row_memory); });
}

VersionSum sum_versions(const std::string& sql, const std::vector<Arg>& args, uint32_t since,
                        uint64_t& written) {
  SumReceiver receiver{};
  init_receiver(receiver.base, receive_version);
  receiver.since = since;
  stream(sql, args, &receiver.base);
  written = receiver.written;
  return receiver.sum;
}

void find_versions(const std::string& sql, const std::vector<Arg>& args, uint32_t since,
                   const std::function<void(const RowVersion&)>& visit) {
  SumReceiver receiver{};
  init_receiver(receiver.base, receive_version);
  receiver.since = since;
  receiver.visit = &visit;
  stream(sql, args, &receiver.base);
}

}  // namespace company_backup
