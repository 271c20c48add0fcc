// The rows of one table of a stored backup, line by line.
#pragma once

#include <functional>
#include <string_view>

#include "core/manifest.hpp"
#include "pg/archive_source.hpp"

namespace company_backup {

// Calls `row` with every line of a table. Error kDamagedArchive unless rows, bytes and digest are
// what the manifest says; that is known only at the end.
void read_rows(MemberSource& source, bool shared, size_t table_number, const ManifestTable& table,
               const std::function<void(std::string_view line)>& row);

}  // namespace company_backup
