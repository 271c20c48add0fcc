#include "pg/restore/missing_targets.hpp"

#include <algorithm>

#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {

MissingTargets::MissingTargets(const LiveScope& live, const MergePlan& plan)
    : live_(live), plan_(plan) {
  for (const Reference& reference : live.scope.references) {
    const ScopedTable* const target = live.scope.find(reference.target);
    const bool travels = target != nullptr && target->travels();
    const bool is_of_table = reference.table == plan.matched->scoped->table;
    if (is_of_table && !travels && !reference.soft && reference.only_partition == 0)
      ways_.push_back({&reference});
  }
}

void MissingTargets::note(Way& way, const std::vector<const Column*>& columns,
                          const std::vector<RowValue>& values) {
  const auto key = key_line_of(way.reference->columns, columns, values);
  if (!key) return;
  way.rows.put(*key + key_line({plan_.key_text(values)}) + plan_.refusal_key(values));
}

void MissingTargets::note_added(const std::vector<RowValue>& archived) {
  for (Way& way : ways_) note(way, plan_.matched->columns, archived);
}

void MissingTargets::note_changed(const std::vector<RowValue>& current,
                                  const std::vector<RowValue>& archived,
                                  const std::vector<size_t>& columns) {
  if (ways_.empty()) return;
  const std::vector<RowValue> row = with_changes(current, archived, columns);
  for (Way& way : ways_) {
    const std::vector<int16_t>& used = way.reference->columns;
    const bool changes = std::any_of(columns.begin(), columns.end(), [&](size_t position) {
      return std::find(used.begin(), used.end(), plan_.current[position]->number) != used.end();
    });
    if (changes) note(way, plan_.current, row);
  }
}

void MissingTargets::look_up(const Found& found) {
  for (Way& way : ways_) {
    const Reference& reference = *way.reference;
    KeyBatch batch(columns_of(*plan_.matched->table, reference.columns));
    std::vector<std::string> rows;
    std::string_view line;
    for (bool more = true; more;) {
      batch.clear();
      rows.clear();
      while (!batch.full() && (more = way.rows.next(line))) {
        batch.add(line);
        for (size_t i = 0; i < reference.columns.size(); ++i) take_value(line);
        rows.emplace_back(line);
      }
      if (batch.empty()) break;
      const std::vector<bool> there =
          find_keys({live_.table(reference.target), reference.target_columns, reference.operators},
                    batch, RowLock::kNone);
      for (size_t n = 0; n < rows.size(); ++n) {
        std::string_view row = rows[n];
        const std::string key(take_value(row));
        if (!there[n]) found(std::string(row), key, reference);
      }
    }
  }
}

}  // namespace company_backup
