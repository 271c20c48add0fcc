#include "core/text/line_cutter.hpp"

#include <utility>

#include "core/text/error.hpp"

namespace company_backup {

namespace {

// Empties it; one huge line must not keep its memory for the rest of the table.
void clear_buffer(std::string& buffer) {
  if (buffer.capacity() > 16 * kMaxPieceSize) {
    std::string().swap(buffer);
  } else {
    buffer.clear();
  }
}

}  // namespace

LineCutter::LineCutter(Sink sink) : sink_(std::move(sink)) {}

void LineCutter::cut() {
  std::string_view rest = buffer_;
  if (buffer_.size() - line_start_ > kPieceSize) {
    hand_over(rest.substr(0, line_start_));
    rest.remove_prefix(line_start_);
    for (; rest.size() > kPieceSize; rest.remove_prefix(kPieceSize)) {
      hand_over(rest.substr(0, kPieceSize));
    }
  }
  hand_over(rest);
  line_start_ = 0;
  clear_buffer(buffer_);
}

void LineCutter::hand_over(std::string_view piece) {
  if (piece.empty()) return;
  sha256_.update(piece);
  totals_.bytes += piece.size();
  sink_(piece);
}

LineTotals LineCutter::finish() {
  cut();
  LineTotals totals = std::exchange(totals_, {});
  totals.sha256 = sha256_.finish();
  return totals;
}

bool LineSplitter::next(std::string_view& line) {
  if (partial_used_) {
    clear_buffer(partial_);
    partial_used_ = false;
  }
  const std::size_t end = rest_.find('\n');
  if (end == rest_.npos) {
    partial_.append(rest_);
    rest_ = {};
    return false;
  }
  line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  if (!partial_.empty()) {
    partial_.append(line);
    line = partial_;
    partial_used_ = true;
  }
  return true;
}

void LineSplitter::finish() const {
  if (!partial_.empty() && !partial_used_) {
    throw Error(sqlstate::kDamagedArchive, "the last line of a table has no end");
  }
}

}  // namespace company_backup
