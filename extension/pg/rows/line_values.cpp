#include "pg/rows/line_values.hpp"

#include <numeric>

#include "core/text/hex.hpp"

namespace company_backup {

std::vector<RowColumn> row_columns(const std::vector<const Column*>& columns) {
  std::vector<RowColumn> list;
  for (const Column* column : columns) list.push_back({column->name, column->type_oid == JSONBOID});
  return list;
}

std::vector<size_t> all_positions(size_t count) {
  std::vector<size_t> positions(count);
  std::iota(positions.begin(), positions.end(), size_t{0});
  return positions;
}

void read_base64(size_t, const RowValue& value, std::string& bytes) {
  bytes.clear();
  append_base64_decoded(bytes, value.text);
}

Text text_form(const Column& column, const RowValue& value, size_t position,
               const ReadBytes& read_bytes) {
  if (value.kind == ValueKind::kNull) return std::nullopt;
  if (column.type_oid == JSONBOID) return std::string(unwrap_jsonb(value.text));
  if (column.type_oid != BYTEAOID) return std::string(value.text);
  std::string bytes, text = "\\x";
  read_bytes(position, value, bytes);
  append_hex(text, bytes);
  return text;
}

ValueReader::ValueReader(const std::vector<const Column*>& columns, std::vector<size_t> positions,
                         ReadBytes read_bytes, LoadValue::Kind kind)
    : read_bytes_(std::move(read_bytes)),
      kind_(kind),
      positions_(std::move(positions)),
      bytes_(positions_.size()),
      row_(positions_.size()) {
  for (size_t position : positions_) types_.push_back(columns[position]->type_oid);
}

const std::vector<LoadValue>& ValueReader::read(const std::vector<RowValue>& values) {
  for (size_t i = 0; i < positions_.size(); ++i) {
    const RowValue& value = values[positions_[i]];
    if (value.kind == ValueKind::kNull) {
      row_[i] = {};
    } else if (types_[i] == BYTEAOID) {
      read_bytes_(positions_[i], value, bytes_[i]);
      row_[i] = {LoadValue::Kind::kBytes, bytes_[i]};
    } else {
      row_[i] = {kind_, types_[i] == JSONBOID ? unwrap_jsonb(value.text) : value.text};
    }
  }
  return row_;
}

}  // namespace company_backup
