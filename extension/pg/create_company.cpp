#include "pg/create_company.hpp"

#include "core/sql.hpp"
#include "pg/company_load.hpp"
#include "pg/company_lock.hpp"
#include "pg/restore.hpp"
#include "pg/restore_record.hpp"
#include "pg/typed_value.hpp"

namespace company_backup {
namespace {

// A value as its type prints it ('01' of an integer is 1).
Text canonical(const Column& column, const Text& value) {
  return query("SELECT $1", {typed_value(column, value)})[0][0];
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
  RestoreRecord record{next_restore_id(), company.key, backup.id, "create", false};
  record.added = rows;
  record.actor = actor;
  record_restore(live, record, "created");
  return company.key;
}

}  // namespace company_backup
