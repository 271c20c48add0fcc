#include "pg/restore.hpp"

#include <algorithm>

#include "core/sql.hpp"
#include "pg/company_load.hpp"
#include "pg/company_lock.hpp"
#include "pg/guard.hpp"
#include "pg/owner.hpp"
#include "pg/row_update.hpp"
#include "pg/rules.hpp"
#include "pg/table_plan.hpp"
#include "pg/typed_value.hpp"

namespace company_backup {
namespace {

bool is_of_this_database(const StoredBackup& backup, const Manifest& manifest) {
  return backup.origin != "upload" || manifest.database_identity == database_identity().identity;
}

// The travelling tables ROW EXCLUSIVE in OID order, then everything as a backup locks it.
LiveScope lock_for_writing(LiveScope live) {
  std::vector<Oid> oids;
  for (const ScopedTable* scoped : live.travelling()) oids.push_back(live.table(scoped->table).oid);
  std::sort(oids.begin(), oids.end());
  for (Oid oid : oids) guarded([oid] { LockRelationOid(oid, RowExclusiveLock); });
  return lock_scope(std::move(live));
}

// As its owner: the lock needs no right to change the row.
void lock_company_row(const LiveScope& live, const Company& company) {
  const Table& table = live.table(live.scope.company_table);
  if (table.foreign) return;
  const Column& key = column_of(table, live.scope.company_key);
  AsOwnerOf owner(table.oid);
  query("SELECT FROM " + from_table(table) + " AS c WHERE c." + quote_name(key.name) + " " +
            key.equality + " $1 FOR NO KEY UPDATE",
        {company.arg()}, Access::kWrite);
}

void require_empty(const LiveScope& live, const Company& company) {
  std::string list;
  for (const ScopedTable* scoped : live.travelling()) {
    if (scoped->table == live.scope.company_table) continue;
    const Table& table = live.table(scoped->table);
    const Rows rows = query("SELECT count(*) FROM " + from_table(table) + " AS t WHERE " +
                                owned_by(live.schema, live.scope, scoped->table, "t", "$1"),
                            {company.arg()}, Access::kWrite);
    if (*rows[0][0] == "0") continue;
    list += (list.empty() ? "" : "\n") + display_table(table) + ": " + *rows[0][0] +
            (*rows[0][0] == "1" ? " row" : " rows");
  }
  if (list.empty()) return;
  throw Error(sqlstate::kTargetNotEmpty, "company \"" + company.key + "\" is not empty")
      .detail(list)
      .hint(
          "This version restores into an empty company: remove these rows, or create another "
          "company with create_company_from_backup().");
}

// Columns of the company's row as they are.
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

struct Act {
  std::string company;
  int64_t backup;
  const char* mode;   // replace, create
  const char* event;  // of the hook
  uint64_t rows;
  const Text& actor;
};

int64_t record(const Act& act) {
  const Text caller = query("SELECT current_user")[0][0];
  const int64_t id = std::stoll(*own_query(
      "INSERT INTO company_backup.restore (company, backup, status, mode, added, changed, removed, "
      "restored_by, actor, settled_at) VALUES ($1, $2, 'kept', $3, $4, 0, 0, $5::name, $6, "
      "clock_timestamp()) RETURNING id",
      {act.company, act.backup, act.mode, static_cast<int64_t>(act.rows), caller, act.actor},
      Access::kWrite)[0][0]);
  run_hook(act.event, act.company,
           "{\"restore\": " + std::to_string(id) + ", \"backup\": " + std::to_string(act.backup) +
               ", \"rows\": " + std::to_string(act.rows) + "}");
  return id;
}

Text greater(const Column& column, const Text& a, const Text& b) {
  return query("SELECT greatest($1, $2)", {typed_value(column, a), typed_value(column, b)})[0][0];
}

// A value as its type prints it ('01' of an integer is 1).
Text canonical(const Column& column, const Text& value) {
  return query("SELECT $1", {typed_value(column, value)})[0][0];
}

// The columns of the company's row that a restore may change: none unless the set-up says which
// columns are its identity.
void update_company(const LiveScope& live, const Company& company, CompanyLoad& load) {
  const auto& identity = live.rules.settings.identity_columns;
  if (!identity) return;
  const Table& table = live.table(live.scope.company_table);
  CompanyRow wanted = load.translated_company();
  std::vector<int16_t> numbers;
  for (const auto& entry : wanted) numbers.push_back(entry.first);
  const CompanyRow current = read_company(live, company, numbers);
  const std::vector<int16_t> fixed = load.company_key_columns();
  for (auto entry = wanted.begin(); entry != wanted.end();) {
    auto& [number, value] = *entry;
    const Column& column = column_of(table, number);
    const std::string treatment = column_treatment(live.rules, table, column.name);
    if (treatment == "counter") value = greater(column, value, current.at(number));
    const bool stays =
        treatment == "identity" || value == current.at(number) ||
        std::find(fixed.begin(), fixed.end(), number) != fixed.end() ||
        std::find(identity->begin(), identity->end(), column.name) != identity->end();
    entry = stays ? wanted.erase(entry) : std::next(entry);
  }
  if (wanted.empty()) return;
  const Column& key = column_of(table, live.scope.company_key);
  update_row(table.oid, display_table(table),
             "SELECT c.tableoid, c.ctid FROM " + from_table(table) + " AS c WHERE c." +
                 quote_name(key.name) + " " + key.equality + " $1",
             company.arg(), wanted);
}

// Attributes by column of the company table, in text form.
CompanyRow parse_attributes(const Table& table, const std::string& attributes) {
  if (*query("SELECT jsonb_typeof($1::jsonb)", {attributes})[0][0] != "object") {
    throw Error(sqlstate::kBadAttribute, "attributes must be a JSON object")
        .hint("For example {\"name\": \"Acme\"}.");
  }
  CompanyRow row;
  std::string bad;
  for (const Row& entry :
       query("SELECT key, value::text, value #>> '{}' FROM jsonb_each($1::jsonb) ORDER BY key",
             {attributes})) {
    const Column* column = find_column(table, *entry[0]);
    if (column == nullptr || column->generated) {
      bad += (bad.empty() ? "" : "\n") + *entry[0] +
             (column == nullptr ? " is no column" : " is a generated column") + " of table " +
             display_table(table);
      continue;
    }
    row[column->number] = column->family == TypeFamily::kJson && entry[2] ? entry[1] : entry[2];
  }
  if (bad.empty()) return row;
  throw Error(sqlstate::kBadAttribute, "attributes name columns that cannot be set").detail(bad);
}

void require_new(const LiveScope& live, const std::string& key_text) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  const Rows rows = query("SELECT FROM " + from_table(table) + " AS c WHERE " +
                              column_sql("c", key) + " " + key.equality + " $1",
                          {typed_value(key, key_text)}, Access::kWrite);
  if (rows.empty()) return;
  throw Error(sqlstate::kBadAttribute, "company \"" + key_text + "\" exists already")
      .hint("Give the new company another key: attributes => '{\"" + key.name + "\": ...}'.");
}

}  // namespace

