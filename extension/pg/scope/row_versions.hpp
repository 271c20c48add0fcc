// Which row is which: an UPDATE leaves the old version of a row behind and makes a new one. By its
// versions a row is known through all that a transaction does to it: whatever its key becomes, and
// in whatever order triggers tell of it.
#pragma once

#include <optional>
#include <string>

#include "pg/base/postgres.hpp"

namespace company_backup {

// Plain data.
struct TupleVersion {
  Oid relation = InvalidOid;  // none: it is not known which it is
  Oid file = InvalidOid;      // that held the relation's rows then
  ItemPointerData place{};
  TransactionId made_by = InvalidTransactionId;
  CommandId command = 0;  // of that transaction
};

// What has become of a row until now, as this transaction sees it. Plain data.
struct RowEnd {
  enum Fate {
    kUnknown,
    kLives,
    kDeleted,
    kLeft
  };  // kLeft: for a partition whose trigger has not fired yet
  Fate fate;
  TupleVersion last;
  const char* key;  // of that version, in the current memory context; null: NULL
};

// Of one command within one transaction or subtransaction.
struct Command {
  TransactionId whole, transaction;
  CommandId number;
  bool operator==(const Command&) const = default;
};

// An UPDATE that moves a row to another partition deletes it in the one and inserts it into the
// other, and no trigger of the command fires in between. So each command has at most one row that
// has left and not arrived.
void note_leaving(const Command& by, const TupleVersion& from, const std::string& key);
struct Left {
  TupleVersion from;
  std::string key;
};
// The row that has arrived as `to`, if this command has moved one.
std::optional<Left> note_arrival(const Command& by, const TupleVersion& to);

// All of these inside guarded() only.

TupleVersion version_of(Relation table, HeapTuple row);

// Does its relation still have its rows in that file? After ALTER TABLE or CLUSTER it does not.
bool is_in_place(const TupleVersion& version);

// Follows the row from version to version, into other partitions as noted by note_arrival().
RowEnd end_of(const TupleVersion& version, const char* key_column);

// Are they versions of one row?
bool is_same_end(const RowEnd& a, const RowEnd& b);

// The version that had this key when the transaction had not changed any row yet, or had just
// written all of the table anew, but for the keys; not known if there is none, or no index that
// tells.
TupleVersion version_before(Relation table, AttrNumber key_column, Datum key);

}  // namespace company_backup
