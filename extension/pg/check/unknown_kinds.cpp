#include "pg/check/unknown_kinds.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "core/text/names.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr long kDocuments = 1000;   // read at once
constexpr size_t kToldKinds = 100;  // one by one

// Where the IDs of one column, list or document stand, and the column that says what they mean.
struct KindPlace {
  TableIndex table;
  std::vector<int16_t> columns;
  std::string json_path;
  std::string when_column;
  bool list = false;  // an ID in each element
  bool path = false;  // of a text, not of an array
  auto operator<=>(const KindPlace&) const = default;
};

using KnownKinds = std::map<KindPlace, std::set<std::string>>;
using Kinds = std::set<Text>;  // nullopt: NULL

// Where a rule says what the column is, the kinds that no rule names are that.
bool is_ruled(const LiveScope& live, const Table& table, int16_t column) {
  const auto treatment = column_treatment(live.rules, table, column_of(table, column).name);
  return treatment && treatment != ColumnTreatment::kPath;
}

// With the kinds that rules name; of columns that no rule knows, with none.
KnownKinds known_kinds(const LiveScope& live) {
  KnownKinds kinds;
  for (const Reference& reference : live.scope.references) {
    if (reference.when_column.empty()) continue;
    if (is_ruled(live, live.table(reference.table), reference.columns[0])) continue;
    kinds[{reference.table, reference.columns, reference.json_path, reference.when_column,
           is_list(live.schema, reference), reference.path}]
        .insert(reference.when_value);
  }
  for (const OpenKinds& open : live.scope.open_kinds) {
    const Table& table = live.table(open.table);
    if (table.foreign) continue;
    const std::string& when = column_of(table, open.when_column).name;
    kinds[{open.table, {open.column}, {}, when, is_array(column_of(table, open.column)), false}];
  }
  return kinds;
}

// An index that gives the kinds one by one, without reading all rows.
bool has_index_by(const Table& table, const Column& kind) {
  return !query(
              "SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND "
              "a.attnum = i.indkey[0] JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON "
              "m.oid = c.relam WHERE i.indrelid = $1::oid AND a.attnum = $2 AND i.indisvalid AND "
              "i.indpred IS NULL AND i.indcollation[0] = a.attcollation AND m.amname = 'btree'",
              {std::to_string(table.oid), static_cast<int>(kind.number)})
              .empty();
}

// The condition for a row `t` to have an ID there, or a document that may have one.
std::string has_id(const LiveScope& live, const KindPlace& place) {
  std::string text;
  for (int16_t number : place.columns) {
    const Column& column = column_of(live.table(place.table), number);
    const std::string value = column_sql("t", column);
    text += text.empty() ? "" : " AND ";
    if (place.path) {
      text += as_text(value, column) + " OPERATOR(pg_catalog.~) '[^[:punct:][:space:]]'";
    } else if (place.list) {
      text += "EXISTS (SELECT FROM pg_catalog.unnest(" + value + ") AS e WHERE e IS NOT NULL)";
    } else {
      text += value + " IS NOT NULL";
    }
  }
  return text;
}

// The kinds that rows with an ID have, as text.
std::string kinds_sql(const LiveScope& live, const KindPlace& place, const Column& kind) {
  const Table& table = live.table(place.table);
  const std::string value = column_sql("t", kind);
  const std::string from = " FROM " + from_table(table) + " AS t WHERE " + has_id(live, place);
  if (kind.family != TypeFamily::kText || !has_index_by(table, kind)) {
    return "SELECT DISTINCT " + as_text(value, kind) + from;
  }
  const std::string first = " ORDER BY " + value + " LIMIT 1";
  return "WITH RECURSIVE k(kind) AS ((SELECT " + value + from + " AND " + value + " IS NOT NULL" +
         first + ") UNION ALL SELECT (SELECT " + value + from + " AND " + value +
         " OPERATOR(pg_catalog.>) k.kind" + first +
         ") FROM k WHERE k.kind IS NOT NULL) SELECT kind::pg_catalog.text FROM k WHERE kind IS NOT "
         "NULL UNION ALL SELECT NULL WHERE EXISTS (SELECT" +
         from + " AND " + value + " IS NULL)";
}

// Is there an ID that the first path leads to, and no other one?
class LonelyId : public JsonVisitor {
 public:
  bool found() const { return found_; }
  void string(const Token&, const Paths& paths) override { look(paths); }
  void number(const Token&, const Paths& paths) override { look(paths); }
  void other(std::string_view) override {}
  void begin_names() override {}
  void name(const Token&, const Paths& paths) override { look(paths); }
  void end_names() override {}

 private:
  void look(const Paths& paths) { found_ = found_ || paths == Paths{0}; }
  bool found_ = false;
};

// The place's own path, and those by which rules know the IDs of documents of this kind.
std::vector<JsonPath> paths_of(const LiveScope& live, const KindPlace& place, const Text& kind) {
  std::vector<JsonPath> paths{JsonPath::parse(place.json_path)};
  for (const Reference& reference : live.scope.references) {
    if (reference.table != place.table || reference.columns != place.columns) continue;
    const bool always = reference.when_column.empty();
    if (always || (reference.when_column == place.when_column && kind == reference.when_value)) {
      paths.push_back(JsonPath::parse(reference.json_path));
    }
  }
  return paths;
}

