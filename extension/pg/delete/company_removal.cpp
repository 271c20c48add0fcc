#include "pg/delete/company_removal.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/scope/load_order.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/former_snapshot.hpp"
#include "pg/base/progress.hpp"
#include "pg/delete/foreign_removal.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/table_edits.hpp"

namespace company_backup {
namespace {

// Those that others refer to stand first, the company's own row before all. Where rows live
// elsewhere, foreign keys that we do not know of may want it the other way round.
std::vector<const ScopedTable*> in_order(const LiveScope& live) {
  std::vector<TableIndex> tables;
  for (const ScopedTable* scoped : live.tables(TablesOf::kCompanies)) {
    if (scoped->table != live.scope.company_table) tables.push_back(scoped->table);
  }
  std::vector<const ScopedTable*> foreign, ordered{live.scope.find(live.scope.company_table)};
  for (const size_t position : load_order(live.schema, live.scope, tables)) {
    const TableIndex table = tables[position];
    (live.table(table).foreign ? foreign : ordered).push_back(live.scope.find(table));
  }
  ordered.insert(ordered.begin(), foreign.rbegin(), foreign.rend());
  return ordered;
}

Removal removal_here(Removal removal) {
  const bool fixed = guarded([] { return IsolationUsesXactSnapshot(); });
  return removal == Removal::kOfNow && fixed ? Removal::kOfSnapshot : removal;
}

std::set<TableIndex> tables_of(const Retention& retention) {
  std::set<TableIndex> tables;
  for (const auto& [table, reason] : retention) tables.insert(table);
  return tables;
}

}  // namespace

CompanyRemoval::CompanyRemoval(const LiveScope& live, const Company& company,
                               const Retention& retention, Removal removal)
    : live_(live),
      company_(company),
      removal_(removal_here(removal)),
      work_{.preview = removal == Removal::kPreview,
            .deletes = true,
            .retained = tables_of(retention)},
      since_(FormerSnapshot::mark()),
      outside_(live, company, work_),
      referred_(live, company, work_),
      declared_(live, company, work_, referred_) {
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
  for (KeptRows& rows : kept_) rows.rows = count_rows(rows.scoped->table);
  for (TableRows& rows : rows_) {
    check_for_interrupts();
    show_phase(work_.preview ? "reading" : "removing",
               display_table(live_.table(rows.scoped->table)));
    remove_table(rows);
  }
}

void CompanyRemoval::remove_table(TableRows& rows) {
  if (removal_ != Removal::kOfNow) return remove_rows(rows);
  FormerSnapshot former(since_);
  remove_rows(rows);
  former.close();
}

uint64_t CompanyRemoval::count_rows(TableIndex index) const {
  return std::stoull(
      one_value(query("SELECT count(*) FROM " + from_table(live_.table(index)) + " AS t WHERE " +
                          owned_by(live_.schema, live_.scope, index, "t", "$1"),
                      {company_.arg()})));
}

// By what references know the rows of a table, where each of them has to be looked up.
std::vector<const Column*> CompanyRemoval::known_columns(TableIndex index) const {
  std::set<int16_t> numbers = declared_.columns_of(index);
  for (const ForeignKey& key : live_.schema.foreign_keys) {
    if (key.target != index || referred_.asks(key.table)) continue;
    numbers.insert(key.target_columns.begin(), key.target_columns.end());
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
  FormerSnapshot former(since_);
  for (const TableRows& rows : rows_) {
    if (removal_ == Removal::kOfSnapshot || !is_complete(*rows.scoped)) refuse_added(rows);
  }
  find_referred();
  former.close();
  outside_.settle(nullptr);
  declared_.settle();
}

// Can nobody have added a row since its turn? Its routes are foreign keys to rows that were gone.
bool CompanyRemoval::is_complete(const ScopedTable& scoped) const {
  if (scoped.table == live_.scope.company_table) return true;
  const auto position = [&](TableIndex table) {
    return std::find_if(rows_.begin(), rows_.end(),
                        [&](const TableRows& rows) { return rows.scoped->table == table; });
  };
  const auto own = position(scoped.table);
  return scoped.own_steps.empty() &&
         std::all_of(scoped.routes.begin(), scoped.routes.end(), [&](const RouteStep& step) {
           return step.kind != RouteStep::Kind::kUp && position(step.target) < own &&
                  foreign_key_of(live_.schema, scoped, step) != nullptr;
         });
}

// Tables whose rows live elsewhere have been looked at: a snapshot of ours says nothing of them.
void CompanyRemoval::refuse_added(const TableRows& rows) const {
  const Table& table = live_.table(rows.scoped->table);
  if (table.foreign || count_rows(rows.scoped->table) == rows.removed) return;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: somebody else changed rows of the company in table " +
                  quoted_display(display_table(table)))
      .hint("Try again.");
}

// Rows that refer to the company's by a foreign key which makes them the company's are not outside.
bool CompanyRemoval::is_way(const ForeignKey& key) const {
  const ScopedTable* scoped = live_.scope.find(key.table);
  return !is_kept(key.table) &&
         std::any_of(scoped->routes.begin(), scoped->routes.end(), [&](const RouteStep& step) {
           return step.kind != RouteStep::Kind::kUp && step.name == key.name &&
                  step.when_column == 0;
         });
}

void CompanyRemoval::find_referred() {
  for (const ForeignKey& key : live_.schema.foreign_keys) {
    const ScopedTable* target = live_.scope.find(key.target);
    if (target == nullptr || !target->owned() || is_kept(key.target)) continue;
    if (!referred_.asks(key.table) || is_way(key)) continue;
    check_for_interrupts();
    const Table& source = live_.table(key.table);
    const Table& to = live_.table(key.target);
    std::string join = "true" + only_in(key.only_partition, "r") + only_in(key.only_target, "s");
    for (size_t i = 0; i < key.columns.size(); ++i) {
      join += " AND " + column_sql("s", column_of(to, key.target_columns[i])) + " " +
              key.operators[i] + " " + column_sql("r", column_of(source, key.columns[i]));
    }
    referred_.find(
        key.table, key.target, key.target_columns, join,
        [&](const std::vector<const Column*>& columns, const std::vector<RowValue>& row) {
          outside_.lost(key.target, columns, row);
        });
  }
  declared_.find_referred();
}

std::multimap<TableIndex, std::string> CompanyRemoval::foresee() {
  find_referred();
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
