// Texts that are made of IDs with something between them: "2/3/", "/2/3/", "2.3".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

// What kind of keys the IDs are.
enum class PathIds : uint8_t {
  kIntegers,  // runs of digits
  kUuids,     // with dashes, with "_" in their place, or with neither
  kTexts      // runs of letters, digits, "_" and "-"
};

struct PathElement {
  std::string id;      // as the key is printed
  size_t begin, size;  // where it stands in the text
};

// In the order they stand in. What begins with the digit 0, or is half a UUID, is an ID as well,
// though no key is printed so: it leads nowhere.
std::vector<PathElement> read_path(PathIds ids, std::string_view text);

// A number that is padded with zeros: a position, as no key is printed.
bool is_padded_number(std::string_view id);

// The text with other IDs: `new_ids` are those of its elements, in order. UUIDs are written like
// the ones they replace; kNoKey goes, together with what stands before it. All else stays.
std::string replace_path_ids(PathIds ids, std::string_view text,
                             const std::vector<PathElement>& elements,
                             const std::vector<std::string>& new_ids);

}  // namespace company_backup
