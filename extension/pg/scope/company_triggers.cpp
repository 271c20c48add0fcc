#include "pg/scope/company_triggers.hpp"

#include <vector>

#include "core/text/quoting.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/pinned_settings.hpp"

namespace company_backup {
namespace {

// Triggers fire in the order of their names: before those of the application and of foreign keys,
// which may change the row again, or store something of the company.
constexpr const char* kRows = "!company_backup_follow";
constexpr const char* kTruncate = "company_backup_follow_truncate";
// Of a partition: it stays when that is detached, and takes the other one's place then. Four
// arguments tell it from that.
constexpr const char* kDetached = "!company_backup_follow_detached";

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
                    const std::string& arguments) {
  const std::string quoted = quote_name(name);
  alter("CREATE TRIGGER " + quoted + " " + event + " ON " + table +
        (name != kTruncate ? " FOR EACH ROW" : " FOR EACH STATEMENT") +
        " EXECUTE FUNCTION company_backup.follow_company(" + arguments + ")");
  alter("ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + quoted);
  alter("ALTER TRIGGER " + quoted + " ON " + table + " DEPENDS ON EXTENSION company_backup");
}

// What tells the triggers of the key column: its name, and its number in this table.
std::string arguments_for(Oid company_table, const std::string& key_column) {
  const std::string number = one_value(
      query("SELECT attnum FROM pg_attribute WHERE attrelid = $1 AND attname::text = $2",
            {Arg::datum(OIDOID, ObjectIdGetDatum(company_table)), key_column}, Access::kWrite));
  return quote_literal(key_column) + ", " + quote_literal(std::to_string(company_table)) + ", " +
         quote_literal(number);
}

// The table and what is partitioned below it. None is foreign: the key has a unique index.
Rows tree_of(Oid table) {
  return query(
      "SELECT c.oid::regclass, c.relispartition AND c.relkind = 'r' FROM pg_class c WHERE c.oid = "
      "$1 OR c.oid IN (SELECT relid FROM "
      "pg_partition_tree($1)) ORDER BY c.oid",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

bool is_partitioned(Oid table) {
  return guarded([=] { return get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE; });
}

// Other tables that have the triggers; and whether the first one for rows, which a partition loses
// that is detached: then it was the company table.
Rows former_tables(Oid table) {
  return own_query(
      "SELECT t.tgrelid::regclass, bool_or(t.tgtype & 1 <> 0 AND t.tgnargs = 3) FROM pg_trigger t "
      "WHERE t.tgfoid = "
      "'company_backup.follow_company()'::regprocedure AND t.tgparentid = 0 AND t.tgrelid <> $1 "
      "AND t.tgrelid NOT IN (SELECT relid FROM pg_partition_tree($1) WHERE relid IS NOT NULL) "
      "GROUP BY t.tgrelid",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

// Has a company ended with its partition, and nobody was told? Looks between the numbers of those
// that there are.
bool has_lost(const std::string& table) {
  return !own_query(
              "SELECT FROM (SELECT id AS low, lead(id, 1, 9223372036854775807) OVER (ORDER BY id) "
              "AS "
              "high FROM (SELECT 0::bigint AS id UNION SELECT k.id FROM company_backup.known_table "
              "k "
              "JOIN pg_partition_tree($1::oid) t ON t.relid = k.relation) AS here) AS gap WHERE "
              "EXISTS (SELECT FROM company_backup.company l WHERE l.gone_at IS NULL AND l.place > "
              "low AND l.place < high) LIMIT 1",
              {table}, Access::kCall)
              .empty();
}

// Companies of partitions that are gone have ended, whoever has their keys now.
void end_lost(Oid table) {
  own_query(
      "UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL AND "
      "place IS NOT NULL AND place NOT IN (SELECT k.id FROM company_backup.known_table k JOIN "
      "pg_partition_tree($1) t ON t.relid = k.relation)",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

// Companies that are not in the table have ended.
void end_missing(Oid table, const std::string& key_column) {
  if (own_query("SELECT FROM company_backup.company WHERE gone_at IS NULL LIMIT 1", {},
                Access::kWrite)
          .empty()) {
    return;
  }
  own_query(
      "UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL AND NOT "
      "key = ANY ($1::text[])",
      {keys_of_table(table, key_column)}, Access::kWrite);
}

}  // namespace

void follow_companies(Oid company_table, const std::string& key_column) {
  bool is_another = false;
  for (const Row& row : former_tables(company_table)) {
    drop_triggers(*row[0]);
    is_another |= row[1] == "t";
  }
  if (is_another) {
    own_query("UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL",
              {}, Access::kWrite);
  }
  if (are_companies_followed()) return;
  const std::string root = name_of(company_table);
  const std::string arguments = arguments_for(company_table, key_column);
  for (const Row& row : tree_of(company_table)) {
    drop_triggers(*row[0]);
    create_trigger(*row[0], kTruncate, "BEFORE TRUNCATE", arguments);
    if (row[1] != "t") continue;
    create_trigger(*row[0], kDetached, "AFTER INSERT OR DELETE OR UPDATE",
                   arguments + ", 'detached'");
  }
  // Not UPDATE OF the key: a trigger of the application may change it without its standing in SET.
  // An UPDATE that moves a row to another partition tells of an INSERT there.
  create_trigger(
      root, kRows,
      is_partitioned(company_table) ? "AFTER INSERT OR DELETE OR UPDATE" : "AFTER DELETE OR UPDATE",
      arguments);
  end_lost(company_table);
  end_missing(company_table, key_column);
}

bool are_companies_followed() {
  // With another table's number, they are of a dump: its column is known by name.
  const Rows followed = own_query(
      "SELECT c.oid, c.relkind FROM company_backup.settings s JOIN pg_class c ON c.oid = "
      "to_regclass(format('%I.%I', s.company_schema, s.company_table)) JOIN pg_attribute a ON "
      "a.attrelid = c.oid AND a.attname = s.key_column AND a.attnum > 0, "
      "LATERAL (SELECT convert_to(a.attname::text, getdatabaseencoding()) || '\\x00'::bytea) n "
      "(name), LATERAL (SELECT n.name || convert_to(c.oid::text, 'SQL_ASCII') || '\\x00'::bytea) o "
      "(here), LATERAL (SELECT o.here || convert_to(a.attnum::text, 'SQL_ASCII') || "
      "'\\x00'::bytea) w (whole), LATERAL (SELECT CASE c.relkind WHEN 'p' THEN 62 ELSE 58 END) m "
      "(bits) WHERE NOT EXISTS (SELECT "
      "FROM pg_class r WHERE (r.oid = c.oid OR r.oid IN (SELECT relid FROM "
      "pg_partition_tree(c.oid))) AND ((SELECT bit_or(t.tgtype) FROM pg_trigger t WHERE t.tgrelid "
      "= "
      "r.oid AND t.tgfoid = 'company_backup.follow_company()'::regprocedure AND t.tgenabled IN "
      "('O', 'A') AND t.tgattr = '' AND t.tgqual IS NULL AND t.tgnargs = 3 AND CASE WHEN "
      "substring(t.tgargs FOR length(here)) = here THEN t.tgargs = whole ELSE substring(t.tgargs "
      "FOR length(name)) = name END) & m.bits IS DISTINCT FROM m.bits OR r.relispartition AND "
      "r.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = r.oid AND "
      "t.tgfoid = 'company_backup.follow_company()'::regprocedure AND t.tgenabled IN ('O', 'A') "
      "AND t.tgattr = '' AND t.tgqual IS NULL AND t.tgnargs = 4 AND t.tgtype = 29)))",
      // DELETE, UPDATE, TRUNCATE; and BEFORE, which is that one's; of partitions INSERT. Of a
      // partition that may be detached: all that happens to rows.
      {}, Access::kCall);
  if (followed.empty()) return false;
  return followed[0][1] != "p" || !has_lost(*followed[0][0]);
}

std::string keys_of_table(Oid table, const std::string& key_column) {
  const AsOwnerOf owner(table);
  const std::string key = "c." + quote_name(key_column);
  PinnedSettings settings;
  std::string keys = one_value(query("SELECT coalesce(pg_catalog.array_agg(pg_catalog.concat(" +
                                         key + ")), '{}')::text FROM " + name_of(table) +
                                         " AS c WHERE " + key + " IS NOT NULL",
                                     {}, Access::kWrite));
  settings.close();
  return keys;
}

}  // namespace company_backup
