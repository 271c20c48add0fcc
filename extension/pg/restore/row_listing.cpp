#include "pg/restore/row_listing.hpp"

#include <list>

#include "core/scope/sql.hpp"
#include "core/text/row_composer.hpp"

namespace company_backup {

void RowListing::added(const MergePlan& plan, const std::vector<RowValue>& archived) {
  if (is_full()) return;
  put(plan, archived, "added", {}, json(plan, archived, std::vector(archived.size(), true)));
}

void RowListing::removed(const MergePlan& plan, const std::vector<RowValue>& values) {
  if (is_full()) return;
  put(plan, values, "removed", json(plan, values, std::vector(values.size(), false)), {});
}

void RowListing::changed(const MergePlan& plan, const std::vector<RowValue>& current,
                         const std::vector<RowValue>& archived,
                         const std::vector<size_t>& columns) {
  if (is_full()) return;
  std::vector<RowValue> after = current;
  std::vector<bool> from_archive(current.size(), false);
  const std::string before = json(plan, current, from_archive);
  for (const size_t position : columns) {
    after[position] = archived[position];
    from_archive[position] = true;
  }
  put(plan, current, "changed", before, json(plan, after, from_archive));
}

void RowListing::put(const MergePlan& plan, const std::vector<RowValue>& keys, const char* change,
                     const Text& before, const Text& after) {
  --left_;
  put_({display_table(*plan.matched->table), plan.key_text(keys), std::string(change), before,
        after});
}

// A file by the SHA-256 of its content, as an archive has it.
std::string RowListing::json(const MergePlan& plan, const std::vector<RowValue>& values,
                             const std::vector<bool>& archived) const {
  std::vector<RowColumn> shown;
  std::vector<RowValue> shown_values;
  std::list<std::string> digests;
  for (size_t i = 0; i < values.size(); ++i) {
    const Column& column = *plan.current[i];
    if (column_treatment(live_.rules, *plan.matched->table, column.name) ==
        ColumnTreatment::kSecret)
      continue;
    const bool is_known = i < plan.columns.size();
    const bool is_loaded = is_known && plan.matched->loaded[i];
    if (archived[i] && !is_loaded) continue;  // nobody knows what it gets
    shown.push_back({column.name, column.type_oid == JSONBOID});
    RowValue value = values[i];
    if (is_known && plan.columns[i].is_file && !archived[i] && value.kind != ValueKind::kNull) {
      value = {ValueKind::kString, digests.emplace_back(file_digest(value))};
    }
    shown_values.push_back(value);
  }
  std::string text;
  RowComposer(shown).append(shown_values, text);
  return text;
}

}  // namespace company_backup
