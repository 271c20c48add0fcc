#include "core/text/tar.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/text/error.hpp"
#include "core/text/printable.hpp"

namespace company_backup {

namespace {

struct Field {
  std::size_t offset;
  std::size_t size;
};

constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 8};
constexpr Field kDeviceMajor{329, 8};
constexpr Field kDeviceMinor{337, 8};
constexpr Field kPrefix{345, 155};

constexpr std::string_view kUstar(
    "ustar\0"
    "00",
    8);
constexpr std::uint64_t kLargestSize = 077777777777;  // eleven octal digits
constexpr std::size_t kLargestPax = 16 * 1024;        // a name of 63 + 63 bytes takes 400

[[noreturn]] void malformed_tar(std::string detail) {
  throw Error(sqlstate::kBadArchive, "archive is not a well-formed tar").detail(std::move(detail));
}

void put_octal(std::string& block, Field field, std::uint64_t value) {
  for (std::size_t i = field.size - 1; i-- > 0; value >>= 3) {
    block[field.offset + i] = static_cast<char>('0' + (value & 7));
  }
}

void put_text(std::string& block, Field field, std::string_view text) {
  block.replace(field.offset, std::min(field.size, text.size()), text.substr(0, field.size));
}

std::uint64_t checksum(std::string_view block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    sum += own ? static_cast<unsigned char>(' ') : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::string header_block(std::string_view name, std::uint64_t size, std::int64_t mtime, char type) {
  std::string block(kTarBlock, '\0');
  put_text(block, kName, name);
  put_octal(block, kMode, 0600);
  put_octal(block, kUid, 0);
  put_octal(block, kGid, 0);
  put_octal(block, kSize, size);
  put_octal(block, kTime, static_cast<std::uint64_t>(std::max<std::int64_t>(mtime, 0)));
  block[kType.offset] = type;
  put_text(block, kMagic, kUstar);
  put_octal(block, kDeviceMajor, 0);
  put_octal(block, kDeviceMinor, 0);
  put_octal(block, {kChecksum.offset, 7}, checksum(block));
  block[kChecksum.offset + 7] = ' ';
  return block;
}

// `<length> <key>=<value>\n`, where the length counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + std::to_string(rest).size();
  length = rest + std::to_string(length).size();
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view field_text(std::string_view block, Field field) {
  const std::string_view text = block.substr(field.offset, field.size);
  return text.substr(0, text.find('\0'));
}

std::uint64_t get_octal(std::string_view block, Field field, const char* what) {
  const std::string_view text = block.substr(field.offset, field.size);
  const std::size_t first = text.find_first_not_of(' ');
  const std::size_t end = text.find_first_of(std::string_view(" \0", 2), first);
  if (first == text.npos || end == text.npos || first == end ||
      text.find_first_not_of(std::string_view(" \0", 2), end) != text.npos) {
    malformed_tar(std::string("The ") + what + " of an entry is not an octal number.");
  }
  std::uint64_t value = 0;
  for (const char c : text.substr(first, end - first)) {
    if (c < '0' || c > '7') {
      malformed_tar(std::string("The ") + what + " of an entry is not an octal number.");
    }
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

std::uint64_t get_decimal(std::string_view text, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    malformed_tar(std::string("The ") + what + " in a pax header is not a number.");
  }
  return value;
}

bool is_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == bytes.npos;
}

}  // namespace

std::string tar_header(std::string_view name, std::uint64_t size, std::int64_t mtime) {
  const bool long_name = name.size() > kName.size || !is_ascii(name);
  const bool large = size > kLargestSize;
  std::string header;
  if (long_name || large) {
    std::string records;
    if (long_name) records += pax_record("path", name);
    if (large) records += pax_record("size", std::to_string(size));
    header = header_block("PaxHeaders/entry", records.size(), mtime, 'x') + records;
    header.append(tar_padding(records.size()), '\0');
  }
  return header +
         header_block(long_name ? name.substr(0, kName.size) : name, large ? 0 : size, mtime, '0');
}

void TarParser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (state_ == State::kHeader) {
      const std::string_view part = bytes.substr(0, kTarBlock - block_.size());
      block_.append(part);
      bytes.remove_prefix(part.size());
      if (block_.size() == kTarBlock) take_header();
    } else if (state_ == State::kPaxData) {
      const std::string_view part = bytes.substr(0, left_);
      pax_.append(part);
      bytes.remove_prefix(part.size());
      left_ -= part.size();
      if (left_ == 0) take_pax_records();
    } else if (state_ == State::kData) {
      const std::string_view part = bytes.substr(0, left_);
      events_.entry_data(part);
      bytes.remove_prefix(part.size());
      left_ -= part.size();
      if (left_ == 0) end_data();
    } else {
      skip_zeros(bytes);
    }
  }
}

