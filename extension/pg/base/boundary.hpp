// The border between C++ exceptions and PostgreSQL's longjmp. Nothing else in the extension uses
// sigsetjmp or catches everything.
//
// PostgreSQL -> C++. Every SQL function is defined with COMPANY_BACKUP_FUNCTION; every callback
// that PostgreSQL calls (a DestReceiver's methods) has its body in callback(). Both catch whatever
// leaves the body and raise it as an error of PostgreSQL once all C++ objects of the body are gone.
//
// C++ -> PostgreSQL. Code that may ereport runs inside guarded(). If it does, its error (with its
// SQLSTATE, DETAIL, HINT and CONTEXT) stays on PostgreSQL's error stack, and guarded() throws
// PostgresError, which unwinds to the nearest COMPANY_BACKUP_FUNCTION or callback() and is
// re-thrown there. The body of guarded() may hold only objects without destructors.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <type_traits>

#include "core/text/error.hpp"
#include "pg/base/log_entry.hpp"
#include "pg/base/postgres.hpp"

namespace company_backup {

// "PostgreSQL's own error waits on its error stack." Never catch it but by with_subtransaction().
struct PostgresError {};

namespace boundary {

using Thunk = void (*)(void*);

// Runs call(argument) with an error handler; throws PostgresError after an ereport(ERROR). Restores
// the exception stack, error context stack, memory context, user id and security context.
void run_guarded(Thunk call, void* argument);

// What enter() keeps of a C++ exception: no destructor, so that it may live across a longjmp.
struct Raised {
  bool rethrow = false;
  int code = 0;
  const char* message = nullptr;
  const char* detail = nullptr;
  const char* hint = nullptr;
};

// To be called inside a catch block only.
Raised capture_current_exception() noexcept;
[[noreturn]] void raise(const Raised& raised);

// The user id a function was entered with; restored before an error is raised.
struct UserContext {
  Oid user;
  int security;
};
UserContext current_user_context();
void restore(const UserContext& context);

template <class Body>
auto enter(Body&& body) {
  const UserContext user = current_user_context();
  Raised raised;
  try {
    return body();
  } catch (...) {
    raised = capture_current_exception();
  }
  restore(user);
  raise(raised);
}

// A function of the extension at work, for the log (pg/base/act.hpp). Plain data.
struct Act {
  LogEntry entry;  // none of it counts while there is no action
  Act* outer;
  bool asked, writes, trifle;
};

// Who watches functions; null: nobody. leave() may raise an error, which is then the function's.
struct Watch {
  void (*enter)(Act&) = nullptr;
  void (*leave)(Act&) = nullptr;
  void (*fail)(Act&, int errcode) noexcept = nullptr;
};
extern Watch watch;

template <class Body>
Datum enter_function(Body&& body) {
  const UserContext user = current_user_context();
  Raised raised;
  Act act;
  if (watch.enter != nullptr) watch.enter(act);
  try {
    const Datum result = body();
    if (watch.leave != nullptr) watch.leave(act);
    return result;
  } catch (...) {
    raised = capture_current_exception();
  }
  restore(user);
  if (watch.fail != nullptr) watch.fail(act, raised.rethrow ? geterrcode() : raised.code);
  raise(raised);
}

}  // namespace boundary

// Runs `body`, which may call PostgreSQL functions that ereport, and returns its (trivial) result.
template <class Body>
auto guarded(Body&& body) {
  using Result = std::invoke_result_t<Body&>;
  using Callable = std::remove_reference_t<Body>;
  if constexpr (std::is_void_v<Result>) {
    boundary::run_guarded([](void* p) { (*static_cast<Callable*>(p))(); },
                          const_cast<std::remove_const_t<Callable>*>(&body));
  } else {
    static_assert(std::is_trivially_copyable_v<Result> && std::is_trivially_destructible_v<Result>,
                  "an object with a destructor must not cross the boundary");
    struct Call {
      Callable* body;
      Result result;
    } call{&body, Result{}};
    boundary::run_guarded(
        [](void* p) {
          auto* c = static_cast<Call*>(p);
          c->result = (*c->body)();
        },
        &call);
    return call.result;
  }
}

// The body of a callback that PostgreSQL calls.
template <class Body>
auto callback(Body&& body) {
  return boundary::enter(std::forward<Body>(body));
}

// Runs `body` in a subtransaction. When PostgreSQL raised an error in it, the subtransaction is
// rolled back and the error given to `on_error` (message, SQLSTATE), whose job is to throw a better
// one or to go on. C++ exceptions roll back and pass through.
struct CaughtError {
  std::string sqlstate, message, detail, constraint;
  std::string hint = {};
};
void with_subtransaction_impl(boundary::Thunk body, void* argument, bool* failed,
                              CaughtError* error);

template <class Body, class OnError>
void with_subtransaction(Body&& body, OnError&& on_error) {
  using Callable = std::remove_reference_t<Body>;
  bool failed = false;
  CaughtError error;
  with_subtransaction_impl([](void* p) { (*static_cast<Callable*>(p))(); }, &body, &failed, &error);
  if (failed) on_error(error);
}

// What left a subtransaction, which is rolled back then: nothing, an error of PostgreSQL, or an
// exception. Cancels, shutdowns and lack of memory are never kept.
class KeptError {
 public:
  explicit operator bool() const { return data_ != nullptr || exception_ != nullptr; }
  bool is_exception() const { return exception_ != nullptr; }
  // Of PostgreSQL's error or an Error; "" of anything else.
  std::string sqlstate() const;
  std::string message() const;  // the same
  CaughtError caught() const;   // of PostgreSQL's error
  // As it was raised.
  [[noreturn]] void rethrow() const;
  // With more behind its DETAIL and its HINT. Not for exceptions that are no Error.
  [[noreturn]] void rethrow_with(const std::string& detail, const std::string& hint) const;

