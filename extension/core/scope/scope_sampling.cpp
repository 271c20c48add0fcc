#include "core/scope/scope_sampling.hpp"

#include <algorithm>

#include "core/scope/found_keys.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

bool refers(const Schema& schema, TableIndex table) {
  return std::any_of(schema.foreign_keys.begin(), schema.foreign_keys.end(),
                     [&](const ForeignKey& key) { return key.table == table; });
}

bool is_number(const Column& column) {
  return is_number_family(element_family(column.family));
}

// Of smallint or integer: without room for numbers that look generated.
bool is_short_number(const Column& column) {
  constexpr uint32_t kTypes[] = {21, 23, 1005, 1007};  // in pg_type, and their arrays
  return std::find(std::begin(kTypes), std::end(kTypes), column.type_oid) != std::end(kTypes);
}

// Its values are those of the table's own rows: others have them from here. Where nothing says what
// a row hangs on, its UUIDs, or numbers as long, may be another's: of what it completes.
bool is_own_key(const Schema& schema, const TableNouns& nouns, TableIndex index,
                const Column& column) {
  const Table& table = schema.tables[index];
  const auto is_it = [&](const UniqueIndex& unique) {
    return unique.primary && unique.columns == std::vector{column.number};
  };
  const bool may_be_anothers = !is_number_family(column.family) ||
                               (!is_short_number(column) && is_key_from_elsewhere(table, column));
  if (may_be_anothers && !refers(schema, index)) return false;
  return !nouns.stem(column) &&
         std::any_of(table.unique_indexes.begin(), table.unique_indexes.end(), is_it);
}

// "price_to" is how much.
bool names_who(const Column& column) {
  return names_doer(column) &&
         (column.family != TypeFamily::kNumeric || words_of(column.name).back() != "to");
}

// The column of a table that has the company's key, if possible in every row; null: there is none.
const Column* company_column(const Schema& schema, const Settings& settings, TableIndex table,
                             TableIndex company) {
  const Table& from = schema.tables[table];
  const Column* found = nullptr;
  const auto take = [&](const Column* column) {
    if (column == nullptr || !is_own_type(*column)) return;
    if (found == nullptr || (column->not_null && !found->not_null)) found = column;
  };
  for (const ForeignKey& key : schema.foreign_keys)
    if (key.table == table && key.target == company && key.columns.size() == 1 &&
        key.only_partition == 0)
      take(&column_of(from, key.columns[0]));
  for (const std::string& name : settings.scope_columns) take(find_column(from, name));
  return found;
}

bool is_plain_key(const Schema& schema, const ForeignKey& key) {
  return key.columns.size() == 1 && key.only_partition == 0 && key.table != key.target &&
         is_own_type(column_of(schema.tables[key.table], key.columns[0])) &&
         key.operators.at(0) == "OPERATOR(pg_catalog.=)";
}

// How rows of each table lead to a company, by the fewest steps.
class NearestCompany {
 public:
  NearestCompany(const Schema& schema, const Settings& settings, TableIndex company)
      : schema_(schema), steps_(schema.tables.size()) {
    steps_[company].known = true;
    for (TableIndex table = 0; table < static_cast<TableIndex>(steps_.size()); ++table) {
      if (table == company) continue;
      steps_[table].company = company_column(schema, settings, table, company);
      steps_[table].known = steps_[table].company != nullptr;
    }
    constexpr int kMostSteps = 3;
    for (int step = 0; step < kMostSteps; ++step) add_step();
  }

  bool known(TableIndex table) const { return steps_[table].known; }

  // Does it lead each row to a company?
  bool always(const ForeignKey& key) const {
    const CompanyWay way = way_by(key);
    return (way.company == nullptr || way.company->not_null) &&
           std::all_of(way.keys.begin(), way.keys.end(), [&](const ForeignKey* one) {
             return column_of(schema_.tables[one->table], one->columns[0]).not_null;
           });
  }

  CompanyWay way_by(const ForeignKey& key) const {
    CompanyWay way{&column_of(schema_.tables[key.table], key.columns[0]), {}, nullptr};
    const ForeignKey* next = &key;
    while (next != nullptr) {
      way.keys.push_back(next);
      const Step& step = steps_[next->target];
      way.company = step.company;
      next = step.key;
    }
    return way;
  }

 private:
  struct Step {
    bool known = false;
    const Column* company = nullptr;
    const ForeignKey* key = nullptr;  // to a table that is nearer
  };

  void add_step() {
    std::vector<const ForeignKey*> found(steps_.size(), nullptr);
    for (const ForeignKey& key : schema_.foreign_keys) {
      if (known(key.table) || !known(key.target) || !is_plain_key(schema_, key)) continue;
      const ForeignKey*& best = found[key.table];
      const auto always = [&](const ForeignKey& one) {
        return column_of(schema_.tables[one.table], one.columns[0]).not_null;
      };
      if (best == nullptr || (always(key) && !always(*best))) best = &key;
    }
    for (size_t table = 0; table < found.size(); ++table) {
      if (found[table] == nullptr) continue;
      steps_[table].key = found[table];
      steps_[table].known = true;
    }
  }

  const Schema& schema_;
  std::vector<Step> steps_;
};

