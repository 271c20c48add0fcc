#include "pg/taken_keys.hpp"

#include <algorithm>

#include "core/sql.hpp"
#include "pg/key_lookup.hpp"

namespace company_backup {
namespace {

constexpr uint64_t kListedKeys = 5;

bool contains(const std::vector<int16_t>& numbers, int16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// Other companies' rows cannot have the same values.
bool tells_companies_apart(const ScopedTable& scoped, const UniqueIndex& index) {
  if (scoped.routes.size() != 1 || scoped.routes[0].kind != RouteStep::Kind::kCompany) return false;
  const std::vector<int16_t>& columns = scoped.routes[0].columns;
  return std::all_of(columns.begin(), columns.end(),
                     [&](int16_t number) { return contains(index.columns, number); });
}

}  // namespace

TakenKeys::TakenKeys(const LiveScope& live, const Company& company, const MergePlan& plan)
    : live_(live), company_(company), plan_(plan) {
  for (const UniqueIndex& index : plan.matched->table->unique_indexes) {
    const bool plain = !index.partial && !contains(index.columns, 0);
    if (plain && !tells_companies_apart(*plan.matched->scoped, index)) indexes_.push_back({&index});
  }
}

void TakenKeys::note(Index& index, const std::vector<RowValue>& archived) {
  if (const auto key = key_line_of(index.index->columns, plan_.matched->columns, archived)) {
    index.keys.put(*key);
  }
}

void TakenKeys::note_added(const std::vector<RowValue>& archived) {
  for (Index& index : indexes_) note(index, archived);
}

void TakenKeys::note_changed(const std::vector<RowValue>& archived,
                             const std::vector<size_t>& columns) {
  for (Index& index : indexes_) {
    const bool concerned = std::any_of(columns.begin(), columns.end(), [&](size_t position) {
      return contains(index.index->columns, plan_.current[position]->number);
    });
    if (concerned) note(index, archived);
  }
}

std::vector<std::string> TakenKeys::look_up() {
  std::vector<std::string> notes;
  for (Index& index : indexes_) {
    if (index.keys.empty()) continue;
    std::string text = look_up(index);
    if (!text.empty()) notes.push_back(std::move(text));
  }
  return notes;
}

std::string TakenKeys::look_up(Index& index) const {
  const Table& table = *plan_.matched->table;
  std::vector<const Column*> columns;
  std::string join;
  for (int16_t number : index.index->columns) {
    const Column& column = column_of(table, number);
    join += (columns.empty() ? "" : " AND ") + column_sql("x", column) + " " + column.equality +
            " u.k" + std::to_string(columns.size());
    columns.push_back(&column);
  }
  const std::string company = "$" + std::to_string(columns.size() + 1);
  const std::string sql =
      "SELECT DISTINCT u.n FROM " + unnested(columns) + " JOIN " + from_table(table) + " AS x ON " +
      join + " WHERE NOT (" +
      owned_by(live_.schema, live_.scope, plan_.matched->scoped->table, "x", company) +
      ") ORDER BY u.n";
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
  return "refused: key " + display_name(index.index->name) + ": " + std::to_string(count) +
         (count == 1 ? " row has" : " rows have") +
         " what a row of another company, or of none, has: " + list +
         (count > kListedKeys ? ", ..." : "");
}

}  // namespace company_backup
