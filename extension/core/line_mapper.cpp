#include "core/line_mapper.hpp"

namespace company_backup {

std::string_view LineMapper::map(std::string_view line) {
  if (mapper_.empty()) return line;
  row_.parse(line);
  std::vector<RowValue> values = row_.values();
  mapper_.apply(values);
  mapped_.clear();
  composer_.append(values, mapped_);
  return mapped_;
}

}  // namespace company_backup
