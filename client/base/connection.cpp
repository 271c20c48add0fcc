#include "client/base/connection.hpp"

#include <array>
#include <charconv>

#include "client/base/binary_copy.hpp"
#include "client/base/printable.hpp"
#include "client/base/signals.hpp"
#include "client/base/terminal.hpp"
#include "core/text/array_text.hpp"
#include "core/text/error.hpp"
#include "core/text/quoting.hpp"

namespace company_backup::client {
namespace {

// OIDs of built-in types never change (catalog/pg_type.dat).
constexpr Oid kBoolOid = 16;
constexpr Oid kByteaOid = 17;
constexpr Oid kInt8Oid = 20;
constexpr Oid kInt4Oid = 23;
constexpr Oid kTextOid = 25;
constexpr Oid kTextArrayOid = 1009;
constexpr Oid kRegclassOid = 2205;
constexpr Oid kJsonbOid = 3802;

std::string connection_problem(const PGconn* connection) {
  std::string text = connection ? PQerrorMessage(connection) : "out of memory";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

// As psql prints it, without the statement: the user did not write that.
std::string describe(const PGresult* result, const PGconn* connection) {
  const std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) {  // it broke
    return "ERROR:  the connection to the server was lost\nDETAIL:  " +
           connection_problem(connection);
  }
  std::string text = field(result, PG_DIAG_SEVERITY) + ":  " + message;
  const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  const std::string hint = field(result, PG_DIAG_MESSAGE_HINT);
  if (!detail.empty()) text += "\nDETAIL:  " + detail;
  if (!hint.empty()) text += "\nHINT:  " + hint;
  return text;
}

ServerError server_error(const PGresult* result, const PGconn* connection) {
  return ServerError(describe(result, connection), field(result, PG_DIAG_SQLSTATE));
}

void print_notice(void*, const PGresult* result) {
  print_message(describe(result, nullptr));
}

// "1.0.2" and "1.0" agree: the third number never changes the functions.
std::string_view major_minor(std::string_view version) {
  const size_t first = version.find('.');
  if (first == std::string_view::npos) return version;
  return version.substr(0, version.find('.', first + 1));
}

}  // namespace

Parameter text_parameter(std::string value) {
  return {kTextOid, std::move(value)};
}
Parameter optional_text(const std::optional<std::string>& value) {
  return {kTextOid, value};
}
Parameter bigint_parameter(int64_t value) {
  return {kInt8Oid, std::to_string(value)};
}
Parameter boolean_parameter(bool value) {
  return {kBoolOid, value ? "true" : "false"};
}
Parameter jsonb_parameter(std::string value) {
  return {kJsonbOid, std::move(value)};
}
Parameter integer_parameter(int32_t value) {
  return {kInt4Oid, std::to_string(value)};
}
Parameter table_parameter(std::string name) {
  return {kRegclassOid, std::move(name)};
}
Parameter text_array_parameter(const std::vector<std::string>& values) {
  return {kTextArrayOid, text_array(values)};
}

std::string_view Result::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

std::string_view Result::text(int row, const char* column) const {
  const int number = PQfnumber(result_.get(), column);
  if (number < 0) {
    throw Error(sqlstate::kInternal,
                std::string("the server's answer has no column \"") + column + "\"");
  }
  return text(row, number);
}

Connection::Connection(const ConnectionOptions& options) {
  connect(options);
  PQsetNoticeReceiver(connection_.get(), print_notice, nullptr);
  catch_signals(connection_.get());
  check_extension();
}

void Connection::connect(const ConnectionOptions& options) {
  std::string password;
  bool asked = options.always_ask;
  if (asked) password = ask_password("Password: ");
  for (;;) {
    const auto value = [](const std::string& text) {
      return text.empty() ? nullptr : text.c_str();
    };
    // dbname last but for what it must not override: a connection string there may set any of them.
    const std::array<const char*, 8> keywords = {"host",
                                                 "port",
                                                 "user",
                                                 "password",
                                                 "dbname",
                                                 "fallback_application_name",
                                                 "client_encoding",
                                                 nullptr};
    const std::array<const char*, 8> values = {value(options.host),
                                               value(options.port),
                                               value(options.user),
                                               value(password),
                                               value(options.dbname),
                                               "company-backup",
                                               "UTF8",
                                               nullptr};
    connection_.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
    if (PQstatus(connection_.get()) == CONNECTION_OK) return;
    if (!PQconnectionNeedsPassword(connection_.get()) || asked || options.never_ask) {
      throw Error("08001", connection_problem(connection_.get()));
    }
    const char* user = PQuser(connection_.get());
    password = ask_password(std::string("Password for user ") + (user ? user : "") + ": ");
    asked = true;
  }
}

// Also sets what a long unattended statement needs: no statement_timeout (as pg_dump does), and
// dates in the one form that everybody reads the same way.
void Connection::check_extension() {
  const Result found = execute(
      "SELECT e.extversion, n.nspname, pg_catalog.current_database(),"
      " pg_catalog.set_config('statement_timeout', '0', false),"
      " pg_catalog.set_config('datestyle', 'ISO', false)"
      " FROM (SELECT) AS one"
      " LEFT JOIN pg_catalog.pg_extension e ON e.extname OPERATOR(pg_catalog.=) 'company_backup'"
      " LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace",
      0, nullptr, nullptr, nullptr, nullptr);
  if (found.null(0, 0)) {
    throw Error("KB001", "the extension company_backup is not installed in database \"" +
                             std::string(found.text(0, 2)) + "\"")
        .hint("Choose the right database with -d, or run CREATE EXTENSION company_backup in it.");
  }
  const std::string version(found.text(0, 0));
  if (major_minor(version) != major_minor(COMPANY_BACKUP_VERSION)) {
    throw Error("KB001", "this client is version " COMPANY_BACKUP_VERSION
                         ", but the database has version " +
                             version + " of the extension company_backup")
        .hint("Use the client of that version, or run ALTER EXTENSION company_backup UPDATE.");
  }
  schema_ = display_name(found.text(0, 1));
}

Result Connection::execute(const std::string& sql, int count, const Oid* types,
                           const char* const* values, const int* lengths, const int* formats) {
  check_interrupted();
  PGresult* raw =
      PQexecParams(connection_.get(), sql.c_str(), count, types, values, lengths, formats, 0);
  Result result(raw);
  const ExecStatusType status = PQresultStatus(raw);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw server_error(raw, connection_.get());
  }
  return result;
}

