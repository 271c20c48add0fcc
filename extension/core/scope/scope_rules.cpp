// Rules are stored by name; here the names are looked up, and every name that is gone, or rule that
// contradicts another, becomes a finding.
#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "core/scope/path_rules.hpp"
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

std::string stored_name(const std::string& schema, const std::string& table) {
  return display_name(schema) + "." + display_name(table);
}

class RuleReader {
 public:
  explicit RuleReader(Model& model) : model_(model) {}

  void read() {
    settings();
    for (const TableRule& rule : model_.rules.tables) table_rule(rule);
    for (const ColumnRule& rule : model_.rules.columns)
      is_for_all(rule) ? column_of_all(rule) : column_rule(rule);
    for (const ReferenceRule& rule : model_.rules.references)
      is_for_all(rule) ? reference_of_all(rule) : reference(rule);
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index)
      for (const auto& [column, rule] : model_.column_rules[index])
        if (rule->treatment == ColumnTreatment::kPath) path_of_own(index, *rule);
  }

 private:
  void stale(const std::string& object, const std::string& what) {
    model_.error(object, "a rule names a " + what + " that does not exist",
                 model_.statements.forget_stale_rules());
  }

  // The table a rule names, or kNoTable and a finding.
  TableIndex find_table(const std::string& schema, const std::string& table) {
    const TableIndex index = model_.schema.find(schema, table);
    if (index == kNoTable) stale(stored_name(schema, table), "table");
    return index;
  }

  const Column* find_column_of(TableIndex index, const std::string& column) {
    const Table& table = model_.table(index);
    const Column* found = find_column(table, column);
    if (found == nullptr) stale(column_object(table, column), "column");
    return found;
  }

  // All columns by name; empty and a finding for each that is gone.
  std::vector<int16_t> find_columns(TableIndex index, const std::vector<std::string>& names) {
    std::vector<int16_t> numbers;
    for (const std::string& name : names)
      if (const Column* column = find_column_of(index, name)) numbers.push_back(column->number);
    if (numbers.size() != names.size()) numbers.clear();
    return numbers;
  }

  void settings() {
    company_columns();
    scope_columns();
    const Settings& settings = model_.rules.settings;
    if (settings.membership_table.empty()) return;
    model_.membership = find_table(settings.membership_schema, settings.membership_table);
    if (model_.membership != kNoTable)
      find_column_of(model_.membership, settings.membership_person_column);
  }

  // The company row's own columns: the statement that settles a gone one is set_company_table with
  // what is still there.
  void company_columns() {
    const Table& table = model_.table(model_.company);
    Settings valid = model_.rules.settings;
    std::vector<std::string> gone;
    const auto keep = [&](const std::string& name) {
      if (find_column(table, name) != nullptr) return true;
      gone.push_back(name);
      return false;
    };
    if (!valid.name_column.empty() && !keep(valid.name_column))
      valid.name_column = valid.key_column;
    if (!valid.owner_column.empty() && !keep(valid.owner_column)) valid.owner_column.clear();
    if (valid.identity_columns) std::erase_if(*valid.identity_columns, std::not_fn(keep));
    for (const std::string& name : gone)
      model_.error(column_object(table, name), "a rule names a column that does not exist",
                   model_.statements.company_table(table, valid));
    company_key(table);
  }

  void company_key(const Table& table) {
    const auto unique = [&](const UniqueIndex& index) {
      return !index.partial && index.columns == std::vector<int16_t>{model_.key->number};
    };
    if (std::none_of(table.unique_indexes.begin(), table.unique_indexes.end(), unique))
      model_.error(column_object(table, model_.key->name),
                   "the company key is not unique: no unique index is on this column alone", "");
  }

  void scope_columns() {
    const Settings& settings = model_.rules.settings;
    std::set<std::string> names;
    for (const Table& table : model_.schema.tables)
      for (const Column& column : table.columns) names.insert(column.name);
    Settings valid = settings;
    std::erase_if(valid.scope_columns,
                  [&](const std::string& name) { return !names.contains(name); });
    for (const std::string& name : settings.scope_columns)
      if (!names.contains(name))
        model_.error(display_table(model_.table(model_.company)),
                     "no table has the scope column " + display_name(name),
                     model_.statements.company_table(model_.table(model_.company), valid));
  }

  void table_rule(const TableRule& rule) {
    const TableIndex index = find_table(rule.schema, rule.table);
    if (index == kNoTable) return;
    const Table& table = model_.table(index);
    if (model_.rule[index] != nullptr) {
      contradiction(table, "two rules name this table");
      return;
    }
    if (index == model_.company && rule.treatment != TableTreatment::kCompany) {
      contradiction(table, "it is the company table, but its rule says " +
                               std::string(to_text(rule.treatment)));
      return;
    }
    model_.rule[index] = &rule;
    if (model_.ruled_foreign(index) && !rule.route.empty())
      contradiction(table, "its rule says " + std::string(to_text(rule.treatment)) +
                               ", and also names a route, which only rows of a company have");
    if (model_.ruled_global(index) && !rule.match_columns.empty())
      contradiction(table,
                    "its rule says global, and also names match columns, by which only rows "
                    "that others refer to are found again");
    find_columns(index, rule.match_columns);
  }

  void contradiction(const Table& table, const std::string& problem) {
    model_.error(display_table(table), problem, model_.statements.no_table_rule(table));
  }

  void column_rule(const ColumnRule& rule) {
    const TableIndex index = find_table(rule.schema, rule.table);
    if (index == kNoTable || find_column_of(index, rule.column) == nullptr) return;
    const Table& table = model_.table(index);
    const auto remove = [&](const std::string& problem) {
      model_.error(column_object(table, rule.column), problem,
                   model_.statements.no_column_rule(table, rule.column));
    };
    if (gives_new_values(rule.treatment) && !why_not_renewed(index, rule).empty())
      remove("its rule says " + std::string(to_text(rule.treatment)) + ", but " +
             why_not_renewed(index, rule));
    else if (const std::string why = why_not_path(index, rule); !why.empty())
      remove("its rule says path, but " + why);
    else if (!model_.column_rules[index].emplace(rule.column, &rule).second)
      remove("two rules name this column");
  }

  // What apply_to_tables() has made of it are rules for single tables, read like others.
  void column_of_all(const ColumnRule& rule) {
    const std::string object = "*." + display_name(rule.column);
    const std::string says = "its rule for all tables says " + std::string(to_text(rule.treatment));
    if (is_stale(model_.schema, rule)) {
      model_.error(object, "a rule for all tables names a column that no table has",
                   model_.statements.forget_stale_rules());
    } else if (const auto other = said_otherwise(model_.rules, rule)) {
      model_.error(object, says + ", but " + *other, model_.statements.no_rule_for_all(rule));
    }
    const ColumnTreatment own = beside_key(rule.treatment);
    for (const ForeignKey* key : contradicting_keys(model_.schema, model_.rules, rule)) {
      const Table& table = model_.table(key->table);
      model_.error(column_object(table, rule.column),
                   says + ", but its foreign key " + display_name(key->name) +
                       " says that it refers to " + display_table(model_.table(key->target)) +
                       "; a rule of its own settles it",
                   model_.statements.column_rule(table, rule.column, own));
    }
  }

  void reference_of_all(const ReferenceRule& rule) {
    const std::string object = "*." + display_name(rule.columns[0]);
    const TableIndex target = find_table(rule.target_schema, rule.target_table);
    if (target == kNoTable) return;
    if (!rule.target_columns.empty() && find_columns(target, rule.target_columns).empty()) return;
    if (is_stale(model_.schema, rule)) {
      model_.error(
          object,
          "a rule for all tables names columns that no table has: " + list(needed_columns(rule)),
          model_.statements.forget_stale_rules());
    } else if (const auto other = said_otherwise(model_.rules, rule)) {
      model_.error(object,
                   "its reference rule for all tables says " + display_table(model_.table(target)) +
                       ", but " + *other,
                   model_.statements.no_rule_for_all(rule));
    } else if (target_columns(model_.table(target), rule).size() != rule.columns.size()) {
      model_.error(object,
                   "its reference rule for all tables names no target columns, and the "
                   "primary key of " +
                       display_table(model_.table(target)) + " is not one of as many",
                   model_.statements.no_rule_for_all(rule));
    } else if (const auto key = target_columns(model_.table(target), rule); !is_key(target, key)) {
      model_.error(object, no_key(target, key), unique(target, key));
    }
  }

  // Several rows with one value: a reference would lead to all of them, and follow none.
  bool is_key(TableIndex index, const std::vector<int16_t>& columns) const {
    const Table& table = model_.table(index);
    if (columns.size() == 1) {
      const ColumnRule* rule = model_.column_rule(index, column_of(table, columns[0]).name);
      if (rule != nullptr && rule->treatment == ColumnTreatment::kGroup) return true;
    }
    return std::any_of(table.unique_indexes.begin(), table.unique_indexes.end(),
                       [&](const UniqueIndex& unique) {
                         return !unique.partial && same_columns(unique.columns, columns);
                       });
  }

  std::string no_key(TableIndex index, const std::vector<int16_t>& columns) const {
    const Table& table = model_.table(index);
    return "its reference rule names " + list(column_names(table, columns)) + " of " +
           display_table(table) +
           ", where several rows can have the same value: no unique index is on just that, and no "
           "rule says that it is a group";
  }

  Statement unique(TableIndex index, const std::vector<int16_t>& columns) const {
    const Table& table = model_.table(index);
    return "ALTER TABLE " + display_table(table) + " ADD UNIQUE (" +
           name_list(column_names(table, columns)) + ");";
  }

  // Values that come from elsewhere cannot be made by a rule.
  std::string why_not_renewed(TableIndex index, const ColumnRule& rule) const {
    const Column& column = *find_column(model_.table(index), rule.column);
    if (rule.treatment == ColumnTreatment::kGroup && column.family != TypeFamily::kInteger &&
        column.family != TypeFamily::kUuid) {
      return "only numbers and UUIDs can be";
    }
    if (column.generated) return "it is a generated column";
    if (column.family == TypeFamily::kJson || column.is_bytea()) {
      return "a column of type " + column.type + " cannot be renewed";
    }
    if (index == model_.company && column.number == model_.key->number) {
      return "a new company's key comes from its attributes or its default";
    }
    for (const ForeignKey* fk : model_.keys_of[index]) {
      if (std::find(fk->columns.begin(), fk->columns.end(), column.number) == fk->columns.end()) {
        continue;
      }
      return "its values follow what " + display_name(fk->name) + " refers to: renew that";
    }
    for (const ReferenceRule& reference : model_.rules.references) {
      if (reference.schema != rule.schema || reference.table != rule.table) continue;
      if (reference.columns != std::vector{rule.column}) continue;
      return "its values follow what its reference rule names: renew that";
    }
    if (model_.can_hold_company_key(index, column)) {
      return "it is a scope column: a copy gets the new company's key there";
    }
    return {};
  }

  std::string why_not_path(TableIndex index, const ColumnRule& rule) const {
    if (rule.treatment != ColumnTreatment::kPath) return {};
    const Column& column = *find_column(model_.table(index), rule.column);
    if (model_.can_hold_company_key(index, column)) return "it is a scope column";
    const TableRule* const table = model_.rule[index];
    if (table != nullptr && std::find(table->match_columns.begin(), table->match_columns.end(),
                                      rule.column) != table->match_columns.end())
      return "its rows are found again by it, and in another database its IDs are others";
    return why_no_path(model_.schema, index, column);
  }

  // What no reference rule says otherwise is made of the table's own keys.
  void path_of_own(TableIndex index, const ColumnRule& rule) {
    const Table& table = model_.table(index);
    const auto says_of_what = [&](const ReferenceRule& other) {
      return other.schema == table.schema && other.table == table.name &&
             other.columns == std::vector{rule.column};
    };
    const auto& references = model_.rules.references;
    if (std::any_of(references.begin(), references.end(), says_of_what)) return;
    const Column* key = own_path_key(table);
    if (key == nullptr) {
      model_.error(column_object(table, rule.column),
                   "its rule says path, but its table has no key of one column that is an integer, "
                   "a UUID or a text; say with set_reference() of which table the IDs are",
                   model_.statements.no_column_rule(table, rule.column));
      return;
    }
    reference(model_.own_references.emplace_back(ReferenceRule{.schema = table.schema,
                                                               .table = table.name,
                                                               .columns = {rule.column},
                                                               .target_schema = table.schema,
                                                               .target_table = table.name,
                                                               .target_columns = {key->name}}));
  }

  bool is_path(const SoftReference& soft) const {
    const Table& table = model_.table(soft.table);
    return std::any_of(soft.columns.begin(), soft.columns.end(), [&](int16_t number) {
      const ColumnRule* rule = model_.column_rule(soft.table, column_of(table, number).name);
      return rule != nullptr && rule->treatment == ColumnTreatment::kPath;
    });
  }

  bool path_fits(const SoftReference& soft) {
    const Table& to = model_.table(soft.target);
    for (int16_t number : soft.target_columns) {
      const std::string& name = column_of(to, number).name;
      const ColumnRule* rule = model_.column_rule(soft.target, name);
      if (rule == nullptr || rule->treatment != ColumnTreatment::kPath) continue;
      model_.error(column_object(model_.table(soft.table), soft.rule->columns[0]),
                   "its reference rule leads to a path, " + column_object(to, name) +
                       ", which it would not follow",
                   model_.statements.no_reference(model_.table(soft.table), *soft.rule));
      return false;
    }
    if (!soft.path) return true;
    const Column* key = soft.target_columns.size() == 1
                            ? &column_of(model_.table(soft.target), soft.target_columns[0])
                            : nullptr;
    const std::string why = why_no_path(*soft.rule, key);
    if (why.empty()) return true;
    const Table& table = model_.table(soft.table);
    model_.error(column_object(table, soft.rule->columns[0]), "its rule says path, but " + why,
                 model_.statements.no_reference(table, *soft.rule));
    return false;
  }

  void reference(const ReferenceRule& rule) {
    const TableIndex index = find_table(rule.schema, rule.table);
    const TableIndex target = find_table(rule.target_schema, rule.target_table);
    if (index == kNoTable || target == kNoTable) return;
    SoftReference soft;
    soft.rule = &rule;
    soft.table = index;
    soft.target = target;
    soft.columns = find_columns(index, rule.columns);
    if (soft.columns.empty()) return;
    if (!rule.when_column.empty()) {
      const Column* when = find_column_of(index, rule.when_column);
      if (when == nullptr) return;
      soft.when_column = when->number;
      if (when->generated) {
        wrong(soft, "its when_column is a generated column, which is not in a backup");
        return;
      }
    }
    soft.path = is_path(soft);
    const bool plain = rule.json_path.empty() && rule.when_column.empty();
    if (plain && names_foreign_key(soft)) return;
    if (find_targets(soft) && leads_to_key(soft) && path_fits(soft) && shape_fits(soft) &&
        !contradicts(soft)) {
      const bool list = is_array(column_of(model_.table(index), soft.columns[0])) &&
                        !is_array(column_of(model_.table(target), soft.target_columns[0]));
      soft.can_route = rule.json_path.empty() && !list && !soft.path;
      model_.soft[index].push_back(soft);
    }
  }

  // On the columns of a foreign key a reference rule only says what to do with outside rows.
  bool names_foreign_key(const SoftReference& soft) {
    const ForeignKey* other = nullptr;
    bool found = false;
    for (const ForeignKey* fk : model_.keys_of[soft.table]) {
      if (fk->only_partition != 0 || !same_columns(fk->columns, soft.columns)) continue;
      if (fk->target != soft.target) {
        other = fk;
        continue;
      }
      model_.outside[fk] = soft.rule->outside;
      found = true;
    }
    if (found || other == nullptr) return found;
    const Table& table = model_.table(soft.table);
    model_.error(
        column_object(table, soft.rule->columns[0]),
        "its reference rule says " + display_table(model_.table(soft.target)) +
            ", but its foreign key " + display_name(other->name) + " says " +
            display_table(model_.table(other->target)),
        model_.statements.reference(table, soft.rule->columns, model_.table(other->target)));
    return true;
  }

  bool find_targets(SoftReference& soft) {
    const Table& target = model_.table(soft.target);
    if (!soft.rule->target_columns.empty()) {
      soft.target_columns = find_columns(soft.target, soft.rule->target_columns);
      return !soft.target_columns.empty();
    }
    for (const UniqueIndex& index : target.unique_indexes)
      if (index.primary) soft.target_columns = index.columns;
    if (soft.target_columns.empty())
      wrong(soft, "its reference rule names no target columns, and " + display_table(target) +
                      " has no primary key");
    return !soft.target_columns.empty();
  }

  bool leads_to_key(const SoftReference& soft) {
    if (is_key(soft.target, soft.target_columns)) return true;
    if (soft.rule->from_all) return false;  // is said of the rule, once
    model_.error(column_object(model_.table(soft.table), soft.rule->columns[0]),
                 no_key(soft.target, soft.target_columns),
                 unique(soft.target, soft.target_columns));
    return false;
  }

  // The elements of other arrays may be of somebody's type, with operators and casts of his own.
  bool elements_fit(const SoftReference& soft) {
    const Table& table = model_.table(soft.table);
    const Column& column = column_of(table, soft.columns[0]);
    const Column& target = column_of(model_.table(soft.target), soft.target_columns[0]);
    const bool whole = column.type_oid == target.type_oid;
    if (!column.type.ends_with("[]") || is_array(column) || whole) return true;
    model_.error(
        column_object(table, column.name),
        "its reference rule names array elements that cannot be translated: only those that are "
        "integers, UUIDs or texts, or of domains over them, can",
        model_.statements.no_reference(table, *soft.rule));
    return false;
  }

  bool shape_fits(const SoftReference& soft) {
    if (soft.columns.size() != soft.target_columns.size()) {
      wrong(soft, "its reference rule pairs " + std::to_string(soft.columns.size()) + " with " +
                      std::to_string(soft.target_columns.size()) + " columns of " +
                      display_table(model_.table(soft.target)));
      return false;
    }
    const Table& table = model_.table(soft.table);
    const bool json_path = !soft.rule->json_path.empty();
    if (!elements_fit(soft)) return false;
    for (int16_t number : soft.columns) {
      const Column& column = column_of(table, number);
      const bool json = column.family == TypeFamily::kJson;
      if (json == json_path && (soft.columns.size() == 1 || !(json || is_array(column)))) continue;
      model_.error(column_object(table, column.name),
                   json && !json_path ? "its reference rule needs a json_path"
                   : json_path && !json
                       ? "its reference rule has a json_path, but the column is not JSON"
                       : "its reference rule mixes an array or JSON with other columns",
                   model_.statements.no_reference(table, *soft.rule));
      return false;
    }
    return true;
  }

  // Two rules for the same values with different targets.
  bool contradicts(const SoftReference& soft) {
    for (const SoftReference& other : model_.soft[soft.table]) {
      const auto place = [](const ReferenceRule& rule) {
        return std::tie(rule.columns, rule.json_path, rule.when_column, rule.when_value);
      };
      if (place(*other.rule) != place(*soft.rule)) continue;
      wrong(soft, "two reference rules name this column");
      return true;
    }
    return false;
  }

  void wrong(const SoftReference& soft, const std::string& problem) {
    const Table& target = model_.table(soft.target);
    const std::vector<int16_t> key = pick_key(target);
    const bool fits = key.size() == soft.columns.size();
    model_.error(column_object(model_.table(soft.table), soft.rule->columns[0]), problem,
                 fits ? model_.statements.reference(model_.table(soft.table), soft.rule->columns,
                                                    target, column_names(target, key))
                      : model_.statements.no_reference(model_.table(soft.table), *soft.rule));
  }

  Model& model_;
};

}  // namespace

void resolve_rules(Model& model) {
  RuleReader(model).read();
}

}  // namespace company_backup
