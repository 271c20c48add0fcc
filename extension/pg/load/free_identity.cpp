#include "pg/load/free_identity.hpp"

#include <algorithm>
#include <optional>

#include "core/scope/column_roots.hpp"
#include "core/scope/sql.hpp"
#include "pg/load/adoptable.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

bool is_among(const std::vector<int16_t>& numbers, int16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// Do lines of an archive have the values as PostgreSQL prints them, so that they can be found
// there?
bool is_printed(const Column& column) {
  switch (column.family) {
    case TypeFamily::kInteger:
    case TypeFamily::kText:
    case TypeFamily::kUuid:
      return true;
    default:
      return false;
  }
}

bool must_have_value(const LiveScope& live, const Table& table, const Column& column) {
  if (!column.not_null || column.has_default || column.identity) return false;
  const ColumnRule* rule = column_rule(live.rules, table, column.name);
  return rule == nullptr || rule->replacement.empty();
}

class IdentityColumns {
 public:
  IdentityColumns(const LiveScope& live, RowSource& source, const IdentityWay& way)
      : live_(live), source_(source), way_(way) {}

  void settle(const MatchedTable& table, size_t position, MovedIdentity& moved) {
    const Column& column = *table.columns[position];
    if (column.equality.empty() || refers(table, column.number)) return;
    const std::pair<TableIndex, int16_t> place{table.scoped->table, column.number};
    if (is_told_apart(table, column.number)) {
      moved.moved.insert(place);
      return;
    }
    std::set<std::string> taken = taken_values(table, position);
    if (taken.empty()) {
      moved.moved.insert(place);
      return;
    }
    // What a row cannot be without is loaded all the same, and refused by the index.
    if (must_have_value(live_, *table.table, column)) return;
    moved.taken[place] = std::move(taken);
    const bool one_by_one = is_printed(column) && table.scoped->table != live_.scope.company_table;
    (one_by_one ? moved.moved : moved.left).insert(place);
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

  std::set<std::string> taken_values(const MatchedTable& table, size_t position) {
    std::set<std::string> taken;
    find_equal(table, position, taken);
    // Of rows to be adopted nothing is known beforehand.
    if (may_adopt(table)) return taken;
    for (const auto* indexes : {&table.table->unique_indexes, &table.table->exclusions}) {
      for (const UniqueIndex& index : *indexes) {
        if (is_plain(index) && indexes == &table.table->unique_indexes) continue;
        if (is_among(index.used, table.columns[position]->number)) {
          find_clashing(table, position, index, taken);
        }
      }
    }
    return taken;
  }

  bool may_adopt(const MatchedTable& table) const {
    return way_.adopts && can_be_orphaned(live_.schema, live_.scope, *table.scoped) &&
           can_be_left(live_, *table.scoped);
  }

  // Values that are just the same.
  void find_equal(const MatchedTable& table, size_t position, std::set<std::string>& taken) {
    const std::vector<const Column*> columns{table.columns[position]};
    std::string sql = "SELECT DISTINCT u.n FROM " + unnested(columns) + " JOIN " +
                      from_table(*table.table) + " AS t ON " + equals_key(columns, "t");
    if (may_adopt(table)) {
      sql += " WHERE NOT (" + is_adoptable(live_, table.scoped->table, "t", "", nullptr) + ")";
    }
    KeyBatch batch(columns);
    const auto look_up = [&] {
      if (!batch.empty()) {
        BatchMemory memory;
        for (const Row& row : query(sql, batch.arrays(), Access::kWrite)) {
          taken.insert(batch.key(std::stoul(*row[0]) - 1)[0]);
        }
        memory.close();
      }
      batch.clear();
    };
    source_.read(table, {position}, [&](const std::vector<RowValue>& row) {
      const Text value = text_form(*columns[0], row[position]);
      if (!value) return;
      batch.add(key_line({*value}));
      if (batch.full()) look_up();
    });
    look_up();
  }

  // Rows of the archive by the columns of an index; and at which of these the value is.
  struct IndexedRows {
    std::vector<const Column*> columns;
    size_t value = 0;
    std::vector<std::vector<Text>> rows{};
  };

  // Values of rows that would clash with rows here in an index that takes more than columns that
  // equal each other.
  void find_clashing(const MatchedTable& table, size_t position, const UniqueIndex& index,
                     std::set<std::string>& taken) {
    IndexedRows indexed;
    std::vector<size_t> positions;
    for (int16_t number : index.used) {
      const std::optional<size_t> used = position_of(table, number);
      if (!used) return;  // its default counts
      if (*used == position) indexed.value = positions.size();
      positions.push_back(*used);
      indexed.columns.push_back(table.columns[*used]);
    }
    const auto look_up = [&] {
      find_clashing(table.scoped->table, index, indexed, 0, indexed.rows.size(), taken);
      indexed.rows.clear();
    };
    source_.read(table, positions, [&](const std::vector<RowValue>& row) {
      std::vector<Text> values;
      for (size_t i = 0; i < positions.size(); ++i) {
        values.push_back(text_form(*indexed.columns[i], row[positions[i]]));
      }
      if (!values[indexed.value]) return;
      indexed.rows.push_back(std::move(values));
      if (indexed.rows.size() >= kKeysPerLookup) look_up();
    });
    look_up();
  }

  // Halves them until one is left that clashes.
  void find_clashing(TableIndex table, const UniqueIndex& index, const IndexedRows& indexed,
                     size_t first, size_t end, std::set<std::string>& taken) {
    if (first == end) return;
    std::vector<std::vector<Text>> values(indexed.columns.size());
    for (size_t row = first; row < end; ++row) {
      for (size_t i = 0; i < values.size(); ++i) values[i].push_back(indexed.rows[row][i]);
    }
    if (!clashes(live_, table, index, indexed.columns, values, nullptr)) return;
    if (end - first == 1) {
      taken.insert(*indexed.rows[first][indexed.value]);
      return;
    }
    const size_t middle = first + (end - first) / 2;
    find_clashing(table, index, indexed, first, middle, taken);
    find_clashing(table, index, indexed, middle, end, taken);
  }

  const LiveScope& live_;
  RowSource& source_;
  const IdentityWay way_;
  std::optional<ColumnRoots> roots_;
};

}  // namespace

MovedIdentity free_identity(const LiveScope& live, const Manifest& manifest, RowSource& source,
                            const IdentityWay& way) {
  MovedIdentity moved;
  const auto is_identity = [](const ColumnRule& rule) {
    return rule.treatment == ColumnTreatment::kIdentity;
  };
  if (std::none_of(live.rules.columns.begin(), live.rules.columns.end(), is_identity)) return moved;
  IdentityColumns columns(live, source, way);
  for (const MatchedTable& table :
       match_archive(manifest, live.schema, live.rules, live.scope, {.same_company = true})) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const Column& column = *table.columns[i];
      if (column_treatment(live.rules, *table.table, column.name) == ColumnTreatment::kIdentity) {
        columns.settle(table, i, moved);
      }
    }
  }
  return moved;
}

}  // namespace company_backup