// The kinds of rows whose document has an ID there, but for those that are known.
Kinds kinds_of_documents(const LiveScope& live, const KindPlace& place, const Column& kind,
                         const std::set<std::string>& known, const Company* company) {
  const Table& table = live.table(place.table);
  const Column& column = column_of(table, place.columns[0]);
  const std::string value = as_text(column_sql("t", kind), kind);
  const std::string names = text_array({known.begin(), known.end()});
  std::string sql = "SELECT " + value + ", " + as_text(column_sql("t", column), column) + " FROM " +
                    from_table(table) + " AS t WHERE " + has_id(live, place) + " AND (" + value +
                    " OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[])) IS NOT TRUE";
  std::vector<Arg> args{names};
  if (company != nullptr) {
    sql += " AND " + owned_by(live.schema, live.scope, place.table, "t", "$2");
    args.push_back(company->arg());
  }
  Kinds kinds;
  std::map<Text, std::vector<JsonPath>> paths;
  Cursor cursor(sql, args);
  for (Rows rows = cursor.fetch(kDocuments); !rows.empty(); rows = cursor.fetch(kDocuments)) {
    for (const Row& row : rows) {
      if (kinds.contains(row[0])) continue;
      std::vector<JsonPath>& known_paths = paths[row[0]];
      if (known_paths.empty()) known_paths = paths_of(live, place, row[0]);
      std::vector<const JsonPath*> asked;
      for (const JsonPath& path : known_paths) asked.push_back(&path);
      LonelyId id;
      const std::string& document = *row[1];
      walk_json(document, asked, id);
      if (id.found()) kinds.insert(row[0]);
    }
  }
  cursor.close();
  return kinds;
}

Kinds unknown_kinds(const LiveScope& live, const KindPlace& place,
                    const std::set<std::string>& known, const Company* company) {
  const Column& kind = *find_column(live.table(place.table), place.when_column);
  if (!place.json_path.empty()) return kinds_of_documents(live, place, kind, known, company);
  Kinds kinds;
  for (const Row& row : query(kinds_sql(live, place, kind))) {
    if (!row[0] || !known.contains(*row[0])) kinds.insert(row[0]);
  }
  return kinds;
}

// Can the IDs at this place be the key? Values in documents have no type that would tell.
bool can_be_key_of(const LiveScope& live, const KindPlace& place, const Column& key) {
  const Column& id = column_of(live.table(place.table), place.columns[0]);
  if (!place.json_path.empty()) {
    return key.family == TypeFamily::kInteger || key.family == TypeFamily::kUuid ||
           key.family == TypeFamily::kText;
  }
  if (place.path) return path_ids(key).has_value();
  return key.family == (place.list ? element_family(id.family) : id.family);
}

TableIndex table_called(const LiveScope& live, const KindPlace& place, const std::string& noun) {
  const auto forms = noun_forms(noun);
  TableIndex found = kNoTable;
  for (size_t i = 0; i < live.schema.tables.size(); ++i) {
    const Table& table = live.schema.tables[i];
    const auto names = noun_forms(plain_name(table.name));
    if (std::find_first_of(names.begin(), names.end(), forms.begin(), forms.end()) == names.end())
      continue;
    const std::vector<int16_t> key = pick_key(table);
    if (key.size() != 1 || !can_be_key_of(live, place, column_of(table, key[0]))) continue;
    if (found != kNoTable) return kNoTable;
    found = static_cast<TableIndex>(i);
  }
  return found;
}

// The only table that is named as a kind is: "Billing::Invoice", "app.invoice" or "invoices".
TableIndex table_of_kind(const LiveScope& live, const KindPlace& place, const std::string& kind) {
  if (place.columns.size() != 1) return kNoTable;
  for (const std::string& noun : nouns_of_kind(kind)) {
    const TableIndex found = table_called(live, place, noun);
    if (found != kNoTable) return found;
  }
  return kNoTable;
}

using Names = std::vector<std::string>;

// A kind that is itself the key of a row is called what the texts of that row say: a Django content
// type (sales, invoice) is of table sales_invoice.
Names names_of_kind(const LiveScope& live, const KindPlace& place, const std::string& kind) {
  Names pairs, names{kind};
  const int16_t column = find_column(live.table(place.table), place.when_column)->number;
  for (const ForeignKey& key : live.schema.foreign_keys) {
    if (key.table != place.table || key.columns != std::vector{column}) continue;
    const Table& kinds = live.table(key.target);
    if (!may_see_rows(kinds)) continue;
    std::string texts;
    for (const Column& text : kinds.columns) {
      if (text.family != TypeFamily::kText) continue;
      texts += (texts.empty() ? "" : ", ") + as_text(column_sql("k", text), text);
    }
    if (texts.empty()) continue;
    const Column& id = column_of(kinds, key.target_columns[0]);
    for (const Row& row : query("SELECT " + texts + " FROM " + from_table(kinds) + " AS k WHERE " +
                                    as_text(column_sql("k", id), id) + " = $1",
                                {kind})) {
      for (const Text& first : row) {
        if (first) names.push_back(*first);
        for (const Text& second : row) {
          if (first && second && first != second) pairs.push_back(*first + "_" + *second);
        }
      }
    }
  }
  pairs.insert(pairs.end(), names.begin(), names.end());
  return pairs;
}

