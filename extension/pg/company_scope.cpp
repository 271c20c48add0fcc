#include "pg/company_scope.hpp"

#include <algorithm>

#include "core/sql.hpp"
#include "pg/catalog.hpp"
#include "pg/compat.hpp"
#include "pg/foreign_code.hpp"
#include "pg/module.hpp"
#include "pg/partitions.hpp"
#include "pg/rules.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedFindings = 30;

std::vector<Oid> scope_oids(const LiveScope& live) {
  std::vector<Oid> oids;
  for (const ScopedTable& scoped : live.scope.tables) oids.push_back(live.table(scoped.table).oid);
  std::sort(oids.begin(), oids.end());
  return oids;
}

std::vector<Oid> travelling_oids(const LiveScope& live) {
  std::vector<Oid> oids;
  for (const ScopedTable* scoped : live.travelling()) oids.push_back(live.table(scoped->table).oid);
  return oids;
}

// Everything a backup's queries are made from; differs when a table was altered.
std::string structure_of(const LiveScope& live) {
  std::string text;
  for (const ScopedTable& scoped : live.scope.tables) {
    const Table& table = live.table(scoped.table);
    text += std::to_string(table.oid) + table.schema + "." + table.name + scoped.treatment +
            scoped.route_text + ";";
    for (const Column& column : table.columns) text += column.name + " " + column.type + ",";
    for (int16_t number : scoped.key) text += std::to_string(number) + " ";
  }
  return text;
}

}  // namespace

std::vector<const ScopedTable*> LiveScope::travelling() const {
  std::vector<const ScopedTable*> result;
  for (const ScopedTable& scoped : scope.tables) {
    if (scoped.travels()) result.push_back(&scoped);
  }
  return result;
}

LiveScope load_live_scope() {
  LiveScope live;
  live.rules = load_rules();
  live.schema = load_schema();
  live.scope = discover_scope(live.schema, live.rules, functions_schema());
  return live;
}

void require_decided(const LiveScope& live) {
  if (!strict_scope || !live.scope.undecided()) return;
  std::string detail;
  size_t errors = 0;
  for (const Finding& finding : live.scope.findings) {
    if (finding.severity != "error") continue;
    if (++errors > kListedFindings) continue;
    if (!detail.empty()) detail += '\n';
    detail += finding.object + ": " + finding.problem;
  }
  if (errors > kListedFindings) {
    detail += "\nand " + std::to_string(errors - kListedFindings) + " more";
  }
  throw Error(sqlstate::kUndecided, "the scope of a company is undecided in " +
                                        std::to_string(errors) +
                                        (errors == 1 ? " place" : " places"))
      .detail(detail)
      .hint("SELECT * FROM " + functions_schema() +
            ".check_company_scope() gives, for each, the statement that settles it.");
}

Company resolve_company(const LiveScope& live, const Text& company) {
  if (!company) throw Error(sqlstate::kInvalidParameter, "company must not be null");
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  const auto unknown = [&] {
    return Error(sqlstate::kUnknownCompany, "company \"" + *company + "\" does not exist")
        .detail("No row of table " + quoted_display(display_table(table)) +
                " has this value in column \"" + key.name + "\".");
  };
  Company found;
  struct Input {
    Oid type;
    int32 modifier;
    Datum value;
  } input{};
  with_subtransaction(
      [&] {
        input = guarded([&] {
          Input result;
          Oid collation;
          get_atttypetypmodcoll(table.oid, key.number, &result.type, &result.modifier, &collation);
          // Not the domain's own input, which would run its CHECK constraints.
          result.type = getBaseTypeAndTypmod(result.type, &result.modifier);
          Oid function, parameter;
          getTypeInputInfo(result.type, &function, &parameter);
          result.value = OidInputFunctionCall(function, const_cast<char*>(company->c_str()),
                                              parameter, result.modifier);
          return result;
        });
      },
      [&](const CaughtError&) { throw unknown(); });
  found.key_type = input.type;
  found.key_value = input.value;
  const std::string& name = live.rules.settings.name_column;
  const Rows rows = query(
      "SELECT pg_catalog.concat(c." + quote_name(key.name) + "), " +
          (name.empty() ? "NULL" : "pg_catalog.concat(c." + quote_name(name) + ")") + " FROM " +
          from_table(table) + " AS c WHERE " + column_sql("c", key) + " " + key.equality + " $1",
      {found.arg()});
  if (rows.empty()) throw unknown();
  found.key = *rows[0][0];
  found.name = rows[0][1];
  // From now on the value as it stands in the row, not as the caller wrote it.
  found.key_value = guarded([&] {
    Oid function, parameter;
    getTypeInputInfo(found.key_type, &function, &parameter);
    return OidInputFunctionCall(function, const_cast<char*>(found.key.c_str()), parameter,
                                input.modifier);
  });
  return found;
}

