#include "pg/backup/tombstones.hpp"

#include <algorithm>

#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "core/text/digest.hpp"
#include "core/text/quoting.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/scope/rules.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

// The column may have been renamed since, as a rule of the archive's says.
int16_t erased_column(const LiveScope& live, const Table& table, const std::string& name) {
  if (const Column* column = find_column(table, name)) return column->number;
  for (const ColumnRename& rename : live.rules.column_renames) {
    if (rename.schema != table.schema || rename.table != table.name || rename.old_column != name)
      continue;
    if (const Column* column = find_column(table, rename.column)) return column->number;
  }
  const std::string shown = display_table(table);
  throw Error(sqlstate::kSchemaDiffers, "rows that were erased cannot be told from others")
      .detail("They are known by column " + display_name(name) + " of table " + shown +
              ", which is not there any more.")
      .hint("If it has another name now, say so: SELECT set_column_rename(" + quote_literal(shown) +
            ", " + quote_literal(name) + ", ...).");
}

}  // namespace

KeyHash::KeyHash(bool make) {
  if (make) {
    own_query(
        "INSERT INTO company_backup.erasure_key (key) VALUES (sha256(uuid_send(gen_random_uuid()) "
        "|| uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))) ON CONFLICT DO NOTHING",
        {}, Access::kWrite);
  }
  const std::vector<std::string> keys =
      own_bytes("SELECT key FROM company_backup.erasure_key", {}, Access::kCall);
  if (!keys.empty()) key_ = keys[0];
}

std::string KeyHash::of(const std::vector<std::string>& key) const {
  return hex(hmac_sha256(key_, key_line(key)));
}

Tombstones::Tombstones(const LiveScope& live, const StoredBackup& backup, const Manifest& manifest)
    : hash_(false) {
  read(live, manifest, is_of_this_database(backup, manifest));
}

Tombstones::Tombstones(const LiveScope& live, const Manifest& manifest) : hash_(false) {
  read(live, manifest, true);
}

void Tombstones::read(const LiveScope& live, const Manifest& manifest, bool of_this_database) {
  const Rows rows = own_query(
      "SELECT k.relation::oid, t.columns::text[], encode(t.key_hash, 'hex') FROM "
      "company_backup.tombstone t JOIN company_backup.known_table k ON k.id = t.table_id WHERE "
      "t.erased_at > $1::timestamptz AND ($2 OR t.database::text = $3)",
      {manifest.created_at, of_this_database, manifest.database_identity}, Access::kCall);
  for (const Row& row : rows) {
    const Oid relation = oid_of(row[0]);
    const auto& tables = live.schema.tables;
    const auto table = std::find_if(tables.begin(), tables.end(),
                                    [&](const Table& one) { return one.oid == relation; });
    if (table == tables.end()) continue;
    std::vector<int16_t> columns;
    for (const std::string& name : parse_text_array(*row[1]))
      columns.push_back(erased_column(live, *table, name));
    std::vector<Erased>& erased = tables_[static_cast<TableIndex>(table - tables.begin())];
    const auto same = std::find_if(erased.begin(), erased.end(),
                                   [&](const Erased& one) { return one.columns == columns; });
    (same != erased.end() ? *same : erased.emplace_back(Erased{columns, {}}))
        .hashes.insert(*row[2]);
  }
}

bool Tombstones::has(TableIndex table, const std::vector<const Column*>& columns,
                     const std::vector<RowValue>& values) const {
  const auto erased = tables_.find(table);
  if (erased == tables_.end()) return false;
  return std::any_of(erased->second.begin(), erased->second.end(), [&](const Erased& one) {
    const std::vector<std::string> key = comparable_key(one.columns, columns, values);
    return !key.empty() && one.hashes.contains(hash_.of(key));
  });
}

void leave_tombstone(const Table& table, const std::vector<std::string>& key,
                     const Erasure& erasure) {
  std::vector<std::string> names, texts;
  for (const int16_t number : pick_key(table)) {
    const Column& column = column_of(table, number);
    names.push_back(column.name);
    texts.emplace_back(in_form(key_form(column), key[texts.size()]));
  }
  own_query(
      "INSERT INTO company_backup.tombstone (table_id, columns, key_hash, database, company, "
      "erased_by, actor, reason) VALUES ($1, $2::text[], decode($3, 'hex'), $4::uuid, $5, "
      "$6::name, $7, $8)",
      {remember_table(table.oid), text_array(names), KeyHash(true).of(texts),
       database_identity().identity, Arg::optional_number(erasure.company),
       one_row(query("SELECT current_user"))[0], erasure.actor, erasure.reason},
      Access::kWrite);
}

}  // namespace company_backup
