#include "core/scope/ownership.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/scope/joins.hpp"
#include "core/scope/sql.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

std::string exists(const std::string& from, const std::string& alias, const std::string& where) {
  return "EXISTS (SELECT 1 FROM " + from + " AS " + alias + " WHERE " + where + ")";
}

// Conditions with more steps than this look rows up in lists of keys that are made once: nested,
// the steps would be written, and planned, once for each way that leads to them.
constexpr size_t kMostNested = 1000;
// In such lists, what has no more steps than this is nested all the same.
constexpr size_t kFewSteps = 4;
constexpr size_t kManySteps = 1'000'000;  // counted no further

enum class Whose {
  kCompanys,  // of the company that the parameter names
  kAnyones,   // of any company
  kSomeones,  // of any, or of none because what they refer to is gone: belongs_to_nobody() is false
};

class OwnershipWriter {
 public:
  OwnershipWriter(const Schema& schema, const Scope& scope, std::string_view parameter = {})
      : schema_(schema), scope_(scope), parameter_(parameter) {}

  std::string owned(TableIndex table, const std::string& alias) {
    if (is_large(Whose::kCompanys, table)) return listed(Whose::kCompanys, table, alias);
    return nested_owned(table, alias);
  }

  // Each route by itself: PostgreSQL makes joins of NOT EXISTS beside AND, of nothing else.
  std::string not_owned(TableIndex table, const std::string& alias) {
    const ScopedTable& scoped = scoped_of(table);
    if (is_large(Whose::kCompanys, table)) return "NOT " + listed(Whose::kCompanys, table, alias);
    if (can_hang(schema_, scope_, scoped))
      return "(" + nested_owned(table, alias) + ") IS NOT TRUE";
    std::string text;
    for (const RouteStep& step : scoped.routes) {
      const std::string owned = owned_by_step(table, alias, step);
      text += (text.empty() ? "" : " AND ") +
              (owned.starts_with("EXISTS (") ? "NOT " + owned : "(" + owned + ") IS NOT TRUE");
    }
    return text;
  }

  std::string orphan(TableIndex table, const std::string& alias) {
    if (is_large(Whose::kAnyones, table)) return "NOT " + listed(Whose::kAnyones, table, alias);
    return nested_orphan(table, alias);
  }

  std::string nobodys(TableIndex table, const std::string& alias) {
    if (is_large(Whose::kSomeones, table)) return "NOT " + listed(Whose::kSomeones, table, alias);
    return nested_nobodys(table, alias);
  }

 private:
  const ScopedTable& scoped_of(TableIndex table) const {
    const ScopedTable* scoped = scope_.find(table);
    if (scoped == nullptr || !scoped->owned() || scoped->routes.empty())
      throw Error(sqlstate::kInternal,
                  "table " + display_table(schema_.tables[table]) + " has no route to a company");
    return *scoped;
  }

  // How many steps the server has to plan for the condition when it is nested. What is one of
  // several alternatives it plans twice, for a few rows and for many.
  size_t steps(Whose whose, TableIndex table) {
    size_t& known = steps_[{whose, table}];
    if (known != 0) return known;
    const ScopedTable& scoped = scoped_of(table);
    size_t number = steps_of_routes(whose, scoped);
    if (can_hang(schema_, scope_, scoped))
      number = 2 * number + 2 * steps_of_routes(Whose::kAnyones, scoped);
    return known = std::min(number, kManySteps);
  }

  size_t steps_of_routes(Whose whose, const ScopedTable& scoped) {
    size_t number = 0;
    for (const RouteStep& step : scoped.routes) {
      if (is_last(whose, step)) {
        ++number;
        continue;
      }
      const bool alternatives = scope_.find(step.target)->routes.size() > 1;
      number += 1 + (alternatives ? 2 : 1) * steps(whose, step.target);
    }
    return number;
  }

  // Is nothing asked about the row that the step leads to?
  bool is_last(Whose whose, const RouteStep& step) const {
    if (step.kind == RouteStep::Kind::kCompany) return true;
    if (whose == Whose::kCompanys) return false;
    if (whose == Whose::kSomeones) return !leads_to_nobodys(step);
    return !can_be_orphaned(schema_, scope_, *scope_.find(step.target));
  }

  bool leads_to_nobodys(const RouteStep& step) const {
    return step.kind == RouteStep::Kind::kDown &&
           can_belong_to_nobody(schema_, scope_, *scope_.find(step.target));
  }

