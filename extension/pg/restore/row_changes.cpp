#include "pg/restore/row_changes.hpp"

#include "pg/restore/foreign_edits.hpp"

namespace company_backup {
namespace {

std::vector<const Column*> columns_to_read(const MergePlan& plan) {
  return {plan.current.begin(), plan.current.begin() + static_cast<ptrdiff_t>(plan.columns.size())};
}

bool changes_constrained(const MergePlan& plan, const std::vector<size_t>& columns) {
  if (plan.is_company) return false;
  if (plan.query.foreign) return true;
  for (size_t position : columns) {
    if (plan.constrained.contains(plan.current[position]->number)) return true;
  }
  return false;
}

}  // namespace

RowChanges::RowChanges(const MergePlan& plan, MatchedArchive& load, ChangeLogWriter* log)
    : plan_(plan),
      load_(load),
      log_(log),
      composed_(plan, load.bytes_of(*plan.matched)),
      reader_(columns_to_read(plan), all_positions(plan.columns.size()),
              load.bytes_of(*plan.matched)),
      edits_(plan.matched->table->oid, plan.query.table.name, WriteAs::kCaller, &load.doubts(),
             plan.matched->row_check) {}

void RowChanges::leave_out_taken(TakenLine told) {
  told_ = std::move(told);
}

MappedRowWriter& RowChanges::writer() {
  if (writer_) return *writer_;
  writer_ = load_.writer(*plan_.matched);
  if (told_ && !plan_.query.foreign) {
    writer_->leave_out_taken(
        [this](std::string_view line, Oid index) { told_(line, false, index); });
  }
  return *writer_;
}

// Rows that are left out are told by their lines.
void RowChanges::write(MappedRowWriter& rows, std::string_view line) const {
  rows.write(line, told_ ? line : std::string_view());
}

void RowChanges::add(std::string_view line) {
  if (log_ != nullptr) log_->added(line);
  if (at_end_) {
    write(writer(), line);
  } else {
    added_.put(line);
  }
}

void RowChanges::remove_version(const CurrentRow& row, const std::vector<RowValue>& values) {
  if (plan_.query.foreign) {
    remove_foreign_row(plan_, values);
  } else {
    edits_.remove(row.version);
  }
}

void RowChanges::remove(const CurrentRow& row, const std::vector<RowValue>& values) {
  if (log_ != nullptr) log_->removed(row.line);
  remove_version(row, values);
}

void RowChanges::change(const CurrentRow& row, const std::vector<RowValue>& current,
                        const std::vector<RowValue>& archived, const std::vector<size_t>& columns) {
  const bool reinserts = changes_constrained(plan_, columns);
  std::string_view whole;
  if (log_ != nullptr || reinserts) whole = composed_.line(current, archived, columns);
  if (log_ != nullptr) log_->changed(whole);
  if (!reinserts) {
    update(row, current, archived, columns);
    return;
  }
  remove_version(row, current);
  replaced_.put(whole);
}

void RowChanges::update(const CurrentRow& row, const std::vector<RowValue>& current,
                        const std::vector<RowValue>& archived, const std::vector<size_t>& columns) {
  std::vector<RowValue> wanted(archived.size());
  for (size_t position : columns) wanted[position] = archived[position];
  const std::vector<LoadValue>& values = reader_.read(wanted);
  new_values_.clear();
  for (size_t position : columns) {
    new_values_.push_back({plan_.current[position]->number, values[position]});
  }
  row_.clear();
  for (const MergeKeyPart& part : plan_.key) {
    row_ += row_.empty() ? "" : ", ";
    row_ += current[part.column].text.substr(0, 100);
  }
  edits_.update(row.version, new_values_, row_);
}

void RowChanges::end_of_rows() {
  at_end_ = true;
  edits_.flush();
  std::string_view line;
  while (added_.next(line)) write(writer(), line);
}

// Rows that are added come first: where two rows are to have one unique value, previews know which.
void RowChanges::finish(std::vector<ColumnSequence>& sequences) {
  if (writer_) writer_->finish(sequences);
  if (!replaced_.empty()) {
    const std::vector<bool> loaded(plan_.current.size(), true);
    MappedRowWriter rows(*plan_.matched->table, plan_.current, loaded, plan_.matched->scoped->key,
                         {}, read_base64, {}, &load_.doubts(), plan_.matched->row_check);
    std::string_view line;
    if (told_ && !plan_.query.foreign)
      rows.leave_out_taken([this](std::string_view row, Oid index) { told_(row, true, index); });
    while (replaced_.next(line)) write(rows, line);
    rows.finish(sequences);
  }
  edits_.finish();
}

}  // namespace company_backup
