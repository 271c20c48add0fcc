#include "pg/load/target_company.hpp"

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/owner.hpp"
#include "pg/scope/known_rows.hpp"

namespace company_backup {

// As its owner: the lock needs no right to change the row.
void lock_company_row(const LiveScope& live, const Company& company) {
  const Table& table = live.table(live.scope.company_table);
  if (table.foreign) return;
  const Column& key = column_of(table, live.scope.company_key);
  AsOwnerOf owner(table.oid);
  if (query("SELECT FROM " + from_table(table) + " AS c WHERE c." + quote_name(key.name) + " " +
                key.equality + " $1 FOR NO KEY UPDATE",
            {company.arg()}, Access::kWrite)
          .empty()) {
    refuse_deleted(company.key);
  }
}

namespace {

// Of every table of the company but its own.
template <class Visit>
void visit_tables(const LiveScope& live, Visit&& visit) {
  for (const ScopedTable* scoped : live.travelling()) {
    if (scoped->table == live.scope.company_table) continue;
    visit(live.table(scoped->table),
          " FROM " + from_table(live.table(scoped->table)) + " AS t WHERE " +
              owned_by(live.schema, live.scope, scoped->table, "t", "$1"));
  }
}

}  // namespace

bool has_rows(const LiveScope& live, const Company& company) {
  bool any = false;
  visit_tables(live, [&](const Table&, const std::string& rows) {
    any = any || !query("SELECT" + rows + " LIMIT 1", {company.arg()}, Access::kWrite).empty();
  });
  return any;
}

void require_empty(const LiveScope& live, const Company& company) {
  std::string list;
  visit_tables(live, [&](const Table& table, const std::string& condition) {
    const Rows rows = query("SELECT count(*)" + condition, {company.arg()}, Access::kWrite);
    if (*rows[0][0] == "0") return;
    list += (list.empty() ? "" : "\n") + display_table(table) + ": " + *rows[0][0] +
            (*rows[0][0] == "1" ? " row" : " rows");
  });
  if (list.empty()) return;
  throw Error(sqlstate::kTargetNotEmpty, "company \"" + company.key + "\" is not empty")
      .detail(list)
      .hint(
          "Rows may be left of a company that had this key before: remove them, or choose another "
          "key. If somebody else is just filling the company, try again.");
}

CompanyRow read_company(const LiveScope& live, const Company& company,
                        const std::vector<int16_t>& numbers) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  std::string select;
  for (int16_t number : numbers) {
    select += (select.empty() ? "c." : ", c.") + quote_name(column_of(table, number).name);
  }
  const Rows rows = query("SELECT " + select + " FROM " + from_table(table) + " AS c WHERE c." +
                              quote_name(key.name) + " " + key.equality + " $1",
                          {company.arg()}, Access::kWrite);
  CompanyRow row;
  for (size_t i = 0; i < numbers.size(); ++i) row[numbers[i]] = rows.at(0)[i];
  return row;
}

}  // namespace company_backup
