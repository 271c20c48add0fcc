#include "pg/restore/row_changes.hpp"

#include <list>

#include "core/text/json_text.hpp"
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
      read_bytes_(load.bytes_of(*plan.matched)),
      composer_(line_columns(plan.columns, plan.others)),
      reader_(columns_to_read(plan), all_positions(plan.columns.size()), read_bytes_),
      edits_(plan.matched->table->oid, plan.query.table.name, WriteAs::kCaller, &load.doubts()) {}

MappedRowWriter& RowChanges::writer() {
  if (!writer_) writer_ = load_.writer(*plan_.matched);
  return *writer_;
}

void RowChanges::add(std::string_view line) {
  if (log_ != nullptr) log_->added(line);
  if (at_end_) {
    writer().write(line);
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

void RowChanges::compose(const std::vector<RowValue>& current,
                         const std::vector<RowValue>& archived,
                         const std::vector<size_t>& columns) {
  std::vector<RowValue> whole = current;
  std::list<std::string> contents;  // of files
  for (size_t position : columns) {
    whole[position] = archived[position];
    if (!plan_.columns[position].is_file || archived[position].kind == ValueKind::kNull) continue;
    std::string bytes;
    read_bytes_(position, archived[position], bytes);
    std::string& base64 = contents.emplace_back();
    append_base64(base64, bytes);
    whole[position].text = std::string_view(base64).substr(1, base64.size() - 2);
  }
  line_.clear();
  composer_.append(whole, line_);
}

void RowChanges::change(const CurrentRow& row, const std::vector<RowValue>& current,
                        const std::vector<RowValue>& archived, const std::vector<size_t>& columns) {
  const bool reinserts = changes_constrained(plan_, columns);
  if (log_ != nullptr || reinserts) compose(current, archived, columns);
  if (log_ != nullptr) log_->changed(line_);
  if (!reinserts) {
    update(row, current, archived, columns);
    return;
  }
  remove_version(row, current);
  replaced_.put(line_);
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
  while (added_.next(line)) writer().write(line);
}

void RowChanges::finish(std::vector<ColumnSequence>& sequences) {
  if (!replaced_.empty()) {
    const std::vector<bool> loaded(plan_.current.size(), true);
    MappedRowWriter rows(*plan_.matched->table, plan_.current, loaded, plan_.matched->scoped->key,
                         {}, read_base64, {}, &load_.doubts());
    std::string_view line;
    while (replaced_.next(line)) rows.write(line);
    rows.finish(sequences);
  }
  if (writer_) writer_->finish(sequences);
  edits_.finish();
}

}  // namespace company_backup
