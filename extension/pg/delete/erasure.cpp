#include "pg/delete/erasure.hpp"

#include <set>
#include <utility>

#include "core/scope/sql.hpp"
#include "pg/backup/company_origins.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/delete/declared_references.hpp"
#include "pg/delete/keyed_row.hpp"
#include "pg/delete/stored_rows.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/outside_rows.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

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
    keys_ = {{pick_key(live_.table(row_.table)), comparable_key(live_, row_)}};
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
                   line.parse(row.line);
                   note_keys(columns, line.values());
                   outside_.lost(row_.table, columns, line.values());
                   declared_.lost(row_.table, columns, line.values());
                   edits.remove(row.version);
                 });
    edits.finish();
    return found;
  }

  void settle() {
    outside_.settle(nullptr);
    declared_.settle();
  }

  // Its unique keys, the primary one first; to be called after run().
  const std::vector<RowKey>& keys() const { return keys_; }

  // Tables of which rows went or changed with it; to be called after settle().
  std::set<TableIndex> followed() const {
    std::set<TableIndex> tables;
    for (const auto& [table, rows] : outside_.followed()) tables.insert(table);
    for (const DeclaredReferences::Holders& held : declared_.holders()) {
      if (held.cleared > 0) tables.insert(held.reference->table);
    }
    return tables;
  }

 private:
  std::vector<const Column*> known_columns() const {
    std::set<int16_t> numbers = declared_.columns_of(row_.table);
    for (const ForeignKey& key : live_.schema.foreign_keys) {
      if (key.target == row_.table)
        numbers.insert(key.target_columns.begin(), key.target_columns.end());
    }
    for (const std::vector<int16_t>& key : exact_keys(live_.table(row_.table)))
      numbers.insert(key.begin(), key.end());
    return columns_of(live_.table(row_.table), {numbers.begin(), numbers.end()});
  }

  // An older backup may lack the columns of the key that the table has now.
  void note_keys(const std::vector<const Column*>& columns, const std::vector<RowValue>& values) {
    for (const std::vector<int16_t>& numbers : exact_keys(live_.table(row_.table))) {
      const std::vector<std::string> key = comparable_key(numbers, columns, values);
      if (!key.empty() && numbers != keys_[0].columns) keys_.push_back({numbers, key});
    }
  }

  const LiveScope& live_;
  const KeyedRow& row_;
  std::vector<RowKey> keys_;
  const OutsideWork work_{.deletes = true, .single = true};
  OutsideRows outside_;
  ReferredRows referred_;
  DeclaredReferences declared_;
};

// A revert would bring the row back, also one of another company that had it before.
void refuse_recorded(const LiveScope& live, const KeyedRow& row) {
  const std::optional<int64_t> restore = review_with(live, row);
  if (!restore) return;
  const std::string id = std::to_string(*restore);
  throw Error(sqlstate::kInReview, "restore " + id + " is in review")
      .detail("Its undo record has the row, or may have it: a revert would bring it back.")
      .hint("Keep or revert it first: keep_restore(" + id + ") or revert_restore(" + id + ").");
}

// Of a row that is gone already: restores that are at work may have it.
void exclude_restores() {
  if (lock_returns()) return;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: a restore that is at work may bring the row back")
      .hint("Try again when it has ended: company_jobs() lists what is at work.");
}

// Is it still the one that the guard was asked about?
void require_same_company(const LiveScope& live, const KeyedRow& row, const AskedCompany* asked) {
  const Text company = company_of(live, row, Access::kRead);
  if (asked == nullptr ? !company : company == asked->key()) return;
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: the row belongs to another company meanwhile")
      .hint("Try again.");
}

void require_right(const Table& table) {
  const Oid oid = table.oid;
  if (guarded([oid] { return pg_class_aclcheck(oid, GetUserId(), ACL_DELETE) == ACLCHECK_OK; }))
    return;
  throw Error(sqlstate::kInsufficientPrivilege,
              "permission denied for table " + quoted_display(display_table(table)))
      .detail("Erasing its rows takes DELETE on it.");
}

