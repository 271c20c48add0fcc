// Columns of char(n), whose values are printed with blanks that do not count.
#pragma once

#include <optional>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

// n of a column of char(n), or of an array of these; 0 if its type does not say it.
std::optional<size_t> padded_width(const Column& column);

// Which of these columns are of char(n)? Empty if none is.
std::vector<bool> are_padded(const Table& table, const std::vector<int16_t>& numbers);

}  // namespace company_backup
