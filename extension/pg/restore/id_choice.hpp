// Whether the rows of a backup keep their IDs in a company, and the plan that says what becomes of
// them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/ids/id_mode.hpp"
#include "core/ids/id_plan.hpp"
#include "pg/backup/stored_backup.hpp"
#include "pg/load/kept_ids.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/load/new_ids.hpp"
#include "pg/load/taken_groups.hpp"
#include "pg/scope/company_identity.hpp"

namespace company_backup {

// Where rows come from and where they go to.
struct Transfer {
  bool same_database;     // the archive is of this database
  bool same_company;      // ... and of the target
  const Company* target;  // null: a company that does not exist yet
  bool source_lives;      // the company that the archive was made of is known to live here
};

// Does the company live here that the archive was made of, or another one that has its key?
bool source_lives(const LiveScope& live, const Manifest& manifest, const Transfer& transfer);

// For what is kept of a merge: the company that a backup was made of.
MergeSource merge_source(const StoredBackup& backup, const Manifest& manifest);

// With kAuto, a company's own backup keeps its IDs, and so does a backup in an empty company,
// unless the company it was made of still lives in this database.
bool wants_new_ids(const LiveScope& live, const Manifest& manifest, IdMode ids,
                   const Transfer& transfer);

// The plan, and the new IDs once they are made.
class IdRenewal {
 public:
  // Decides; nothing is made yet. The load knows its company's keys.
  IdRenewal(const LiveScope& live, const Transfer& transfer, MatchedArchive& load);

  // Only these groups get new numbers: all IDs stay.
  IdRenewal(const LiveScope& live, const Transfer& transfer, MatchedArchive& load,
            const std::vector<TakenGroup>& groups);

  const IdPlan& plan() const { return plan_; }

  // Error kRefusedIds lists what the plan refuses.
  void require_possible() const;

  // Error kRefusedIds: a row would have, in spite of the plan, a value that another one has.
  [[noreturn]] void refuse(const TakenValue& taken) const;

  // What a preview says of a table: that its rows get new keys or numbers, or why they cannot come.
  std::vector<std::string> notes_of(TableIndex table) const;

  // From here on the load gives rows new IDs. `kept` and `preview`: see NewIds.
  void begin(KeptIds* kept, bool preview);
  // After that.
  NewIds& ids() { return *ids_; }

 private:
  const LiveScope& live_;
  MatchedArchive& load_;
  IdPlan plan_;
  std::optional<NewIds> ids_;
};

// Rows of plan_ids(), for a company or (none) a new one: what restore_company() with ids => 'auto'
// would do.
Rows show_id_plan(LiveScope live, const std::optional<AskedCompany>& target,
                  const StoredBackup& backup);

}  // namespace company_backup
