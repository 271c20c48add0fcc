#include "pg/load/erased_rows.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/text/row_composer.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {

// What is left of a table.
class ErasedRows::Lines : public LineSource {
 public:
  Lines(ErasedRows& rows, const MatchedTable& matched, std::unique_ptr<LineSource> lines)
      : rows_(rows),
        matched_(matched),
        lines_(std::move(lines)),
        row_(row_columns(matched.columns)),
        composer_(row_columns(matched.columns)) {}

  bool next(std::string_view& line) override {
    while (lines_->next(line)) {
      row_.parse(line);
      values_ = row_.values();
      if (rows_.is_erased(matched_, values_)) continue;
      switch (rows_.left_out_.look_at(matched_, values_)) {
        case LeftOutRows::Fate::kComes:
          return true;
        case LeftOutRows::Fate::kChanged:
          text_.clear();
          composer_.append(values_, text_);
          line = text_;
          return true;
        case LeftOutRows::Fate::kStaysAway:
          break;
      }
    }
    return false;
  }

 private:
  ErasedRows& rows_;
  const MatchedTable& matched_;
  const std::unique_ptr<LineSource> lines_;
  RowLine row_;
  std::vector<RowValue> values_;
  const RowComposer composer_;
  std::string text_;
};

ErasedRows::ErasedRows(const LiveScope& live, const Manifest& manifest, RowSource& archive,
                       Tombstones tombstones)
    : live_(live),
      manifest_(manifest),
      archive_(archive),
      tombstones_(std::move(tombstones)),
      tables_(match_archive(manifest_, live.schema, live.rules, live.scope,
                            MatchOptions{.with_files = manifest.include_files})),
      left_out_(live) {}

std::unique_ptr<ErasedRows> ErasedRows::find(const LiveScope& live, const Manifest& manifest,
                                             RowSource& archive, Tombstones tombstones) {
  if (tombstones.empty()) return nullptr;
  std::unique_ptr<ErasedRows> rows(new ErasedRows(live, manifest, archive, std::move(tombstones)));
  if (!rows->find_erased()) return nullptr;
  rows->find_needing();
  return rows;
}

bool ErasedRows::is_erased(const MatchedTable& matched, const std::vector<RowValue>& row) const {
  return tombstones_.has(matched.scoped->table, matched.columns, row);
}

// Reads the tables of which rows were erased.
bool ErasedRows::find_erased() {
  bool any = false;
  for (const MatchedTable& matched : tables_) {
    if (!tombstones_.any_of(matched.scoped->table)) continue;
    RowLine row(row_columns(matched.columns));
    const auto lines = archive_.lines(false, matched.number, *matched.archived);
    bool found = false;
    for (std::string_view line; lines->next(line);) {
      row.parse(line);
      found |= is_erased(matched, row.values());
    }
    if (found && matched.scoped->table == live_.scope.company_table) {
      throw Error(sqlstate::kErased, "the company of the backup has been erased")
          .detail("It was deleted for good, and its data must not come back.")
          .hint("Delete the backup: nothing of it can be used.");
    }
    any |= found;
  }
  return any;
}

// Until it is known of all rows whether they need such ones.
void ErasedRows::find_needing() {
  do {
    std::set<TableIndex> all;
    for (const MatchedTable& matched : tables_) all.insert(matched.scoped->table);
    left_out_.begin_again(std::move(all));
    counts_.clear();
    for (const MatchedTable& matched : tables_) {
      check_for_interrupts();
      ErasedCounts counts;
      RowLine row(row_columns(matched.columns));
      std::vector<RowValue> values;
      const auto lines = archive_.lines(false, matched.number, *matched.archived);
      for (std::string_view line; lines->next(line);) {
        row.parse(line);
        values = row.values();
        if (is_erased(matched, values)) {
          ++counts.erased;
          left_out_.note(matched, values);
          continue;
        }
        const LeftOutRows::Fate fate = left_out_.look_at(matched, values);
        counts.changed += fate == LeftOutRows::Fate::kChanged;
        if (fate != LeftOutRows::Fate::kStaysAway) continue;
        ++counts.needing;
        left_out_.note(matched, row.values());
      }
      left_out_.finish_table(matched.scoped->table);
      if (counts.erased + counts.needing + counts.changed > 0) counts_[matched.number] = counts;
    }
  } while (left_out_.missed());
  left_out_.end();
}

void ErasedRows::correct(Manifest& manifest) const {
  for (const auto& [number, counts] : counts_) {
    ManifestTable& table = manifest.tables[number];
    table.rows -= counts.erased + counts.needing;
    table.sha256 = {};
  }
}

std::unique_ptr<LineSource> ErasedRows::lines(bool shared, size_t number,
                                              const ManifestTable& table) {
  if (shared) return archive_.lines(shared, number, table);
  auto lines = archive_.lines(false, number, manifest_.tables[number]);
  if (!counts_.contains(number)) return lines;
  const auto matched = std::find_if(tables_.begin(), tables_.end(),
                                    [&](const MatchedTable& one) { return one.number == number; });
  return std::make_unique<Lines>(*this, *matched, std::move(lines));
}

void ErasedRows::read(const MatchedTable& table, const std::vector<size_t>& wanted,
                      const Visitor& row) {
  if (!counts_.contains(table.number)) return archive_.read(table, wanted, row);
  RowLine line(row_columns(table.columns));
  const auto source = lines(false, table.number, *table.archived);
  for (std::string_view text; source->next(text);) {
    line.parse(text);
    row(line.values());
  }
}

void ErasedRows::write(const MatchedTable& table, MappedRowWriter& writer) {
  if (!counts_.contains(table.number)) return archive_.write(table, writer);
  const auto source = lines(false, table.number, *table.archived);
  for (std::string_view line; source->next(line);) writer.write(line);
}

ReadBytes ErasedRows::bytes_of(const MatchedTable& table) const {
  return archive_.bytes_of(table);
}

}  // namespace company_backup
