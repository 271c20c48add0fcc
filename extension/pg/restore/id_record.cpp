#include "pg/restore/id_record.hpp"

#include "core/text/quoting.hpp"
#include "core/text/row_composer.hpp"
#include "core/text/table_name.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/restore/undo.hpp"

namespace company_backup {
namespace {

const std::vector<RowColumn> kColumns{{"old", false}, {"new", false}};

std::string key_text(const std::vector<size_t>& key, const std::vector<RowValue>& row) {
  std::string text;
  for (size_t i = 0; i < key.size(); ++i) {
    if (i > 0) text += ", ";
    text += row[key[i]].text;
  }
  return text;
}

}  // namespace

TranslationObserver record_new_keys(const MatchedTable& table, LineCutter& lines) {
  std::vector<size_t> key;
  for (int16_t number : table.scoped->key) {
    const std::optional<size_t> position = position_of(table, number);
    if (position) key.push_back(*position);
  }
  if (key.empty()) return {};
  return [key, &lines, composer = RowComposer(kColumns)](const std::vector<RowValue>& archived,
                                                         const std::vector<RowValue>& translated) {
    const std::string before = key_text(key, archived), after = key_text(key, translated);
    if (before == after) return;
    composer.append({{ValueKind::kString, before}, {ValueKind::kString, after}}, lines.buffer());
    lines.end_line();
  };
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
