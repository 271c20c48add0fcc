#include "pg/inlined_files.hpp"

#include "core/error.hpp"
#include "core/row_writer.hpp"

namespace company_backup {
namespace {

// All values as they stand in the line, which is copied around them.
std::vector<RowColumn> raw_columns(const ManifestTable& table) {
  std::vector<RowColumn> columns;
  for (const ManifestColumn& column : table.columns) columns.push_back({column.name, true});
  return columns;
}

}  // namespace

InlinedFiles::InlinedFiles(std::unique_ptr<LineSource> lines, MemberSource& source,
                           const MatchedTable& table)
    : lines_(std::move(lines)), source_(source), table_(table), row_(raw_columns(*table.archived)) {
  for (size_t i = 0; i < table.archived->columns.size(); ++i) {
    if (table.archived->columns[i].files) files_.push_back(i);
  }
}

bool InlinedFiles::next(std::string_view& line) {
  std::string_view archived;
  if (!lines_->next(archived)) return false;
  line = archived;
  if (files_.empty()) return true;
  row_.parse(archived);
  line_.clear();
  const char* rest = archived.data();
  for (const size_t column : files_) {
    const RowValue& value = row_[column];
    if (value.kind == ValueKind::kNull) continue;
    line_.append(rest, value.text.data());
    append_file(column, value.text);
    rest = value.text.data() + value.text.size();
  }
  line_.append(rest, archived.data() + archived.size());
  line = line_;
  return true;
}

// `name`: the digest in quotes.
void InlinedFiles::append_file(size_t column, std::string_view name) {
  if (!table_.loaded[column]) {
    line_ += "null";
    return;
  }
  const auto digest = name.size() > 2 ? parse_hex(name.substr(1, name.size() - 2)) : std::nullopt;
  if (!digest) throw Error(sqlstate::kBadArchive, "a file is not named by its SHA-256");
  source_.read_file({table_.number, column, *digest, 0}, content_);
  append_base64(line_, content_);
}

}  // namespace company_backup
