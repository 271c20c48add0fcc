// Which rows of a restore got new keys: a part of its undo record, line by line {"old","new"}; the
// columns of a composite key stand in one text, as other messages have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/text/line_cutter.hpp"
#include "core/text/row_composer.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/translated_lines.hpp"

namespace company_backup {

// Notes the rows of one table whose key changes.
class NewKeyRecord {
 public:
  // `some`: only those of which came() tells. `lines`, where the record goes, and `table` must
  // outlive it.
  NewKeyRecord(const MatchedTable& table, bool some, LineCutter& lines);

  // For the archive's rows; empty if the table has no key. It must not outlive this.
  TranslationObserver observer();
  // Must it be told which rows come? If so: a row, translated, does.
  bool is_of_some() const { return keys_.has_value(); }
  void came(const std::vector<RowValue>& row);
  // To be called once.
  void finish();

 private:
  std::string text_of(const std::vector<RowValue>& row) const;
  void write(std::string_view before, std::string_view after);

  LineCutter& lines_;
  std::vector<size_t> key_;
  RowComposer composer_;
  // Of some: keys that came, and the old keys of all.
  std::optional<LineSorter> keys_;
  bool any_ = false;
};

// Calls `row` with the number of the table (pg/scope/stored_tables.hpp) and with its name, the old
// key and the new key, for every row in the record of a restore.
void read_new_keys(int64_t restore,
                   const std::function<void(const Text& table, const Row& row)>& row);

}  // namespace company_backup
