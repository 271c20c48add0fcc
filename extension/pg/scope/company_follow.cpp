// What the triggers on the company table call: pg/scope/company_triggers.hpp. They do not
// fire in the order of the changes: what a trigger or a function changes within a statement comes
// before the statement's own changes. So the question is never who has a key, but whose row this
// is, by its versions, and what has become of it. A company whose row cannot be found has ended.
#include "core/text/error.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/pinned_settings.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/known_rows.hpp"
#include "pg/scope/stored_tables.hpp"

extern "C" {
#include "catalog/partition.h"
}

namespace company_backup {
namespace {

// Notes that a company of which nothing is stored had this key until now: an archive may be its.
void note_former(const std::string& key) {
  own_query("INSERT INTO company_backup.company (key, gone_at) VALUES ($1, clock_timestamp())",
            {key}, Access::kWrite);
}

// Archives may call the company so.
void note_former_key(int64_t company, const std::string& key) {
  own_query("INSERT INTO company_backup.former_key VALUES ($1, $2) ON CONFLICT DO NOTHING",
            {company, key}, Access::kWrite);
}

// All companies in the table are about to go; its lock keeps others from coming meanwhile.
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
  own_query("DELETE FROM company_backup.company_row WHERE relation = $1",
            {Arg::datum(OIDOID, ObjectIdGetDatum(table))}, Access::kWrite);
  // A REPEATABLE READ transaction may see less.
  if (ended != known) {
    throw Error(sqlstate::kSerializationFailure,
                "could not serialize access: the companies of the table have changed meanwhile")
        .hint("Try again.");
  }
}

// What a trigger was called for; trivially copyable.
struct Change {
  Oid truncated;  // none: it was called for a row
  bool partitioned;
  Oid root;
  const char* column;  // of the key; null: it was dropped
  bool inserted;
  bool moved;          // deleted here by an UPDATE that moves it to another partition
  Command by;          // that moved or inserted it
  TupleVersion row;    // that was changed; of an INSERT: that was made
  bool is_ours;        // this transaction has made it
  Datum key;           // of that version
  const char* before;  // the same as text; null: NULL, which is nobody's key
  const char* after;   // of an UPDATE
  bool updated;
};

bool is_same(const char* a, const char* b) {
  return a == nullptr || b == nullptr ? a == b : strcmp(a, b) == 0;
}

// Of a partition tree; any other table itself. Inside guarded() only.
Oid root_of(Relation table) {
  const Oid oid = RelationGetRelid(table);
  return table->rd_rel->relispartition ? llast_oid(get_partition_ancestors(oid)) : oid;
}

// The key column of the company table, whatever it is called by now: by its number; in a database
// that was made of a dump, which numbers anew, by its name. Null: it was dropped.
const char* key_column(const Trigger& trigger, Oid company_table) {
  if (trigger.tgnargs != 3) return "";
  if (atooid(trigger.tgargs[1]) != company_table) return from_server(trigger.tgargs[0]);
  const char* name =
      get_attname(company_table, static_cast<AttrNumber>(atoi(trigger.tgargs[2])), true);
  return name == nullptr ? nullptr : from_server(name);
}

// Can settings change the text of a key? Not with these types, which most keys have: that spares
// rows the effort. Inside guarded() only.
bool depends_on_settings(FunctionCallInfo fcinfo) {
  if (!CALLED_AS_TRIGGER(fcinfo)) return false;
  const auto* data = reinterpret_cast<TriggerData*>(fcinfo->context);
  const Relation table = data->tg_relation;
  if (!TRIGGER_FIRED_FOR_ROW(data->tg_event)) return false;
  const char* column = key_column(*data->tg_trigger, root_of(table));
  const int number =
      column == nullptr ? 0 : SPI_fnumber(RelationGetDescr(table), to_server(column));
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

// Null: NULL. Inside guarded() only.
const char* text_of(HeapTuple row, Relation table, int number) {
  const char* text = SPI_getvalue(row, RelationGetDescr(table), number);
  return text == nullptr ? nullptr : from_server(text);
}

// Inside guarded() only.
void read_row(Change& change, const TriggerData& data, int number) {
  const Relation table = data.tg_relation;
  const HeapTuple row = data.tg_trigtuple;
  const TransactionId made_by = HeapTupleHeaderGetXmin(row->t_data);
  bool is_null = false;
  change.row = version_of(table, row);
  change.is_ours = TransactionIdIsCurrentTransactionId(made_by);
  change.key = heap_getattr(row, number, RelationGetDescr(table), &is_null);
  change.before = text_of(row, table, number);
  change.inserted = TRIGGER_FIRED_BY_INSERT(data.tg_event);
  change.updated = TRIGGER_FIRED_BY_UPDATE(data.tg_event);
  change.moved = TRIGGER_FIRED_BY_DELETE(data.tg_event) &&
                 HeapTupleHeaderIndicatesMovedPartitions(row->t_data);
  if (change.inserted) {
    change.by = {GetTopTransactionIdIfAny(), made_by, HeapTupleHeaderGetCmin(row->t_data)};
  } else if (change.moved) {
    change.by = {GetTopTransactionIdIfAny(), HeapTupleHeaderGetUpdateXid(row->t_data),
                 HeapTupleHeaderGetCmax(row->t_data)};
  } else if (change.updated) {
    change.after = text_of(data.tg_newtuple, table, number);
  }
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
  if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)) change.truncated = RelationGetRelid(table);
  change.partitioned = table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
  change.root = root_of(table);
  change.column = key_column(*data->tg_trigger, change.root);
  // The column was dropped: all access is refused until set_company_table() names the key.
  if (change.column == nullptr) return change;
  const int number = SPI_fnumber(RelationGetDescr(table), to_server(change.column));
  if (number <= 0) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("table \"%s\" has no column \"%s\", which is the key of companies",
                           RelationGetRelationName(table), to_server(change.column)),
                    errhint("Call set_company_table() again.")));
  }
  if (change.truncated == InvalidOid) read_row(change, *data, number);
  return change;
}

