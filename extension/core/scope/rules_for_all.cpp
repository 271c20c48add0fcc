#include "core/scope/rules_for_all.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/treatment.hpp"

namespace company_backup {
namespace {

bool is_among(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// Was it set for its table alone?
template <class Rule>
bool is_own(const Rule& rule) {
  return !is_for_all(rule) && !rule.from_all;
}

// A path says what stands in one place of a document, and nothing of the rest.
bool says_it_all(const ReferenceRule& rule) {
  return rule.json_path.empty();
}

// All IDs of its columns, whatever stands beside them.
bool is_plain(const ReferenceRule& rule) {
  return rule.json_path.empty() && rule.when_column.empty();
}

// Its values are not those of rows elsewhere.
bool stays_behind(ColumnTreatment treatment) {
  switch (treatment) {
    case ColumnTreatment::kSecret:
    case ColumnTreatment::kIdentity:
    case ColumnTreatment::kFile:
      return true;
    case ColumnTreatment::kData:
    case ColumnTreatment::kCounter:
    case ColumnTreatment::kGroup:
    case ColumnTreatment::kRenew:
    case ColumnTreatment::kPath:
      break;
  }
  return false;
}

bool has_all(const Table& table, const std::vector<std::string>& columns) {
  return std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return find_column(table, column) != nullptr;
  });
}

// Do both speak of the same values? Of two kinds each has its own.
bool speak_of_same(const ReferenceRule& a, const ReferenceRule& b) {
  if (a.json_path != b.json_path) return false;
  const bool other_kind =
      !a.when_column.empty() && !b.when_column.empty() &&
      std::tie(a.when_column, a.when_value) != std::tie(b.when_column, b.when_value);
  return !other_kind && std::any_of(a.columns.begin(), a.columns.end(), [&](const auto& column) {
    return is_among(b.columns, column);
  });
}

// Can one column hold what the other one has? Each element of an array can.
bool can_refer(const Column& column, const Column& key, bool alone) {
  if (is_array(key) || key.family == TypeFamily::kOther) return column.type_oid == key.type_oid;
  return same_values(column.family, key.family) ||
         (alone && element_family(column.family) == key.family);
}

bool fits(const ReferenceRule& rule, const Column& column, const Column& key) {
  if (!rule.json_path.empty()) return column.family == TypeFamily::kJson;
  return can_refer(column, key, rule.columns.size() == 1);
}

class TableRules {
 public:
  TableRules(const Schema& schema, const Rules& rules)
      : schema_(schema), rules_(rules), keys_(schema.tables.size()) {
    for (const auto* keys : {&schema.foreign_keys, &schema.unheld_keys})
      for (const ForeignKey& key : *keys) keys_[key.table].push_back(&key);
    for (const ColumnRule& rule : rules.columns)
      if (is_own(rule))
        ruled_columns_.insert({{rule.schema, rule.table, rule.column}, rule.treatment});
    for (const ReferenceRule& rule : rules.references)
      if (is_own(rule)) references_[{rule.schema, rule.table}].push_back(&rule);
    for (const TableRule& rule : rules.tables) ruled_tables_.insert({rule.schema, rule.table});
    ruled_tables_.insert({rules.settings.membership_schema, rules.settings.membership_table});
  }

  std::vector<ReferenceRule> apply(const ReferenceRule& rule) const {
    std::vector<ReferenceRule> applied;
    const TableIndex target = schema_.find(rule.target_schema, rule.target_table);
    if (target == kNoTable) return applied;
    const std::vector<int16_t> key = target_columns(schema_.tables[target], rule);
    if (key.size() != rule.columns.size()) return applied;
    for (TableIndex index = 0; index < size(); ++index) {
      if (!is_for(rule, index, target, key)) continue;
      applied.push_back(rule);
      applied.back().schema = schema_.tables[index].schema;
      applied.back().table = schema_.tables[index].name;
      applied.back().from_all = true;
    }
    return applied;
  }

