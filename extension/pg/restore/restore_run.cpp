#include "pg/restore/restore_run.hpp"

#include <algorithm>

#include "core/archive/manifest.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/owner.hpp"
#include "pg/check/integrity.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/erased_report.hpp"
#include "pg/restore/record_closure.hpp"
#include "pg/scope/company_identity.hpp"

namespace company_backup {
namespace {

void add_kept_notes(const MergeCounts& counts, bool merges,
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
  if (counts.homeless > 0) {
    add(rows(counts.homeless) + " that would belong to no company, and " +
        (counts.homeless == 1 ? "stays" : "stay") + " away");
  }
  if (counts.needing > 0) {
    add(rows(counts.needing) + " that " + (counts.needing == 1 ? "needs" : "need") +
        " such rows, and " + (counts.needing == 1 ? "stays" : "stay") + " away, too");
  }
}

void add_refused_notes(const MergeCounts& counts, const std::function<void(std::string)>& add) {
  if (counts.refused > 0) {
    add(std::to_string(counts.refused) +
        (counts.refused == 1 ? " row of the backup is refused by the table, and left out"
                             : " rows of the backup are refused by the table, and left out"));
  }
  if (counts.lacking > 0) {
    add(std::to_string(counts.lacking) + (counts.lacking == 1
                                              ? " row needs one that is left out, and is, too"
                                              : " rows need some that are left out, and are, too"));
  }
  if (counts.doubted > 0) {
    add(std::to_string(counts.doubted) +
        (counts.doubted == 1 ? " row comes unless a CHECK that calls functions refuses it"
                             : " rows come unless a CHECK that calls functions refuses them") +
        " when all rows are there: now it would");
  }
}

[[noreturn]] void refuse_own_copy() {
  throw Error(sqlstate::kInvalidParameter, "a company cannot be merged into itself under new IDs")
      .detail("Each of its rows would be there twice.")
      .hint("Leave ids at 'auto': rows that are missing come back, the others stay.");
}

}  // namespace

RestoreRun::RestoreRun(const LiveScope& live, const Company& company, const StoredBackup& backup,
                       const RestoreOptions& options, const std::optional<Recorded>& recorded,
                       const RefusedRows& refused)
    : live_(live),
      company_(company),
      mode_(options.mode),
      meets_conflicts_(refused.meets_conflicts),
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
                  recorded ? recorded->identity : identity_of_key(company.key), manifest_);
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
                             .meets_conflicts = meets_conflicts_,
                             .keeps_existing = options.existing == Existing::kAll,
                             .bound = bound_,
                             .selected = selected_ ? &*selected_ : nullptr});
  if (kept_) merge_->keep_ids(*kept_);
  if (only_adds() && refused.homeless != nullptr) merge_->leave_homeless(*refused.homeless);
  if (refused.known != nullptr)
    merge_->leave_out(refusals_.emplace(*refused.known, refused.keeps_problems));
}

void RestoreRun::record_losses(int64_t restore) {
  lost_.record(restore);
  note_erased(live_, restore, archive_);
  left_dangling_.record(restore);
  if (refusals_) refusals_->record(restore);
}

Text RestoreRun::note_of(const MergeCounts& counts) const {
  const ScopedTable& scoped = *counts.scoped;
  std::string note;
  const auto add = [&note](const std::string& part) { note += (note.empty() ? "" : "; ") + part; };
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
  for (const std::string& part : erased_notes(archive_, live_.table(scoped.table))) add(part);
  for (const CollapsedKey& clash : clashes_) {
    if (clash.table == scoped.table) add("refused: " + clash.text);
  }
  return note.empty() ? Text() : Text(note);
}

std::vector<MergeCounts> RestoreRun::apply(UndoWriter& undo) {
  try {
    return merge_->apply(&undo, nullptr);
  } catch (const TakenValue& taken) {
    if (!renewal_ || meets_conflicts_) throw;
    renewal_->refuse(taken);
  }
}

void RestoreRun::keep_ids() {
  if (kept_) kept_->finish();
}

void RestoreRun::find_left_dangling() {
  if (mode_ == RestoreMode::kMerge || !merge_->has_written()) return;
  left_dangling_.find(live_, company_, merge_->written_rows(), [this](const Reference& reference) {
    return (selected_ || refusals_ || is_of_log(live_, reference)) &&
           merge_->has_lost(reference.target);
  });
}

