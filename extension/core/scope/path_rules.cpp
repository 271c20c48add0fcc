#include "core/scope/path_rules.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "core/text/error.hpp"

namespace company_backup {

bool is_label_tree(const Column& column) {
  if (column.family != TypeFamily::kOther || is_own_type(column)) return false;
  std::string_view type = column.cast.empty() ? column.type : column.cast;
  const size_t last = type.find_last_of(".:");
  if (last != type.npos) type.remove_prefix(last + 1);
  return type == "ltree";
}

bool holds_text(const Column& column) {
  return column.family == TypeFamily::kText || is_label_tree(column);
}

std::optional<PathIds> path_ids(const Column& key) {
  switch (key.family) {
    case TypeFamily::kInteger:
      return PathIds::kIntegers;
    case TypeFamily::kUuid:
      return PathIds::kUuids;
    case TypeFamily::kText:
      return PathIds::kTexts;
    default:
      return std::nullopt;
  }
}

PathIds path_ids(const Schema& schema, const Reference& reference) {
  const Column& key = column_of(schema.tables[reference.target], reference.target_columns.at(0));
  const std::optional<PathIds> ids = path_ids(key);
  if (!ids) throw Error(sqlstate::kInternal, "a path cannot be made of keys of type " + key.type);
  return *ids;
}

const Column* own_path_key(const Table& table) {
  const std::vector<int16_t> key = pick_key(table);
  if (key.size() != 1) return nullptr;
  const Column& column = column_of(table, key[0]);
  return path_ids(column) ? &column : nullptr;
}

std::string why_no_path(const Schema& schema, TableIndex table, const Column& column) {
  if (column.generated) return "it is a generated column, which is computed again";
  if (!holds_text(column)) return "its type is " + column.type + ", and a path is a text";
  for (const auto* keys : {&schema.foreign_keys, &schema.unheld_keys}) {
    for (const ForeignKey& key : *keys) {
      if (key.table != table ||
          std::find(key.columns.begin(), key.columns.end(), column.number) == key.columns.end())
        continue;
      return "its foreign key " + display_name(key.name) + " says that it holds one key of " +
             display_table(schema.tables[key.target]);
    }
  }
  if (pick_key(schema.tables[table]) == std::vector{column.number})
    return "it is the key of its table";
  for (const ForeignKey& key : schema.foreign_keys) {
    const auto& targets = key.target_columns;
    if (key.target == table &&
        std::find(targets.begin(), targets.end(), column.number) != targets.end())
      return "the foreign key " + display_name(key.name) + " of " +
             display_table(schema.tables[key.table]) + " refers to it, which would not follow";
  }
  return {};
}

std::string why_no_path(const ReferenceRule& rule, const Column* key) {
  if (!rule.json_path.empty()) return "a reference rule names a json_path in it";
  if (rule.columns.size() != 1) return "a reference rule pairs it with other columns";
  if (key != nullptr && !path_ids(*key))
    return "keys of type " + key->type + " cannot stand in a path: integers, UUIDs and texts can";
  return {};
}

}  // namespace company_backup
