#include "pg/restore/outside_record.hpp"

#include "core/text/json_text.hpp"

namespace company_backup {

void append_record(const OutsideRecord& record, std::string& out) {
  append_json_string(out += "{\"table\":", record.table);
  append_json_string(out += ",\"columns\":", record.columns);
  out += ",\"row\":";
  out += record.row;
  if (record.set) {
    append_json_string(out += ",\"set\":", *record.set);
    out += ",\"now\":";
    out += record.now;
  } else {
    out += ",\"set\":null,\"now\":null";
  }
  out += '}';
}

OutsideRecordReader::OutsideRecordReader()
    : line_(std::vector<RowColumn>{{"table"}, {"columns"}, {"row", true}, {"set"}, {"now", true}}) {
}

OutsideRecord OutsideRecordReader::read(std::string_view line) {
  line_.parse(line);
  OutsideRecord record{
      std::string(line_[0].text), std::string(line_[1].text), line_[2].text, {}, line_[4].text};
  if (line_[3].kind != ValueKind::kNull) record.set = std::string(line_[3].text);
  return record;
}

}  // namespace company_backup
