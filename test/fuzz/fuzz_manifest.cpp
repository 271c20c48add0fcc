// Manifests of many objects, whatever these are: the first byte chooses the list, the rest is
// repeated in it until the manifest is large. Reading must end within a time in proportion to that
// size, and what is read must come back the same when it is written.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "core/archive/manifest.hpp"
#include "core/text/error.hpp"
#include "sample_archive.hpp"

namespace {

using namespace company_backup;

constexpr std::size_t kSize = 256 << 10;
constexpr double kMostSeconds = 2;  // sanitized it takes some hundredths; a square of it, minutes

void demand(bool holds) {
  if (!holds) std::abort();
}

// The sample's manifest, in which `list` begins with `elements`.
std::string with_elements(std::string_view list, const std::string& elements) {
  static const std::string sample = sample::small_backup().manifest.to_json();
  const std::string begin = "\"" + std::string(list) + "\": [";
  std::string text = sample;
  const std::size_t at = text.find(begin) + begin.size();
  const bool alone = text.compare(at, 1, "]") == 0;
  return text.insert(at, elements + (alone ? "" : ","));
}

std::string many(std::string_view element) {
  std::string text(element);
  while (text.size() + element.size() < kSize) text.append(",").append(element);
  return text;
}

void check(const std::string& text) {
  const std::clock_t start = std::clock();
  try {
    const std::string written = Manifest::from_json(text).to_json();
    demand(Manifest::from_json(written).to_json() == written);
  } catch (const Error&) {
  }
  demand(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < kMostSeconds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kLists[] = {"tables",     "shared",        "columns",
                                         "key",        "omitted",       "excluded",
                                         "references", "match_columns", "problems"};
  if (size < 2) return 0;
  const std::string_view element(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view list = kLists[data[0] % std::size(kLists)];
  check(with_elements(list, std::string(element)));
  check(with_elements(list, many(element)));
  return 0;
}
