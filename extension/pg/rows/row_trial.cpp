#include "pg/rows/row_trial.hpp"

#include "pg/base/error_code.hpp"
#include "pg/base/server_text.hpp"

namespace company_backup {

RowTrial::RowTrial(Oid table, const std::vector<int16_t>& columns, std::string row_check)
    : given_(columns.begin(), columns.end()), row_check_(std::move(row_check)) {
  guarded([&] {
    // The first row may come out of a query whose memory is a row's.
    memory_ = AllocSetContextCreate(CurTransactionContext, "company_backup trial of rows",
                                    ALLOCSET_DEFAULT_SIZES);
    input_memory_ =
        AllocSetContextCreate(memory_, "company_backup inputs of a trial", ALLOCSET_DEFAULT_SIZES);
    check_memory_ =
        AllocSetContextCreate(memory_, "company_backup checks on trial", ALLOCSET_DEFAULT_SIZES);
    row_memory_ =
        AllocSetContextCreate(memory_, "company_backup rows on trial", ALLOCSET_DEFAULT_SIZES);
    relation_ = table_open(table, RowExclusiveLock);
    const MemoryContext before = MemoryContextSwitchTo(input_memory_);
    batch_.open(relation_, given_.data(), static_cast<int>(given_.size()));
    MemoryContextSwitchTo(before);
  });
}

RowTrial::~RowTrial() = default;

void RowTrial::add(const std::vector<LoadValue>& row) {
  const bool is_text = batch_.add(row);
  bad_.push_back(!is_text);
  if (!is_text)
    found_.emplace_back(batch_.at_row(),
                        of_value({"22021", "text cannot hold a NUL character", "", ""}));
}

// Names the column.
CaughtError RowTrial::of_value(CaughtError why) const {
  const AttrNumber number = batch_.attribute(batch_.at_column());
  why.message = "column \"" +
                utf8_of(NameStr(TupleDescAttr(RelationGetDescr(relation_), number - 1)->attname)) +
                "\": " + why.message;
  return why;
}

// Runs a step over all rows that are not refused yet, again behind each one that is.
void RowTrial::try_step(const std::function<void()>& step) {
  for (batch_.set_row(0); batch_.at_row() < batch_.rows(); batch_.set_row(batch_.at_row() + 1)) {
    const KeptError error = keep_error([&] { guarded([&] { step(); }); });
    if (!error) return;
    if (!is_refusal(error.sqlstate())) error.rethrow();
    bad_[batch_.at_row()] = true;
    found_.emplace_back(batch_.at_row(), of_value(error.caught()));
    guarded([this] {
      MemoryContextReset(input_memory_);
      const MemoryContext before = MemoryContextSwitchTo(input_memory_);
      batch_.renew();
      MemoryContextSwitchTo(before);
    });
  }
}

// What is compiled lives as long as one subtransaction: an error may have left it in the middle.
void RowTrial::try_checks() {
  const int count = static_cast<int>(batch_.rows());
  for (at_check_ = 0; at_check_ < count; ++at_check_) {
    TableWriter table;
    const KeptError error = keep_error([&] {
      guarded([&] {
        MemoryContextReset(check_memory_);
        const MemoryContext before = MemoryContextSwitchTo(check_memory_);
        table.open(relation_, given_.data(), static_cast<int>(given_.size()), &doubts_,
                   row_check_.empty() ? nullptr : row_check_.c_str());
        table.look_at(batch_.values(), batch_.nulls(), count,
                      reinterpret_cast<const bool*>(bad_.data()), &at_check_);
        table.close();
        MemoryContextSwitchTo(before);
      });
    });
    doubted_ += table.doubted();
    if (!error) return;
    if (table.is_in_row_check() || !is_refusal(error.sqlstate())) error.rethrow();
    if (table.is_in_function_check() &&
        !strict_) {  // it may have looked for rows that are not there yet
      ++doubted_;
      continue;
    }
    bad_[static_cast<size_t>(at_check_)] = true;
    found_.emplace_back(static_cast<size_t>(at_check_), error.caught());
  }
}

void RowTrial::run(const std::function<void(size_t row, const CaughtError& why)>& refused) {
  if (batch_.empty()) return;
  guarded([this] {
    CommandCounterIncrement();  // functions see what was written before
    const MemoryContext before = MemoryContextSwitchTo(row_memory_);
    batch_.begin();
    MemoryContextSwitchTo(before);
  });
  for (size_t step = 0; step < batch_.steps(); ++step) {
    try_step([&] {
      const MemoryContext before = MemoryContextSwitchTo(row_memory_);
      batch_.convert(step, reinterpret_cast<const bool*>(bad_.data()));
      MemoryContextSwitchTo(before);
    });
  }
  try_checks();
  for (const auto& [row, why] : found_) refused(row, why);
  found_.clear();
  bad_.clear();
  batch_.clear();
  MemoryContextReset(row_memory_);
}

void RowTrial::close() {
  guarded([this] {
    table_close(relation_, NoLock);
    MemoryContextDelete(memory_);
  });
}

}  // namespace company_backup
