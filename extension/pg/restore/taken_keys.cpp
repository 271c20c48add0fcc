#include "pg/restore/taken_keys.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/mapped_row_writer.hpp"

namespace company_backup {
namespace {

bool contains(const std::vector<int16_t>& numbers, int16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// Other companies' rows cannot have the same values.
bool tells_companies_apart(const ScopedTable& scoped, const UniqueIndex& index) {
  if (scoped.routes.size() != 1 || !scoped.own_steps.empty() ||
      scoped.routes[0].kind != RouteStep::Kind::kCompany)
    return false;
  const std::vector<int16_t>& columns = scoped.routes[0].columns;
  return std::all_of(columns.begin(), columns.end(),
                     [&](int16_t number) { return contains(index.columns, number); });
}

}  // namespace

TakenKeys::TakenKeys(const LiveScope& live, const Company& company, const MergePlan& plan)
    : live_(live), company_(company), plan_(plan) {
  const auto watch = [&](const UniqueIndex& index, bool exclusion) {
    const bool plain = is_plain(index);
    if (!plain && index.used.empty()) return;
    if (tells_companies_apart(*plan.matched->scoped, index)) return;
    indexes_.push_back({&index, plain, exclusion});
  };
  for (const UniqueIndex& index : plan.matched->table->unique_indexes) watch(index, false);
  for (const UniqueIndex& index : plan.matched->table->exclusions) watch(index, true);
}

// A key, or, where NULL counts, each value behind a letter that says whether there is one.
void TakenKeys::note(Index& index, const std::vector<const Column*>& columns,
                     const std::vector<RowValue>& values) {
  if (index.plain) {
    if (const auto key = key_line_of(index.index->columns, columns, values)) index.keys.put(*key);
    return;
  }
  std::vector<std::string> texts;
  for (int16_t number : index.index->used) {
    const auto found = std::find_if(columns.begin(), columns.end(), [number](const Column* column) {
      return column->number == number;
    });
    if (found == columns.end()) return;  // its default counts
    const RowValue& value = values[static_cast<size_t>(found - columns.begin())];
    const Text text = text_form(**found, value);
    texts.push_back(text ? "v" + *text : "n");
  }
  index.keys.put(key_line(texts));
}

void TakenKeys::note_added(const std::vector<RowValue>& archived) {
  for (Index& index : indexes_) note(index, plan_.matched->columns, archived);
}

void TakenKeys::note_changed(const std::vector<RowValue>& current,
                             const std::vector<RowValue>& archived,
                             const std::vector<size_t>& columns) {
  std::vector<RowValue> row;
  for (Index& index : indexes_) {
    const std::vector<int16_t>& used = index.plain ? index.index->columns : index.index->used;
    const bool concerned = std::any_of(columns.begin(), columns.end(), [&](size_t position) {
      return contains(used, plan_.current[position]->number);
    });
    if (!concerned) continue;
    if (row.empty()) {
      row = current;
      for (size_t position : columns) row[position] = archived[position];
    }
    note(index, plan_.current, row);
  }
}

std::vector<TakenKeys::Taken> TakenKeys::look_up() {
  std::vector<Taken> all;
  for (Index& index : indexes_) {
    if (index.keys.empty()) continue;
    std::string text;
    if (index.plain) {
      text = look_up(index);
    } else if (meets_others(index)) {
      text = index.exclusion
                 ? "a row of another company, or of none, excludes one of these"
                 : "a row of another company, or of none, has the value of one of these";
    }
    if (!text.empty()) all.push_back({index.index, std::move(text)});
  }
  return all;
}

bool TakenKeys::meets_others(Index& index) const {
  const Table& table = *plan_.matched->table;
  std::vector<const Column*> columns;
  for (int16_t number : index.index->used) columns.push_back(&column_of(table, number));
  std::vector<std::vector<Text>> values(columns.size());
  bool taken = false;
  const auto look = [&] {
    if (taken || values[0].empty()) return;
    taken = clashes(live_, plan_.matched->scoped->table, *index.index, columns, values, &company_);
    for (std::vector<Text>& column : values) column.clear();
  };
  std::string_view line;
  while (index.keys.next(line)) {
    for (std::vector<Text>& column : values) {
      const size_t end = line.find('\0');
      column.push_back(line[0] == 'n' ? Text() : Text(std::string(line.substr(1, end - 1))));
      line.remove_prefix(end + 1);
    }
    if (values[0].size() >= kKeysPerLookup) look();
  }
  look();
  return taken;
}

std::string TakenKeys::look_up(Index& index) const {
  const Table& table = *plan_.matched->table;
  std::vector<const Column*> columns;
  for (int16_t number : index.index->columns) columns.push_back(&column_of(table, number));
  const std::string company = "$" + std::to_string(columns.size() + 1);
  const std::string sql =
      "SELECT DISTINCT u.n FROM " + unnested(columns) + " JOIN " + from_table(table) + " AS x ON " +
      equals_key(columns, "x") + " WHERE (" +
      owned_by(live_.schema, live_.scope, plan_.matched->scoped->table, "x", company) +
      ") IS NOT TRUE ORDER BY u.n";
  KeyBatch batch(columns);
  uint64_t count = 0;
  std::string list;
  std::string_view key;
  for (bool more = true; more;) {
    batch.clear();
    while (!batch.full() && (more = index.keys.next(key))) batch.add(key);
    if (batch.empty()) continue;
    BatchMemory memory;
    std::vector<Arg> args = batch.arrays();
    args.push_back(company_.arg());
    for (const Row& row : query(sql, args)) {
      if (++count <= kListedKeys) {
        list += (list.empty() ? "" : ", ") + batch.text(std::stoul(*row[0]) - 1);
      }
    }
    memory.close();
  }
  if (count == 0) return {};
  return std::to_string(count) + (count == 1 ? " row has" : " rows have") +
         " the key of a row of another company, or of none: " + list +
         (count > kListedKeys ? ", ..." : "");
}

}  // namespace company_backup
