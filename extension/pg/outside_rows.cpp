#include "pg/outside_rows.hpp"

#include <set>

#include "core/sql.hpp"
#include "pg/owner.hpp"
#include "pg/robust_plan.hpp"

namespace company_backup {

struct OutsideRows::Impl {
  const LiveScope& live;
  const Company& company;
  std::set<TableIndex> tables;  // that lost rows
};

OutsideRows::OutsideRows(const LiveScope& live, const Company& company)
    : impl_(new Impl{live, company, {}}) {}

OutsideRows::~OutsideRows() = default;

void OutsideRows::lost(TableIndex table, const std::vector<const Column*>&,
                       const std::vector<RowValue>&) {
  impl_->tables.insert(table);
}

void OutsideRows::settle(UndoWriter*) {
  std::string list;
  for (const ForeignKey& key : impl_->live.schema.foreign_keys) {
    if (!impl_->tables.contains(key.target)) continue;
    const Table& source = impl_->live.table(key.table);
    const Table& target = impl_->live.table(key.target);
    std::string join, given;
    for (size_t i = 0; i < key.columns.size(); ++i) {
      const std::string from = "s." + quote_name(column_of(source, key.columns[i]).name);
      given += (i > 0 ? " AND " : "") + from + " IS NOT NULL";
      join += (i > 0 ? " AND " : "") + column_sql("t", column_of(target, key.target_columns[i])) +
              " " + key.operators[i] + " " + from;
    }
    const ScopedTable* scoped = impl_->live.scope.find(key.table);
    if (scoped != nullptr && scoped->travels()) continue;
    AsOwnerOf owner(source.oid);
    const Rows rows = query_unestimated(
        "SELECT count(*) FROM " + from_table(source) + " AS s WHERE " + given +
            " AND NOT EXISTS (SELECT FROM " + from_table(target) + " AS t WHERE " + join + ")",
        {});
    if (*rows[0][0] == "0") continue;
    list += (list.empty() ? "" : "\n") + display_table(source) + ", " + key.name + ": " +
            *rows[0][0] + " rows";
  }
  if (list.empty()) return;
  throw Error(sqlstate::kIntegrity,
              "rows outside the backup refer to rows that the restore removes")
      .detail(list)
      .hint("Remove or change these rows first.");
}

void bring_back_outside_rows(const LiveScope&, int64_t) {}

}  // namespace company_backup
