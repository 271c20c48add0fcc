#include "pg/rows/sorted_lines.hpp"

#include <algorithm>
#include <cstring>

#include "core/archive/key_order.hpp"

namespace company_backup {

std::vector<LineKeyPart> line_key(const std::vector<RowColumn>& columns,
                                  const std::vector<ManifestKeyColumn>& key) {
  std::vector<LineKeyPart> parts;
  for (const ManifestKeyColumn& part : key) {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const RowColumn& column) {
      return column.name == part.column;
    });
    parts.push_back({static_cast<size_t>(found - columns.begin()), part.order});
  }
  return parts;
}

void SortedLines::put(const std::vector<RowValue>& values, std::string_view line) {
  text_.clear();
  for (const LineKeyPart& part : key_)
    append_sort_key(part.order, values[part.position].text, text_);
  const uint64_t size = text_.size();
  text_ += line;
  text_.append(reinterpret_cast<const char*>(&size), sizeof size);
  sorter_.put(text_);
}

bool SortedLines::next(std::string_view& line) {
  if (!sorter_.next(line)) return false;
  uint64_t size;
  std::memcpy(&size, line.data() + line.size() - sizeof size, sizeof size);
  line = line.substr(size, line.size() - size - sizeof size);
  return true;
}

}  // namespace company_backup
