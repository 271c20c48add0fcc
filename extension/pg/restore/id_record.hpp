// Which rows of a restore got new keys: a part of its undo record, line by line {"old","new"}; the
// columns of a composite key stand in one text, as other messages have them.
#pragma once

#include "core/archive/archive_match.hpp"
#include "core/text/line_cutter.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/translated_lines.hpp"

namespace company_backup {

// Notes the rows of a table whose key changes; empty if the table has no key. `lines` must outlive
// it.
TranslationObserver record_new_keys(const MatchedTable& table, LineCutter& lines);

// Calls `row` with the number of the table (pg/scope/stored_tables.hpp) and with its name, the old
// key and the new key, for every row in the record of a restore.
void read_new_keys(int64_t restore,
                   const std::function<void(const Text& table, const Row& row)>& row);

}  // namespace company_backup
