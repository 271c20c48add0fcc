#include "pg/check/integrity.hpp"

#include <string>
#include <utility>
#include <vector>

#include "core/scope/column_roots.hpp"
#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr const char* kListedViolations = "5";

// The values of one reference, column by column; a key is one position in all of them.
using Keys = std::vector<std::vector<std::string>>;

size_t count(const Keys& keys) {
  return keys.empty() ? 0 : keys[0].size();
}

class Proof {
 public:
  // `written`: see RowOrigin.
  Proof(const LiveScope& live, const Company& company, const Reference& reference,
        const std::optional<WrittenRows>& written = {})
      : live_(live),
        company_(company),
        reference_(reference),
        source_(live.table(reference.table)),
        target_(live.table(reference.target)),
        is_written_(written ? written->condition(source_, "s") : "") {}

  // From here on nothing is refused, but told of.
  using Found = std::function<void(const UnprovedRow&)>;
  void tell(const WrittenRows& since, Found found) {
    since_ = since.condition(source_, "s");
    found_ = std::move(found);
  }
  uint64_t told() const { return told_; }

  // Rows of the target that stand as they were, and that rows written by this transaction refer to.
  void lock_own_targets() const {
    const Arg writer = Arg::datum(
        XIDOID, guarded([] { return TransactionIdGetDatum(GetCurrentTransactionId()); }));
    Cursor written("SELECT DISTINCT " + column_list() + own_rows() + " AND " + not_null() +
                       " AND s.xmin = $2 AND " + no_target("t.xmin = $2"),
                   {company_.arg(), writer});
    for (Rows rows = written.fetch(kKeysPerLookup); !rows.empty();
         rows = written.fetch(kKeysPerLookup)) {
      const Keys keys = to_keys(rows);
      lock_some(keys, 0, count(keys));
    }
    written.close();
  }

  void run(const RowOrigin& origin, const ColumnRoots& roots) {
    if (reference_.match == 'f') refuse_half_null();
    const ScopedTable* scoped = live_.scope.find(reference_.target);
    if (scoped == nullptr || !scoped->owned()) {
      lock(distinct_keys("true"));
      return;
    }
    const std::string acceptable = acceptable_outside(*scoped, origin, roots);
    refuse_keys(distinct_keys(no_target("(" + own_target() + " OR " + acceptable + ")")));
    if (!scoped->travels()) {
      if (!origin.same_database && !is_translated(roots)) refuse_keys(distinct_keys("true"));
      lock(distinct_keys("true"));
    } else if (acceptable != "false") {
      lock(distinct_keys(no_target(own_target())));
    }
  }

 private:
  std::string own_target() const {
    return owned_by(live_.schema, live_.scope, reference_.target, "t", "$1");
  }

  // Rows of the target that are not the company's, but may be referred to.
  std::string acceptable_outside(const ScopedTable& target, const RowOrigin& origin,
                                 const ColumnRoots& roots) const {
    const bool stays = target.travels() || origin.same_company;
    // 'null' is for rows of archives; rows that a restore left as they are may still lead outside.
    if (origin.same_database && reference_.outside != OutsidePolicy::kRefuse && stays)
      return "true";
    // A key that its rule lets lead to another company may mean anything here.
    const bool known = is_translated(roots) && reference_.outside == OutsidePolicy::kRefuse;
    if (!origin.same_database && !known) return "false";
    return belongs_to_nobody(live_.schema, live_.scope, target.table, "t");
  }

  // No row of the target for which `condition` holds is referred to.
  std::string no_target(const std::string& condition) const {
    return "NOT EXISTS (SELECT FROM " + from_table(target_) + " AS t WHERE " +
           reference_join(live_.schema, reference_, "s", "t") + " AND " + condition + ")";
  }

  // Do all columns hold keys that were translated into those of this database?
  bool is_translated(const ColumnRoots& roots) const {
    for (int16_t number : reference_.columns) {
      if (roots.of(reference_.table, number).empty()) return false;
    }
    return true;
  }

  std::string from_source() const {
    if (reference_.only_partition == 0) return from_table(source_) + " AS s";
    const Oid partition = reference_.only_partition;
    return one_value(
               query("SELECT $1::regclass", {Arg::datum(OIDOID, ObjectIdGetDatum(partition))})) +
           " AS s";
  }

  std::string column(size_t i) const {
    return "s." + quote_name(column_of(source_, reference_.columns[i]).name);
  }

