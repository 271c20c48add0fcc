#include "core/merge/row_merge.hpp"

#include "core/archive/key_order.hpp"
#include "core/text/digest.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

std::vector<RowColumn> archived_columns(const std::vector<MergeColumn>& columns) {
  return line_columns(columns, {});
}

bool same(const RowValue& a, const RowValue& b) {
  return (a.kind == ValueKind::kNull) == (b.kind == ValueKind::kNull) && a.text == b.text;
}

bool same_file(const RowValue& archived, const RowValue& current) {
  if (archived.kind == ValueKind::kNull || current.kind == ValueKind::kNull) {
    return archived.kind == current.kind;
  }
  return archived.text == file_digest(current);
}

// Long values by their digest: beside the row itself there is no room for it once more.
void append_comparable(std::string_view value, std::string& text) {
  constexpr size_t kLongest = 4096;
  text += std::to_string(value.size()) + ":";
  if (value.size() <= kLongest) {
    text += value;
  } else {
    text += hex(sha256(value));
  }
}

bool replaces(const MergeColumn& column, const RowValue& archived, const RowValue& current) {
  switch (column.mode) {
    case MergeColumn::Mode::kKept:
      return false;
    case MergeColumn::Mode::kGreater:
      if (archived.kind == ValueKind::kNull || same(archived, current)) return false;
      return current.kind == ValueKind::kNull || column.wins(archived.text, current.text);
    case MergeColumn::Mode::kCompared:
      break;
  }
  return column.is_file ? !same_file(archived, current) : !same(archived, current);
}

}  // namespace

std::string file_digest(const RowValue& base64) {
  std::string content;
  append_base64_decoded(content, base64.text);
  return hex(sha256(content));
}

std::vector<RowColumn> line_columns(const std::vector<MergeColumn>& columns,
                                    const std::vector<RowColumn>& others) {
  std::vector<RowColumn> list;
  for (const MergeColumn& column : columns) list.push_back(column.column);
  list.insert(list.end(), others.begin(), others.end());
  return list;
}

void find_differences(const std::vector<MergeColumn>& columns, const std::vector<RowValue>& current,
                      const std::vector<RowValue>& archived, std::vector<size_t>& differences) {
  differences.clear();
  for (size_t i = 0; i < columns.size(); ++i) {
    if (replaces(columns[i], archived[i], current[i])) differences.push_back(i);
  }
}

std::vector<RowValue> with_changes(const std::vector<RowValue>& current,
                                   const std::vector<RowValue>& archived,
                                   const std::vector<size_t>& columns) {
  std::vector<RowValue> row = current;
  for (const size_t position : columns) row[position] = archived[position];
  return row;
}

std::string comparable(const std::vector<MergeColumn>& columns, const std::vector<RowValue>& values,
                       bool archived) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].mode == MergeColumn::Mode::kKept) continue;
    if (values[i].kind == ValueKind::kNull) {
      text += "n;";
      continue;
    }
    const bool is_content = columns[i].is_file && !archived;
    const std::string digest = is_content ? file_digest(values[i]) : std::string();
    append_comparable(is_content ? std::string_view(digest) : values[i].text, text);
  }
  return text;
}

RowMerge::RowMerge(std::vector<MergeColumn> columns, const std::vector<RowColumn>& others,
                   std::vector<MergeKeyPart> key, LineSource& archive, MergeHandler& handler)
    : columns_(std::move(columns)),
      has_others_(!others.empty()),
      key_(std::move(key)),
      archive_(archive),
      handler_(handler),
      archived_row_(archived_columns(columns_)),
      current_row_(line_columns(columns_, others)) {
  advance();
}

void RowMerge::advance() {
  has_line_ = archive_.next(line_);
  parsed_ = false;
}

// The current line begins as the archive's line does, up to its closing brace.
bool RowMerge::is_equal(std::string_view line) const {
  if (!has_line_ || line.size() < line_.size()) return false;
  const size_t common = line_.size() - 1;
  if (line.substr(0, common) != line_.substr(0, common)) return false;
  return has_others_ ? line[common] == ',' : line.size() == line_.size();
}

int RowMerge::compare_to_archive() const {
  for (const MergeKeyPart& part : key_) {
    const int order =
        compare_keys(part.order, archived_row_[part.column].text, current_row_[part.column].text);
    if (order != 0) return order;
  }
  return 0;
}

void RowMerge::check_order() {
  int order = last_key_.empty() ? 1 : 0;
  last_key_.resize(key_.size());
  for (size_t i = 0; i < key_.size(); ++i) {
    const std::string_view value = current_row_[key_[i].column].text;
    if (order == 0) order = compare_keys(key_[i].order, value, last_key_[i]);
    last_key_[i] = value;
  }
  if (order <= 0) throw Error(sqlstate::kInternal, "rows are not in the order of their key");
}

void RowMerge::current(const CurrentRow& row) {
  if (is_equal(row.line)) {
    handler_.unchanged();
    return advance();
  }
  current_row_.parse(row.line);
  check_order();
  while (has_line_) {
    if (!parsed_) archived_row_.parse(line_);
    parsed_ = true;
    const int order = compare_to_archive();
    if (order > 0) break;
    if (order == 0) {
      compare_values(row);
      return advance();
    }
    handler_.added(line_);
    advance();
  }
  handler_.removed(row, current_row_.values());
}

void RowMerge::compare_values(const CurrentRow& row) {
  find_differences(columns_, current_row_.values(), archived_row_.values(), differences_);
  if (differences_.empty()) return handler_.unchanged();
  handler_.changed(row, current_row_.values(), archived_row_.values(), differences_);
}

void RowMerge::finish() {
  for (; has_line_; advance()) handler_.added(line_);
}

}  // namespace company_backup
