#include "pg/load/free_identity.hpp"

#include <algorithm>
#include <optional>

#include "core/scope/column_roots.hpp"
#include "core/scope/sql.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

bool is_among(const std::vector<int16_t>& numbers, int16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

class IdentityColumns {
 public:
  IdentityColumns(const LiveScope& live, RowSource& source) : live_(live), source_(source) {}

  bool is_free(const MatchedTable& table, size_t position) {
    const Column& column = *table.columns[position];
    if (column.equality.empty() || refers(table, column.number)) return false;
    return is_told_apart(table, column.number) || !is_taken(table, position);
  }

 private:
  // Or is the company's key, which is decided elsewhere.
  bool refers(const MatchedTable& table, int16_t number) {
    const TableIndex index = table.scoped->table;
    if (index == live_.scope.company_table && number == live_.scope.company_key) return true;
    const auto by_key = [&](const ForeignKey& key) {
      return key.table == index && is_among(key.columns, number);
    };
    const auto by_rule = [&](const Reference& reference) {
      return reference.table == index && is_among(reference.columns, number);
    };
    return std::any_of(live_.schema.foreign_keys.begin(), live_.schema.foreign_keys.end(),
                       by_key) ||
           std::any_of(live_.scope.references.begin(), live_.scope.references.end(), by_rule) ||
           follows_company(index, number);
  }

  bool follows_company(TableIndex table, int16_t number) {
    if (!roots_) roots_.emplace(live_.schema, live_.scope);
    const std::vector<ColumnRoot>& roots = roots_->of(table, number);
    return std::any_of(roots.begin(), roots.end(), [&](const ColumnRoot& root) {
      return root.table == live_.scope.company_table && root != ColumnRoot{table, number};
    });
  }

  // Has each of its unique indexes the company, too?
  bool is_told_apart(const MatchedTable& table, int16_t number) {
    bool any = false;
    for (const UniqueIndex& index : table.table->unique_indexes) {
      if (!is_among(index.used, number)) continue;
      any = true;
      const bool has_company = std::any_of(
          index.columns.begin(), index.columns.end(),
          [&](int16_t other) { return other != 0 && follows_company(table.scoped->table, other); });
      if (!has_company) return false;
    }
    return any;
  }

  bool is_taken(const MatchedTable& table, size_t position) {
    const std::vector<const Column*> columns{table.columns[position]};
    const std::string sql = "SELECT FROM " + unnested(columns) + " JOIN " +
                            from_table(*table.table) + " AS t ON " + equals_key(columns, "t") +
                            " LIMIT 1";
    KeyBatch batch(columns);
    bool taken = false;
    const auto look_up = [&] {
      if (!batch.empty() && !taken) {
        BatchMemory memory;
        taken = !query(sql, batch.arrays(), Access::kWrite).empty();
        memory.close();
      }
      batch.clear();
    };
    source_.read(table, {position}, [&](const std::vector<RowValue>& row) {
      const Text value = taken ? Text() : text_form(*columns[0], row[position]);
      if (!value) return;
      batch.add(key_line({*value}));
      if (batch.full()) look_up();
    });
    look_up();
    return taken;
  }

  const LiveScope& live_;
  RowSource& source_;
  std::optional<ColumnRoots> roots_;
};

}  // namespace

MovedColumns free_identity(const LiveScope& live, const Manifest& manifest, RowSource& source) {
  MovedColumns moved;
  const auto is_identity = [](const ColumnRule& rule) {
    return rule.treatment == ColumnTreatment::kIdentity;
  };
  if (std::none_of(live.rules.columns.begin(), live.rules.columns.end(), is_identity)) return moved;
  IdentityColumns columns(live, source);
  for (const MatchedTable& table :
       match_archive(manifest, live.schema, live.rules, live.scope, {.same_company = true})) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const Column& column = *table.columns[i];
      if (column_treatment(live.rules, *table.table, column.name) != ColumnTreatment::kIdentity)
        continue;
      if (columns.is_free(table, i)) moved.insert({table.scoped->table, column.number});
    }
  }
  return moved;
}

}  // namespace company_backup
