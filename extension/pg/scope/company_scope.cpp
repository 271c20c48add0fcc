#include "pg/scope/company_scope.hpp"

#include <algorithm>
#include <set>

#include "core/scope/discovery.hpp"
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/module.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/pinned_settings.hpp"
#include "pg/base/rehearsal.hpp"
#include "pg/base/value_input.hpp"
#include "pg/scope/catalog.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/partitions.hpp"
#include "pg/scope/rules.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedFindings = 30;

std::vector<Oid> scope_oids(const LiveScope& live) {
  std::vector<Oid> oids;
  for (const ScopedTable& scoped : live.scope.tables) oids.push_back(live.table(scoped.table).oid);
  std::sort(oids.begin(), oids.end());
  return oids;
}

std::vector<Oid> oids_of(const LiveScope& live, TablesOf which) {
  std::vector<Oid> oids;
  for (const ScopedTable* scoped : live.tables(which)) {
    oids.push_back(live.table(scoped->table).oid);
  }
  return oids;
}

// Everything a backup's queries are made from; differs when a table was altered.
std::string structure_of(const LiveScope& live) {
  std::string text;
  for (const ScopedTable& scoped : live.scope.tables) {
    const Table& table = live.table(scoped.table);
    text += std::to_string(table.oid) + table.schema + "." + table.name +
            to_text(scoped.treatment) + scoped.route_text + ";";
    for (const Column& column : table.columns) text += column.name + " " + column.type + ",";
    for (int16_t number : scoped.key) text += std::to_string(number) + " ";
  }
  return text;
}

}  // namespace

std::vector<const ScopedTable*> LiveScope::tables(TablesOf which) const {
  std::vector<const ScopedTable*> result;
  for (const ScopedTable& scoped : scope.tables) {
    const bool owned = which == TablesOf::kCompanies && scoped.owned() && !scoped.routes.empty();
    if (scoped.travels() || owned) result.push_back(&scoped);
  }
  return result;
}

std::vector<const ScopedTable*> LiveScope::travelling() const {
  return tables(TablesOf::kTravelling);
}

namespace {

void require_followed(LiveScope& live) {
  if (is_rehearsed() || are_companies_followed()) return;
  const Table& table = live.table(live.scope.company_table);
  live.scope.findings.insert(
      live.scope.findings.begin(),
      {Severity::kError, display_table(table),
       "nothing tells when a company is deleted, so its backups could become those of another one "
       "that takes its key: triggers \"!company_backup_follow\" are missing, or are or were not "
       "enabled ALWAYS, or ALTER TABLE has rewritten keys, or a partition with companies is gone",
       Statements(functions_schema()).company_table(table, live.rules.settings)});
}

// While two rows may have one key, it does not say which company is meant.
void require_immediate_key(LiveScope& live) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  const auto indexes = [&](const char* which) {
    return !query(std::string("SELECT FROM pg_index WHERE indrelid = $1 AND indisunique AND "
                              "indisvalid AND indpred IS NULL AND indnkeyatts = 1 AND indkey[0] = "
                              "$2 AND ") +
                      which,
                  {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid)), int{key.number}})
                .empty();
  };
  if (indexes("indimmediate") || !indexes("NOT indimmediate")) return;
  live.scope.findings.push_back(
      {Severity::kError, display_table(table) + "." + display_name(key.name),
       "the key of companies is unique only by a DEFERRABLE constraint: for a while two companies "
       "can have one key",
       "ALTER TABLE " + display_table(table) + " ADD UNIQUE (" + display_name(key.name) + ");"});
}

std::string path_text(std::vector<std::string> schemas) {
  if (schemas.empty()) return {};
  // Else a session's own temporary objects would come first.
  if (std::find(schemas.begin(), schemas.end(), "pg_temp") == schemas.end()) {
    schemas.push_back("pg_temp");
  }
  return name_list(schemas);
}

