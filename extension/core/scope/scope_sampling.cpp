#include "core/scope/scope_sampling.hpp"

#include <algorithm>

#include "core/scope/scope_model.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

bool has_key(const std::vector<ForeignKey>& keys, TableIndex table, int16_t column) {
  return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey& key) {
    return key.table == table && key.only_partition == 0 &&
           std::find(key.columns.begin(), key.columns.end(), column) != key.columns.end();
  });
}

bool is_number(const Column& column) {
  return element_family(column.family) == TypeFamily::kInteger;
}

}  // namespace

std::vector<SampledColumn> columns_to_sample(const Schema& schema, TableIndex table) {
  std::vector<SampledColumn> sampled;
  const Table& from = schema.tables[table];
  for (const Column& column : from.columns) {
    if (column.generated || column.identity || !is_own_type(column)) continue;
    if (!can_hold_id(column) && column.family != TypeFamily::kJson) continue;
    if (has_key(schema.foreign_keys, table, column.number)) continue;
    const bool named = id_stem(column.name) || names_doer(column);
    // A number that is not named like an ID is a number.
    if (is_number(column) && !named) continue;
    if (looks_like_secret(column)) continue;
    sampled.push_back({&column, named, type_column(from, column)});
  }
  return sampled;
}

std::vector<const Column*> keys_to_match(const Table& table) {
  std::vector<const Column*> keys;
  for (const UniqueIndex& unique : table.unique_indexes) {
    if (unique.partial || unique.columns.size() != 1 || unique.columns[0] == 0) continue;
    const Column& column = column_of(table, unique.columns[0]);
    if (is_array(column) || !can_hold_id(column) || !is_own_type(column)) continue;
    if (std::find(keys.begin(), keys.end(), &column) == keys.end()) keys.push_back(&column);
  }
  return keys;
}

}  // namespace company_backup
