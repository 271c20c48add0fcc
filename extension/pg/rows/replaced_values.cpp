#include "pg/rows/replaced_values.hpp"

namespace company_backup {

std::vector<size_t> loaded_positions(const std::vector<bool>& loaded) {
  std::vector<size_t> positions;
  for (size_t i = 0; i < loaded.size(); ++i) {
    if (loaded[i]) positions.push_back(i);
  }
  return positions;
}

std::vector<int16_t> given_numbers(const std::vector<const Column*>& columns,
                                   const std::vector<size_t>& positions,
                                   const std::vector<Replacement>& replacements) {
  std::vector<int16_t> numbers;
  for (const size_t position : positions) numbers.push_back(columns[position]->number);
  for (const Replacement& replacement : replacements) numbers.push_back(replacement.column->number);
  return numbers;
}

ReplacedValues::ReplacedValues(const Table& table, const std::vector<Replacement>& replacements)
    : texts_(replacements.size()) {
  for (const Replacement& replacement : replacements)
    values_.emplace_back(table, *replacement.column, replacement.expression);
}

void ReplacedValues::append(std::vector<LoadValue>& row) {
  for (size_t i = 0; i < values_.size(); ++i) {
    texts_[i] = values_[i].next();
    row.push_back(texts_[i] ? LoadValue{LoadValue::Kind::kText, *texts_[i]} : LoadValue{});
  }
}

}  // namespace company_backup
