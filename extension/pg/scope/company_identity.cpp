#include "pg/scope/company_identity.hpp"

#include <algorithm>
#include <vector>

extern "C" {
#include "access/tableam.h"
#include "catalog/partition.h"
#include "catalog/pg_trigger.h"
#include "utils/snapmgr.h"
}

#include "core/scope/sql.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/pinned_settings.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {

void refuse_deleted(const std::string& key) {
  throw Error(sqlstate::kSerializationFailure,
              "could not serialize access: company \"" + key + "\" was deleted meanwhile")
      .hint("Try again.");
}

namespace {

// As the table's owner, as a foreign key does: whoever deletes the row from now on waits.
void hold_company(const LiveScope& live, const Company& company) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  const AsOwnerOf owner(table.oid);
  if (query("SELECT FROM " + from_table(table) + " AS c WHERE " + column_sql("c", key) + " " +
                key.equality + " $1 FOR KEY SHARE",
            {company.arg()}, Access::kWrite)
          .empty()) {
    refuse_deleted(company.key);
  }
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
  return rows.empty() ? InvalidOid : static_cast<Oid>(std::stoul(*rows[0][0]));
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

// Does a company with this key live, as of this moment? A REPEATABLE READ transaction may see less.
bool is_known(const std::string& key) {
  FreshSnapshot fresh;
  const bool known = identity_of_key(key, Access::kRead).has_value();
  fresh.close();
  return known;
}

void end_identity(const std::string& key) {
  if (is_known(key) && own_query("UPDATE company_backup.company SET gone_at = clock_timestamp() "
                                 "WHERE key = $1 AND gone_at IS NULL RETURNING 1",
                                 {key}, Access::kWrite)
                           .empty()) {
    refuse_deleted(key);
  }
}

// Says that until now somebody had this key of whom nothing is stored: an archive may be theirs.
void note_former(const std::string& key) {
  own_query("INSERT INTO company_backup.company (key, gone_at) VALUES ($1, clock_timestamp())",
            {key}, Access::kWrite);
}

// Whoever is in the table goes with what is done next; nobody else can come meanwhile.
void follow_truncation(Oid table, const std::string& column) {
  const std::string keys = keys_of_table(table, column);
  FreshSnapshot fresh;
  const std::string known =
      one_value(own_query("SELECT count(*) FROM company_backup.company WHERE gone_at IS NULL AND "
                          "key = ANY ($1::text[])",
                          {keys}, Access::kRead));
  fresh.close();
  own_query(
      "INSERT INTO company_backup.company (key, gone_at) SELECT DISTINCT k, clock_timestamp() FROM "
      "unnest($1::text[]) k WHERE NOT EXISTS (SELECT FROM company_backup.company c WHERE c.key = k "
      "AND c.gone_at IS NULL)",
      {keys}, Access::kWrite);
  const std::string ended = one_value(own_query(
      "WITH ended AS (UPDATE company_backup.company SET gone_at = clock_timestamp() WHERE "
      "gone_at IS NULL AND key = ANY ($1::text[]) RETURNING 1) SELECT count(*) FROM ended",
      {keys}, Access::kWrite));
  // A REPEATABLE READ transaction may see less.
  if (ended != known) {
    throw Error(sqlstate::kSerializationFailure,
                "could not serialize access: the companies of the table have changed meanwhile")
        .hint("Try again.");
  }
}

void follow_deletion(const std::string& key) {
  if (is_known(key)) {
    end_identity(key);
  } else {
    note_former(key);
  }
}

// It stays the same company. Rows change their keys one after the other: nobody has the new one.
void follow_key(const std::string& before, const std::string& after) {
  end_identity(after);
  if (is_known(before) &&
      own_query("UPDATE company_backup.company SET key = $2 WHERE key = $1 AND gone_at IS NULL "
                "RETURNING 1",
                {before, after}, Access::kWrite)
          .empty()) {
    refuse_deleted(before);
  }
  note_former(before);
}

struct Command {
  TransactionId whole, transaction;
  CommandId number;
  bool operator==(const Command&) const = default;
};

// What a trigger was called for; trivially copyable.
struct Change {
  bool told;      // else another trigger tells of it
  Oid table;      // the root of a partition tree
  Oid truncated;  // none: it was called for a row
  Oid place;      // where the row is
  bool partitioned;
  const char* column;  // of the key; null: it was dropped
  const char* before;  // null: NULL, which is nobody's key
  const char* after;
  bool deleted;
  bool inserted;
  bool moved;  // deleted here by an UPDATE that moves it to another partition
  Command by;  // that moved or inserted it
};

bool is_same(const char* a, const char* b) {
  return a == nullptr || b == nullptr ? a == b : strcmp(a, b) == 0;
}

// The key that a row has now; null: NULL, or the row is gone. What ran between its change and its
// trigger may have changed it again, and told so before: triggers of other rows, or ones that come
// first. Inside guarded() only.
const char* key_now(Relation table, const ItemPointerData& changed, int number) {
  ItemPointerData place = changed;
  const TableScanDesc scan = table_beginscan_tid(table, SnapshotSelf);
  table_tuple_get_latest_tid(scan, &place);
  table_endscan(scan);
  TupleTableSlot* row = table_slot_create(table, nullptr);
  const char* key = nullptr;
  if (table_tuple_fetch_row_version(table, &place, SnapshotSelf, row)) {
    key =
        SPI_getvalue(ExecFetchSlotHeapTuple(row, false, nullptr), RelationGetDescr(table), number);
  }
  ExecDropSingleTupleTableSlot(row);
  return key;
}

// Of a partition tree; any other table itself. Inside guarded() only.
Oid root_of(Relation table) {
  const Oid oid = RelationGetRelid(table);
  return table->rd_rel->relispartition ? llast_oid(get_partition_ancestors(oid)) : oid;
}

// The key column of the company table, whatever it is called by now: by its number; in a database
// that was made of a dump, which numbers anew, by its name. Null: it was dropped.
const char* key_column(const Trigger& trigger, Oid company_table) {
  if (trigger.tgnargs < 3) return "";
  if (atooid(trigger.tgargs[1]) != company_table) return trigger.tgargs[0];
  return get_attname(company_table, static_cast<AttrNumber>(atoi(trigger.tgargs[2])), true);
}

// Is the text of a key another one under other settings? Of these types it is not; and most keys
// are of these, which spares rows the effort. Inside guarded() only.
bool depends_on_settings(FunctionCallInfo fcinfo) {
  if (!CALLED_AS_TRIGGER(fcinfo)) return false;
  const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
  const Relation table = data->tg_relation;
  if (!TRIGGER_FIRED_FOR_ROW(data->tg_event)) return false;
  const char* column = key_column(*data->tg_trigger, root_of(table));
  const int number = column == nullptr ? 0 : SPI_fnumber(RelationGetDescr(table), column);
  if (number <= 0) return false;
  switch (getBaseType(SPI_gettypeid(RelationGetDescr(table), number))) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case UUIDOID:
      return false;
    default:
      return true;
  }
}

