// Columns that ask for a decision. Of travelling tables: secrets, IDs no foreign key explains,
// JSON. Of others: IDs no foreign key explains that their rows are found again by.
#include <algorithm>
#include <unordered_map>

#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/smells.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

bool contains(const std::vector<int16_t>& columns, int16_t number) {
  return std::find(columns.begin(), columns.end(), number) != columns.end();
}

class ColumnCheck {
 public:
  ColumnCheck(Model& model, const Scope& scope)
      : model_(model), scope_(scope), company_names_(model) {
    for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index)
      for (const std::string& form : noun_forms(plain_name(model.table(index).name)))
        tables_named_[form].push_back(index);
  }

  void check() {
    for (const ScopedTable& scoped : scope_.tables) {
      if (!scoped.travels()) continue;
      for (const Column& column : model_.table(scoped.table).columns) check(scoped, column);
    }
    for (TableIndex index : model_.matched) {
      const ScopedTable& scoped = *scope_.find(index);
      if (scoped.travels()) continue;
      for (const std::string& name : scoped.match_columns)
        if (const Column* column = find_column(model_.table(index), name))
          check_match(scoped, *column);
    }
  }

 private:
  void check(const ScopedTable& scoped, const Column& column) {
    if (const ColumnRule* rule = model_.column_rule(scoped.table, column.name)) {
      check_value(scoped.table, column, *rule);
      return;
    }
    if (column.generated || has_foreign_key(model_, scoped.table, column.number)) return;
    if (is_in_reference(scoped.table, column) || has_unheld_key(scoped.table, column)) return;
    if (looks_like_secret(model_.table(scoped.table), column))
      ask(scoped.table, column, "its name looks like a secret", ColumnTreatment::kSecret);
    else if (looks_like_id(scoped, column))
      ask_id(scoped.table, column);
    else if (is_left_out(column))
      model_.notice(column_object(model_.table(scoped.table), column.name),
                    "a rule for all tables says what columns of this name refer to, but not this "
                    "one, whose type is " +
                        column.type,
                    model_.statements.column_rule(model_.table(scoped.table), column.name,
                                                  ColumnTreatment::kData));
    else if (column.family == TypeFamily::kJson)
      model_.notice(column_object(model_.table(scoped.table), column.name),
                    "JSON may hold IDs; no rule says whether it does",
                    model_.statements.column_rule(model_.table(scoped.table), column.name,
                                                  ColumnTreatment::kData));
  }

  // Its type does not fit a reference rule for all tables.
  bool is_left_out(const Column& column) const {
    const auto& rules = model_.rules.references;
    return std::any_of(rules.begin(), rules.end(), [&](const ReferenceRule& rule) {
      return is_for_all(rule) && rule.json_path.empty() && rule.when_column.empty() &&
             rule.columns == std::vector{column.name};
    });
  }

  // In another database the row with this ID is another one, unless it is known what it refers to.
  // UUIDs and texts are the same everywhere, or nowhere else.
  void check_match(const ScopedTable& scoped, const Column& column) {
    const TableIndex index = scoped.table;
    if (model_.column_rule(index, column.name) != nullptr || column.generated) return;
    if (has_foreign_key(model_, index, column.number) || is_in_reference(index, column)) return;
    if (!looks_like_id(scoped, column)) return;
    const TableIndex target =
        company_names_.match(column) ? model_.company : target_of(index, column, holds_numbers);
    // A number that alone tells the rows apart, and is named after no table, is meant to.
    const bool is_number = element_family(column.family) == TypeFamily::kInteger;
    if (target == kNoTable && (!is_number || scoped.match_columns.size() == 1)) return;
    const Table& table = model_.table(index);
    model_.error(column_object(table, column.name),
                 "its rows are matched by this column, which looks like an ID, but no foreign key "
                 "says of what: in another database the same number is another row" +
                     std::string(target == kNoTable
                                     ? "; the statement is right only if it is the same everywhere"
                                     : ""),
                 target == kNoTable
                     ? model_.statements.column_rule(table, column.name, ColumnTreatment::kData)
                     : reference_to(index, column, target));
  }

  // A value that is in no backup, or not in every backup, and that a row must have.
  void check_value(TableIndex index, const Column& column, const ColumnRule& rule) {
    if (!rule.replacement.empty() || !column.not_null || column.has_default || column.identity)
      return;
    std::string problem;
    if (rule.treatment == ColumnTreatment::kSecret)
      problem =
          "it is secret, NOT NULL and has no default: existing rows keep it, but a restore cannot "
          "add any";
    else if (rule.treatment == ColumnTreatment::kFile)
      problem =
          "it is a file, NOT NULL and has no default: a restore from a backup without files cannot "
          "add rows";
    if (problem.empty()) return;
    model_.warning(column_object(model_.table(index), column.name), problem,
                   model_.statements.value_for(model_.table(index), column, rule.treatment));
  }

  bool is_in_reference(TableIndex index, const Column& column) const {
    return std::any_of(
        model_.soft[index].begin(), model_.soft[index].end(), [&](const SoftReference& soft) {
          return contains(soft.columns, column.number) || soft.rule->when_column == column.name;
        });
  }

  // Is asked about as a whole.
  bool has_unheld_key(TableIndex index, const Column& column) const {
    const auto& keys = model_.schema.unheld_keys;
    return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey& key) {
      return key.table == index && contains(key.columns, column.number);
    });
  }

  bool looks_like_id(const ScopedTable& scoped, const Column& column) const {
    if (!can_hold_id(column) || column.identity) return false;
    if (model_.is_scope_column(scoped.table, column)) return false;
    if (is_known_company_column(scoped.table, column)) return false;
    const auto stem = id_stem(column.name);
    if (!stem) return scoped.table != model_.company && company_names_.match(column);
    return !is_own_id(scoped.table, column, *stem);
  }

  // The company row's own columns: its key, and what set_company_table calls its identity.
  bool is_known_company_column(TableIndex index, const Column& column) const {
    if (index != model_.company) return false;
    if (column.number == model_.key->number) return true;
    const auto& identity = model_.rules.settings.identity_columns;
    return identity &&
           std::find(identity->begin(), identity->end(), column.name) != identity->end();
  }

  // The table's own ID: alone the primary key; unique and named after the table; or unique alone
  // and either made by a default or what foreign keys refer to.
  bool is_own_id(TableIndex index, const Column& column, const std::string& stem) const {
    const Table& table = model_.table(index);
    const std::vector<int16_t> alone{column.number};
    for (const UniqueIndex& unique : table.unique_indexes) {
      if (!contains(unique.columns, column.number)) continue;
      if (unique.columns == alone && !unique.partial &&
          (unique.primary || (column.not_null && column.has_default) || is_target(index, alone)))
        return true;
      const auto own = noun_forms(plain_name(table.name));
      if (std::find(own.begin(), own.end(), stem) != own.end()) return true;
    }
    return false;
  }

  bool is_target(TableIndex index, const std::vector<int16_t>& columns) const {
    const auto& keys = model_.keys_to[index];
    return std::any_of(keys.begin(), keys.end(),
                       [&](const ForeignKey* fk) { return fk->target_columns == columns; });
  }

  void ask(TableIndex index, const Column& column, const std::string& problem,
           ColumnTreatment treatment) {
    const Table& table = model_.table(index);
    model_.error(column_object(table, column.name), problem,
                 model_.statements.column_rule(table, column.name, treatment));
  }

  void ask_id(TableIndex index, const Column& column) {
    const Table& table = model_.table(index);
    const std::string object = column_object(table, column.name);
    if (const Column* type = type_column(table, column)) {
      model_.open_kinds.push_back({index, column.number, type->number});
      model_.error(object,
                   "it looks like an ID whose table is named by " + display_name(type->name) +
                       "; for each value say which table it means: set_reference(..., when_column "
                       "=> " +
                       quote_literal(type->name) +
                       ", when_value => ...); if they refer to no table, say "
                       "set_column_rule(..., 'data')",
                   "");
      return;
    }
    const std::string problem = "it looks like an ID, but no foreign key says of what";
    const TableIndex target =
        company_names_.match(column) ? model_.company : target_of(index, column, same_family);
    if (target == kNoTable) {
      // An ID of the company row itself belongs to it alone: a clone must not share it.
      ask(index, column, problem,
          index == model_.company ? ColumnTreatment::kIdentity : ColumnTreatment::kData);
      return;
    }
    model_.error(object, problem, reference_to(index, column, target));
  }

  std::string reference_to(TableIndex index, const Column& column, TableIndex target) const {
    const std::vector<int16_t> key =
        target == model_.company ? std::vector{model_.key->number} : pick_key(model_.table(target));
    return model_.statements.reference(model_.table(index), {column.name}, model_.table(target),
                                       named_columns(target, key));
  }

  // Target columns as set_reference needs them: none for the primary key.
  std::vector<std::string> named_columns(TableIndex target, const std::vector<int16_t>& key) const {
    for (const UniqueIndex& unique : model_.table(target).unique_indexes)
      if (unique.primary && unique.columns == key) return {};
    return column_names(model_.table(target), key);
  }

  // Can the column hold the key?
  using Fits = bool (*)(const Column& column, const Column& key);

  static bool same_family(const Column& column, const Column& key) {
    return key.family == element_family(column.family);
  }

  // As numbers or as texts.
  static bool holds_numbers(const Column& column, const Column& key) {
    const TypeFamily family = element_family(column.family);
    return key.family == TypeFamily::kInteger &&
           (family == TypeFamily::kInteger || family == TypeFamily::kText);
  }

  // The one table the column is named after, with a key of one column that fits. What stands before
  // it says the part it plays: "received_on_bill_id" is a bill. Only a proposal: if it is wrong,
  // the reference check says so, while "data" would be silent.
  TableIndex target_of(TableIndex index, const Column& column, Fits fits) const {
    const auto stem = id_stem(column.name);
    if (!stem) return kNoTable;
    for (size_t start = 0;;) {
      const std::vector<TableIndex> found = tables_named(index, column, stem->substr(start), fits);
      if (!found.empty()) return found.size() == 1 ? found[0] : kNoTable;
      start = stem->find('_', start);
      if (start++ == std::string::npos) return kNoTable;
    }
  }

  std::vector<TableIndex> tables_named(TableIndex index, const Column& column,
                                       const std::string& noun, Fits fits) const {
    std::vector<TableIndex> found;
    for (const std::string& form : noun_forms(noun)) {
      const auto named = tables_named_.find(form);
      if (named == tables_named_.end()) continue;
      for (TableIndex target : named->second)
        if (const Column* key = only_key(target); key != nullptr && fits(column, *key))
          found.push_back(target);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    const auto elsewhere = [&](TableIndex target) {
      return model_.table(target).schema != model_.table(index).schema;
    };
    // Of equal names in several schemas, the one next to it.
    if (found.size() > 1 && !std::all_of(found.begin(), found.end(), elsewhere))
      std::erase_if(found, elsewhere);
    return found;
  }

  // The column that alone is the table's key; null: there is none.
  const Column* only_key(TableIndex target) const {
    const std::vector<int16_t> key = pick_key(model_.table(target));
    return key.size() == 1 ? &column_of(model_.table(target), key[0]) : nullptr;
  }

  Model& model_;
  const Scope& scope_;
  CompanyNames company_names_;
  std::unordered_map<std::string, std::vector<TableIndex>> tables_named_;
};

}  // namespace

void check_columns(Model& model, const Scope& scope) {
  ColumnCheck(model, scope).check();
}

}  // namespace company_backup