  std::vector<ReferenceRule> all_references() const {
    std::vector<ReferenceRule> references;
    for (const ReferenceRule& rule : rules_.references)
      if (is_for_all(rule))
        for (ReferenceRule& applied : apply(rule)) references.push_back(std::move(applied));
    return references;
  }

  // `references`: those of all_references().
  std::vector<ColumnRule> apply(const ColumnRule& rule,
                                const std::vector<ReferenceRule>& references) const {
    std::set<std::pair<std::string, std::string>> refer;
    for (const ReferenceRule& reference : references)
      if (says_it_all(reference) && is_among(reference.columns, rule.column))
        refer.insert({reference.schema, reference.table});
    std::vector<ColumnRule> applied;
    for (TableIndex index = 0; index < size(); ++index) {
      const Table& table = schema_.tables[index];
      const Column* column = find_column(table, rule.column);
      if (column == nullptr || has_rule(table, rule.column)) continue;
      const bool refers =
          refer.contains({table.schema, table.name}) || is_reference(index, *column);
      if (!is_for(rule.treatment, index, *column, refers)) continue;
      applied.push_back(rule);
      applied.back().schema = table.schema;
      applied.back().table = table.name;
      applied.back().from_all = true;
    }
    return applied;
  }

  const ForeignKey* contradicting(const ColumnRule& rule, TableIndex index) const {
    const Table& table = schema_.tables[index];
    const Column* column = find_column(table, rule.column);
    if (column == nullptr || has_rule(table, rule.column) || !is_ours(table)) return nullptr;
    return key_on(index, *column);
  }

  TableIndex size() const { return static_cast<TableIndex>(schema_.tables.size()); }

 private:
  bool has_rule(const Table& table, const std::string& column) const {
    return ruled_columns_.contains({table.schema, table.name, column});
  }

  // Tables of extensions and of whoever has no right on the company's tables: what their columns
  // are called proves nothing, unless a rule says that they are known.
  bool is_ours(const Table& table) const {
    return (!table.of_extension && table.outsider.empty()) ||
           ruled_tables_.contains({table.schema, table.name}) ||
           references_.contains({table.schema, table.name});
  }

  const ForeignKey* key_on(TableIndex index, const Column& column) const {
    for (const ForeignKey* key : keys_[index])
      if (std::find(key->columns.begin(), key->columns.end(), column.number) != key->columns.end())
        return key;
    return nullptr;
  }

  bool is_scope_column(const Column& column) const {
    return is_among(rules_.settings.scope_columns, column.name);
  }

  // As its foreign key or a reference rule of the table says.
  bool is_reference(TableIndex index, const Column& column) const {
    if (key_on(index, column) != nullptr) return true;
    const Table& table = schema_.tables[index];
    const auto own = references_.find({table.schema, table.name});
    return own != references_.end() &&
           std::any_of(own->second.begin(), own->second.end(), [&](const ReferenceRule* rule) {
             return says_it_all(*rule) && is_among(rule->columns, column.name);
           });
  }

  bool is_company_key(const Table& table, const Column& column) const {
    const Settings& settings = rules_.settings;
    return table.schema == settings.company_schema && table.name == settings.company_table &&
           column.name == settings.key_column;
  }

  // What is to stay behind, stays behind in any case. The others say what kind of values there are,
  // which references already tell.
  bool is_for(ColumnTreatment treatment, TableIndex index, const Column& column,
              bool refers) const {
    if (stays_behind(treatment)) return true;
    if (treatment == ColumnTreatment::kPath && !can_be_path(index, column)) return false;
    if (!gives_new_values(treatment)) return !refers && !is_scope_column(column);
    const bool numbers =
        column.family == TypeFamily::kInteger || column.family == TypeFamily::kUuid;
    return numbers && !refers && !column.generated && !is_scope_column(column) &&
           !is_company_key(schema_.tables[index], column);
  }

