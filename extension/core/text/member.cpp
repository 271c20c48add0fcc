#include "core/text/member.hpp"

#include <zlib.h>
#ifndef COMPANY_BACKUP_ZLIB_ONLY
#include <libdeflate.h>
#endif

#include <cstring>
#include <new>

#include "core/text/error.hpp"

namespace company_backup {

namespace {

constexpr int kGzipWindow = 15 + 16;              // zlib: the largest window, gzip wrapping
constexpr std::size_t kPieceLimit = 1024 * 1024;  // what MemberStream hands over at most

[[noreturn]] void out_of_memory() {
  throw std::bad_alloc();
}

[[noreturn]] void damaged(const char* detail) {
  throw Error(sqlstate::kDamagedArchive, "compressed data is damaged").detail(detail);
}

[[noreturn]] void too_large(std::size_t max_raw) {
  throw Error(sqlstate::kArchiveLimit, "compressed data holds more than is allowed")
      .detail("The limit is " + std::to_string(max_raw) + " bytes.");
}

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

// zlib counts in 32 bits.
uInt clamp(std::size_t size) {
  return static_cast<uInt>(size < (std::size_t{1} << 30) ? size : std::size_t{1} << 30);
}

class ZlibInflater {
 public:
  ZlibInflater() {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) out_of_memory();
  }
  ~ZlibInflater() { inflateEnd(&stream_); }
  ZlibInflater(const ZlibInflater&) = delete;
  ZlibInflater& operator=(const ZlibInflater&) = delete;

  void reset() { inflateReset(&stream_); }

  // Takes from the front of `in`, fills from the front of [out, out + room): the bytes written.
  std::size_t inflate(std::string_view& in, char* out, std::size_t room, bool& ended) {
    stream_.next_in = bytes_of(in);
    stream_.avail_in = clamp(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = clamp(room);
    const uInt offered = stream_.avail_in;
    const uInt space = stream_.avail_out;
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) out_of_memory();
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      damaged("A gzip member cannot be inflated or its checksum is wrong.");
    }
    in.remove_prefix(offered - stream_.avail_in);
    ended = code == Z_STREAM_END;
    return space - stream_.avail_out;
  }

 private:
  z_stream stream_{};
};

#ifndef COMPANY_BACKUP_ZLIB_ONLY
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
using Decompressor = std::unique_ptr<libdeflate_decompressor, FreeDecompressor>;

Decompressor new_decompressor() {
  Decompressor decompressor(libdeflate_alloc_decompressor());
  if (!decompressor) out_of_memory();
  return decompressor;
}
#endif

}  // namespace

#ifdef COMPANY_BACKUP_ZLIB_ONLY

struct MemberCompressor::Impl {
  z_stream stream{};

  Impl() {
    constexpr int kMemoryLevel = 8;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      out_of_memory();
    }
  }
  ~Impl() { deflateEnd(&stream); }

  void compress(std::string_view raw, std::string& out) {
    deflateReset(&stream);
    out.resize(deflateBound(&stream, raw.size()));
    std::size_t used = 0;
    stream.next_in = bytes_of(raw);
    std::size_t left = raw.size();
    int code = Z_OK;
    while (code != Z_STREAM_END) {
      const uInt in = clamp(left);
      const uInt room = clamp(out.size() - used);
      stream.avail_in = in;
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
      stream.avail_out = room;
      code = deflate(&stream, in == left ? Z_FINISH : Z_NO_FLUSH);
      left -= in - stream.avail_in;
      used += room - stream.avail_out;
      if (code != Z_OK && code != Z_STREAM_END) {
        throw Error(sqlstate::kInternal, "could not compress a piece of a backup");
      }
    }
    out.resize(used);
  }
};

void inflate_member(std::string_view member, std::size_t max_raw, std::string& out) {
  const std::size_t size = claimed_raw_size(member);
  if (size > max_raw) too_large(max_raw);
  out.resize(size);
  ZlibInflater inflater;
  bool ended = false;
  std::size_t used = 0;
  char spare;  // inflate() wants room even when nothing more may come
  while (!ended) {
    const bool full = used == size;
    const std::size_t before = member.size();
    const std::size_t got = full ? inflater.inflate(member, &spare, 1, ended)
                                 : inflater.inflate(member, out.data() + used, size - used, ended);
    if ((full && got > 0) || (!ended && got == 0 && member.size() == before)) break;
    used += got;
  }
  if (!ended || used != size || !member.empty()) damaged("It is not exactly one gzip member.");
}

#else

struct MemberCompressor::Impl {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(1);

  Impl() {
    if (!compressor) out_of_memory();
  }
  ~Impl() { libdeflate_free_compressor(compressor); }

  void compress(std::string_view raw, std::string& out) {
    out.resize(libdeflate_gzip_compress_bound(compressor, raw.size()));
    const std::size_t used =
        libdeflate_gzip_compress(compressor, raw.data(), raw.size(), out.data(), out.size());
    if (used == 0) throw Error(sqlstate::kInternal, "could not compress a piece of a backup");
    out.resize(used);
  }
};

void inflate_member(std::string_view member, std::size_t max_raw, std::string& out) {
  const std::size_t size = claimed_raw_size(member);
  if (size > max_raw) too_large(max_raw);
  out.resize(size);
  const Decompressor decompressor = new_decompressor();
  std::size_t in_used = 0;
  const libdeflate_result result = libdeflate_gzip_decompress_ex(
      decompressor.get(), member.data(), member.size(), out.data(), size, &in_used, nullptr);
  if (result != LIBDEFLATE_SUCCESS || in_used != member.size()) {
    damaged("It is not exactly one gzip member.");
  }
}

#endif