  bool is_large(Whose whose, TableIndex table) {
    return has_places(table) && steps(whose, table) > kMostNested;
  }

  // Rows of a foreign table without a key cannot be found in a list.
  bool has_places(TableIndex table) const {
    return !schema_.tables[table].foreign || !scoped_of(table).key.empty();
  }

  std::string nested_owned(TableIndex table, const std::string& alias) {
    const ScopedTable& scoped = scoped_of(table);
    const std::string own = owned_by_routes(scoped, alias);
    if (!can_hang(schema_, scope_, scoped)) return own;
    return "(" + own + " OR (" + orphan_by_routes(scoped, alias) + " AND " +
           nested_hanging(scoped, alias, Whose::kCompanys) + "))";
  }

  std::string owned_by_routes(const ScopedTable& scoped, const std::string& alias) {
    std::string text;
    for (const RouteStep& step : scoped.routes) {
      text += (text.empty() ? "" : " OR ") + owned_by_step(scoped.table, alias, step);
    }
    return scoped.routes.size() > 1 ? "(" + text + ")" : text;
  }

  std::string owned_by_step(TableIndex table, const std::string& alias, const RouteStep& step) {
    return step.kind == RouteStep::Kind::kCompany
               ? company_step(table, alias, step)
               : leads(Whose::kCompanys, table, alias, step, next_alias());
  }

  std::string nested_orphan(TableIndex table, const std::string& alias) {
    const ScopedTable& scoped = *scope_.find(table);
    const std::string text = orphan_by_routes(scoped, alias);
    if (!can_hang(schema_, scope_, scoped)) return text;
    return text + " AND NOT " + nested_hanging(scoped, alias, Whose::kAnyones);
  }

  std::string orphan_by_routes(const ScopedTable& scoped, const std::string& alias) {
    std::string text;
    for (const RouteStep& step : scoped.routes) {
      text += (text.empty() ? "" : " AND ") + orphan_by_step(scoped.table, alias, step);
    }
    return text;
  }

  std::string orphan_by_step(TableIndex table, const std::string& alias, const RouteStep& step) {
    if (step.kind != RouteStep::Kind::kCompany)
      return "NOT " + leads(Whose::kAnyones, table, alias, step, alias + "_of");
    const std::string when = when_of(schema_, step, table, alias);
    const std::string none = is_any_null(schema_.tables[table], step.columns, alias);
    return when.empty() ? none : "(" + none + " OR (true" + when + ") IS NOT TRUE)";
  }

  // Does the step lead to a row, `target`, that is owned?
  std::string leads(Whose whose, TableIndex table, const std::string& alias, const RouteStep& step,
                    const std::string& target) {
    std::string where = step_join(schema_, step, table, alias, target);
    if (is_last(whose, step)) return exists(from_table(schema_.tables[step.target]), target, where);
    if (lists_ && steps(whose, step.target) > kFewSteps)
      return exists(list_of(whose, step.target), target, where);
    where += whose == Whose::kCompanys ? " AND " + nested_owned(step.target, target)
                                       : " AND NOT (" + nested_orphan(step.target, target) + ")";
    return exists(from_table(schema_.tables[step.target]), target, where);
  }

  std::string nested_nobodys(TableIndex table, const std::string& alias) {
    const ScopedTable& scoped = *scope_.find(table);
    std::string text;
    for (const RouteStep& step : scoped.routes) {
      text += (text.empty() ? "(" : " AND (") + leads_nowhere(table, alias, step) + ")";
    }
    if (can_hang(schema_, scope_, scoped))
      text += " AND NOT " + nested_hanging(scoped, alias, Whose::kAnyones);
    return "(" + text + ")";
  }

  // The row's columns are NULL, or mean rows of another kind, or it leads to one of nobody's.
  std::string leads_nowhere(TableIndex table, const std::string& alias, const RouteStep& step) {
    const Table& own = schema_.tables[table];
    std::string text;
    const auto add = [&](const std::string& one) { text += (text.empty() ? "" : " OR ") + one; };
    for (int16_t number : step.columns) {
      const Column& column = column_of(own, number);
      if (!column.not_null) add(alias + "." + quote_name(column.name) + " IS NULL");
    }
    if (step.when_column != 0) {
      const Column& kind = column_of(own, step.when_column);
      add(as_text(column_sql(alias, kind), kind) + " IS DISTINCT FROM " +
          quote_literal(step.when_value));
    }
    if (leads_to_nobodys(step)) add(to_nobodys(table, alias, step));
    return text;
  }

