#include "pg/scope/known_rows.hpp"

#include <cstdio>

#include "pg/base/company_lock.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/pinned_settings.hpp"
#include "pg/base/value_input.hpp"
#include "pg/scope/company_triggers.hpp"

namespace company_backup {

void refuse_deleted(const std::string& key) {
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: company \"" + key + "\" was deleted meanwhile")
      .hint("Try again.");
}

namespace {

std::string place_text(const TupleVersion& version) {
  return "(" + std::to_string(ItemPointerGetBlockNumberNoCheck(&version.place)) + "," +
         std::to_string(ItemPointerGetOffsetNumberNoCheck(&version.place)) + ")";
}

bool is_live(const std::string& key, int64_t except) {
  FreshSnapshot fresh;
  const bool live = !own_query(
                         "SELECT FROM company_backup.company WHERE key = $1 AND gone_at IS NULL "
                         "AND id <> $2",
                         {key, except}, Access::kRead)
                         .empty();
  fresh.close();
  return live;
}

// What the company table says of a key; trivially copyable.
struct KeyColumn {
  Oid table;
  const char* name;
};

// The key as a value of its column; none: the column's type no longer accepts it.
std::optional<Datum> value_of(const KeyColumn& column, const std::string& key) {
  std::optional<Datum> value;
  with_subtransaction(
      [&] {
        value = guarded([&] {
          Oid type;
          int32 modifier;
          Oid collation;
          get_atttypetypmodcoll(column.table, column_number(column.table, column.name), &type,
                                &modifier, &collation);
          type = getBaseTypeAndTypmod(type, &modifier);
          return read_text(type, key.c_str(), modifier);
        });
      },
      [](const CaughtError&) {});
  return value;
}

TupleVersion version_at_start(const KeyColumn& column, const std::string& key) {
  const std::optional<Datum> value = value_of(column, key);
  if (!value) return {};
  return guarded([&] {
    const Relation table = table_open(column.table, AccessShareLock);
    const TupleVersion version =
        version_before(table, column_number(column.table, column.name), *value);
    table_close(table, NoLock);
    return version;
  });
}

bool is_written_by_us(Oid table) {
  return guarded([table] {
    const Relation relation = try_relation_open(table, AccessShareLock);
    if (relation == nullptr) return true;
    const bool written = CheckRelationLockedByMe(relation, RowExclusiveLock, true);
    relation_close(relation, NoLock);
    return written;
  });
}

}  // namespace

TupleVersion to_version(const Row& row, size_t first) {
  TupleVersion version;
  if (!row[first]) return version;
  version.relation = oid_of(row[first]);
  version.file = oid_of(row[first + 1]);
  unsigned block = 0;
  unsigned offset = 0;
  sscanf(row[first + 2]->c_str(), "(%u,%u)", &block, &offset);
  ItemPointerSet(&version.place, block, static_cast<OffsetNumber>(offset));
  version.made_by = static_cast<TransactionId>(std::stoul(*row[first + 3]));
  version.command = static_cast<CommandId>(std::stoul(*row[first + 4]));
  return version;
}

std::vector<KnownRow> known_with(const std::string& key) {
  FreshSnapshot fresh;
  const Rows rows = own_query(
      "SELECT c.id, k.relation::oid, r.relation, r.file, r.version, r.made_by, r.command FROM "
      "(SELECT id FROM "
      "company_backup.company WHERE key = $1 AND gone_at IS NULL UNION SELECT company FROM "
      "company_backup.company_row WHERE key = $1 AND seen_in = pg_current_xact_id()) one (id) JOIN "
      "company_backup.company c ON c.id = one.id LEFT JOIN company_backup.company_row r ON "
      "r.company = c.id AND r.seen_in = pg_current_xact_id() LEFT JOIN company_backup.known_table "
      "k ON k.id = c.place WHERE r.key IS NULL OR r.key = $1",
      {key}, Access::kRead);
  fresh.close();
  std::vector<KnownRow> known;
  for (const Row& row : rows) {
    known.push_back({std::stoll(*row[0]), oid_of(row[1]), to_version(row, 2)});
  }
  return known;
}