Arg oid_arg(const Table& table) {
  return Arg::datum(OIDOID, ObjectIdGetDatum(table.oid));
}

// What was told of the row in lists, and of the company's the contents of rows of tables of which
// some followed it.
void forget_problems(const LiveScope& live, const KeyedRow& row, const RowRemoval& removal,
                     std::optional<int64_t> company) {
  own_query(
      "DELETE FROM company_backup.restore_problem p USING company_backup.known_table k WHERE k.id "
      "= p.known_table AND k.relation = $1::oid AND p.row_key = $2",
      {oid_arg(live.table(row.table)), shown_key(row.key)}, Access::kWrite);
  for (const TableIndex table : removal.followed()) {
    own_query(
        "UPDATE company_backup.restore_problem p SET row_data = NULL FROM "
        "company_backup.known_table k WHERE k.id = p.known_table AND k.relation = $1::oid AND "
        "p.row_data IS NOT NULL AND ($2 IS NULL OR EXISTS (SELECT FROM company_backup.restore r "
        "WHERE r.id = p.restore AND r.owner = $2))",
        {oid_arg(live.table(table)), Arg::optional_number(company)}, Access::kWrite);
  }
}

// Errors of jobs may hold values of the row.
void forget_failures(std::optional<int64_t> company) {
  own_query(
      "UPDATE company_backup.job SET detail = NULL WHERE detail IS NOT NULL AND ($1 IS NULL OR "
      "owner = $1)",
      {Arg::optional_number(company)}, Access::kWrite);
}

}  // namespace

bool erase_row(LiveScope scope, const AskedCompany* asked, uint32_t table, const std::string& key,
               const Text& actor, const Text& reason) {
  Operation operation(std::move(scope), OperationKind::kDelete,
                      asked != nullptr ? std::optional(asked->key()) : std::nullopt);
  const LiveScope& live = operation.live();
  lock_erasures(asked != nullptr ? asked->key() : "");
  if (asked == nullptr) exclude_restores();
  operation.take_snapshot();
  Company company;
  Erasure erasure{.company = std::nullopt, .actor = actor, .reason = reason};
  if (asked != nullptr) {
    company = asked->resolve(live);
    erasure.company = make_identity(live, company);
    require_no_review(company.key, *erasure.company);
    refuse_missed_acts(company.key, *erasure.company);
  }
  const KeyedRow row = keyed_row(live, table, key);
  require_right(live.table(row.table));
  require_same_company(live, row, asked);
  refuse_recorded(live, row);
  RowRemoval removal(live, company, row);
  const bool found = removal.run();
  operation.close_snapshot();
  operation.look_again([&] { removal.settle(); });
  leave_tombstone(live.table(row.table), removal.keys(), erasure);
  forget_problems(live, row, removal, erasure.company);
  forget_failures(erasure.company);
  operation.close();
  return found;
}

namespace {

// The key of the company's own row.
std::vector<std::string> key_of_company(const LiveScope& live, const Company& company) {
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
  return values;
}

}  // namespace

void erase_company_row(const LiveScope& live, const Company& company, const Erasure& erasure) {
  const TableIndex index = live.scope.company_table;
  const Table& table = live.table(index);
  require_exact_key(table);
  const std::vector<int16_t> numbers = pick_key(table);
  const auto row_key = [&](const std::vector<std::string>& values) {
    return RowKey{numbers, comparable_key(live, KeyedRow{index, values})};
  };
  leave_tombstone(table, {row_key(key_of_company(live, company))}, erasure);
  if (numbers != std::vector<int16_t>{live.scope.company_key}) return;
  for (const std::string& former : former_keys(*erasure.company))
    leave_tombstone(table, {row_key({former})}, erasure);
  for (const CompanyOrigin& origin : origins_of(*erasure.company))
    leave_tombstone_of_origin(table, row_key({origin.key}), erasure, origin.database);
}

}  // namespace company_backup
