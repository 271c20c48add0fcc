#include "core/scope/company_lookup.hpp"

#include <algorithm>

#include "core/scope/joins.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

constexpr size_t kMostLookups = 32;  // of all routes of a table, to the company

}  // namespace

size_t CompanyLookup::steps(TableIndex table) {
  std::optional<Known>& known = known_[static_cast<size_t>(table)];
  if (known) return known->number;
  known.emplace();  // of what comes back
  Known found = find(table);
  if (found.number > kMostLookups) found = {};
  known = std::move(found);
  return known->number;
}

bool CompanyLookup::is_known_without(TableIndex table, int16_t column) {
  if (steps(table) == 0) return false;
  return table == scope_.company_table ? column != scope_.company_key
                                       : !steps_without(table, column).empty();
}

bool CompanyLookup::is_quick(TableIndex table, const RouteStep& step) const {
  const Table& from = schema_.tables[table];
  const Table& target = schema_.tables[step.target];
  if (step.kind == RouteStep::Kind::kUp || step.operators.empty()) return false;
  for (size_t i = 0; i < step.columns.size(); ++i)
    if (!is_own_type(column_of(from, step.columns[i])) ||
        !is_own_type(column_of(target, step.target_columns[i])) ||
        step.operators[i] != "OPERATOR(pg_catalog.=)")
      return false;
  if (step.when_column != 0 && !is_own_type(column_of(from, step.when_column))) return false;
  return std::any_of(
      target.unique_indexes.begin(), target.unique_indexes.end(), [&](const UniqueIndex& unique) {
        return !unique.partial &&
               std::is_permutation(unique.columns.begin(), unique.columns.end(),
                                   step.target_columns.begin(), step.target_columns.end());
      });
}

void CompanyLookup::add_read(TableIndex table, std::set<TableIndex>& read) {
  read.insert(table);
  if (table == scope_.company_table) return;
  for (const RouteStep* step : known_steps(table)) add_read(step->target, read);
}

std::string CompanyLookup::company_of(TableIndex table, const std::string& alias, int16_t without) {
  return company_by(table, steps_without(table, without), alias, 0);
}

std::set<int16_t> CompanyLookup::columns_read(TableIndex table) const {
  if (table == scope_.company_table) return {scope_.company_key};
  std::set<int16_t> numbers;
  for (const RouteStep& step : scope_.find(table)->routes) {
    numbers.insert(step.columns.begin(), step.columns.end());
    if (step.when_column != 0) numbers.insert(step.when_column);
  }
  return numbers;
}

std::string CompanyLookup::company_by(TableIndex table, const std::vector<const RouteStep*>& steps,
                                      const std::string& alias, int depth) {
  const Column& key = column_of(schema_.tables[scope_.company_table], scope_.company_key);
  if (table == scope_.company_table) return as_text(column_sql(alias, key), key);
  std::string text;
  const std::string next = "w" + std::to_string(depth);
  for (const RouteStep* step : steps) {
    text += (text.empty() ? "(SELECT " : ", (SELECT ") +
            company_by(step->target, known_steps(step->target), next, depth + 1) + " FROM " +
            from_table(schema_.tables[step->target]) + " AS " + next + " WHERE " +
            step_join(schema_, *step, table, alias, next) + ")";
  }
  return "COALESCE(" + text + ")";
}

std::vector<const RouteStep*> CompanyLookup::steps_without(TableIndex table, int16_t column) {
  std::vector<const RouteStep*> found = known_steps(table);
  std::erase_if(found, [&](const RouteStep* step) {
    return column != 0 &&
           std::find(step->columns.begin(), step->columns.end(), column) != step->columns.end();
  });
  return found;
}

const std::vector<const RouteStep*>& CompanyLookup::known_steps(TableIndex table) {
  steps(table);
  return known_[static_cast<size_t>(table)]->steps;
}

CompanyLookup::Known CompanyLookup::find(TableIndex table) {
  Known known;
  if (table == scope_.company_table) {
    known.number = is_own_type(column_of(schema_.tables[table], scope_.company_key));
    return known;
  }
  const ScopedTable* scoped = scope_.find(table);
  if (scoped == nullptr || !scoped->travels() || !scoped->own_steps.empty()) return known;
  for (const RouteStep& step : scoped->routes) {
    const size_t further = is_quick(table, step) ? steps(step.target) : 0;
    if (further == 0) continue;
    known.number += 1 + further;
    known.steps.push_back(&step);
  }
  return known;
}

}  // namespace company_backup