  std::string to_nobodys(TableIndex table, const std::string& alias, const RouteStep& step) {
    const std::string target = alias + "_of";
    const bool list =
        lists_ && has_places(step.target) && steps(Whose::kSomeones, step.target) > kFewSteps;
    const std::string nobodys =
        list ? "NOT " + exists(list_of(Whose::kSomeones, step.target), target + "_list",
                               same_row(scoped_of(step.target), target + "_list", target))
             : nested_nobodys(step.target, target);
    return exists(from_table(schema_.tables[step.target]), target,
                  step_join(schema_, step, table, alias, target) + " AND " + nobodys);
  }

  // True for rows `alias` that hang on a row that `routes` lead to a company, by whatever number of
  // rows that nothing else leads to one. Circles end: each row is looked at once.
  std::string nested_hanging(const ScopedTable& scoped, const std::string& alias, Whose whose) {
    const std::string up = alias + "_up", on = alias + "_on";
    const std::string from = from_table(schema_.tables[scoped.table]) + " AS " + on + " WHERE ";
    const std::string row = "SELECT " + columns_of_steps(scoped, on) + " FROM ";
    const std::string above = hangs_on(scoped, alias, on), further = hangs_on(scoped, up, on);
    const std::string orphan = orphan_by_routes(scoped, up);
    const std::string holds =
        whose == Whose::kCompanys ? owned_by_routes(scoped, up) : "NOT (" + orphan + ")";
    return "EXISTS (WITH RECURSIVE " + up + " AS (" + row + from + above + " UNION " + row + up +
           ", " + from + orphan + " AND " + further + ") SELECT FROM " + up + " WHERE " + holds +
           ")";
  }

  // All that is asked about a row.
  std::string columns_of_steps(const ScopedTable& scoped, const std::string& alias) const {
    std::set<int16_t> numbers;
    for (const RouteStep& step : all_steps(scoped)) {
      numbers.insert(step.columns.begin(), step.columns.end());
      if (step.when_column != 0) numbers.insert(step.when_column);
    }
    return column_list(scoped.table, numbers, alias);
  }

  std::string column_list(TableIndex table, const std::set<int16_t>& numbers,
                          const std::string& alias) const {
    std::string text;
    for (int16_t number : numbers) {
      text += (text.empty() ? "" : ", ") + alias + "." +
              quote_name(column_of(schema_.tables[table], number).name);
    }
    return text;
  }

  std::string hangs_on(const ScopedTable& scoped, const std::string& row,
                       const std::string& on) const {
    std::string text;
    for (const RouteStep& step : scoped.own_steps) {
      text += (text.empty() ? "(" : " OR ") + step_join(schema_, step, scoped.table, row, on);
    }
    return text + ")";
  }

  std::string next_alias() { return "_owner" + std::to_string(++aliases_); }

  std::string company_step(TableIndex table, const std::string& alias, const RouteStep& step) {
    const Column& key = column_of(schema_.tables[scope_.company_table], scope_.company_key);
    if (step.target_columns.size() == 1 && step.target_columns[0] == scope_.company_key) {
      const Column& column = column_of(schema_.tables[table], step.columns.at(0));
      const std::string own = column_sql(alias, column);
      const std::string same = step.operators.empty()
                                   ? equal(parameter_, key, own, column)
                                   : parameter_ + " " + step.operators[0] + " " + own;
      return same + when_of(schema_, step, table, alias);
    }
    // The columns hold another unique key of the company row.
    const std::string company = next_alias();
    return exists(from_table(schema_.tables[scope_.company_table]), company,
                  equal(parameter_, key, column_sql(company, key), key) + " AND " +
                      step_join(schema_, step, table, alias, company));
  }

  // True for rows `alias` whose key stands in the table's list.
  std::string listed(Whose whose, TableIndex table, const std::string& alias) {
    lists_ = true;
    const std::string list = list_of(whose, table);
    return "EXISTS (SELECT 1 FROM (WITH " + definitions_ + " SELECT * FROM " + list +
           ") AS _listed WHERE " + same_row(scoped_of(table), "_listed", alias) + ")";
  }

