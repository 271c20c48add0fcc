#include "pg/check/unplaced_rows.hpp"

#include <algorithm>
#include <set>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "pg/base/module.hpp"
#include "pg/base/server_text.hpp"
#include "pg/check/unknown_kinds.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedRows = 10;
constexpr long kRowsAtOnce = 1000;  // read at once

// References in lists and documents, which no route can name, to rows of companies.
std::vector<const Reference*> inner_ways(const LiveScope& live, const ScopedTable& scoped) {
  std::vector<const Reference*> ways;
  // By match_columns a rule says that rows can be nobody's.
  if (!scoped.match_columns.empty()) return ways;
  for (const Reference& reference : live.scope.references) {
    if (reference.table != scoped.table) continue;
    const ScopedTable* target = live.scope.find(reference.target);
    const bool inner = !reference.json_path.empty() || is_list(live.schema, reference);
    if (inner && target != nullptr && target->owned()) ways.push_back(&reference);
  }
  return ways;
}

// Those that could leave a row to nobody that another way leads to a company.
std::vector<const ScopedTable*> doubtful_tables(const LiveScope& live) {
  std::vector<const ScopedTable*> tables;
  for (const ScopedTable* scoped : live.travelling()) {
    if (scoped->other_ways.empty() && inner_ways(live, *scoped).empty()) continue;
    if (can_be_orphaned(live.schema, live.scope, *scoped)) tables.push_back(scoped);
  }
  return tables;
}

// Steps of its routes that no foreign key holds: what stands there may be the key of no row.
std::vector<const RouteStep*> loose_steps(const LiveScope& live, const ScopedTable& scoped) {
  std::vector<const RouteStep*> steps;
  if (!scoped.match_columns.empty() || !can_be_orphaned(live.schema, live.scope, scoped))
    return steps;
  for (const RouteStep& step : scoped.routes) {
    const bool is_down = step.kind == RouteStep::Kind::kDown;
    if (is_down && foreign_key_of(live.schema, scoped, step) == nullptr) steps.push_back(&step);
  }
  return steps;
}

// The condition for a row `w` of this table to be some company's.
std::string owned_by_any(const LiveScope& live, TableIndex table) {
  if (!can_be_orphaned(live.schema, live.scope, *live.scope.find(table))) return "true";
  return "NOT (" + is_orphan(live.schema, live.scope, table, "w") + ")";
}

// The condition for a row `w` to be the company's, which is $1; of any, if none is given.
std::string owned_row(const LiveScope& live, TableIndex table, const Company* company) {
  return company == nullptr ? owned_by_any(live, table)
                            : owned_by(live.schema, live.scope, table, "w", "$1");
}

// " FROM ... WHERE ...": the rows `t` of nobody.
std::string nobodys_rows(const LiveScope& live, const ScopedTable& scoped) {
  return " FROM " + from_table(live.table(scoped.table)) + " AS t WHERE " +
         is_orphan(live.schema, live.scope, scoped.table, "t");
}

// Those of which `join` leads to a row `w` of the table that is owned.
std::string led_rows(const LiveScope& live, const ScopedTable& scoped, TableIndex target,
                     const std::string& join, const Company* company) {
  return nobodys_rows(live, scoped) + " AND EXISTS (SELECT FROM " + from_table(live.table(target)) +
         " AS w WHERE " + join + " AND (" + owned_row(live, target, company) + "))";
}

// Rows of one table that are lost, by one way.
struct LostRows {
  std::string way;
  const RouteStep* step = nullptr;  // if a route can name it
  uint64_t count = 0;
  std::string first;
  std::vector<std::string> keys;  // only of a company's
};

void add_row(LostRows& lost, std::string key, const Company* company) {
  if (lost.count++ == 0 || key < lost.first) lost.first = key;
  if (company != nullptr) lost.keys.push_back(std::move(key));
}

void count_rows(const LiveScope& live, const ScopedTable& scoped, const std::string& from,
                const Company* company, LostRows& lost) {
  const std::string key = row_key_expression(live.table(scoped.table), scoped.key, "t");
  if (company == nullptr) {
    const Row row = one_row(query("SELECT count(*), min(" + key + ")" + from));
    lost.count = std::stoull(*row[0]);
    lost.first = row[1].value_or("");
    return;
  }
  for (Row& row : query("SELECT " + key + from, {company->arg()})) {
    add_row(lost, std::move(*row[0]), company);
  }
}

