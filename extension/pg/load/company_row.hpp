// The row of a company that is to be created: what the archive has, what the caller gives, and new
// values where two companies cannot have the same.
#pragma once

#include <string>

#include "pg/load/matched_archive.hpp"

namespace company_backup {

// Attributes by column of the company table, in text form. Error kBadAttribute lists those that
// name no column or a generated one.
CompanyRow parse_attributes(const Table& table, const std::string& attributes);

// Columns that take other values than the archive's: `wanted`, and where rows get new IDs also
// what column rules make of them (of the company `from`), and values of their default, or NULL, for
// columns of unique indexes. Error kBadAttribute names the columns that nothing gives a value.
CompanyRow company_changes(const LiveScope& live, const CompanyRow& archived,
                           const CompanyRow& wanted, const ColumnRoots& roots, bool new_ids,
                           const std::string& from);

// Error kBadAttribute if the row lacks a value of a column that has no default.
void require_complete(const Table& table, const CompanyRow& row);

}  // namespace company_backup
