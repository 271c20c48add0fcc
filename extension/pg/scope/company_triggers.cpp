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
        (name == kRows ? " FOR EACH ROW" : " FOR EACH STATEMENT") +
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
      "SELECT c.oid::regclass FROM pg_class c WHERE c.oid = $1 OR c.oid IN (SELECT relid FROM "
      "pg_partition_tree($1)) ORDER BY c.oid",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

bool is_partitioned(Oid table) {
  return guarded([=] { return get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE; });
}

// Keys, without NULLs, and the versions of their rows, as company_row has them: arrays. The
// commands that made them only where this transaction did, in which a version may stand in the
// place of another one. As the table's owner: no policy hides rows.
struct TableRows {
  std::string keys, versions, commands;
};
TableRows rows_of_table(Oid table, const std::string& key_column) {
  const AsOwnerOf owner(table);
  const std::string key = "c." + quote_name(key_column);
  PinnedSettings settings;
  const Row row = one_row(query(
      "SELECT coalesce(pg_catalog.array_agg(pg_catalog.concat(" + key +
          ")), '{}')::text, coalesce(pg_catalog.array_agg(pg_catalog.concat_ws(' ', "
          "c.tableoid::oid, pg_catalog.pg_relation_filenode(c.tableoid), c.ctid, c.xmin)), "
          "'{}')::text, coalesce(pg_catalog.array_agg(CASE WHEN pg_catalog.age(c.xmin) <= 0 THEN "
          "c.cmin::text END), '{}')::text FROM " +
          name_of(table) + " AS c WHERE " + key + " IS NOT NULL",
      {}, Access::kWrite));
  settings.close();
  return {*row[0], *row[1], *row[2]};
}

// The table was followed by another column that was its key. One that has a new name is still the
// same; elsewhere columns are known by name.
bool had_another_key(Oid table, const std::string& key_column) {
  return !own_query(
              "SELECT FROM company_backup.followed f JOIN pg_attribute a ON a.attrelid = "
              "f.relation AND a.attname::text = $2 AND a.attnum > 0 CROSS JOIN "
              "company_backup.database_identity d CROSS JOIN pg_control_system() c WHERE "
              "f.relation = $1 AND CASE WHEN (f.database, f.cluster) = (d.identity, "
              "c.system_identifier) THEN f.key_number <> a.attnum ELSE f.key_name <> a.attname END",
              {Arg::datum(OIDOID, ObjectIdGetDatum(table)), key_column}, Access::kWrite)
              .empty();
}

// Have the triggers seen every change of the companies in this table? Partitions that were added
// since hold no companies.
bool is_unbroken(Oid table) {
  return one_value(own_query(
             "SELECT coalesce(bool_and(company_backup.is_unbroken(f)), false) AND bool_or("
             "f.relation = $1) IS TRUE FROM company_backup.followed f WHERE f.relation = $1 OR "
             "f.relation IN (SELECT relid FROM pg_partition_tree($1))",
             {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite)) == "t";
}

// What is compared with later, see are_companies_followed().
void note_followed(Oid table, const std::string& key_column) {
  own_query("DELETE FROM company_backup.followed", {}, Access::kWrite);
  own_query(
      "INSERT INTO company_backup.followed SELECT n.* FROM pg_class r JOIN pg_attribute a ON "
      "a.attrelid = r.oid AND a.attname::text = $2 AND a.attnum > 0, "
      "company_backup.as_followed(r.oid, a.attnum) n WHERE r.oid = $1 OR r.oid IN (SELECT relid "
      "FROM pg_partition_tree($1))",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table)), key_column}, Access::kWrite);
}

