// The tar layer: regular files only, POSIX ustar, with a pax extended header where a name or a size
// does not fit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace company_backup {

inline constexpr std::size_t kTarBlock = 512;

// The block of a regular file's header, or three blocks with a pax header before it. The same
// arguments give the same bytes: owner 0:0, mode 0600. `mtime` is in seconds since 1970.
std::string tar_header(std::string_view name, std::uint64_t size, std::int64_t mtime);

// How many zero bytes follow a file of that size.
constexpr std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

// What ends a tar.
inline constexpr std::size_t kTarEnd = 2 * kTarBlock;

class TarEvents {
 public:
  virtual ~TarEvents() = default;
  virtual void begin_entry(std::string_view name, std::uint64_t size) = 0;
  virtual void entry_data(std::string_view bytes) = 0;  // together exactly `size` bytes
  virtual void end_entry() = 0;
};

// Parses a tar of hostile origin, fed in any cutting, in constant memory. Anything but regular
// files with the pax records `path` and `size` (times are ignored), wrong checksums, padding that
// is not zero, or data after the end: Error kBadArchive. finish() before the end blocks:
// kDamagedArchive.
class TarParser {
 public:
  explicit TarParser(TarEvents& events) : events_(events) {}
  void feed(std::string_view bytes);
  void finish();

 private:
  enum class State { kHeader, kPaxData, kData, kPadding, kEnd };
  void take_header();
  void take_file_header(std::string_view name, std::uint64_t size);
  void take_pax_header(std::uint64_t size);
  void take_pax_records();
  void take_pax_record(std::string_view record);
  void end_data();
  void skip_zeros(std::string_view& bytes);

  TarEvents& events_;
  State state_ = State::kHeader;
  std::string block_;     // the header block being collected
  std::string pax_;       // the pax records being collected
  bool has_pax_ = false;  // a pax header waits for its entry
  std::optional<std::string> pax_path_;
  std::optional<std::uint64_t> pax_size_;
  std::uint64_t left_ = 0;   // bytes left of the data that `state_` names
  std::size_t padding_ = 0;  // zero bytes left after it
  int zero_blocks_ = 0;
};

}  // namespace company_backup