  // The name of a query of WITH: the keys of the table's rows that are owned, and what steps refer
  // to.
  std::string list_of(Whose whose, TableIndex table) {
    static constexpr const char* kNames[] = {"_owned", "_anyones", "_someones"};
    const std::string name = kNames[static_cast<size_t>(whose)] + std::to_string(table);
    if (!named_.insert(name).second) return name;
    const ScopedTable& scoped = scoped_of(table);
    const std::string row = "_row";
    const std::string select = "SELECT " + listed_columns(scoped, row) + " FROM " +
                               from_table(schema_.tables[table]) + " AS " + row + " WHERE ";
    std::string text;
    // Alternatives with OR would be looked up row by row.
    for (const std::string& one : alternatives(whose, scoped, row)) {
      text += (text.empty() ? "" : " UNION ALL ") + select + one;
    }
    definitions_ += (definitions_.empty() ? "" : ", ") + name + " AS (" + text + ")";
    return name;
  }

  std::vector<std::string> alternatives(Whose whose, const ScopedTable& scoped,
                                        const std::string& row) {
    std::vector<std::string> texts;
    for (const RouteStep& step : scoped.routes) {
      if (whose == Whose::kCompanys) texts.push_back(owned_by_step(scoped.table, row, step));
      if (whose == Whose::kAnyones)
        texts.push_back("NOT (" + orphan_by_step(scoped.table, row, step) + ")");
      if (whose == Whose::kSomeones) texts.push_back(leads_somewhere(scoped.table, row, step));
    }
    if (can_hang(schema_, scope_, scoped)) {
      texts.push_back(
          orphan_by_routes(scoped, row) + " AND " +
          nested_hanging(scoped, row, whose == Whose::kCompanys ? whose : Whose::kAnyones));
    }
    return texts;
  }

  std::string leads_somewhere(TableIndex table, const std::string& row, const RouteStep& step) {
    const std::string nowhere = leads_nowhere(table, row, step);
    return nowhere.empty() ? "true" : "NOT (" + nowhere + ")";
  }

  std::string listed_columns(const ScopedTable& scoped, const std::string& row) const {
    std::set<int16_t> numbers(scoped.key.begin(), scoped.key.end());
    for (const ScopedTable& other : scope_.tables) {
      for (const RouteStep& step : all_steps(other)) {
        if (step.target != scoped.table || step.kind == RouteStep::Kind::kCompany) continue;
        numbers.insert(step.target_columns.begin(), step.target_columns.end());
      }
    }
    std::string text = column_list(scoped.table, numbers, row);
    if (scoped.key.empty()) {
      text += std::string(text.empty() ? "" : ", ") + row + ".tableoid AS " + kTableName + ", " +
              row + ".ctid AS " + kPlaceName;
    }
    return text;
  }

  std::string same_row(const ScopedTable& scoped, const std::string& list,
                       const std::string& alias) const {
    const std::string same = " OPERATOR(pg_catalog.=) ";
    if (scoped.key.empty()) {
      return list + "." + kTableName + same + alias + ".tableoid AND " + list + "." + kPlaceName +
             same + alias + ".ctid";
    }
    std::string text;
    for (int16_t number : scoped.key) {
      const Column& column = column_of(schema_.tables[scoped.table], number);
      text += (text.empty() ? "" : " AND ") +
              equal(column_sql(list, column), column, column_sql(alias, column), column);
    }
    return text;
  }

  // Where the row of a table without a key is; no column of a user's is called so.
  static constexpr const char* kTableName = "_company_backup_table";
  static constexpr const char* kPlaceName = "_company_backup_place";

  const Schema& schema_;
  const Scope& scope_;
  std::string parameter_;
  int aliases_ = 0;
  std::map<std::pair<Whose, TableIndex>, size_t> steps_;
  bool lists_ = false;  // look rows up in lists
  std::set<std::string> named_;
  std::string definitions_;  // of WITH, each after those that it refers to
};

}  // namespace

std::string owned_by(const Schema& schema, const Scope& scope, TableIndex table,
                     std::string_view alias, std::string_view parameter) {
  return OwnershipWriter(schema, scope, parameter).owned(table, std::string(alias));
}

std::string not_owned_by(const Schema& schema, const Scope& scope, TableIndex table,
                         std::string_view alias, std::string_view parameter) {
  return OwnershipWriter(schema, scope, parameter).not_owned(table, std::string(alias));
}

std::string belongs_to_nobody(const Schema& schema, const Scope& scope, TableIndex table,
                              const std::string& alias) {
  if (!can_belong_to_nobody(schema, scope, *scope.find(table))) return "false";
  return OwnershipWriter(schema, scope).nobodys(table, alias);
}

std::string is_orphan(const Schema& schema, const Scope& scope, TableIndex table,
                      std::string_view alias) {
  return OwnershipWriter(schema, scope).orphan(table, std::string(alias));
}

}  // namespace company_backup