 private:
  friend KeptError keep_error_impl(boundary::Thunk body, void* argument);
  ErrorData* data_ = nullptr;  // in the memory context that was current
  std::exception_ptr exception_;
};
KeptError keep_error_impl(boundary::Thunk body, void* argument);

// Runs `body` in a subtransaction.
template <class Body>
KeptError keep_error(Body&& body) {
  using Callable = std::remove_reference_t<Body>;
  return keep_error_impl([](void* p) { (*static_cast<Callable*>(p))(); },
                         const_cast<std::remove_const_t<Callable>*>(&body));
}

// Runs `body` like guarded(); when PostgreSQL raises an error, takes it off the error stack and
// gives it to `translate`, which must throw: the transaction is lost, only the error's wording
// changes. Cancels, shutdowns and lack of memory pass unchanged.
CaughtError take_error_to_translate();

template <class Body, class Translate>
auto guarded_or(Body&& body, Translate&& translate) {
  try {
    return guarded(body);
  } catch (const PostgresError&) {
    translate(take_error_to_translate());
    throw Error(sqlstate::kInternal, "an error was not translated");
  }
}

// The SQLSTATE, as errcode() has it, of the error that waits on PostgreSQL's error stack.
int waiting_errcode();

// Gives the error that waits on PostgreSQL's error stack this hint; none if empty. Throws it.
[[noreturn]] void throw_waiting_with_hint(const std::string& hint);

// Gives it this DETAIL instead of its own.
[[noreturn]] void throw_waiting_with_detail(const std::string& detail);

// Runs `body` like guarded(); an error gets the hint that `hint` has for its SQLSTATE (as errcode()
// has it), if it has one.
template <class Body, class Hint>
auto guarded_with_hint(Body&& body, Hint&& hint) {
  try {
    return guarded(body);
  } catch (const PostgresError&) {
    throw_waiting_with_hint(hint(waiting_errcode()));
  }
}

// guarded_or() for errors with this SQLSTATE only, guarded_with_hint() for others.
template <class Body, class Translate, class Hint>
auto guarded_or_for(int errcode, Body&& body, Translate&& translate, Hint&& hint) {
  try {
    return guarded(body);
  } catch (const PostgresError&) {
    if (waiting_errcode() != errcode) throw_waiting_with_hint(hint(waiting_errcode()));
    translate(take_error_to_translate());
    throw Error(sqlstate::kInternal, "an error was not translated");
  }
}

// Runs `body` in a READ COMMITTED transaction of its own, for background workers; no snapshot is
// active. Returns what it failed with; then all is rolled back, and the error is in the log.
// Whoever `body` makes the current user stays it until everything is committed.
std::optional<CaughtError> in_transaction_impl(boundary::Thunk body, void* argument);

template <class Body>
std::optional<CaughtError> in_transaction(Body&& body) {
  using Callable = std::remove_reference_t<Body>;
  return in_transaction_impl([](void* p) { (*static_cast<Callable*>(p))(); },
                             const_cast<std::remove_const_t<Callable>*>(&body));
}

// Lets a cancel or a timeout through; to be called in every loop without other guarded calls.
inline void check_for_interrupts() {
  if (INTERRUPTS_PENDING_CONDITION()) guarded([] { CHECK_FOR_INTERRUPTS(); });
}

}  // namespace company_backup

// Defines a SQL-callable function: COMPANY_BACKUP_FUNCTION(name) { ... fcinfo ... return datum; }
// The body is C++ and may throw; it may call PostgreSQL only through guarded() or where no error
// can arise (PG_GETARG of a by-value type).
#define COMPANY_BACKUP_FUNCTION(name)                                                            \
  static Datum name##_body(FunctionCallInfo fcinfo);                                             \
  extern "C" {                                                                                   \
  PG_FUNCTION_INFO_V1(name);                                                                     \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) {                                                     \
    return ::company_backup::boundary::enter_function([fcinfo] { return name##_body(fcinfo); }); \
  }                                                                                              \
  }                                                                                              \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