// Of these IDs those that rows of the target have that are owned.
std::set<std::string> owned_ids(const LiveScope& live, const Reference& reference,
                                const std::set<std::string>& ids, const Company* company) {
  std::set<std::string> found;
  if (ids.empty()) return found;
  const Table& target = live.table(reference.target);
  const Column& key = column_of(target, reference.target_columns[0]);
  const std::string list = text_array({ids.begin(), ids.end()});
  std::vector<Arg> args;
  if (company != nullptr) args.push_back(company->arg());
  args.emplace_back(list);
  for (Row& row :
       query("SELECT v.id FROM pg_catalog.unnest($" + std::to_string(args.size()) +
                 "::pg_catalog.text[]) AS v(id) WHERE EXISTS (SELECT FROM " + from_table(target) +
                 " AS w WHERE " + as_text(column_sql("w", key), key) +
                 " OPERATOR(pg_catalog.=) v.id AND (" + owned_row(live, reference.target, company) +
                 "))",
             args)) {
    found.insert(std::move(*row[0]));
  }
  return found;
}

// The documents are read in batches; the path is evaluated here, the IDs are looked up at once.
void count_documents(const LiveScope& live, const ScopedTable& scoped, const Reference& reference,
                     const Company* company, LostRows& lost) {
  const Table& table = live.table(scoped.table);
  const Column& column = column_of(table, reference.columns[0]);
  const std::string document = column_sql("t", column);
  std::string sql = "SELECT " + row_key_expression(table, scoped.key, "t") + ", " +
                    as_text(document, column) + nobodys_rows(live, scoped) + " AND " + document +
                    " IS NOT NULL";
  if (!reference.when_column.empty()) {
    sql +=
        " AND " + has_text("t", *find_column(table, reference.when_column), reference.when_value);
  }
  const JsonPath path = JsonPath::parse(reference.json_path);
  std::vector<std::string> others;
  Cursor cursor(sql, {});
  for (Rows rows = cursor.fetch(kRowsAtOnce); !rows.empty(); rows = cursor.fetch(kRowsAtOnce)) {
    std::vector<std::vector<std::string>> held(rows.size());
    std::set<std::string> ids;
    for (size_t i = 0; i < rows.size(); ++i) {
      collect_storable_ids(path, *rows[i][1], held[i], others);
      ids.insert(held[i].begin(), held[i].end());
    }
    others.clear();
    const std::set<std::string> owned = owned_ids(live, reference, ids, company);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto is_owned = [&](const std::string& id) { return owned.contains(id); };
      if (std::any_of(held[i].begin(), held[i].end(), is_owned)) {
        add_row(lost, *rows[i][0], company);
      }
    }
  }
  cursor.close();
}

std::string kind_text(const std::string& kind) {
  return " (" + quote_literal(kind) + ")";
}

// Of nobody, but led to the company, or to any.
std::vector<LostRows> find_lost_rows(const LiveScope& live, const ScopedTable& scoped,
                                     const Company* company) {
  std::vector<LostRows> found;
  for (const RouteStep& way : scoped.other_ways) {
    LostRows& lost = found.emplace_back();
    lost.way = display_name(way.name) + (way.when_column == 0 ? "" : kind_text(way.when_value));
    lost.step = &way;
    const std::string join = step_join(live.schema, way, scoped.table, "t", "w");
    count_rows(live, scoped, led_rows(live, scoped, way.target, join, company), company, lost);
  }
  for (const Reference* way : inner_ways(live, scoped)) {
    LostRows& lost = found.emplace_back();
    lost.way = way->name + (way->when_column.empty() ? "" : kind_text(way->when_value));
    if (!way->json_path.empty()) {
      count_documents(live, scoped, *way, company, lost);
      continue;
    }
    const std::string join = reference_join(live.schema, *way, "t", "w");
    count_rows(live, scoped, led_rows(live, scoped, way->target, join, company), company, lost);
  }
  std::erase_if(found, [](const LostRows& lost) { return lost.count == 0; });
  return found;
}

