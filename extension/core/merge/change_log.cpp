#include "core/merge/change_log.hpp"

#include <charconv>

#include "core/archive/key_order.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

size_t take_number(std::string_view& text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) throw Error(sqlstate::kDamagedArchive, "the undo record is damaged");
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return number;
}

}  // namespace

ChangeLogWriter::ChangeLogWriter(LineCutter& lines, size_t archived,
                                 const std::vector<size_t>& known)
    : lines_(lines), header_(ChangeLogHeader{archived, known}.text()) {}

void ChangeLogWriter::write(char what, std::string_view line) {
  if (!header_.empty()) {
    lines_.buffer() += header_;
    lines_.end_line();
    header_.clear();
  }
  lines_.buffer() += what;
  lines_.buffer() += line;
  lines_.end_line();
}

ChangeLogHeader ChangeLogHeader::parse(std::string_view line) {
  ChangeLogHeader header{take_number(line)};
  while (!line.empty()) header.known.push_back(take_number(line));
  return header;
}

std::string ChangeLogHeader::text() const {
  std::string text = std::to_string(archived);
  for (const size_t position : known) text += "," + std::to_string(position);
  return text;
}

ChangeLogReader::ChangeLogReader(std::vector<RowColumn> columns, std::vector<MergeKeyPart> key,
                                 LineSource& lines)
    : columns_(std::move(columns)), key_(std::move(key)), lines_(lines), whole_row_(columns_) {
  std::string_view line;
  if (!lines_.next(line)) return;
  const ChangeLogHeader header = ChangeLogHeader::parse(line);
  known_ = header.known;
  added_row_.emplace_back(std::vector<RowColumn>(
      columns_.begin(), columns_.begin() + static_cast<ptrdiff_t>(header.archived)));
  advance();
}

bool ChangeLogReader::advance() {
  std::string_view line;
  what_ = 0;
  if (!lines_.next(line)) return false;
  what_ = line[0];
  (what_ == 'a' ? added_row_[0] : whole_row_).parse(line.substr(1));
  return true;
}

ChangeLogReader::State ChangeLogReader::state_of(const std::vector<RowValue>& row) {
  for (; what_ != 0; advance()) {
    const RowLine& logged = what_ == 'a' ? added_row_[0] : whole_row_;
    int order = 0;
    for (const MergeKeyPart& part : key_) {
      order = compare_keys(part.order, logged[part.column].text, row[part.column].text);
      if (order != 0) break;
    }
    if (order > 0) return State::kUntouched;
    if (order < 0) continue;
    if (what_ == 'r') return State::kRemoved;
    return is_as_written(row) ? State::kWritten : State::kDifferent;
  }
  return State::kUntouched;
}

bool ChangeLogReader::is_as_written(const std::vector<RowValue>& row) const {
  const auto same = [&](const RowValue& logged, const RowValue& value) {
    return (logged.kind == ValueKind::kNull) == (value.kind == ValueKind::kNull) &&
           logged.text == value.text;
  };
  if (what_ == 'a') {
    for (size_t i : known_) {
      if (!same(added_row_[0][i], row[i])) return false;
    }
    return true;
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!same(whole_row_[i], row[i])) return false;
  }
  return true;
}

}  // namespace company_backup
