#include "pg/restore/id_record.hpp"

#include "core/text/quoting.hpp"
#include "core/text/table_name.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/undo.hpp"

namespace company_backup {
namespace {

const std::vector<RowColumn> kColumns{{"old", false}, {"new", false}};

// Behind a new key, after which lines are sorted: it came; the old key follows.
constexpr char kCame = '0', kOld = '1';

}  // namespace

NewKeyRecord::NewKeyRecord(const MatchedTable& table, bool some, LineCutter& lines)
    : lines_(lines), composer_(kColumns) {
  for (int16_t number : table.scoped->key) {
    const std::optional<size_t> position = position_of(table, number);
    if (position) key_.push_back(*position);
  }
  if (some && !key_.empty()) keys_.emplace();
}

std::string NewKeyRecord::text_of(const std::vector<RowValue>& row) const {
  std::string text;
  for (size_t i = 0; i < key_.size(); ++i) {
    if (i > 0) text += ", ";
    text += row[key_[i]].text;
  }
  return text;
}

void NewKeyRecord::write(std::string_view before, std::string_view after) {
  composer_.append({{ValueKind::kString, before}, {ValueKind::kString, after}}, lines_.buffer());
  lines_.end_line();
}

TranslationObserver NewKeyRecord::observer() {
  if (key_.empty()) return {};
  return [this](const std::vector<RowValue>& archived, const std::vector<RowValue>& translated) {
    const std::string before = text_of(archived), after = text_of(translated);
    if (before == after) return;
    if (keys_)
      keys_->put(after + '\0' + kOld + before);
    else
      write(before, after);
  };
}

void NewKeyRecord::came(const std::vector<RowValue>& row) {
  any_ = true;
  keys_->put(text_of(row) + '\0' + kCame);
}

void NewKeyRecord::finish() {
  if (!keys_) return;
  if (!any_) return keys_->discard();
  keys_->sort();
  std::string came;
  std::string_view line;
  while (keys_->next(line)) {
    const size_t end = line.find('\0');
    const std::string_view key = line.substr(0, end);
    if (line[end + 1] == kCame)
      came = key;
    else if (key == came)
      write(line.substr(end + 2), key);
  }
}

void read_new_keys(int64_t restore,
                   const std::function<void(const Text& table, const Row& row)>& row) {
  const Rows tables = own_query(
      "SELECT t FROM company_backup.undo, unnest(tables) WITH ORDINALITY u (t, n) WHERE "
      "restore = $1 ORDER BY n",
      {restore}, Access::kCall);
  if (tables.empty()) return;  // kept or reverted
  const Manifest manifest = undo_manifest(restore);
  const std::unique_ptr<MemberSource> members = undo_members(restore, UndoPart::kIds);
  RowLine values(kColumns);
  for (size_t number = 0; number < manifest.tables.size(); ++number) {
    const TableName name = decode_table_name(manifest.tables[number].name);
    const std::string table = display_name(name.schema) + "." + display_name(name.table);
    UndoLines lines(*members, static_cast<int>(number));
    std::string_view line;
    while (lines.next(line)) {
      values.parse(line);
      row(tables.at(number)[0], {table, std::string(values[0].text), std::string(values[1].text)});
    }
  }
}

}  // namespace company_backup
