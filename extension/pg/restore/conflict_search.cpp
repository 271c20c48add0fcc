#include "pg/restore/conflict_search.hpp"

#include <map>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {

ConflictSearch::ConflictSearch(const LiveScope& live, const Company& company, const MergePlan& plan)
    : WatchedKeys(plan), live_(live), company_(company) {
  for (const UniqueIndex& index : plan.matched->table->unique_indexes) watch(index, false);
  for (const UniqueIndex& index : plan.matched->table->exclusions) watch(index, true);
}

// The key of the row in the backup.
std::string ConflictSearch::after(const std::vector<RowValue>& values) const {
  std::string text;
  for (const MergeKeyPart& part : plan_.key) {
    const Text value = text_form(*plan_.current[part.column], values[part.column]);
    text += (text.empty() ? "(" : ", ") + value.value_or("");
  }
  return text.empty() ? text : text + ")";
}

std::vector<KeyConflicts> ConflictSearch::look_up() {
  std::vector<KeyConflicts> all;
  for (Index& index : indexes_) {
    if (index.keys.empty()) continue;
    KeyConflicts found{index.index, index.exclusion, 0, {}};
    if (index.plain) {
      look_up_plain(index, found);
    } else {
      look_up_others(index, found);
    }
    if (found.count > 0) all.push_back(std::move(found));
  }
  return all;
}

std::string ConflictSearch::key_of(const std::string& alias) const {
  return row_key_expression(*plan_.matched->table, plan_.matched->scoped->key, alias);
}

std::string ConflictSearch::is_own(const std::string& alias, size_t parameter) const {
  return "(" +
         owned_by(live_.schema, live_.scope, plan_.matched->scoped->table, alias,
                  "$" + std::to_string(parameter)) +
         ") IS TRUE";
}

void ConflictSearch::look_up_plain(Index& index, KeyConflicts& found) const {
  const Table& table = *plan_.matched->table;
  const std::vector<const Column*> columns = columns_of(table, index.index->columns);
  const std::string sql = "SELECT u.n, " + key_of("x") + ", " + is_own("x", columns.size() + 1) +
                          " FROM " + unnested(columns) + " JOIN " + from_table(table) +
                          " AS x ON " + equals_key(columns, "x") + " ORDER BY u.n";
  read_plain(index, [&](const PlainBatch& batch) {
    BatchMemory memory;
    std::vector<Arg> args = batch.keys.arrays();
    args.push_back(company_.arg());
    for (const Row& row : query(sql, args)) {
      const size_t n = std::stoul(*row[0]) - 1;
      found.note({batch.keys.text(n), batch.after[n], *row[2] == "t" ? *row[1] : ""});
    }
    memory.close();
  });
}

void ConflictSearch::look_up_others(Index& index, KeyConflicts& found) const {
  const Table& table = *plan_.matched->table;
  const std::string sql =
      "SELECT v.relation, v.place, " + key_of("t") + ", " + is_own("t", 3) + from_places(table, 1);
  read_values(index, [&](const ValueBatch& batch) {
    const std::vector<Clash> clashes =
        find_clashes(table, *index.index, batch.columns, batch.values, 0);
    if (clashes.empty()) return;
    std::vector<std::string> relations, places;
    for (const Clash& clash : clashes) {
      relations.push_back(clash.relation);
      places.push_back(clash.place);
    }
    std::map<std::pair<std::string, std::string>, std::string> own;
    for (const Row& row : query(sql, {text_array(relations), text_array(places), company_.arg()})) {
      if (*row[3] == "t") own[{*row[0], *row[1]}] = *row[2];
    }
    for (const Clash& clash : clashes) {
      const auto key = own.find({clash.relation, clash.place});
      found.note({"", batch.after[clash.n], key == own.end() ? "" : key->second});
    }
  });
}

}  // namespace company_backup
