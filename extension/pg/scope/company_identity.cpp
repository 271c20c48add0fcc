#include "pg/scope/company_identity.hpp"

#include "core/scope/sql.hpp"
#include "pg/base/act.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/pinned_settings.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/known_rows.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {

namespace {

// The version of the company's row, by the columns that to_version() reads. As the table's owner;
// `lock` may be that of a foreign key, so that whoever deletes the row from now on waits.
Row version_of_row(const LiveScope& live, const Company& company, const char* lock) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  const AsOwnerOf owner(table.oid);
  Rows rows = query(
      "SELECT c.tableoid::oid, pg_catalog.pg_relation_filenode(c.tableoid), c.ctid, c.xmin, c.cmin "
      "FROM " +
          from_table(table) + " AS c WHERE " + column_sql("c", key) + " " + key.equality + " $1" +
          lock,
      {company.arg()}, Access::kWrite);
  if (rows.empty()) refuse_deleted(company.key);
  return std::move(rows[0]);
}

TupleVersion hold_company(const LiveScope& live, const Company& company) {
  return to_version(version_of_row(live, company, " FOR KEY SHARE"), 0);
}

// So that a later gap does not end the company if its row is still this one. A REPEATABLE READ
// transaction may see an older one.
void note_row(const LiveScope& live, const Company& company, int64_t identity) {
  if (guarded([] { return IsolationUsesXactSnapshot(); }) || !are_companies_followed()) return;
  adopt_followed();
  note_unchanged_version(identity, company.key, version_of_row(live, company, ""));
}

[[noreturn]] void refuse_changed(const std::string& key) {
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: another company has got key \"" + key + "\" meanwhile")
      .hint("Try again.");
}

// Where the row is; as the table's owner.
Oid place_of(const LiveScope& live, const Company& company, Access access) {
  const Table& table = live.table(live.scope.company_table);
  if (!table.partitioned) return table.oid;
  const Column& key = column_of(table, live.scope.company_key);
  const AsOwnerOf owner(table.oid);
  const Rows rows = query("SELECT c.tableoid::oid FROM " + from_table(table) + " AS c WHERE " +
                              column_sql("c", key) + " " + key.equality + " $1",
                          {company.arg()}, access);
  return rows.empty() ? InvalidOid : oid_of(rows[0][0]);
}

// Its number, where the company table is partitioned: with the partition the company goes.
Arg noted_place(const LiveScope& live, const Company& company) {
  if (!live.table(live.scope.company_table).partitioned) return Arg::optional_number({});
  return remember_table(place_of(live, company, Access::kWrite));
}

CompanyIdentity first_id(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return std::stoll(*rows[0][0]);
}

}  // namespace

namespace {

CompanyIdentity live_identity(const std::string& key, Access access) {
  return first_id(own_query(
      "SELECT id FROM company_backup.company WHERE key = $1 AND gone_at IS NULL", {key}, access));
}

}  // namespace

CompanyIdentity identity_of_key(const std::string& key, Access access) {
  const CompanyIdentity known = live_identity(key, access);
  return known && still_has(*known, key) ? known : std::nullopt;
}

namespace {

// Ends the recorded holder of this key, if it has lost the key and no trigger has told yet. True:
// it had.
bool displace_unseen(const std::string& key) {
  const CompanyIdentity known = live_identity(key, Access::kCall);
  if (!known || still_has(*known, key)) return false;
  displace(key);
  return true;
}

}  // namespace

int64_t make_identity(const LiveScope& live, const Company& company) {
  if (const CompanyIdentity known = identity_of_key(company.key)) {
    note_row(live, company, *known);
    note_owner(known);
    return *known;
  }
  const TupleVersion row = hold_company(live, company);
  displace_unseen(company.key);
  const Rows made = own_query(
      "INSERT INTO company_backup.company (key, place) VALUES ($1, $2) ON CONFLICT DO NOTHING "
      "RETURNING id",
      {company.key, noted_place(live, company)}, Access::kWrite);
  if (!made.empty()) note_version(*first_id(made), company.key, row);
  const CompanyIdentity identity = identity_of_key(company.key);
  if (!identity) refuse_deleted(company.key);
  note_owner(identity);
  return *identity;
}

