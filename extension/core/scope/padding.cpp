#include "core/scope/padding.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace company_backup {
namespace {

constexpr uint32_t kPaddedArray = 1014;  // char(n)[]

}  // namespace

std::optional<size_t> padded_width(const Column& column) {
  if (!column.is_padded() && column.type_oid != kPaddedArray) return std::nullopt;
  constexpr std::string_view kName = "character(";
  size_t width = 0;
  const std::string_view type = column.type;
  if (type.starts_with(kName)) {
    std::from_chars(type.data() + kName.size(), type.data() + type.size(), width);
  }
  return width;
}

std::vector<bool> are_padded(const Table& table, const std::vector<int16_t>& numbers) {
  std::vector<bool> padded;
  for (int16_t number : numbers) padded.push_back(column_of(table, number).is_padded());
  if (std::find(padded.begin(), padded.end(), true) == padded.end()) padded.clear();
  return padded;
}

}  // namespace company_backup
