#include "pg/restore/undo.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/archive/manifest.hpp"
#include "core/scope/sql.hpp"
#include "core/text/member.hpp"
#include "core/text/table_name.hpp"
#include "pg/base/server_text.hpp"
#include "pg/base/spi.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

// What gives numbers to tables: nobody else gives the same ones to others.
nlohmann::json catalog() {
  return {{"system", std::to_string(GetSystemIdentifier())}, {"database", MyDatabaseId}};
}

std::string column_numbers(const Manifest& manifest, const Schema& schema) {
  nlohmann::json tables = nlohmann::json::object();
  for (const ManifestTable& recorded : manifest.tables) {
    const TableName name = decode_table_name(recorded.name);
    const Table& table = schema.tables.at(schema.find(name.schema, name.table));
    nlohmann::json numbers = nlohmann::json::array(), generated = nlohmann::json::array();
    for (const ManifestColumn& column : recorded.columns)
      numbers.push_back(find_column(table, column.name)->number);
    for (const Column& column : table.columns)
      if (column.generated) generated.push_back(column.number);
    tables[recorded.name] = {
        {"oid", table.oid}, {"columns", std::move(numbers)}, {"generated", std::move(generated)}};
  }
  return nlohmann::json{{"of", catalog()}, {"tables", std::move(tables)}}.dump();
}

bool has_column(const ManifestTable& recorded, const std::string& name) {
  return std::any_of(recorded.columns.begin(), recorded.columns.end(),
                     [&](const ManifestColumn& column) { return column.name == name; });
}

// Names do not tell which is which.
[[noreturn]] void refuse_exchanged(const std::string& what, const std::string& now) {
  throw Error(sqlstate::kSchemaDiffers,
              what + " has the name now that another one had at the restore")
      .detail("It is called " + quoted_display(now) + " now.")
      .hint("Give it another name, then revert again. Or end the review with keep_restore().");
}

// What a generated column held is not in the record.
void require_still_generated(const Table& table, const nlohmann::json& numbers) {
  for (const Column& column : table.columns) {
    const bool was_generated =
        std::find(numbers.begin(), numbers.end(), column.number) != numbers.end();
    if (!was_generated || column.generated) continue;
    throw Error(sqlstate::kSchemaDiffers, "column \"" + column.name + "\" of table " +
                                              quoted_display(display_table(table)) +
                                              " was generated at the restore, and is not any more")
        .detail("What it held then is not recorded.")
        .hint(
            "Let it be generated again, or drop it, then revert again. Or end the review with "
            "keep_restore().");
  }
}

void add_column_renames(const ManifestTable& recorded, const nlohmann::json& numbers,
                        const Table& table, RecordedNames& names) {
  for (size_t i = 0; i < recorded.columns.size(); ++i) {
    const std::string& name = recorded.columns[i].name;
    for (const Column& column : table.columns) {
      if (column.number != numbers.at(i).get<int16_t>() || column.name == name) continue;
      if (has_column(recorded, column.name)) {
        refuse_exchanged("column \"" + name + "\" of table " + quoted_display(display_table(table)),
                         column.name);
      }
      names.columns.push_back({table.schema, table.name, name, column.name});
    }
  }
}

void add_table_rename(const Manifest& record, const ManifestTable& recorded, const Table& table,
                      RecordedNames& names) {
  const std::string now = encode_table_name(table.schema, table.name);
  if (now == recorded.name) return;
  const TableName then = decode_table_name(recorded.name);
  const bool is_taken = std::any_of(record.tables.begin(), record.tables.end(),
                                    [&](const ManifestTable& other) { return other.name == now; });
  if (is_taken) {
    refuse_exchanged("table " + quoted_display(then.schema + "." + then.table),
                     display_table(table));
  }
  names.tables.push_back({then.schema, then.table, table.schema, table.name});
}

}  // namespace