// The statement that takes the way into the table's route; empty if that would go in a circle.
std::string with_way(const LiveScope& live, const ScopedTable& scoped, const RouteStep& way) {
  const bool hangs = way.target == scoped.table && way.kind == RouteStep::Kind::kDown;
  if (!hangs && leads_through(live.scope, way.target, scoped.table)) return {};
  const Table& table = live.table(scoped.table);
  const TableRule* present = table_rule(live.rules, table);
  TableRule rule = present != nullptr ? *present : proposed_rule(scoped.treatment, scoped.reason);
  rule.route.clear();
  std::set<std::string> names;
  for (const RouteStep& step : scoped.routes) {
    if (names.insert(step.name).second) rule.route.push_back(step.name);
  }
  for (const RouteStep& step : scoped.own_steps) {
    if (names.insert(step.name).second) rule.route.push_back(step.name);
  }
  if (names.insert(way.name).second) rule.route.push_back(way.name);
  return Statements(functions_schema()).table_rule(table, rule).text;
}

// Else the rows themselves, for somebody to give them a company.
std::string settled_by(const LiveScope& live, const ScopedTable& scoped, const RouteStep& way) {
  const std::string rule = with_way(live, scoped, way);
  if (!rule.empty()) return rule;
  const std::string join = step_join(live.schema, way, scoped.table, "t", "w");
  return "SELECT t.*" + led_rows(live, scoped, way.target, join, nullptr) + ";";
}

// Rows `alias` that have a value where a step begins that no foreign key holds.
std::string has_value(const LiveScope& live, const ScopedTable& scoped, const RouteStep& step,
                      const std::string& alias) {
  return "NOT " + is_any_null(live.table(scoped.table), step.columns, alias) +
         when_of(live.schema, step, scoped.table, alias);
}

constexpr size_t kMostHanging = 4;  // tables that hang on each other

std::string hangs_on_stray(const LiveScope& live, const RouteStep& step, TableIndex table,
                           const std::string& alias, std::vector<TableIndex>& below);

// The conditions for a row `alias` of nobody to be one by mistake, by its own steps or by those of
// rows that it hangs on; empty: none can be.
std::string is_stray(const LiveScope& live, const ScopedTable& scoped, const std::string& alias,
                     std::vector<TableIndex>& below) {
  std::string text;
  const auto add = [&](const std::string& one) {
    if (!one.empty()) text += (text.empty() ? "" : " OR ") + one;
  };
  for (const RouteStep* step : loose_steps(live, scoped))
    add("(" + has_value(live, scoped, *step, alias) + ")");
  for (const RouteStep& step : scoped.routes)
    add(hangs_on_stray(live, step, scoped.table, alias, below));
  return text;
}

// By a foreign key; empty: by none.
std::string hangs_on_stray(const LiveScope& live, const RouteStep& step, TableIndex table,
                           const std::string& alias, std::vector<TableIndex>& below) {
  const ScopedTable* scoped = live.scope.find(table);
  const ScopedTable* target = live.scope.find(step.target);
  const bool is_round = std::find(below.begin(), below.end(), step.target) != below.end();
  if (step.kind != RouteStep::Kind::kDown || step.target == table || is_round ||
      target == nullptr || !target->travels() || below.size() == kMostHanging ||
      !scoped->match_columns.empty() || foreign_key_of(live.schema, *scoped, step) == nullptr)
    return {};
  below.push_back(table);
  const std::string name = "s" + std::to_string(below.size());
  const std::string stray = is_stray(live, *target, name, below);
  below.pop_back();
  if (stray.empty()) return {};
  return "EXISTS (SELECT FROM " + from_table(live.table(step.target)) + " AS " + name + " WHERE " +
         step_join(live.schema, step, table, alias, name) + " AND " +
         is_orphan(live.schema, live.scope, step.target, name) + " AND (" + stray + "))";
}

std::string stray_rows_text(const LostRows& lost) {
  return std::to_string(lost.count) + (lost.count == 1 ? " row belongs" : " rows belong") +
         " to no company, and no backup has them: ";
}

// Rows of nobody that hang on such rows: they are lost with them.
std::vector<Finding> find_hanging_strays(const LiveScope& live, const ScopedTable& scoped) {
  std::vector<Finding> findings;
  for (const RouteStep& step : scoped.routes) {
    std::vector<TableIndex> below;
    const std::string hangs = hangs_on_stray(live, step, scoped.table, "t", below);
    if (hangs.empty() || !can_be_orphaned(live.schema, live.scope, scoped)) continue;
    LostRows lost;
    count_rows(live, scoped, nobodys_rows(live, scoped) + " AND " + hangs, nullptr, lost);
    if (lost.count == 0) continue;
    findings.push_back({Severity::kNotice, display_table(live.table(scoped.table)),
                        stray_rows_text(lost) + "they hang on such rows of " +
                            display_table(live.table(step.target)) + ", among them " + lost.first,
                        ""});
  }
  return findings;
}