  bool can_be_path(TableIndex index, const Column& column) const {
    return own_path_key(schema_.tables[index]) != nullptr &&
           why_no_path(schema_, index, column).empty();
  }

  bool is_for(const ReferenceRule& rule, TableIndex index, TableIndex target,
              const std::vector<int16_t>& key) const {
    const Table& table = schema_.tables[index];
    if (!has_all(table, needed_columns(rule)) || !is_ours(table)) return false;
    const std::vector<const Column*> columns = named_columns(table, rule.columns);
    if (has_key(index, columns) || has_own_rule(table, rule)) return false;
    if (!rule.when_column.empty() && find_column(table, rule.when_column)->generated) return false;
    for (size_t i = 0; i < columns.size(); ++i) {
      const Column& there = column_of(schema_.tables[target], key[i]);
      if (columns[i]->generated || !fits(rule, *columns[i], there)) return false;
    }
    return index != target || !is_key_itself(columns, key);
  }

  static std::vector<const Column*> named_columns(const Table& table,
                                                  const std::vector<std::string>& list) {
    std::vector<const Column*> columns;
    for (const std::string& name : list) columns.push_back(find_column(table, name));
    return columns;
  }

  static bool is_key_itself(const std::vector<const Column*>& columns,
                            const std::vector<int16_t>& key) {
    return std::equal(
        columns.begin(), columns.end(), key.begin(), key.end(),
        [](const Column* column, int16_t number) { return column->number == number; });
  }

  // A foreign key that has all the columns.
  bool has_key(TableIndex index, const std::vector<const Column*>& columns) const {
    return std::any_of(keys_[index].begin(), keys_[index].end(), [&](const ForeignKey* key) {
      return std::all_of(columns.begin(), columns.end(), [&](const Column* column) {
        return std::find(key->columns.begin(), key->columns.end(), column->number) !=
               key->columns.end();
      });
    });
  }

  bool has_own_rule(const Table& table, const ReferenceRule& rule) const {
    if (std::any_of(rule.columns.begin(), rule.columns.end(), [&](const std::string& column) {
          const auto own = ruled_columns_.find({table.schema, table.name, column});
          return own != ruled_columns_.end() && (says_it_all(rule) || stays_behind(own->second));
        }))
      return true;
    const auto own = references_.find({table.schema, table.name});
    return own != references_.end() &&
           std::any_of(own->second.begin(), own->second.end(),
                       [&](const ReferenceRule* other) { return speak_of_same(rule, *other); });
  }

  const Schema& schema_;
  const Rules& rules_;
  std::vector<std::vector<const ForeignKey*>> keys_;  // by table, also those that nobody enforces
  std::map<std::tuple<std::string, std::string, std::string>, ColumnTreatment> ruled_columns_;
  std::set<std::pair<std::string, std::string>> ruled_tables_;
  std::map<std::pair<std::string, std::string>, std::vector<const ReferenceRule*>> references_;
};

}  // namespace

void apply_to_tables(const Schema& schema, Rules& rules) {
  std::vector<ColumnRule> columns;
  const TableRules tables(schema, rules);
  const std::vector<ReferenceRule> references = tables.all_references();
  for (const ColumnRule& rule : rules.columns)
    if (is_for_all(rule))
      for (ColumnRule& applied : tables.apply(rule, references)) columns.push_back(applied);
  rules.references.insert(rules.references.end(), references.begin(), references.end());
  rules.columns.insert(rules.columns.end(), columns.begin(), columns.end());
}

size_t tables_of(const Schema& schema, const Rules& rules, const ReferenceRule& rule) {
  return TableRules(schema, rules).apply(rule).size();
}

size_t tables_of(const Schema& schema, const Rules& rules, const ColumnRule& rule) {
  const TableRules tables(schema, rules);
  return tables.apply(rule, tables.all_references()).size();
}

