// SQL from C++: queries with parameters, results as text, all of it in UTF-8. Reads run under the
// active snapshot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/array_text.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/temp_schema.hpp"

namespace company_backup {

using Text = std::optional<std::string>;  // nullopt: NULL
using Row = std::vector<Text>;

// The OID that stands in a result; InvalidOid for NULL.
Oid oid_of(const Text& number);

// The rows of a result. To ask for one that is not there is an error (kInternal), never a crash.
class Rows : public std::vector<Row> {
 public:
  using std::vector<Row>::vector;
  Row& operator[](size_t index);
  const Row& operator[](size_t index) const;
};

// The only row of a result. Error kInternal if there is none, or another one.
Row one_row(Rows rows);
// The first value of the only row, which is not NULL; the same error.
std::string one_value(Rows rows);

// A query parameter. Views must outlive the call; a Datum by reference, too.
struct Arg {
  Arg(std::string_view text) : type(TEXTOID), is_bytes(true), bytes(text) {}
  Arg(const std::string& text) : type(TEXTOID), is_bytes(true), bytes(text) {}
  Arg(const char* text) : type(TEXTOID), is_bytes(true), bytes(text) {}
  Arg(const Text& text) : type(TEXTOID), null(!text), is_bytes(true) {
    if (text) bytes = *text;
  }
  Arg(int64_t number) : type(INT8OID), value(Int64GetDatum(number)) {}
  Arg(int number) : type(INT4OID), value(Int32GetDatum(number)) {}
  Arg(bool flag) : type(BOOLOID), value(BoolGetDatum(flag)) {}
  static Arg bytea(std::string_view bytes) {
    Arg arg(bytes);
    arg.type = BYTEAOID;
    return arg;
  }
  static Arg optional_number(std::optional<int64_t> number) {
    Arg arg(number.value_or(0));
    arg.null = !number;
    return arg;
  }
  static Arg datum(Oid type, Datum value) {
    Arg arg(int64_t{0});
    arg.type = type;
    arg.value = value;
    return arg;
  }

  Oid type;
  bool null = false;
  bool is_bytes = false;
  Datum value = 0;
  std::string_view bytes{};  // of text and bytea
};

// kRead: under the active snapshot, nothing is changed. kCall: calls a function of the application,
// which may write unless the transaction may not. Only there may a view be read: elsewhere it would
// stand where a table was.
enum class Access { kRead, kWrite, kCall };

// Runs one statement, with search_path pinned, and returns its rows.
Rows query(const std::string& sql, const std::vector<Arg>& args = {},
           Access access = Access::kRead);

// The same as the extension's owner, for the extension's own tables only: fixed SQL, no user code.
// Without kRead it reads what is there now, as kWrite does, also what the same statement has just
// written: two reads, one of them kRead, may not agree on whether a row exists.
Rows own_query(const char* sql, const std::vector<Arg>& args = {}, Access access = Access::kCall);

// The first column, a bytea, of the rows of a query on the extension's own tables; no NULLs.
std::vector<std::string> own_bytes(const char* sql, const std::vector<Arg>& args,
                                   Access access = Access::kCall);

// Makes `receiver`, all zeros, one that gives each row to `receive_slot` and does nothing else.
void init_receiver(DestReceiver& receiver, bool (*receive_slot)(TupleTableSlot*, DestReceiver*));

// Runs a query and gives its rows to `receiver` as they come.
void stream(const std::string& sql, const std::vector<Arg>& args, DestReceiver* receiver);

// The rows of a query in batches, under the snapshot that was active when it was opened. They are
// put aside at once, on disk beyond work_mem: from a portal that is open while others' code runs,
// that code could fetch rows itself, or close it.
class Cursor {
 public:
  Cursor(const std::string& sql, const std::vector<Arg>& args);
  Rows fetch(long count);  // no rows: the end
  void close();

 private:
  // Of its own: what a transaction's context was given to keep, it keeps to its end.
  MemoryContext memory_;
  Tuplestorestate* store_;
  TupleTableSlot* slot_;
};

// Acts as the extension's owner while it lives.
class AsExtensionOwner {
 public:
  AsExtensionOwner();
  ~AsExtensionOwner();
  AsExtensionOwner(const AsExtensionOwner&) = delete;
  AsExtensionOwner& operator=(const AsExtensionOwner&) = delete;

 private:
  boundary::UserContext before_;
  TempSchemaState temporary_before_;
};

// The name, quoted where needed, of the schema that holds the extension's functions.
std::string functions_schema();

}  // namespace company_backup