// Columns that may say what another one means, though nothing but their values ties them.
std::vector<const Column*> possible_kinds(const Table& table, const Column& id) {
  static constexpr std::string_view kWords[] = {
      "type",  "kind",     "event",    "action", "name",  "entity", "object",
      "model", "resource", "category", "target", "scope", "subject"};
  constexpr size_t kMost = 2;
  std::vector<const Column*> kinds;
  for (const Column& column : table.columns) {
    if (&column == &id || kinds.size() == kMost || id_stem(column.name)) continue;
    if (column.family != TypeFamily::kText && !column.is_enum) continue;
    const std::vector<std::string> words = words_of(column.name);
    if (words.empty() ||
        std::find(std::begin(kWords), std::end(kWords), words.back()) == std::end(kWords))
      continue;
    kinds.push_back(&column);
  }
  return kinds;
}

}  // namespace

bool is_in_key(const Schema& schema, TableIndex table, int16_t column) {
  const auto& keys = schema.foreign_keys;
  return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey& key) {
    return key.table == table && key.only_partition == 0 &&
           std::find(key.columns.begin(), key.columns.end(), column) != key.columns.end();
  });
}

std::vector<CompanyWay> company_ways(const Schema& schema, const Settings& settings,
                                     TableIndex table) {
  std::vector<CompanyWay> ways;
  const TableIndex company = schema.find(settings.company_schema, settings.company_table);
  if (company == kNoTable || table == company) return ways;
  const NearestCompany nearest(schema, settings, company);
  bool is_sure = false;
  for (const ForeignKey& key : schema.foreign_keys)
    if (key.table == table && is_plain_key(schema, key) && nearest.known(key.target)) {
      ways.push_back(nearest.way_by(key));
      is_sure = is_sure || nearest.always(key);
    }
  // Where it is known whose each row is, only what says it at once is compared: it is read for all.
  const Column* own = company_column(schema, settings, table, company);
  if (is_sure || (own != nullptr && own->not_null))
    std::erase_if(ways, [](const CompanyWay& way) { return way.keys.size() > 1; });
  return ways;
}

std::vector<const Column*> nullable_columns(const Schema& schema, TableIndex table) {
  std::vector<const Column*> columns;
  for (const Column& column : schema.tables[table].columns) {
    if (column.not_null || column.generated) continue;
    const bool may_refer = column.family == TypeFamily::kUuid ||
                           (can_hold_id(column) && (id_stem(column.name) || names_who(column)));
    if (may_refer || is_in_key(schema, table, column.number)) columns.push_back(&column);
  }
  return columns;
}

std::vector<SampledColumn> columns_to_sample(const Schema& schema, const TableNouns& nouns,
                                             TableIndex table) {
  std::vector<SampledColumn> sampled;
  const Table& from = schema.tables[table];
  for (const Column& column : from.columns) {
    if (column.generated || column.identity) continue;
    // An ltree's text is made by functions in C, which only superusers can define.
    if (is_own_key(schema, nouns, table, column) || !(is_own_type(column) || is_label_tree(column)))
      continue;
    // Whether bytes are called a secret by chance, they say.
    const bool is_secret = column.is_bytea() && looks_like_secret(from, column);
    if (!can_hold_id(column) && column.family != TypeFamily::kJson && !is_label_tree(column) &&
        !is_secret)
      continue;
    if (is_in_key(schema, table, column.number)) continue;
    const TableIndex of_key = nouns.table_of_key(column.name);
    const Column* type = type_column(from, column);
    const bool named = type != nullptr || nouns.stem(column) || names_who(column) ||
                       (of_key != kNoTable && of_key != table) || looks_like_secret(from, column);
    // A number that is not named like an ID is a number, if it does not look generated.
    if (is_number(column) && !named && is_short_number(column)) continue;
    SampledColumn sample{&column, named};
    if (type != nullptr) {
      sample.kinds = {type};
      sample.kind_is_said = true;
    } else if ((named || column.family == TypeFamily::kUuid) && can_hold_id(column)) {
      sample.kinds = possible_kinds(from, column);
    }
    sampled.push_back(std::move(sample));
  }
  return sampled;
}

std::vector<const Column*> parent_columns(const Schema& schema, TableIndex table) {
  std::vector<const Column*> parents;
  const Table& from = schema.tables[table];
  const Column* own = own_path_key(from);
  if (own == nullptr || !is_own_type(*own)) return parents;
  for (const Column& column : from.columns) {
    const bool is_key = std::any_of(schema.foreign_keys.begin(), schema.foreign_keys.end(),
                                    [&](const ForeignKey& key) {
                                      return key.table == table && key.target == table &&
                                             key.columns == std::vector{column.number} &&
                                             key.target_columns == std::vector{own->number};
                                    });
    const bool is_named = column.family == own->family && id_stem(column.name) == "parent";
    if ((is_key || is_named) && is_own_type(column)) parents.push_back(&column);
  }
  return parents;
}

std::vector<KeyColumn> keys_to_match(const Schema& schema, TableIndex table) {
  std::vector<KeyColumn> keys;
  for (const UniqueIndex& unique : schema.tables[table].unique_indexes) {
    const bool alone = !unique.partial && unique.columns.size() == 1;
    for (int16_t number : unique.columns) {
      if (number == 0) continue;
      const Column& column = column_of(schema.tables[table], number);
      if (is_array(column) || !can_hold_id(column) || !is_own_type(column)) continue;
      if (!alone && is_in_key(schema, table, number)) continue;
      const auto same = [&](const KeyColumn& key) { return key.column == &column; };
      const auto known = std::find_if(keys.begin(), keys.end(), same);
      if (known == keys.end())
        keys.push_back({&column, alone});
      else
        known->alone = known->alone || alone;
    }
  }
  return keys;
}

}  // namespace company_backup