MemberCompressor::MemberCompressor() : impl_(std::make_unique<Impl>()) {}
MemberCompressor::MemberCompressor(MemberCompressor&&) noexcept = default;
MemberCompressor& MemberCompressor::operator=(MemberCompressor&&) noexcept = default;
MemberCompressor::~MemberCompressor() = default;

void MemberCompressor::compress(std::string_view raw, std::string& out) {
  impl_->compress(raw, out);
}

std::uint32_t claimed_raw_size(std::string_view member) {
  constexpr std::size_t kSmallestMember = 18;
  if (member.size() < kSmallestMember) damaged("It is shorter than any gzip member.");
  std::uint32_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(member[member.size() - 4 + i]);
    size |= static_cast<std::uint32_t>(byte) << (8 * i);
  }
  return size;
}

// Our own members are small, so they are collected and inflated whole, which is faster; whatever
// turns out not to be one whole small member is inflated as a stream.
struct MemberStream::Impl {
  // More than any member of ours: a piece is at most 512 KiB and hardly grows when compressed.
  static constexpr std::size_t kWholeMember = 640 * 1024;

  Impl(const InflateLimits& limits_in, Sink sink_in)
      : limits(limits_in),
        sink(std::move(sink_in)),
        output(std::make_unique_for_overwrite<char[]>(kPieceLimit)) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view slice = bytes.substr(0, kWholeMember);
      bytes.remove_prefix(slice.size());
      total_in += slice.size();
      pending.append(slice);
      run(kWholeMember);
    }
  }

  void finish() {
    run(1);
    if (!started) not_gzip();
    if (in_member) damaged("The file ends in the middle of a gzip member.");
  }

  // Works while at least `enough` bytes are at hand.
  void run(std::size_t enough) {
    std::string_view rest = std::string_view(pending).substr(consumed);
    while (!rest.empty() && (in_member || in_padding || rest.size() >= enough)) {
      if (in_member) {
        stream_member(rest);
      } else if (in_padding || (started && rest.front() == '\0')) {
        skip_padding(rest);
      } else if (!whole_member(rest)) {
        begin_member(rest);
      }
    }
    consumed = pending.size() - rest.size();
    if (consumed >= kWholeMember || rest.empty()) {
      pending.erase(0, consumed);
      consumed = 0;
    }
  }

  void skip_padding(std::string_view& rest) {
    in_padding = true;
    const std::size_t end = rest.find_first_not_of('\0');
    if (end != rest.npos) {
      throw Error(sqlstate::kBadArchive, "data follows the end of the compressed archive");
    }
    rest = {};
  }

  bool whole_member([[maybe_unused]] std::string_view& rest) {
#ifdef COMPANY_BACKUP_ZLIB_ONLY
    return false;
#else
    std::size_t in_used = 0;
    std::size_t out_used = 0;
    if (libdeflate_gzip_decompress_ex(decompressor.get(), rest.data(), rest.size(), output.get(),
                                      kPieceLimit, &in_used, &out_used) != LIBDEFLATE_SUCCESS) {
      return false;
    }
    started = true;
    rest.remove_prefix(in_used);
    hand_over(out_used);
    return true;
#endif
  }

  void begin_member(std::string_view rest) {
    const bool magic = rest[0] == '\x1f' && (rest.size() < 2 || rest[1] == '\x8b');
    if (!magic) {
      if (!started) not_gzip();
      throw Error(sqlstate::kBadArchive, "data follows the end of the compressed archive");
    }
    started = true;
    in_member = true;
    inflater.reset();
  }

  void stream_member(std::string_view& rest) {
    bool ended = false;
    std::size_t got = 0;
    do {
      got = inflater.inflate(rest, output.get(), kPieceLimit, ended);
      hand_over(got);
    } while (!ended && (got == kPieceLimit || !rest.empty()));
    in_member = !ended;
  }

  void hand_over(std::size_t size) {
    total_out += size;
    if (total_out > limits.total_bytes) {
      throw Error(sqlstate::kArchiveLimit, "archive is larger than allowed")
          .detail("The limit is " + std::to_string(limits.total_bytes) + " uncompressed bytes.");
    }
    if (total_out > limits.ratio_floor && total_out > total_in * limits.expansion_ratio) {
      throw Error(sqlstate::kArchiveLimit, "archive expands more than allowed")
          .detail("The limit is " + std::to_string(limits.expansion_ratio) +
                  " uncompressed bytes for each compressed byte.");
    }
    if (size > 0) sink(std::string_view(output.get(), size));
  }

  [[noreturn]] static void not_gzip() {
    throw Error(sqlstate::kBadArchive, "this is not a company_backup archive")
        .detail("The data is not compressed with gzip.")
        .hint("An archive is the .tar.gz file that read_backup() or the client wrote.");
  }

  InflateLimits limits;
  Sink sink;
  std::unique_ptr<char[]> output;
  std::string pending;
  std::size_t consumed = 0;  // bytes of `pending` that are done with
  ZlibInflater inflater;
#ifndef COMPANY_BACKUP_ZLIB_ONLY
  Decompressor decompressor = new_decompressor();
#endif
  std::uint64_t total_in = 0;
  std::uint64_t total_out = 0;
  bool started = false;     // the first member has begun
  bool in_member = false;   // in a member that is inflated as a stream
  bool in_padding = false;  // after the last member
};

MemberStream::MemberStream(const InflateLimits& limits, Sink sink)
    : impl_(std::make_unique<Impl>(limits, std::move(sink))) {}
MemberStream::~MemberStream() = default;
void MemberStream::feed(std::string_view bytes) {
  impl_->feed(bytes);
}
void MemberStream::finish() {
  impl_->finish();
}

}  // namespace company_backup
