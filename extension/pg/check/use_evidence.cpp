#include "pg/check/use_evidence.hpp"

#include <algorithm>

#include "core/scope/discovery.hpp"
#include "core/scope/row_uses.hpp"
#include "core/text/error.hpp"
#include "pg/base/spi.hpp"
#include "pg/check/company_evidence.hpp"
#include "pg/check/short_cells.hpp"

namespace company_backup {
namespace {

constexpr int kMostUses = 1000;            // of rows by one reference
constexpr uint64_t kMostRows = 1'000'000;  // of a table, to say how many there are

void count_uses(const Schema& schema, const Scope& scope, TableReader& reader, const RowUse& use,
                UseCounter& counter) {
  if (!std::all_of(use.read.begin(), use.read.end(), [&](TableIndex table) {
        return reader.is_readable(table) && !reader.is_foreign(table);
      }))
    return;
  const std::string sample = reader.from_sample(use.by).substr(std::string(" FROM ").size());
  reader.try_to_read(use.by, [&] {
    read_short_cells(uses_query(schema, scope, use, sample, kMostUses), {kLongestId, kLongestId},
                     [&](std::span<const Cell> row) {
                       if (row[0] && row[1]) counter.add(row[0].text, row[1].text);
                       return !reader.is_late();
                     });
  });
}

// 0: they are too many, or cannot be counted.
uint64_t rows_of(TableReader& reader, TableIndex table) {
  uint64_t rows = 0;
  reader.try_to_read(table, [&] {
    rows = std::stoull(
        one_value(query("SELECT pg_catalog.count(*) FROM (SELECT" + reader.from_rows(table) +
                        " LIMIT " + std::to_string(kMostRows) + ") AS r")));
  });
  return rows < kMostRows ? rows : 0;
}

}  // namespace

std::map<TableIndex, UseEvidence> gather_uses(const Schema& schema, const Rules& rules,
                                              TableReader& reader, const Evidence& evidence) {
  std::map<TableIndex, UseEvidence> found;
  Scope scope;
  try {
    scope = proved_scope(schema, rules, "", evidence);
  } catch (const Error&) {
    return found;  // that none can be found, whoever needs it says
  }
  if (!has_companies(reader, scope.company_table)) return found;
  std::map<TableIndex, UseCounter> counters;
  const std::vector<RowUse> all = row_uses(schema, rules, scope);
  for (size_t i = 0; i < all.size(); ++i) {
    reader.tell("compared", i, all.size());
    count_uses(schema, scope, reader, all[i], counters[all[i].table]);
  }
  for (const auto& [table, counter] : counters)
    found[table] = counter.count(rows_of(reader, table));
  return found;
}

}  // namespace company_backup