Result Connection::call(std::string_view function, const std::vector<Argument>& arguments) {
  std::string sql = "SELECT * FROM " + schema_ + "." + std::string(function) + "(";
  std::vector<Oid> types;
  std::vector<const char*> values;
  for (const Argument& argument : arguments) {
    if (!types.empty()) sql += ", ";
    types.push_back(argument.value.type);
    values.push_back(argument.value.value ? argument.value.value->c_str() : nullptr);
    sql += std::string(argument.name) + " => $" + std::to_string(types.size());
  }
  sql += ")";
  return execute(sql, static_cast<int>(types.size()), types.data(), values.data(), nullptr,
                 nullptr);
}

Result Connection::run(const std::string& statement) {
  return execute(statement, 0, nullptr, nullptr, nullptr, nullptr);
}

void Connection::append(std::string_view function, const Argument& upload, int32_t seq,
                        std::string_view data) {
  const std::string seq_text = std::to_string(seq);
  const std::array<Oid, 3> types = {upload.value.type, kInt4Oid, kByteaOid};
  const std::array<const char*, 3> values = {upload.value.value->c_str(), seq_text.c_str(),
                                             data.data()};
  const std::array<int, 3> lengths = {0, 0, static_cast<int>(data.size())};
  const std::array<int, 3> formats = {0, 0, 1};
  execute("SELECT FROM " + schema_ + "." + std::string(function) + "(" + upload.name +
              " => $1, seq => $2, data => $3)",
          3, types.data(), values.data(), lengths.data(), formats.data());
}

// The function stands in the target list of a subquery that OFFSET 0 keeps apart: there the server
// asks for one row at a time; in FROM it would first collect all of them.
void Connection::copy_data(std::string_view function, const std::string& arguments,
                           const std::function<void(std::string_view)>& sink) {
  const std::string sql = "COPY (SELECT (r).data FROM (SELECT " + schema_ + "." +
                          std::string(function) + "(" + arguments +
                          ") AS r OFFSET 0) AS s) TO STDOUT (FORMAT binary)";
  check_interrupted();
  {
    PGresult* raw = PQexec(connection_.get(), sql.c_str());
    const Result started(raw);
    if (PQresultStatus(raw) != PGRES_COPY_OUT) throw server_error(raw, connection_.get());
  }
  BinaryCopyReader reader(sink);
  for (;;) {
    char* buffer = nullptr;
    const int size = PQgetCopyData(connection_.get(), &buffer, 0);
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(buffer, &PQfreemem);
    check_interrupted();
    if (size < 0) break;
    reader.feed({buffer, static_cast<size_t>(size)});
  }
  finish_copy();
  reader.finish();
}

void Connection::finish_copy() {
  while (PGresult* raw = PQgetResult(connection_.get())) {
    const Result result(raw);
    if (PQresultStatus(raw) != PGRES_COMMAND_OK) {
      throw server_error(raw, connection_.get());
    }
  }
}

std::string Connection::literal(std::string_view text) {
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(
      PQescapeLiteral(connection_.get(), text.data(), text.size()), &PQfreemem);
  if (!quoted) throw Error("22021", connection_problem(connection_.get()));
  return std::string(quoted.get()) + "::pg_catalog.text";
}

std::string Connection::literal(int64_t number) {
  return std::string(1, '\'').append(std::to_string(number)) + "'::pg_catalog.int8";
}

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection_.run("BEGIN ISOLATION LEVEL READ COMMITTED");
}

Transaction::~Transaction() {
  if (open_) PQclear(PQexec(connection_.connection_.get(), "ROLLBACK"));
}

std::optional<ServerError> Transaction::attempt(const std::function<void()>& work) {
  connection_.run("SAVEPOINT attempt");
  try {
    work();
  } catch (const ServerError& error) {
    connection_.run("ROLLBACK TO attempt");
    return error;
  }
  connection_.run("RELEASE attempt");
  return std::nullopt;
}

void Transaction::commit() {
  open_ = false;
  PGresult* raw = PQexec(connection_.connection_.get(), "COMMIT");
  const Result result(raw);
  if (PQresultStatus(raw) != PGRES_COMMAND_OK) {
    throw server_error(raw, connection_.connection_.get());
  }
}

}  // namespace company_backup::client
