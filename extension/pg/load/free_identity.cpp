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
    if (refers(table, column.number)) return;
    const std::pair<TableIndex, int16_t> place{table.scoped->table, column.number};
    const std::vector<Limit> limits = limits_on(table, column.number);
    std::set<std::string> taken;
    // Where no index says how far a value is one row's alone, it is one company's alone; but a
    // company that comes back may share it with others, as it did.
    if (limits.empty() && !way_.same_database) {
      if (column.equality.empty()) return;
      find_equal(table, {position}, position, taken);
    }
    for (const Limit& limit : limits) find_taken(table, position, limit, taken);
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

  // What may forbid a row because of a value.
  struct Limit {
    const UniqueIndex* index;
    bool equality;        // it only compares columns for equality
    bool within_company;  // so it forbids nothing of a new company
  };

  std::vector<Limit> limits_on(const MatchedTable& table, int16_t number) {
    std::vector<Limit> limits;
    for (const auto* indexes : {&table.table->unique_indexes, &table.table->exclusions}) {
      for (const UniqueIndex& index : *indexes) {
        if (!is_among(index.used, number)) continue;
        const bool has_company =
            std::any_of(index.columns.begin(), index.columns.end(), [&](int16_t other) {
              return other != 0 && follows_company(table.scoped->table, other);
            });
        limits.push_back(
            {&index, indexes == &table.table->unique_indexes && is_plain(index), has_company});
      }
    }
    return limits;
  }

  // Values of rows that would clash with rows here.
  void find_taken(const MatchedTable& table, size_t position, const Limit& limit,
                  std::set<std::string>& taken) {
    if (limit.within_company) return;
    if (limit.equality) {
      find_equal(table, compared(table, *limit.index), position, taken);
      return;
    }
    std::set<std::string> found;
    if (is_comparable(table, *limit.index)) {
      find_clashing(table, position, *limit.index, found);
      if (found.empty()) return;
    }
    // Rows to be adopted may be among those that they clash with.
    if ((found.empty() || may_adopt(table)) && !table.columns[position]->equality.empty()) {
      std::set<std::string> equal;
      find_equal(table, {position}, position, equal);
      if (found.empty()) {
        found = std::move(equal);
      } else {
        std::erase_if(found, [&](const std::string& value) { return !equal.contains(value); });
      }
    }
    taken.merge(found);
  }

  // Does a column come as it is in the archive? In another database rows have other IDs.
  bool is_same_here(const MatchedTable& table, int16_t number) {
    return position_of(table, number) && (way_.same_database || !refers(table, number));
  }

  bool is_comparable(const MatchedTable& table, const UniqueIndex& index) {
    return std::all_of(index.used.begin(), index.used.end(),
                       [&](int16_t number) { return is_same_here(table, number); });
  }

  // The positions of its columns, but for those of which it is not known what they will hold.
  std::vector<size_t> compared(const MatchedTable& table, const UniqueIndex& index) {
    std::vector<size_t> positions;
    for (int16_t number : index.columns) {
      if (is_same_here(table, number)) positions.push_back(*position_of(table, number));
    }
    return positions;
  }

  bool may_adopt(const MatchedTable& table) const {
    return way_.adopts && can_be_orphaned(live_.schema, live_.scope, *table.scoped) &&
           can_be_left(live_, *table.scoped);
  }

  // Values at one position, of rows that have the same values as rows here at all these positions.
  void find_equal(const MatchedTable& table, const std::vector<size_t>& positions, size_t wanted,
                  std::set<std::string>& taken) {
    std::vector<const Column*> columns;
    for (size_t position : positions) columns.push_back(table.columns[position]);
    const size_t at = static_cast<size_t>(std::find(positions.begin(), positions.end(), wanted) -
                                          positions.begin());
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
          taken.insert(batch.key(std::stoul(*row[0]) - 1)[at]);
        }
        memory.close();
      }
      batch.clear();
    };
    source_.read(table, positions, [&](const std::vector<RowValue>& row) {
      std::vector<std::string> key;
      for (size_t i = 0; i < positions.size(); ++i) {
        Text value = text_form(*columns[i], row[positions[i]]);
        if (!value) return;  // it equals none
        key.push_back(std::move(*value));
      }
      batch.add(key_line(key));
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
