#include "core/ids/id_plan.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

constexpr const char* kGiveCompany = "Make the company part of the key";

class Planner {
 public:
  Planner(const Schema& schema, const Scope& scope, const ColumnRoots& roots, IdFacts& facts)
      : schema_(schema), scope_(scope), roots_(roots), facts_(facts) {
    for (const ScopedTable& scoped : scope.tables) {
      if (!scoped.travels() || scoped.table == scope.company_table) continue;
      const Table& table = schema.tables[scoped.table];
      for (const UniqueIndex& index : table.unique_indexes) {
        keys_.push_back({scoped.table, &index, false});
      }
      for (const UniqueIndex& index : table.exclusions) {
        keys_.push_back({scoped.table, &index, true});
      }
    }
  }

  IdPlan run() {
    for (const ScopedTable& scoped : scope_.tables) renew_by_rules(scoped);
    // Most composite keys are told apart by what keys of one column decide.
    renew_while([](const UniqueIndex& index) { return index.columns.size() == 1; });
    renew_while([](const UniqueIndex&) { return true; });
    for (const Key& key : keys_) plan_.decisions.push_back(decide(key));
    return std::move(plan_);
  }

  IdPlan run(const std::vector<ColumnRoot>& columns) {
    for (const ColumnRoot& column : columns) renew_by_rule(column);
    plan_.keeps_keys = true;
    return std::move(plan_);
  }

 private:
  struct Key {
    TableIndex table;
    const UniqueIndex* index;
    bool exclusion;
  };

  // What a rule renews is renewed, whatever keys it is in.
  void renew_by_rules(const ScopedTable& scoped) {
    if (!scoped.travels()) return;
    for (const Column& column : schema_.tables[scoped.table].columns) {
      renew_by_rule({scoped.table, column.number});
    }
  }

  // Of the company's own row only the numbers of groups: all else of it see company_row.
  void renew_by_rule(const ColumnRoot& root) {
    if (facts_.rows(root.table) == 0) return;
    const std::optional<ColumnTreatment> rule = facts_.rule_of(root);
    if (!rule) return;
    if (root.table == scope_.company_table && rule != ColumnTreatment::kGroup) return;
    plan_.renewed[root] = {kind_of(root), roots_.is_followed(root)};
  }

  // One decision can make others necessary, or unnecessary.
  template <class Wanted>
  void renew_while(Wanted&& wanted) {
    for (bool changed = true; changed;) {
      changed = false;
      for (const Key& key : keys_) {
        if (!wanted(*key.index) || facts_.rows(key.table) == 0 || is_told_apart(key)) continue;
        const std::optional<ColumnRoot> column = pick(key);
        if (!column) continue;
        plan_.renewed[*column] = {kind_of(*column), roots_.is_followed(*column)};
        changed = true;
      }
    }
  }

  const std::vector<ColumnRoot>& origins(const ColumnRoot& column) {
    const auto known = origins_.find(column);
    if (known != origins_.end()) return known->second;
    return origins_[column] = roots_.origins(column.table, column.column);
  }

  bool follows_company(const ColumnRoot& column) const {
    const std::vector<ColumnRoot>& roots = roots_.of(column.table, column.column);
    return std::any_of(roots.begin(), roots.end(), [this](const ColumnRoot& root) {
      return root.table == scope_.company_table;
    });
  }

  bool follows_others(const ColumnRoot& column) const {
    return !roots_.of(column.table, column.column).empty();
  }

  // The renewed column whose new values this one has.
  const ColumnRoot* renewed_origin(const ColumnRoot& column) {
    for (const ColumnRoot& origin : origins(column)) {
      const auto renewed = plan_.renewed.find(origin);
      if (renewed != plan_.renewed.end()) return &renewed->first;
    }
    return nullptr;
  }

  const Column& column_of(const ColumnRoot& column) const {
    return company_backup::column_of(schema_.tables[column.table], column.column);
  }

  // Where NULL equals NULL, only a value that is there tells companies apart.
  bool counts(const UniqueIndex& index, const ColumnRoot& column) const {
    return !index.nulls_not_distinct || column_of(column).not_null;
  }

