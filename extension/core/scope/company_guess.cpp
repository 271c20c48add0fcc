#include "core/scope/company_guess.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/scope/scope_statements.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

// How much a table's name sounds like "one row per company".
int name_weight(const Table& table) {
  static const std::map<std::string, int> weights{
      {"company", 10},  {"tenant", 10},  {"organization", 8}, {"organisation", 8},
      {"workspace", 6}, {"business", 6}, {"account", 5},      {"shop", 4},
      {"store", 4},     {"team", 4},     {"client", 3}};
  const auto words = words_of(table.name);
  if (words.empty()) return 0;
  for (const std::string& form : noun_forms(words.back())) {
    const auto found = weights.find(form);
    if (found != weights.end()) return found->second * (words.size() == 1 ? 4 : 1);
  }
  return 0;
}

class CompanyGuess {
 public:
  CompanyGuess(const Schema& schema, const std::string& functions_schema)
      : schema_(schema), statements_(functions_schema), referring_(schema.tables.size()) {
    std::set<std::pair<TableIndex, int16_t>> in_foreign_key;
    for (const ForeignKey& fk : schema.foreign_keys) {
      if (fk.table != fk.target) referring_[fk.target].insert(fk.table);
      for (int16_t number : fk.columns) in_foreign_key.insert({fk.table, number});
    }
    for (TableIndex index = 0; index < static_cast<TableIndex>(schema.tables.size()); ++index)
      for (const Column& column : schema.tables[index].columns)
        if (!in_foreign_key.contains({index, column.number}))
          free_columns_[plain_name(column.name)].push_back({index, &column});
  }

  // Nothing if no table could be it.
  std::vector<Proposal> propose() const {
    TableIndex best = kNoTable;
    size_t best_score = 0;
    for (TableIndex index = 0; index < static_cast<TableIndex>(schema_.tables.size()); ++index) {
      const Column* key = key_of(index);
      if (key == nullptr || schema_.tables[index].of_extension) continue;
      const size_t uses = referring_[index].size() + scope_column(index, *key).tables;
      const size_t score = static_cast<size_t>(name_weight(schema_.tables[index])) * (1 + uses);
      if (score > best_score) {
        best = index;
        best_score = score;
      }
    }
    if (best == kNoTable) return {};
    Settings settings;
    settings.key_column = key_of(best)->name;
    settings.name_column = name_column(schema_.tables[best], *key_of(best));
    add_scope_column(best, *key_of(best), settings);
    return {{statements_.company_table(schema_.tables[best], settings), Confidence::kGuess,
             evidence(best, settings)}};
  }

  // The company table is set, but nothing leads to it: what scope_columns would help?
  std::vector<Proposal> propose_scope_columns(TableIndex company, Settings settings) const {
    const Column* key = find_column(schema_.tables[company], settings.key_column);
    if (key == nullptr || !add_scope_column(company, *key, settings)) return {};
    return {{statements_.company_table(schema_.tables[company], settings), Confidence::kLikely,
             evidence(company, settings)}};
  }

 private:
  std::string evidence(TableIndex company, const Settings& settings) const {
    std::string text =
        "foreign keys of " + counted_tables(referring_[company].size()) + " refer to it";
    if (settings.scope_columns.empty()) return text;
    const size_t tables =
        scope_column(company, *find_column(schema_.tables[company], settings.key_column)).tables;
    return text + "; " + counted_tables(tables) + " have a column " +
           display_name(settings.scope_columns.back()) + " without a foreign key";
  }

  static std::string counted_tables(size_t count) {
    return std::to_string(count) + (count == 1 ? " table" : " tables");
  }

  const Column* key_of(TableIndex index) const {
    for (const UniqueIndex& unique : schema_.tables[index].unique_indexes)
      if (unique.primary && unique.columns.size() == 1)
        return &column_of(schema_.tables[index], unique.columns[0]);
    return nullptr;
  }

  struct FreeColumn {
    TableIndex table;
    const Column* column;
  };

  struct ScopeColumn {
    std::string name;  // empty: there is none
    size_t tables = 0;
  };

  // The column of other tables, with no foreign key on it, that is named after this one:
  // "tenant_id" for "tenants". Of several spellings the most frequent.
  ScopeColumn scope_column(TableIndex company, const Column& key) const {
    std::set<std::string> names;
    for (const std::string& form : noun_forms(plain_name(schema_.tables[company].name)))
      names.insert({form + "_" + plain_name(key.name), form + "_id"});
    if (id_stem(key.name)) names.insert(plain_name(key.name));
    std::map<std::string, size_t> counts;
    for (const std::string& name : names) {
      const auto found = free_columns_.find(name);
      if (found == free_columns_.end()) continue;
      for (const FreeColumn& free : found->second)
        if (free.table != company && free.column->family == key.family) ++counts[free.column->name];
    }
    ScopeColumn best;
    for (const auto& [name, count] : counts)
      if (count > best.tables) best = {name, count};
    return best;
  }

  bool add_scope_column(TableIndex company, const Column& key, Settings& settings) const {
    const std::string name = scope_column(company, key).name;
    const auto& names = settings.scope_columns;
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return false;
    settings.scope_columns.push_back(name);
    return true;
  }

  static std::string name_column(const Table& table, const Column& key) {
    for (const char* wanted : {"name", "title", "label"})
      for (const Column& column : table.columns)
        if (plain_name(column.name) == wanted) return column.name;
    for (const char* wanted : {"name", "title", "label"})
      for (const Column& column : table.columns)
        if (column.family == TypeFamily::kText && plain_name(column.name).ends_with(wanted))
          return column.name;
    return key.name;
  }

  const Schema& schema_;
  Statements statements_;
  std::vector<std::set<TableIndex>> referring_;
  std::map<std::string, std::vector<FreeColumn>> free_columns_;  // by plain_name()
};

}  // namespace

std::vector<Proposal> propose_company_table(const Schema& schema,
                                            const std::string& functions_schema) {
  return CompanyGuess(schema, functions_schema).propose();
}

std::vector<Proposal> propose_scope_columns(const Schema& schema, TableIndex company,
                                            const Settings& settings,
                                            const std::string& functions_schema) {
  return CompanyGuess(schema, functions_schema).propose_scope_columns(company, settings);
}

}  // namespace company_backup
