// Cuts the lines of a table into pieces of about 256 KiB, each to become one stored member, and
// puts them together again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/text/digest.hpp"

namespace company_backup {

inline constexpr std::size_t kPieceSize = 256 * 1024;
// No piece is longer: what inflate_member() must allow for a stored chunk.
inline constexpr std::size_t kMaxPieceSize = 2 * kPieceSize;

struct LineTotals {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  Sha256Digest sha256{};
};

// Append one line to buffer(), then call end_line(). A piece holds either whole lines only, or a
// part of one line longer than kPieceSize. The same lines make the same pieces.
class LineCutter {
 public:
  using Sink = std::function<void(std::string_view raw)>;  // valid during the call only

  explicit LineCutter(Sink sink);

  // Never shorten it below what it held when the line began, but to what line_start() says.
  std::string& buffer() { return buffer_; }
  // Where the unfinished line begins in buffer().
  std::size_t line_start() const { return line_start_; }
  // Lines ended so far.
  std::uint64_t rows() const { return totals_.rows; }

  void end_line() {
    buffer_.push_back('\n');
    ++totals_.rows;
    if (buffer_.size() >= kPieceSize) {
      cut();
    } else {
      line_start_ = buffer_.size();
    }
  }

  // Hands over the last piece and gives the totals; the cutter is then as new.
  LineTotals finish();

 private:
  void cut();
  void hand_over(std::string_view piece);

  Sink sink_;
  std::string buffer_;
  std::size_t line_start_ = 0;
  LineTotals totals_;
  Sha256 sha256_;
};

// Gives the lines of pieces fed in order.
//
//   splitter.feed(piece); while (splitter.next(line)) ...; at the end splitter.finish();
class LineSplitter {
 public:
  // `piece` must live until next() has returned false.
  void feed(std::string_view piece) { rest_ = piece; }
  // A line without its line end, valid until the next call.
  bool next(std::string_view& line);
  // Error kDamagedArchive if the last line had no end.
  void finish() const;

 private:
  std::string_view rest_;
  std::string partial_;        // the beginning of a line that spans pieces
  bool partial_used_ = false;  // partial_ was handed out as a line
};

}  // namespace company_backup