  std::vector<ColumnRoot> plain_columns(const Key& key) const {
    std::vector<ColumnRoot> columns;
    for (int16_t number : key.index->columns) {
      if (number != 0) columns.push_back({key.table, number});
    }
    return columns;
  }

  bool is_told_apart(const Key& key) {
    for (const ColumnRoot& column : plain_columns(key)) {
      if (!counts(*key.index, column)) continue;
      if (follows_company(column) || renewed_origin(column) != nullptr) return true;
      if (follows_conditionally(column)) return true;
    }
    return false;
  }

  // Another column says what it refers to, or it is a path: it follows rows that are renewed, and
  // is only looked at when the rows are written where they are not.
  bool follows_conditionally(const ColumnRoot& column) {
    bool follows = false;
    for (const Reference* reference : conditional(column)) {
      for (int16_t number : reference->target_columns) {
        follows |= renewed_origin({reference->target, number}) != nullptr;
      }
    }
    return follows;
  }

  std::vector<const Reference*> conditional(const ColumnRoot& column) const {
    std::vector<const Reference*> references;
    for (const Reference& reference : scope_.references) {
      if (reference.table != column.table) continue;
      if (reference.when_column.empty() && !reference.path) continue;
      const std::vector<int16_t>& columns = reference.columns;
      if (!reference.json_path.empty() ||
          std::find(columns.begin(), columns.end(), column.column) == columns.end()) {
        continue;
      }
      references.push_back(&reference);
    }
    return references;
  }

  // The column to be renewed so that the key is told apart.
  std::optional<ColumnRoot> pick(const Key& key) {
    std::optional<ColumnRoot> best;
    for (const ColumnRoot& column : plain_columns(key)) {
      if (!counts(*key.index, column) || follows_others(column)) continue;
      if (!conditional(column).empty()) continue;
      for (const ColumnRoot& origin : origins(column)) {
        const IdKind kind = kind_of(origin);
        if (kind == IdKind::kNone) continue;
        if (!best || rank(kind) < rank(kind_of(*best))) best = origin;
      }
    }
    return best;
  }

  // Integers without a sequence could be numbers that mean something: last.
  static int rank(IdKind kind) { return kind == IdKind::kInteger ? 1 : 0; }

  IdKind kind_of(const ColumnRoot& root) {
    const auto known = kinds_.find(root);
    if (known != kinds_.end()) return known->second;
    return kinds_[root] = find_kind(root);
  }

  IdKind find_kind(const ColumnRoot& root) {
    const Column& column = column_of(root);
    if (column.generated || follows_others(root) || !conditional(root).empty())
      return IdKind::kNone;
    const std::optional<ColumnTreatment> rule = facts_.rule_of(root);
    if (rule == ColumnTreatment::kRenew) return IdKind::kRule;
    const IdFacts::ColumnFacts facts = facts_.of(root);
    if (!facts.loaded || facts.stays) return IdKind::kNone;
    switch (column.family) {
      case TypeFamily::kInteger:
        if (facts.has_sequence) return IdKind::kSequence;
        if (facts.volatile_default) return IdKind::kDefault;
        return rule == ColumnTreatment::kGroup || is_whole_key(root) ? IdKind::kInteger
                                                                     : IdKind::kNone;
      case TypeFamily::kUuid:
        return IdKind::kUuid;
      case TypeFamily::kText:
        if (facts.generated_shape) return IdKind::kText;
        return facts.volatile_default ? IdKind::kDefault : IdKind::kNone;
      default:
        return facts.volatile_default ? IdKind::kDefault : IdKind::kNone;
    }
  }

  // The primary key by itself, or unique by itself and referred to.
  bool is_whole_key(const ColumnRoot& root) const {
    const std::vector<UniqueIndex>& indexes = schema_.tables[root.table].unique_indexes;
    return std::any_of(indexes.begin(), indexes.end(), [&](const UniqueIndex& index) {
      return index.columns == std::vector<int16_t>{root.column} && !index.partial &&
             (index.primary || roots_.is_followed(root));
    });
  }

