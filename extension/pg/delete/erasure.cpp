#include "pg/delete/erasure.hpp"

#include <algorithm>
#include <utility>

#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_text.hpp"
#include "core/text/table_name.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/delete/declared_references.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/outside_rows.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

std::vector<std::string> read_key(const Table& table, const std::vector<const Column*>& columns,
                                  const std::string& key) {
  if (columns.size() == 1) return {key};
  std::vector<std::string> values;
  for (const Row& row : query("SELECT v FROM json_array_elements_text($1::json) AS u(v)", {key})) {
    if (row[0]) values.push_back(*row[0]);
  }
  if (values.size() == columns.size()) return values;
  std::string names;
  for (const Column* column : columns)
    names += (names.empty() ? "" : ", ") + display_name(column->name);
  throw Error(sqlstate::kInvalidParameter, "the key of table " +
                                               quoted_display(display_table(table)) + " has " +
                                               std::to_string(columns.size()) + " columns")
      .hint("Give a JSON array of the values of " + names + ": '[\"1\", \"2\"]'.");
}

// Of rows `alias`; adds the values to `args`.
std::string has_key(const Table& table, const KeyedRow& row, const std::string& alias,
                    std::vector<Arg>& args) {
  std::string condition;
  const std::vector<const Column*> columns = columns_of(table, pick_key(table));
  for (size_t i = 0; i < columns.size(); ++i) {
    args.push_back(typed_value(*columns[i], row.key[i]));
    condition += (i > 0 ? " AND " : "") + column_sql(alias, *columns[i]) + " " +
                 columns[i]->equality + " $" + std::to_string(args.size());
  }
  return condition;
}

// A row that goes, and what refers to it.
class RowRemoval {
 public:
  RowRemoval(const LiveScope& live, const Company& company, const KeyedRow& row)
      : live_(live),
        row_(row),
        outside_(live, company, work_),
        referred_(live, company, work_),
        declared_(live, company, work_, referred_) {}

  // Was it there?
  bool run() {
    const Table& table = live_.table(row_.table);
    const std::vector<const Column*> columns = known_columns();
    std::vector<Arg> args;
    const std::string condition = has_key(table, row_, "s", args);
    RowLine line(row_columns(columns));
    bool found = false;
    TableEdits edits(table.oid, display_table(table));
    read_current(query_rows(table, columns, condition, args), nullptr,
                 [&](const CurrentRow& row, uint32_t) {
                   found = true;
                   if (!columns.empty()) {
                     line.parse(row.line);
                     outside_.lost(row_.table, columns, line.values());
                     declared_.lost(row_.table, columns, line.values());
                   }
                   edits.remove(row.version);
                 });
    edits.finish();
    return found;
  }

  void settle() {
    outside_.settle(nullptr);
    declared_.settle();
  }

 private:
  std::vector<const Column*> known_columns() const {
    std::set<int16_t> numbers = declared_.columns_of(row_.table);
    for (const ForeignKey& key : live_.schema.foreign_keys) {
      if (key.target == row_.table)
        numbers.insert(key.target_columns.begin(), key.target_columns.end());
    }
    return columns_of(live_.table(row_.table), {numbers.begin(), numbers.end()});
  }

  const LiveScope& live_;
  const KeyedRow& row_;
  const OutsideWork work_{.deletes = true, .single = true};
  OutsideRows outside_;
  ReferredRows referred_;
  DeclaredReferences declared_;
};

// Of a row that is gone nobody knows whose it was.
void refuse_any_review() {
  const Rows rows =
      own_query("SELECT id FROM company_backup.restore WHERE status = 'review' ORDER BY id", {},
                Access::kWrite);
  if (rows.empty()) return;
  throw Error(sqlstate::kInReview, "restore " + *rows[0][0] + " is in review")
      .detail("The row is gone already, so that any restore may have it in its undo record.")
      .hint("Keep or revert it first: keep_restore(" + *rows[0][0] + ") or revert_restore(" +
            *rows[0][0] + ").");
}

// What was told of the row in lists.
void forget_problems(const Table& table, const KeyedRow& row) {
  own_query(
      "DELETE FROM company_backup.restore_problem p USING company_backup.known_table k WHERE k.id "
      "= p.known_table AND k.relation = $1::oid AND p.row_key = $2",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid)), shown_key(row.key)}, Access::kWrite);
}

}  // namespace