int64_t identity_of_created(const LiveScope& live, const Company& company,
                            const CompanyIdentity& former) {
  // There was no row with this key: whoever still has it went without being noticed.
  displace(company.key);
  if (former) {
    const Rows again = own_query(
        "UPDATE company_backup.company SET gone_at = NULL, place = $3 WHERE id = $1 AND key = $2 "
        "RETURNING id",
        {*former, company.key, noted_place(live, company)}, Access::kWrite);
    if (!again.empty()) {
      note_version(*former, company.key, hold_company(live, company));
      return *former;
    }
  }
  return make_identity(live, company);
}

void refuse_ended(int64_t identity, const std::string& key) {
  own_query("SELECT FROM company_backup.company WHERE id = $1 FOR SHARE", {identity},
            Access::kWrite);
  FreshSnapshot fresh;
  const bool lives = identity_of_key(key, Access::kRead) == identity;
  fresh.close();
  if (!lives) refuse_deleted(key);
}

KeyHolder::KeyHolder(std::string key) : key_(std::move(key)), before_(read(Access::kRead)) {}

KeyHolder KeyHolder::now(const std::string& key) {
  ReadSnapshot snapshot;
  KeyHolder holder(key);
  snapshot.close();
  return holder;
}

// Every company that loses the key leaves a row with gone_at, whether it was known before or not.
KeyHolder::Moment KeyHolder::read(Access access) const {
  const Row row = one_row(own_query(
      "SELECT min(id) FILTER (WHERE gone_at IS NULL), count(gone_at) || ' ' || "
      "coalesce(extract(epoch FROM max(gone_at)), 0) FROM company_backup.company WHERE key "
      "= $1",
      {key_}, access));
  Moment moment{std::nullopt, *row[1]};
  if (row[0] && still_has(std::stoll(*row[0]), key_)) moment.identity = std::stoll(*row[0]);
  return moment;
}

// A company that was only seen for the first time meanwhile is no change.
void KeyHolder::refuse() const {
  refuse_changed(key_);
}

void KeyHolder::compare(const Moment& now) const {
  if (now.ends != before_.ends || (before_.identity && now.identity != before_.identity)) {
    refuse();
  }
}

void KeyHolder::require_same() const {
  compare(read(Access::kRead));
}

void KeyHolder::require_same_now() const {
  compare(read(Access::kCall));
}

AskedCompany::AskedCompany(const LiveScope& live, const Text& company) : written_(company) {
  ask(live);
  if (displace_unseen(key())) ask(live);
}

void AskedCompany::ask(const LiveScope& live) {
  ReadSnapshot snapshot;
  try {
    row_ = resolve_company(live, written_);
    place_ = place_of(live, *row_, Access::kRead);
  } catch (const Error& error) {
    if (std::string(error.sqlstate()) != sqlstate::kUnknownCompany) throw;
    unknown_ = error;
  }
  holder_.emplace(key());
  snapshot.close();
}

Company AskedCompany::resolve(const LiveScope& live) const {
  // Not as it was written: that was read under other settings.
  Company company = resolve_company(live, key());
  if (!row_ || place_of(live, company, Access::kRead) != place_) refuse_changed(company.key);
  holder_->require_same();
  return company;
}

CompanyIdentity identity_at(const std::string& key, const std::string& time) {
  return first_id(own_query(
      "SELECT id FROM company_backup.company WHERE key = $1 AND (gone_at IS NULL OR gone_at > "
      "$2::timestamptz) ORDER BY gone_at LIMIT 1",
      {key, time}, Access::kCall));
}

std::vector<std::string> former_keys(int64_t identity) {
  std::vector<std::string> keys;
  for (const Row& row :
       own_query("SELECT key FROM company_backup.former_key WHERE company = $1", {identity}))
    keys.push_back(*row[0]);
  return keys;
}

}  // namespace company_backup