  IdDecision decide(const Key& key) {
    using Kind = IdDecision::Kind;
    const auto decision = [&](Kind kind, std::string why, std::string hint = "") {
      return IdDecision{key.table, key.index, kind, std::move(why), std::move(hint)};
    };
    if (facts_.rows(key.table) == 0) return decision(Kind::kKept, "the backup has no rows of it");
    std::string clash = clash_of(key);
    if (!clash.empty()) {
      return decision(Kind::kRefused, std::move(clash), "Refer to one of them only.");
    }
    std::string lack = lack_of(key);
    if (!lack.empty()) {
      return decision(Kind::kRefused, std::move(lack),
                      "Give the column a wider type, or its "
                      "sequence more values.");
    }
    const std::vector<Discriminator> discriminators = discriminators_of(key);
    if (!tells_all_apart(key, discriminators) &&
        facts_.is_taken(key.table, *key.index, discriminators)) {
      const auto makes_values = [&](int16_t column) {
        return facts_.of({key.table, column}).volatile_default;
      };
      return decision(Kind::kRefused, refusal_of(key, discriminators),
                      hint_for_key(schema_, roots_, key.table, *key.index, makes_values));
    }
    std::string renewed = renewal_of(key);
    if (!renewed.empty()) return decision(Kind::kRenewed, std::move(renewed));
    if (!discriminators.empty()) return decision(Kind::kKept, "the company is part of it");
    const std::string used = renewed_part(key);
    if (!used.empty() && key.exclusion) {
      return decision(Kind::kKept, "it depends on " + used +
                                       "; another company's row that excludes one of these would "
                                       "stop the load");
    }
    if (!used.empty()) return decision(Kind::kRenewed, "it depends on " + used);
    return decision(Kind::kKept, key.exclusion
                                     ? "nobody else has a row that excludes one of these"
                                     : "its values mean something, and nobody else has them");
  }

  using Discriminator = IdFacts::Discriminator;

  // All that may tell its rows apart from those of others.
  std::vector<Discriminator> discriminators_of(const Key& key) {
    std::vector<Discriminator> discriminators;
    for (const ColumnRoot& column : plain_columns(key)) {
      for (const ColumnRoot& root : roots_.of(column.table, column.column)) {
        if (root.table == scope_.company_table) discriminators.push_back({column.column, root});
      }
      if (const ColumnRoot* origin = renewed_origin(column)) {
        discriminators.push_back({column.column, *origin});
      }
      for (const Reference* reference : conditional(column)) {
        if (reference->path) continue;
        const Column& when = *find_column(schema_.tables[column.table], reference->when_column);
        for (size_t i = 0; i < reference->columns.size(); ++i) {
          if (reference->columns[i] != column.column) continue;
          const ColumnRoot* origin =
              renewed_origin({reference->target, reference->target_columns[i]});
          if (origin == nullptr) continue;
          discriminators.push_back({column.column, *origin, when.number, reference->when_value});
        }
      }
    }
    return discriminators;
  }

  // Is there a column that does so in every row? NULL is no value that others have, unless NULL
  // equals NULL.
  bool tells_all_apart(const Key& key, const std::vector<Discriminator>& discriminators) {
    if (discriminators.empty()) return !renewed_part(key).empty();
    return std::any_of(discriminators.begin(), discriminators.end(),
                       [&](const Discriminator& discriminator) {
                         const ColumnRoot column{key.table, discriminator.column};
                         std::set<ColumnRoot> seen;
                         return discriminator.when_column == 0 && counts(*key.index, column) &&
                                !may_leave(column, seen);
                       });
  }

  // May it lead to rows that stay what they are, nobody's or another company's?
  bool may_leave(const ColumnRoot& column, std::set<ColumnRoot>& seen) const {
    if (!seen.insert(column).second) return false;
    for (const Reference& reference : scope_.references) {
      if (reference.table != column.table || !reference.json_path.empty()) continue;
      if (!reference.when_column.empty() || is_list(schema_, reference)) continue;
      const ScopedTable* target = scope_.find(reference.target);
      if (target == nullptr || !target->owned()) continue;
      for (size_t i = 0; i < reference.columns.size(); ++i) {
        if (reference.columns[i] != column.column) continue;
        if (reference.outside != OutsidePolicy::kRefuse ||
            has_shared_rows(schema_, scope_, *target))
          return true;
        if (may_leave({reference.target, reference.target_columns[i]}, seen)) return true;
      }
    }
    return false;
  }

