// publish_template, unpublish_template, company_templates, create_company_from_template.
#include "core/archive/manifest.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/progress.hpp"
#include "pg/restore/create_company.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

constexpr const char* kBackupOf = "SELECT backup FROM company_backup.template WHERE name = $1";

Error unknown_template(const std::string& name) {
  return Error(sqlstate::kUnknownTemplate, "template \"" + name + "\" does not exist")
      .hint("company_templates() lists the templates.");
}

// The backup of a template. `sql` looks for $1, and may lock or delete the row that it finds.
std::optional<int64_t> look_for_template(const char* sql, const std::string& name) {
  const Rows rows = own_query(sql, {name}, Access::kWrite);
  if (rows.empty()) return std::nullopt;
  return std::stoll(*rows[0][0]);
}

int64_t find_template(const char* sql, const std::string& name) {
  const std::optional<int64_t> backup = look_for_template(sql, name);
  if (!backup) throw unknown_template(name);
  return *backup;
}

// The backup of a template, once the guard has allowed the action on the company that it is of.
// Error kUnknownTemplate.
StoredBackup authorize_template(const std::string& name, Action action, const Text& actor,
                                Detail detail) {
  const GuardQuestion question{action, actor, "Template " + name};
  std::optional<StoredBackup> backup;
  if (const auto id = look_for_template(kBackupOf, name)) {
    backup = look_for_backup(*id);
  }
  detail.add("template", name);
  const Detail of_none = detail;
  if (backup) detail.add("backup", backup->id);
  authorize_found(
      question, backup, of_none, [&] { return is_backup_allowed(question, *backup, detail); },
      [&name] { throw unknown_template(name); });
  return std::move(*backup);
}

// Makes sure that nobody else deletes or publishes the backup until the transaction ends. What is
// published does not expire.
void lock_backup(int64_t id) {
  if (!own_query("UPDATE company_backup.backup SET expires_at = NULL WHERE id = $1 RETURNING 1",
                 {id}, Access::kWrite)
           .empty()) {
    return;
  }
  throw Error(sqlstate::kUnknownBackup,
              "backup " + std::to_string(id) + " does not exist any more");
}

void require_unpublished(int64_t backup) {
  const Rows published = own_query("SELECT name FROM company_backup.template WHERE backup = $1",
                                   {backup}, Access::kWrite);
  if (published.empty()) return;
  const std::string name = *published[0][0];
  throw Error(sqlstate::kTemplateExists,
              "backup " + std::to_string(backup) + " is published already")
      .detail("It is the template \"" + name + "\".")
      .hint("To give it another name: SELECT unpublish_template(" + quote_literal(name) +
            "), then publish it again.");
}

// Says nothing of whose it is.
[[noreturn]] void refuse_name(const std::string& name) {
  throw Error(sqlstate::kTemplateExists, "template \"" + name + "\" exists already")
      .hint("Choose another name, or SELECT unpublish_template(" + quote_literal(name) +
            ") first.");
}

}  // namespace

COMPANY_BACKUP_FUNCTION(publish_template) {
  require_writable("publish_template()");
  require_guard_or_owner(Action::kPublish);
  const int64_t id = required_int64(fcinfo, 0, "backup");
  const std::string name = required_text(fcinfo, 1, "name");
  const Text industry = optional_text(fcinfo, 2);
  const Text description = optional_text(fcinfo, 3);
  if (name.empty()) throw Error(sqlstate::kInvalidParameter, "name must not be empty");
  authorize_backup(id, Action::kPublish, std::nullopt,
                   Detail().add("template", name).add("industry", industry));
  lock_backup(id);
  require_unpublished(id);
  const Text caller = one_row(query("SELECT current_user"))[0];
  if (own_query("INSERT INTO company_backup.template VALUES ($1, $2, $3, $4, clock_timestamp(), "
                "$5::name) ON CONFLICT (name) DO NOTHING RETURNING 1",
                {name, id, industry, description, caller}, Access::kWrite)
          .empty()) {
    refuse_name(name);
  }
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(unpublish_template) {
  require_writable("unpublish_template()");
  require_guard_or_owner(Action::kUnpublish);
  const std::string name = required_text(fcinfo, 0, "name");
  const StoredBackup backup = authorize_template(name, Action::kUnpublish, std::nullopt, {});
  // Not one that somebody else has published under its name since.
  if (own_query("DELETE FROM company_backup.template WHERE name = $1 AND backup = $2 RETURNING 1",
                {name, backup.id}, Access::kWrite)
          .empty()) {
    throw unknown_template(name);
  }
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(company_templates) {
  require_guard_or_owner(Action::kList);
  authorize({Action::kList, std::nullopt, named_company(std::nullopt)}, std::nullopt);
  return return_rows(
      fcinfo,
      own_query("SELECT t.name, t.backup, t.industry, t.description, b.row_count, t.published_at, "
                "t.published_by FROM company_backup.template t JOIN company_backup.backup b ON "
                "b.id = t.backup ORDER BY t.name"));
}

COMPANY_BACKUP_FUNCTION(create_company_from_template) {
  require_writable("create_company_from_template()");
  require_guard_or_owner(Action::kCreate);
  const std::string name = required_text(fcinfo, 0, "template");
  const std::string attributes = required_jsonb(fcinfo, 1, "attributes");
  const Text actor = actor_argument(fcinfo, 2);
  Detail detail;
  if (const auto published = look_for_template(kBackupOf, name)) {
    describe_source(detail, *published);
  }
  authorize({Action::kCreate, actor, "Template " + name}, std::nullopt,
            detail.add("template", name).add_json("attributes", attributes));
  const StoredBackup backup =
      authorize_template(name, Action::kUse, actor, Detail().add("for", to_text(Action::kCreate)));
  require_readable(backup, Manifest::from_json(backup.manifest_text));
  find_template("SELECT backup FROM company_backup.template WHERE name = $1 FOR KEY SHARE", name);
  const Progress progress("create", std::nullopt);
  // New IDs also where these are free: the next company of the template needs its own.
  return return_text(reading(backup, [&] {
    return create_from(load_live_scope(), backup, {attributes, IdMode::kRemap, actor});
  }));
}

}  // namespace company_backup