// The schemas of a path, in its order ("$user": those that are called as a role), and for whose
// code they are good: `owners`, besides superusers; for nobody's if this is NULL, for everybody's
// if only superusers may create objects there. Who may: the schema's owner, whoever was granted
// CREATE, and all that are members of these. Members of an owner may act as he anyhow.
constexpr const char* kPlaces = R"(
WITH RECURSIVE membership (role, member) AS (
  SELECT roleid, member FROM pg_auth_members
  UNION ALL SELECT 'pg_database_owner'::regrole, datdba FROM pg_database WHERE datname = current_database()
), place (at, oid, name, owner, acl, of_role) AS (
  SELECT w.at, n.oid, n.nspname, n.nspowner, n.nspacl, r.oid
  FROM unnest($1::name[]) WITH ORDINALITY w (name, at) JOIN pg_namespace n ON w.name IN (n.nspname, '$user')
  LEFT JOIN pg_roles r ON w.name = '$user' AND r.rolname = n.nspname
  WHERE (w.name <> '$user' OR r.oid IS NOT NULL) AND n.nspname !~ '^pg_(temp_|toast)'
), creator (place, role) AS (
  SELECT oid, owner FROM place
  UNION SELECT p.oid, a.grantee FROM place p, aclexplode(p.acl) a WHERE a.privilege_type = 'CREATE'
  UNION SELECT c.place, m.member FROM creator c JOIN membership m ON m.role = c.role
), stranger (place, role) AS (
  SELECT place, role FROM creator WHERE role <> 'pg_database_owner'::regrole
    AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = role AND r.rolsuper)
), may_act_as (role, owner) AS (
  SELECT role, role FROM stranger UNION SELECT a.role, m.role FROM may_act_as a JOIN membership m ON m.member = a.owner
), known (place, owner) AS (
  SELECT s.place, a.owner FROM stranger s JOIN may_act_as a ON a.role = s.role AND a.role <> 0
  GROUP BY 1, 2 HAVING count(*) = (SELECT count(*) FROM stranger o WHERE o.place = s.place)
)
SELECT p.name, p.of_role, EXISTS (SELECT FROM stranger s WHERE s.place = p.oid), k.owner
FROM place p LEFT JOIN known k ON k.place = p.oid ORDER BY p.at, p.oid, k.owner)";

struct Place {
  std::string name;
  Oid of_role;  // of "$user"; else none
  bool for_all;
  std::set<Oid> owners;
};

std::vector<Place> places_of(const std::vector<std::string>& schemas) {
  std::vector<Place> places;
  FreshSnapshot fresh;  // the parser, too, goes by who may create objects today
  const Rows rows = query(kPlaces, {text_array(schemas)});
  fresh.close();
  for (const Row& row : rows) {
    const Oid of_role = oid_of(row[1]);
    if (places.empty() || places.back().name != *row[0] || places.back().of_role != of_role) {
      places.push_back({*row[0], of_role, row[2] == "f", {}});
    }
    if (row[3]) places.back().owners.insert(oid_of(row[3]));
  }
  return places;
}

// For code of this owner; of none: of superusers.
std::string path_for(const std::vector<Place>& places, Oid owner) {
  std::vector<std::string> schemas;
  for (const Place& place : places) {
    if (place.of_role != InvalidOid && place.of_role != owner) continue;
    if (place.for_all || place.owners.contains(owner)) schemas.push_back(place.name);
  }
  return path_text(std::move(schemas));
}

// The path that the application may well use: the schemas of the scope.
std::vector<std::string> likely_path(const LiveScope& live) {
  std::vector<std::string> schemas{live.table(live.scope.company_table).schema};
  for (const ScopedTable& scoped : live.scope.tables) {
    const std::string& schema = live.table(scoped.table).schema;
    if (std::find(schemas.begin(), schemas.end(), schema) == schemas.end()) {
      schemas.push_back(schema);
    }
  }
  return schemas;
}

void set_owners_paths(CodePath& path, const std::vector<Place>& places) {
  path.trusted = path_for(places, InvalidOid);
  std::set<Oid> owners;
  for (const Place& place : places) {
    owners.insert(place.owners.begin(), place.owners.end());
    if (place.of_role != InvalidOid) owners.insert(place.of_role);
  }
  for (Oid owner : owners) path.of_owner[owner] = path_for(places, owner);
}

CodePath code_path(const LiveScope& live, const std::string& functions) {
  Settings settings = live.rules.settings;
  CodePath path{path_text(settings.search_path), {}, {}, {}};
  if (!settings.search_path.empty()) set_owners_paths(path, places_of(settings.search_path));
  settings.search_path = likely_path(live);
  path.statement =
      Statements(functions).company_table(live.table(live.scope.company_table), settings);
  return path;
}

}  // namespace

LiveScope load_live_scope(GatherEvidence gather) {
  PinnedSettings settings;  // names and types read the same whoever asks
  LiveScope live;
  live.rules = load_rules();
  live.schema = load_schema(live.rules.settings);
  apply_to_tables(live.schema, live.rules);
  const std::string functions = functions_schema();
  if (gather != nullptr && !live.rules.settings.company_table.empty())
    live.evidence = gather(live.schema, live.rules);
  live.scope = discover_scope(live.schema, live.rules, functions, live.evidence);
  require_followed(live);
  require_immediate_key(live);
  set_code_path(code_path(live, functions));
  settings.close();
  return live;
}

