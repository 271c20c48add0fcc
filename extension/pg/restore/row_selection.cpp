#include "pg/restore/row_selection.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

[[noreturn]] void refuse_table(const std::string& message, const std::string& hint) {
  throw Error(sqlstate::kInvalidParameter, message).hint(hint);
}

// Names that mean the table.
bool has_name(const Table& table, const std::string& name) {
  return name == display_table(table) || name == table.schema + "." + table.name;
}

TableIndex table_named(const LiveScope& live, const std::string& name) {
  std::vector<TableIndex> bare;
  for (size_t i = 0; i < live.schema.tables.size(); ++i) {
    const Table& table = live.schema.tables[i];
    if (has_name(table, name)) return static_cast<TableIndex>(i);
    if (name == table.name || name == display_name(table.name)) {
      bare.push_back(static_cast<TableIndex>(i));
    }
  }
  if (bare.size() == 1) return bare[0];
  if (bare.empty()) {
    refuse_table("there is no table " + quoted_display(name),
                 "company_scope() lists the tables of the database.");
  }
  std::string list;
  for (const TableIndex index : bare) {
    list += (list.empty() ? "" : ", ") + display_table(live.table(index));
  }
  refuse_table("table name " + quoted_display(name) + " is ambiguous",
               "Say which one: " + list + ".");
}

}  // namespace

bool has_same_text(const Column& left, const Column& right) {
  if (!is_own_type(left) || !is_own_type(right)) return false;
  const auto both = [&](TypeFamily family) {
    return left.family == family && right.family == family && !left.is_padded() &&
           !right.is_padded();
  };
  return both(TypeFamily::kInteger) || both(TypeFamily::kText) || left.type == right.type;
}

RowKeys& SelectedTable::by(const std::vector<int16_t>& columns) {
  for (RowKeys& known : rows) {
    if (known.columns == columns) return known;
  }
  return rows.emplace_back(RowKeys{columns});
}

bool SelectedTable::has(const std::vector<const Column*>& columns,
                        const std::vector<RowValue>& values) const {
  return whole || std::any_of(rows.begin(), rows.end(), [&](const RowKeys& known) {
           const auto key = key_line_of(known.columns, columns, values);
           return key && known.keys.contains(*key);
         });
}

std::string SelectedTable::condition(const Table& table, const std::string& alias,
                                     size_t first) const {
  if (whole) return "";
  std::string any;
  for (const RowKeys& known : rows) {
    any +=
        (any.empty() ? "" : " OR ") + equals_one_of(columns_of(table, known.columns), alias, first);
    first += known.columns.size();
  }
  return " AND (" + (any.empty() ? "false" : any) + ")";
}

std::vector<Arg> SelectedTable::arguments(const Table& table) const {
  std::vector<Arg> args;
  if (whole) return args;
  for (const RowKeys& known : rows) {
    KeyBatch batch(columns_of(table, known.columns));
    for (const std::string& key : known.keys) batch.add(key);
    for (const Arg& array : batch.arrays()) args.push_back(array);
  }
  return args;
}

const SelectedTable* RowSelection::of(TableIndex table) const {
  const auto found = tables.find(table);
  return found == tables.end() ? nullptr : &found->second;
}

bool RowSelection::covers(TableIndex table) const {
  const SelectedTable* const selected = of(table);
  return selected != nullptr && selected->whole && adds && changes && removes;
}

const MatchedTable& find_named(const LiveScope& live, const std::vector<MatchedTable>& archived,
                               const std::string& name) {
  const TableIndex index = table_named(live, name);
  const std::string shown = quoted_display(display_table(live.table(index)));
  const ScopedTable* const scoped = live.scope.find(index);
  if (scoped == nullptr || !scoped->travels()) {
    refuse_table("rows of table " + shown + " are in no backup",
                 "company_scope() says which tables travel, and why others do not.");
  }
  const auto found = std::find_if(archived.begin(), archived.end(), [&](const auto& matched) {
    return matched.scoped->table == index;
  });
  if (found == archived.end()) {
    refuse_table("table " + shown + " is not in the backup",
                 "backup_contents() lists the tables of a backup.");
  }
  return *found;
}

RowSelection select_tables(const LiveScope& live, const std::vector<MatchedTable>& archived,
                           const Selection& selection) {
  RowSelection selected{selection.adds(), selection.changes(), selection.removes(),
                        !selection.records.empty()};
  for (const std::string& name : selection.tables) {
    const MatchedTable& matched = find_named(live, archived, name);
    if (!selected.tables.emplace(matched.scoped->table, SelectedTable{true}).second) {
      throw Error(sqlstate::kInvalidParameter,
                  "table " + quoted_display(display_table(*matched.table)) + " is selected twice");
    }
  }
  if (!selection.tables.empty() || !selection.records.empty()) return selected;
  for (const MatchedTable& matched : archived) {
    selected.tables[matched.scoped->table].whole = true;
  }
  return selected;
}

}  // namespace company_backup