// Inside guarded() only.
void read_row(Change& change, const TriggerData& data, int number) {
  const Relation table = data.tg_relation;
  const HeapTuple row = data.tg_trigtuple;
  change.deleted = TRIGGER_FIRED_BY_DELETE(data.tg_event);
  change.inserted = TRIGGER_FIRED_BY_INSERT(data.tg_event);
  if (change.inserted) {
    change.by = {GetTopTransactionIdIfAny(), HeapTupleHeaderGetXmin(row->t_data),
                 HeapTupleHeaderGetCmin(row->t_data)};
    change.after = key_now(table, row->t_self, number);
    return;
  }
  change.before = SPI_getvalue(row, RelationGetDescr(table), number);
  if (change.deleted) {
    change.moved = HeapTupleHeaderIndicatesMovedPartitions(row->t_data);
    if (change.moved) {
      change.by = {GetTopTransactionIdIfAny(), HeapTupleHeaderGetUpdateXid(row->t_data),
                   HeapTupleHeaderGetCmax(row->t_data)};
    }
    return;
  }
  change.after = SPI_getvalue(data.tg_newtuple, RelationGetDescr(table), number);
  if (!is_same(change.before, change.after)) {
    change.after = key_now(table, data.tg_newtuple->t_self, number);
  }
}

// Is it the one for the time that the partition is detached, which it is not?
bool stands_in(const Trigger& trigger, Relation table) {
  if (trigger.tgnargs != 4) return false;
  for (int i = 0; i < table->trigdesc->numtriggers; ++i) {
    const Trigger& other = table->trigdesc->triggers[i];
    if (other.tgisclone && other.tgfoid == trigger.tgfoid && TRIGGER_FOR_ROW(other.tgtype)) {
      return true;
    }
  }
  return false;
}

// Inside guarded() only.
Change read_change(FunctionCallInfo fcinfo) {
  if (!CALLED_AS_TRIGGER(fcinfo)) {
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("function \"follow_company\" was not called by a trigger")));
  }
  const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
  const Relation table = data->tg_relation;
  Change change{};
  if (stands_in(*data->tg_trigger, table)) return change;
  change.told = true;
  change.table = root_of(table);
  change.place = RelationGetRelid(table);
  if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)) change.truncated = RelationGetRelid(table);
  change.partitioned = table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
  change.column = key_column(*data->tg_trigger, change.table);
  // Dropped: nobody is let to anything until set_company_table() says what the key is.
  if (change.column == nullptr) return change;
  const int number = SPI_fnumber(RelationGetDescr(table), change.column);
  if (number <= 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("table \"%s\" has no column \"%s\", which is the key of companies",
                           RelationGetRelationName(table), change.column),
                    errhint("Call set_company_table() again.")));
  }
  if (change.truncated != InvalidOid) return change;
  read_row(change, *data, number);
  return change;
}

// A row that an UPDATE moves to another partition is deleted in the one and then inserted in the
// other, and nothing else that this command does is told in between. So each command has one row at
// most that has left and not arrived. By that its company has ended, unless it arrives.
struct Leaving {
  Command by;
  int64_t identity;
};
std::vector<Leaving> leaving;  // of commands within others, of one transaction

