#include "pg/restore/restore.hpp"

#include <algorithm>

#include "core/archive/manifest.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/backup/archive_rows.hpp"
#include "pg/base/owner.hpp"
#include "pg/check/integrity.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/load/collapsed_keys.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/id_choice.hpp"
#include "pg/restore/record_closure.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/restore/shared_report.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

// What a restore and its preview have in common, under the snapshot that is active.
class RestoreRun {
 public:
  RestoreRun(const LiveScope& live, const Company& company, const StoredBackup& backup,
             const RestoreOptions& options, bool preview)
      : live_(live),
        company_(company),
        mode_(options.mode),
        manifest_(Manifest::from_json(backup.manifest_text)),
        source_(stored_members(backup.id), backup.id),
        same_database_(is_of_this_database(backup, manifest_)),
        same_company_(is_own_backup(backup, manifest_, company.key)),
        source_gone_(!backup.owner_key),
        source_lives_(does_source_live(backup, manifest_)) {
    if (options.include_files && !manifest_.include_files) {
      throw Error(sqlstate::kInvalidParameter,
                  "backup " + std::to_string(backup.id) + " holds no files")
          .hint("Restore it with include_files => false.");
    }
    const SharedOptions shared{.same_database = same_database_,
                               .other_company = same_company_ ? nullptr : &company,
                               .actor = options.actor,
                               .missing = options.missing_shared,
                               .preview = preview};
    load_.emplace(live, manifest_, source_,
                  MatchOptions{.same_company = same_company_, .with_files = options.include_files},
                  shared);
    load_->set_company_keys(read_company(live, company, load_->company_key_columns()));
    load_->settle_outside(&company);
    if (!preview) load_->outside()->require_possible();
    if (!preview) require_distinct(live, *load_);
    if (preview) clashes_ = find_collapsed_keys(*load_);
    choose_ids(options, preview);
    select_rows(options.selection);
    merge_.emplace(live, company, *load_,
                   MergePolicy{.with_files = options.include_files,
                               .adopts = may_adopt() && options.selection.adds(),
                               .merges = options.mode == RestoreMode::kMerge,
                               .preview = preview,
                               .selected = selected_ ? &*selected_ : nullptr});
  }

  CompanyMerge& merge() { return *merge_; }

  std::vector<SharedReport> shared_report() const { return load_->shared_report(); }

  // For the table's row of a preview.
  Text note_of(const MergeCounts& counts) const {
    const ScopedTable& scoped = *counts.scoped;
    std::string note;
    const auto add = [&note](const std::string& part) {
      note += (note.empty() ? "" : "; ") + part;
    };
    if (scoped.treatment == TableTreatment::kAppendOnly) {
      add("append-only: rows are added, never changed or removed");
    }
    add_kept_notes(counts, mode_ == RestoreMode::kMerge, add);
    if (renewal_) {
      for (const std::string& part : renewal_->notes_of(scoped.table)) add(part);
    }
    add_group_notes(scoped, add);
    for (const std::string& part : merge_->notes_of(scoped.table)) add(part);
    for (const std::string& part : load_->outside()->notes_of(scoped.table)) add(part);
    for (const CollapsedKey& clash : clashes_) {
      if (clash.table == scoped.table) add("refused: " + clash.text);
    }
    return note.empty() ? Text() : Text(note);
  }

  std::vector<MergeCounts> apply(UndoWriter& undo) {
    try {
      return merge_->apply(&undo, nullptr);
    } catch (const TakenValue& taken) {
      if (!renewal_) throw;
      renewal_->refuse(taken);
    }
  }

