#include "pg/base/boundary.hpp"

#include <csetjmp>
#include <cstring>
#include <new>

#include "pg/base/encoding.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/temp_schema.hpp"

namespace company_backup {
namespace boundary {

Watch watch;

namespace {

// A copy that outlives the exception; nullptr for an empty text or when memory is short.
const char* keep(const std::string& text) noexcept {
  if (text.empty()) return nullptr;
  void* copy = MemoryContextAllocExtended(ErrorContext, text.size() + 1, MCXT_ALLOC_NO_OOM);
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return static_cast<const char*>(copy);
}

// As the server can write it, whatever else is wrong.
std::string in_server_text(const std::string& utf8) {
  try {
    return guarded([&] { return to_server_with_marks(utf8.c_str()); });
  } catch (const PostgresError&) {
    FlushErrorState();
    std::string ascii = utf8;
    for (char& c : ascii) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
    return ascii;
  }
}

// Without memory there are no texts.
void keep_texts(const Error& error, Raised& raised) noexcept {
  const std::string* texts[] = {&error.message(), &error.detail(), &error.hint()};
  std::string converted[3];
  try {
    for (int i = 0; has_other_encoding() && i < 3; ++i) {
      converted[i] = in_server_text(*texts[i]);
      texts[i] = &converted[i];
    }
  } catch (const std::exception&) {
    return;
  }
  raised.message = keep(*texts[0]);
  raised.detail = keep(*texts[1]);
  raised.hint = keep(*texts[2]);
}

}  // namespace

void run_guarded(Thunk call, void* argument) {
  sigjmp_buf* const exception_stack = PG_exception_stack;
  ErrorContextCallback* const context_stack = error_context_stack;
  const MemoryContext memory = CurrentMemoryContext;
  const UserContext user = current_user_context();
  const TempSchemaState temporary = temp_schema_state();
  sigjmp_buf here;
  if (sigsetjmp(here, 0) == 0) {
    PG_exception_stack = &here;
    try {
      call(argument);
    } catch (...) {
      PG_exception_stack = exception_stack;
      error_context_stack = context_stack;
      restore_temp_schema(temporary);
      throw;
    }
    PG_exception_stack = exception_stack;
    error_context_stack = context_stack;
    return;
  }
  PG_exception_stack = exception_stack;
  error_context_stack = context_stack;
  MemoryContextSwitchTo(memory);
  restore(user);
  restore_temp_schema(temporary);
  throw PostgresError{};
}

Raised capture_current_exception() noexcept {
  Raised raised;
  try {
    throw;
  } catch (const PostgresError&) {
    raised.rethrow = true;
  } catch (const Error& error) {
    raised.code = errcode_of(error.sqlstate());
    keep_texts(error, raised);
  } catch (const std::bad_alloc&) {
    raised.code = ERRCODE_OUT_OF_MEMORY;
    raised.message = "out of memory";
    raised.detail = "The extension could not allocate memory outside PostgreSQL's own contexts.";
  } catch (const std::exception& error) {
    raised.code = ERRCODE_INTERNAL_ERROR;
    raised.message = keep(std::string("unexpected failure in company_backup: ") + error.what());
  } catch (...) {
    raised.code = ERRCODE_INTERNAL_ERROR;
    raised.message = "unexpected failure in company_backup";
  }
  return raised;
}

void raise(const Raised& raised) {
  if (raised.rethrow) PG_RE_THROW();
  ereport(ERROR, (errcode(raised.code),
                  errmsg_internal("%s", raised.message ? raised.message : "out of memory"),
                  raised.detail ? errdetail_internal("%s", raised.detail) : 0,
                  raised.hint ? errhint("%s", raised.hint) : 0));
  pg_unreachable();
}

UserContext current_user_context() {
  UserContext context;
  GetUserIdAndSecContext(&context.user, &context.security);
  return context;
}

void restore(const UserContext& context) {
  SetUserIdAndSecContext(context.user, context.security);
}

}  // namespace boundary

namespace {

bool must_pass(int code) {
  return code == ERRCODE_QUERY_CANCELED || code == ERRCODE_ADMIN_SHUTDOWN ||
         code == ERRCODE_CRASH_SHUTDOWN || code == ERRCODE_OUT_OF_MEMORY;
}

std::string utf8_or_nothing(const char* text) {
  return text == nullptr ? std::string() : guarded([=] { return from_server(text); });
}

CaughtError to_caught(const ErrorData& data) {
  return {unpack_sql_state(data.sqlerrcode), utf8_or_nothing(data.message),
          utf8_or_nothing(data.detail), utf8_or_nothing(data.constraint_name),
          utf8_or_nothing(data.hint)};
}

}  // namespace

CaughtError take_error_to_translate() {
  const MemoryContext memory = CurrentMemoryContext;
  ErrorData* data = guarded([memory] {
    MemoryContextSwitchTo(memory);
    ErrorData* copy = CopyErrorData();
    FlushErrorState();
    if (must_pass(copy->sqlerrcode)) ReThrowError(copy);
    return copy;
  });
  return to_caught(*data);
}

int waiting_errcode() {
  return guarded([] { return geterrcode(); });
}

namespace {

[[noreturn]] void throw_waiting_with(const std::string& text, char* ErrorData::*part) {
  const char* const bytes = text.c_str();
  const MemoryContext memory = CurrentMemoryContext;
  guarded([=] {
    MemoryContextSwitchTo(memory);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    error->*part = pstrdup(to_server_with_marks(bytes));
    ReThrowError(error);
  });
  throw PostgresError{};
}

}  // namespace

void throw_waiting_with_hint(const std::string& hint) {
  if (hint.empty()) throw PostgresError{};
  throw_waiting_with(hint, &ErrorData::hint);
}

void throw_waiting_with_detail(const std::string& detail) {
  throw_waiting_with(detail, &ErrorData::detail);
}

KeptError keep_error_impl(boundary::Thunk body, void* argument) {
  const MemoryContext memory = CurrentMemoryContext;
  const ResourceOwner owner = CurrentResourceOwner;
  guarded([] { BeginInternalSubTransaction(nullptr); });
  MemoryContextSwitchTo(memory);
  KeptError kept;
  try {
    body(argument);
    guarded([] { ReleaseCurrentSubTransaction(); });
  } catch (const PostgresError&) {
    kept.data_ = guarded([memory] {
      MemoryContextSwitchTo(memory);
      ErrorData* copy = CopyErrorData();
      FlushErrorState();
      RollbackAndReleaseCurrentSubTransaction();
      return copy;
    });
  } catch (...) {
    kept.exception_ = std::current_exception();
    guarded([] { RollbackAndReleaseCurrentSubTransaction(); });
  }
  MemoryContextSwitchTo(memory);
  CurrentResourceOwner = owner;
  if (kept.data_ != nullptr && must_pass(kept.data_->sqlerrcode)) kept.rethrow();
  return kept;
}

std::string KeptError::sqlstate() const {
  if (data_ != nullptr) return unpack_sql_state(data_->sqlerrcode);
  if (exception_ == nullptr) return {};
  try {
    std::rethrow_exception(exception_);
  } catch (const Error& error) {
    return error.sqlstate();
  } catch (...) {
    return {};
  }
}

std::string KeptError::message() const {
  if (data_ != nullptr) return caught().message;
  if (exception_ == nullptr) return {};
  try {
    std::rethrow_exception(exception_);
  } catch (const Error& error) {
    return error.message();
  } catch (...) {
    return {};
  }
}

CaughtError KeptError::caught() const {
  return data_ == nullptr ? CaughtError() : to_caught(*data_);
}

void KeptError::rethrow() const {
  if (data_ == nullptr) std::rethrow_exception(exception_);
  ErrorData* const data = data_;
  guarded([data] { ReThrowError(data); });
  throw PostgresError{};
}

namespace {

// In the current memory context.
char* joined(const char* text, const char* between, const std::string& more) {
  const char* const added = to_server_with_marks(more.c_str());
  return text == nullptr ? pstrdup(added) : psprintf("%s%s%s", text, between, added);
}

}  // namespace

void KeptError::rethrow_with(const std::string& detail, const std::string& hint) const {
  if (ErrorData* const data = data_) {
    guarded([&, data] {
      data->detail = joined(data->detail, "\n", detail);
      data->hint = joined(data->hint, " ", hint);
    });
    rethrow();
  }
  try {
    std::rethrow_exception(exception_);
  } catch (const Error& error) {
    const auto join = [](const std::string& text, const char* between, const std::string& more) {
      return text.empty() ? more : text + between + more;
    };
    throw Error(error.sqlstate(), error.message())
        .detail(join(error.detail(), "\n", detail))
        .hint(join(error.hint(), " ", hint));
  }
}

std::optional<CaughtError> in_transaction_impl(boundary::Thunk body, void* argument) {
  const boundary::UserContext user = boundary::current_user_context();
  try {
    guarded([=] {
      SetCurrentStatementStartTimestamp();
      StartTransactionCommand();
      XactIsoLevel = XACT_READ_COMMITTED;
      XactReadOnly = false;
      boundary::enter([=] {
        body(argument);
        return 0;
      });
      CommitTransactionCommand();
      boundary::restore(user);
    });
    return std::nullopt;
  } catch (const PostgresError&) {
    const ErrorData* const data = guarded([] {
      MemoryContextSwitchTo(TopMemoryContext);
      EmitErrorReport();
      const ErrorData* const copy = CopyErrorData();
      FlushErrorState();
      return copy;
    });
    CaughtError error = to_caught(*data);
    guarded([] { AbortCurrentTransaction(); });
    return error;
  }
}

void with_subtransaction_impl(boundary::Thunk body, void* argument, bool* failed,
                              CaughtError* error) {
  const KeptError kept = keep_error_impl(body, argument);
  if (!kept) return;
  if (kept.is_exception()) kept.rethrow();
  *failed = true;
  *error = kept.caught();
}

}  // namespace company_backup