UndoWriter::Stream::Stream(const UndoWriter& writer, UndoPart part)
    : sink([this, &writer, part](std::string_view member) {
        writer.store(part, table, seq++, member);
      }),
      lines([this](std::string_view piece) { put(piece); }) {}

void UndoWriter::Stream::put(std::string_view piece) {
  std::string_view member;
  if (archive != nullptr) member = archive->member_of(piece);
  if (member.empty()) {
    pipeline.push(piece, sink);
  } else {
    pipeline.pass(member, sink);
  }
}

LineTotals UndoWriter::Stream::finish() {
  const LineTotals totals = lines.finish();
  pipeline.drain(sink);
  archive = nullptr;
  return totals;
}

void UndoWriter::begin_table(int number) {
  for (Stream* stream : {&before_, &changes_, &ids_, &orphans_, &selected_}) {
    stream->table = number;
    stream->seq = 0;
  }
}

LineTotals UndoWriter::end_table() {
  changes_.finish();
  ids_.finish();
  orphans_.finish();
  selected_.finish();
  return before_.finish();
}

void UndoWriter::store(UndoPart part, int table, int seq, std::string_view member) const {
  own_query("INSERT INTO company_backup.undo_chunk VALUES ($1, $2, $3, $4, $5)",
            {restore_, static_cast<int>(part), table, seq, Arg::bytea(member)}, Access::kWrite);
}

void UndoWriter::complete(const Manifest& manifest, const Schema& schema) {
  outside_.finish();
  own_query("INSERT INTO company_backup.undo VALUES ($1, $2, $3::bigint[], $4::jsonb)",
            {restore_, storable_json(manifest.to_readable_json()), remember_tables(manifest),
             column_numbers(manifest, schema)},
            Access::kWrite);
}

RecordedNames renamed_since(int64_t restore, const Manifest& record, const Schema& schema) {
  const std::string text = one_value(own_query(
      "SELECT columns FROM company_backup.undo WHERE restore = $1", {restore}, Access::kCall));
  const nlohmann::json numbers = nlohmann::json::parse(text);
  RecordedNames names{.are_known = numbers.at("of") == catalog()};
  if (!names.are_known) return names;
  for (const ManifestTable& recorded : record.tables) {
    const nlohmann::json& known = numbers.at("tables").at(recorded.name);
    for (const Table& table : schema.tables) {
      if (table.oid != known.at("oid").get<Oid>()) continue;
      add_table_rename(record, recorded, table, names);
      add_column_renames(recorded, known.at("columns"), table, names);
      require_still_generated(table, known.at("generated"));
    }
  }
  return names;
}

Manifest undo_manifest(int64_t restore) {
  const Rows rows = own_query("SELECT manifest FROM company_backup.undo WHERE restore = $1",
                              {restore}, Access::kCall);
  if (rows.empty()) {
    throw Error(sqlstate::kUnknownBackup,
                "restore " + std::to_string(restore) + " has no undo record");
  }
  return Manifest::from_json(*rows[0][0]);
}

std::unique_ptr<MemberSource> undo_members(int64_t restore, UndoPart part) {
  return members_of(
      "SELECT data FROM company_backup.undo_chunk WHERE restore = $1 AND part = $5 AND "
      "table_number = $3 AND seq >= $4 AND NOT $2 ORDER BY seq LIMIT 16",
      restore, {Arg(static_cast<int>(part))});
}

bool UndoLines::next(std::string_view& line) {
  while (!lines_.next(line)) {
    if (!members_.next(member_)) return false;
    inflate_member(member_, kMaxPieceSize, piece_);
    lines_.feed(piece_);
  }
  return true;
}

void forget_undo(int64_t restore) {
  own_query("DELETE FROM company_backup.undo_chunk WHERE restore = $1", {restore}, Access::kWrite);
  own_query("DELETE FROM company_backup.undo WHERE restore = $1", {restore}, Access::kWrite);
}

}  // namespace company_backup