  // After the rows are written, with a fresh look at everything.
  void prove(int64_t restore) {
    // A restore that writes nothing is right before or after whatever others do.
    FormerOrphans orphans(live_, restore);
    if (merge_->has_written()) merge_->look_again(orphans);
    prove_references(live_, company_, origin(),
                     [this](const Reference& reference) { return merge_->is_affected(reference); });
    merge_->prove_written();
    // What led nowhere when the backup was made may lead to somebody's row here. In the company
    // that it was made of, a restore brings back only what it was like then.
    prove_soft_references(live_, company_, origin(), [this](const Reference& reference) {
      return renewal_ || ((!same_company_ || names_company(live_, reference)) &&
                          merge_->is_affected(reference));
    });
    advance_sequences(load_->sequences());
  }

 private:
  // Only rows that the archive's own company left behind may be adopted.
  bool may_adopt() const {
    if (renewal_) return false;
    return same_company_ ||
           (same_database_ && source_gone_ && !source_lives(live_, manifest_, transfer()));
  }

  RowOrigin origin() const {
    return {.same_database = same_database_, .same_company = same_company_};
  }

  Transfer transfer() const {
    return {.same_database = same_database_,
            .same_company = same_company_,
            .target = &company_,
            .source_lives = source_lives_};
  }

  void choose_ids(const RestoreOptions& options, bool preview) {
    const Transfer transfer = this->transfer();
    if (!wants_new_ids(live_, manifest_, options.ids, transfer)) {
      return settle_groups(options.ids, preview);
    }
    if (options.mode == RestoreMode::kMerge) refuse_new_ids();
    renewal_.emplace(live_, transfer, *load_);
    if (!preview) renewal_->require_possible();
    renewal_->begin(preview);
  }

  void select_rows(const Selection& selection) {
    if (selection.is_all()) return;
    if (renewal_) {
      throw Error(sqlstate::kInvalidParameter,
                  "a backup whose rows need new IDs can only be restored as a whole")
          .detail(
              "It is of another company, or its IDs are to be new: a part of it would refer to "
              "rows that are not there.")
          .hint("Restore it without a selection, or make a new company of it.");
    }
    selected_ = select_tables(live_, load_->tables(), selection);
    select_records(live_, company_, *load_, selection.records, mode_ == RestoreMode::kMerge,
                   *selected_);
  }

  [[noreturn]] static void refuse_new_ids() {
    throw Error(sqlstate::kInvalidParameter,
                "a backup whose rows need new IDs cannot be merged into a company")
        .detail("It is of another company, or its IDs are to be new.")
        .hint("Restore it with mode => 'replace', or make a new company of it.");
  }

  // Rows keep their IDs. A group is another's where others have its number, as a row is where they
  // have its key.
  void settle_groups(IdMode ids, bool preview) {
    taken_groups_ = taken_groups(live_, *load_, {&company_, may_adopt(), !preview});
    if (taken_groups_.empty()) return;
    if (ids == IdMode::kAuto && !same_company_) {
      new_groups_.emplace(live_, transfer(), *load_, taken_groups_);
      new_groups_->begin(preview);
      taken_groups_.clear();
    } else if (!preview) {
      refuse_groups(live_, taken_groups_,
                    "With ids => 'remap' the rows get numbers and IDs of their own.");
    }
  }

  static void add_kept_notes(const MergeCounts& counts, bool merges,
                             const std::function<void(std::string)>& add) {
    const auto rows = [](uint64_t count) {
      return std::to_string(count) + (count == 1 ? " row" : " rows");
    };
    if (counts.absent > 0) {
      add(rows(counts.absent) + " that only the backup has, which " +
          (counts.absent == 1 ? "does" : "do") + " not come back");
    }
    if (!merges && counts.scoped->treatment == TableTreatment::kAppendOnly) return;
    if (counts.different > 0) {
      add(rows(counts.different) + " other than in the backup, which " +
          (counts.different == 1 ? "stays" : "stay"));
    }
    if (counts.unknown > 0) {
      add(rows(counts.unknown) + " that the backup does not have, which " +
          (counts.unknown == 1 ? "stays" : "stay"));
    }
  }

