#include "pg/restore/review.hpp"

#include <algorithm>

#include "core/text/table_name.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/base/encoding.hpp"
#include "pg/check/integrity.hpp"
#include "pg/load/taken_groups.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/fitted_record.hpp"
#include "pg/restore/outside_return.hpp"
#include "pg/restore/restore.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/restore/selection_record.hpp"
#include "pg/rows/row_writer.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

// Locks the company first, as a restore does. The key is the one that the company has now, if it is
// still there.
KnownRestore lock_review(int64_t id) {
  const std::optional<RestoreOwner> owner = owner_of_restore(id);
  if (!owner) throw unknown_restore(id);
  lock_company(owner->key.value_or(owner->company));
  KnownRestore restore = find_restore(id);
  require_in_review(restore);
  // Another company may have taken the former key.
  if (owner->key) restore.company = *owner->key;
  return restore;
}

bool has_table(const Manifest& manifest, const Table& table) {
  const std::string name = encode_table_name(table.schema, table.name);
  return std::any_of(manifest.tables.begin(), manifest.tables.end(),
                     [&](const ManifestTable& known) { return known.name == name; });
}

// Rows of the company stand as they did, violations and all. But what they refer to outside of it
// may have gone meanwhile, and rows of tables that are not in the record stay as they are now.
bool is_to_be_proved(const LiveScope& live, const Manifest& record, const CompanyMerge& merge,
                     const Reference& reference) {
  if (!merge.is_affected(reference)) return false;
  if (!has_table(record, live.table(reference.table))) return true;
  if (!leads_out(live, reference)) return false;
  return std::none_of(
      record.problems.begin(), record.problems.end(),
      [&](const ManifestProblem& problem) { return problem.reference == reference.name; });
}

void require_same_key(const KnownRestore& restore) {
  const std::optional<RestoreOwner> owner = owner_of_restore(restore.id);
  if (!owner || !owner->key || *owner->key == restore.company) return;
  throw Error(sqlstate::kSerializationFailure, "could not serialize access: company \"" +
                                                   restore.company + "\" got another key meanwhile")
      .hint("Try again.");
}

// Another company may have taken the key of one that was deleted.
void require_same_company(const KnownRestore& restore) {
  require_same_key(restore);
  if (identity_of_key(restore.company) == restore.owner) return;
  throw Error(sqlstate::kUnknownCompany,
              "the company of restore " + std::to_string(restore.id) + " does not exist any more")
      .detail("Company \"" + restore.company +
              "\" is another one: it took the key after the restore.")
      .hint("keep_restore() ends the review.");
}

// Another company may have taken the number of a group that the company gets again; but not one
// that both had before.
void require_own_groups(const LiveScope& live, const Manifest& record, const Company& company,
                        MatchedArchive& load) {
  const SharedNumbers shared = recorded_numbers(record);
  const std::vector<TakenGroup> taken = taken_groups(
      live, load, {.target = &company, .adopts = true, .locks = true, .excused = &shared.numbers});
  if (taken.empty()) return;
  const std::string since = "Others have taken the numbers since the restore";
  refuse_groups(live, taken,
                (shared.all ? since : since + ", or had them before (too many to record which)") +
                    ": change theirs, then revert again. Or end the review with keep_restore().");
}

void apply(CompanyMerge& merge, DiscardedEdits& edits) {
  try {
    merge.apply(nullptr, &edits);
  } catch (const TakenValue& taken) {
    throw Error(taken.sqlstate(), taken.message())
        .detail(taken.detail())
        .hint(
            "The other row has taken the value since the restore: change it, then revert again. "
            "Or end the review with keep_restore().");
  }
}

// What there is no place for any more.
void report_left_out(const FittedRecord& record) {
  if (record.left_out().empty()) return;
  std::string list;
  for (const std::string& line : record.left_out()) list += (list.empty() ? "" : "\n") + line;
  const char* text = list.c_str();
  guarded([text] {
    ereport(NOTICE, (errmsg("the revert leaves out what tables and columns held that are gone"),
                     errdetail_internal("%s", to_server_with_marks(text))));
  });
}

}  // namespace

void keep_restore(int64_t id, const Text& actor) {
  settle_restore(load_live_scope(), lock_review(id), RestoreStatus::kKept, actor);
}

void revert_restore(int64_t id, const Text& actor) {
  const KnownRestore restore = lock_review(id);
  Operation operation(load_live_scope(), OperationKind::kTakeBack);
  const LiveScope& live = operation.live();
  require_same_key(restore);
  lock_company_row(live, find_company(live, restore.company, restore.backup));
  require_same_company(restore);
  operation.take_snapshot();
  const Company company = resolve_company(live, restore.company);
  FittedRecord record(live, id);
  const MatchOptions match{.same_company = true, .with_files = true, .everything = true};
  const SharedOptions shared{.same_database = true};
  MatchedArchive load(live, record.manifest(), record.source(), match, shared);
  load.set_company_keys(read_company(live, company, load.company_key_columns()));
  require_own_groups(live, record.manifest(), company, load);
  std::optional<RowSelection> selection = recorded_selection(record, load);
  CompanyMerge merge(live, company, load,
                     MergePolicy{.with_files = true,
                                 .exact = true,
                                 .adopts = true,
                                 .leaves_unknown = true,
                                 .selected = selection ? &*selection : nullptr});
  DiscardedEdits edits(live, record, load);
  apply(merge, edits);
  uint64_t left_alone = 0;
  operation.look_again([&] {
    merge.settle_outside(nullptr);
    left_alone = bring_back_outside_rows(live, id, load);
    FormerOrphans orphans(live, record, load);
    merge.look_again(orphans, [&](const auto& body) { operation.look_back(body); });
    prove_references(live, company, {.same_database = true, .same_company = true},
                     [&](const Reference& reference) {
                       return is_to_be_proved(live, record.manifest(), merge, reference);
                     });
    merge.prove_written();
    advance_sequences_back(load.sequences());
  });
  operation.close_snapshot();
  operation.close();
  settle_restore(live, restore, RestoreStatus::kReverted, actor,
                 JsonObject().add("discarded", static_cast<int64_t>(edits.count())));
  report_problems(id, edits.count(),
                  "the revert discarded " UINT64_FORMAT " edit that was made after the restore",
                  "the revert discarded " UINT64_FORMAT " edits that were made after the restore");
  report_left_out(record);
  report_problems(id, left_alone,
                  "the revert left " UINT64_FORMAT
                  " row outside the company as the restore or others made it",
                  "the revert left " UINT64_FORMAT
                  " rows outside the company as the restore or others made them");
}

}  // namespace company_backup