void require_decided(const LiveScope& live) {
  if (strict_scope) refuse_undecided(live);
}

void refuse_undecided(const LiveScope& live) {
  if (!live.scope.undecided()) return;
  std::string detail;
  size_t errors = 0;
  for (const Finding& finding : live.scope.findings) {
    if (finding.severity != Severity::kError) continue;
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

namespace {

void refuse_row_security(const Table& table) {
  if (!guarded([&] { return check_enable_rls(table.oid, InvalidOid, true) == RLS_ENABLED; }))
    return;
  throw Error(sqlstate::kRowSecurity, "row-level security would hide rows of table " +
                                          quoted_display(display_table(table)) + " from this role")
      .detail("A backup would silently lack these rows.")
      .hint("Call through a SECURITY DEFINER function owned by a role with BYPASSRLS.");
}

}  // namespace

Company resolve_company(const LiveScope& live, const Text& company) {
  if (!company) throw Error(sqlstate::kInvalidParameter, "company must not be null");
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  refuse_row_security(table);  // before a policy of its owner runs
  refuse_code_of_operators({table.oid});
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
          result.value = read_text(result.type, company->c_str(), result.modifier);
          return result;
        });
      },
      [&](const CaughtError&) { throw unknown(); });
  found.key_type = input.type;
  found.key_value = input.value;
  const std::string& name = live.rules.settings.name_column;
  // The key's text is the same whoever asks; what the caller wrote was read under their settings.
  PinnedSettings settings;
  const Rows rows = query(
      "SELECT pg_catalog.concat(c." + quote_name(key.name) + "), " +
          (name.empty() ? "NULL" : "pg_catalog.concat(c." + quote_name(name) + ")") + " FROM " +
          from_table(table) + " AS c WHERE " + column_sql("c", key) + " " + key.equality + " $1",
      {found.arg()});
  if (!rows.empty()) {
    found.key = *rows[0][0];
    found.name = rows[0][1];
    // From now on the value as it stands in the row, not as the caller wrote it.
    found.key_value =
        guarded([&] { return read_text(found.key_type, found.key.c_str(), input.modifier); });
  }
  settings.close();
  if (rows.empty()) throw unknown();
  return found;
}

void refuse_row_security(const LiveScope& live) {
  for (const ScopedTable& scoped : live.scope.tables) {
    refuse_row_security(live.table(scoped.table));
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
    refuse_code_of_operators(scope_oids(live));
    for (const ScopedTable& scoped : live.scope.tables) {
      refuse_code_of_types(live.table(scoped.table));
    }
    return live;
  }
  throw Error(sqlstate::kTableChanged, "the tables of the company keep changing their structure")
      .hint("Try again when no ALTER TABLE is running.");
}

void refuse_detaching(const LiveScope& live, TablesOf which) {
  refuse_detaching(oids_of(live, which));
}

ReadSnapshot::ReadSnapshot() {
  snapshot_ = guarded([] {
    PushActiveSnapshot(GetTransactionSnapshot());
    return GetActiveSnapshot();
  });
}

void ReadSnapshot::look_back(const std::function<void()>& body) const {
  guarded([this] { PushActiveSnapshot(snapshot_); });
  body();
  guarded([] { PopActiveSnapshot(); });
}

// After the snapshot: a mark that it sees is seen here, too. One that is set later it does not see.
void ReadSnapshot::check_tables(const LiveScope& live, TablesOf which) const {
  refuse_detaching(live, which);
  if (guarded([] { return IsolationUsesXactSnapshot(); })) check_age(live, which);
}

void ReadSnapshot::check_age(const LiveScope& live, TablesOf which) const {
  refuse_detached(oids_of(live, which));
  std::vector<std::string> oids;
  for (Oid oid : scope_oids(live)) oids.push_back(std::to_string(oid));
  // What the snapshot knows as the table's file must be the file of today: rows of a rewritten
  // table are invisible to snapshots from before the rewrite.
  const std::string sql =
      "SELECT t.oid, c.relfilenode, c.oid::regclass FROM pg_class c, (SELECT oid FROM "
      "unnest($1::oid[]) o(oid) UNION SELECT p.relid FROM unnest($1::oid[]) o(oid), "
      "pg_partition_tree(o.oid) p) t WHERE c.oid = t.oid AND c.relkind = 'r'";
  for (const Row& row : query(sql, {text_array(oids)})) {
    const Oid oid = oid_of(row[0]);
    const Oid seen = oid_of(row[1]);
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
  note_closed();
}

bool may_see_rows(const Table& table) {
  const Oid oid = table.oid;
  return guarded([oid] {
    return pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
           check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED;
  });
}

}  // namespace company_backup
