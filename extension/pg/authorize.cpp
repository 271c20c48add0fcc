#include "pg/authorize.hpp"

namespace company_backup {
namespace {

std::optional<Company> find_existing(const LiveScope& live, const Text& company) {
  try {
    return resolve_company(live, company);
  } catch (const Error& error) {
    if (std::string(error.sqlstate()) != sqlstate::kUnknownCompany) throw;
    return std::nullopt;
  }
}

StoredBackup ask_of_backup(std::optional<StoredBackup> backup, int64_t id,
                           const GuardQuestion& question, const Detail& detail) {
  authorize_found(
      question, backup, detail, [&] { return is_allowed(question, backup->company, detail); },
      [id] { throw unknown_backup(id); });
  return std::move(*backup);
}

}  // namespace

void describe_source(Detail& detail, int64_t id) {
  const std::optional<StoredBackup> backup = look_for_backup(id);
  detail.add("backup", id);
  detail.add("backup_company", backup ? Text(backup->company) : Text());
}

NamedCompany authorize_company(const LiveScope& live, const Text& company, const char* action,
                               const Text& actor, const Detail& detail) {
  const std::optional<Company> existing = find_existing(live, company);
  NamedCompany named{existing ? Text(existing->key) : company, existing.has_value()};
  authorize({action, actor, named_company(company)}, named.key, detail);
  return named;
}

Company authorize_existing(const LiveScope& live, const Text& company, const char* action,
                           const Text& actor, const Detail& detail) {
  authorize_company(live, company, action, actor, detail);
  return resolve_company(live, company);
}

Text authorize_list(const Text& company) {
  if (company) {
    return authorize_company(load_live_scope(), company, "list", std::nullopt).key;
  }
  authorize({"list", std::nullopt, named_company(company)}, company);
  return company;
}

StoredBackup authorize_backup(int64_t id, const char* action, const Text& actor, Detail detail) {
  detail.add("backup", id);
  return ask_of_backup(look_for_backup(id), id, {action, actor, named("Backup", id)}, detail);
}

StoredBackup authorize_source(int64_t id, const Text& target, const char* purpose,
                              const Text& actor) {
  std::optional<StoredBackup> backup = look_for_backup(id);
  if (backup && target && backup->company == *target) return std::move(*backup);
  Detail detail;
  detail.add("backup", id).add("for", purpose).add("target", target);
  return ask_of_backup(std::move(backup), id, {"use", actor, named("Backup", id)}, detail);
}

void authorize_restore(int64_t id, const char* action, const Text& actor) {
  const GuardQuestion question{action, actor, named("Restore", id)};
  Detail detail;
  detail.add("restore", id);
  const Text company = company_of_restore(id);
  authorize_found(
      question, company, detail, [&] { return is_allowed(question, company, detail); },
      [id] { throw unknown_restore(id); });
}

}  // namespace company_backup