int64_t restore_into(LiveScope live, const Text& company_text, const StoredBackup& backup,
                     const RestoreOptions& options) {
  const Manifest manifest = Manifest::from_json(backup.manifest_text);
  if (options.include_files && !manifest.include_files) {
    throw Error(sqlstate::kInvalidParameter,
                "backup " + std::to_string(backup.id) + " holds no files")
        .hint("Restore it with include_files => false.");
  }
  lock_company(resolve_company(live, company_text).key);
  live = lock_for_writing(std::move(live));
  require_decided(live);
  refuse_row_security(live);
  PinnedSettings settings;
  ReadSnapshot snapshot;
  snapshot.check_rewrites(live);
  const Company company = resolve_company(live, company_text);
  lock_company_row(live, company);
  require_empty(live, company);
  const bool same_database = is_of_this_database(backup, manifest);
  const std::unique_ptr<MemberSource> source = stored_members(backup.id);
  const MatchOptions match{same_database && manifest.company_key == company.key,
                           options.include_files};
  const ArchivedFiles files(backup.id);
  CompanyLoad load(live, manifest, *source, files, same_database, match, options.actor);
  load.set_company_keys(read_company(live, company, load.company_key_columns()));
  const uint64_t rows = load.load_tables();
  update_company(live, company, load);
  load.prove(company);
  snapshot.close();
  settings.close();
  return record({company.key, backup.id, "replace", "restored", rows, options.actor});
}

std::string create_from(LiveScope live, const StoredBackup& backup, const std::string& attributes,
                        const Text& actor) {
  const Manifest manifest = Manifest::from_json(backup.manifest_text);
  live = lock_for_writing(std::move(live));
  require_decided(live);
  refuse_row_security(live);
  PinnedSettings settings;
  ReadSnapshot snapshot;
  snapshot.check_rewrites(live);
  const Table& table = live.table(live.scope.company_table);
  const int16_t key_column = live.scope.company_key;
  const CompanyRow wanted = parse_attributes(table, attributes);
  const bool same_database = is_of_this_database(backup, manifest);
  const std::unique_ptr<MemberSource> source = stored_members(backup.id);
  const MatchOptions match{same_database && !wanted.contains(key_column), manifest.include_files};
  const ArchivedFiles files(backup.id);
  CompanyLoad load(live, manifest, *source, files, same_database, match, actor);

  CompanyRow keys;
  for (int16_t number : load.company_key_columns()) {
    const auto given = wanted.find(number);
    const auto archived = load.archived_company().find(number);
    if (given != wanted.end()) {
      keys[number] = canonical(column_of(table, number), given->second);
    } else if (archived != load.archived_company().end()) {
      keys[number] = archived->second;
    }
  }
  const Text key = keys[key_column];
  if (!key) {
    throw Error(sqlstate::kBadAttribute, "the key of the new company must not be null");
  }
  lock_company(*key);
  require_new(live, *key);
  load.set_company_keys(keys);
  CompanyRow row = load.translated_company();
  for (const auto& [number, value] : wanted) row[number] = value;
  load.add_company(row);
  snapshot.close();

  guarded([] { CommandCounterIncrement(); });
  ReadSnapshot with_company;
  const Company company = resolve_company(live, key);
  require_empty(live, company);
  const uint64_t rows = load.load_tables() + 1;
  load.prove(company);
  with_company.close();
  settings.close();
  record({company.key, backup.id, "create", "created", rows, actor});
  return company.key;
}

}  // namespace company_backup
