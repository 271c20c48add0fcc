#include "pg/rows/row_batch.hpp"

#include <cstring>

#include "pg/base/code_owner.hpp"
#include "pg/base/owner.hpp"

namespace company_backup {
namespace {

bool has_text(LoadValue::Kind kind) {
  return kind == LoadValue::Kind::kText || kind == LoadValue::Kind::kWritten;
}

// Bytes behind a Datum by reference; of a long value that stands elsewhere, of the pointer to it.
size_t size_of(const ColumnInput& column, Datum datum) {
  const char* data = DatumGetPointer(datum);
  if (column.length > 0) return static_cast<size_t>(column.length);
  return column.length == -1 ? VARSIZE_ANY(data) : std::strlen(data) + 1;
}

}  // namespace

void RowBatch::open(Relation relation, const AttrNumber* given, int count) {
  relation_ = relation;
  natts_ = RelationGetDescr(relation)->natts;
  given_.assign(given, given + count);
  renew();
  steps_.push_back({owner_of_code(relation), {}});
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (OidIsValid(inputs_[i].code_owner)) {
      steps_.push_back({inputs_[i].code_owner, {i}});
    } else {
      steps_[0].columns.push_back(i);
    }
  }
}

void RowBatch::renew() {
  inputs_.clear();
  for (const AttrNumber number : given_)
    inputs_.push_back(make_column_input(RelationGetDescr(relation_), number));
}

void RowBatch::put(const ColumnInput& input, const LoadValue& value) {
  if (value.kind != LoadValue::Kind::kDatum) {
    waiting_.push_back({value.kind, buffer_.size(), value.text.size(), 0});
    buffer_ += value.text;
    buffer_ += '\0';
    return;
  }
  buffer_.resize(MAXALIGN(buffer_.size()));
  const size_t size = input.by_value ? 0 : size_of(input, value.datum);
  waiting_.push_back({value.kind, buffer_.size(), size, value.datum});
  if (size > 0) buffer_.append(DatumGetPointer(value.datum), size);
}

bool RowBatch::add(const std::vector<LoadValue>& row) {
  bool has_nul = false;
  for (size_t i = 0; i < row.size(); ++i) {
    put(inputs_[i], row[i]);
    if (!has_text(row[i].kind) || row[i].text.find('\0') == row[i].text.npos) continue;
    has_nul = true;
    at_column_ = i;
  }
  at_row_ = rows() - 1;
  return !has_nul;
}

void RowBatch::clear() {
  waiting_.clear();
  buffer_.clear();
}

LoadValue RowBatch::value_at(size_t row, size_t column) const {
  const Waiting& value = waiting_[row * width() + column];
  const std::string_view text = std::string_view(buffer_).substr(value.offset, value.size);
  if (value.kind != LoadValue::Kind::kDatum) return {value.kind, text};
  const bool by_value = inputs_[column].by_value;
  return {value.kind, {}, by_value ? value.datum : PointerGetDatum(text.data())};
}

std::string RowBatch::text_at(size_t row, size_t column) const {
  const LoadValue value = value_at(row, column);
  if (value.kind == LoadValue::Kind::kNull) return "null";
  return std::string(value.text.substr(0, 100));
}

void RowBatch::begin() {
  const size_t cells = rows() * static_cast<size_t>(natts_);
  values_ =
      static_cast<Datum*>(MemoryContextAllocHuge(CurrentMemoryContext, cells * sizeof(Datum)));
  nulls_ = static_cast<bool*>(MemoryContextAllocHuge(CurrentMemoryContext, cells * sizeof(bool)));
  std::memset(nulls_, true, cells * sizeof(bool));
  std::memset(values_, 0, cells * sizeof(Datum));
}

void RowBatch::convert(size_t step, const bool* skip) {
  const std::vector<size_t>& columns = steps_[step].columns;
  run_owners_code(steps_[step].owner, [&] {
    for (; at_row_ < rows(); ++at_row_) {
      if (skip != nullptr && skip[at_row_]) continue;
      for (const size_t column : columns) {
        at_column_ = column;
        ColumnInput& input = inputs_[column];
        const size_t cell =
            at_row_ * static_cast<size_t>(natts_) + static_cast<size_t>(input.attnum - 1);
        values_[cell] = read_value(input, value_at(at_row_, column), &nulls_[cell]);
      }
    }
  });
}

}  // namespace company_backup