Finding unknown_kind(const LiveScope& live, const KindPlace& place, const Text& kind) {
  const Table& table = live.table(place.table);
  const Column& id = column_of(table, place.columns[0]);
  TableIndex target = kNoTable;
  for (const std::string& name : kind ? names_of_kind(live, place, *kind) : Names()) {
    if (target == kNoTable) target = table_of_kind(live, place, name);
  }
  const std::string what = place.json_path.empty() ? "" : " at " + place.json_path;
  Finding finding{Severity::kError, display_table(table) + "." + display_name(id.name),
                  "no rule says of which table it is the ID" + what + " where " +
                      display_name(place.when_column) + " is " +
                      (kind ? quote_literal(*kind) : "null") +
                      (kind ? ": name the table with set_reference()" : ": give such rows a kind") +
                      ", or, if such IDs refer to no table, say set_column_rule(..., 'data')",
                  ""};
  if (target == kNoTable) return finding;
  Statement statement = Statements(functions_schema())
                            .reference({.schema = table.schema,
                                        .table = table.name,
                                        .columns = {id.name},
                                        .target_schema = live.table(target).schema,
                                        .target_table = live.table(target).name,
                                        .json_path = place.json_path,
                                        .when_column = place.when_column,
                                        .when_value = *kind});
  finding.hint = std::move(statement.text);
  finding.change = std::move(statement.change);
  return finding;
}

// Of so many texts that they hardly name tables.
Finding unknown_crowd(const LiveScope& live, const KindPlace& place, const Kinds& kinds) {
  const Table& table = live.table(place.table);
  const std::string column = display_name(column_of(table, place.columns[0]).name);
  Statement statement =
      Statements(functions_schema())
          .column_rule(table, column_of(table, place.columns[0]).name, ColumnTreatment::kData);
  return {.severity = Severity::kError,
          .object = display_table(table) + "." + column,
          .problem = "no rule says of which table it is the ID" +
                     (place.json_path.empty() ? "" : " at " + place.json_path) + " for " +
                     std::to_string(kinds.size()) + " values of " +
                     display_name(place.when_column) +
                     "; if these name no tables, say set_column_rule(..., 'data')",
          .hint = std::move(statement.text),
          .change = std::move(statement.change)};
}

}  // namespace

bool has_kinds(const LiveScope& live) {
  return !known_kinds(live).empty();
}

std::vector<Finding> find_unknown_kinds(const LiveScope& live, const Company* company) {
  std::vector<Finding> findings;
  for (const auto& [place, known] : known_kinds(live)) {
    const Kinds kinds = unknown_kinds(live, place, known, company);
    if (kinds.size() > kToldKinds) {
      findings.push_back(unknown_crowd(live, place, kinds));
      continue;
    }
    for (const Text& kind : kinds) findings.push_back(unknown_kind(live, place, kind));
  }
  return findings;
}

std::vector<ReferenceProblem> rows_without_kind(const LiveScope& live, const Company& company) {
  std::vector<ReferenceProblem> problems;
  for (const auto& [place, known] : known_kinds(live)) {
    const ScopedTable* scoped = live.scope.find(place.table);
    if (scoped == nullptr || !scoped->travels() || !place.json_path.empty()) continue;
    const Table& table = live.table(place.table);
    std::string owner = owned_by(live.schema, live.scope, place.table, "t", "$1");
    for (Reference reference : live.scope.references) {
      const ScopedTable* target = live.scope.find(reference.target);
      if (reference.table != place.table || reference.columns != place.columns ||
          reference.when_column != place.when_column || !reference.json_path.empty() ||
          target == nullptr || !target->owned() ||
          !can_be_orphaned(live.schema, live.scope, *scoped)) {
        continue;
      }
      reference.when_column.clear();  // whatever its kind
      owner += " OR (" + is_orphan(live.schema, live.scope, place.table, "t") +
               " AND EXISTS (SELECT FROM " + from_table(live.table(reference.target)) +
               " AS w WHERE " + reference_join(live.schema, reference, "t", "w") + " AND " +
               owned_by(live.schema, live.scope, reference.target, "w", "$1") + "))";
    }
    const Column& kind = *find_column(table, place.when_column);
    for (const Row& row :
         query("SELECT " + row_key_expression(table, scoped->key, "t") + " FROM " +
                   from_table(table) + " AS t WHERE " + has_id(live, place) + " AND " +
                   column_sql("t", kind) + " IS NULL AND (" + owner + ")",
               {company.arg()})) {
      problems.push_back({place.table, *row[0], column_of(table, place.columns[0]).name,
                          "no rule says of which table it is the ID where " +
                              display_name(place.when_column) + " is null"});
    }
  }
  return problems;
}

}  // namespace company_backup
