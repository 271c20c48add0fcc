#include "pg/rows/tuple_values.hpp"

#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

std::vector<RowColumn> wanted_columns(const std::vector<const Column*>& columns,
                                      const std::vector<size_t>& positions) {
  std::vector<const Column*> wanted;
  for (const size_t position : positions) wanted.push_back(columns[position]);
  return row_columns(wanted);
}

}  // namespace

TupleValues::Ways TupleValues::ways_of(const std::vector<const Column*>& columns,
                                       const std::vector<size_t>& positions) {
  const bool is_utf8 = GetDatabaseEncoding() == PG_UTF8;
  Ways ways;
  for (const size_t position : positions) {
    const uint32_t type = columns[position]->type_oid;
    if (RowEncoder::is_text(type) && is_utf8) {
      ways.texts.push_back(position);
    } else {
      (RowEncoder::is_plain(type) ? ways.plain : ways.lines).push_back(position);
    }
  }
  return ways;
}

TupleValues::TupleValues(const std::vector<const Column*>& columns,
                         const std::vector<size_t>& positions)
    : ways_(ways_of(columns, positions)),
      plain_encoder_(columns, ways_.plain),
      line_encoder_(columns, ways_.lines),
      line_(wanted_columns(columns, ways_.lines)),
      values_(columns.size()),
      memory_(guarded([] {
        return AllocSetContextCreate(CurrentMemoryContext, "company_backup row",
                                     ALLOCSET_DEFAULT_SIZES);
      })) {}

const std::vector<RowValue>& TupleValues::read(TupleTableSlot* row) {
  plain_text_.clear();
  line_text_.clear();
  guarded([&] {
    MemoryContextReset(memory_);
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    for (const size_t position : ways_.texts) read_text(row, position);
    if (!ways_.plain.empty()) plain_encoder_.append(row, plain_text_);
    if (!ways_.lines.empty()) line_encoder_.append(row, line_text_);
    MemoryContextSwitchTo(before);
  });
  read_plain();
  if (!ways_.lines.empty()) read_line();
  return values_;
}

// Inside guarded() only.
void TupleValues::read_text(TupleTableSlot* row, size_t position) {
  RowValue& value = values_[position];
  value = {};
  if (row->tts_isnull[position]) return;
  const varlena* text = PG_DETOAST_DATUM_PACKED(row->tts_values[position]);
  value.kind = ValueKind::kString;
  value.text = {VARDATA_ANY(text), static_cast<size_t>(VARSIZE_ANY_EXHDR(text))};
}

void TupleValues::read_plain() {
  for (size_t i = 0; i < ways_.plain.size(); ++i) {
    const Span span = plain_encoder_.spans()[i];
    std::string_view text(plain_text_);
    text = text.substr(span.begin, span.end - span.begin);
    RowValue& value = values_[ways_.plain[i]];
    if (text == "null") {
      value = {};
    } else if (text.starts_with('"')) {
      value = {ValueKind::kString, text.substr(1, text.size() - 2)};
    } else {
      value = {text == "true" || text == "false" ? ValueKind::kBoolean : ValueKind::kNumber, text};
    }
  }
}

void TupleValues::read_line() {
  line_.parse(line_text_);
  for (size_t i = 0; i < ways_.lines.size(); ++i) values_[ways_.lines[i]] = line_[i];
}

void TupleValues::close() {
  guarded([this] { MemoryContextDelete(memory_); });
}

}  // namespace company_backup
