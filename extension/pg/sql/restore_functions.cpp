// restore_company, preview_restore, preview_rows, plan_ids, keep_restore, revert_restore,
// restore_problems, restore_id_map, create_company_from_backup, clone_company, company_restores,
// company_busy.
#include "core/archive/manifest.hpp"
#include "pg/base/act.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/base/progress.hpp"
#include "pg/load/kept_ids.hpp"
#include "pg/restore/create_company.hpp"
#include "pg/restore/id_choice.hpp"
#include "pg/restore/id_record.hpp"
#include "pg/restore/problem_list.hpp"
#include "pg/restore/restore.hpp"
#include "pg/restore/review.hpp"
#include "pg/scope/stored_tables.hpp"
#include "pg/sql/authorize.hpp"
#include "pg/sql/selection_arguments.hpp"

namespace company_backup {
namespace {

RestoreMode required_mode(FunctionCallInfo fcinfo, int index) {
  const std::string value = required_text(fcinfo, index, "mode");
  for (const RestoreMode mode : {RestoreMode::kReplace, RestoreMode::kMerge})
    if (value == to_text(mode)) return mode;
  refuse_word("mode", value, {to_text(RestoreMode::kReplace), to_text(RestoreMode::kMerge)});
}

// Whether rows that a company has removed since they were merged into it come again.
bool required_on_deleted(FunctionCallInfo fcinfo, int index, RestoreMode mode) {
  constexpr const char* kSkip = "skip";
  constexpr const char* kAdd = "add";
  const std::string value = required_text(fcinfo, index, "on_deleted");
  if (value == kSkip) return false;
  if (value != kAdd) refuse_word("on_deleted", value, {kSkip, kAdd});
  if (mode == RestoreMode::kMerge) return true;
  throw Error(sqlstate::kInvalidParameter, "on_deleted => 'add' is for merges only")
      .hint("Say mode => 'merge', or leave it out: a restore brings back all that was deleted.");
}

// Which rows of the backup become rows that the company has.
Existing required_on_conflict(FunctionCallInfo fcinfo, int index, RestoreMode mode) {
  constexpr const char* kError = "error";
  constexpr const char* kKeepExisting = "keep_existing";
  const std::string value = required_text(fcinfo, index, "on_conflict");
  if (value == kError) return Existing::kSingletons;
  if (value != kKeepExisting) refuse_word("on_conflict", value, {kError, kKeepExisting});
  if (mode == RestoreMode::kMerge) return Existing::kAll;
  throw Error(sqlstate::kInvalidParameter, "on_conflict => 'keep_existing' is for merges only")
      .hint("Say mode => 'merge', or leave it out: a restore replaces what the company has.");
}

// What is asked about the company that a backup goes into.
Detail restore_detail(int64_t id, RestoreMode mode, bool include_files) {
  Detail detail;
  describe_source(detail, id);
  detail.add("mode", to_text(mode));
  return detail.add("include_files", include_files);
}

// The arguments of restore_company() and preview_restore(), asked for and allowed.
struct Request {
  LiveScope live;
  AskedCompany company;
  StoredBackup backup;
  RestoreOptions options;
};

Request read_request(FunctionCallInfo fcinfo, Action action) {
  require_guard_or_owner(action);
  const Text company_text = company_argument(fcinfo, 0);
  const int64_t id = required_int64(fcinfo, 1, "backup");
  RestoreOptions options;
  options.mode = required_mode(fcinfo, 2);
  options.ids = required_word<IdMode>(fcinfo, 3, "ids");
  options.include_files = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
  options.on_error = required_word<OnError>(fcinfo, 5, "on_error");
  options.existing = required_on_conflict(fcinfo, 6, options.mode);
  options.missing_shared = required_word<MissingShared>(fcinfo, 7, "on_missing_shared");
  options.drift = required_word<DriftPolicy>(fcinfo, 8, "schema_drift");
  options.actor = actor_argument(fcinfo, 9);
  options.selection = read_selection(fcinfo, 10);
  require_consistent(options.selection, options.mode);
  options.add_removed = required_on_deleted(fcinfo, 13, options.mode);
  if (options.existing == Existing::kAll && !options.selection.is_all())
    throw Error(sqlstate::kInvalidParameter,
                "on_conflict => 'keep_existing' is for merges of a whole backup only")
        .hint("Leave the selection out, or change the rows that have the same values.");
  LiveScope live = load_live_scope();
  Detail detail = restore_detail(id, options.mode, options.include_files);
  describe_selection(detail, options.selection);
  AskedCompany target = authorize_company(live, company_text, action, options.actor, detail);
  StoredBackup backup = authorize_source(id, target.key(), action, options.actor);
  if (!target.exists()) throw unknown_company(target.unknown(), id);
  require_readable(backup, Manifest::from_json(backup.manifest_text));
  return {std::move(live), std::move(target), std::move(backup), options};
}

// A restore in review or settled, of a company the caller may work on.
int64_t read_restore(FunctionCallInfo fcinfo, Action action, const Text& actor) {
  require_guard_or_owner(action);
  const int64_t id = required_int64(fcinfo, 0, "restore");
  authorize_restore(id, action, actor);
  return id;
}

StoredRows rows_of_restore(int64_t restore) {
  return {"Restore " + std::to_string(restore)};
}

// Of the tables of whose rows restore_problems() shows something.
void require_readable_problems(int64_t restore) {
  std::vector<Text> tables;
  for (const Row& row : own_query("SELECT DISTINCT known_table FROM company_backup.restore_problem "
                                  "WHERE restore = $1 AND (row_data IS NOT NULL OR row_key <> '' "
                                  "OR sqlstate = $2) ORDER BY 1",
                                  {restore, sqlstate::kBecame}, Access::kCall)) {
    tables.push_back(row[0]);
  }
  require_readable(tables, rows_of_restore(restore));
}

}  // namespace

COMPANY_BACKUP_FUNCTION(restore_company) {
  const bool only_asked = is_only_asked();
  require_writable("restore_company()");
  Request request = read_request(fcinfo, Action::kRestore);
  if (only_asked) PG_RETURN_NULL();
  const Progress progress("restore", request.company.key());
  PG_RETURN_INT64(reading(request.backup, [&] {
    return restore_into(std::move(request.live), request.company, request.backup, request.options);
  }));
}

COMPANY_BACKUP_FUNCTION(preview_restore) {
  const bool only_asked = is_only_asked();
  Request request = read_request(fcinfo, Action::kPreview);
  if (only_asked) return return_rows(fcinfo, {});
  const Progress progress("preview", request.company.key());
  return return_rows(fcinfo, reading(request.backup, [&] {
                       return preview_restore(std::move(request.live), request.company,
                                              request.backup, request.options);
                     }));
}

COMPANY_BACKUP_FUNCTION(preview_rows) {
  const int max_rows = PG_ARGISNULL(14) ? 0 : PG_GETARG_INT32(14);
  if (max_rows < 1) throw Error(sqlstate::kInvalidParameter, "max_rows must be at least 1");
  Request request = read_request(fcinfo, Action::kPreview);
  const Progress progress("preview", request.company.key());
  ResultRows result(fcinfo);
  reading(request.backup, [&] {
    preview_rows(std::move(request.live), request.company, request.backup, request.options,
                 max_rows, [&](const Row& row) { result.put(row); });
    return 0;
  });
  return Datum{0};
}

COMPANY_BACKUP_FUNCTION(plan_ids) {
  require_guard_or_owner(Action::kPreview);
  const Text company_text = company_argument(fcinfo, 0);
  const int64_t id = required_int64(fcinfo, 1, "backup");
  LiveScope live = load_live_scope();
  std::optional<AskedCompany> target;
  if (company_text) {
    target = authorize_company(live, company_text, Action::kPreview, std::nullopt,
                               restore_detail(id, RestoreMode::kReplace, false));
  } else {
    authorize({Action::kPreview, std::nullopt, named("Backup", id)}, std::nullopt,
              restore_detail(id, RestoreMode::kReplace, false));
  }
  const StoredBackup backup =
      authorize_source(id, target ? Text(target->key()) : Text(), Action::kPreview, std::nullopt);
  if (target && !target->exists()) throw unknown_company(target->unknown(), id);
  require_readable(backup, Manifest::from_json(backup.manifest_text));
  return return_rows(
      fcinfo, reading(backup, [&] { return show_id_plan(std::move(live), target, backup); }));
}

COMPANY_BACKUP_FUNCTION(keep_restore) {
  require_writable("keep_restore()");
  const Text actor = actor_argument(fcinfo, 1);
  keep_restore(read_restore(fcinfo, Action::kKeep, actor), actor);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(revert_restore) {
  const bool only_asked = is_only_asked();
  require_writable("revert_restore()");
  const Text actor = actor_argument(fcinfo, 1);
  const int64_t restore = read_restore(fcinfo, Action::kRevert, actor);
  if (only_asked) PG_RETURN_NULL();
  const std::optional<RestoreOwner> owner = owner_of_restore(restore);
  const Progress progress("revert", owner ? owner->key : Text());
  revert_restore(restore, actor);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(restore_problems) {
  const int64_t id = read_restore(fcinfo, Action::kInspect, std::nullopt);
  require_readable_problems(id);
  ResultRows result(fcinfo);
  read_problems(id, [&](const Row& row) { result.put(row); });
  return Datum{0};
}

COMPANY_BACKUP_FUNCTION(restore_id_map) {
  const int64_t id = read_restore(fcinfo, Action::kInspect, std::nullopt);
  ResultRows result(fcinfo);
  Text allowed;
  read_new_keys(id, [&](const Text& table, const Row& row) {
    if (!allowed || allowed != table) require_readable({table}, rows_of_restore(id));
    allowed = table;
    result.put(row);
  });
  return Datum{0};
}

COMPANY_BACKUP_FUNCTION(forget_id_map) {
  require_writable("forget_id_map()");
  note_action("forget_id_map");
  require_guard_or_owner(Action::kRestore);
  const Text company_text = company_argument(fcinfo, 0);
  const bool is_of_one = !PG_ARGISNULL(1);
  const int64_t id = is_of_one ? required_int64(fcinfo, 1, "backup") : 0;
  const Text actor = actor_argument(fcinfo, 2);
  Detail detail;
  if (is_of_one) describe_source(detail, id);
  const AskedCompany target = authorize_existing(load_live_scope(), company_text, Action::kRestore,
                                                 actor, detail.add("forget_id_map", true));
  std::optional<MergeSource> source;
  if (is_of_one) {
    const StoredBackup backup = authorize_source(id, target.key(), Action::kRestore, actor);
    source = merge_source(backup, Manifest::from_json(backup.manifest_text));
  }
  const CompanyIdentity identity = target.identity();
  if (!identity) PG_RETURN_INT64(0);
  const ForgottenMerges merges = forget_kept_ids(*identity, source);
  if (merges.kept > 0) {
    guarded([&merges] {
      ereport(NOTICE, (errmsg_plural("kept what " INT64_FORMAT " merge needs to know erased rows by",
                                     "kept what " INT64_FORMAT
                                     " merges need to know erased rows by",
                                     static_cast<unsigned long>(merges.kept), merges.kept)));
    });
  }
  PG_RETURN_INT64(merges.forgotten);
}

COMPANY_BACKUP_FUNCTION(create_company_from_backup) {
  const bool only_asked = is_only_asked();
  require_writable("create_company_from_backup()");
  require_guard_or_owner(Action::kCreate);
  const int64_t id = required_int64(fcinfo, 0, "backup");
  const std::string attributes = required_jsonb(fcinfo, 1, "attributes");
  const IdMode ids = required_word<IdMode>(fcinfo, 2, "ids");
  const Text actor = actor_argument(fcinfo, 3);
  Detail detail;
  describe_source(detail, id);
  authorize({Action::kCreate, actor, named("Backup", id)}, std::nullopt,
            detail.add_json("attributes", attributes));
  const StoredBackup backup = authorize_source(id, std::nullopt, Action::kCreate, actor);
  require_readable(backup, Manifest::from_json(backup.manifest_text));
  if (only_asked) PG_RETURN_NULL();
  const Progress progress("create", std::nullopt);
  return return_text(reading(backup, [&] {
    return create_from(load_live_scope(), backup, {attributes, ids, actor, true});
  }));
}

COMPANY_BACKUP_FUNCTION(clone_company) {
  const bool only_asked = is_only_asked();
  require_writable("clone_company()");
  require_guard_or_owner(Action::kClone);
  const Text source = optional_text(fcinfo, 0);
  const std::string attributes = required_jsonb(fcinfo, 1, "attributes");
  const Text actor = actor_argument(fcinfo, 2);
  LiveScope live = load_live_scope();
  const AskedCompany asked = authorize_existing(live, source, Action::kClone, actor,
                                                Detail().add_json("attributes", attributes));
  if (only_asked) PG_RETURN_NULL();
  const Progress progress("clone", asked.key());
  return return_text(clone_company(std::move(live), asked, {attributes, IdMode::kRemap, actor}));
}

COMPANY_BACKUP_FUNCTION(company_restores) {
  require_guard_or_owner(Action::kList);
  const Listed listed = authorize_list(company_argument(fcinfo, 0));
  return return_rows(
      fcinfo, own_query("SELECT id, company, backup, status, mode, added, changed, removed, "
                        "restored_at, restored_by, actor, settled_at FROM company_backup.restore "
                        "WHERE $1 OR owner = $2 OR owner IN (SELECT c.id FROM "
                        "company_backup.company c WHERE c.key = $3 AND c.gone_at IS NOT NULL) "
                        "ORDER BY id",
                        {listed.all, Arg::optional_number(listed.owner), listed.key}));
}

COMPANY_BACKUP_FUNCTION(company_busy) {
  require_guard_or_owner(Action::kList);
  PG_RETURN_BOOL(is_company_locked(authorize_busy(required_text(fcinfo, 0, "company"))));
}

}  // namespace company_backup
