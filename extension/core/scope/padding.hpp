// Columns whose equal values may be printed differently.
#pragma once

#include <optional>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/text/key_map.hpp"

namespace company_backup {

// n of a column of char(n), or of an array of these; 0 if its type does not say it.
std::optional<size_t> padded_width(const Column& column);

// Of a column's values, or of the elements of its arrays.
KeyForm key_form(const Column& column);

// Of these columns; empty if all are as they are printed.
std::vector<KeyForm> key_forms(const Table& table, const std::vector<int16_t>& numbers);

}  // namespace company_backup
