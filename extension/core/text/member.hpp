// Gzip members. An archive is a concatenation of them, and a stored chunk of a backup is one of
// them, so that an export compresses nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace company_backup {

// Compresses pieces into members. Reusable; move-only; each object belongs to one thread at a time.
class MemberCompressor {
 public:
  MemberCompressor();
  MemberCompressor(MemberCompressor&&) noexcept;
  MemberCompressor& operator=(MemberCompressor&&) noexcept;
  ~MemberCompressor();

  // Replaces `out` with exactly one complete gzip member holding `raw`. The same library version
  // makes the same bytes: no time stamp, no name.
  void compress(std::string_view raw, std::string& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Replaces `out` with what `member`, exactly one gzip member, holds. Error kDamagedArchive if it is
// anything else, kArchiveLimit if it holds more than `max_raw` bytes.
void inflate_member(std::string_view member, std::size_t max_raw, std::string& out);

// The raw size that a complete member claims in its last four bytes (modulo 4 GiB).
std::uint32_t claimed_raw_size(std::string_view member);

struct InflateLimits {
  // More than the format can reach: no limit, for whoever can stop the reading at any moment.
  static constexpr std::uint64_t kAnyRatio = 1100;

  std::uint64_t total_bytes = std::uint64_t{1} << 40;  // raw bytes of the whole stream
  // Raw bytes per compressed byte over the whole stream, asked once `ratio_floor` raw bytes came:
  // one row may be hundreds of megabytes of the same letter, a bomb goes on.
  std::uint64_t expansion_ratio = 200;
  std::uint64_t ratio_floor = std::uint64_t{1} << 30;
};

// Inflates concatenated members of hostile origin, fed in any cutting, in constant memory. Zero
// bytes after the last member (gzip's padding) are accepted. Errors: kBadArchive (no gzip data),
// kDamagedArchive (corrupt or truncated), kArchiveLimit.
class MemberStream {
 public:
  // Pieces are at most 1 MiB and valid during the call only.
  using Sink = std::function<void(std::string_view raw)>;

  MemberStream(const InflateLimits& limits, Sink sink);
  ~MemberStream();
  void feed(std::string_view bytes);
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace company_backup
