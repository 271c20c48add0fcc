#include "pg/base/act.hpp"

#include "pg/base/boundary.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/log_ring.hpp"
#include "pg/base/log_table.hpp"

namespace company_backup {
namespace {

using boundary::Act;

// The innermost function at work; null: none. Each is where it was entered, on the stack.
Act* current = nullptr;

LogEntry entry_of(const Act& act) {
  LogEntry entry = act.entry;
  entry.database = MyDatabaseId;
  entry.duration = GetCurrentTimestamp() - entry.at;
  return entry;
}

void enter_act(Act& act) {
  act.outer = current;
  act.asked = act.writes = act.trifle = false;
  current = &act;
  act.entry.action.bytes[0] = '\0';
  act.entry.at = GetCurrentTimestamp();
}

bool can_write() {
  return !XactReadOnly && !RecoveryInProgress();
}

void leave_act(Act& act) {
  current = act.outer;
  if (act.entry.action.empty() || act.trifle) return;
  const LogEntry entry = entry_of(act);
  const bool done = !act.writes && guarded([&entry] {
    return !RecoveryInProgress() &&
           put_into_ring(entry, can_write() ? IfFull::kRefuse : IfFull::kDrop);
  });
  if (done || !can_write()) return;
  insert_entry(entry);
  guarded([] { call_pruner(); });
}

// The server's log has it at once. Inside guarded() only.
void tell_refusal(const LogEntry& entry) {
  const auto shown = [](const char* text) {
    return *text == '\0' ? "(none)" : to_server_with_marks(text);
  };
  ereport(LOG_SERVER_ONLY,
          (errmsg_internal("company_backup refused action \"%s\": SQLSTATE %s, role %s, company "
                           "%s, actor %s",
                           entry.action.c_str(), entry.sqlstate.c_str(), shown(entry.role.c_str()),
                           shown(entry.company.c_str()), shown(entry.actor.c_str())),
           errhidestmt(true), errhidecontext(true)));
}

// Nothing that fails here hides the error that is told.
void fail_act(Act& act, int errcode) noexcept {
  current = act.outer;
  if (act.entry.action.empty()) return;
  try {
    guarded([&act, errcode] {
      LogEntry entry = entry_of(act);
      entry.sqlstate.set(unpack_sql_state(errcode));
      if (is_denial(entry.sqlstate.c_str())) tell_refusal(entry);
      if (!RecoveryInProgress()) put_into_ring(entry, IfFull::kDrop);
    });
  } catch (const PostgresError&) {
    FlushErrorState();
  }
}

// Where to note things, once it is known what the line is of; null: nowhere.
LogEntry* noted() {
  return current == nullptr || current->entry.action.empty() ? nullptr : &current->entry;
}

}  // namespace

void install_log() {
  boundary::watch = {enter_act, leave_act, fail_act};
}

void note_action(std::string_view action) {
  if (current == nullptr || noted() != nullptr) return;
  LogEntry& entry = current->entry;
  entry.number = entry.owner = entry.backup = 0;
  entry.rows = -1;
  entry.company.set({});
  entry.actor.set({});
  entry.sqlstate.set({});
  entry.role.set(guarded([] { return from_server(GetUserNameFromId(GetUserId(), false)); }));
  entry.action.set(action);
}

void note_look(std::string_view action) {
  if (current == nullptr || noted() != nullptr) return;
  note_action(action);
  note_trifle();
}

void note_asked(const Text& company, const Text& actor) {
  LogEntry* const entry = noted();
  if (entry == nullptr || current->asked) return;
  current->asked = true;
  if (company) entry->company.set(*company);
  if (actor) entry->actor.set(*actor);
}

void note_owner(std::optional<int64_t> owner) {
  LogEntry* const entry = noted();
  if (entry != nullptr && owner && entry->owner == 0) entry->owner = *owner;
}

void note_backup(int64_t backup) {
  LogEntry* const entry = noted();
  if (entry != nullptr && entry->backup == 0) entry->backup = backup;
}

void note_rows(int64_t rows) {
  if (LogEntry* const entry = noted()) entry->rows = rows;
}

void note_writing() {
  if (current != nullptr) current->writes = true;
}

void note_telling() {
  if (current != nullptr) current->writes = false;
}

void note_trifle() {
  if (current != nullptr) current->trifle = true;
}

}  // namespace company_backup
