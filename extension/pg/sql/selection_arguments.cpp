#include "pg/sql/selection_arguments.hpp"

#include <algorithm>
#include <set>

#include "core/text/json_text.hpp"

namespace company_backup {
namespace {

Error bad(const std::string& message) {
  return Error(sqlstate::kInvalidParameter, message);
}

constexpr const char* kForm =
    "Give an array of objects: [{\"table\": \"sales.invoice\", \"key\": \"42\"}]. A key of several "
    "columns is an array of their values, or an object by their names.";

std::vector<std::string> read_tables(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return {};
  const Arg array = Arg::datum(TEXTARRAYOID, PG_GETARG_DATUM(index));
  std::vector<std::string> tables;
  for (const Row& row :
       query("SELECT t, array_ndims($1) FROM unnest($1) WITH ORDINALITY AS u(t, n) ORDER BY n",
             {array})) {
    if (*row[1] != "1") throw bad("tables must be an array of one dimension");
    if (!row[0]) throw bad("an element of tables must not be null");
    tables.push_back(*row[0]);
  }
  if (tables.empty()) {
    throw bad("tables must not be empty").hint("NULL, which is the default, means all tables.");
  }
  const std::set<std::string> different(tables.begin(), tables.end());
  if (different.size() < tables.size()) throw bad("tables must not name a table twice");
  return tables;
}

std::optional<Only> read_only_kind(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return std::nullopt;
  return required_word<Only>(fcinfo, index, "only");
}

// Reads one element of records.
NamedRecord read_record(const std::string& json) {
  const Row record =
      one_row(query("SELECT jsonb_typeof(r), "
                    "CASE WHEN jsonb_typeof(r) = 'object' THEN jsonb_typeof(r->'table') END, "
                    "CASE WHEN jsonb_typeof(r) = 'object' THEN r->>'table' END, "
                    "CASE WHEN jsonb_typeof(r) = 'object' THEN jsonb_typeof(r->'key') END, "
                    "CASE WHEN jsonb_typeof(r) = 'object' THEN r - 'table' - 'key' <> '{}' END "
                    "FROM (SELECT $1::jsonb AS r) AS u",
                    {json}));
  const auto refuse = [&](const std::string& message) {
    return bad(message).detail("The element is: " + json.substr(0, 200)).hint(kForm);
  };
  if (record[0] != "object") throw refuse("an element of records must be an object");
  if (record[4] == "t") {
    throw refuse("an element of records may have the members \"table\" and \"key\" only");
  }
  if (record[1] != "string") throw refuse("an element of records must name its \"table\"");
  const std::string kind = record[3].value_or("");
  NamedRecord named{*record[2], {}, {}};
  Rows parts;
  if (kind == "object") {
    parts =
        query("SELECT k, jsonb_typeof(v), v #>> '{}' FROM jsonb_each($1::jsonb->'key') AS p(k, v)",
              {json});
  } else if (kind == "array") {
    parts = query(
        "SELECT NULL, jsonb_typeof(v), v #>> '{}' FROM jsonb_array_elements($1::jsonb->'key') WITH "
        "ORDINALITY AS p(v, n) ORDER BY n",
        {json});
  } else if (kind == "string" || kind == "number") {
    parts = query("SELECT NULL, $2, $1::jsonb->>'key'", {json, kind});
  }
  if (parts.empty()) throw refuse("an element of records must have the \"key\" of a row");
  for (const Row& part : parts) {
    if (part[1] == "null" || part[1] == "object" || part[1] == "array") {
      throw refuse("a key must be made of texts, numbers and booleans");
    }
    if (part[0]) named.columns.push_back(*part[0]);
    named.values.push_back(*part[2]);
  }
  return named;
}

std::vector<NamedRecord> read_records(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return {};
  const std::string json = required_jsonb(fcinfo, index, "records");
  if (*one_row(query("SELECT jsonb_typeof($1::jsonb)", {json}))[0] != "array") {
    throw bad("records must be a JSON array").hint(kForm);
  }
  std::vector<NamedRecord> records;
  for (const Row& row :
       query("SELECT r FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS u(r, n) "
             "ORDER BY n",
             {json})) {
    records.push_back(read_record(*row[0]));
  }
  if (records.empty()) throw bad("records must not be empty").hint(kForm);
  return records;
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string json;
  for (const std::string& text : texts) {
    json += json.empty() ? "[" : ", ";
    append_json_string(json, text);
  }
  return json + "]";
}

}  // namespace

Selection read_selection(FunctionCallInfo fcinfo, int first) {
  return {read_tables(fcinfo, first), read_only_kind(fcinfo, first + 1),
          read_records(fcinfo, first + 2)};
}

void describe_selection(Detail& detail, const Selection& selection) {
  if (!selection.tables.empty()) detail.add_json("tables", json_list(selection.tables));
  if (selection.only) detail.add("only", to_text(*selection.only));
  std::string records;
  for (const NamedRecord& record : selection.records) {
    JsonObject object;
    object.add("table", record.table);
    object.add_json("key", json_list(record.values));
    records += (records.empty() ? "[" : ", ") + object.text();
  }
  if (!records.empty()) detail.add_json("records", records + "]");
}

}  // namespace company_backup
