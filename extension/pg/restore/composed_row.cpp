#include "pg/restore/composed_row.hpp"

#include <list>
#include <utility>

#include "core/text/json_text.hpp"

namespace company_backup {

ComposedRow::ComposedRow(const MergePlan& plan, ReadBytes read_bytes)
    : plan_(plan),
      read_bytes_(std::move(read_bytes)),
      composer_(line_columns(plan.columns, plan.others)) {}

const std::string& ComposedRow::line(const std::vector<RowValue>& current,
                                     const std::vector<RowValue>& archived,
                                     const std::vector<size_t>& columns) {
  std::vector<RowValue> whole = current;
  std::list<std::string> contents;  // of files
  for (size_t position : columns) {
    whole[position] = archived[position];
    if (!plan_.columns[position].is_file || archived[position].kind == ValueKind::kNull) continue;
    std::string bytes;
    read_bytes_(position, archived[position], bytes);
    std::string& base64 = contents.emplace_back();
    append_base64(base64, bytes);
    whole[position].text = std::string_view(base64).substr(1, base64.size() - 2);
  }
  line_.clear();
  composer_.append(whole, line_);
  return line_;
}

}  // namespace company_backup