void TarParser::finish() {
  if (state_ != State::kEnd) {
    throw Error(sqlstate::kDamagedArchive, "archive is truncated")
        .detail("The end of the tar is missing.")
        .hint("Copy or download the file again.");
  }
}

void TarParser::take_header() {
  const std::string block = std::move(block_);
  block_.clear();
  if (is_zero(block)) {
    if (has_pax_) malformed_tar("A pax header stands before the end.");
    if (++zero_blocks_ == 2) state_ = State::kEnd;
    return;
  }
  if (zero_blocks_ > 0) malformed_tar("An entry follows an end block.");
  if (std::string_view(block).substr(kMagic.offset, kMagic.size) != kUstar) {
    malformed_tar("A header is not in POSIX format.");
  }
  if (get_octal(block, kChecksum, "checksum") != checksum(block)) {
    malformed_tar("The checksum of a header is wrong.");
  }
  if (block[kPrefix.offset] != '\0') malformed_tar("A header splits its name.");
  const std::uint64_t size = get_octal(block, kSize, "size");
  switch (block[kType.offset]) {
    case '0':
      return take_file_header(field_text(block, kName), size);
    case 'x':
      return take_pax_header(size);
    default:
      malformed_tar("Entry " + in_quotes(field_text(block, kName)) + " is not a regular file.");
  }
}

void TarParser::take_pax_header(std::uint64_t size) {
  if (has_pax_) malformed_tar("A pax header follows another.");
  if (size == 0 || size > kLargestPax) malformed_tar("The size of a pax header is not acceptable.");
  has_pax_ = true;
  pax_.clear();
  left_ = size;
  padding_ = tar_padding(size);
  state_ = State::kPaxData;
}

void TarParser::take_pax_records() {
  std::string_view rest = pax_;
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    if (space == rest.npos) malformed_tar("A pax record has no length.");
    const std::uint64_t length = get_decimal(rest.substr(0, space), "length of a record");
    if (length <= space + 1 || length > rest.size() || rest[length - 1] != '\n') {
      malformed_tar("The length of a pax record is wrong.");
    }
    take_pax_record(rest.substr(space + 1, length - space - 2));
    rest.remove_prefix(length);
  }
  state_ = padding_ > 0 ? State::kPadding : State::kHeader;
}

void TarParser::take_pax_record(std::string_view record) {
  const std::size_t equals = record.find('=');
  const std::string_view key = record.substr(0, equals);
  const std::string_view value = equals == record.npos ? "" : record.substr(equals + 1);
  if (key == "path" && !pax_path_) {
    pax_path_ = value;
  } else if (key == "size" && !pax_size_) {
    pax_size_ = get_decimal(value, "size");
  } else if (key != "mtime" && key != "atime" && key != "ctime") {
    malformed_tar("A pax header has the record " + in_quotes(key) + ".");
  }
}

void TarParser::take_file_header(std::string_view name, std::uint64_t size) {
  const std::string path = pax_path_ ? std::move(*pax_path_) : std::string(name);
  left_ = pax_size_.value_or(size);
  has_pax_ = false;
  pax_path_.reset();
  pax_size_.reset();
  if (path.empty() || path.find('\0') != path.npos) malformed_tar("An entry has no proper name.");
  events_.begin_entry(path, left_);
  padding_ = tar_padding(left_);
  state_ = State::kData;
  if (left_ == 0) end_data();
}

void TarParser::end_data() {
  events_.end_entry();
  state_ = padding_ > 0 ? State::kPadding : State::kHeader;
}

void TarParser::skip_zeros(std::string_view& bytes) {
  const bool at_end = state_ == State::kEnd;
  const std::string_view part = at_end ? bytes : bytes.substr(0, padding_);
  if (!is_zero(part)) {
    malformed_tar(at_end ? "Data follows the end of the tar."
                         : "The padding of an entry is not zero.");
  }
  bytes.remove_prefix(part.size());
  if (at_end) return;
  padding_ -= part.size();
  if (padding_ == 0) state_ = State::kHeader;
}

}  // namespace company_backup
