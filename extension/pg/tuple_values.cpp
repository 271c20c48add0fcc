#include "pg/tuple_values.hpp"

#include "pg/row_loader.hpp"

namespace company_backup {
namespace {

std::vector<RowColumn> wanted_columns(const std::vector<const Column*>& columns,
                                      const std::vector<size_t>& positions) {
  std::vector<const Column*> wanted;
  for (const size_t position : positions) wanted.push_back(columns[position]);
  return row_columns(wanted);
}

}  // namespace

TupleValues::TupleValues(const std::vector<const Column*>& columns, std::vector<size_t> positions)
    : positions_(std::move(positions)),
      encoder_(columns, positions_),
      line_(wanted_columns(columns, positions_)),
      values_(columns.size()),
      memory_(guarded([] {
        return AllocSetContextCreate(CurrentMemoryContext, "company_backup row",
                                     ALLOCSET_DEFAULT_SIZES);
      })) {}

const std::vector<RowValue>& TupleValues::read(TupleTableSlot* row) {
  if (positions_.empty()) return values_;
  text_.clear();
  guarded([&] {
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    encoder_.append(row, text_);
    MemoryContextSwitchTo(before);
    MemoryContextReset(memory_);
  });
  line_.parse(text_);
  for (size_t i = 0; i < positions_.size(); ++i) values_[positions_[i]] = line_[i];
  return values_;
}

void TupleValues::close() {
  guarded([this] { MemoryContextDelete(memory_); });
}

}  // namespace company_backup