bool is_left_out(const Schema& schema, const Rules& rules, TableIndex table, const Column& column) {
  const auto leaves_out = [&](const ReferenceRule& rule) {
    if (!is_for_all(rule) || !is_among(rule.columns, column.name)) return false;
    if (!has_all(schema.tables[table], needed_columns(rule))) return false;
    const TableIndex target = schema.find(rule.target_schema, rule.target_table);
    if (target == kNoTable) return false;
    const std::vector<int16_t> key = target_columns(schema.tables[target], rule);
    if (key.size() != rule.columns.size()) return false;
    const auto named = std::find(rule.columns.begin(), rule.columns.end(), column.name);
    const int16_t there = key[static_cast<size_t>(named - rule.columns.begin())];
    const bool is_key_itself = table == target && there == column.number;
    return !is_key_itself && !fits(rule, column, column_of(schema.tables[target], there));
  };
  return std::any_of(rules.references.begin(), rules.references.end(), leaves_out);
}

bool has_columns(const Schema& schema, const std::vector<std::string>& columns) {
  return std::any_of(schema.tables.begin(), schema.tables.end(),
                     [&](const Table& table) { return has_all(table, columns); });
}

std::vector<std::string> needed_columns(const ReferenceRule& rule) {
  std::vector<std::string> columns = rule.columns;
  if (!rule.when_column.empty()) columns.push_back(rule.when_column);
  return columns;
}

bool is_stale(const Schema& schema, const ColumnRule& rule) {
  return !has_columns(schema, {rule.column});
}

bool is_stale(const Schema& schema, const ReferenceRule& rule) {
  const TableIndex target = schema.find(rule.target_schema, rule.target_table);
  return target == kNoTable || !has_all(schema.tables[target], rule.target_columns) ||
         !has_columns(schema, needed_columns(rule));
}

std::vector<int16_t> target_columns(const Table& target, const ReferenceRule& rule) {
  std::vector<int16_t> numbers;
  if (rule.target_columns.empty()) {
    for (const UniqueIndex& index : target.unique_indexes)
      if (index.primary) return index.columns;
    return numbers;
  }
  if (!has_all(target, rule.target_columns)) return numbers;
  for (const std::string& name : rule.target_columns)
    numbers.push_back(find_column(target, name)->number);
  return numbers;
}

std::vector<const ForeignKey*> contradicting_keys(const Schema& schema, const Rules& rules,
                                                  const ColumnRule& rule) {
  std::vector<const ForeignKey*> keys;
  const TableRules tables(schema, rules);
  for (TableIndex index = 0; index < tables.size(); ++index)
    if (const ForeignKey* key = tables.contradicting(rule, index)) keys.push_back(key);
  return keys;
}

std::optional<std::string> said_otherwise(const Rules& rules, const ColumnRule& rule) {
  if (is_among(rules.settings.scope_columns, rule.column))
    return "it is a scope column, which holds the company's key";
  for (const ReferenceRule& other : rules.references)
    if (is_for_all(other) && is_plain(other) && is_among(other.columns, rule.column))
      return "a reference rule for all tables says that it refers to " +
             display_name(other.target_schema) + "." + display_name(other.target_table);
  return std::nullopt;
}

std::optional<std::string> said_otherwise(const Rules& rules, const ReferenceRule& rule) {
  const Settings& settings = rules.settings;
  const bool to_company =
      rule.target_schema == settings.company_schema && rule.target_table == settings.company_table;
  if (!is_plain(rule)) return std::nullopt;
  if (rule.columns.size() == 1 && !to_company && is_among(settings.scope_columns, rule.columns[0]))
    return "it is a scope column, which holds the company's key";
  for (const ColumnRule& other : rules.columns)
    if (is_for_all(other) && is_among(rule.columns, other.column))
      return "a column rule for all tables says " + std::string(to_text(other.treatment));
  return std::nullopt;
}

}  // namespace company_backup