  // A column that follows two keys cannot have new numbers of both.
  std::string clash_of(const Key& key) {
    for (const ColumnRoot& column : plain_columns(key)) {
      const std::vector<ColumnRoot>& all = origins(column);
      if (all.size() < 2) continue;
      const bool same = std::all_of(all.begin(), all.end(), [this](const ColumnRoot& origin) {
        return plan_.renewed.contains(origin) && plan_.renewed[origin].kind == IdKind::kUuid;
      });
      if (same || renewed_origin(column) == nullptr) continue;
      return display_name(column_of(column).name) + " follows both " + name(all[0]) + " and " +
             name(all[1]) + ", which get new values of their own";
    }
    return {};
  }

  std::string name(const ColumnRoot& column) const {
    return display_table(schema_.tables[column.table]) + "." + display_name(column_of(column).name);
  }

  // "id: next values of its sequence; order_id: follows sales.order.id"; empty: nothing changes.
  std::string renewal_of(const Key& key) {
    std::string text;
    for (const ColumnRoot& column : plain_columns(key)) {
      std::string part;
      if (const ColumnRoot* origin = renewed_origin(column)) {
        part = *origin == column ? way_of(plan_.renewed[column].kind) : "follows " + name(*origin);
      } else if (follows_conditionally(column)) {
        part = "follows what it refers to";
      } else {
        continue;
      }
      text += (text.empty() ? "" : "; ") + display_name(column_of(column).name) + ": " + part;
    }
    return text;
  }

  // What of an expression gets new values, or which path does.
  std::string renewed_part(const Key& key) {
    const std::vector<int16_t>& columns = key.index->columns;
    const bool has_expression = std::find(columns.begin(), columns.end(), 0) != columns.end();
    for (int16_t number : has_expression ? key.index->used : columns) {
      const ColumnRoot column{key.table, number};
      if (roots_.is_path(column) && follows_conditionally(column)) {
        return display_name(column_of(column).name) + ": follows what it refers to";
      }
      if (!has_expression) continue;
      const ColumnRoot* origin = renewed_origin(column);
      if (origin == nullptr) continue;
      return display_name(column_of(column).name) + ": " +
             (*origin == column ? way_of(plan_.renewed[column].kind) : "follows " + name(*origin));
    }
    return {};
  }

  // Are there fewer numbers left than rows that need one?
  std::string lack_of(const Key& key) {
    for (const ColumnRoot& column : plain_columns(key)) {
      if (!plan_.renewed.contains(column)) continue;
      const uint64_t left = facts_.of(column).left, needed = numbers_for(column);
      if (left >= needed) continue;
      return display_name(column_of(column).name) + ": " + std::to_string(needed) +
             " new values are needed, but only " + std::to_string(left) +
             (left == 1 ? " is left" : " are left");
    }
    return {};
  }

  // All that the sequence has to give.
  uint64_t numbers_for(const ColumnRoot& column) {
    const uint32_t sequence = facts_.of(column).sequence;
    if (sequence == 0) return facts_.rows(column.table);
    uint64_t rows = 0;
    for (const auto& [other, how] : plan_.renewed) {
      if (facts_.of(other).sequence == sequence) rows += facts_.rows(other.table);
    }
    return rows;
  }

  bool follows_only_others(const Key& key) const {
    const std::vector<ColumnRoot> columns = plain_columns(key);
    return !columns.empty() &&
           std::all_of(columns.begin(), columns.end(),
                       [this](const ColumnRoot& column) { return follows_others(column); });
  }

  std::string refusal_of(const Key& key, const std::vector<Discriminator>& discriminators) const {
    if (key.exclusion) {
      return "a row of another company, or of none, excludes some of these";
    }
    if (!discriminators.empty()) {
      return "rows that refer to nobody's rows, or to another company's, keep their values, and "
             "somebody else has some of these";
    }
    if (follows_only_others(key)) {
      return "it is made only of people or shared rows, and another company has rows for them";
    }
    return "its values must be unique in the whole database, mean something, and another company "
           "has some of them";
  }

