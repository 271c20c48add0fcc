// One connection to a database that has the extension. Every value goes to the server as a typed
// parameter and every name of the extension is called with its schema, so that neither search_path
// nor anything a user typed can change what a statement means.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup::client {

// What -h, -p, -U, -d, -w and -W say. Empty: libpq's own defaults (PG* variables, service files).
struct ConnectionOptions {
  std::string host, port, user;
  std::string dbname;  // may be a whole connection string or URI
  bool never_ask = false;
  bool always_ask = false;
};

// An error that the server reported, or a lost connection; what() is one printable text:
// "ERROR:  message", then DETAIL and HINT on lines of their own.
class ServerError : public std::exception {
 public:
  explicit ServerError(std::string text, std::string sqlstate = "")
      : text_(std::move(text)), sqlstate_(std::move(sqlstate)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  const std::string& sqlstate() const { return sqlstate_; }  // empty: the connection was lost

 private:
  std::string text_, sqlstate_;
};

// A parameter with its type, as text.
struct Parameter {
  Oid type;
  std::optional<std::string> value;  // none: NULL
};
Parameter text_parameter(std::string value);
Parameter optional_text(const std::optional<std::string>& value);
Parameter bigint_parameter(int64_t value);
Parameter integer_parameter(int32_t value);
Parameter boolean_parameter(bool value);
Parameter jsonb_parameter(std::string value);
// The name of a table, as SQL has it.
Parameter table_parameter(std::string name);
Parameter text_array_parameter(const std::vector<std::string>& values);

// A named argument of one of the extension's functions.
struct Argument {
  const char* name;
  Parameter value;
};

// The rows of one query, as text.
class Result {
 public:
  explicit Result(PGresult* result) : result_(result, &PQclear) {}
  int rows() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  std::string_view name(int column) const { return PQfname(result_.get(), column); }
  Oid type(int column) const { return PQftype(result_.get(), column); }
  bool null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view text(int row, int column) const;  // empty for NULL

  // By name; throws Error kInternal when there is no such column.
  std::string_view text(int row, const char* column) const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

class Connection {
 public:
  // Connects, asking for a password if it must, and checks that the extension is installed in the
  // database in a version that this client knows. Notices go to stderr from then on, and SIGINT,
  // SIGTERM and SIGHUP cancel the running statement (signals.hpp).
  // Throws Error or ServerError.
  explicit Connection(const ConnectionOptions& options);

  // SELECT * FROM the extension's `function`, with named arguments.
  Result call(std::string_view function, const std::vector<Argument>& arguments = {});

  // One statement as it stands: the extension proposed it, or the user wrote it. Refuses several.
  Result run(const std::string& statement);

  // function(upload, seq, data), where `upload` says to which one: the data as a binary parameter,
  // not copied.
  void append(std::string_view function, const Argument& upload, int32_t seq,
              std::string_view data);

  // COPY (SELECT data FROM function(argument)) TO STDOUT, in the order of the function's rows and
  // row by row on the server. `argument` is a typed literal (literal() below). Each value of
  // `data` reaches `sink` in one or more pieces; an exception of `sink` ends the copy.
  void copy_data(std::string_view function, const std::string& arguments,
                 const std::function<void(std::string_view)>& sink);

  std::string literal(std::string_view text);            // 'it''s'::pg_catalog.text
  static std::string literal(int64_t number);            // '7'::pg_catalog.int8
  const std::string& schema() const { return schema_; }  // of the extension, quoted if need be

 private:
  friend class Transaction;
  void connect(const ConnectionOptions& options);
  void check_extension();
  Result execute(const std::string& sql, int count, const Oid* types, const char* const* values,
                 const int* lengths, const int* formats);
  void finish_copy();

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
  std::string schema_;
};

// From its beginning to commit(), else taken back; each statement sees what the ones before did.
// One at a time.
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Runs `work`; if the server refuses that, what it did is taken back, and the answer is what the
  // server says. Throws what a lost connection or a signal throws.
  std::optional<ServerError> attempt(const std::function<void()>& work);
  // Throws ServerError if it failed, or if the connection was lost before the server said so.
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace company_backup::client
