#include "core/archive/table_checker.hpp"

#include <unordered_map>
#include <utility>

#include "core/archive/key_order.hpp"
#include "core/text/error.hpp"
#include "core/text/printable.hpp"

namespace company_backup {

namespace {

// Where the columns of the key stand among all columns. A hostile key may have all of these.
std::vector<std::size_t> key_positions(const ManifestTable& table) {
  std::unordered_map<std::string_view, std::size_t> positions;
  for (std::size_t i = 0; i < table.columns.size(); ++i) positions[table.columns[i].name] = i;
  std::vector<std::size_t> key;
  for (const ManifestKeyColumn& part : table.key) key.push_back(positions.at(part.column));
  return key;
}

// Only the columns of the key and those of files are needed unescaped.
std::vector<RowColumn> columns_to_read(const ManifestTable& table) {
  std::vector<RowColumn> columns;
  for (const ManifestColumn& column : table.columns) {
    columns.push_back({column.name, !column.files.has_value()});
  }
  for (const std::size_t position : key_positions(table)) columns[position].raw = false;
  return columns;
}

}  // namespace

KeyOrderChecker::KeyOrderChecker(const ManifestTable& table) {
  const std::vector<std::size_t> positions = key_positions(table);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    parts_.push_back({positions[i], table.key[i].order, {}});
  }
}

void KeyOrderChecker::check(const RowLine& row, std::string_view line) {
  if (parts_.empty()) return check_line(line);
  int order = first_ ? -1 : 0;  // of the last row to this one
  for (Part& part : parts_) {
    const RowValue& value = row[part.column];
    if (value.kind == ValueKind::kNull) throw Error(sqlstate::kBadArchive, "a key column is null");
    if (order == 0) {
      order = compare_keys(part.order, part.last, value.text);
    } else {
      check_key(part.order, value.text);
    }
    part.last.assign(value.text);
  }
  if (order == 0) throw Error(sqlstate::kBadArchive, "a key comes twice");
  if (order > 0) throw Error(sqlstate::kBadArchive, "the rows are not in the order of their key");
  first_ = false;
}

void KeyOrderChecker::check_line(std::string_view line) {
  if (std::string_view(last_line_) > line) {
    throw Error(sqlstate::kBadArchive, "the rows of a table without a key are not in order");
  }
  last_line_.assign(line);
}

TableChecker::TableChecker(const ManifestTable& table, std::string entry, std::uint64_t max_line,
                           unsigned max_depth, LineCutter::Sink sink)
    : table_(table),
      entry_(std::move(entry)),
      max_line_(max_line),
      row_(columns_to_read(table), max_depth),
      order_(table),
      cutter_(std::move(sink)) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].files) files_.push_back({i, {}});
  }
}

void TableChecker::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    std::string& buffer = cutter_.buffer();
    if (buffer.size() - cutter_.line_start() + part.size() > max_line_) {
      refuse(sqlstate::kArchiveLimit, "the limit is " + std::to_string(max_line_) + " bytes");
    }
    buffer.append(part);
    if (end == bytes.npos) return;
    check_line(std::string_view(buffer).substr(cutter_.line_start()));
    cutter_.end_line();
    bytes.remove_prefix(end + 1);
  }
}

void TableChecker::check_line(std::string_view line) {
  if (cutter_.rows() == table_.rows) {
    refuse(sqlstate::kDamagedArchive,
           "the manifest says that there are " + std::to_string(table_.rows) + " rows");
  }
  try {
    row_.parse(line);
    order_.check(row_, line);
    check_files();
  } catch (const Error& error) {
    refuse(error.sqlstate(), error.message());
  }
}

void TableChecker::check_files() {
  for (Files& files : files_) {
    const RowValue& value = row_[files.column];
    if (value.kind == ValueKind::kNull) continue;
    const auto digest = parse_hex(value.text);
    if (value.kind != ValueKind::kString || !digest) {
      throw Error(sqlstate::kBadArchive, "a reference to a file is not a SHA-256 digest");
    }
    files.mentioned.insert(*digest);
    if (files.mentioned.size() > table_.columns[files.column].files->count) {
      throw Error(sqlstate::kBadArchive, "there are more files than the manifest says");
    }
  }
}

std::vector<Sha256Digest> TableChecker::files(std::size_t number) const {
  const std::set<Sha256Digest>& mentioned = files_.at(number).mentioned;
  return {mentioned.begin(), mentioned.end()};
}

void TableChecker::finish() {
  if (cutter_.buffer().size() != cutter_.line_start()) {
    refuse(sqlstate::kBadArchive, "the line has no end");
  }
  const LineTotals totals = cutter_.finish();
  if (totals.rows != table_.rows) {
    throw Error(sqlstate::kDamagedArchive, "archive is damaged")
        .detail("Entry \"" + entry_ + "\" has " + std::to_string(totals.rows) +
                " rows, but the manifest says " + std::to_string(table_.rows) + ".");
  }
  if (totals.bytes != table_.bytes || totals.sha256 != table_.sha256) {
    throw Error(sqlstate::kDamagedArchive, "archive is damaged")
        .detail("The digest of entry \"" + entry_ + "\" is not what the manifest says.")
        .hint("Copy or download the file again.");
  }
  for (const Files& files : files_) {
    const std::uint64_t expected = table_.columns[files.column].files->count;
    if (files.mentioned.size() == expected) continue;
    throw Error(sqlstate::kDamagedArchive, "archive has a wrong number of files")
        .detail("The rows of entry \"" + entry_ + "\" mention " +
                std::to_string(files.mentioned.size()) + " in column " +
                in_quotes(table_.columns[files.column].name) + ", but the manifest says " +
                std::to_string(expected) + ".");
  }
}

void TableChecker::refuse(const char* sqlstate, const std::string& what) const {
  const char* message = "archive has a malformed row";
  if (sqlstate == sqlstate::kArchiveLimit) message = "archive has a row beyond the limits";
  if (sqlstate == sqlstate::kDamagedArchive) message = "archive has too many rows";
  throw Error(sqlstate, message)
      .detail("Entry \"" + entry_ + "\", line " + std::to_string(cutter_.rows() + 1) + ": " + what +
              ".");
}

}  // namespace company_backup
