// Tables that belong to no company and are not referred to: those that a rule calls global, and
// those that nothing leads from or to.
#pragma once

#include <optional>
#include <vector>

#include "core/scope/scope.hpp"

namespace company_backup {

// The references of rows that travel to a table. None may lead to one that is global.
std::vector<const Reference*> references_to(const Scope& scope, TableIndex table);

// "sales.invoice refers to it by invoice_currency_fk", and how many more do.
std::string told_references(const Schema& schema, const std::vector<const Reference*>& references);

// All tables that are global though no rule says so, in one line; none: there are none. Those of
// extensions are not counted: they are nobody's own.
std::optional<Finding> told_global_tables(const Schema& schema, const Scope& scope);

}  // namespace company_backup
