// Functions for test/pgtap/boundary.sql: each fails in one way, with C++ objects alive below it.
#include <new>
#include <stdexcept>
#include <vector>

#include "pg/base/boundary.hpp"

extern "C" {
PG_MODULE_MAGIC;
}

namespace company_backup {
namespace {

int64_t live_count = 0;

// Counts itself, and holds memory that a leak would show.
class Counted {
 public:
  Counted() : bytes_(1000, 'x') { ++live_count; }
  Counted(const Counted& other) : bytes_(other.bytes_) { ++live_count; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --live_count; }

 private:
  std::string bytes_;
};

[[noreturn]] void throw_error() {
  throw Error("KB099", "a message with % and \"quotes\"").detail("A detail.").hint("A hint.");
}

// Inside guarded() only.
constexpr auto raise_error = [] {
  ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("raised by PostgreSQL"),
                  errdetail("Its detail."), errhint("Its hint.")));
};

// PostgreSQL calls C++ calls PostgreSQL ..., `depth` times, and fails at the bottom.
void nest(int depth, bool in_postgres) {
  const std::vector<Counted> objects(3);
  guarded([=] {
    callback([=] {
      const std::vector<Counted> more(2);
      if (depth > 1) {
        nest(depth - 1, in_postgres);
      } else if (in_postgres) {
        guarded(raise_error);
      } else {
        throw_error();
      }
      return 0;
    });
  });
}

void fail(int kind) {
  const std::vector<Counted> objects(3);
  switch (kind) {
    case 0:
      throw_error();
    case 1:
      guarded(raise_error);
      break;
    case 2:
      throw std::bad_alloc();
    case 3:
      throw std::runtime_error("of the standard library");
    case 4:
      throw 42;
    case 5:
      nest(5, true);
      break;
    case 6:
      nest(5, false);
      break;
    case 7:
      guarded_or(raise_error, [](const CaughtError& caught) {
        throw Error("KB098", "translated: " + caught.message).detail(caught.detail);
      });
      break;
    case 8:
      with_subtransaction([] { guarded(raise_error); },
                          [](const CaughtError& caught) {
                            throw Error("KB097", "rolled back: " + caught.sqlstate);
                          });
      break;
    case 9:
      with_subtransaction([] { throw_error(); }, [](const CaughtError&) {});
      break;
    default:
      break;
  }
}

void become_somebody_else() {
  SetUserIdAndSecContext(ROLE_PG_MONITOR, SECURITY_LOCAL_USERID_CHANGE);
}

// Is everything that guarded() promises to restore as it was, after PostgreSQL's or a C++ error?
bool is_restored() {
  const boundary::UserContext user = boundary::current_user_context();
  const MemoryContext memory = CurrentMemoryContext;
  sigjmp_buf* const exceptions = PG_exception_stack;
  ErrorContextCallback* const contexts = error_context_stack;
  const auto same = [&] {
    const boundary::UserContext now = boundary::current_user_context();
    return now.user == user.user && now.security == user.security &&
           CurrentMemoryContext == memory && PG_exception_stack == exceptions &&
           error_context_stack == contexts;
  };
  bool good = true;
  try {
    guarded([] {
      become_somebody_else();
      MemoryContextSwitchTo(TopTransactionContext);
      raise_error();
    });
  } catch (const PostgresError&) {
    good = same();
    take_error_to_translate();
  }
  try {
    guarded([] { throw_error(); });
    good = false;
  } catch (const Error&) {
    good = good && same();
  }
  return good && same();
}

}  // namespace

COMPANY_BACKUP_FUNCTION(boundary_live_objects) {
  PG_RETURN_INT64(live_count);
}

COMPANY_BACKUP_FUNCTION(boundary_fail) {
  fail(PG_GETARG_INT32(0));
  PG_RETURN_VOID();
}

// Fails with another user id in force.
COMPANY_BACKUP_FUNCTION(boundary_fail_as_other) {
  become_somebody_else();
  fail(PG_GETARG_INT32(0));
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(boundary_is_restored) {
  PG_RETURN_BOOL(is_restored());
}

// The nearest handler of PostgreSQL's sees the user that the function was called by.
COMPANY_BACKUP_FUNCTION(boundary_user_at_handler) {
  const int kind = PG_GETARG_INT32(0);
  Oid user = InvalidOid;
  guarded([&] {
    PG_TRY();
    {
      callback([kind] {
        become_somebody_else();
        fail(kind);
        return 0;
      });
    }
    PG_CATCH();
    {
      user = GetUserId();
      FlushErrorState();
    }
    PG_END_TRY();
  });
  PG_RETURN_OID(user);
}

// Calls a function of one argument as the fast path of the protocol does: with no expression.
COMPANY_BACKUP_FUNCTION(boundary_call_bare) {
  const Oid function = PG_GETARG_OID(0);
  const Datum argument = PG_GETARG_DATUM(1);
  guarded([=] { OidFunctionCall1(function, argument); });
  PG_RETURN_VOID();
}

}  // namespace company_backup
