#include "pg/load/collapsed_keys.hpp"

#include <algorithm>
#include <string_view>

#include "pg/base/line_spool.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedCollapses = 50;

// Values one after the other, so that no two keys give the same text: each ends with a NUL byte,
// which no value holds.
std::string separate_text(const std::vector<size_t>& positions, const std::vector<RowValue>& row) {
  std::string text;
  for (size_t position : positions) {
    text += row[position].kind == ValueKind::kNull ? 'n' : 'v';
    text += row[position].text;
    text += '\0';
  }
  return text;
}

// Such a text for messages.
std::string shown(std::string_view separate) {
  std::string text;
  while (!separate.empty()) {
    const size_t end = separate.find('\0');
    if (!text.empty()) text += ", ";
    text += separate[0] == 'n' ? std::string_view("null") : separate.substr(1, end - 1);
    separate.remove_prefix(end + 1);
  }
  return text;
}

std::string shown_text(const std::vector<size_t>& positions, const std::vector<RowValue>& row) {
  return shown(separate_text(positions, row));
}

bool holds_collapsed(const MatchedArchive& load, const MatchedTable& table,
                     const UniqueIndex& index) {
  return std::any_of(index.columns.begin(), index.columns.end(), [&](int16_t number) {
    const std::vector<ColumnRoot>& roots = load.roots().of(table.scoped->table, number);
    return std::any_of(roots.begin(), roots.end(), [&](const ColumnRoot& root) {
      return load.collapsed().contains(root.table);
    });
  });
}

// Where the archive has these columns; nothing of an expression.
std::vector<size_t> positions_of(const MatchedTable& table, const std::vector<int16_t>& numbers) {
  std::vector<size_t> list;
  for (int16_t number : numbers) {
    if (const auto position = position_of(table, number)) list.push_back(*position);
  }
  return list;
}

// The keys are sorted, each with its row's own key behind it.
void find_equal_keys(MatchedArchive& load, const MatchedTable& table, const UniqueIndex& index,
                     std::vector<CollapsedKey>& found) {
  const std::vector<size_t> key = positions_of(table, index.columns);
  const std::vector<size_t> own = positions_of(table, table.scoped->key);
  if (key.size() < index.columns.size()) return;  // expressions, or a default counts
  LineSorter sorter;
  load.read_translated(
      table, [&](const std::vector<RowValue>& archived, const std::vector<RowValue>& row) {
        const bool has_null = std::any_of(key.begin(), key.end(), [&](size_t position) {
          return row[position].kind == ValueKind::kNull;
        });
        if (has_null && !index.nulls_not_distinct) return;
        sorter.put(separate_text(key, row) + shown_text(own, archived));
      });
  sorter.sort();
  std::string_view line;
  std::string last_key, last_row;
  while (sorter.next(line)) {
    const size_t end = line.rfind('\0') + 1;
    const std::string_view this_key = line.substr(0, end), this_row = line.substr(end);
    if (this_key == last_key && found.size() < kListedCollapses) {
      found.push_back({table.scoped->table, "rows (" + last_row + ") and (" +
                                                std::string(this_row) + ") would both have (" +
                                                shown(this_key) + ") in \"" + index.name + "\""});
    }
    last_key = this_key;
    last_row = this_row;
  }
}

}  // namespace

std::vector<CollapsedKey> find_collapsed_keys(MatchedArchive& load) {
  std::vector<CollapsedKey> found;
  if (load.collapsed().empty()) return found;
  for (const MatchedTable& table : load.tables()) {
    for (const UniqueIndex& index : table.table->unique_indexes) {
      if (index.partial || !holds_collapsed(load, table, index)) continue;
      find_equal_keys(load, table, index, found);
    }
  }
  return found;
}

}  // namespace company_backup
