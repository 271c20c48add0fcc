#include "core/scope/smells.hpp"

#include <algorithm>

#include "core/scope/smell_words.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

// What the columns of a table are for, as far as it tells infrastructure from what companies work
// with.
class Shape {
 public:
  explicit Shape(const Table& table) : table_(table) {}

  // Of a queue: a worker holds the row, ...
  bool is_locked() const {
    return has_column(table_, {"locked_at", "locked_by", "locked_until", "lock_expires_at",
                               "lease_expires_at", "leased_until", "claimed_at", "claimed_by",
                               "reserved_at", "worker_id", "lock_token"});
  }
  // ... how often it was tried, ...
  bool is_tried() const {
    return any([](const Column& column, const Words& words) {
      return column.family == TypeFamily::kInteger &&
             has_word(words, {"attempt", "retry", "retrie", "try", "tries"}) &&
             !ends_in(words, {"id"});
    });
  }
  // ... what is to be done, ...
  bool has_payload() const {
    return any([](const Column& column, const Words& words) {
      return can_hold_document(column) &&
             (ends_in(words, {"payload", "arg", "argument", "kwarg", "handler"}) ||
              has_pair(words, {"job", "request", "message"}, {"data", "body", "class", "param"}));
    });
  }
  // ... when, ...
  bool has_run_time() const {
    return has_column(table_, {"run_at", "not_before", "available_at", "enqueued_at", "execute_at",
                               "next_attempt_at", "next_retry_at", "retry_at", "process_after",
                               "run_after", "deliver_after", "visible_at", "visible_after"});
  }
  // ... what the other side said, ...
  bool has_response() const {
    return has_pair_in_columns({"response", "http"}, {"status", "code", "body", "header"}) ||
           has_column(table_, {"response", "status_code"});
  }
  // ... and what many other tables have, too.
  bool has_progress() const {
    return has_column(table_, {"status", "state", "priority"}) || has_error() ||
           any([](const Column&, const Words& words) {
             return has_word(words, {"scheduled"}) ||
                    (ends_in(words, {"at"}) &&
                     has_word(words, {"processed", "finished", "started", "failed", "succeeded",
                                      "delivered", "sent", "published", "dispatched"}));
           });
  }
  bool has_error() const {
    return has_column(table_, {"error", "last_error", "error_message", "error_code",
                               "failure_reason", "exception", "traceback", "error_details"});
  }
  // Of what people do: a worker needs none of these.
  bool describes_work() const {
    return has_column(table_, {"title", "description", "summary", "note", "notes", "price",
                               "amount", "cost", "address", "street", "customer", "customer_id",
                               "client_id", "patient_id", "due_date", "due_at", "assignee_id"});
  }
  int strong_kinds_of_queue() const {
    return is_locked() + is_tried() + has_payload() + has_run_time();
  }

  // Of a login: what is shown to get in, ...
  bool has_token() const {
    return any([this](const Column& column, const Words& words) {
      return looks_like_secret(table_, column) ||
             (can_hold_text(column) && (words.size() == 1 || has_word(words, {"session"})) &&
              ends_in(words, {"key", "hash", "code", "token", "data"}));
    });
  }
  // Only its hash is kept, ...
  bool has_hashed_token() const {
    return has_pair_in_columns({"crypted", "encrypted", "hashed"}, {"token"}) ||
           has_pair_in_columns({"token"}, {"hash", "digest", "salt"});
  }
  // ... until when, ...
  bool ends() const {
    return any([](const Column& column, const Words& words) {
      return !ends_in(words, {"id"}) && column.family != TypeFamily::kText &&
             (has_word(words, {"expire", "expiry", "expiration", "revoked"}) ||
              has_pair(words, {"valid"}, {"until", "to"}));
    });
  }
  // ... and from where, when last.
  bool has_place() const {
    return has_column(table_, {"ip", "ip_address", "remote_ip", "remote_address", "user_agent",
                               "last_ip", "client_ip"});
  }
  bool has_last_use() const {
    return any([](const Column&, const Words& words) {
      return has_pair(words, {"last"},
                      {"seen", "used", "active", "activity", "access", "accessed"});
    });
  }
  // Nothing but keys, texts that are IDs, and times: a session of whatever it refers to.
  bool is_empty() const {
    return std::all_of(table_.columns.begin(), table_.columns.end(), [](const Column& column) {
      const Words words = words_of(column.name);
      return words.empty() || ends_in(words, {"id", "uuid", "at"});
    });
  }

