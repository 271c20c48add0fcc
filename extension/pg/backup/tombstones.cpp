#include "pg/backup/tombstones.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/archive/former_names.hpp"
#include "core/scope/sql.hpp"
#include "core/text/digest.hpp"
#include "core/text/quoting.hpp"
#include "core/text/table_name.hpp"
#include "pg/backup/company_origins.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/scope/rules.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

// Why it cannot be told which rows were erased, and what to do.
struct Untold {
  std::string detail, hint;

  [[noreturn]] void refuse() const {
    throw Error(sqlstate::kSchemaDiffers, "rows that were erased cannot be told from others")
        .detail(detail)
        .hint(hint);
  }
};

// The column may have been renamed since, as a rule of the archive's says; null: it is gone.
const Column* erased_column(const LiveScope& live, const Table& table, const std::string& name) {
  if (const Column* column = find_column(table, name)) return column;
  for (const ColumnRename& rename : live.rules.column_renames) {
    if (rename.schema != table.schema || rename.table != table.name || rename.old_column != name)
      continue;
    if (const Column* column = find_column(table, rename.column)) return column;
  }
  return nullptr;
}

// A tombstone as it is stored.
struct Stored {
  std::string erasure;  // the same for all keys of a row
  Oid relation;         // none: not known any more
  std::string table;    // its name then, encoded
  std::vector<std::string> columns;
  std::string hash;
  std::optional<int64_t> company;
};

// All that may be of rows of the backup: younger than it, for which the caller may see nothing.
std::vector<Stored> stored_since(const Manifest& manifest, bool of_this_database) {
  FreshSnapshot fresh;
  const Rows rows = own_query(
      "SELECT t.erasure, k.relation::oid, t.table_schema, t.table_name, t.columns::text[], "
      "encode(t.key_hash, 'hex'), t.company FROM company_backup.tombstone t LEFT JOIN "
      "company_backup.known_table k ON k.id = t.table_id WHERE t.erased_at > $1::timestamptz AND "
      "CASE WHEN $2 OR EXISTS (SELECT FROM company_backup.known_identity WHERE identity::text = "
      "$3) THEN t.database IN (SELECT identity FROM company_backup.known_identity) ELSE "
      "t.database::text = $3 END ORDER BY t.id",
      {manifest.created_at, of_this_database, manifest.database_identity}, Access::kRead);
  fresh.close();
  std::vector<Stored> stored;
  for (const Row& row : rows) {
    stored.push_back({*row[0], row[1] ? oid_of(row[1]) : InvalidOid,
                      encode_table_name(*row[2], *row[3]), parse_text_array(*row[4]), *row[5],
                      row[6] ? std::optional(std::stoll(*row[6])) : std::nullopt});
  }
  return stored;
}

// The table by its number, else by its name: migrations make tables anew and give them the old
// name. kNoTable: it is gone, and the backup has none that was called so.
TableIndex table_of(const LiveScope& live, const Manifest& manifest, const FormerNames& former,
                    const Stored& stored) {
  const auto& tables = live.schema.tables;
  for (size_t index = 0; index < tables.size(); ++index) {
    if (tables[index].oid == stored.relation) return static_cast<TableIndex>(index);
  }
  const TableName name = decode_table_name(former.now(stored.table));
  const TableIndex index = live.schema.find(name.schema, name.table);
  if (index != kNoTable) return index;
  const bool has = std::any_of(manifest.tables.begin(), manifest.tables.end(),
                               [&](const ManifestTable& one) { return one.name == stored.table; });
  if (!has) return kNoTable;
  const std::string shown = display_entry(stored.table);
  Untold{"They were erased in table " + shown + ", which is not there any more.",
         "If it has another name now, say so: SELECT set_table_rename(" + quote_literal(shown) +
             ", ...)."}
      .refuse();
}

