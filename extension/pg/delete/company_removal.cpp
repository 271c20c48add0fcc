#include "pg/delete/company_removal.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/scope/load_order.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/progress.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/delete/foreign_removal.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/table_edits.hpp"

namespace company_backup {
namespace {

// What refers to others goes first, the company's own row last.
std::vector<const ScopedTable*> in_order(const LiveScope& live) {
  std::vector<TableIndex> tables;
  for (const ScopedTable* scoped : live.tables(TablesOf::kCompanies)) {
    if (scoped->table != live.scope.company_table) tables.push_back(scoped->table);
  }
  std::vector<const ScopedTable*> ordered;
  for (const size_t position : load_order(live.schema, live.scope, tables)) {
    ordered.push_back(live.scope.find(tables[position]));
  }
  std::reverse(ordered.begin(), ordered.end());
  ordered.push_back(live.scope.find(live.scope.company_table));
  return ordered;
}

std::set<TableIndex> tables_of(const Retention& retention) {
  std::set<TableIndex> tables;
  for (const auto& [table, reason] : retention) tables.insert(table);
  return tables;
}

}  // namespace

CompanyRemoval::CompanyRemoval(const LiveScope& live, const Company& company,
                               const Retention& retention, bool preview)
    : live_(live),
      company_(company),
      work_{.preview = preview, .deletes = true, .retained = tables_of(retention)},
      outside_(live, company, work_),
      declared_(live, company, work_) {
  for (const ScopedTable* scoped : in_order(live)) {
    if (!is_kept(scoped->table)) rows_.push_back({scoped});
  }
  for (const ScopedTable* scoped : live.tables(TablesOf::kCompanies)) {
    const auto reason = retention.find(scoped->table);
    if (reason != retention.end()) kept_.push_back({scoped, reason->second});
  }
}

std::vector<TableIndex> CompanyRemoval::forbidden() const {
  std::vector<TableIndex> tables;
  for (const TableRows& rows : rows_) {
    const Oid oid = live_.table(rows.scoped->table).oid;
    if (guarded([oid] { return pg_class_aclcheck(oid, GetUserId(), ACL_DELETE) != ACLCHECK_OK; })) {
      tables.push_back(rows.scoped->table);
    }
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

void CompanyRemoval::require_rights() const {
  std::string list;
  for (const TableIndex table : forbidden()) {
    list += (list.empty() ? "" : ", ") + display_table(live_.table(table));
  }
  if (list.empty()) return;
  throw Error(sqlstate::kInsufficientPrivilege, "permission denied to delete the company")
      .detail("It takes DELETE on: " + list + ".");
}

void CompanyRemoval::remove() {
  for (KeptRows& rows : kept_) {
    rows.rows = std::stoull(one_value(query(
        "SELECT count(*) FROM " + from_table(live_.table(rows.scoped->table)) + " AS t WHERE " +
            owned_by(live_.schema, live_.scope, rows.scoped->table, "t", "$1"),
        {company_.arg()})));
  }
  for (TableRows& rows : rows_) {
    check_for_interrupts();
    show_phase(work_.preview ? "reading" : "removing",
               display_table(live_.table(rows.scoped->table)));
    remove_rows(rows);
  }
}

// By what references know the rows of a table.
std::vector<const Column*> CompanyRemoval::known_columns(TableIndex index) const {
  std::set<int16_t> numbers = declared_.columns_of(index);
  for (const ForeignKey& key : live_.schema.foreign_keys) {
    if (key.target == index) numbers.insert(key.target_columns.begin(), key.target_columns.end());
  }
  return columns_of(live_.table(index), {numbers.begin(), numbers.end()});
}

void CompanyRemoval::remove_rows(TableRows& rows) {
  const TableIndex index = rows.scoped->table;
  if (live_.table(index).foreign) {
    rows.removed = remove_foreign_rows(
        live_, company_, index, work_.preview,
        [&](const std::vector<const Column*>& columns, const std::vector<RowValue>& row) {
          declared_.lost(index, columns, row);
        });
    return;
  }
  const Table& table = live_.table(index);
  const std::vector<const Column*> columns = known_columns(index);
  const CurrentQuery query = query_rows(
      table, columns, owned_by(live_.schema, live_.scope, index, "s", "$1"), {company_.arg()});
  RowLine line(row_columns(columns));
  std::optional<TableEdits> edits;
  if (!work_.preview) edits.emplace(table.oid, display_table(table));
  read_current(query, nullptr, [&](const CurrentRow& row, uint32_t) {
    ++rows.removed;
    count_row();
    if (!columns.empty()) {
      line.parse(row.line);
      outside_.lost(index, columns, line.values());
      declared_.lost(index, columns, line.values());
    }
    if (edits) edits->remove(row.version);
  });
  if (edits) edits->finish();
}

void CompanyRemoval::settle() {
  outside_.settle(nullptr);
  declared_.settle();
  FreshSnapshot fresh;
  for (const TableRows& rows : rows_) refuse_added(rows);
  fresh.close();
}

// The statistics know of the rows that are gone.
void CompanyRemoval::refuse_added(const TableRows& rows) const {
  const Table& table = live_.table(rows.scoped->table);
  if (query_unestimated("SELECT FROM " + from_table(table) + " AS t WHERE " +
                            owned_by(live_.schema, live_.scope, rows.scoped->table, "t", "$1") +
                            " LIMIT 1",
                        {company_.arg()}, Access::kRead)
          .empty()) {
    return;
  }
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: somebody else changed rows of the company in table " +
                  quoted_display(display_table(table)))
      .hint("Try again.");
}

std::multimap<TableIndex, std::string> CompanyRemoval::foresee() {
  std::multimap<TableIndex, std::string> foreseen = outside_.foresee();
  foreseen.merge(declared_.foresee());
  return foreseen;
}

std::vector<CompanyRemoval::TableRows> CompanyRemoval::tables() const {
  std::vector<TableRows> sorted = rows_;
  std::sort(sorted.begin(), sorted.end(), [](const TableRows& a, const TableRows& b) {
    return a.scoped->table < b.scoped->table;
  });
  return sorted;
}

}  // namespace company_backup