  // `between` every two of what `each` says of the reference's columns.
  template <class Each>
  std::string list(const char* between, Each&& each) const {
    std::string text;
    for (size_t i = 0; i < reference_.columns.size(); ++i) text += (i ? between : "") + each(i);
    return text;
  }

  std::string own_rows() const {
    return " FROM " + from_source() + " WHERE " +
           owned_by(live_.schema, live_.scope, reference_.table, "s", "$1") + is_written_;
  }

  std::string not_null() const {
    return list(" AND ", [this](size_t i) { return column(i) + " IS NOT NULL"; });
  }

  std::string column_list() const {
    return list(", ", [this](size_t i) { return column(i); });
  }

  Keys to_keys(const Rows& rows) const {
    Keys keys(reference_.columns.size());
    for (const Row& row : rows) {
      for (size_t i = 0; i < keys.size(); ++i) keys[i].push_back(*row[i]);
    }
    return keys;
  }

  Keys distinct_keys(const std::string& condition) const {
    return to_keys(query_unestimated("SELECT DISTINCT " + column_list() + own_rows() + " AND " +
                                         not_null() + " AND " + condition,
                                     {company_.arg()}));
  }

  // MATCH FULL: all columns are NULL, or none.
  void refuse_half_null() const {
    const std::string nulls = list(" OR ", [this](size_t i) { return column(i) + " IS NULL"; });
    const std::string values =
        list(" OR ", [this](size_t i) { return column(i) + " IS NOT NULL"; });
    report(" AND (" + nulls + ") AND (" + values + ")", {company_.arg()});
  }

  void refuse_keys(const Keys& keys) const {
    if (count(keys) == 0) return;
    std::vector<std::string> arrays;
    for (const std::vector<std::string>& values : keys) arrays.push_back(text_array(values));
    std::vector<Arg> args{company_.arg()};
    for (const std::string& array : arrays) args.emplace_back(array);
    report(" AND (" +
               list(", ", [this](size_t i) { return "pg_catalog.concat(" + column(i) + ")"; }) +
               ") IN (SELECT * FROM unnest(" +
               list(", ", [](size_t i) { return "$" + std::to_string(i + 2) + "::text[]"; }) + "))",
           args);
    if (found_) return;
    // The rows were there a moment ago, in this transaction.
    throw Error(sqlstate::kInternal, "rows of a reference vanished");
  }

  void tell_of(const std::string& condition, const std::vector<Arg>& args) const {
    const std::vector<int16_t>& key = live_.scope.find(reference_.table)->key;
    std::string sql = "SELECT (true" + since_ + ")";
    for (const std::vector<int16_t>* const numbers : {&key, &reference_.columns}) {
      for (const int16_t number : *numbers) {
        const Column& column = column_of(source_, number);
        sql += ", " + as_text(column_sql("s", column), column);
      }
    }
    Cursor rows(sql + own_rows() + condition, args);
    for (Rows some = rows.fetch(kKeysPerLookup); !some.empty(); some = rows.fetch(kKeysPerLookup)) {
      for (const Row& row : some) {
        UnprovedRow unproved{reference_, *row[0] == "t", {}, {}};
        for (size_t i = 0; i < key.size(); ++i) unproved.key.push_back(row[1 + i].value_or(""));
        for (size_t i = 1 + key.size(); i < row.size(); ++i)
          unproved.leads_to.push_back(row[i].value_or(""));
        ++told_;
        found_(unproved);
      }
    }
    rows.close();
  }

  // Throws if there are rows for which `condition` holds.
  void report(const std::string& condition, const std::vector<Arg>& args) const {
    if (found_) return tell_of(condition, args);
    const ScopedTable& scoped = *live_.scope.find(reference_.table);
    std::string key;
    for (int16_t number : scoped.key) {
      key += (key.empty() ? "s." : ", s.") + quote_name(column_of(source_, number).name);
    }
    const Rows rows = query_unestimated(
        "SELECT count(*) OVER (), concat_ws(', '" + (key.empty() ? ", s" : ", " + key) +
            "), concat_ws(', ', " +
            list(", ",
                 [this](size_t i) {
                   return "CASE WHEN " + column(i) + " IS DISTINCT FROM NULL THEN concat(" +
                          column(i) + ") ELSE 'null' END";
                 }) +
            ")" + own_rows() + condition + " LIMIT " + kListedViolations,
        args);
    if (rows.empty()) return;
    std::string columns;
    for (int16_t number : reference_.columns) {
      columns += (columns.empty() ? "" : ", ") + column_of(source_, number).name;
    }
    std::string detail = "Table " + quoted_display(display_table(target_)) +
                         " has no such row for (" + columns + ") of " + *rows[0][0] +
                         (*rows[0][0] == "1" ? " row:" : " rows:");
    for (const Row& row : rows) detail += "\nrow (" + *row[1] + ") refers to (" + *row[2] + ")";
    throw Error(sqlstate::kIntegrity, "reference \"" + reference_.name + "\" of table " +
                                          quoted_display(display_table(source_)) + " leads nowhere")
        .detail(std::move(detail))
        .hint(hint());
  }

