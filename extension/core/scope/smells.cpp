#include "core/scope/smells.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/text/names.hpp"

namespace company_backup {
namespace {

using Words = std::vector<std::string>;
using List = std::initializer_list<std::string_view>;

bool is_one_of(const std::string& word, List list) {
  for (const std::string& form : noun_forms(word))
    if (std::find(list.begin(), list.end(), form) != list.end()) return true;
  return false;
}

bool has_word(const Words& words, List list) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return is_one_of(word, list); });
}

bool ends_in(const Words& words, List list) {
  return !words.empty() && is_one_of(words.back(), list);
}

// Two words in a row, "api_key" for {"api"}, {"key"}.
bool has_pair(const Words& words, List first, List second) {
  for (size_t i = 1; i < words.size(); ++i)
    if (is_one_of(words[i - 1], first) && is_one_of(words[i], second)) return true;
  return false;
}

bool grants_access(const Words& words) {
  return has_word(words, {"member", "membership", "role", "permission", "session", "credential",
                          "invitation", "invite", "apikey", "oauth", "passkey", "password"}) ||
         has_pair(words, {"api", "access"}, {"key"}) || ends_in(words, {"token"});
}

bool names_people(const Words& words) {
  return has_word(words, {"user", "login", "person"}) || ends_in(words, {"profile"});
}

bool sends_or_queues(const Words& words) {
  return has_word(words, {"outbox", "inbox", "queue", "webhook", "notification"}) ||
         ends_in(words, {"job", "delivery"});
}

bool records_changes(const Words& words) {
  return has_word(words, {"audit", "auditlog", "changelog"}) || ends_in(words, {"log"}) ||
         (ends_in(words, {"history"}) && has_word(words, {"event", "change", "access"}));
}

// Flags and times about a secret ("password_changed_at") are no secrets.
bool type_can_hold_secret(const Column& column) {
  for (std::string_view harmless : {"boolean", "date", "timestamp", "time ", "time(", "interval"})
    if (column.type.rfind(harmless, 0) == 0) return false;
  return column.type != "time";
}

bool usable(const UniqueIndex& index) {
  return !index.partial && index.immediate &&
         std::find(index.columns.begin(), index.columns.end(), 0) == index.columns.end();
}

// Numbers and uuids are made up by each database; everything else may mean something.
bool means_something(const Table& table, const UniqueIndex& index) {
  return std::all_of(index.columns.begin(), index.columns.end(), [&](int16_t number) {
    const TypeFamily family = column_of(table, number).family;
    return family == TypeFamily::kText || family == TypeFamily::kOther;
  });
}

}  // namespace

bool looks_like_people(const Table& table) {
  const Words words = words_of(table.name);
  return !grants_access(words) && names_people(words) &&
         ends_in(words, {"user", "login", "person", "profile", "account"});
}

std::optional<TableSmell> table_smell(const Table& table) {
  const Words words = words_of(table.name);
  if (looks_like_people(table))
    return TableSmell{kLooksLikeAccess, TableTreatment::kPeople, "people who log in"};
  if (grants_access(words) || names_people(words))
    return TableSmell{kLooksLikeAccess, TableTreatment::kExcluded, kDecidesAccess};
  if (sends_or_queues(words))
    return TableSmell{"an outbox, a queue or deliveries", TableTreatment::kExcluded,
                      "work in progress: it must not be done twice"};
  if (records_changes(words))
    return TableSmell{"an audit trail", TableTreatment::kAppendOnly,
                      "audit trail: only ever added to"};
  return std::nullopt;
}

bool names_membership(const Table& table) {
  return ends_in(words_of(table.name), {"user", "person", "member", "membership"});
}

bool looks_like_secret(const Column& column) {
  if (column.generated || !type_can_hold_secret(column)) return false;
  const Words words = words_of(column.name);
  return has_word(words, {"password", "passwd", "pwd", "passphrase", "secret", "token", "apikey",
                          "salt", "otp", "totp", "mfa", "credential", "cvv", "encrypted"}) ||
         has_pair(words, {"api", "access", "private", "signing", "encryption"}, {"key"});
}

bool ends_like_secret(const Column& column) {
  const Words words = words_of(column.name);
  return ends_in(words, {"password", "passwd", "pwd", "passphrase", "secret", "token", "apikey",
                         "salt", "otp", "totp", "credential", "cvv"}) ||
         (ends_in(words, {"key", "hash", "digest"}) && words.size() > 1 &&
          has_word(words, {"api", "access", "private", "signing", "encryption", "secret", "hmac",
                           "password", "token"}));
}

bool names_group(const Column& column) {
  return has_word(words_of(column.name), {"group", "batch", "series", "tree", "recurring",
                                          "recurrence", "chain", "bundle", "cluster"});
}

bool names_doer(const Column& column) {
  const Words words = words_of(id_stem(column.name).value_or(column.name));
  return ends_in(words,
                 {"by",       "owner",  "responsible", "supervisor", "manager",     "agent",
                  "actor",    "to",     "inviter",     "invitee",    "participant", "organizer",
                  "host",     "author", "assignee",    "creator",    "editor",      "reviewer",
                  "approver", "sender", "recipient",   "requester",  "uploader"});
}

std::vector<std::string> people_match_columns(const Table& table) {
  for (std::string_view word : {"email", "mail", "username", "login", "user", "name"})
    for (const UniqueIndex& index : table.unique_indexes) {
      if (index.primary || !usable(index) || !means_something(table, index)) continue;
      const auto names = column_names(table, index.columns);
      if (std::any_of(names.begin(), names.end(),
                      [&](const std::string& name) { return has_word(words_of(name), {word}); }))
        return names;
    }
  return {};
}

std::vector<std::string> natural_key(const Table& table) {
  const UniqueIndex* best = nullptr;
  for (const UniqueIndex& index : table.unique_indexes) {
    if (!usable(index) || !means_something(table, index)) continue;
    const auto rank = [](const UniqueIndex& i) { return std::pair(i.columns.size(), !i.primary); };
    if (best == nullptr || rank(index) < rank(*best)) best = &index;
  }
  return best == nullptr ? std::vector<std::string>{} : column_names(table, best->columns);
}

}  // namespace company_backup
