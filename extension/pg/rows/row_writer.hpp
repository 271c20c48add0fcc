// Loads rows of the archive into one table.
//
// A local table is written through the executor's own pieces: generated columns, constraints,
// partitions and indexes are kept, but no trigger fires, no rule rewrites and no referential action
// runs; whoever loads proves the foreign keys afterwards (pg/check/integrity.hpp). Code on the
// table, its partitions and its types runs as their owners (pg/base/code_owner.hpp), after the
// caller's own rights have been checked. A foreign table is written by plain INSERTs, and refused
// if that would run code of others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/error.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/value_input.hpp"
#include "pg/rows/write_as.hpp"

namespace company_backup {

class DoubtedRows;

// Error kUniqueViolation or, of an exclusion constraint, kExcluded, and where it was: a table, or
// the root of its partitions, and the name of the index.
struct TakenValue : Error {
  TakenValue(Error error, Oid table_oid, std::string index_name)
      : Error(std::move(error)), table(table_oid), index(std::move(index_name)) {}
  Oid table;
  std::string index;
};

// Throws it. `name`: of the table, for messages.
[[noreturn]] void refuse_taken(uint32_t table, const std::string& name, const CaughtError& error);

// Runs `body` like guarded_with_hint(); the errors of unique indexes and exclusion constraints
// become TakenValue.
template <class Body, class Hint>
void guarded_taken(uint32_t table, const std::string& name, Body&& body, Hint&& hint) {
  try {
    guarded(body);
  } catch (const PostgresError&) {
    const int errcode = waiting_errcode();
    if (errcode != ERRCODE_UNIQUE_VIOLATION && errcode != ERRCODE_EXCLUSION_VIOLATION) {
      throw_waiting_with_hint(hint(errcode));
    }
    refuse_taken(table, name, take_error_to_translate());
  }
}

class RowWriter {
 public:
  // `columns`: attribute numbers of the values of each row; all other columns get their default.
  // `key`: positions in `columns` that name a row in messages. `name`: of the table, for messages.
  // `doubts`: takes rows whose CHECK is false now and calls functions, which may see more later; it
  // must outlive the writer; null: such rows are refused. `row_check`: see row_check.hpp; empty:
  // there is none; of local tables only.
  //
  // Checks that the caller may INSERT into and SELECT from these columns, unless it writes as the
  // owner, and takes ROW EXCLUSIVE. Errors: PostgreSQL's own 42501; kRowSecurity if row-level
  // security applies to the caller; kForeignCode (pg/base/foreign_code.hpp,
  // pg/base/code_owner.hpp).
  RowWriter(Oid table, std::string name, const std::vector<int16_t>& columns,
            const std::vector<size_t>& key, WriteAs as = WriteAs::kCaller,
            DoubtedRows* doubts = nullptr, std::string row_check = {});
  ~RowWriter();
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;

  // Rows of a local table in whose way another one is, in a unique index or an exclusion constraint
  // that is not deferrable, are left out from here on and told of; `tag`: which the row was given
  // with; `index`: that one.
  using TakenRow = std::function<void(std::string_view tag, Oid index)>;
  void leave_out_taken(TakenRow told);

  // Error kTableChanged unless Datums of these base types are what the columns hold.
  void require_types(const std::vector<Oid>& types) const;

  // The values are copied. Rows are written in batches, so that an error may be of an earlier row:
  // kBadValue (a value its column's type refuses; names the row), PostgreSQL's own class 23.
  void add(const std::vector<LoadValue>& row, std::string_view tag = {});

  // Writes what is left and proves deferrable unique and exclusion constraints. To be called once,
  // after which the writer is done.
  void finish();

  uint64_t rows() const;  // given so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace company_backup
