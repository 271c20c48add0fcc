#include "pg/restore/restore.hpp"

#include <exception>
#include <optional>
#include <utility>

#include "core/scope/sql.hpp"
#include "pg/backup/company_origins.hpp"
#include "pg/base/error_code.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/restore/restore_run.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

// At a restore with what was refused left out; and only to list it.
constexpr int kMostAttempts = 50, kListingAttempts = 5;

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

  // Refused rows are errors: the first that is met, and with it all others. Only if one stands in
  // the way are all looked for that do.
  int64_t run() {
    int64_t restore = 0;
    KeptError error = attempt_often({.keeps_problems = true, .meets_conflicts = true}, restore);
    if (error && may_conflict() && says_taken(error.sqlstate()))
      error = attempt_often({.keeps_problems = true}, restore);
    if (!error) return restore;
    if (!says_refused(error.sqlstate()) || !find_refused()) error.rethrow();
    error.rethrow_with(
        "In all, " + std::to_string(count_) + " rows of the backup are refused:\n" + listed_,
        "With on_error => 'skip' such rows are left out, and what needs them.");
  }

  // Rows that are refused are left out. Error kIntegrity if there is no end to it.
  int64_t run_without() {
    int64_t restore = 0;
    KnownRefusals known(live_);
    for (int attempts = 0; attempts < kMostAttempts; ++attempts) {
      bool incomplete = false;
      const KeptError error = keep_error(
          [&] { restore = attempt_once({.known = &known, .keeps_problems = true}, incomplete); });
      if (!error) return restore;
      if (!incomplete && !(is_refusal(error.sqlstate()) && known.be_strict())) error.rethrow();
      check_for_interrupts();
    }
    throw Error(sqlstate::kIntegrity,
                "the backup cannot be restored without the rows that are refused")
        .detail("After " + std::to_string(kMostAttempts) +
                " attempts more and more rows would have to be left out, among them:\n" + listed_)
        .hint(
            "Mend these rows or the tables. Rows that come under new IDs may need too many "
            "attempts.");
  }

 private:
  struct Listed {};  // leaves an attempt whose refusals are all that was wanted

  static bool says_refused(const std::string& code) {
    return is_refusal(code) || code == sqlstate::kBadValue || code == sqlstate::kExcluded ||
           code == sqlstate::kIntegrity;
  }

  // Until no row is found any more that would be nobody's.
  KeptError attempt_often(const RefusedRows& refused, int64_t& restore) {
    for (int attempts = 1;; ++attempts) {
      bool incomplete = false;
      KeptError error = keep_error([&] { restore = attempt_once(refused, incomplete); });
      if (!incomplete) return error;
      if (attempts == kMostAttempts) refuse_homeless();
      check_for_interrupts();
    }
  }

  [[noreturn]] static void refuse_homeless() {
    throw Error(sqlstate::kIntegrity, "rows of the backup would belong to no company")
        .detail("After " + std::to_string(kMostAttempts) + " attempts there are more of them.")
        .hint("Restore all rows of the backup, so that what they belong through comes with them.");
  }

  // Are there several?
  bool find_refused() {
    KnownRefusals known(live_);
    for (int attempts = 0; attempts < kListingAttempts; ++attempts) {
      bool incomplete = false;
      const KeptError error = keep_error([&] { attempt_once({.known = &known}, incomplete); });
      if (!incomplete) break;
      check_for_interrupts();
    }
    return count_ > 1;
  }

  // May rows stay that others meet?
  bool may_conflict() const {
    return options_.mode == RestoreMode::kMerge || !options_.selection.is_all();
  }

  static bool says_taken(const std::string& code) {
    return code == sqlstate::kUniqueViolation || code == sqlstate::kExcluded;
  }

  int64_t attempt_once(const RefusedRows& refused, bool& incomplete) {
    try {
      return attempt(refused);
    } catch (const Refusals::Incomplete&) {
      incomplete = true;
      throw;
    }
  }

  int64_t attempt(RefusedRows refused) {
    refused.homeless = &homeless_;
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
    RestoreRun run(live_, company, backup_, options_, Recorded{record.id, identity_}, refused);
    UndoWriter undo(record.id);
    try {
      write(run, undo, record);
    } catch (const Refusals::Incomplete&) {
      note_refusals(run);
      throw;
    }
    note_refusals(run);
    if (!refused.keeps_problems) throw Listed{};
    record.actor = options_.actor;
    run.record_losses(record.id);
    if (!run.renews_keys())
      note_origin(identity_, backup_, Manifest::from_json(backup_.manifest_text));
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
    run.find_left_dangling();
    run.keep_ids();
    operation_.look_again([&] {
      run.merge().settle_outside(&undo);
      run.prove(record.id, [this](const auto& body) { operation_.look_back(body); });
    });
    operation_.close_snapshot();
    undo.complete(run.merge().record(), live_.schema);
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
  HomelessRows homeless_{live_};
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

namespace {

// What a restore would do, under the snapshot that is active.
class Previewing {
 public:
  Previewing(const LiveScope& live, const Company& company, const StoredBackup& backup,
             const RestoreOptions& options)
      : live_(live), company_(company), backup_(backup), options_(options), known_(live) {}

  RestoreRun& run() { return *run_; }
  // More is refused than kMostAttempts of a restore find. Under new IDs no attempt knows what the
  // ones before it found.
  bool is_endless() const { return is_incomplete() || (attempts_ > 1 && run_->renews_keys()); }

  // Is it known only once all tables were gone through what comes?
  bool leaves_out() const {
    const bool skips = options_.on_error == OnError::kSkip;
    const bool adds = options_.mode == RestoreMode::kMerge || !options_.selection.is_all();
    return skips || (adds && homeless_.watches());
  }

  void begin() {
    const bool leaves_out = options_.on_error == OnError::kSkip;
    run_.emplace(live_, company_, backup_, options_, std::nullopt,
                 RefusedRows{.known = leaves_out ? &known_ : nullptr, .homeless = &homeless_});
  }

  // As often as an attempt at it would find more rows that are refused.
  std::vector<MergeCounts> compare() {
    for (attempts_ = 1;; ++attempts_) {
      begin();
      std::vector<MergeCounts> counts = run_->merge().compare();
      if (!is_incomplete() || attempts_ == kMostAttempts) return counts;
      check_for_interrupts();
    }
  }

 private:
  bool is_incomplete() const {
    return run_->merge().found_homeless() ||
           (run_->refusals() != nullptr && run_->refusals()->is_incomplete());
  }

  const LiveScope& live_;
  const Company& company_;
  const StoredBackup& backup_;
  const RestoreOptions& options_;
  KnownRefusals known_;
  HomelessRows homeless_{live_};
  int attempts_ = 0;
  std::optional<RestoreRun> run_;
};

}  // namespace

void preview_rows(LiveScope scope, const AskedCompany& target, const StoredBackup& backup,
                  const RestoreOptions& options, int64_t max_rows,
                  const std::function<void(const Row&)>& put) {
  Operation operation(std::move(scope), OperationKind::kRead);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  const Company company = target.resolve(live);
  Previewing preview(live, company, backup, options);
  if (preview.leaves_out()) preview.compare();
  preview.begin();
  RowListing listing(live, max_rows, put);
  preview.run().merge().list(listing);
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
  Previewing preview(live, company, backup, options);
  Rows rows;
  for (const MergeCounts& counts : preview.compare()) {
    rows.push_back({counts.scoped->area, display_table(live.table(counts.scoped->table)),
                    std::to_string(counts.added), std::to_string(counts.changed),
                    std::to_string(counts.removed), std::to_string(counts.unchanged),
                    preview.run().note_of(counts)});
  }
  if (preview.is_endless() && !rows.empty()) {
    Text& note = rows.front().back();
    note = (note ? *note + "; " : "") + "refused: more and more rows would have to be left out";
  }
  for (const SharedReport& report : preview.run().shared_report()) {
    const Text note = describe(report);
    if (!note) continue;
    rows.push_back({live.scope.find(report.table)->area, display_table(live.table(report.table)),
                    "0", "0", "0", "0", note});
  }
  for (Row& row : lost_tables(preview.run().drift())) rows.push_back(std::move(row));
  target.require_same_now();
  operation.close_snapshot();
  operation.close();
  return rows;
}

}  // namespace company_backup
