#include "core/scope/padding.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace company_backup {
namespace {

// Of types in pg_type.
constexpr uint32_t kPaddedArray = 1014;  // char(n)[]
constexpr uint32_t kNumeric = 1700;
constexpr uint32_t kNumericArray = 1231;

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

KeyForm key_form(const Column& column) {
  if (column.is_padded() || column.type_oid == kPaddedArray) return KeyForm::kPadded;
  const bool numeric = column.type_oid == kNumeric || column.type_oid == kNumericArray;
  return numeric ? KeyForm::kNumeric : KeyForm::kAsPrinted;
}

std::vector<KeyForm> key_forms(const Table& table, const std::vector<int16_t>& numbers) {
  std::vector<KeyForm> forms;
  for (int16_t number : numbers) forms.push_back(key_form(column_of(table, number)));
  const bool all_printed = std::all_of(forms.begin(), forms.end(),
                                       [](KeyForm form) { return form == KeyForm::kAsPrinted; });
  if (all_printed) forms.clear();
  return forms;
}

}  // namespace company_backup