  std::string hint() const {
    const ScopedTable* target = live_.scope.find(reference_.target);
    if (target == nullptr || target->travels() || !target->owned()) {
      return "A row of another company does not count, unless set_reference(..., outside => "
             "'keep') allows it.";
    }
    const std::string stays =
        "Rows of table " + quoted_display(display_table(target_)) + " do not travel. ";
    if (all_not_null(source_, reference_.columns)) {
      return stays +
             "Rows that need them cannot be restored elsewhere: exclude these, too, or let both "
             "tables travel (set_table_rule()).";
    }
    return stays + "The reference can be NULL where its row is missing: " +
           Statements(functions_schema()).without_excluded(source_, target_, reference_).text;
  }

  void lock(const Keys& keys) const {
    Keys missing(keys.size());
    for (size_t start = 0; start < count(keys); start += kKeysPerLookup) {
      const size_t end = std::min(count(keys), start + kKeysPerLookup);
      const std::vector<bool> found = lock_some(keys, start, end);
      for (size_t n = start; n < end; ++n) {
        if (found[n - start]) continue;
        for (size_t i = 0; i < keys.size(); ++i) missing[i].push_back(keys[i][n]);
      }
    }
    refuse_keys(missing);
  }

  // Locks the rows that keys [start, end) lead to; says which of them, from start on, did.
  std::vector<bool> lock_some(const Keys& keys, size_t start, size_t end) const {
    KeyBatch batch(columns_of(source_, reference_.columns));
    for (size_t n = start; n < end; ++n) {
      std::vector<std::string> key;
      for (const std::vector<std::string>& values : keys) key.push_back(values[n]);
      batch.add(key_line(key));
    }
    return find_keys({target_, reference_.target_columns, reference_.operators}, batch,
                     RowLock::kKeyShare);
  }

  const LiveScope& live_;
  const Company& company_;
  const Reference& reference_;
  const Table& source_;
  const Table& target_;
  const std::string is_written_;
  std::string since_;
  Found found_;  // empty: what is not proved is an error
  mutable uint64_t told_ = 0;
};

// Is it what makes rows the company's? Its key is then in that column, and its row is there.
bool is_whole_route(const Scope& scope, const Reference& reference) {
  const std::vector<RouteStep>& routes = scope.find(reference.table)->routes;
  return reference.target == scope.company_table && reference.columns.size() == 1 &&
         reference.target_columns[0] == scope.company_key && routes.size() == 1 &&
         routes[0].kind == RouteStep::Kind::kCompany && routes[0].columns == reference.columns;
}

}  // namespace

void lock_own_targets(const LiveScope& live, const Company& company,
                      const std::function<bool(const Reference&)>& wanted) {
  for (const Reference& reference : live.scope.references) {
    if (reference.soft || !wanted(reference)) continue;
    Proof(live, company, reference).lock_own_targets();
  }
}

uint64_t find_unproved(const LiveScope& live, const Company& company, const RowOrigin& origin,
                       const WrittenRows& since,
                       const std::function<bool(const Reference&)>& wanted,
                       const std::function<void(const UnprovedRow&)>& found) {
  const ColumnRoots roots(live.schema, live.scope);
  uint64_t count = 0;
  for (const Reference& reference : live.scope.references) {
    if (reference.soft || is_whole_route(live.scope, reference) || !wanted(reference)) continue;
    Proof proof(live, company, reference, origin.written);
    proof.tell(since, found);
    proof.run(origin, roots);
    count += proof.told();
  }
  return count;
}

void prove_references(const LiveScope& live, const Company& company, const RowOrigin& origin,
                      const std::function<bool(const Reference&)>& wanted) {
  const ColumnRoots roots(live.schema, live.scope);
  for (const Reference& reference : live.scope.references) {
    if (reference.soft || is_whole_route(live.scope, reference)) continue;
    if (wanted && !wanted(reference)) continue;
    Proof(live, company, reference, origin.written).run(origin, roots);
  }
}

}  // namespace company_backup