  const Schema& schema_;
  const Scope& scope_;
  const ColumnRoots& roots_;
  IdFacts& facts_;
  std::vector<Key> keys_;
  std::map<ColumnRoot, std::vector<ColumnRoot>> origins_;
  std::map<ColumnRoot, IdKind> kinds_;
  IdPlan plan_;
};

}  // namespace

const char* to_text(IdDecision::Kind kind) {
  switch (kind) {
    case IdDecision::Kind::kKept:
      return "kept";
    case IdDecision::Kind::kRenewed:
      return "renewed";
    case IdDecision::Kind::kRefused:
      return "refused";
  }
  return "";
}

std::string way_of(IdKind kind) {
  switch (kind) {
    case IdKind::kSequence:
      return "next values of its sequence";
    case IdKind::kInteger:
      return "numbers after the greatest there is";
    case IdKind::kUuid:
      return "new UUIDs, in the order of the old ones where they tell the time";
    case IdKind::kText:
      return "new IDs of the same shape";
    case IdKind::kDefault:
      return "values of its default";
    case IdKind::kRule:
      return "values that its rule makes";
    case IdKind::kNone:
      break;
  }
  return {};
}

bool IdPlan::refused() const {
  return std::any_of(decisions.begin(), decisions.end(), [](const IdDecision& decision) {
    return decision.kind == IdDecision::Kind::kRefused;
  });
}

namespace {

bool refers_to_rows(const Schema& schema, const ColumnRoots& roots, const ColumnRoot& column) {
  if (roots.is_path(column)) return true;
  if (roots.origins(column.table, column.column) != std::vector{column}) return true;
  return std::any_of(
      schema.foreign_keys.begin(), schema.foreign_keys.end(), [&](const ForeignKey& key) {
        return key.table == column.table && std::find(key.columns.begin(), key.columns.end(),
                                                      column.column) != key.columns.end();
      });
}

}  // namespace

std::string hint_for_key(const Schema& schema, const ColumnRoots& roots, TableIndex table_index,
                         const UniqueIndex& index,
                         const std::function<bool(int16_t column)>& makes_values) {
  const Table& table = schema.tables[table_index];
  const auto rule = [&](const Column& column, const std::string& arguments) {
    return "SELECT set_column_rule(" + quote_literal(display_table(table)) + ", " +
           quote_literal(column.name) + ", " + arguments + ")";
  };
  std::string hint = kGiveCompany;
  for (int16_t number : index.used) {
    const Column& column = column_of(table, number);
    if (!roots.of(table_index, number).empty() || column.generated) continue;
    if (refers_to_rows(schema, roots, {table_index, number})) continue;  // these give its values
    const bool text = column.family == TypeFamily::kText;
    if (!text && column.family != TypeFamily::kInteger) continue;
    const std::string expression = text ? "old || '-' || new_company"
                                        : "old + (SELECT max(" + display_name(column.name) +
                                              ") FROM " + display_table(table) + ")";
    hint += ", or give copies values of their own: " +
            rule(column, "'renew', replacement => " + quote_literal(expression));
    break;
  }
  for (int16_t number : index.columns) {
    if (number == 0 || !roots.of(table_index, number).empty()) continue;
    if (roots.is_path({table_index, number})) continue;
    const Column& column = column_of(table, number);
    if (roots.is_followed({table_index, number})) continue;  // it would be missed there
    const bool is_null = !column.not_null && !column.has_default && !index.nulls_not_distinct;
    const bool goes = is_null || makes_values(number);
    if (goes) return hint + ", or leave the column out: " + rule(column, "'identity'") + ".";
  }
  if (hint != kGiveCompany) return hint + ".";
  return hint + ", or leave the table out: SELECT set_table_rule(" +
         quote_literal(display_table(table)) + ", 'excluded', 'why').";
}

IdPlan plan_ids(const Schema& schema, const Scope& scope, const ColumnRoots& roots,
                IdFacts& facts) {
  return Planner(schema, scope, roots, facts).run();
}

IdPlan plan_groups(const Schema& schema, const Scope& scope, const ColumnRoots& roots,
                   IdFacts& facts, const std::vector<ColumnRoot>& columns) {
  return Planner(schema, scope, roots, facts).run(columns);
}

}  // namespace company_backup
