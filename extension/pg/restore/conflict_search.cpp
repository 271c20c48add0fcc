#include "pg/restore/conflict_search.hpp"

#include <map>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr char kGone = '1', kFound = '2';

}  // namespace

ConflictSearch::ConflictSearch(const LiveScope& live, const Company& company, const MergePlan& plan)
    : WatchedKeys(plan), live_(live), company_(company) {
  for (const UniqueIndex& index : plan.matched->table->unique_indexes) watch(index, false);
  for (const UniqueIndex& index : plan.matched->table->exclusions) watch(index, true);
}

// The key of the row in the backup.
std::string ConflictSearch::after(const std::vector<RowValue>& values) const {
  return plan_.key_text(values);
}

bool ConflictSearch::is_needed(const MergePolicy& policy, const MergePlan& plan) {
  if (policy.merges) return true;
  // Rows without a key cannot be told from those that go.
  const bool is_clear = !plan.is_keyless() || (!plan.changes && !plan.removes);
  return is_clear && policy.leaves_rows_of(plan.matched->scoped->table);
}

void ConflictSearch::gone(const std::vector<RowValue>& current) {
  if (!aside_) aside_ = std::make_unique<LineSorter>();
  aside_->put(after(current) + '\0' + kGone);
}

std::vector<KeyConflicts> ConflictSearch::look_up() {
  std::vector<KeyConflicts> all;
  for (Index& index : indexes_) all.push_back({index.index, index.exclusion, 0, {}});
  for (size_t i = 0; i < indexes_.size(); ++i) {
    if (indexes_[i].keys.empty()) continue;
    const auto found = [&](MergeConflict conflict) {
      if (aside_ && !conflict.existing.empty()) return put_aside(i, conflict);
      all[i].note(std::move(conflict));
    };
    if (indexes_[i].plain) {
      look_up_plain(indexes_[i], found);
    } else {
      look_up_others(indexes_[i], found);
    }
  }
  if (aside_) read_aside(all);
  std::erase_if(all, [](const KeyConflicts& found) { return found.count == 0; });
  return all;
}

void ConflictSearch::put_aside(size_t number, const MergeConflict& conflict) {
  aside_->put(conflict.existing + '\0' + kFound +
              key_line({std::to_string(number), conflict.values, conflict.archived}));
}

// Rows that are gone stand before what was found of them.
void ConflictSearch::read_aside(std::vector<KeyConflicts>& all) {
  aside_->sort();
  std::string gone;
  std::string_view line;
  while (aside_->next(line)) {
    const std::string_view existing = take_value(line);
    const char what = line[0];
    line.remove_prefix(1);
    if (what == kGone) {
      gone = existing;
    } else if (existing != gone) {
      KeyConflicts& found = all[std::stoul(std::string(take_value(line)))];
      const std::string values(take_value(line));
      found.note({values, std::string(take_value(line)), std::string(existing)});
    }
  }
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

void ConflictSearch::look_up_plain(Index& index, const Found& found) const {
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
      found({batch.keys.text(n), batch.after[n], *row[2] == "t" ? *row[1] : ""});
    }
    memory.close();
  });
}

void ConflictSearch::look_up_others(Index& index, const Found& found) const {
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
      found({"", batch.after[clash.n], key == own.end() ? "" : key->second});
    }
  });
}

}  // namespace company_backup