  // Of an audit trail: what was done, ...
  bool has_action() const {
    return has_column(table_, {"action", "event", "event_type", "event_name", "operation", "op",
                               "verb", "action_type", "change_type"});
  }
  // ... what became of what, ...
  bool has_changes() const {
    return has_column(table_,
                      {"changes", "audited_changes", "object_changes", "changed", "diff",
                       "changed_fields", "changed_data", "old_value", "old_values", "old_data",
                       "new_value", "new_values", "new_data", "before", "after", "row_data"});
  }
  // ... of which row, ...
  bool has_object() const {
    return has_column(table_, {"auditable_type", "entity_type", "object_type", "resource_type",
                               "target_type", "record_type", "item_type", "table_name"});
  }
  // ... by whom.
  bool has_actor() const {
    return any([](const Column& column, const Words& words) {
      return names_person(column) || has_word(words, {"actor"}) ||
             (ends_in(words, {"by"}) && has_word(words, {"performed", "changed", "done", "made"}));
    });
  }
  bool has_level() const {
    return has_column(table_, {"level", "severity"}) && has_column(table_, {"message", "msg"});
  }

  // Who somebody is, not only which one.
  bool describes_person() const {
    return any([](const Column&, const Words& words) {
      return ends_in(words, {"email", "mail", "username", "login", "password"}) ||
             has_word(words, {"password"}) ||
             has_pair(words, {"first", "last", "full", "display", "user"}, {"name"}) ||
             (words.size() == 1 && words[0] == "name");
    });
  }
  bool logs_in() const {
    return has_column(table_, {"email", "email_address", "username", "login"}) &&
           any([](const Column& column, const Words& words) {
             return can_hold_text(column) &&
                    (ends_in(words, {"password"}) ||
                     has_pair(words, {"password"}, {"hash", "digest", "hashed", "encrypted"}));
           });
  }
  bool has_person() const {
    return any([](const Column& column, const Words&) { return names_person(column); });
  }
  bool names(WordList words) const { return has_column(table_, words); }

 private:
  template <typename F>
  bool any(F&& matches) const {
    return std::any_of(table_.columns.begin(), table_.columns.end(), [&](const Column& column) {
      const Words words = words_of(column.name);
      return !words.empty() && matches(column, words);
    });
  }

  bool has_pair_in_columns(WordList first, WordList second) const {
    return any([&](const Column&, const Words& words) { return has_pair(words, first, second); });
  }

  static bool can_hold_document(const Column& column) {
    return can_hold_text(column) || column.family == TypeFamily::kJson || column.is_bytea() ||
           column.family == TypeFamily::kTextArray;
  }
  static bool can_hold_text(const Column& column) { return column.family == TypeFamily::kText; }

  const Table& table_;
};

// "company_user" is no user: it says which user, and nothing about him.
bool is_only_link(const Shape& shape) {
  return shape.has_person() && !shape.describes_person();
}

bool names_people(const Words& words) {
  return ends_in(words, {"user", "login", "person"}) ||
         (ends_in(words, {"profile", "account"}) && has_word(words, {"user", "person", "login"})) ||
         (words.size() == 1 && is_word(words[0], {"profile"}));
}

// People, if they have passwords.
bool may_log_in(const Words& words) {
  return ends_in(words,
                 {"account", "member", "admin", "administrator", "employee", "staff", "operator",
                  "agent", "customer", "contact", "student", "teacher", "subscriber"});
}

// What somebody is, or may do, where.
bool names_rights(const Words& words) {
  return ends_in(words, {"member", "membership", "role", "permission", "privilege"}) ||
         has_pair(words, {"member", "role", "permission"},
                  {"assignment", "mapping", "binding", "grant", "user", "member", "group", "set"});
}

bool names_api_key(const Words& words) {
  return ends_in(words, {"apikey"}) || ends_in_pair(words, {"api", "access"}, {"key"});
}

bool names_login_token(const Words& words) {
  return ends_in_pair(
      words,
      {"access",       "refresh",     "auth",       "api",          "reset",    "verification",
       "confirmation", "session",     "device",     "pushdevice",   "push",     "bearer",
       "oauth",        "personal",    "service",    "scim",         "invite",   "invitation",
       "csrf",         "login",       "activation", "registration", "remember", "authorization",
       "plaintext",    "static",      "user",       "jwt",          "magic",    "email",
       "password",     "application", "app",        "bot",          "agent"},
      {"token"});
}

// Rules about passwords, clients that may log people in: what a company has set up.
bool names_setup(const Words& words) {
  return ends_in(words, {"policy", "setting", "config", "configuration", "rule", "template",
                         "client", "application", "app", "provider", "connection", "scope",
                         "integration", "preference"});
}

