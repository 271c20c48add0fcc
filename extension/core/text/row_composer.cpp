#include "core/text/row_composer.hpp"

#include "core/text/json_text.hpp"

namespace company_backup {

RowComposer::RowComposer(const std::vector<RowColumn>& columns) {
  for (const RowColumn& column : columns) {
    tokens_.push_back((tokens_.empty() ? "{" : ",") + json_key_token(column.name));
  }
}

void RowComposer::append(const std::vector<RowValue>& values, std::string& out) const {
  if (tokens_.empty()) out += '{';
  for (size_t i = 0; i < tokens_.size(); ++i) {
    out += tokens_[i];
    switch (values[i].kind) {
      case ValueKind::kNull:
        out += "null";
        break;
      case ValueKind::kBoolean:
      case ValueKind::kNumber:
      case ValueKind::kJson:
        out += values[i].text;
        break;
      default:
        append_json_string(out, values[i].text);
    }
  }
  out += '}';
}

}  // namespace company_backup
