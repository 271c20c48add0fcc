// Writing rows of one local table through the executor's own pieces, without its triggers: what
// copyfrom.c and logical replication's apply worker do. Plain data in PostgreSQL's memory, so that
// it may be used inside guarded(), and only there.
//
// Code on the table runs as pg/base/code_owner.hpp says, that of a partition as its own owner.
#pragma once

#include <unordered_map>
#include <vector>

#include "pg/base/compat.hpp"
#include "pg/base/owner.hpp"
#include "pg/rows/doubted_rows.hpp"
#include "pg/rows/row_batch.hpp"

namespace company_backup {

class TableWriter {
 public:
  // `given`: the columns whose values come with each row; all others get their default. `doubts`:
  // may be null, and must outlive it.
  // `row_check`: cook_row_check(), or null: what rows must meet, error 23514 otherwise; it must
  // outlive it.
  void open(Relation relation, const AttrNumber* given, int given_count, DoubtedRows* doubts,
            const char* row_check);
  // The same for update() and remove() of a table or partition that holds rows itself; `changed`
  // holds the columns that may change, as in RangeTblEntry.updatedCols.
  void open_for_update(Relation relation, Bitmapset* changed, DoubtedRows* doubts,
                       const char* row_check);
  // The column whose default is being evaluated, or 0: for messages.
  AttrNumber column_at_work() const { return column_at_work_; }
  // Has the row check itself raised an error, or a CHECK that calls functions?
  bool is_in_row_check() const { return in_row_check_; }
  bool is_in_function_check() const { return in_function_check_; }
  // Of the code on the table itself.
  Oid code_owner() const { return owner_; }
  // Inserts rows; values and nulls are `count` times the table's attributes. `taken`, null or
  // `count` long: rows in whose way another one is in an immediate unique index or exclusion
  // constraint are left out, and get its OID.
  void insert(Datum* values, bool* nulls, int count, Oid* taken = nullptr);
  // Looks at rows from `at` on, which is left at the first that is refused, with an error; nothing
  // is written. `skip`: these are not looked at.
  void look_at(Datum* values, bool* nulls, int count, const bool* skip, int* at);
  // Of those it has looked at: rows of which a CHECK that calls functions is false now.
  uint64_t doubted() const { return doubted_; }
  // Replaces columns of a version of a row, or removes it; waits for others who are at it. Error
  // 40001 if it is no longer the row's last version. To be called as code_owner(), within
  // OwnersCode: once for many rows.
  void update(ItemPointer tid, const Datum* values, const bool* nulls, const bool* replaced);
  void remove(ItemPointer tid);
  // Looks again at what deferrable constraints let pass.
  void prove_suspects();
  void close();

 private:
  // CHECKs of a relation that call functions, with all others it has.
  struct FunctionChecks {
    int count;
    ExprState** states;
    bool one_by_one;  // each row is to be seen by the CHECKs of the next
  };
  // Rows on their way into one relation: the table itself or a partition.
  struct Target {
    ResultRelInfo* info;
    FunctionChecks* checks;  // null: the executor's own will do
    ExprState* row_check;
    Oid owner;       // of the code on it
    TupleDesc form;  // as long as nobody alters it
    TupleTableSlot** slots;
    bool* doubted;  // of the slots
    int used;
    BulkInsertState bulk;
  };
  struct Default {
    AttrNumber attnum;
    Oid owner;
    ExprState* expression;
  };

  void begin(Relation relation, Bitmapset* changed, DoubtedRows* doubts);
  FunctionChecks* take_over_checks(ResultRelInfo* info);
  bool hold(const FunctionChecks* checks, TupleTableSlot* row);
  ExprState* prepare_row_check(ResultRelInfo* info);
  void require_row_check(Relation relation, ExprState* check, TupleTableSlot* row);
  void prepare_defaults(const AttrNumber* given, int given_count);
  void fill_defaults(Datum* values, bool* nulls);
  Target* target_of(TupleTableSlot* row);
  Target* open_target(ResultRelInfo* info);
  TupleTableSlot* next_slot(Target* target);
  void close_target(Target* target);
  Target* line_up(Datum* values, bool* nulls);
  void put(Datum* values, bool* nulls, Oid* taken);
  Oid taken_in(Target* target, TupleTableSlot* row);
  void flush(Target* target);
  void index(ResultRelInfo* info, TupleTableSlot* slot, bool is_update, IndexUpdates updates);

  Relation relation_ = nullptr;
  TupleDesc form_ = nullptr;
  Oid owner_ = InvalidOid;
  Oid routing_owner_ = InvalidOid;
  AttrNumber column_at_work_ = 0;
  OwnersCode code_;                 // of insert() and prove_suspects()
  MemoryContext memory_ = nullptr;  // lives as long as the load
  EState* estate_ = nullptr;
  ResultRelInfo* root_ = nullptr;
  ModifyTableState* modify_ = nullptr;
  PartitionTupleRouting* routing_ = nullptr;
  DoubtedRows* doubts_ = nullptr;
  const char* row_check_ = nullptr;
  bool in_row_check_ = false, in_function_check_ = false;
  uint64_t doubted_ = 0;
  FunctionChecks* checks_ = nullptr;     // of update()
  ExprState* update_check_ = nullptr;    // likewise: the row check
  TupleTableSlot* root_slot_ = nullptr;  // of a partitioned table
  TupleTableSlot* old_row_ = nullptr;    // of update()
  TupleTableSlot* new_row_ = nullptr;
  Default* defaults_ = nullptr;
  int default_count_ = 0;
  std::unordered_map<ResultRelInfo*, Target*> targets_;
  std::vector<Suspect> suspects_;
};

}  // namespace company_backup
