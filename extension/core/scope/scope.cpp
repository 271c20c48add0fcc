#include "core/scope/scope.hpp"

#include <algorithm>
#include <map>

#include "core/scope/walk.hpp"

namespace company_backup {
namespace {

using Known = std::map<TableIndex, bool>;  // what was found out of tables: many ways lead to some

// Can each route of the table end, as `can_end(step)` says?
template <typename CanEnd>
bool can_all_end(const ScopedTable& scoped, Known& known, CanEnd&& can_end) {
  const auto found = known.find(scoped.table);
  if (found != known.end()) return found->second;
  const bool all =
      !scoped.routes.empty() && std::all_of(scoped.routes.begin(), scoped.routes.end(), can_end);
  known[scoped.table] = all;
  return all;
}

bool can_belong_to_nobody(const Schema& schema, const Scope& scope, const ScopedTable& scoped,
                          Known& known) {
  return can_all_end(scoped, known, [&](const RouteStep& step) {
    if (can_be_null(schema, scoped, step)) return true;
    if (step.kind != RouteStep::Kind::kDown) return false;
    const ScopedTable* target = scope.find(step.target);
    return target != nullptr && can_belong_to_nobody(schema, scope, *target, known);
  });
}

bool can_be_orphaned(const Schema& schema, const Scope& scope, const ScopedTable& scoped,
                     Known& known) {
  return can_all_end(scoped, known, [&](const RouteStep& step) {
    if (step.kind == RouteStep::Kind::kUp || can_be_null(schema, scoped, step)) return true;
    if (step.kind == RouteStep::Kind::kCompany) return false;
    if (foreign_key_of(schema, scoped, step) == nullptr) return true;
    const ScopedTable* target = scope.find(step.target);
    return target != nullptr && can_be_orphaned(schema, scope, *target, known);
  });
}

int rank(const Finding& finding) {
  switch (finding.severity) {
    case Severity::kError:
      return 0;
    case Severity::kWarning:
      return 1;
    case Severity::kNotice:
      return 2;
  }
  return 3;
}

}  // namespace

const char* to_text(DecidedBy decided_by) {
  switch (decided_by) {
    case DecidedBy::kCompanyTable:
      return "company table";
    case DecidedBy::kRule:
      return "rule";
    case DecidedBy::kMembership:
      return "membership";
    case DecidedBy::kForeignKey:
      return "foreign key";
    case DecidedBy::kScopeColumn:
      return "scope column";
    case DecidedBy::kReference:
      return "reference";
    case DecidedBy::kNoReference:
      return "no reference";
    case DecidedBy::kNothing:
      return "nothing";
  }
  return "";
}

const char* to_text(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kNotice:
      return "notice";
  }
  return "";
}

const char* to_text(Confidence confidence) {
  switch (confidence) {
    case Confidence::kConfident:
      return "confident";
    case Confidence::kLikely:
      return "likely";
    case Confidence::kGuess:
      return "guess";
  }
  return "";
}

void sort_findings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.object < b.object;
  });
}

bool Scope::undecided() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::kError; });
}

const ScopedTable* Scope::find(TableIndex table) const {
  if (tables.empty()) return nullptr;
  if (table == company_table) return &tables[0];
  const auto found = std::lower_bound(
      tables.begin() + 1, tables.end(), table,
      [](const ScopedTable& scoped, TableIndex wanted) { return scoped.table < wanted; });
  return found != tables.end() && found->table == table ? &*found : nullptr;
}

bool can_be_null(const Schema& schema, const ScopedTable& scoped, const RouteStep& step) {
  if (step.when_column != 0) return true;
  return step.kind != RouteStep::Kind::kUp &&
         std::any_of(step.columns.begin(), step.columns.end(), [&](int16_t number) {
           return !column_of(schema.tables[scoped.table], number).not_null;
         });
}

bool refers_to_itself(const Scope& scope, TableIndex table) {
  return std::any_of(scope.references.begin(), scope.references.end(),
                     [table](const Reference& reference) {
                       return reference.table == table && reference.target == table;
                     });
}

bool is_list(const Schema& schema, const Reference& reference) {
  const auto array = [&schema](TableIndex table, int16_t column) {
    return is_array(column_of(schema.tables[table], column));
  };
  if (reference.path) return true;
  return reference.soft && reference.json_path.empty() && reference.columns.size() == 1 &&
         array(reference.table, reference.columns[0]) &&
         !array(reference.target, reference.target_columns[0]);
}

bool can_belong_to_nobody(const Schema& schema, const Scope& scope, const ScopedTable& scoped) {
  Known known;
  return can_belong_to_nobody(schema, scope, scoped, known);
}

bool leads_through(const Scope& scope, TableIndex start, TableIndex goal) {
  const auto next = [&](TableIndex table, const auto& go) {
    const ScopedTable* scoped = scope.find(table);
    if (table == scope.company_table || scoped == nullptr) return;
    for (const RouteStep& step : scoped->routes) go(step.target);
  };
  return is_found(
      start, [goal](TableIndex table) { return table == goal; }, next);
}

const ForeignKey* foreign_key_of(const Schema& schema, const ScopedTable& scoped,
                                 const RouteStep& step) {
  const bool up = step.kind == RouteStep::Kind::kUp;
  for (const ForeignKey& key : schema.foreign_keys) {
    if (key.table == (up ? step.target : scoped.table) && key.name == step.name) return &key;
  }
  return nullptr;
}

bool can_be_orphaned(const Schema& schema, const Scope& scope, const ScopedTable& scoped) {
  Known known;
  return can_be_orphaned(schema, scope, scoped, known);
}

std::vector<RouteStep> all_steps(const ScopedTable& scoped) {
  std::vector<RouteStep> steps = scoped.routes;
  steps.insert(steps.end(), scoped.own_steps.begin(), scoped.own_steps.end());
  return steps;
}

bool can_hang(const Schema& schema, const Scope& scope, const ScopedTable& scoped) {
  return !scoped.own_steps.empty() && can_be_orphaned(schema, scope, scoped);
}

bool has_shared_rows(const Schema& schema, const Scope& scope, const ScopedTable& scoped) {
  return !scoped.owned() || (scoped.travels() && can_belong_to_nobody(schema, scope, scoped));
}

}  // namespace company_backup
