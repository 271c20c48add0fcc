// Columns that stay behind, as a rule says, but cannot: rows are told apart by them, or their
// values are in what travels all the same, because rows are matched by them or refer to them.
#include <algorithm>
#include <set>

#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/treatment.hpp"

namespace company_backup {
namespace {

class StayingColumns {
 public:
  StayingColumns(Model& model, const Scope& scope) : model_(model), scope_(scope) {}

  void check() {
    std::set<TableIndex> shared;
    for (const Reference& reference : scope_.references) add_shared(reference.target, shared);
    for (const MatchReference& reference : scope_.match_references)
      add_shared(reference.target, shared);
    for (const ScopedTable& scoped : scope_.tables)
      if (scoped.travels() || shared.contains(scoped.table)) check_key(scoped);
    for (TableIndex index : model_.matched) check_match(*scope_.find(index));
    for (const MatchReference& reference : scope_.match_references) check_match(reference);
    for (const Reference& reference : scope_.references) {
      check_target(reference);
      check_identity(reference);
    }
  }

 private:
  using Place = std::pair<TableIndex, int16_t>;

  void add_shared(TableIndex table, std::set<TableIndex>& shared) const {
    const ScopedTable* scoped = scope_.find(table);
    if (scoped != nullptr && has_shared_rows(model_.schema, scope_, *scoped)) shared.insert(table);
  }

  const Column& column_at(const Place& place) const {
    return column_of(model_.table(place.first), place.second);
  }

  std::string name_of(const Place& place) const {
    return column_object(model_.table(place.first), column_at(place).name);
  }

  bool is(const Place& place, ColumnTreatment treatment) const {
    const ColumnRule* rule = model_.column_rule(place.first, column_at(place).name);
    return rule != nullptr && rule->treatment == treatment;
  }

  bool is_secret(const Place& place) const { return is(place, ColumnTreatment::kSecret); }

  // What lets the values travel. A rule for all tables stays, one of the table's own goes before.
  Statement travels(const Place& place) const {
    const Table& table = model_.table(place.first);
    const std::string& column = column_at(place).name;
    if (model_.column_rule(place.first, column)->from_all)
      return model_.statements.column_rule(table, column, ColumnTreatment::kData);
    return model_.statements.no_column_rule(table, column);
  }

  void refuse(const Place& place, const std::string& why, Statement settles) {
    if (!told_.insert(place).second) return;
    const ColumnRule& rule = *model_.column_rule(place.first, column_at(place).name);
    model_.error(name_of(place), "its rule says " + std::string(to_text(rule.treatment)) + why,
                 std::move(settles));
  }

  void check_key(const ScopedTable& scoped) {
    for (int16_t number : scoped.key) {
      const Place place{scoped.table, number};
      if (is_secret(place) || (scoped.travels() && is(place, ColumnTreatment::kFile)))
        refuse(place, ", but its rows are told apart by this column, which every backup has",
               travels(place));
    }
  }

  void check_match(const ScopedTable& scoped) {
    const Table& table = model_.table(scoped.table);
    for (const std::string& name : scoped.match_columns) {
      const Column* column = find_column(table, name);
      if (column == nullptr || !is_secret({scoped.table, column->number})) continue;
      const TableRule* rule = model_.rule[scoped.table];
      const bool others = rule != nullptr && rule->match_columns.size() > 1;
      refuse_match({scoped.table, column->number},
                   others ? without(*rule, name) : travels({scoped.table, column->number}));
    }
  }

  // Of the columns of a reference, one of which rows are matched by.
  void check_match(const MatchReference& reference) {
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      const Place from{reference.table, reference.columns[i]};
      const Place to{reference.target, reference.target_columns[i]};
      if (is_secret(from)) {
        refuse_match(from, travels(from));
      } else if (is_secret(to)) {
        refuse(to,
               ", but rows are matched by " + name_of(from) +
                   ", which refers to it: backups "
                   "hold these values",
               travels(to));
      }
    }
  }

  void refuse_match(const Place& place, Statement settles) {
    refuse(place,
           ", but rows of " + display_table(model_.table(place.first)) +
               " are matched by it: a backup that refers to such a row holds the value",
           std::move(settles));
  }

  Statement without(TableRule rule, const std::string& match_column) const {
    std::erase(rule.match_columns, match_column);
    return model_.statements.table_rule(
        model_.schema.tables[model_.schema.find(rule.schema, rule.table)], rule);
  }

  void check_target(const Reference& reference) {
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      const Place from{reference.table, reference.columns[i]};
      const Place to{reference.target, reference.target_columns[i]};
      if (!is_secret(to) || is_secret(from)) continue;
      const std::vector<int16_t>& key = scope_.find(reference.table)->key;
      const bool is_key = std::find(key.begin(), key.end(), from.second) != key.end();
      refuse(to, ", but " + name_of(from) + " refers to it and travels: backups hold these values",
             is_key ? travels(to)
                    : model_.statements.column_rule(model_.table(from.first), column_at(from).name,
                                                    ColumnTreatment::kSecret));
    }
  }

  // What refers to a value that a copy does not have would lead nowhere, or to another company's
  // row. (What the company's own row gets, its references follow.)
  void check_identity(const Reference& reference) {
    const ScopedTable* target = scope_.find(reference.target);
    if (target == nullptr || !target->travels() || reference.target == scope_.company_table) return;
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      const Place from{reference.table, reference.columns[i]};
      const Place to{reference.target, reference.target_columns[i]};
      if (!is(to, ColumnTreatment::kIdentity)) continue;
      if (is(from, ColumnTreatment::kIdentity) && !column_at(from).not_null) continue;
      refuse(to,
             ", but " + name_of(from) +
                 " refers to it: copies do not have the value, and what refers to it could not "
                 "follow",
             renewed(to));
    }
  }

  // Gives copies other values, which references follow. Those of UUIDs are new without a rule.
  Statement renewed(const Place& place) const {
    const Table& table = model_.table(place.first);
    const Column& column = column_at(place);
    ColumnRule rule{table.schema, table.name, column.name, ColumnTreatment::kRenew, {}};
    if (column.family == TypeFamily::kText) {
      rule.replacement = "old || '-' || new_company";
    } else if (column.family == TypeFamily::kInteger) {
      rule.replacement =
          "old + (SELECT max(" + display_name(column.name) + ") FROM " + display_table(table) + ")";
    } else {
      return travels(place);
    }
    return {model_.statements.column_rules(&table, {column.name}, rule).text, rule};
  }

  Model& model_;
  const Scope& scope_;
  std::set<Place> told_;
};

}  // namespace

void check_staying_columns(Model& model, const Scope& scope) {
  StayingColumns(model, scope).check();
}

}  // namespace company_backup