bool opens_doors(const Words& words, const Shape& shape) {
  if (names_setup(words)) return false;
  if (names_api_key(words) || names_login_token(words)) return true;
  if (ends_in(words, {"credential"}))
    return shape.has_token() || shape.is_empty() ||
           shape.names({"public_key", "credential_id", "sign_count"});
  if (has_word(words,
               {"password", "passkey", "oauth", "webauthn", "otp", "totp", "login", "signin"}))
    return true;
  if (ends_in(words, {"token"}))
    return shape.has_hashed_token() || (words.size() == 1 ? shape.has_token() || shape.ends()
                                                          : shape.has_token() && shape.ends());
  if (ends_in(words, {"session"})) {
    const bool of_login = has_word(words, {"user", "auth", "web", "browser", "django"});
    if (shape.has_token())
      return shape.ends() || shape.has_place() || shape.has_last_use() || of_login;
    return (shape.has_place() && (shape.ends() || of_login)) ||
           (shape.has_person() && shape.is_empty() && shape.names({"session_id"}));
  }
  if (ends_in_pair(words, {"magic", "login"}, {"link"})) return shape.has_token();
  if (ends_in(words, {"invitation", "invite"})) return shape.has_token() || shape.ends();
  if (ends_in_pair(
          words, {"access", "auth", "authorization", "login", "verification", "backup", "recovery"},
          {"code"}))
    return shape.ends() || shape.has_token();
  if (ends_in(words, {"device"}))
    return has_word(words, {"push"}) ||
           shape.names({"push_token", "device_token", "fcm_token", "apns_token"});
  if (ends_in(words, {"verification", "confirmation", "reset", "activation", "challenge"}))
    return shape.has_token() && shape.ends();
  return false;
}

// A secret that opens a door until a time, or that was used from somewhere: not what a company
// works with, whatever it is called. Invitations and devices may be.
bool has_columns_of_login(const Words& words, const Shape& shape) {
  if (!shape.has_token() ||
      ends_in(words, {"invitation", "invite", "device", "credential", "link"}))
    return false;
  return names_api_key(words) || names_login_token(words) || shape.ends() || shape.has_place() ||
         shape.has_last_use();
}

// What is to be done, and how far it is; of work for people it says what it is, too.
bool has_columns_of_queue(const Shape& shape) {
  const int strong = shape.strong_kinds_of_queue();
  if (shape.describes_work()) return false;
  return strong > 2 || (strong > 1 && shape.has_progress()) ||
         (shape.has_payload() && shape.has_response());
}

bool is_message(const Words& words) {
  return has_word(words,
                  {"email", "mail", "notification", "event", "message", "push", "sms", "webhook"});
}

bool sends_or_queues(const Words& words, const Shape& shape) {
  if (has_word(words, {"outbox"})) return true;
  const int strong = shape.strong_kinds_of_queue();
  if (strong > 2 && shape.is_tried()) return true;  // whatever it is called
  if (has_word(words, {"webhook"}) || ends_in(words, {"delivery"})) {
    if (is_message(words) && ends_in(words, {"delivery", "log", "call", "request", "attempt",
                                             "trigger", "event", "message"}))
      return strong > 0 || shape.has_response();
    return strong > 1 || (has_word(words, {"webhook"}) && shape.has_payload() &&
                          (shape.has_progress() || shape.has_response()));
  }
  if (ends_in(words, {"job", "queue"})) return strong > 1 || (strong == 1 && shape.has_progress());
  if (ends_in(words, {"task", "inbox"}))
    return strong > 1 && (shape.is_locked() || shape.is_tried());
  if (has_word(words, {"scheduled", "queued"}) &&
      has_word(words, {"email", "mail", "notification", "push", "sms"}))
    return strong > 0 || shape.has_progress();
  if (ends_in(words, {"notification", "email", "mail", "message", "sms"}))
    return strong > 0 && shape.has_progress() &&
           (shape.is_locked() || shape.is_tried() || shape.has_run_time());
  return false;
}

bool records_changes(const Words& words, const Shape& shape) {
  if (ends_in(words, {"auditlog"}) ||
      ends_in_pair(words, {"audit"}, {"log", "trail", "entry", "event", "record", "history"}))
    return true;
  const bool told = shape.has_action() || shape.has_changes();
  if (ends_in(words, {"audit"})) return told && (shape.has_actor() || shape.has_object());
  if (ends_in(words, {"log", "changelog", "history", "activity"}))
    return shape.has_level() ||
           (shape.has_action() && (shape.has_changes() || shape.has_actor() || shape.has_object() ||
                                   shape.has_place())) ||
           (shape.has_changes() && shape.has_actor());
  return ends_in(words, {"event"}) && told && shape.has_actor() && shape.has_place();
}

bool usable(const UniqueIndex& index) {
  return !index.partial && index.immediate &&
         std::find(index.columns.begin(), index.columns.end(), 0) == index.columns.end();
}

