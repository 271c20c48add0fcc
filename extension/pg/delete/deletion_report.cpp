#include "pg/delete/deletion_report.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/scope/sql.hpp"
#include "core/text/json_text.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/owner.hpp"

namespace company_backup {
namespace {

constexpr const char* kRemoved = "removed";
constexpr const char* kChanged = "changed";
constexpr const char* kKept = "kept";
constexpr const char* kForgotten = "forgotten";
constexpr const char* kLeft = "left";

// Columns of any table that hold keys of companies, with why they do.
using KeyColumnsOfCompany = std::map<std::pair<TableIndex, int16_t>, std::string>;

bool is_scope_column(const LiveScope& live, const Column& column) {
  const std::vector<std::string>& names = live.rules.settings.scope_columns;
  const Column& key = column_of(live.table(live.scope.company_table), live.scope.company_key);
  return std::find(names.begin(), names.end(), column.name) != names.end() &&
         same_values(column.family, key.family);
}

KeyColumnsOfCompany key_columns(const LiveScope& live) {
  KeyColumnsOfCompany columns;
  for (const ForeignKey& key : live.schema.foreign_keys) {
    if (key.target != live.scope.company_table) continue;
    for (size_t i = 0; i < key.columns.size(); ++i) {
      if (key.target_columns[i] != live.scope.company_key) continue;
      columns.emplace(std::pair{key.table, key.columns[i]},
                      "foreign key " + display_name(key.name));
    }
  }
  for (const auto* references : {&live.scope.references, &live.scope.aside_references}) {
    for (const Reference& reference : *references) {
      if (reference.target != live.scope.company_table || !reference.json_path.empty() ||
          reference.path || is_list(live.schema, reference)) {
        continue;
      }
      for (size_t i = 0; i < reference.columns.size(); ++i) {
        if (reference.target_columns[i] != live.scope.company_key) continue;
        columns.emplace(std::pair{reference.table, reference.columns[i]}, "declared reference");
      }
    }
  }
  for (size_t table = 0; table < live.schema.tables.size(); ++table) {
    for (const Column& column : live.schema.tables[table].columns) {
      if (!is_scope_column(live, column)) continue;
      columns.emplace(std::pair{static_cast<TableIndex>(table), column.number}, "scope column");
    }
  }
  return columns;
}

uint64_t rows_with_key(const LiveScope& live, const Company& company, TableIndex index,
                       int16_t number) {
  const Table& table = live.table(index);
  const Column& column = column_of(table, number);
  const Column& key = column_of(live.table(live.scope.company_table), live.scope.company_key);
  const std::string value = column_sql("t", column);
  const std::string equality = common_equality(column, key);
  const AsOwnerOf owner(table.oid);
  return std::stoull(
      one_value(query("SELECT count(*) FROM " + from_table(table) + " AS t WHERE " +
                          (equality.empty() ? as_text(value, column) + " OPERATOR(pg_catalog.=) $1"
                                            : value + " " + equality + " $1"),
                      {equality.empty() ? Arg(company.key) : company.arg()})));
}

}  // namespace

void DeletionReport::add(const char* what, const std::string& object, uint64_t count,
                         const std::string& note) {
  lines_ += lines_.empty() ? "[" : ",[";
  append_json_string(lines_, what);
  append_json_string(lines_ += ",", object);
  lines_ += "," + std::to_string(count) + ",";
  append_json_string(lines_, note);
  lines_ += "]";
}

void report_rows(const LiveScope& live, const CompanyRemoval& removal, DeletionReport& report) {
  for (const CompanyRemoval::TableRows& rows : removal.tables()) {
    report.add(kRemoved, display_table(live.table(rows.scoped->table)), rows.removed,
               "rows of the company");
  }
  for (const CompanyRemoval::KeptRows& rows : removal.kept()) {
    report.add(kKept, display_table(live.table(rows.scoped->table)), rows.rows, rows.reason);
  }
  for (const auto& [table, followed] : removal.followed()) {
    const std::string name = display_table(live.table(table));
    if (followed.removed > 0)
      report.add(kRemoved, name, followed.removed, "rows of others, by ON DELETE CASCADE");
    if (followed.changed > 0)
      report.add(kChanged, name, followed.changed,
                 "rows of others, by ON DELETE SET NULL or SET DEFAULT");
  }
  for (const DeclaredReferences::Holders& holders : removal.holders()) {
    if (holders.cleared == 0) continue;
    report.add(kChanged, display_table(live.table(holders.reference->table)), holders.cleared,
               "rows of others, in which " + holders.reference->name + " became null");
  }
}

void report_stored(const std::vector<StoredThings>& things, DeletionReport& report) {
  for (const StoredThings& one : things) {
    if (one.count > 0) report.add(kForgotten, one.table, one.count, "what was stored");
  }
}

void report_left(const LiveScope& live, const Company& company, const CompanyRemoval& removal,
                 DeletionReport& report) {
  FreshSnapshot fresh;
  // settle() has found no more.
  for (const CompanyRemoval::TableRows& rows : removal.tables()) {
    report.add(kLeft, display_table(live.table(rows.scoped->table)), 0,
               "by its route: " + rows.scoped->route_text);
  }
  for (const auto& [column, why] : key_columns(live)) {
    check_for_interrupts();
    const Table& table = live.table(column.first);
    if (table.foreign) continue;
    const bool kept = removal.is_kept(column.first);
    report.add(kLeft,
               display_table(table) + "." + display_name(column_of(table, column.second).name),
               rows_with_key(live, company, column.first, column.second),
               "holds the company's key: " + why + (kept ? "; its rows are kept" : ""));
  }
  for (const DeclaredReferences::Holders& holders : removal.holders()) {
    const Reference& reference = *holders.reference;
    const bool keeps = reference.outside == OutsidePolicy::kKeep;
    report.add(kLeft, display_table(live.table(reference.table)) + ", " + reference.name,
               keeps ? holders.rows : 0,
               "declared reference to " + display_table(live.table(reference.target)) +
                   (keeps ? ", kept by its rule" : ""));
  }
  fresh.close();
}

}  // namespace company_backup