  void add_group_notes(const ScopedTable& scoped,
                       const std::function<void(std::string)>& add) const {
    for (const TakenGroup& group : taken_groups_) {
      for (const ColumnRoot& column : group.columns) {
        if (column.table != scoped.table) continue;
        add("refused: column " +
            display_name(column_of(live_.table(column.table), column.column).name) + ": " +
            group.why());
      }
    }
    if (!new_groups_) return;
    for (const std::string& part : new_groups_->notes_of(scoped.table)) add(part);
  }

  const LiveScope& live_;
  const Company& company_;
  const RestoreMode mode_;
  const Manifest manifest_;
  ArchiveRows source_;
  const bool same_database_;
  const bool same_company_;
  const bool source_gone_, source_lives_;
  std::optional<MatchedArchive> load_;
  std::optional<IdRenewal> renewal_;
  std::optional<IdRenewal> new_groups_;   // where the rows keep their IDs
  std::vector<TakenGroup> taken_groups_;  // that stop it
  std::vector<CollapsedKey> clashes_;
  std::optional<RowSelection> selected_;  // nothing: all
  std::optional<CompanyMerge> merge_;
};

}  // namespace

int64_t restore_into(LiveScope scope, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options) {
  Operation operation(std::move(scope), OperationKind::kWrite, target.key());
  const LiveScope& live = operation.live();
  const Company locked = resolve_company(live, target.key());
  lock_company_row(live, locked);
  target.require_same_now();
  const int64_t identity = make_identity(live, locked);
  operation.take_snapshot();
  const Company company = target.resolve(live);
  require_no_review(company.key, identity);
  refuse_missed_acts(company.key, identity);
  find_backup(backup.id);  // nobody has deleted it meanwhile
  RestoreRun run(live, company, backup, options, false);
  RestoreRecord record{next_restore_id(), company.key,  identity,
                       backup.id,         options.mode, RestoreStatus::kReview};
  UndoWriter undo(record.id);
  for (const MergeCounts& counts : run.apply(undo)) {
    record.added += counts.added;
    record.changed += counts.changed;
    record.removed += counts.removed;
  }
  run.merge().record_problems();
  operation.close_snapshot();
  operation.look_again([&] {
    run.merge().settle_outside(&undo);
    run.prove(record.id);
  });
  undo.complete(run.merge().record());
  operation.close();
  record.actor = options.actor;
  note_substitutions(live, record.id, run.shared_report());
  record_restore(live, record, RestoreEvent::kRestored);
  give_to(backup.id, identity);
  return record.id;
}

void preview_rows(LiveScope scope, const AskedCompany& target, const StoredBackup& backup,
                  const RestoreOptions& options, int64_t max_rows,
                  const std::function<void(const Row&)>& put) {
  Operation operation(std::move(scope), OperationKind::kRead);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  const Company company = target.resolve(live);
  RestoreRun run(live, company, backup, options, true);
  RowListing listing(live, max_rows, put);
  run.merge().list(listing);
  target.require_same_now();
  operation.close_snapshot();
  operation.close();
}

Rows preview_restore(LiveScope scope, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options) {
  Operation operation(std::move(scope), OperationKind::kRead);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  const Company company = target.resolve(live);
  RestoreRun run(live, company, backup, options, true);
  Rows rows;
  for (const MergeCounts& counts : run.merge().compare()) {
    rows.push_back({counts.scoped->area, display_table(live.table(counts.scoped->table)),
                    std::to_string(counts.added), std::to_string(counts.changed),
                    std::to_string(counts.removed), std::to_string(counts.unchanged),
                    run.note_of(counts)});
  }
  for (const SharedReport& report : run.shared_report()) {
    const Text note = describe(report);
    if (!note) continue;
    rows.push_back({live.scope.find(report.table)->area, display_table(live.table(report.table)),
                    "0", "0", "0", "0", note});
  }
  target.require_same_now();
  operation.close_snapshot();
  operation.close();
  return rows;
}

}  // namespace company_backup
