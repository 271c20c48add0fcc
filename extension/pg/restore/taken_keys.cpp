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
    : WatchedKeys(plan), live_(live), company_(company) {
  const auto watch_all = [&](const std::vector<UniqueIndex>& indexes, bool exclusion) {
    for (const UniqueIndex& index : indexes)
      if (!tells_companies_apart(*plan.matched->scoped, index)) watch(index, exclusion);
  };
  watch_all(plan.matched->table->unique_indexes, false);
  watch_all(plan.matched->table->exclusions, true);
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
  bool taken = false;
  read_values(index, [&](const ValueBatch& batch) {
    taken = taken || clashes(live_, plan_.matched->scoped->table, *index.index, batch.columns,
                             batch.values, &company_);
  });
  return taken;
}

std::string TakenKeys::look_up(Index& index) const {
  const Table& table = *plan_.matched->table;
  const std::vector<const Column*> columns = columns_of(table, index.index->columns);
  const std::string company = "$" + std::to_string(columns.size() + 1);
  const std::string sql =
      "SELECT DISTINCT u.n FROM " + unnested(columns) + " JOIN " + from_table(table) + " AS x ON " +
      equals_key(columns, "x") + " WHERE (" +
      owned_by(live_.schema, live_.scope, plan_.matched->scoped->table, "x", company) +
      ") IS NOT TRUE ORDER BY u.n";
  uint64_t count = 0;
  std::string list;
  read_plain(index, [&](const PlainBatch& batch) {
    BatchMemory memory;
    std::vector<Arg> args = batch.keys.arrays();
    args.push_back(company_.arg());
    for (const Row& row : query(sql, args)) {
      if (++count > kListedKeys) continue;
      list += (list.empty() ? "" : ", ") + batch.keys.text(std::stoul(*row[0]) - 1);
    }
    memory.close();
  });
  if (count == 0) return {};
  return std::to_string(count) + (count == 1 ? " row has" : " rows have") +
         " the key of a row of another company, or of none: " + list +
         (count > kListedKeys ? ", ..." : "");
}

}  // namespace company_backup
