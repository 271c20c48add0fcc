// How a row finds what it refers to, as SQL.
#pragma once

#include <string>
#include <string_view>

#include "core/scope/scope.hpp"

namespace company_backup {

// The join condition of one step of a route: `alias` is the row, `target_alias` the step's target.
std::string step_join(const Schema& schema, const RouteStep& step, TableIndex table,
                      std::string_view alias, std::string_view target_alias);

// " AND ..." for a step that only rows of one kind take; empty for others.
std::string when_of(const Schema& schema, const RouteStep& step, TableIndex table,
                    std::string_view alias);

// The join condition of a reference: target.k OP source.c AND ... (whole, unqualified operators
// never). Throws Error kInternal for one inside JSON.
std::string reference_join(const Schema& schema, const Reference& reference,
                           std::string_view source_alias, std::string_view target_alias);

}  // namespace company_backup