KeyedRow keyed_row(const LiveScope& live, uint32_t oid, const std::string& key) {
  const auto& tables = live.schema.tables;
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const Table& one) { return one.oid == oid; });
  const auto index = static_cast<TableIndex>(found - tables.begin());
  const ScopedTable* scoped = found == tables.end() ? nullptr : live.scope.find(index);
  if (scoped == nullptr || !scoped->owned() || found->foreign) {
    throw Error(sqlstate::kInvalidParameter, "rows of this table belong to no company")
        .hint(
            "company_scope() lists the tables whose rows do; those of foreign tables are left "
            "to their server.");
  }
  const std::vector<const Column*> columns = columns_of(*found, pick_key(*found));
  if (columns.empty()) {
    throw Error(sqlstate::kInvalidParameter,
                "rows of table " + quoted_display(display_table(*found)) + " have no key")
        .hint("Give the table a primary key.");
  }
  KeyedRow row{index, read_key(*found, columns, key)};
  for (size_t i = 0; i < columns.size(); ++i) row.key[i] = canonical_text(*columns[i], row.key[i]);
  return row;
}

Text company_of(const LiveScope& live, const KeyedRow& row) {
  const Table& table = live.table(row.table);
  const Table& companies = live.table(live.scope.company_table);
  const Column& key = column_of(companies, live.scope.company_key);
  std::vector<Arg> args;
  const std::string condition = has_key(table, row, "t", args);
  const Rows rows = query(
      "SELECT " + as_text(column_sql("c", key), key) + " FROM " + from_table(companies) +
          " AS c WHERE EXISTS (SELECT FROM " + from_table(table) + " AS t WHERE " + condition +
          " AND " + owned_by(live.schema, live.scope, row.table, "t", column_sql("c", key)) + ")",
      args, Access::kWrite);
  return rows.empty() ? Text() : rows[0][0];
}

bool erase_row(LiveScope scope, const AskedCompany* asked, uint32_t table, const std::string& key,
               const Text& actor, const Text& reason) {
  Operation operation(std::move(scope), OperationKind::kDelete,
                      asked != nullptr ? std::optional(asked->key()) : std::nullopt);
  const LiveScope& live = operation.live();
  lock_erasures(asked != nullptr ? asked->key() : "");
  operation.take_snapshot();
  Company company;
  Erasure erasure{.company = std::nullopt, .actor = actor, .reason = reason};
  if (asked != nullptr) {
    company = asked->resolve(live);
    erasure.company = make_identity(live, company);
    require_no_review(company.key, *erasure.company);
    refuse_missed_acts(company.key, *erasure.company);
  } else {
    refuse_any_review();
  }
  const KeyedRow row = keyed_row(live, table, key);
  RowRemoval removal(live, company, row);
  const bool found = removal.run();
  operation.close_snapshot();
  operation.look_again([&] { removal.settle(); });
  leave_tombstone(live.table(row.table), row.key, erasure);
  forget_problems(live.table(row.table), row);
  operation.close();
  return found;
}

void erase_company_row(const LiveScope& live, const Company& company, const Erasure& erasure) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  std::string list;
  for (const Column* column : columns_of(table, pick_key(table)))
    list += (list.empty() ? "" : ", ") + as_text(column_sql("c", *column), *column);
  const Row row = one_row(query("SELECT " + list + " FROM " + from_table(table) + " AS c WHERE " +
                                    column_sql("c", key) + " " + key.equality + " $1",
                                {company.arg()}));
  std::vector<std::string> values;
  for (const Text& value : row) values.push_back(*value);
  leave_tombstone(table, values, erasure);
}

bool holds_row(const LiveScope& live, const StoredBackup& backup, const KeyedRow& row) {
  const Table& table = live.table(row.table);
  FittedArchive archive(live, backup, DriftPolicy::kCompare);
  const std::vector<ManifestTable>& tables = archive.manifest().tables;
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const ManifestTable& one) {
    return one.name == encode_table_name(table.schema, table.name);
  });
  if (found == tables.end()) return false;
  std::vector<const Column*> columns;
  for (const ManifestColumn& column : found->columns)
    columns.push_back(find_column(table, column.name));
  const std::vector<int16_t> key = pick_key(table);
  std::vector<std::string> wanted;
  for (size_t i = 0; i < key.size(); ++i)
    wanted.emplace_back(in_form(key_form(column_of(table, key[i])), row.key[i]));
  RowLine line(row_columns(columns));
  const auto lines =
      archive.source().lines(false, static_cast<size_t>(found - tables.begin()), *found);
  for (std::string_view text; lines->next(text);) {
    line.parse(text);
    if (comparable_key(key, columns, line.values()) == wanted) return true;
  }
  return false;
}

}  // namespace company_backup
