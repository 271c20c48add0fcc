#include "pg/sql/authorize.hpp"

#include "pg/base/act.hpp"
#include "pg/scope/company_triggers.hpp"
#include "pg/scope/known_rows.hpp"

namespace company_backup {
namespace {

// Says why a question about something stored names no company.
void explain_owner(Detail& detail, const char* name, const std::string& company, bool uploaded) {
  detail.add(name, company);
  detail.add("belongs_to", uploaded ? "uploader" : "deleted company");
}

// What the caller may know of.
std::optional<StoredBackup> look_for_visible(int64_t id) {
  std::optional<StoredBackup> backup = look_for_backup(id);
  if (backup && !backup->owner && !caller_owns_database() && !backup->is_mine) {
    return std::nullopt;
  }
  return backup;
}

StoredBackup ask_of_backup(std::optional<StoredBackup> backup, int64_t id,
                           const GuardQuestion& question, const Detail& detail) {
  authorize_found(
      question, backup, detail, [&] { return is_backup_allowed(question, *backup, detail); },
      [id] { throw unknown_backup(id); });
  if (question.action != Action::kDelete) require_not_expired(*backup);
  return std::move(*backup);
}

// Things stored of one company, and how a question about one names it.
struct StoredKind {
  const char* name;
  const char* title;
  const char* company;  // what `detail` calls a company that is gone
  Error (*unknown)(int64_t id);
};
struct StoredOwner {
  std::string company;       // its key as it was then
  CompanyIdentity identity;  // none: the thing is no one company's
  Text key;                  // as it is now
};

void authorize_stored(const StoredKind& kind, int64_t id, const std::optional<StoredOwner>& owner,
                      Action action, const Text& actor) {
  const GuardQuestion question{action, actor, named(kind.title, id)};
  Detail detail;
  detail.add(kind.name, id);
  authorize_found(
      question, owner, detail,
      [&] {
        const Text key = key_of_owner(owner->identity, owner->key);
        Detail known = detail;
        if (!key && owner->identity) explain_owner(known, kind.company, owner->company, false);
        return is_allowed_of(question, owner->identity, key, known);
      },
      [&] { throw kind.unknown(id); });
}

}  // namespace

Text key_of_owner(const CompanyIdentity& owner, const Text& key) {
  const bool has = key && are_companies_followed() && (!owner || still_has(*owner, *key));
  return has ? key : Text();
}

bool is_allowed_of(const GuardQuestion& question, const CompanyIdentity& owner, const Text& key,
                   const Detail& detail) {
  note_owner(owner);
  if (!key) return is_allowed(question, key, detail);
  const KeyHolder holder = KeyHolder::now(*key);
  if (!is_allowed(question, key, detail)) return false;
  holder.require_same_now();
  if (owner && holder.identity() != owner) holder.refuse();
  return true;
}

bool is_backup_allowed(const GuardQuestion& question, const StoredBackup& backup, Detail detail) {
  const Text key = key_of_owner(backup.owner, backup.owner_key);
  if (!key) explain_owner(detail, "backup_company", backup.company, !backup.owner);
  return is_allowed_of(question, backup.owner, key, detail);
}

void describe_source(Detail& detail, int64_t id) {
  const std::optional<StoredBackup> backup = look_for_visible(id);
  detail.add("backup", id);
  if (!backup) return;
  const Text key = key_of_owner(backup->owner, backup->owner_key);
  if (key) {
    detail.add("backup_company", key);
  } else {
    explain_owner(detail, "backup_company", backup->company, !backup->owner);
  }
}

AskedCompany authorize_company(const LiveScope& live, const Text& company, Action action,
                               const Text& actor, const Detail& detail) {
  AskedCompany asked(live, company);
  if (asked.exists()) note_owner(asked.identity());
  authorize({action, actor, named_company(company)}, asked.key(), detail);
  asked.require_same_now();
  if (OnlyAsking* asking = OnlyAsking::current(); asking != nullptr && asked.exists()) {
    asking->note_company({asked.key(), make_identity(live, asked.row())});
  }
  return asked;
}

AskedCompany authorize_existing(const LiveScope& live, const Text& company, Action action,
                                const Text& actor, const Detail& detail) {
  AskedCompany asked = authorize_company(live, company, action, actor, detail);
  if (!asked.exists()) throw asked.unknown();
  return asked;
}

Listed authorize_list(const Text& company) {
  if (!company) {
    authorize({Action::kList, std::nullopt, named_company(company)}, company);
    return {true, std::nullopt, std::nullopt, std::nullopt};
  }
  const AskedCompany asked =
      authorize_company(load_live_scope(), company, Action::kList, std::nullopt);
  if (asked.exists()) {
    return {false, are_companies_followed() ? asked.identity() : std::nullopt, std::nullopt,
            asked.key()};
  }
  // What a deleted company left behind belongs to none of those who worked with it.
  Detail detail;
  explain_owner(detail, "company", *company, false);
  const bool allowed =
      is_allowed({Action::kList, std::nullopt, named_company(company)}, std::nullopt, detail);
  return {false, std::nullopt, allowed ? company : Text(), std::nullopt};
}

std::string authorize_busy(const Text& company) {
  return authorize_company(load_live_scope(), company, Action::kList, std::nullopt).key();
}

StoredBackup authorize_backup(int64_t id, Action action, const Text& actor, Detail detail) {
  note_backup(id);
  detail.add("backup", id);
  return ask_of_backup(look_for_visible(id), id, {action, actor, named("Backup", id)}, detail);
}

StoredBackup authorize_source(int64_t id, const Text& target, Action purpose, const Text& actor) {
  note_backup(id);
  std::optional<StoredBackup> backup = look_for_visible(id);
  if (backup && target && key_of_owner(backup->owner, backup->owner_key) == target) {
    require_not_expired(*backup);
    return std::move(*backup);
  }
  Detail detail;
  detail.add("backup", id).add("for", to_text(purpose)).add("target", target);
  return ask_of_backup(std::move(backup), id, {Action::kUse, actor, named("Backup", id)}, detail);
}

void authorize_restore(int64_t id, Action action, const Text& actor) {
  static constexpr StoredKind kRestore{"restore", "Restore", "restore_company", unknown_restore};
  const std::optional<RestoreOwner> found = owner_of_restore(id);
  std::optional<StoredOwner> owner;
  if (found) owner = {found->company, found->identity, found->key};
  authorize_stored(kRestore, id, owner, action, actor);
}

void authorize_deletion(int64_t id, const Text& actor) {
  static constexpr StoredKind kDeletion{"deletion", "Deletion", "deleted_company",
                                        unknown_deletion};
  const std::optional<DeletedCompany> found = owner_of_deletion(id);
  std::optional<StoredOwner> owner;
  if (found) owner = {found->company, found->identity, found->key};
  authorize_stored(kDeletion, id, owner, Action::kDeleteCompany, actor);
}

void authorize_job(int64_t id, Action action, const Text& actor) {
  static constexpr StoredKind kJob{"job", "Job", "job_company", unknown_job};
  const std::optional<KnownJob> found = look_for_job(id);
  std::optional<StoredOwner> owner;
  if (found) owner = {found->company, found->owner, found->key};
  authorize_stored(kJob, id, owner, action, actor);
}

}  // namespace company_backup
