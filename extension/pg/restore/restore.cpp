#include "pg/restore/restore.hpp"

#include <algorithm>

#include "core/archive/manifest.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/owner.hpp"
#include "pg/check/integrity.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/load/collapsed_keys.hpp"
#include "pg/load/kept_ids.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/existing_rows.hpp"
#include "pg/restore/id_choice.hpp"
#include "pg/restore/lost_values.hpp"
#include "pg/restore/record_closure.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/restore/shared_report.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

// Where a restore is recorded: its number and the company's identity.
struct Recorded {
  int64_t restore, identity;
};

// What a restore and its preview have in common, under the snapshot that is active.
class RestoreRun {
 public:
  // `recorded`: nullopt for a preview. `known`: refused rows are left out, null: they are errors;
  // `keeps_problems`: until record_losses().
  RestoreRun(const LiveScope& live, const Company& company, const StoredBackup& backup,
             const RestoreOptions& options, const std::optional<Recorded>& recorded,
             KnownRefusals* known, bool keeps_problems)
      : live_(live),
        company_(company),
        mode_(options.mode),
        archive_(
            live, backup, options.drift,
            !recorded || options.drift != DriftPolicy::kAdapt ? LossObserver() : lost_.observer()),
        manifest_(archive_.manifest()),
        same_database_(is_of_this_database(backup, manifest_)),
        same_company_(is_own_backup(backup, manifest_, company.key)),
        source_gone_(!backup.owner_key),
        source_lives_(does_source_live(backup, manifest_)) {
    const bool preview = !recorded;
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
    load_.emplace(live, manifest_, archive_.source(),
                  MatchOptions{.same_company = same_company_, .with_files = options.include_files},
                  shared);
    load_->set_company_keys(read_company(live, company, load_->company_key_columns()));
    load_->settle_outside(&company);
    if (!preview) load_->outside()->require_possible();
    if (!preview) require_distinct(live, *load_);
    if (preview) clashes_ = find_collapsed_keys(*load_);
    if (merges_other()) {
      kept_.emplace(live, merge_source(backup, manifest_),
                    recorded ? recorded->identity : identity_of_key(company.key));
    }
    choose_ids(options, recorded);
    select_rows(options.selection);
    if (mode_ == RestoreMode::kMerge && !selected_) bind_existing(options.existing);
    merge_.emplace(live, company, *load_,
                   MergePolicy{.with_files = options.include_files,
                               .adopts = may_adopt() && options.selection.adds(),
                               .merges = options.mode == RestoreMode::kMerge,
                               .adds_removed = options.add_removed,
                               .preview = preview,
                               .selected = selected_ ? &*selected_ : nullptr});
    if (kept_) merge_->keep_ids(*kept_);
    if (known != nullptr) merge_->leave_out(refusals_.emplace(*known, keeps_problems));
  }

  CompanyMerge& merge() { return *merge_; }
  const SchemaDrift& drift() const { return archive_.drift(); }
  void record_losses(int64_t restore) {
    lost_.record(restore);
    if (refusals_) refusals_->record(restore);
  }
  // Rows that are left out; null: they are errors.
  const Refusals* refusals() const { return refusals_ ? &*refusals_ : nullptr; }

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
    add_refused_notes(counts, add);
    if (renewal_) {
      for (const std::string& part : renewal_->notes_of(scoped.table)) add(part);
    }
    add_group_notes(scoped, add);
    for (const std::string& part : merge_->notes_of(scoped.table)) add(part);
    for (const std::string& part : load_->outside()->notes_of(scoped.table)) add(part);
    for (const std::string& part : loss_notes(drift(), live_.table(scoped.table))) add(part);
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

  // After the rows are written: what is kept of a merge.
  void keep_ids() {
    if (kept_) kept_->finish();
  }

