// What a restore and its preview have in common: a backup that is fitted and matched to a company.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/backup/stored_backup.hpp"
#include "pg/load/collapsed_keys.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/load/kept_ids.hpp"
#include "pg/restore/company_merge.hpp"
#include "pg/restore/id_choice.hpp"
#include "pg/restore/left_dangling.hpp"
#include "pg/restore/lost_values.hpp"
#include "pg/restore/restore_options.hpp"
#include "pg/restore/shared_report.hpp"

namespace company_backup {

// Where a restore is recorded: its number and the company's identity.
struct Recorded {
  int64_t restore, identity;
};

// What becomes of rows that cannot be written.
struct RefusedRows {
  KnownRefusals* known = nullptr;    // they are left out; null: they are errors
  bool keeps_problems = false;       // until record_losses()
  bool meets_conflicts = false;      // see MergePolicy
  HomelessRows* homeless = nullptr;  // what attempts have found of them
};

// Under the snapshot that is active.
class RestoreRun {
 public:
  // `recorded`: nullopt for a preview.
  RestoreRun(const LiveScope& live, const Company& company, const StoredBackup& backup,
             const RestoreOptions& options, const std::optional<Recorded>& recorded,
             const RefusedRows& refused);

  CompanyMerge& merge() { return *merge_; }
  const CompanyMerge& merge() const { return *merge_; }
  bool renews_keys() const { return !load_->keeps_keys(); }
  const SchemaDrift& drift() const { return archive_.drift(); }
  void record_losses(int64_t restore);
  // Rows that are left out; null: they are errors.
  const Refusals* refusals() const { return refusals_ ? &*refusals_ : nullptr; }

  std::vector<SharedReport> shared_report() const { return load_->shared_report(); }

  // For the table's row of a preview.
  Text note_of(const MergeCounts& counts) const;

  std::vector<MergeCounts> apply(UndoWriter& undo);
  // After the rows are written, under the snapshot they were read with: what the restore tells of
  // rows that stay.
  void find_left_dangling();
  // What is kept of a merge.
  void keep_ids();
  // After the rows are written, with a fresh look at everything.
  void prove(int64_t restore, const LookBack& look_back);

 private:
  // Only rows that the archive's own company left behind may be adopted.
  bool may_adopt() const;
  // A merge answers for what it adds only.
  RowOrigin origin() const;
  // Did the backup note rows whose reference leads nowhere?
  bool was_wrong(const Reference& reference) const;
  void prove_soft();
  Transfer transfer() const;
  // Of a company's own backup what is missing comes back, whatever was merged before.
  bool only_adds() const;  // answers only for the rows that it adds
  bool merges_other() const { return mode_ == RestoreMode::kMerge && !same_company_; }

  void choose_ids(const RestoreOptions& options, const std::optional<Recorded>& recorded);
  // Rows of the archive that become rows of the company.
  void bind_existing(Existing which);
  // Rows that came before have their IDs.
  bool wants_new_ids(IdMode ids) const;
  void select_rows(const Selection& selection);
  // Rows keep their IDs. A group is another's where others have its number, as a row is where they
  // have its key.
  void settle_groups(IdMode ids, bool preview);
  void add_group_notes(const ScopedTable& scoped,
                       const std::function<void(std::string)>& add) const;

  const LiveScope& live_;
  const Company& company_;
  const RestoreMode mode_;
  const bool meets_conflicts_;
  LostValues lost_;
  LeftDangling left_dangling_;
  FittedArchive archive_;
  const Manifest& manifest_;
  const bool same_database_;
  const bool same_company_;
  const bool source_gone_, source_lives_;
  std::optional<MatchedArchive> load_;
  std::optional<KeptIds> kept_;  // of a merge of another company's rows
  std::optional<IdRenewal> renewal_;
  std::optional<IdRenewal> new_groups_;   // where the rows keep their IDs
  std::optional<NewIds> bound_ids_;       // likewise, in a merge
  std::set<TableIndex> bound_;            // tables in which rows became others
  std::vector<TakenGroup> taken_groups_;  // that stop it
  std::vector<CollapsedKey> clashes_;
  std::optional<RowSelection> selected_;  // nothing: all
  std::optional<Refusals> refusals_;
  std::optional<CompanyMerge> merge_;
};

}  // namespace company_backup