// Other tables that have the triggers; and whether the one for rows, which a partition loses that
// is detached: then it was the company table.
Rows former_tables(Oid table) {
  return own_query(
      "SELECT t.tgrelid::regclass, bool_or(t.tgtype & 1 <> 0) FROM pg_trigger t WHERE t.tgfoid = "
      "'company_backup.follow_company()'::regprocedure AND t.tgparentid = 0 AND t.tgrelid <> $1 "
      "AND t.tgrelid NOT IN (SELECT relid FROM pg_partition_tree($1) WHERE relid IS NOT NULL) "
      "GROUP BY t.tgrelid",
      {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
}

// Has a company ended with its partition without the triggers seeing it? Looks for gaps in the
// numbers of the partitions that exist.
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

// All have, but for those whose row is still, untouched, the version that was seen last.
void end_unproved(Oid table, const std::string& key_column) {
  const TableRows rows = rows_of_table(table, key_column);
  own_query(
      "UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL AND id "
      "NOT IN (SELECT c.id FROM unnest($1::text[], $2::text[], $3::text[]) n (key, version, "
      "command) JOIN company_backup.company c ON c.key = n.key AND c.gone_at IS NULL JOIN "
      "company_backup.company_row r ON r.company = c.id AND r.key = n.key AND concat_ws(' ', "
      "r.relation, r.file, r.version, r.made_by) = n.version AND r.command::text = "
      "coalesce(n.command, r.command::text))",
      {rows.keys, rows.versions, rows.commands}, Access::kWrite);
}

}  // namespace

void follow_companies(Oid company_table, const std::string& key_column) {
  bool is_another = had_another_key(company_table, key_column);
  for (const Row& row : former_tables(company_table)) {
    drop_triggers(*row[0]);
    is_another |= row[1] == "t";
  }
  if (is_another) {
    own_query("UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE gone_at IS NULL",
              {}, Access::kWrite);
  }
  if (are_companies_followed()) {
    note_followed(company_table, key_column);
    return;
  }
  const bool unbroken = is_unbroken(company_table);
  const std::string root = name_of(company_table);
  const std::string arguments = arguments_for(company_table, key_column);
  for (const Row& row : tree_of(company_table)) {
    drop_triggers(*row[0]);
    create_trigger(*row[0], kTruncate, "BEFORE TRUNCATE", arguments);
  }
  // Not UPDATE OF the key: a trigger of the application may change it without its standing in SET.
  // An UPDATE that moves a row to another partition tells of an INSERT there.
  create_trigger(
      root, kRows,
      is_partitioned(company_table) ? "AFTER INSERT OR DELETE OR UPDATE" : "AFTER DELETE OR UPDATE",
      arguments);
  end_lost(company_table);
  end_missing(company_table, key_column);
  if (!unbroken) end_unproved(company_table, key_column);
  note_followed(company_table, key_column);
}

bool are_companies_followed() {
  // With another table's number, they are of a dump: its column is known by name.
  const Rows followed = own_query(
      "SELECT c.oid, c.relkind FROM company_backup.settings s JOIN pg_class c ON c.oid = "
      "to_regclass(format('%I.%I', s.company_schema, s.company_table)) JOIN pg_attribute a ON "
      "a.attrelid = c.oid AND a.attname = s.key_column AND a.attnum > 0, "
      "LATERAL (SELECT convert_to(a.attname::text, getdatabaseencoding()) || decode('00', 'hex')) "
      "n "
      "(name), LATERAL (SELECT n.name || convert_to(c.oid::text, 'SQL_ASCII') || decode('00', "
      "'hex')) o "
      "(here), LATERAL (SELECT o.here || convert_to(a.attnum::text, 'SQL_ASCII') || "
      "decode('00', 'hex')) w (whole), LATERAL (SELECT CASE c.relkind WHEN 'p' THEN 62 ELSE 58 "
      "END) m "
      "(bits) WHERE NOT EXISTS (SELECT "
      "FROM pg_class r WHERE (r.oid = c.oid OR r.oid IN (SELECT relid FROM "
      "pg_partition_tree(c.oid))) AND ((SELECT bit_or(t.tgtype) FROM pg_trigger t WHERE t.tgrelid "
      "= "
      "r.oid AND t.tgfoid = 'company_backup.follow_company()'::regprocedure AND t.tgenabled = 'A' "
      "AND t.tgattr = '' AND t.tgqual IS NULL AND t.tgnargs = 3 AND CASE WHEN "
      "substring(t.tgargs FOR length(here)) = here THEN t.tgargs = whole ELSE substring(t.tgargs "
      "FOR length(name)) = name END) & m.bits IS DISTINCT FROM m.bits OR "
      "(SELECT company_backup.is_unbroken(f) FROM company_backup.followed f WHERE f.relation = "
      "r.oid) IS NOT TRUE))",
      // DELETE, UPDATE, TRUNCATE; and BEFORE, which is that one's; of partitions INSERT
      {}, Access::kCall);
  if (followed.empty()) return false;
  return followed[0][1] != "p" || !has_lost(*followed[0][0]);
}

bool is_followed(Oid root, Oid table) {
  const Arg tables[] = {Arg::datum(OIDOID, ObjectIdGetDatum(root)),
                        Arg::datum(OIDOID, ObjectIdGetDatum(table))};
  return one_value(own_query(
             "SELECT coalesce(bool_and(company_backup.is_unbroken(f)), false) AND count(*) = CASE "
             "WHEN $1 = $2 THEN 1 ELSE 2 END FROM company_backup.followed f WHERE f.relation IN "
             "($1, $2)",
             {tables[0], tables[1]}, Access::kWrite)) == "t";
}

void adopt_followed() {
  own_query(
      "UPDATE company_backup.followed f SET triggers = n.triggers, key_number = n.key_number, "
      "key_name = n.key_name, key_column = n.key_column, key_indexes = n.key_indexes, file "
      "= n.file, database = n.database, cluster = n.cluster FROM company_backup.settings s, "
      "pg_attribute a, company_backup.as_followed(a.attrelid, a.attnum) n WHERE a.attname = "
      "s.key_column AND a.attrelid = f.relation AND a.attnum > 0 AND f.relation IN (SELECT "
      "w.relation FROM company_backup.followed w WHERE (w.database, w.cluster) NOT IN (SELECT "
      "d.identity, c.system_identifier FROM company_backup.database_identity d, "
      "pg_control_system() c) FOR UPDATE SKIP LOCKED)",
      {}, Access::kWrite);
}

std::string keys_of_table(Oid table, const std::string& key_column) {
  return rows_of_table(table, key_column).keys;
}

}  // namespace company_backup
