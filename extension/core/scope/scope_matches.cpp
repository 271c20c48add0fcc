// Match columns that hold the key of another row. In another database that row has another key, and
// the same key is another row: what they refer to has to be found there first.
#include <algorithm>
#include <set>

#include "core/scope/scope_model.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

class MatchReader {
 public:
  MatchReader(Model& model, Scope& scope, const Undecided& undecided)
      : model_(model), scope_(scope), undecided_(undecided) {}

  void read(const ScopedTable& scoped) {
    for (const ForeignKey* fk : model_.keys_of[scoped.table]) {
      add(scoped, {scoped.table, fk->target, fk->columns, fk->target_columns});
    }
    for (const SoftReference& soft : model_.soft[scoped.table]) {
      MatchReference reference{scoped.table, soft.target, soft.columns, soft.target_columns};
      if (soft.can_route && soft.when_column == 0)
        add(scoped, std::move(reference));
      else
        refuse_scattered(scoped, reference);
    }
    for (const Column& column : model_.table(scoped.table).columns)
      if (model_.can_hold_company_key(scoped.table, column) &&
          !model_.is_explained(scoped.table, column))
        add(scoped, {scoped.table, model_.company, {column.number}, {model_.key->number}});
  }

 private:
  // The match column among those of the reference; null: there is none.
  const Column* match_column(const ScopedTable& scoped, const MatchReference& reference) const {
    const Column* match = nullptr;
    for (int16_t number : reference.columns) {
      const Column& column = column_of(model_.table(scoped.table), number);
      const auto& names = scoped.match_columns;
      if (std::find(names.begin(), names.end(), column.name) != names.end()) match = &column;
    }
    return match;
  }

  void add(const ScopedTable& scoped, MatchReference reference) {
    const Column* match = match_column(scoped, reference);
    if (match == nullptr) return;
    const ScopedTable* target = scope_.find(reference.target);
    const bool found_again = target != nullptr && has_shared_rows(model_.schema, scope_, *target) &&
                             !target->match_columns.empty();
    // Of rows that belong to nobody, what says whose they are is NULL.
    const bool is_owner = scoped.travels() && target != nullptr && target->owned();
    if (!found_again && !is_owner) {
      if (!holds_number(reference)) return;  // the same everywhere, or nowhere else
      if (!undecided_[reference.target]) refuse(scoped, *match, reference);
    }
    scope_.match_references.push_back(std::move(reference));
  }

  bool holds_number(const MatchReference& reference) const {
    return std::any_of(reference.target_columns.begin(), reference.target_columns.end(),
                       [&](int16_t number) {
                         const Column& column = column_of(model_.table(reference.target), number);
                         return column.family == TypeFamily::kInteger;
                       });
  }

  // The rule of the table without a match column that cannot be one.
  Statement without(const ScopedTable& scoped, const Column& match) const {
    const Table& table = model_.table(scoped.table);
    TableRule rule = *model_.rule[scoped.table];  // only rules have match columns
    std::erase(rule.match_columns, match.name);
    return model_.statements.table_rule(table, rule);
  }

  // IDs in lists and documents, and those of several tables, are not looked up for a match.
  void refuse_scattered(const ScopedTable& scoped, const MatchReference& reference) {
    const Column* match = match_column(scoped, reference);
    if (match == nullptr || !holds_number(reference)) return;
    if (model_.column_rule(scoped.table, match->name) != nullptr) return;
    model_.error(column_object(model_.table(scoped.table), match->name),
                 "its rows are matched by this column, which holds IDs of " +
                     display_table(model_.table(reference.target)) +
                     " in an array or JSON, or mixed with IDs of other tables: in another database "
                     "the same number is another row, and only a column with one ID of one table "
                     "can be matched there",
                 without(scoped, *match));
  }

  void refuse(const ScopedTable& scoped, const Column& match, const MatchReference& reference) {
    const Table& table = model_.table(scoped.table);
    const Table& target = model_.table(reference.target);
    const ScopedTable* there = scope_.find(reference.target);
    const std::string problem = "its rows are matched by this column, which refers to " +
                                display_table(target) + ": in another database the same number ";
    if (there != nullptr && there->owned()) {
      model_.error(column_object(table, match.name),
                   problem + "is a row of some company, and rows of companies are not matched",
                   without(scoped, match));
      return;
    }
    TableRule rule = proposed_rule(there == nullptr ? TableTreatment::kShared : there->treatment,
                                   there == nullptr ? "reference data" : there->reason);
    if (there != nullptr && there->area != target.schema) rule.area = there->area;
    rule.match_columns = rule.treatment == TableTreatment::kPeople ? people_match_columns(target)
                                                                   : natural_key(target);
    if (rule.match_columns.empty()) rule.match_columns = key_by_references(reference.target);
    const bool has_none = rule.match_columns.empty();
    if (has_none) rule.match_columns = column_names(target, reference.target_columns);
    model_.error(column_object(table, match.name),
                 problem + "is another row of it, and nothing says how to find the right one" +
                     (has_none ? "; the statement is right only if its numbers are the same "
                                 "everywhere"
                               : ""),
                 model_.statements.table_rule(target, rule));
  }

  // A unique index that means something once its numbers are what they refer to.
  std::vector<std::string> key_by_references(TableIndex index) const {
    const Table& table = model_.table(index);
    const auto is_text = [&](int16_t number) {
      return column_of(table, number).family == TypeFamily::kText;
    };
    for (const UniqueIndex& unique : table.unique_indexes) {
      const auto& numbers = unique.columns;
      if (unique.partial || !unique.immediate) continue;
      if (std::find(numbers.begin(), numbers.end(), 0) != numbers.end()) continue;
      const bool means_something =
          std::any_of(numbers.begin(), numbers.end(), is_text) &&
          std::all_of(numbers.begin(), numbers.end(), [&](int16_t number) {
            return is_text(number) || has_foreign_key(model_, index, number);
          });
      if (means_something) return column_names(table, numbers);
    }
    return {};
  }

  Model& model_;
  Scope& scope_;
  const Undecided& undecided_;
};

}  // namespace

void collect_match_references(Model& model, Scope& scope, const Undecided& undecided) {
  MatchReader reader(model, scope, undecided);
  // Only rows that are referred to are ever matched, and what their match columns refer to.
  std::vector<TableIndex> waiting;
  for (const Reference& reference : scope.references) waiting.push_back(reference.target);
  std::set<TableIndex> seen;
  while (!waiting.empty()) {
    const ScopedTable* scoped = scope.find(waiting.back());
    waiting.pop_back();
    if (scoped == nullptr || !seen.insert(scoped->table).second) continue;
    if (scoped->match_columns.empty() || undecided[scoped->table]) continue;
    if (!has_shared_rows(model.schema, scope, *scoped)) continue;
    model.matched.push_back(scoped->table);
    const size_t known = scope.match_references.size();
    reader.read(*scoped);
    for (size_t i = known; i < scope.match_references.size(); ++i) {
      waiting.push_back(scope.match_references[i].target);
    }
  }
}

}  // namespace company_backup
