// Foreign keys that nobody enforces, temporal ones, and those of a table that others inherit from:
// none of them guarantees what a restore relies on.
#include <algorithm>

#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

class UnheldKeys {
 public:
  UnheldKeys(Model& model, const Scope& scope) : model_(model), scope_(scope) {}

  void check() {
    for (const ForeignKey& key : model_.schema.unheld_keys) {
      if (key.temporal)
        ask_temporal(key);
      else if (matters(key) && !is_settled(key))
        ask_unenforced(key);
    }
    for (TableIndex index = 0; index < static_cast<TableIndex>(model_.size()); ++index)
      if (model_.table(index).is_child && travels(index)) ask_inherited(index);
  }

 private:
  bool travels(TableIndex index) const {
    const ScopedTable* scoped = scope_.find(index);
    return scoped != nullptr && scoped->travels();
  }

  // Its table travels, or would be known to belong to a company if the key were enforced.
  bool matters(const ForeignKey& key) const {
    if (travels(key.table)) return true;
    const ScopedTable* target = scope_.find(key.target);
    return model_.rule[key.table] == nullptr && target != nullptr && target->owned();
  }

  bool is_settled(const ForeignKey& key) const {
    const auto& soft = model_.soft[key.table];
    const bool declared = std::any_of(soft.begin(), soft.end(), [&](const SoftReference& one) {
      return one.target == key.target && same_columns(one.columns, key.columns);
    });
    return declared || std::all_of(key.columns.begin(), key.columns.end(), [&](int16_t number) {
             const Column& column = column_of(model_.table(key.table), number);
             return model_.column_rule(key.table, column.name) != nullptr;
           });
  }

  void ask_unenforced(const ForeignKey& key) {
    ask(key, "its foreign key " + display_name(key.name) +
                 " is NOT ENFORCED: values that lead nowhere, or to another company, are "
                 "possible");
  }

  // The columns are inherited, and mean what they mean there. The keys are not.
  void ask_inherited(TableIndex index) {
    for (TableIndex parent = 0; parent < static_cast<TableIndex>(model_.size()); ++parent) {
      if (!has_all_columns_of(model_.table(index), model_.table(parent))) continue;
      for (const ForeignKey* key : model_.keys_of[parent]) {
        ForeignKey own = *key;
        own.table = index;
        for (int16_t& number : own.columns) number = here(index, parent, number);
        if (!has_key(own) && !is_scope_column(own) && !is_settled(own)) {
          ask(own, "it is inherited from " + display_table(model_.table(parent)) +
                       ", but foreign key " + display_name(key->name) +
                       " is not: nothing says what its values refer to here");
        }
      }
    }
  }

  int16_t here(TableIndex index, TableIndex parent, int16_t number) const {
    const std::string& name = column_of(model_.table(parent), number).name;
    return find_column(model_.table(index), name)->number;
  }

  bool has_key(const ForeignKey& own) const {
    const auto& keys = model_.keys_of[own.table];
    return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey* key) {
      return same_columns(key->columns, own.columns);
    });
  }

  bool is_scope_column(const ForeignKey& key) const {
    return key.target == model_.company && key.columns.size() == 1 &&
           model_.is_scope_column(key.table, column_of(model_.table(key.table), key.columns[0]));
  }

  void ask(const ForeignKey& key, const std::string& problem) {
    const Table& table = model_.table(key.table);
    const Table& target = model_.table(key.target);
    const std::vector<std::string> columns = column_names(table, key.columns);
    const bool to_primary = std::any_of(
        target.unique_indexes.begin(), target.unique_indexes.end(), [&](const UniqueIndex& index) {
          return index.primary && index.columns == key.target_columns;
        });
    model_.error(
        columns.size() == 1 ? column_object(table, columns[0]) : display_table(table), problem,
        model_.statements.reference(
            table, columns, target,
            to_primary ? std::vector<std::string>() : column_names(target, key.target_columns)));
  }

  void ask_temporal(const ForeignKey& key) {
    const bool source_travels = travels(key.table);
    if (!source_travels && !travels(key.target)) return;
    const Table& table = model_.table(key.table);
    const TableIndex excluded = source_travels ? key.table : key.target;
    model_.error(
        display_table(table),
        "its foreign key " + display_name(key.name) +
            " compares periods (PERIOD), which a restore cannot enforce: exclude both tables "
            "or drop the key",
        excluded == model_.company
            ? "ALTER TABLE " + display_table(table) + " DROP CONSTRAINT " + display_name(key.name) +
                  ";"
            : model_.statements.table_rule(
                  model_.table(excluded),
                  proposed_rule(TableTreatment::kExcluded, "a temporal foreign key is on it")));
  }

  Model& model_;
  const Scope& scope_;
};

}  // namespace

void check_unheld_keys(Model& model, const Scope& scope) {
  UnheldKeys(model, scope).check();
}

}  // namespace company_backup
