#include "pg/rows/table_lines.hpp"

#include "core/text/json_scanner.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/progress.hpp"

namespace company_backup {
namespace {

// Within MaxAllocSize: a longer line could not be given to a type's input function again.
constexpr size_t kMaxLine = (size_t{1} << 30) - (size_t{64} << 10);

void drain(LineSorter& sorter, LineCutter& lines) {
  sorter.sort();
  std::string_view line;
  while (sorter.next(line)) {
    lines.buffer().append(line);
    lines.end_line();
    check_for_interrupts();
  }
}

struct LineReceiver {
  DestReceiver base;
  const TableQuery* query;
  RowEncoder* encoder;
  LineCutter* lines;
  LineSorter* sorter;  // nullptr: the query's order is the order
  const LineObserver* observer;
  MemoryContext row_memory;
};

// Readers of archives have a limit. A level takes two bytes, so short documents need no look.
void require_shallow(const TableQuery& query, const std::vector<Span>& spans,
                     const std::string& buffer) {
  constexpr size_t kLevels = kDeepestJson - 1;  // beside the row's own object
  for (size_t i = 0; i < spans.size(); ++i) {
    const std::string_view json(buffer.data() + spans[i].begin, spans[i].end - spans[i].begin);
    if (json.size() <= 2 * kLevels || query.columns[i].type_oid != JSONBOID) continue;
    if (json_depth(json, kLevels + 1) <= kLevels) continue;
    throw Error(sqlstate::kRowTooLarge, "a document in column \"" + query.columns[i].name +
                                            "\" of table \"" + query.name +
                                            "\" is nested too deeply for a backup")
        .detail("Row " + row_key_text(query, spans, buffer) + " has more than " +
                std::to_string(kLevels) + " levels; readers of archives refuse it.");
  }
}

void finish_line(LineReceiver* self) {
  std::string& buffer = self->lines->buffer();
  const size_t start = self->lines->line_start();
  // The undo record of a restore over this row would hold its files in base64.
  require_loadable(*self->query, self->encoder->spans(), buffer, start,
                   self->encoder->file_bytes() / 3 * 4);
  require_shallow(*self->query, self->encoder->spans(), buffer);
  if (*self->observer) (*self->observer)(self->encoder->spans(), buffer);
  count_row();
  if (self->sorter == nullptr) self->lines->end_line();
}

bool receive_line(TupleTableSlot* slot, DestReceiver* destination) {
  auto* self = reinterpret_cast<LineReceiver*>(destination);
  return callback([=] {
    const MemoryContext before = MemoryContextSwitchTo(self->row_memory);
    self->encoder->append(slot, self->lines->buffer());
    finish_line(self);
    if (self->sorter != nullptr) {
      std::string& buffer = self->lines->buffer();
      self->sorter->put(buffer);
      buffer.clear();
    }
    MemoryContextSwitchTo(before);
    MemoryContextReset(self->row_memory);
    CHECK_FOR_INTERRUPTS();
    return true;
  });
}

}  // namespace

void require_loadable(const TableQuery& query, const std::vector<Span>& spans,
                      const std::string& buffer, size_t start, size_t more) {
  const size_t size = buffer.size() - start + more;
  if (size <= kMaxLine) return;
  throw Error(sqlstate::kRowTooLarge,
              "a row of table " + quoted_display(query.name) + " is too large for a backup")
      .detail("Row " + row_key_text(query, spans, buffer) + " has " + std::to_string(size) +
              " bytes; at most " + std::to_string(kMaxLine) + " can be loaded again.");
}

void require_form(const TableQuery& query, TupleDesc form) {
  bool same = static_cast<size_t>(form->natts) >= query.columns.size();
  for (size_t i = 0; same && i < query.columns.size(); ++i) {
    const Oid type = TupleDescAttr(form, static_cast<int>(i))->atttypid;
    same = guarded([type] { return getBaseType(type); }) == query.columns[i].type_oid;
  }
  if (same) return;
  throw Error(sqlstate::kTableChanged,
              "table \"" + query.name + "\" changed its structure while it was being read")
      .hint("Try again when no ALTER TABLE is running.");
}

std::string row_key_text(const TableQuery& query, const std::vector<Span>& spans,
                         const std::string& buffer) {
  if (query.key.empty()) return "(no key)";
  std::string text = "(";
  for (size_t position : query.key) {
    std::string value = buffer.substr(
        spans[position].begin, std::min<size_t>(spans[position].end - spans[position].begin, 200));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    text += (text.size() > 1 ? ", " : "") + value;
  }
  return text + ")";
}

void read_lines(const TableQuery& query, LineCutter& lines, const LineObserver& observer,
                const FileTaker& files) {
  RowEncoder encoder(query.columns, query.files, files);
  std::optional<LineSorter> sorter;
  if (query.key.empty()) sorter.emplace();
  LineReceiver receiver{};
  init_receiver(receiver.base, receive_line);
  receiver.base.rStartup = [](DestReceiver* self, int, TupleDesc form) {
    callback([=] { require_form(*reinterpret_cast<LineReceiver*>(self)->query, form); });
  };
  receiver.query = &query;
  receiver.encoder = &encoder;
  receiver.lines = &lines;
  receiver.sorter = sorter ? &*sorter : nullptr;
  receiver.observer = &observer;
  receiver.row_memory = guarded([] {
    return AllocSetContextCreate(CurrentMemoryContext, "company_backup row",
                                 ALLOCSET_DEFAULT_SIZES);
  });
  stream(query.sql, query.args, &receiver.base);
  guarded([&] { MemoryContextDelete(receiver.row_memory); });
  if (sorter) drain(*sorter, lines);
}

}  // namespace company_backup