PinnedSettings::PinnedSettings() {
  nest_level_ = guarded([] {
    static constexpr const char* kSettings[][2] = {
        {"DateStyle", "ISO, YMD"},
        {"IntervalStyle", "postgres"},
        {"TimeZone", "UTC"},
        {"extra_float_digits", "1"},
        {"bytea_output", "hex"},
        {"lc_monetary", "C"},
        {"xmloption", "content"},
        {"row_security", "off"},
        // chunks are written while rows are read, which a parallel plan forbids
        {"max_parallel_workers_per_gather", "0"}};
    const int level = NewGUCNestLevel();
    for (const auto& setting : kSettings) {
      set_config_option(setting[0], setting[1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                        0, false);
    }
    return level;
  });
}

void PinnedSettings::close() {
  guarded([this] { AtEOXact_GUC(true, nest_level_); });
}

void refuse_row_security(const LiveScope& live) {
  for (const ScopedTable& scoped : live.scope.tables) {
    const Table& table = live.table(scoped.table);
    const bool filtered =
        guarded([&] { return check_enable_rls(table.oid, InvalidOid, true) == RLS_ENABLED; });
    if (!filtered) continue;
    throw Error(sqlstate::kRowSecurity, "row-level security would hide rows of table " +
                                            quoted_display(display_table(table)) +
                                            " from this role")
        .detail("A backup made so would be incomplete without saying so.")
        .hint("Call through a SECURITY DEFINER function owned by a role with BYPASSRLS.");
  }
}

LiveScope lock_scope(LiveScope live) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    for (Oid oid : scope_oids(live)) {
      guarded([oid] { LockRelationOid(oid, AccessShareLock); });
    }
    lock_partitioned(scope_oids(live));
    LiveScope locked = load_live_scope();
    const bool same = structure_of(locked) == structure_of(live);
    live = std::move(locked);
    if (!same) continue;
    for (const ScopedTable& scoped : live.scope.tables) {
      if (live.table(scoped.table).foreign) refuse_code_of_types(live.table(scoped.table));
    }
    return live;
  }
  throw Error(sqlstate::kTableChanged, "the tables of the company keep changing their structure")
      .hint("Try again when no ALTER TABLE is running.");
}

void refuse_detaching(const LiveScope& live) {
  refuse_detaching(travelling_oids(live));
}

ReadSnapshot::ReadSnapshot() {
  guarded([] { PushActiveSnapshot(GetTransactionSnapshot()); });
}

// After the snapshot: a mark that it sees is seen here, too. One that is set later it does not see.
void ReadSnapshot::check_tables(const LiveScope& live) const {
  refuse_detaching(live);
  if (guarded([] { return IsolationUsesXactSnapshot(); })) check_age(live);
}

void ReadSnapshot::check_age(const LiveScope& live) const {
  refuse_detached(travelling_oids(live));
  std::vector<std::string> oids;
  for (Oid oid : scope_oids(live)) oids.push_back(std::to_string(oid));
  // What the snapshot knows as the table's file must be the file of today: rows of a rewritten
  // table are invisible to snapshots from before the rewrite.
  const std::string sql =
      "SELECT t.oid, c.relfilenode, c.oid::regclass FROM pg_class c, (SELECT oid FROM "
      "unnest($1::oid[]) o(oid) UNION SELECT p.relid FROM unnest($1::oid[]) o(oid), "
      "pg_partition_tree(o.oid) p) t WHERE c.oid = t.oid AND c.relkind = 'r'";
  for (const Row& row : query(sql, {text_array(oids)})) {
    const Oid oid = static_cast<Oid>(std::stoul(*row[0]));
    const Oid seen = static_cast<Oid>(std::stoul(*row[1]));
    const Oid now = guarded([oid] {
      Relation relation = relation_open(oid, AccessShareLock);
      const Oid number = file_number(relation);
      relation_close(relation, NoLock);
      return number;
    });
    if (seen == now) continue;
    throw Error(sqlstate::kStaleSnapshot,
                "table " + quoted_display(*row[2]) +
                    " was rewritten after this transaction's snapshot was taken")
        .detail("Its rows are invisible to the transaction; a backup would hold none of them.")
        .hint("Start a new transaction, or use READ COMMITTED.");
  }
}

void ReadSnapshot::close() {
  guarded([] { PopActiveSnapshot(); });
}

FreshSnapshot::FreshSnapshot() {
  guarded([] {
    CommandCounterIncrement();
    PushActiveSnapshot(GetLatestSnapshot());
  });
}

void FreshSnapshot::close() {
  guarded([] { PopActiveSnapshot(); });
}

}  // namespace company_backup
