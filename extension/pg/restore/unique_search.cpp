#include "pg/restore/unique_search.hpp"

#include <map>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {

void UniqueSearch::look_up(Index& index, const Found& found) const {
  if (index.keys.empty()) return;
  if (index.plain) {
    look_up_plain(index, found);
  } else {
    look_up_others(index, found);
  }
}

// Whether it is the company's, and what is told of it. $`parameter` is the company's key.
std::string UniqueSearch::select(const std::string& alias, size_t parameter) const {
  std::string list = ", (" +
                     owned_by(live_.schema, live_.scope, plan_.matched->scoped->table, alias,
                              "$" + std::to_string(parameter)) +
                     ") IS TRUE";
  for (const std::string& expression : told(alias)) list += ", " + expression;
  return list;
}

void UniqueSearch::look_up_plain(Index& index, const Found& found) const {
  const Table& table = *plan_.matched->table;
  const std::vector<const Column*> columns = columns_of(table, index.index->columns);
  const std::string sql = "SELECT u.n" + select("x", columns.size() + 1) + " FROM " +
                          unnested(columns) + " JOIN " + from_table(table) + " AS x ON " +
                          equals_key(columns, "x") + " ORDER BY u.n";
  read_plain(index, [&](const PlainBatch& batch) {
    BatchMemory memory;
    std::vector<Arg> args = batch.keys.arrays();
    args.push_back(company_.arg());
    for (const Row& row : query(sql, args)) {
      const size_t n = std::stoul(*row[0]) - 1;
      found({batch.keys.text(n), batch.after[n], *row[1] == "t", {row.begin() + 2, row.end()}});
    }
    memory.close();
  });
}

void UniqueSearch::look_up_others(Index& index, const Found& found) const {
  const Table& table = *plan_.matched->table;
  const std::string sql = "SELECT v.relation, v.place" + select("t", 3) + from_places(table, 1);
  read_values(index, [&](const ValueBatch& batch) {
    const std::vector<Clash> clashes =
        find_clashes(table, *index.index, batch.columns, batch.values, 0);
    if (clashes.empty()) return;
    std::vector<std::string> relations, places;
    for (const Clash& clash : clashes) {
      relations.push_back(clash.relation);
      places.push_back(clash.place);
    }
    std::map<std::pair<std::string, std::string>, Row> rows;
    for (const Row& row : query(sql, {text_array(relations), text_array(places), company_.arg()}))
      rows[{*row[0], *row[1]}] = {row.begin() + 2, row.end()};
    for (const Clash& clash : clashes) {
      const auto at = rows.find({clash.relation, clash.place});
      if (at == rows.end()) {
        found({"", batch.after[clash.n], false, {}});
      } else {
        const Row& row = at->second;
        found({"", batch.after[clash.n], *row[0] == "t", {row.begin() + 1, row.end()}});
      }
    }
  });
}

}  // namespace company_backup
