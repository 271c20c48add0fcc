#include "pg/restore/conflict_search.hpp"

#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr char kGone = '1', kFound = '2';

}  // namespace

ConflictSearch::ConflictSearch(const LiveScope& live, const Company& company, const MergePlan& plan,
                               Constraints which)
    : UniqueSearch(live, company, plan) {
  const Table& table = *plan.matched->table;
  for (const bool exclusion : {false, true}) {
    for (const UniqueIndex& index : exclusion ? table.exclusions : table.unique_indexes)
      if (which == Constraints::kAll || !index.immediate) watch(index, exclusion);
  }
}

// The key of the row in the backup, for messages and as a refusal has it.
std::string ConflictSearch::after(const std::vector<RowValue>& values) const {
  return key_line({plan_.key_text(values)}) + plan_.refusal_key(values);
}

bool ConflictSearch::is_needed(const MergePolicy& policy, const MergePlan& plan) {
  if (policy.meets_conflicts) return false;
  if (policy.merges) return true;
  // Rows without a key cannot be told from those that go.
  const bool is_clear = !plan.is_keyless() || (!plan.changes && !plan.removes);
  return is_clear && policy.leaves_rows_of(plan.matched->scoped->table);
}

void ConflictSearch::gone(const std::vector<RowValue>& current) {
  if (!aside_) aside_ = std::make_unique<LineSorter>();
  aside_->put(plan_.key_text(current) + '\0' + kGone);
}

std::vector<KeyConflicts> ConflictSearch::look_up() {
  std::vector<KeyConflicts> all;
  for (Index& index : indexes_) all.push_back({index.index, index.exclusion, 0, {}});
  look_up_all([&](size_t number, const MergeConflict& conflict) { all[number].note(conflict); });
  std::erase_if(all, [](const KeyConflicts& found) { return found.count == 0; });
  return all;
}

void ConflictSearch::look_up(const Found& found) {
  look_up_all([&](size_t number, const MergeConflict& conflict) {
    found(*indexes_[number].index, conflict);
  });
}

void ConflictSearch::look_up_all(
    const std::function<void(size_t number, const MergeConflict&)>& found) {
  for (size_t i = 0; i < indexes_.size(); ++i) {
    UniqueSearch::look_up(indexes_[i], [&](const Hit& hit) {
      std::string_view row = hit.after;
      const std::string archived(take_value(row));
      const MergeConflict conflict{hit.values, archived, hit.is_own ? *hit.told[0] : "",
                                   std::string(row)};
      if (aside_ && hit.is_own) return put_aside(i, conflict);
      found(i, conflict);
    });
  }
  if (aside_) read_aside(found);
}

void ConflictSearch::put_aside(size_t number, const MergeConflict& conflict) {
  aside_->put(conflict.existing + '\0' + kFound +
              key_line({std::to_string(number), conflict.values, conflict.archived}) +
              conflict.row);
}

// Rows that are gone stand before what was found of them.
void ConflictSearch::read_aside(
    const std::function<void(size_t number, const MergeConflict&)>& found) {
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
      const size_t number = std::stoul(std::string(take_value(line)));
      const std::string values(take_value(line)), archived(take_value(line));
      found(number, {values, archived, std::string(existing), std::string(line)});
    }
  }
}

// The row's key.
std::vector<std::string> ConflictSearch::told(const std::string& alias) const {
  return {row_key_expression(*plan_.matched->table, plan_.matched->scoped->key, alias)};
}

}  // namespace company_backup
