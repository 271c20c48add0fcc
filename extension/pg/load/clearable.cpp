#include "pg/load/clearable.hpp"

#include <algorithm>

namespace company_backup {

std::vector<int16_t> clearable_columns(const LiveScope& live, const Reference& reference) {
  const auto is_one_of = [](const std::vector<int16_t>& numbers, int16_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  };
  const std::vector<RouteStep> routes = all_steps(*live.scope.find(reference.table));
  std::vector<int16_t> alone, shared;
  for (const int16_t number : reference.columns) {
    if (column_of(live.table(reference.table), number).not_null) continue;
    const bool in_route = std::any_of(routes.begin(), routes.end(), [&](const RouteStep& step) {
      return step.name != reference.name && is_one_of(step.columns, number);
    });
    if (in_route) continue;
    const auto& references = live.scope.references;
    const bool elsewhere =
        std::any_of(references.begin(), references.end(), [&](const Reference& other) {
          return &other != &reference && other.table == reference.table &&
                 is_one_of(other.columns, number);
        });
    (elsewhere ? shared : alone).push_back(number);
  }
  return alone.empty() ? shared : alone;
}

}  // namespace company_backup
