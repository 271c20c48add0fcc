#include "pg/delete/stored_rows.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/archive/former_names.hpp"
#include "core/text/table_name.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/restore/recorded_table.hpp"
#include "pg/restore/undo.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

std::string encoded_name(const Table& table) {
  return encode_table_name(table.schema, table.name);
}

// Whether one of the lines has the key. `columns`: of the lines; null: one that is gone.
bool has_line(LineSource& lines, const std::vector<RowColumn>& names,
              const std::vector<const Column*>& columns, const std::vector<int16_t>& key,
              const std::vector<std::string>& wanted) {
  RowLine line(names);
  for (std::string_view text; lines.next(text);) {
    line.parse(text);
    if (comparable_key(key, columns, line.values()) == wanted) return true;
  }
  return false;
}

// The undo record of one restore.
class Record {
 public:
  Record(const LiveScope& live, int64_t restore, const KeyedRow& row)
      : live_(live),
        restore_(restore),
        row_(row),
        key_(pick_key(live.table(row.table))),
        wanted_(comparable_key(live, row)) {}

  bool may_have() {
    const Manifest manifest = undo_manifest(restore_);
    RecordedNames names = renamed_since(restore_, manifest, live_.schema);
    if (!names.are_known) return true;
    Rules rules;
    rules.table_renames = std::move(names.tables);
    rules.column_renames = std::move(names.columns);
    const FormerNames former(manifest, rules);
    for (size_t number = 0; number < manifest.tables.size(); ++number) {
      const ManifestTable& table = manifest.tables[number];
      if (former.now(table.name) == encoded_name(live_.table(row_.table)) &&
          is_among(table, number, former)) {
        return true;
      }
    }
    return is_outside();
  }

 private:
  bool is_among(const ManifestTable& recorded, size_t number, const FormerNames& former) const {
    const Table& table = live_.table(row_.table);
    std::vector<const Column*> columns;
    std::vector<RowColumn> names;
    for (const ManifestColumn& column : recorded.columns) {
      columns.push_back(find_column(table, former.column(recorded, column.name)));
      const bool raw = columns.back() == nullptr || columns.back()->type_oid == JSONBOID;
      names.push_back({column.name, raw});
    }
    const std::unique_ptr<MemberSource> members = undo_members(restore_, UndoPart::kBefore);
    UndoLines lines(*members, static_cast<int>(number));
    return has_line(lines, names, columns, key_, wanted_);
  }

  bool is_outside() const {
    const std::unique_ptr<MemberSource> members = undo_members(restore_, UndoPart::kOutside);
    UndoLines lines(*members, 0);
    OutsideRecordReader reader;
    std::map<std::string, RecordedTable> tables;
    for (std::string_view line; lines.next(line);) {
      const OutsideRecord record = reader.read(line);
      RecordedTable& table =
          tables.try_emplace(record.table + record.columns, live_, record).first->second;
      if (!table.exists()) return true;
      if (table.index() == row_.table &&
          comparable_key(key_, table.columns(), table.parse(record.row)) == wanted_) {
        return true;
      }
    }
    return false;
  }

  const LiveScope& live_;
  const int64_t restore_;
  const KeyedRow& row_;
  const std::vector<int16_t> key_;
  const std::vector<std::string> wanted_;
};

}  // namespace

bool holds_row(const LiveScope& live, const StoredBackup& backup, const KeyedRow& row) {
  const Table& table = live.table(row.table);
  FittedArchive archive(live, backup, DriftPolicy::kCompare);
  const std::vector<ManifestTable>& tables = archive.manifest().tables;
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const ManifestTable& one) {
    return one.name == encoded_name(table);
  });
  if (found == tables.end()) return false;
  std::vector<const Column*> columns;
  for (const ManifestColumn& column : found->columns)
    columns.push_back(find_column(table, column.name));
  const auto lines =
      archive.source().lines(false, static_cast<size_t>(found - tables.begin()), *found);
  return has_line(*lines, row_columns(columns), columns, pick_key(table),
                  comparable_key(live, row));
}

std::optional<int64_t> review_with(const LiveScope& live, const KeyedRow& row) {
  const Rows reviews =
      own_query("SELECT id FROM company_backup.restore WHERE status = 'review' ORDER BY id", {},
                Access::kWrite);
  for (const Row& review : reviews) {
    const int64_t restore = std::stoll(*review[0]);
    if (Record(live, restore, row).may_have()) return restore;
  }
  return std::nullopt;
}

}  // namespace company_backup