// A version of a row, and who may have had it.
struct Lost {
  Oid root;
  TupleVersion row;
  bool is_ours;
  Datum key;  // if it is ours
  const char* column;
};

enum class Whose { kIts, kAnothers, kUnknown };

// The version that the company had when the transaction began. One that is not ours is that, if it
// has the key.
TupleVersion first_version(const KnownRow& known, const Lost& lost) {
  const Oid place = known.place != InvalidOid ? known.place : lost.row.relation;
  if (!lost.is_ours) return place == lost.row.relation ? lost.row : TupleVersion();
  return guarded([&] {
    const Relation table = try_relation_open(place, AccessShareLock);
    if (table == nullptr) return TupleVersion();
    const TupleVersion first = version_before(table, column_number(place, lost.column), lost.key);
    relation_close(table, NoLock);
    return first;
  });
}

Whose whose_is(const KnownRow& known, const Lost& lost, const RowEnd& end) {
  const bool is_there = guarded([&] { return is_in_place(known.version); });
  const TupleVersion version = is_there ? known.version : first_version(known, lost);
  if (version.relation == InvalidOid) return Whose::kUnknown;
  const RowEnd its = guarded([&] { return end_of(version, lost.column); });
  if (its.fate == RowEnd::kUnknown) return Whose::kUnknown;
  return is_same_end(its, end) ? Whose::kIts : Whose::kAnothers;
}

// Notes what has become of the row of the company that had this key.
void settle(const KnownRow& known, const std::string& former, const RowEnd& end) {
  if (end.fate == RowEnd::kDeleted || end.key == nullptr) {
    end_company(known.company, end.key == nullptr ? "" : end.key);
    return;
  }
  const std::string key = end.key;
  if (end.fate == RowEnd::kLeft) {
    end_company(known.company, key);
  } else {
    displace(key, known.company);
    const Arg place = known.place == InvalidOid ? Arg::optional_number({})
                                                : Arg(remember_table(end.last.relation));
    if (own_query("UPDATE company_backup.company SET key = $2, gone_at = NULL, place = $3 WHERE id "
                  "= $1 RETURNING 1",
                  {known.company, key, place}, Access::kWrite)
            .empty()) {
      refuse_deleted(key);
    }
    if (key != former) note_former_key(known.company, former);
  }
  note_version(known.company, key, end.last);
}

// A row has lost this key, or has been lost with it.
void follow_loss(const std::string& key, const Lost& lost) {
  const RowEnd end = guarded([&] { return end_of(lost.row, lost.column); });
  const bool followed = is_followed(lost.root, lost.row.relation);
  bool is_known = false;
  for (const KnownRow& known : known_with(key)) {
    const Whose whose = followed ? whose_is(known, lost, end) : Whose::kUnknown;
    if (whose == Whose::kIts) settle(known, key, end);
    if (whose == Whose::kUnknown) end_company(known.company, key);
    is_known |= whose == Whose::kIts;
  }
  if (!is_known && end.fate == RowEnd::kLives && end.key != nullptr) displace(end.key);
  note_former(key);
}

}  // namespace

COMPANY_BACKUP_FUNCTION(follow_company) {
  std::optional<PinnedSettings> settings;
  if (guarded([=] { return depends_on_settings(fcinfo); })) settings.emplace();
  const Change change = guarded([=] { return read_change(fcinfo); });
  if (change.column == nullptr) {
    // there are no companies until set_company_table() names the key
  } else if (change.truncated != InvalidOid) {
    // the triggers of the partitions handle a partitioned table
    if (!change.partitioned) follow_truncation(change.truncated, change.column);
  } else if (change.inserted) {
    const std::optional<Left> left = note_arrival(change.by, change.row);
    if (left) follow_loss(left->key, {change.root, left->from, true, change.key, change.column});
  } else if (change.updated && is_same(change.before, change.after)) {
    // the usual case: key and row are the same
  } else if (change.before == nullptr) {
    const RowEnd end = guarded([&] { return end_of(change.row, change.column); });
    if (end.fate == RowEnd::kLives && end.key != nullptr) displace(end.key);
  } else {
    if (change.moved) note_leaving(change.by, change.row, change.before);
    follow_loss(change.before,
                {change.root, change.row, change.is_ours, change.key, change.column});
  }
  if (settings) settings->close();
  return PointerGetDatum(nullptr);
}

}  // namespace company_backup