// Rows of nobody that have a value there.
std::vector<Finding> find_stray_rows(const LiveScope& live, const ScopedTable& scoped) {
  std::vector<Finding> findings;
  const Table& table = live.table(scoped.table);
  for (const RouteStep* step : loose_steps(live, scoped)) {
    LostRows lost;
    count_rows(live, scoped,
               nobodys_rows(live, scoped) + " AND " + has_value(live, scoped, *step, "t"), nullptr,
               lost);
    if (lost.count == 0) continue;
    findings.push_back({Severity::kNotice, display_table(table),
                        stray_rows_text(lost) + step->name +
                            (step->when_column == 0 ? "" : kind_text(step->when_value)) +
                            " is the key of no company's row in " +
                            display_table(live.table(step->target)) + ", among them " + lost.first,
                        ""});
  }
  return findings;
}

Finding finding_of(const LiveScope& live, const ScopedTable& scoped, const LostRows& lost) {
  return {Severity::kError, display_table(live.table(scoped.table)),
          std::to_string(lost.count) + (lost.count == 1 ? " row belongs" : " rows belong") +
              " to no company by " + scoped.route_text + ", although " + lost.way +
              " leads to one, among them " + lost.first +
              (lost.step != nullptr ? "; let the route of its rule name both, give" : "; give") +
              " such rows a company, or say with match_columns that they belong to nobody",
          lost.step == nullptr ? "" : settled_by(live, scoped, *lost.step)};
}

}  // namespace

bool needs_rows(const LiveScope& live) {
  const std::vector<const ScopedTable*> all = live.travelling();
  return has_kinds(live) || !doubtful_tables(live).empty() ||
         std::any_of(all.begin(), all.end(), [&](const ScopedTable* scoped) {
           return !loose_steps(live, *scoped).empty();
         });
}

std::vector<Finding> find_unplaced_rows(const LiveScope& live) {
  std::vector<Finding> findings = find_unknown_kinds(live, nullptr);
  for (const ScopedTable* scoped : doubtful_tables(live)) {
    for (const LostRows& lost : find_lost_rows(live, *scoped, nullptr)) {
      findings.push_back(finding_of(live, *scoped, lost));
    }
  }
  for (const ScopedTable* scoped : live.travelling()) {
    for (Finding& stray : find_stray_rows(live, *scoped)) findings.push_back(std::move(stray));
    for (Finding& stray : find_hanging_strays(live, *scoped)) findings.push_back(std::move(stray));
  }
  return findings;
}

std::vector<ReferenceProblem> lost_rows(const LiveScope& live, const Company& company) {
  std::vector<ReferenceProblem> problems;
  for (const ScopedTable* scoped : doubtful_tables(live)) {
    for (const LostRows& lost : find_lost_rows(live, *scoped, &company)) {
      for (const std::string& key : lost.keys) {
        problems.push_back(
            {scoped->table, key, lost.way,
             "leads to the company, but the row belongs to none by " + scoped->route_text});
      }
    }
  }
  return problems;
}

std::vector<std::string> unplaced_rows(const LiveScope& live, const Company& company) {
  std::vector<std::string> rows;
  if (!strict_scope) return rows;
  for (const Finding& kind : find_unknown_kinds(live, &company))
    rows.push_back(kind.object + ": " + kind.problem);
  for (const ReferenceProblem& lost : lost_rows(live, company))
    rows.push_back(problem_text(live, lost));
  return rows;
}

void require_placed_rows(const LiveScope& live, const Company& company) {
  const std::vector<std::string> rows = unplaced_rows(live, company);
  if (rows.empty()) return;
  std::string detail;
  for (size_t i = 0; i < std::min(rows.size(), kListedRows); ++i)
    detail += (i == 0 ? "" : "\n") + rows[i];
  if (rows.size() > kListedRows)
    detail += "\nand " + std::to_string(rows.size() - kListedRows) + " more";
  throw Error(sqlstate::kUndecided,
              "rows of company \"" + company.key + "\" would be left out: the scope is undecided")
      .detail(detail)
      .hint("SELECT * FROM " + functions_schema() +
            ".check_company_scope() gives, for each, what settles it.");
}

}  // namespace company_backup