std::vector<Leaving>::iterator leaving_by(const Command& command) {
  return std::find_if(leaving.begin(), leaving.end(),
                      [&](const Leaving& one) { return one.by == command; });
}

void follow_leaving(const std::string& key, const Command& by) {
  std::erase_if(leaving,
                [&](const Leaving& one) { return one.by == by || one.by.whole != by.whole; });
  if (const CompanyIdentity identity = identity_of_key(key)) leaving.push_back({by, *identity});
  follow_deletion(key);
}

void follow_arrival(const char* key, Oid place, const Command& by) {
  const auto left = leaving_by(by);
  if (left == leaving.end()) return;
  const int64_t identity = left->identity;
  leaving.erase(left);
  if (key == nullptr) return;
  end_identity(key);
  own_query(
      "INSERT INTO company_backup.company (key, gone_at) SELECT key, gone_at FROM "
      "company_backup.company WHERE id = $1",
      {identity}, Access::kWrite);
  own_query("UPDATE company_backup.company SET gone_at = NULL, key = $2, place = $3 WHERE id = $1",
            {identity, key, remember_table(place)}, Access::kWrite);
}

}  // namespace

COMPANY_BACKUP_FUNCTION(follow_company) {
  std::optional<PinnedSettings> settings;
  if (guarded([=] { return depends_on_settings(fcinfo); })) settings.emplace();
  const Change change = guarded([=] { return read_change(fcinfo); });
  if (settings) settings->close();
  if (!change.told || change.column == nullptr) return PointerGetDatum(nullptr);
  if (change.truncated != InvalidOid) {
    // of one that is partitioned, its partitions tell
    if (!change.partitioned) follow_truncation(change.truncated, change.column);
  } else if (change.inserted) {
    follow_arrival(change.after, change.place, change.by);
  } else if (change.before == nullptr) {
    if (change.after != nullptr) end_identity(change.after);
  } else if (change.moved) {
    follow_leaving(change.before, change.by);
  } else if (change.deleted || change.after == nullptr) {
    follow_deletion(change.before);
  } else if (!is_same(change.before, change.after)) {
    follow_key(change.before, change.after);
  }
  return PointerGetDatum(nullptr);
}

CompanyIdentity identity_of_key(const std::string& key, Access access) {
  return first_id(own_query(
      "SELECT id FROM company_backup.company WHERE key = $1 AND gone_at IS NULL", {key}, access));
}

int64_t make_identity(const LiveScope& live, const Company& company) {
  if (const CompanyIdentity known = identity_of_key(company.key)) return *known;
  hold_company(live, company);
  own_query(
      "INSERT INTO company_backup.company (key, place) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      {company.key, noted_place(live, company)}, Access::kWrite);
  const CompanyIdentity made = identity_of_key(company.key);
  if (!made) refuse_deleted(company.key);
  return *made;
}

int64_t identity_of_created(const LiveScope& live, const Company& company,
                            const CompanyIdentity& former) {
  // There was no row with this key: whoever still has it went without being noticed.
  end_identity(company.key);
  if (former) {
    const Rows again = own_query(
        "UPDATE company_backup.company SET gone_at = NULL, place = $3 WHERE id = $1 AND key = $2 "
        "RETURNING id",
        {*former, company.key, noted_place(live, company)}, Access::kWrite);
    if (!again.empty()) return *former;
  }
  return make_identity(live, company);
}

void refuse_ended(int64_t identity, const std::string& key) {
  FreshSnapshot fresh;
  const bool lives = identity_of_key(key, Access::kRead) == identity;
  fresh.close();
  if (!lives) refuse_deleted(key);
}

KeyHolder::KeyHolder(std::string key) : key_(std::move(key)), before_(look(Access::kRead)) {}

KeyHolder KeyHolder::now(const std::string& key) {
  ReadSnapshot snapshot;
  KeyHolder holder(key);
  snapshot.close();
  return holder;
}

// Whoever loses the key leaves a row that has ended, known before or not.
KeyHolder::Moment KeyHolder::look(Access access) const {
  const Row row = one_row(own_query(
      "SELECT min(id) FILTER (WHERE gone_at IS NULL), count(gone_at) || ' ' || "
      "coalesce(extract(epoch FROM max(gone_at)), 0) FROM company_backup.company WHERE key "
      "= $1",
      {key_}, access));
  Moment moment{std::nullopt, *row[1]};
  if (row[0]) moment.identity = std::stoll(*row[0]);
  return moment;
}

// That the company was seen for the first time since is no change.
void KeyHolder::refuse() const {
  refuse_changed(key_);
}

void KeyHolder::compare(const Moment& now) const {
  if (now.ends != before_.ends || (before_.identity && now.identity != before_.identity)) {
    refuse();
  }
}

void KeyHolder::require_same() const {
  compare(look(Access::kRead));
}

void KeyHolder::require_same_now() const {
  compare(look(Access::kCall));
}

AskedCompany::AskedCompany(const LiveScope& live, const Text& company) : written_(company) {
  ReadSnapshot snapshot;
  try {
    row_ = resolve_company(live, company);
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

}  // namespace company_backup
