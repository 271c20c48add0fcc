// What becomes of rows outside the company that refer to rows which are gone: deleted or changed as
// their foreign keys say, without triggers, or counted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/restore/undo.hpp"
#include "pg/rows/current_rows.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_edits.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// A column that ON DELETE SET NULL or SET DEFAULT sets.
struct SetColumn {
  const Column* column;
  Text value;
};

// A row that is about to be deleted, or changed if `set` is not empty.
struct OutsideRow {
  TableIndex table;
  const std::vector<const Column*>& columns;
  const std::vector<RowValue>& values;
  const std::vector<SetColumn>& set;
};

// Rows that keep a restore from removing what they refer to.
struct StayingRows {
  uint64_t count = 0;
  std::vector<std::string> keys;  // the first few, as far as the caller may see them
};

// What is at work.
struct OutsideWork {
  bool preview = false;  // nothing is done, and rows of the company that may not be removed count
                         // as outside
  bool partial = false;  // there are rows of the company that a restore has not looked at
  // Of the deletion of a company, with all that belongs to it: what is left is outside. Logs follow
  // their foreign keys as other tables do, and more keys are listed.
  bool deletes = false;
  bool single = false;  // the deletion is of one row: others of its company are outside as well
  std::set<TableIndex> retained = {};  // tables whose rows stay in a deletion
};

// Rows outside that followed, or would.
struct FollowedRows {
  uint64_t removed = 0, changed = 0;
};

class OutsideActions {
 public:
  using Observer = std::function<void(const OutsideRow& row)>;

  // All references must outlive it. `undo`: gets every row as it was; may be null.
  OutsideActions(const LiveScope& live, const Company& company, UndoWriter* undo, Observer observer,
                 const OutsideWork& work);

  // Does what the foreign key says to the rows outside that refer to these keys: CASCADE, SET NULL
  // or SET DEFAULT. Errors: those of TableEdits; kIntegrity for a column that decides the
  // partition.
  void follow(const ForeignKey& key, const KeyBatch& gone);

  // Counts the rows outside that refer to these keys.
  void count(const ForeignKey& key, const KeyBatch& gone, StayingRows& staying) const;

  // Of a deletion or its preview, which counts each row once.
  std::map<TableIndex, FollowedRows> followed();

  // To be called once, at the end. Proves the deferrable constraints of changed rows.
  void finish();

 private:
  // A table whose rows follow.
  struct Followers {
    std::vector<const Column*> columns;  // all but generated ones
    std::string name, column_names;      // in the undo record
    RowLine row;
    TableEdits edits;
  };
  struct Search {
    std::string condition;  // of the rows of "s"
    std::vector<Arg> args;
    Oid owner_of;  // searched as the owner of this table; 0: as the caller
  };

  Search search(const ForeignKey& key, const KeyBatch& gone) const;
  bool may_be_own(const ScopedTable* scoped) const;
  void note(const ForeignKey& key, const CurrentRow& row);
  Followers& followers_of(TableIndex table);
  void act(const ForeignKey& key, Followers& followers, const CurrentRow& row);
  std::vector<SetColumn> new_values(const ForeignKey& key) const;
  void record(const Followers& followers, const CurrentRow& row, const std::vector<SetColumn>& set);

  const LiveScope& live_;
  const Company& company_;
  UndoWriter* undo_;
  Observer observer_;
  const OutsideWork& work_;
  std::map<TableIndex, std::unique_ptr<Followers>> followers_;
  std::map<TableIndex, FollowedRows> followed_;
  std::unique_ptr<LineSorter> foreseen_;  // of a preview: rows with what becomes of them
};

// Does the foreign key say what becomes of rows that refer to one that is gone, and can it be done?
// Not if they had to be NULL where that cannot be.
bool can_follow(const Table& table, const ForeignKey& key, bool preview);

// All columns that can be written.
std::vector<const Column*> written_columns(const Table& table);

// How rows of a table are read together with their versions; `condition` is of "s".
CurrentQuery query_rows(const Table& table, const std::vector<const Column*>& columns,
                        const std::string& condition, const std::vector<Arg>& args);

}  // namespace company_backup
