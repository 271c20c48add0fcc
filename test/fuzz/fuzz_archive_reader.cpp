// ArchiveReader over whatever comes. The first byte chooses how deep the bytes reach: 0 the gzip
// layer, 1 the tar layer, 2 the manifest, 3 and up the lines of one table of an otherwise good
// archive.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text/error.hpp"
#include "sample_archive.hpp"

namespace {

using namespace company_backup;

std::string build(unsigned layer, std::string_view bytes) {
  if (layer == 0) return std::string(bytes);
  if (layer == 1) return sample::gzip_of(bytes);
  sample::Backup backup = sample::small_backup();
  if (layer > 2) {
    const std::size_t table = (layer - 3) % (backup.shared.size() + backup.tables.size());
    const std::size_t shared = backup.shared.size();
    (table < shared ? backup.shared[table] : backup.tables[table - shared]) = bytes;
    backup.settle();
  }
  sample::Files files = sample::files_of(backup);
  if (layer == 2) files[0].content = bytes;
  sample::seal(files);
  return sample::gzip_of(sample::tar_of(files));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string archive = build(data[0], bytes);

  ArchiveLimits limits;
  limits.inflate.total_bytes = std::uint64_t{16} << 20;
  sample::Recording whole;
  sample::Recording parts;
  bool whole_good = false;
  bool parts_good = false;
  try {
    whole_good = sample::read(archive, whole, limits);
  } catch (const Error&) {
  }
  try {
    parts_good = sample::read(archive, parts, limits, 1 + data[0] % 64 * 7);
  } catch (const Error&) {
  }
  // How the input is cut must make no difference to what is accepted.
  if (whole_good != parts_good) std::abort();
  if (whole_good && (whole.tables != parts.tables || whole.pieces != parts.pieces)) std::abort();
  if (whole_good && whole.files.size() != parts.files.size()) std::abort();
  return 0;
}
