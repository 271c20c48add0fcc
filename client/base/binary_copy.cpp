#include "client/base/binary_copy.hpp"

#include <algorithm>

#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

constexpr std::string_view kMagic{"PGCOPY\n\377\r\n\0", 11};
constexpr size_t kHeaderSize = 11 + 4 + 4;  // magic, flags, length of the extension
constexpr uint16_t kEndMark = 0xFFFF;
constexpr uint32_t kNull = 0xFFFFFFFF;

uint32_t big_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

[[noreturn]] void malformed() {
  throw Error("08P01", "the server sent data that is not in the binary COPY format");
}

}  // namespace

void BinaryCopyReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kHeader:
        if (take(bytes, kHeaderSize)) next_state();
        break;
      case State::kRow:
        if (take(bytes, 2)) next_state();
        break;
      case State::kLength:
        if (take(bytes, 4)) next_state();
        break;
      case State::kExtension:
      case State::kValue: {
        const std::string_view piece = bytes.substr(0, left_);
        if (state_ == State::kValue) sink_(piece);
        left_ -= static_cast<uint32_t>(piece.size());
        bytes.remove_prefix(piece.size());
        if (left_ == 0) state_ = State::kRow;
        break;
      }
      case State::kEnd:
        malformed();
    }
  }
}

void BinaryCopyReader::finish() const {
  if (state_ != State::kEnd) malformed();
}

// Moves bytes to part_ until it has as many as wanted.
bool BinaryCopyReader::take(std::string_view& bytes, size_t wanted) {
  const std::string_view piece = bytes.substr(0, wanted - part_.size());
  part_ += piece;
  bytes.remove_prefix(piece.size());
  return part_.size() == wanted;
}

void BinaryCopyReader::next_state() {
  if (state_ == State::kHeader) {
    if (!part_.starts_with(kMagic)) malformed();
    left_ = big_endian(std::string_view(part_).substr(kHeaderSize - 4));
    state_ = left_ == 0 ? State::kRow : State::kExtension;
  } else if (state_ == State::kRow) {
    const uint32_t columns = big_endian(part_);
    if (columns != 1 && columns != kEndMark) malformed();
    state_ = columns == 1 ? State::kLength : State::kEnd;
  } else {
    left_ = big_endian(part_);
    if (left_ == kNull) malformed();
    state_ = left_ == 0 ? State::kRow : State::kValue;
  }
  part_.clear();
}

}  // namespace company_backup::client
