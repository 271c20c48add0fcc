// restore_company, preview_restore, plan_ids, keep_restore, revert_restore, restore_problems,
// restore_id_map, create_company_from_backup, clone_company, company_restores, company_busy.
#include "core/row_writer.hpp"
#include "pg/arguments.hpp"
#include "pg/company_lock.hpp"
#include "pg/create_company.hpp"
#include "pg/guard.hpp"
#include "pg/id_choice.hpp"
#include "pg/id_record.hpp"
#include "pg/restore.hpp"
#include "pg/restore_record.hpp"
#include "pg/review.hpp"

namespace company_backup {
namespace {

struct Choice {
  const char* name;
  std::vector<std::string> possible;  // in this version
};

std::string require_choice(FunctionCallInfo fcinfo, int index, const Choice& choice) {
  const std::string value = required_text(fcinfo, index, choice.name);
  std::string list;
  for (const std::string& possible : choice.possible) {
    if (value == possible) return value;
    list += (list.empty() ? "" : ", ") + possible;
  }
  throw Error(sqlstate::kInvalidParameter,
              std::string("invalid ") + choice.name + ": \"" + value + "\"")
      .hint("Possible values in this version: " + list + ".");
}

const Choice kIds{"ids", {"auto", "keep", "remap"}};

std::string restore_detail(const StoredBackup& backup, bool include_files) {
  std::string detail = "{\"backup\": " + std::to_string(backup.id) + ", \"backup_company\": ";
  append_json_string(detail, backup.company);
  return detail +
         ", \"mode\": \"replace\", \"include_files\": " + (include_files ? "true}" : "false}");
}

std::string create_detail(const StoredBackup& backup, const std::string& attributes) {
  std::string detail = "{\"backup\": " + std::to_string(backup.id) + ", \"backup_company\": ";
  append_json_string(detail, backup.company);
  return detail + ", \"attributes\": " + attributes + "}";
}

// The company's key; as it was written if there is no such company any more.
Text known_key(const Text& company) {
  if (!company) return company;
  try {
    return resolve_company(load_live_scope(), company).key;
  } catch (const Error& error) {
    if (std::string(error.sqlstate()) != sqlstate::kUnknownCompany) throw;
    return company;
  }
}

// The arguments of restore_company() and preview_restore(), asked for and allowed.
struct Request {
  LiveScope live;
  Text company;
  StoredBackup backup;
  RestoreOptions options;
};

Request read_request(FunctionCallInfo fcinfo, const char* action) {
  require_guard_or_owner(action);
  const Text company_text = optional_text(fcinfo, 0);
  const int64_t id = required_int64(fcinfo, 1, "backup");
  require_choice(fcinfo, 2, {"mode", {"replace"}});
  RestoreOptions options;
  options.ids = require_choice(fcinfo, 3, kIds);
  options.include_files = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
  require_choice(fcinfo, 5, {"on_error", {"abort"}});
  require_choice(fcinfo, 6, {"on_conflict", {"error"}});
  options.add_missing_shared =
      require_choice(fcinfo, 7, {"on_missing_shared", {"refuse", "add"}}) == "add";
  require_choice(fcinfo, 8, {"schema_drift", {"refuse"}});
  options.actor = optional_text(fcinfo, 9);
  LiveScope live = load_live_scope();
  StoredBackup backup = find_backup(id);
  const Company company = find_company(live, company_text, backup.id);
  authorize(action, company.key, options.actor, restore_detail(backup, options.include_files));
  return {std::move(live), company_text, std::move(backup), options};
}

// A restore in review or settled, of a company the caller may work on.
int64_t read_restore(FunctionCallInfo fcinfo, const char* action, const Text& actor) {
  require_guard_or_owner(action);
  const int64_t id = required_int64(fcinfo, 0, "restore");
  authorize(action, company_of_restore(id), actor, "{\"restore\": " + std::to_string(id) + "}");
  return id;
}

// Error 42501 unless the caller may SELECT from these tables, as far as they are there.
void require_select(const std::vector<std::string>& tables, int64_t restore) {
  const Rows refused = query(
      "SELECT name FROM unnest($1::text[]) name WHERE to_regclass(name) IS NOT NULL "
      "AND NOT has_table_privilege(to_regclass(name), 'SELECT') LIMIT 1",
      {text_array(tables)});
  if (refused.empty()) return;
  throw Error(sqlstate::kInsufficientPrivilege, "permission denied for table " + *refused[0][0])
      .detail("Restore " + std::to_string(restore) + " has listed rows of it.");
}

void require_select_of_problems(int64_t restore) {
  std::vector<std::string> tables;
  for (const Row& row : own_query(
           "SELECT DISTINCT table_name FROM company_backup.restore_problem WHERE restore = $1 "
           "AND row_data IS NOT NULL ORDER BY 1",
           {restore}, Access::kCall)) {
    tables.push_back(*row[0]);
  }
  require_select(tables, restore);
}

}  // namespace

COMPANY_BACKUP_FUNCTION(restore_company) {
  require_writable("restore_company()");
  Request request = read_request(fcinfo, "restore");
  PG_RETURN_INT64(reading(request.backup, [&] {
    return restore_into(std::move(request.live), request.company, request.backup, request.options);
  }));
}

COMPANY_BACKUP_FUNCTION(preview_restore) {
  Request request = read_request(fcinfo, "preview");
  return return_rows(fcinfo, reading(request.backup, [&] {
                       return preview_restore(std::move(request.live), request.company,
                                              request.backup, request.options);
                     }));
}

COMPANY_BACKUP_FUNCTION(plan_ids) {
  require_guard_or_owner("preview");
  const Text company_text = optional_text(fcinfo, 0);
  const StoredBackup backup = find_backup(required_int64(fcinfo, 1, "backup"));
  LiveScope live = load_live_scope();
  Text key;
  if (company_text) key = find_company(live, company_text, backup.id).key;
  authorize("preview", key, std::nullopt, restore_detail(backup, false));
  return return_rows(
      fcinfo, reading(backup, [&] { return show_id_plan(std::move(live), company_text, backup); }));
}

COMPANY_BACKUP_FUNCTION(keep_restore) {
  require_writable("keep_restore()");
  const Text actor = optional_text(fcinfo, 1);
  keep_restore(read_restore(fcinfo, "keep", actor), actor);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(revert_restore) {
  require_writable("revert_restore()");
  const Text actor = optional_text(fcinfo, 1);
  revert_restore(read_restore(fcinfo, "revert", actor), actor);
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(restore_problems) {
  const int64_t id = read_restore(fcinfo, "inspect", std::nullopt);
  require_select_of_problems(id);
  return return_rows(fcinfo, own_query("SELECT table_name, row_key, sqlstate, problem, row_data "
                                       "FROM company_backup.restore_problem WHERE restore = $1 "
                                       "ORDER BY seq",
                                       {id}));
}

COMPANY_BACKUP_FUNCTION(restore_id_map) {
  const int64_t id = read_restore(fcinfo, "inspect", std::nullopt);
  ResultRows result(fcinfo);
  std::string allowed;
  read_new_keys(id, [&](const Row& row) {
    if (allowed != *row[0]) require_select({*row[0]}, id);
    allowed = *row[0];
    result.put(row);
  });
  return Datum{0};
}

COMPANY_BACKUP_FUNCTION(create_company_from_backup) {
  require_writable("create_company_from_backup()");
  require_guard_or_owner("create");
  const int64_t id = required_int64(fcinfo, 0, "backup");
  const std::string attributes = required_jsonb(fcinfo, 1, "attributes");
  const std::string ids = require_choice(fcinfo, 2, kIds);
  const Text actor = optional_text(fcinfo, 3);
  const StoredBackup backup = find_backup(id);
  authorize("create", std::nullopt, actor, create_detail(backup, attributes));
  return return_text(reading(backup, [&] {
    return create_from(load_live_scope(), backup, {attributes, ids, actor});
  }));
}

COMPANY_BACKUP_FUNCTION(clone_company) {
  require_writable("clone_company()");
  require_guard_or_owner("clone");
  const Text source = optional_text(fcinfo, 0);
  const std::string attributes = required_jsonb(fcinfo, 1, "attributes");
  const Text actor = optional_text(fcinfo, 2);
  LiveScope live = load_live_scope();
  const Company company = resolve_company(live, source);
  authorize("clone", company.key, actor, "{\"attributes\": " + attributes + "}");
  return return_text(clone_company(std::move(live), source, {attributes, "remap", actor}));
}

COMPANY_BACKUP_FUNCTION(company_restores) {
  require_guard_or_owner("list");
  const Text key = known_key(optional_text(fcinfo, 0));
  authorize("list", key, std::nullopt);
  return return_rows(
      fcinfo, own_query("SELECT id, company, backup, status, mode, added, changed, removed, "
                        "restored_at, restored_by, actor, settled_at FROM company_backup.restore "
                        "WHERE $1 IS NULL OR company = $1 ORDER BY id",
                        {key}));
}

COMPANY_BACKUP_FUNCTION(company_busy) {
  require_guard_or_owner("list");
  const Text key = known_key(required_text(fcinfo, 0, "company"));
  authorize("list", key, std::nullopt);
  PG_RETURN_BOOL(is_company_locked(*key));
}

}  // namespace company_backup