void RestoreRun::prove(int64_t restore, const LookBack& look_back) {
  // A restore that writes nothing is right before or after whatever others do.
  FormerOrphans orphans(live_, restore);
  if (merge_->has_written()) merge_->look_again(orphans, look_back);
  const auto wanted = [this](const Reference& reference) { return merge_->is_affected(reference); };
  // Rows that are nobody's are not the company's to refer to: that is said first of both.
  const bool is_left = refusals_ && !merge_->find_unproved_rows(origin(), wanted);
  if (!refusals_) prove_references(live_, company_, origin(), wanted);
  merge_->prove_written();
  if (is_left) prove_references(live_, company_, origin(), wanted);
  prove_soft();
  advance_sequences(load_->sequences());
}

// What led nowhere when the backup was made may lead to somebody's row here. In the company that it
// was made of, a restore brings back only what it was like then.
void RestoreRun::prove_soft() {
  const bool leaves_out = refusals_ && refusals_->count() > 0;
  const auto wanted = [&](const Reference& reference) {
    if (leaves_out && !was_wrong(reference)) return true;
    return renewal_ ||
           ((!same_company_ || names_company(live_, reference)) && merge_->is_affected(reference));
  };
  // Rows that stay are told of in a log, and where rows are left out: see LeftDangling. What led
  // nowhere before may do so now.
  RowOrigin of_written = origin();
  of_written.written = merge_->written_rows();
  for (const bool log : {false, true}) {
    const RowOrigin looked_at = log ? of_written : origin();
    const auto is_wanted = [&](const Reference& reference) {
      return is_of_log(live_, reference) == log && wanted(reference);
    };
    if (refusals_) merge_->find_dangling_rows(looked_at, is_wanted);
    prove_soft_references(live_, company_, leaves_out ? of_written : looked_at, is_wanted);
  }
}

bool RestoreRun::only_adds() const {
  if (mode_ == RestoreMode::kMerge) return true;
  return selected_ && selected_->adds && !selected_->changes && !selected_->removes;
}

bool RestoreRun::may_adopt() const {
  if (renewal_) return false;
  return same_company_ ||
         (same_database_ && source_gone_ && !source_lives(live_, manifest_, transfer()));
}

RowOrigin RestoreRun::origin() const {
  RowOrigin origin{.same_database = same_database_, .same_company = same_company_};
  if (only_adds()) origin.written = merge_->written_rows();
  return origin;
}

bool RestoreRun::was_wrong(const Reference& reference) const {
  return std::any_of(
      manifest_.problems.begin(), manifest_.problems.end(),
      [&](const ManifestProblem& problem) { return problem.reference == reference.name; });
}

Transfer RestoreRun::transfer() const {
  return {.same_database = same_database_,
          .same_company = same_company_,
          .target = &company_,
          .source_lives = source_lives_};
}

void RestoreRun::choose_ids(const RestoreOptions& options,
                            const std::optional<Recorded>& recorded) {
  const bool gives_new = wants_new_ids(options.ids);
  if (gives_new && mode_ == RestoreMode::kMerge && same_company_) refuse_own_copy();
  if (kept_ && recorded) kept_->begin(recorded->restore, recorded->identity, gives_new);
  if (!gives_new) return settle_groups(options.ids, !recorded);
  renewal_.emplace(live_, transfer(), *load_);
  if (recorded) renewal_->require_possible();
  renewal_->begin(kept_ ? &*kept_ : nullptr, !recorded);
}

void RestoreRun::bind_existing(Existing which) {
  NewIds* ids = renewal_ ? &renewal_->ids() : new_groups_ ? &new_groups_->ids() : nullptr;
  if (ids == nullptr) ids = &bound_ids_.emplace(live_);
  ExistingRows existing(live_, company_, *load_, *ids, which);
  existing.bind();
  bound_ = existing.tables();
}

bool RestoreRun::wants_new_ids(IdMode ids) const {
  if (ids == IdMode::kAuto && kept_ && kept_->has_earlier()) return kept_->gave_new_ids();
  return company_backup::wants_new_ids(live_, manifest_, ids, transfer());
}

void RestoreRun::select_rows(const Selection& selection) {
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

void RestoreRun::settle_groups(IdMode ids, bool preview) {
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

void RestoreRun::add_group_notes(const ScopedTable& scoped,
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

}  // namespace company_backup