  // After the rows are written, with a fresh look at everything.
  void prove(int64_t restore) {
    // A restore that writes nothing is right before or after whatever others do.
    FormerOrphans orphans(live_, restore);
    if (merge_->has_written()) merge_->look_again(orphans);
    const auto wanted = [this](const Reference& reference) {
      return merge_->is_affected(reference);
    };
    if (!refusals_ || !merge_->find_unproved_rows(origin(), wanted))
      prove_references(live_, company_, origin(), wanted);
    merge_->prove_written();
    // What led nowhere when the backup was made may lead to somebody's row here. In the company
    // that it was made of, a restore brings back only what it was like then.
    const bool leaves_out = refusals_ && refusals_->count() > 0;
    prove_soft_references(live_, company_, origin(), [&](const Reference& reference) {
      if (leaves_out && !was_wrong(reference)) return true;
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

  // A merge answers for what it adds only.
  RowOrigin origin() const {
    RowOrigin origin{.same_database = same_database_, .same_company = same_company_};
    if (mode_ == RestoreMode::kMerge) origin.written = merge_->written_rows();
    return origin;
  }

  // Did the backup note rows whose reference leads nowhere?
  bool was_wrong(const Reference& reference) const {
    return std::any_of(
        manifest_.problems.begin(), manifest_.problems.end(),
        [&](const ManifestProblem& problem) { return problem.reference == reference.name; });
  }

  Transfer transfer() const {
    return {.same_database = same_database_,
            .same_company = same_company_,
            .target = &company_,
            .source_lives = source_lives_};
  }

  // Of a company's own backup what is missing comes back, whatever was merged before.
  bool merges_other() const { return mode_ == RestoreMode::kMerge && !same_company_; }

  void choose_ids(const RestoreOptions& options, const std::optional<Recorded>& recorded) {
    const bool gives_new = wants_new_ids(options.ids);
    if (gives_new && mode_ == RestoreMode::kMerge && same_company_) refuse_own_copy();
    if (kept_ && recorded) kept_->begin(recorded->restore, recorded->identity, gives_new);
    if (!gives_new) return settle_groups(options.ids, !recorded);
    renewal_.emplace(live_, transfer(), *load_);
    if (recorded) renewal_->require_possible();
    renewal_->begin(kept_ ? &*kept_ : nullptr, !recorded);
  }

  // Rows of the archive that become rows of the company.
  void bind_existing(Existing which) {
    NewIds* ids = renewal_ ? &renewal_->ids() : new_groups_ ? &new_groups_->ids() : nullptr;
    if (ids == nullptr) ids = &bound_ids_.emplace(live_);
    ExistingRows(live_, company_, *load_, *ids, which).bind();
  }

  // Rows that came before have their IDs.
  bool wants_new_ids(IdMode ids) const {
    if (ids == IdMode::kAuto && kept_ && kept_->has_earlier()) return kept_->gave_new_ids();
    return company_backup::wants_new_ids(live_, manifest_, ids, transfer());
  }

  [[noreturn]] static void refuse_own_copy() {
    throw Error(sqlstate::kInvalidParameter, "a company cannot be merged into itself under new IDs")
        .detail("Each of its rows would be there twice.")
        .hint("Leave ids at 'auto': rows that are missing come back, the others stay.");
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

  // Rows keep their IDs. A group is another's where others have its number, as a row is where they
  // have its key.
  void settle_groups(IdMode ids, bool preview) {
    taken_groups_ = taken_groups(live_, *load_, {&company_, may_adopt(), !preview});
    if (taken_groups_.empty()) return;
    if (ids == IdMode::kAuto && !same_company_) {
      new_groups_.emplace(live_, transfer(), *load_, taken_groups_);
      new_groups_->begin(kept_ ? &*kept_ : nullptr, preview);
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
    if (counts.removed_since > 0) {
      add(rows(counts.removed_since) + " that came before and " +
          (counts.removed_since == 1 ? "was" : "were") + " removed since, and " +
          (counts.removed_since == 1 ? "stays" : "stay") + " away");
    }
    if (counts.needing > 0) {
      add(rows(counts.needing) + " that " + (counts.needing == 1 ? "needs" : "need") +
          " such rows, and " + (counts.needing == 1 ? "stays" : "stay") + " away, too");
    }
  }

  static void add_refused_notes(const MergeCounts& counts,
                                const std::function<void(std::string)>& add) {
    if (counts.refused > 0) {
      add(std::to_string(counts.refused) +
          (counts.refused == 1 ? " row of the backup is refused by the table, and left out"
                               : " rows of the backup are refused by the table, and left out"));
    }
    if (counts.lacking > 0) {
      add(std::to_string(counts.lacking) +
          (counts.lacking == 1 ? " row needs one that is left out, and is, too"
                               : " rows need some that are left out, and are, too"));
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
  LostValues lost_;
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
  std::vector<TakenGroup> taken_groups_;  // that stop it
  std::vector<CollapsedKey> clashes_;
  std::optional<RowSelection> selected_;  // nothing: all
  std::optional<Refusals> refusals_;
  std::optional<CompanyMerge> merge_;
};

}  // namespace

namespace {

// A restore of a company that is locked, as often as it has to be attempted.
class Restoring {
 public:
  Restoring(Operation& operation, const AskedCompany& target, const StoredBackup& backup,
            const RestoreOptions& options, int64_t identity)
      : operation_(operation),
        live_(operation.live()),
        target_(target),
        backup_(backup),
        options_(options),
        identity_(identity) {}

  // Refused rows are errors: the first that is met, and with it all others.
  int64_t run() {
    int64_t restore = 0;
    const KeptError error = keep_error([&] { restore = attempt(nullptr, true); });
    if (!error) return restore;
    if (!says_refused(error.sqlstate()) || !find_refused()) error.rethrow();
    error.rethrow_with(
        "In all, " + std::to_string(count_) + " rows of the backup are refused:\n" + listed_,
        "With on_error => 'skip' such rows are left out, and what needs them.");
  }

  // Rows that are refused are left out. Error kIntegrity if there is no end to it.
  int64_t run_without() {
    constexpr int kMostAttempts = 50;
    int64_t restore = 0;
    KnownRefusals known(live_);
    for (int attempts = 0; attempts < kMostAttempts; ++attempts) {
      bool incomplete = false;
      const KeptError error = keep_error([&] {
        try {
          restore = attempt(&known, true);
        } catch (const Refusals::Incomplete&) {
          incomplete = true;
          throw;
        }
      });
      if (!error) return restore;
      if (!incomplete) error.rethrow();
      check_for_interrupts();
    }
    throw Error(sqlstate::kIntegrity,
                "the backup cannot be restored without the rows that are refused")
        .detail("After " + std::to_string(kMostAttempts) +
                " attempts more and more rows would have to be left out, among them:\n" + listed_)
        .hint(
            "Mend these rows or the tables. Rows that come under new IDs, and chains of rows that "
            "refer to later ones, may need too many attempts.");
  }

 private:
  struct Listed {};  // leaves an attempt whose refusals are all that was wanted

  static bool says_refused(const std::string& code) {
    return is_refusal(code) || code == sqlstate::kBadValue || code == sqlstate::kExcluded ||
           code == sqlstate::kIntegrity;
  }

  // Are there several?
  bool find_refused() {
    KnownRefusals known(live_);
    const KeptError error = keep_error([&] { attempt(&known, false); });
    return count_ > 1;
  }

  int64_t attempt(KnownRefusals* known, bool records) {
    struct Snapshot {
      Operation& operation;
      const int exceptions = std::uncaught_exceptions();
      ~Snapshot() {
        if (std::uncaught_exceptions() > exceptions) operation.forget_snapshot();
      }
    } snapshot{operation_};
    operation_.take_snapshot();
    const Company company = target_.resolve(live_);
    require_no_review(company.key, identity_);
    refuse_missed_acts(company.key, identity_);
    find_backup(backup_.id);  // nobody has deleted it meanwhile
    RestoreRecord record{next_restore_id(), company.key,   identity_,
                         backup_.id,        options_.mode, RestoreStatus::kReview};
    RestoreRun run(live_, company, backup_, options_, Recorded{record.id, identity_}, known,
                   records);
    UndoWriter undo(record.id);
    try {
      write(run, undo, record);
    } catch (const Refusals::Incomplete&) {
      note_refusals(run);
      throw;
    }
    note_refusals(run);
    if (!records) throw Listed{};
    record.actor = options_.actor;
    run.record_losses(record.id);
    note_substitutions(live_, record.id, run.shared_report());
    record_restore(live_, record, RestoreEvent::kRestored);
    give_to(backup_.id, identity_);
    return record.id;
  }

  void write(RestoreRun& run, UndoWriter& undo, RestoreRecord& record) {
    for (const MergeCounts& counts : run.apply(undo)) {
      record.added += counts.added;
      record.changed += counts.changed;
      record.removed += counts.removed;
    }
    run.merge().record_problems();
    run.keep_ids();
    operation_.close_snapshot();
    operation_.look_again([&] {
      run.merge().settle_outside(&undo);
      run.prove(record.id);
    });
    undo.complete(run.merge().record());
  }

  void note_refusals(const RestoreRun& run) {
    if (run.refusals() == nullptr) return;
    count_ = run.refusals()->count();
    listed_ = run.refusals()->listed();
  }

  Operation& operation_;
  const LiveScope& live_;
  const AskedCompany& target_;
  const StoredBackup& backup_;
  const RestoreOptions& options_;
  const int64_t identity_;
  uint64_t count_ = 0;  // of the last attempt
  std::string listed_;
};

}  // namespace

int64_t restore_into(LiveScope scope, const AskedCompany& target, const StoredBackup& backup,
                     const RestoreOptions& options) {
  Operation operation(std::move(scope), OperationKind::kWrite, target.key());
  const LiveScope& live = operation.live();
  const Company locked = resolve_company(live, target.key());
  lock_company_row(live, locked);
  target.require_same_now();
  Restoring restoring(operation, target, backup, options, make_identity(live, locked));
  const int64_t restore =
      options.on_error == OnError::kSkip ? restoring.run_without() : restoring.run();
  operation.close();
  return restore;
}

void preview_rows(LiveScope scope, const AskedCompany& target, const StoredBackup& backup,
                  const RestoreOptions& options, int64_t max_rows,
                  const std::function<void(const Row&)>& put) {
  Operation operation(std::move(scope), OperationKind::kRead);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  const Company company = target.resolve(live);
  KnownRefusals known(live);
  RestoreRun run(live, company, backup, options, std::nullopt,
                 options.on_error == OnError::kSkip ? &known : nullptr, false);
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
  KnownRefusals known(live);
  RestoreRun run(live, company, backup, options, std::nullopt,
                 options.on_error == OnError::kSkip ? &known : nullptr, false);
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
  for (Row& row : lost_tables(run.drift())) rows.push_back(std::move(row));
  target.require_same_now();
  operation.close_snapshot();
  operation.close();
  return rows;
}

}  // namespace company_backup
