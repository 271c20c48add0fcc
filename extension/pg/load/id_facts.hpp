// What the plan of IDs (core/ids/id_plan.hpp) has to know of the archive and of this database.
#pragma once

#include <map>

#include "core/ids/group_columns.hpp"
#include "core/ids/id_plan.hpp"
#include "core/text/id_shape.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/load/untold_rows.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/sequences.hpp"

namespace company_backup {

// The greatest value of an integer column, as far as it can be seen; nullopt: there is none.
std::optional<int64_t> greatest_value(const Table& table, const Column& column);

// A value that no row has, of a column of a plain integer, UUID or text type; else nullopt.
Text unused_value(const Table& table, const Column& column);

// Columns of one kind of numbers, and the one of them that says how new ones are made.
struct NumberedColumns {
  std::vector<std::pair<const Table*, const Column*>> all;
  const Table* table;
  const Column* column;
  DefaultKind how;
};
NumberedColumns numbered(const Table& table, const Column& column);
// Of a group: by a sequence, if one of them has any, else by a default.
NumberedColumns numbered(const LiveScope& live, const GroupColumns& group);

// The greatest number, as far as it can be seen; 0 if there is none.
int64_t greatest_number(const NumberedColumns& columns);
// The greatest one that all of them can hold.
int64_t greatest_possible(const NumberedColumns& columns);

// The sequence that feeds it, told of the rows that were written past it. Where they are further
// away than it may be moved, it ends before them.
ColumnSequence sequence_of(const NumberedColumns& columns);

// The form that all values of a text column in the archive have.
IdForm form_of_column(MatchedArchive& load, const MatchedTable& matched, size_t position);

class ArchiveFacts : public IdFacts {
 public:
  // `target`: whose rows do not count as somebody else's; null: a company that does not exist yet.
  // `adopts`: nor do rows of nobody that the company adopts (pg/load/adoptable.hpp). All references
  // must outlive it.
  ArchiveFacts(const LiveScope& live, const Company* target, MatchedArchive& load,
               bool adopts = false)
      : live_(live),
        target_(target),
        load_(load),
        adopts_(adopts),
        groups_(group_columns(live.schema, live.rules, live.scope)) {}

  ColumnFacts of(const ColumnRoot& column) override;
  uint64_t rows(TableIndex table) override;
  std::optional<ColumnTreatment> rule_of(const ColumnRoot& column) override;
  bool is_taken(TableIndex table, const UniqueIndex& index,
                const std::vector<Discriminator>& discriminators) override;

 private:
  ColumnFacts find(const ColumnRoot& root);
  void note_numbers(ColumnFacts& facts, const NumberedColumns& columns);
  bool meets_others(const MatchedTable& found, TableIndex table, const UniqueIndex& index,
                    UntoldRows& untold);
  const MatchedTable* matched(TableIndex table) const;
  bool may_adopt(const MatchedTable& found) const;

  const LiveScope& live_;
  const Company* target_;
  MatchedArchive& load_;
  const bool adopts_;
  const std::vector<GroupColumns> groups_;
  std::map<ColumnRoot, ColumnFacts> known_;
};

}  // namespace company_backup
