// What the plan of IDs (core/ids/id_plan.hpp) has to know of the archive and of this database.
#pragma once

#include <map>

#include "core/ids/group_columns.hpp"
#include "core/ids/id_plan.hpp"
#include "core/text/id_shape.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/load/numbered_columns.hpp"
#include "pg/load/untold_rows.hpp"

namespace company_backup {

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
