#include "pg/restore/held_values.hpp"

#include "pg/restore/repeated_values.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {

HeldValues::HeldValues(const MergePlan& plan)
    : plan_(plan), indexes_(text_indexes(*plan.matched->table)) {}

// With the number of its index in front; "" if there is none.
std::string HeldValues::value_of(size_t number, const std::vector<const Column*>& columns,
                                 const std::vector<RowValue>& row) const {
  const auto key = key_line_of(indexes_[number]->columns, columns, row);
  return key ? key_line({std::to_string(number)}) + *key : "";
}

void HeldValues::stays(const std::vector<RowValue>& current) {
  for (size_t i = 0; i < indexes_.size(); ++i) {
    std::string value = value_of(i, plan_.current, current);
    if (!value.empty()) held_.push_back(std::move(value));
  }
}

void HeldValues::added(const std::vector<RowValue>& archived) {
  for (size_t i = 0; i < indexes_.size(); ++i) {
    std::string value = value_of(i, plan_.matched->columns, archived);
    if (!value.empty()) wanted_.emplace(std::move(value), coming_.size());
  }
  coming_.push_back({plan_.refusal_key(archived), plan_.key_text(archived)});
}

void HeldValues::changed(const std::vector<RowValue>& current,
                         const std::vector<RowValue>& archived,
                         const std::vector<size_t>& columns) {
  const std::vector<RowValue> row = with_changes(current, archived, columns);
  Coming coming{plan_.refusal_key(row), plan_.key_text(row)};
  for (size_t i = 0; i < indexes_.size(); ++i) {
    std::string before = value_of(i, plan_.current, current);
    std::string after = value_of(i, plan_.current, row);
    if (before == after) continue;
    if (!after.empty()) wanted_.emplace(std::move(after), coming_.size());
    if (!before.empty()) coming.held.push_back(std::move(before));
  }
  coming_.push_back(std::move(coming));
}

void HeldValues::close_over(const Found& found) {
  std::vector<bool> is_out(coming_.size());
  for (size_t i = 0; i < held_.size(); ++i) {
    const std::string held = held_[i];
    std::string_view line = held;
    const size_t number = std::stoul(std::string(take_value(line)));
    const auto [first, last] = wanted_.equal_range(held);
    for (auto wanted = first; wanted != last; ++wanted) {
      if (is_out[wanted->second]) continue;
      is_out[wanted->second] = true;
      const Coming& coming = coming_[wanted->second];
      found(coming.row, coming.key, indexes_[number]->oid);
      held_.insert(held_.end(), coming.held.begin(), coming.held.end());
    }
  }
}

}  // namespace company_backup