// Does the archive have these columns of the table? A table that it does not have has no rows.
bool has_columns(const Manifest& archived, const FormerNames& former, const Table& table,
                 const std::vector<int16_t>& columns) {
  const std::string name = encode_table_name(table.schema, table.name);
  for (const ManifestTable& one : archived.tables) {
    if (former.now(one.name) != name) continue;
    return std::all_of(columns.begin(), columns.end(), [&](int16_t number) {
      return std::any_of(one.columns.begin(), one.columns.end(), [&](const ManifestColumn& column) {
        return former.column(one, column.name) == column_of(table, number).name;
      });
    });
  }
  return true;
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

Tombstones::Tombstones(const LiveScope& live, const StoredBackup& backup,
                       const Manifest& manifest) {
  read(live, manifest,
       {.of_this_database = is_of_this_database(backup, manifest),
        .owner = backup.owner,
        .archived = &manifest});
}

Tombstones::Tombstones(const LiveScope& live, const Manifest& manifest) {
  read(live, manifest, {.of_this_database = true, .owner = std::nullopt});
}

namespace {

// Of the key of a tombstone, as they are today. Nothing, or why the backup cannot be asked for it.
std::optional<Untold> find_columns(const LiveScope& live, const FormerNames& former,
                                   const Table& table, const Stored& stored,
                                   const Manifest* archived, std::vector<int16_t>& columns) {
  const std::string shown = display_table(table);
  for (const std::string& name : stored.columns) {
    const Column* column = erased_column(live, table, name);
    if (column == nullptr) {
      return Untold{"They are known by column " + display_name(name) + " of table " + shown +
                        ", which is not there any more.",
                    "If it has another name now, say so: SELECT set_column_rename(" +
                        quote_literal(shown) + ", " + quote_literal(name) + ", ...)."};
    }
    columns.push_back(column->number);
  }
  if (archived == nullptr || has_columns(*archived, former, table, columns)) return std::nullopt;
  return Untold{"They are known by a key of table " + shown + " that the backup does not have.",
                "Use a backup that was made since then."};
}

}  // namespace

void Tombstones::read(const LiveScope& live, const Manifest& manifest, const Asked& asked) {
  const FormerNames former(manifest, live.rules);
  std::set<std::string> known;  // erasures of which a key is usable
  std::map<std::string, Untold> untold;
  for (const Stored& stored : stored_since(manifest, asked.of_this_database)) {
    if (known.contains(stored.erasure)) continue;
    const TableIndex index = table_of(live, manifest, former, stored);
    if (index == kNoTable) continue;
    // Another company may have had the key of one that was erased.
    const bool is_anothers = index == live.scope.company_table && asked.owner && stored.company &&
                             *asked.owner != *stored.company;
    if (is_anothers) continue;
    std::vector<int16_t> columns;
    if (const auto why =
            find_columns(live, former, live.table(index), stored, asked.archived, columns)) {
      untold.emplace(stored.erasure, *why);
      continue;
    }
    known.insert(stored.erasure);
    std::vector<Erased>& erased = tables_[index];
    const auto same = std::find_if(erased.begin(), erased.end(),
                                   [&](const Erased& one) { return one.columns == columns; });
    (same != erased.end() ? *same : erased.emplace_back(Erased{columns, {}}))
        .hashes.insert(stored.hash);
  }
  for (const auto& [erasure, why] : untold) {
    if (!known.contains(erasure)) why.refuse();
  }
  hash_.emplace(false);  // after the tombstones: the first of them makes the key
}

bool Tombstones::has(TableIndex table, const std::vector<const Column*>& columns,
                     const std::vector<RowValue>& values) const {
  const auto erased = tables_.find(table);
  if (erased == tables_.end()) return false;
  return std::any_of(erased->second.begin(), erased->second.end(), [&](const Erased& one) {
    const std::vector<std::string> key = comparable_key(one.columns, columns, values);
    return !key.empty() && one.hashes.contains(hash_->of(key));
  });
}

namespace {

struct Place {
  std::string erasure, database;
};

void add_tombstone(const Table& table, const RowKey& key, const Erasure& erasure,
                   const Place& place) {
  std::vector<std::string> names;
  for (const int16_t column : key.columns) names.push_back(column_of(table, column).name);
  own_query(
      "INSERT INTO company_backup.tombstone (erasure, table_id, table_schema, table_name, columns, "
      "key_hash, database, company, erased_by, actor, reason) VALUES ($1::bigint, $2, $3::name, "
      "$4::name, $5::text[], decode($6, 'hex'), $7::uuid, $8, $9::name, $10, $11)",
      {place.erasure, remember_table(table.oid), table.schema, table.name, text_array(names),
       KeyHash(true).of(key.key), place.database, Arg::optional_number(erasure.company),
       one_row(query("SELECT current_user"))[0], erasure.actor, erasure.reason},
      Access::kWrite);
}

std::string next_erasure() {
  return one_value(own_query("SELECT nextval('company_backup.erasure_seq')", {}, Access::kWrite));
}

}  // namespace

void leave_tombstone(const Table& table, const std::vector<RowKey>& keys, const Erasure& erasure) {
  std::vector<Place> places{{next_erasure(), database_identity().identity}};
  std::set<std::string> databases;
  if (erasure.company) {
    for (const CompanyOrigin& origin : origins_of(*erasure.company)) {
      if (databases.insert(origin.database).second)
        places.push_back({next_erasure(), origin.database});
    }
  }
  for (const Place& place : places) {
    for (const RowKey& key : keys) add_tombstone(table, key, erasure, place);
  }
}

void leave_tombstone_of_origin(const Table& table, const RowKey& key, const Erasure& erasure,
                               const std::string& database) {
  add_tombstone(table, key, erasure, {next_erasure(), database});
}

}  // namespace company_backup