void note_version(int64_t company, const std::string& key, const TupleVersion& version) {
  own_query(
      "INSERT INTO company_backup.company_row (company, seen_in, key, relation, file, version, "
      "made_by, command) VALUES ($1, pg_current_xact_id(), $2, $3, $4, $5::tid, $6::xid, $7::cid) "
      "ON CONFLICT (company) DO UPDATE SET seen_in = excluded.seen_in, key = excluded.key, "
      "relation = excluded.relation, file = excluded.file, version = excluded.version, made_by = "
      "excluded.made_by, command = excluded.command",
      {company, key, Arg::datum(OIDOID, ObjectIdGetDatum(version.relation)),
       Arg::datum(OIDOID, ObjectIdGetDatum(version.file)), place_text(version),
       std::to_string(version.made_by), std::to_string(version.command)},
      Access::kWrite);
}

void note_unchanged_version(int64_t company, const std::string& key, const Row& version) {
  FreshSnapshot fresh;
  const Rows noted = own_query(
      "SELECT concat_ws(' ', relation, file, version, made_by, command, key) = concat_ws(' ', "
      "$2::text, $3::text, $4::text, $5::text, $6::text, $7::text) FROM "
      "company_backup.company_row WHERE company = $1",
      {company, version[0], version[1], version[2], version[3], version[4], key}, Access::kRead);
  fresh.close();
  if (noted.empty()) {
    // A restore at work may have just noted it, and nobody waits for that.
    if (!is_company_locked(key)) note_version(company, key, to_version(version, 0));
  } else if (noted[0][0] != "t") {
    own_query(
        "UPDATE company_backup.company_row SET seen_in = pg_current_xact_id(), relation = $2::oid, "
        "file = $3::oid, version = $4::tid, made_by = $5::xid, command = $6::cid, key = $7 WHERE "
        "company IN (SELECT company FROM company_backup.company_row WHERE company = $1 FOR UPDATE "
        "SKIP LOCKED)",
        {company, version[0], version[1], version[2], version[3], version[4], key}, Access::kWrite);
  }
}

void displace(const std::string& key, int64_t except) {
  if (!is_live(key, except)) return;
  const Rows displaced = own_query(
      "UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE key = $1 AND gone_at IS "
      "NULL AND id <> $2 RETURNING id",
      {key, except}, Access::kWrite);
  if (displaced.empty()) refuse_deleted(key);
  // A version that was seen in this transaction stays.
  own_query(
      "INSERT INTO company_backup.company_row AS r (company, seen_in, key) VALUES ($1::bigint, "
      "pg_current_xact_id(), $2) ON CONFLICT (company) DO UPDATE SET seen_in = excluded.seen_in, "
      "key = excluded.key, relation = CASE WHEN r.seen_in = excluded.seen_in THEN r.relation END",
      {displaced[0][0], key}, Access::kWrite);
}

void end_company(int64_t company, const std::string& key) {
  if (own_query("UPDATE company_backup.company SET gone_at = coalesce(gone_at, clock_timestamp()) "
                "WHERE id = $1 RETURNING 1",
                {company}, Access::kWrite)
          .empty()) {
    refuse_deleted(key);
  }
  own_query("DELETE FROM company_backup.company_row WHERE company = $1", {company}, Access::kWrite);
}

bool still_has(int64_t company, const std::string& key) {
  if (!TransactionIdIsValid(GetTopTransactionIdIfAny())) return true;
  const Rows rows = own_query(
      "SELECT t.oid, coalesce(k.relation::oid, t.oid), s.key_column, r.relation, r.file, "
      "r.version, r.made_by, r.command FROM company_backup.settings s JOIN pg_class t ON t.oid = "
      "to_regclass(format('%I.%I', s.company_schema, s.company_table)) JOIN pg_attribute a ON "
      "a.attrelid = t.oid AND a.attname = s.key_column CROSS JOIN company_backup.company c LEFT "
      "JOIN company_backup.known_table k ON k.id = c.place LEFT JOIN company_backup.company_row r "
      "ON r.company = c.id AND r.seen_in = pg_current_xact_id_if_assigned() WHERE c.id = $1",
      {company}, Access::kCall);
  if (rows.empty()) return true;  // nothing tells of companies, which is said elsewhere
  const KeyColumn column{oid_of(rows[0][1]), rows[0][2]->c_str()};
  if (!is_written_by_us(column.table)) return true;
  PinnedSettings settings;
  TupleVersion version = to_version(rows[0], 3);
  if (!guarded([&] { return is_in_place(version); })) {
    version = is_followed(oid_of(rows[0][0]), column.table) ? version_at_start(column, key)
                                                            : TupleVersion();
  }
  bool has = false;
  if (version.relation != InvalidOid) {
    const RowEnd end = guarded([&] { return end_of(version, column.name); });
    has = end.fate == RowEnd::kLives && end.key != nullptr && key == end.key;
  }
  settings.close();
  return has;
}

}  // namespace company_backup
