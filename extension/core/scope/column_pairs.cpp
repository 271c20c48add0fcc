#include "core/scope/column_pairs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

constexpr size_t kMostColumns = 4;    // of a key
constexpr size_t kMostKeys = 20;      // that the same columns could be
constexpr size_t kMostPairs = 2'000;  // in all

struct CompositeKey {
  TableIndex table;
  std::vector<int16_t> columns;
};

class PairFinder {
 public:
  explicit PairFinder(const Schema& schema) : schema_(schema) {
    for (TableIndex table = 0; table < static_cast<TableIndex>(schema.tables.size()); ++table) {
      add_keys(table);
    }
    for (const ForeignKey& key : schema.foreign_keys) {
      for (const int16_t column : key.columns) explained_.insert({key.table, column});
    }
  }

  std::vector<ColumnPair> find() {
    if (keys_.empty()) return {};
    for (TableIndex table = 0; table < static_cast<TableIndex>(schema_.tables.size()); ++table) {
      std::set<std::string> seen;
      for (const Column& column : schema_.tables[table].columns) look_at(table, column.name, seen);
    }
    return std::move(pairs_);
  }

 private:
  void add_keys(TableIndex index) {
    const Table& table = schema_.tables[index];
    std::set<std::vector<int16_t>> seen;
    for (const UniqueIndex& unique : table.unique_indexes) {
      const auto is_strange = [&](int16_t number) {
        return number == 0 || !is_own_type(column_of(table, number)) ||
               column_of(table, number).equality.empty();
      };
      if (unique.partial || unique.columns.size() < 2 || unique.columns.size() > kMostColumns ||
          std::any_of(unique.columns.begin(), unique.columns.end(), is_strange) ||
          !seen.insert(unique.columns).second)
        continue;
      for (const int16_t number : unique.columns) {
        by_column_[column_of(table, number).name].push_back(keys_.size());
      }
      keys_.push_back({index, unique.columns});
    }
  }

  // "task_inserted_at" is the inserted_at of a task, or the at of something that is inserted.
  void look_at(TableIndex table, const std::string& name, std::set<std::string>& seen) {
    for (size_t at = name.find('_'); at != std::string::npos; at = name.find('_', at + 1)) {
      const auto found = by_column_.find(name.substr(at + 1));
      if (found == by_column_.end() || !seen.insert(name.substr(0, at)).second) continue;
      add_pairs(table, name.substr(0, at));
    }
  }

  void add_pairs(TableIndex table, const std::string& prefix) {
    const auto forms = noun_forms(plain_name(prefix));
    std::vector<ColumnPair> pairs;
    for (const CompositeKey& key : keys_) {
      const auto names = noun_forms(plain_name(schema_.tables[key.table].name));
      const bool named =
          std::find_first_of(forms.begin(), forms.end(), names.begin(), names.end()) != forms.end();
      ColumnPair pair{table, key.table, {}, key.columns, {}, named};
      if (fill(pair, prefix)) pairs.push_back(std::move(pair));
    }
    const auto is_named = [](const ColumnPair& pair) { return pair.named; };
    if (std::any_of(pairs.begin(), pairs.end(), is_named)) {
      std::erase_if(pairs, [&](const ColumnPair& pair) { return !is_named(pair); });
    }
    if (pairs.size() > kMostKeys || pairs_.size() + pairs.size() > kMostPairs) return;
    pairs_.insert(pairs_.end(), pairs.begin(), pairs.end());
  }

  // With the columns that have the prefix, and for some of the key's, if the table is named, those
  // of the same name.
  bool fill(ColumnPair& pair, const std::string& prefix) const {
    const Table& table = schema_.tables[pair.table];
    for (const int16_t number : pair.key) {
      const Column& wanted = column_of(schema_.tables[pair.target], number);
      const Column* column = find_column(table, prefix + "_" + wanted.name);
      const bool own = column != nullptr;
      if (!own && pair.named) column = find_column(table, wanted.name);
      if (column == nullptr || column->generated || !is_own_type(*column) ||
          common_equality(wanted, *column).empty())
        return false;
      if (own && explained_.contains({pair.table, column->number})) return false;
      if (own) pair.own.push_back(column->number);
      pair.columns.push_back(column->number);
    }
    return !pair.own.empty();
  }

  const Schema& schema_;
  std::vector<CompositeKey> keys_;
  std::map<std::string, std::vector<size_t>> by_column_;
  std::set<std::pair<TableIndex, int16_t>> explained_;  // by foreign keys
  std::vector<ColumnPair> pairs_;
};

}  // namespace

std::vector<ColumnPair> column_pairs(const Schema& schema) {
  return PairFinder(schema).find();
}

}  // namespace company_backup
