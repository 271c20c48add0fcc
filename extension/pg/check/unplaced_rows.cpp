#include "pg/check/unplaced_rows.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/scope/ownership.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"
#include "pg/base/module.hpp"
#include "pg/base/owner.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedRows = 10;

// Those that could leave a row to nobody that another way leads to a company.
std::vector<const ScopedTable*> doubtful_tables(const LiveScope& live) {
  std::vector<const ScopedTable*> tables;
  for (const ScopedTable* scoped : live.travelling()) {
    if (!scoped->other_ways.empty() && can_be_orphaned(live.schema, live.scope, *scoped))
      tables.push_back(scoped);
  }
  return tables;
}

// " FROM ... WHERE ...": the rows `t` of nobody that the way leads to a row `w` for which `owned`
// holds.
std::string lost_rows_sql(const LiveScope& live, const ScopedTable& scoped, const RouteStep& way,
                          const std::string& owned) {
  return " FROM " + from_table(live.table(scoped.table)) + " AS t WHERE " +
         is_orphan(live.schema, live.scope, scoped.table, "t") + " AND EXISTS (SELECT FROM " +
         from_table(live.table(way.target)) + " AS w WHERE " +
         step_join(live.schema, way, scoped.table, "t", "w") + " AND " + owned + ")";
}

// The condition for a row `w` of this table to be some company's.
std::string owned_by_any(const LiveScope& live, TableIndex table) {
  if (!can_be_orphaned(live.schema, live.scope, *live.scope.find(table))) return "true";
  return "NOT (" + is_orphan(live.schema, live.scope, table, "w") + ")";
}

std::string way_text(const RouteStep& way) {
  return display_name(way.name) +
         (way.when_column == 0 ? "" : " (" + quote_literal(way.when_value) + ")");
}

// The statement that takes the way into the table's route; empty if that would go in a circle.
std::string with_way(const LiveScope& live, const ScopedTable& scoped, const RouteStep& way) {
  const bool hangs = way.target == scoped.table && way.kind == RouteStep::Kind::kDown;
  if (!hangs && leads_through(live.scope, way.target, scoped.table)) return {};
  const Table& table = live.table(scoped.table);
  TableRule rule = proposed_rule(scoped.treatment, scoped.reason);
  for (const TableRule& present : live.rules.tables) {
    if (present.schema == table.schema && present.table == table.name) rule = present;
  }
  rule.route.clear();
  std::set<std::string> names;
  for (const RouteStep& step : scoped.routes) {
    if (names.insert(step.name).second) rule.route.push_back(step.name);
  }
  for (const RouteStep& step : scoped.own_steps) {
    if (names.insert(step.name).second) rule.route.push_back(step.name);
  }
  if (names.insert(way.name).second) rule.route.push_back(way.name);
  return Statements(functions_schema()).table_rule(table, rule);
}

// Else the rows themselves, for somebody to give them a company.
std::string settled_by(const LiveScope& live, const ScopedTable& scoped, const RouteStep& way) {
  const std::string rule = with_way(live, scoped, way);
  if (!rule.empty()) return rule;
  return "SELECT t.*" + lost_rows_sql(live, scoped, way, owned_by_any(live, way.target)) + ";";
}

void find_lost_rows(const LiveScope& live, const ScopedTable& scoped,
                    std::vector<Finding>& findings) {
  const Table& table = live.table(scoped.table);
  for (const RouteStep& way : scoped.other_ways) {
    const Row row =
        one_row(query("SELECT count(*), min(" + row_key_expression(table, scoped.key, "t") + ")" +
                      lost_rows_sql(live, scoped, way, owned_by_any(live, way.target))));
    if (*row[0] == "0") continue;
    findings.push_back(
        {"error", display_table(table),
         *row[0] + (row[0] == "1" ? " row belongs" : " rows belong") + " to no company by " +
             scoped.route_text + ", although " + way_text(way) + " leads to one, among them " +
             *row[1] +
             "; let the route of its rule name both, give such rows a company, or say with "
             "match_columns that they belong to nobody",
         settled_by(live, scoped, way)});
  }
}

// The IDs of one column, of which another column says what table they mean.
struct KindColumns {
  TableIndex table;
  std::vector<int16_t> columns;
  std::string when_column;
  auto operator<=>(const KindColumns&) const = default;
};

using KnownKinds = std::map<KindColumns, std::set<std::string>>;

// Where a rule says what the column is, the kinds that no rule names are that.
bool is_ruled(const LiveScope& live, const Table& table, int16_t column) {
  return column_rule(live.rules, table, column_of(table, column).name) != nullptr;
}

