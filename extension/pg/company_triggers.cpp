#include "pg/company_triggers.hpp"

#include <vector>

#include "core/sql.hpp"
#include "pg/owner.hpp"

namespace company_backup {
namespace {

constexpr const char* kRows = "company_backup_follow";
constexpr const char* kTruncate = "company_backup_follow_truncate";

std::string name_of(Oid table) {
  return one_value(query("SELECT $1::regclass", {Arg::datum(OIDOID, ObjectIdGetDatum(table))}));
}

// The extension's owner may put a trigger on any table, which the owner of the database may not.
void alter(const std::string& sql) {
  own_query(sql.c_str(), {}, Access::kWrite);
}

// Those that are ours and stand on this very table.
void drop_triggers(const std::string& table) {
  for (const Row& row : own_query(
           "SELECT t.tgname FROM pg_trigger t WHERE t.tgrelid = $1::regclass AND t.tgparentid = 0 "
           "AND t.tgfoid = 'company_backup.follow_company()'::regprocedure",
           {table}, Access::kWrite)) {
    alter("DROP TRIGGER " + quote_name(*row[0]) + " ON " + table);
  }
}

// Also for sessions that replicate; and DROP EXTENSION takes it along.
void create_trigger(const std::string& table, const char* name, const std::string& event,
                    const std::string& key_column) {
  alter(std::string("CREATE TRIGGER ") + name + " AFTER " + event + " ON " + table +
        (name == kRows ? " FOR EACH ROW" : " FOR EACH STATEMENT") +
        " EXECUTE FUNCTION company_backup.follow_company(" + quote_literal(key_column) + ")");
  alter("ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + name);
  alter(std::string("ALTER TRIGGER ") + name + " ON " + table +
        " DEPENDS ON EXTENSION company_backup");
}

// The table and what is partitioned below it. None is foreign: the key has a unique index.
Rows tree_of(Oid table) {
  return query(
      "SELECT c.oid::regclass FROM pg_class c WHERE c.oid = $1 OR c.oid IN (SELECT relid FROM "
      "pg_partition_tree($1)) ORDER BY c.oid",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

// Other tables that have the triggers.
Rows former_tables(Oid table) {
  return own_query(
      "SELECT DISTINCT t.tgrelid::regclass FROM pg_trigger t WHERE t.tgfoid = "
      "'company_backup.follow_company()'::regprocedure AND t.tgparentid = 0 AND t.tgrelid <> $1 "
      "AND t.tgrelid NOT IN (SELECT relid FROM pg_partition_tree($1) WHERE relid IS NOT NULL)",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

}  // namespace

void follow_companies(Oid company_table, const std::string& key_column) {
  const Rows former = former_tables(company_table);
  for (const Row& row : former) drop_triggers(*row[0]);
  if (!former.empty()) {
    own_query("UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL",
              {}, Access::kWrite);
  }
  if (are_companies_followed()) return;
  const std::string root = name_of(company_table);
  for (const Row& row : tree_of(company_table)) {
    drop_triggers(*row[0]);
    create_trigger(*row[0], kTruncate, "TRUNCATE", key_column);
  }
  // Not UPDATE OF the key: a trigger of the application may change it without its standing in SET.
  create_trigger(root, kRows, "DELETE OR UPDATE", key_column);
  end_missing(company_table, key_column);
}

bool are_companies_followed() {
  return one_value(own_query(
             "SELECT count(*) > 0 FROM company_backup.settings s JOIN pg_class c ON c.oid = "
             "to_regclass(format('%I.%I', s.company_schema, s.company_table)) WHERE NOT EXISTS "
             "(SELECT FROM pg_class r WHERE (r.oid = c.oid OR r.oid IN (SELECT relid FROM "
             "pg_partition_tree(c.oid))) AND (SELECT bit_or(t.tgtype) FROM pg_trigger t WHERE "
             "t.tgrelid "
             "= r.oid AND t.tgfoid = 'company_backup.follow_company()'::regprocedure AND "
             "t.tgenabled IN ('O', 'A') AND t.tgattr = '' AND t.tgqual IS NULL AND t.tgargs = "
             "convert_to(s.key_column::text, getdatabaseencoding()) || '\\x00'::bytea) & 56 IS "
             "DISTINCT FROM 56)",  // DELETE, UPDATE, TRUNCATE
             {}, Access::kCall)) == "t";
}

void end_missing(Oid table, const std::string& key_column) {
  if (own_query("SELECT FROM company_backup.company WHERE gone_at IS NULL LIMIT 1", {},
                Access::kWrite)
          .empty()) {
    return;
  }
  Text keys;
  {
    const AsOwnerOf owner(table);
    keys = one_row(query("SELECT coalesce(pg_catalog.array_agg(pg_catalog.concat(c." +
                             quote_name(key_column) + ")), '{}')::text FROM " + name_of(table) +
                             " AS c",
                         {}, Access::kWrite))[0];
  }
  own_query(
      "UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL AND NOT "
      "key = ANY ($1::text[])",
      {keys}, Access::kWrite);
}

}  // namespace company_backup
