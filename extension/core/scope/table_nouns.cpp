#include "core/scope/table_nouns.hpp"

#include <algorithm>
#include <span>

#include "core/scope/smell_words.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

// Numbers that count or order, whatever table has the same name.
bool is_quantity(const std::string& word) {
  return is_word(
      word,
      {"position", "order",  "version",  "level",    "page",   "priority", "count",    "size",
       "score",    "rank",   "number",   "step",     "year",   "month",    "week",     "day",
       "hour",     "minute", "second",   "port",     "rating", "sequence", "index",    "weight",
       "length",   "width",  "height",   "depth",    "amount", "total",    "balance",  "quantity",
       "price",    "rate",   "discount", "duration", "limit",  "offset",   "interval", "point",
       "vote",     "view",   "like",     "revision", "round",  "age",      "volume",   "capacity"});
}

bool is_part_played(const std::string& word) {
  return is_word(word, {"from", "to", "source", "target", "destination", "parent", "old", "new",
                        "previous", "next", "default", "main", "primary", "original", "first",
                        "last", "billing", "shipping"});
}

}  // namespace

TableNouns::TableNouns(const Schema& schema) {
  for (TableIndex index = 0; index < static_cast<TableIndex>(schema.tables.size()); ++index) {
    const Table& table = schema.tables[index];
    for (const std::string& form : noun_forms(plain_name(table.name)))
      tables_[form].push_back(index);
    for (const UniqueIndex& unique : table.unique_indexes) {
      if (unique.partial || unique.columns.size() != 1 || unique.columns[0] == 0) continue;
      const std::string& name = column_of(table, unique.columns[0]).name;
      const auto [known, added] = keys_.emplace(name, index);
      if (!added && known->second != index) known->second = kNoTable;
    }
  }
}

std::optional<std::string> TableNouns::known(const std::string& noun) const {
  return tables(noun).empty() ? std::nullopt : std::optional(noun);
}

std::vector<TableIndex> TableNouns::tables(const std::string& noun) const {
  std::vector<TableIndex> found;
  for (const std::string& form : noun_forms(noun)) {
    const auto named = tables_.find(form);
    if (named != tables_.end())
      found.insert(found.end(), named->second.begin(), named->second.end());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool TableNouns::ends_with_table(const std::string& noun) const {
  const std::vector<std::string> words = words_of(noun);
  const std::span<const std::string> all(words);
  for (size_t first = 0; first < words.size(); ++first)
    if (!tables(joined_words(all.subspan(first))).empty()) return true;
  return false;
}

std::optional<std::string> TableNouns::said_stem(const Column& column) const {
  if (auto stem = id_stem(column.name)) return stem;
  const std::vector<std::string> words = words_of(column.name);
  const std::span<const std::string> all(words);
  if (all.size() == 1) {
    for (const std::string_view end : {"ids", "id"})
      if (all[0].ends_with(end))
        if (auto stem = known(all[0].substr(0, all[0].size() - end.size()))) return stem;
  }
  if (all.size() < 2) return std::nullopt;
  if (is_word(all.front(), {"id", "fk"})) return known(joined_words(all.subspan(1)));
  if (is_word(all.back(), {"fk"})) return known(joined_words(all.first(all.size() - 1)));
  return std::nullopt;
}

std::optional<std::string> TableNouns::stem(const Column& column) const {
  if (auto stem = said_stem(column)) return stem;
  const TypeFamily family = element_family(column.family);
  if (!is_number_family(family) && family != TypeFamily::kUuid) return std::nullopt;
  const std::vector<std::string> words = words_of(column.name);
  const std::span<const std::string> all(words);
  if (all.empty()) return std::nullopt;
  if (all.size() > 1 && is_word(all.back(), {"ref", "key", "nr", "no", "num"}))
    return known(joined_words(all.first(all.size() - 1)));
  // "payment numeric" is how much was paid.
  if (family == TypeFamily::kNumeric || is_quantity(all.back())) return std::nullopt;
  return known(joined_words(is_part_played(all.front()) ? all.subspan(1) : all));
}

TableIndex TableNouns::table_of_key(const std::string& column) const {
  if (words_of(column).size() < 2) return kNoTable;
  const auto found = keys_.find(column);
  return found == keys_.end() ? kNoTable : found->second;
}

}  // namespace company_backup