// With the kinds that rules name; of columns that no rule knows, with none.
KnownKinds known_kinds(const LiveScope& live) {
  KnownKinds kinds;
  for (const Reference& reference : live.scope.references) {
    if (reference.when_column.empty() || !reference.json_path.empty()) continue;
    if (is_ruled(live, live.table(reference.table), reference.columns[0])) continue;
    kinds[{reference.table, reference.columns, reference.when_column}].insert(reference.when_value);
  }
  for (const OpenKinds& open : live.scope.open_kinds) {
    const Table& table = live.table(open.table);
    if (!table.foreign) kinds[{open.table, {open.column}, column_of(table, open.when_column).name}];
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

// The kinds that rows with an ID have, as text.
std::string kinds_sql(const LiveScope& live, const KindColumns& place, const Column& kind) {
  const Table& table = live.table(place.table);
  const std::string value = column_sql("t", kind);
  std::string from = " FROM " + from_table(table) + " AS t WHERE " + value + " IS NOT NULL";
  for (int16_t number : place.columns) {
    from += " AND " + column_sql("t", column_of(table, number)) + " IS NOT NULL";
  }
  if (kind.family != TypeFamily::kText || !has_index_by(table, kind)) {
    return "SELECT DISTINCT " + as_text(value, kind) + from;
  }
  const std::string first = " ORDER BY " + value + " LIMIT 1";
  return "WITH RECURSIVE k(kind) AS ((SELECT " + value + from + first +
         ") UNION ALL SELECT (SELECT " + value + from + " AND " + value +
         " OPERATOR(pg_catalog.>) k.kind" + first +
         ") FROM k WHERE k.kind IS NOT NULL) SELECT kind::pg_catalog.text FROM k WHERE kind IS NOT "
         "NULL";
}

// The only table that is named as a kind is: "Billing::Invoice", "app.invoice" or "invoices".
TableIndex table_of_kind(const LiveScope& live, const Column& id, const std::string& kind) {
  const size_t start = kind.find_last_of(":.\\/");
  const auto forms = noun_forms(plain_name(kind.substr(start == kind.npos ? 0 : start + 1)));
  TableIndex found = kNoTable;
  for (size_t i = 0; i < live.schema.tables.size(); ++i) {
    const Table& table = live.schema.tables[i];
    const auto names = noun_forms(plain_name(table.name));
    if (std::find_first_of(names.begin(), names.end(), forms.begin(), forms.end()) == names.end())
      continue;
    const std::vector<int16_t> key = pick_key(table);
    if (key.size() != 1 || column_of(table, key[0]).family != id.family) continue;
    if (found != kNoTable) return kNoTable;
    found = static_cast<TableIndex>(i);
  }
  return found;
}

// A kind that is itself the key of a row is called what the texts of that row say: a Django content
// type (sales, invoice) is of table sales_invoice.
std::vector<std::string> names_of_kind(const LiveScope& live, const KindColumns& place,
                                       const std::string& kind) {
  std::vector<std::string> pairs, names{kind};
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

Finding unknown_kind(const LiveScope& live, const KindColumns& place, const std::string& kind) {
  const Table& table = live.table(place.table);
  const Column& id = column_of(table, place.columns[0]);
  TableIndex target = kNoTable;
  for (const std::string& name : names_of_kind(live, place, kind)) {
    if (target == kNoTable) target = table_of_kind(live, id, name);
  }
  const Statements statements(functions_schema());
  return {"error", display_table(table) + "." + display_name(id.name),
          "no rule says of which table it is the ID where " + display_name(place.when_column) +
              " is " + quote_literal(kind) +
              ": name the table with set_reference(), or, if such IDs mean none, say "
              "set_column_rule(..., 'data')",
          target == kNoTable ? statements.column_rule(table, id.name, "data")
                             : statements.reference_of_kind(table, id.name, live.table(target),
                                                            place.when_column, kind)};
}

std::vector<Finding> find_unknown_kinds(const LiveScope& live) {
  std::vector<Finding> findings;
  for (const auto& [place, known] : known_kinds(live)) {
    const Column& kind = *find_column(live.table(place.table), place.when_column);
    for (const Row& row : query(kinds_sql(live, place, kind))) {
      if (!known.contains(*row[0])) findings.push_back(unknown_kind(live, place, *row[0]));
    }
  }
  return findings;
}

}  // namespace

bool needs_rows(const LiveScope& live) {
  return !known_kinds(live).empty() || !doubtful_tables(live).empty();
}

std::vector<Finding> find_unplaced_rows(const LiveScope& live) {
  std::vector<Finding> findings = find_unknown_kinds(live);
  for (const ScopedTable* scoped : doubtful_tables(live)) find_lost_rows(live, *scoped, findings);
  return findings;
}

std::vector<ReferenceProblem> lost_rows(const LiveScope& live, const Company& company) {
  std::vector<ReferenceProblem> problems;
  for (const ScopedTable* scoped : doubtful_tables(live)) {
    for (const RouteStep& way : scoped->other_ways) {
      const std::string owned = owned_by(live.schema, live.scope, way.target, "w", "$1");
      for (const Row& row :
           query("SELECT " + row_key_expression(live.table(scoped->table), scoped->key, "t") +
                     lost_rows_sql(live, *scoped, way, owned),
                 {company.arg()})) {
        problems.push_back(
            {scoped->table, *row[0], way_text(way),
             "leads to the company, but the row belongs to none by " + scoped->route_text});
      }
    }
  }
  return problems;
}

void require_placed_rows(const LiveScope& live, const Company& company) {
  if (!strict_scope) return;
  const std::vector<Finding> kinds = find_unknown_kinds(live);
  const std::vector<ReferenceProblem> lost = lost_rows(live, company);
  const size_t number = kinds.size() + lost.size();
  if (number == 0) return;
  std::string detail;
  for (size_t i = 0; i < std::min(number, kListedRows); ++i) {
    detail += i == 0 ? "" : "\n";
    detail += i < kinds.size() ? kinds[i].object + ": " + kinds[i].problem
                               : problem_text(live, lost[i - kinds.size()]);
  }
  if (number > kListedRows) detail += "\nand " + std::to_string(number - kListedRows) + " more";
  throw Error(sqlstate::kUndecided,
              "rows of company \"" + company.key + "\" would be left out: the scope is undecided")
      .detail(detail)
      .hint("SELECT * FROM " + functions_schema() +
            ".check_company_scope() gives, for each, what settles it.");
}

}  // namespace company_backup