// Numbers and uuids are made up by each database, and so are secrets; everything else may mean
// something.
bool means_something(const Table& table, const std::vector<int16_t>& columns) {
  return !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](int16_t number) {
    const Column& column = column_of(table, number);
    return (column.family == TypeFamily::kText || column.family == TypeFamily::kNumeric ||
            column.family == TypeFamily::kOther) &&
           !looks_like_secret(table, column);
  });
}

}  // namespace

bool names_person(const Column& column) {
  const auto stem = id_stem(column.name);
  if (!stem) return false;
  const Words words = words_of(*stem);
  return ends_in(words, {"user", "person", "people", "login", "userprofile"}) ||
         ends_in_pair(words, {"user"}, {"profile", "account"});
}

bool looks_like_people(const Table& table) {
  const Words words = words_of_table(table);
  if (has_word(words, {"to", "on", "in"})) return false;  // "AttributeToUser"
  if (names_people(words)) return !is_only_link(Shape(table));
  return may_log_in(words) && Shape(table).logs_in();
}

std::optional<TableSmell> table_smell(const Table& table) {
  using Kind = TableSmell::Kind;
  const Words words = words_of_table(table);
  if (words.empty()) return std::nullopt;
  const Shape shape(table);
  if (looks_like_people(table))
    return TableSmell{Kind::kPeople, kLooksLikeAccess, TableTreatment::kPeople,
                      "people who log in"};
  if (names_rights(words) || names_people(words))
    return TableSmell{Kind::kAccess, kLooksLikeAccess, TableTreatment::kExcluded, kDecidesAccess};
  if (opens_doors(words, shape))
    return TableSmell{Kind::kLogin, kLooksLikeAccess, TableTreatment::kExcluded, kDecidesAccess,
                      has_columns_of_login(words, shape)};
  if (sends_or_queues(words, shape))
    return TableSmell{Kind::kQueue, "an outbox, a queue or deliveries", TableTreatment::kExcluded,
                      "work in progress: it must not be done twice", has_columns_of_queue(shape)};
  if (records_changes(words, shape))
    return TableSmell{Kind::kAudit, "an audit trail", TableTreatment::kAppendOnly,
                      "audit trail: only ever added to"};
  return std::nullopt;
}

bool names_membership(const Table& table) {
  return ends_in(words_of_table(table), {"user", "person", "member", "membership"});
}

bool names_shown_number(const Column& column) {
  return column.family == TypeFamily::kInteger &&
         has_word(words_of(column.name), {"display", "friendly", "human", "visible", "printed",
                                          "shown", "sequence", "ordinal"});
}

bool names_group(const Column& column) {
  return has_word(words_of(column.name), {"group", "batch", "series", "tree", "recurring",
                                          "recurrence", "chain", "bundle", "cluster"});
}

bool names_deed(const Column& column) {
  constexpr size_t kShortest = 6;
  const Words words = words_of(column.name);
  return words.size() > 2 && (is_word(words[0], {"default", "preferred", "fallback"}) ||
                              (words[0].size() >= kShortest &&
                               (words[0].ends_with("ed") || words[0].ends_with("ing"))));
}

bool names_path(const Column& column) {
  return has_word(words_of(column.name), {"path", "ancestry", "ancestor", "ancestors", "lineage",
                                          "hierarchy", "parents", "breadcrumb", "breadcrumbs"});
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
      if (index.primary || !usable(index) || !means_something(table, index.columns)) continue;
      const auto names = column_names(table, index.columns);
      if (std::any_of(names.begin(), names.end(),
                      [&](const std::string& name) { return has_word(words_of(name), {word}); }))
        return names;
    }
  return {};
}

std::vector<std::string> natural_key(const Table& table) {
  return natural_key_beside(table, {});
}

std::vector<std::string> natural_key_beside(const Table& table,
                                            const std::vector<int16_t>& columns) {
  std::vector<int16_t> best;
  bool best_is_primary = false;
  for (const UniqueIndex& index : table.unique_indexes) {
    if (!usable(index)) continue;
    std::vector<int16_t> rest = index.columns;
    std::erase_if(rest, [&](int16_t number) {
      return std::find(columns.begin(), columns.end(), number) != columns.end();
    });
    if (!means_something(table, rest)) continue;
    // The shortest; the primary key before others, the first by name among these.
    const auto rank = [](const std::vector<int16_t>& key, bool primary) {
      return std::pair(key.size(), !primary);
    };
    if (!best.empty() && rank(best, best_is_primary) <= rank(rest, index.primary)) continue;
    best = rest;
    best_is_primary = index.primary;
  }
  return column_names(table, best);
}

}  // namespace company_backup
