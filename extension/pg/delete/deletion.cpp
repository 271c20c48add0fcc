#include "pg/delete/deletion.hpp"

#include <utility>

#include "core/merge/restore_words.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_object.hpp"
#include "pg/backup/backup.hpp"
#include "pg/backup/stored_backup.hpp"
#include "pg/base/module.hpp"
#include "pg/base/server_text.hpp"
#include "pg/check/unplaced_rows.hpp"
#include "pg/delete/company_removal.hpp"
#include "pg/delete/confirmation.hpp"
#include "pg/delete/deletion_record.hpp"
#include "pg/delete/deletion_report.hpp"
#include "pg/delete/erasure.hpp"
#include "pg/delete/stored_things.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/restore/stale_views.hpp"
#include "pg/scope/guard.hpp"
#include "pg/scope/known_rows.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

// To the byte. Says nothing of the name.
void require_name(const Company& company, const std::string& confirm_name) {
  const std::string& name = company.name ? *company.name : company.key;
  if (name.empty()) {
    throw Error(sqlstate::kNameDiffers, "the company has no name that could confirm its deletion")
        .hint("Give it a name first.");
  }
  if (name == confirm_name) return;
  throw Error(sqlstate::kNameDiffers, "confirm_name is not the name of the company")
      .detail("Upper and lower case, spaces and accents count.")
      .hint("Give the name exactly as it is stored in the company's own row.");
}

// The company as it is now that it is locked. Error kUnknownCompany if it was deleted meanwhile.
Company locked_company(const LiveScope& live, const AskedCompany& target) {
  ReadSnapshot now;
  Company company = resolve_company(live, target.key());
  now.close();
  lock_company_row(live, company);
  target.require_same_now();
  return company;
}

class Deletion {
 public:
  Deletion(Operation& operation, const AskedCompany& target, const DeleteOptions& options,
           int64_t identity)
      : operation_(operation),
        live_(operation.live()),
        target_(target),
        options_(options),
        identity_(identity) {}

  int64_t run() {
    confirm();
    operation_.take_snapshot();
    const Company company = target_.resolve(live_);
    require_no_review(company.key, identity_);
    refuse_missed_acts(company.key, identity_);
    refuse_templates(identity_);
    require_placed_rows(live_, company);
    const Retention retention = load_retention(live_);
    refuse_needs(live_, company, retention);
    CompanyRemoval removal(live_, company, retention,
                           options_.final_backup ? Removal::kOfSnapshot : Removal::kOfNow);
    removal.require_rights();
    if (options_.erase)
      erase_company_row(live_, company,
                        {.company = identity_, .actor = options_.actor, .reason = {}});
    std::optional<int64_t> final_backup;
    if (options_.final_backup) final_backup = take_final_backup(company);
    removal.remove();
    operation_.close_snapshot();
    DeletionReport report;
    operation_.look_again([&] {
      removal.settle();
      report_rows(live_, removal, report);
      report_left(live_, company, removal, report);
    });
    end_company(identity_, company.key);
    refuse_templates(identity_);
    DeletionRecord record{next_deletion_id(), company.key, identity_, options_.actor, final_backup};
    for (const auto& rows : removal.tables()) record.removed += rows.removed;
    for (const auto& rows : removal.kept()) record.kept += rows.rows;
    report_stored(forget_stored_things(identity_, company.key, final_backup), report);
    record.report = report.json();
    record_deletion(record);
    note_views(live_, TablesOf::kCompanies);
    return record.id;
  }

 private:
  // Before anything is read: what is asked here is of the moment.
  void confirm() const {
    ReadSnapshot now;
    require_name(target_.resolve(live_), options_.confirm_name);
    now.close();
    require_proof(target_.key(), options_.actor, options_.proof);
    require_preconditions(target_.key(), options_.actor);
  }

  // With files, and of whatever state the rows are in: nothing else is left of them.
  int64_t take_final_backup(const Company& company) const {
    const BackupOptions options{.label = std::nullopt,
                                .actor = options_.actor,
                                .include_files = true,
                                .record_problems = true};
    const int64_t id = next_backup_id();
    StoreSink sink(id);
    const Manifest manifest = back_up(live_, company, options, sink);
    complete_backup(id,
                    {.company = company.key,
                     .identity = identity_,
                     .origin = BackupOrigin::kFinal,
                     .minutes = final_backup_retention},
                    manifest, storable_json(manifest.to_readable_json()));
    return id;
  }

  Operation& operation_;
  const LiveScope& live_;
  const AskedCompany& target_;
  const DeleteOptions& options_;
  const int64_t identity_;
};

}  // namespace

int64_t delete_company(LiveScope scope, const AskedCompany& target, const DeleteOptions& options) {
  Operation operation(std::move(scope), OperationKind::kDelete, target.key());
  const LiveScope& live = operation.live();
  const Company locked = locked_company(live, target);
  const int64_t deletion = Deletion(operation, target, options, make_identity(live, locked)).run();
  operation.close();
  return deletion;
}

}  // namespace company_backup
