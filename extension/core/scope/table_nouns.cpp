#include "core/scope/table_nouns.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

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

// What a column of any table may be called, whether or not it is a key in another one.
bool is_any_tables(const std::string& word) {
  return is_quantity(word) ||
         is_word(word,
                 {"id",         "uuid",        "guid",        "uid",       "oid",      "pk",
                  "key",        "name",        "code",        "no",        "nr",       "num",
                  "title",      "label",       "value",       "type",      "kind",     "status",
                  "state",      "text",        "content",     "body",      "note",     "comment",
                  "date",       "time",        "period",      "timestamp", "email",    "mail",
                  "phone",      "url",         "uri",         "link",      "path",     "file",
                  "filename",   "locale",      "language",    "lang",      "currency", "country",
                  "timezone",   "token",       "secret",      "password",  "hash",     "digest",
                  "checksum",   "username",    "login",       "host",      "ip",       "domain",
                  "hostname",   "color",       "colour",      "icon",      "ref",      "reference",
                  "external",   "tag",         "category",    "group",     "role",     "action",
                  "event",      "entity",      "model",       "class",     "scope",    "section",
                  "unit",       "symbol",      "iso",         "prefix",    "suffix",   "alias",
                  "nickname",   "sort",        "source",      "target",    "data",     "address",
                  "identifier", "description", "fingerprint", "signature"});
}

bool is_part_played(const std::string& word) {
  return is_word(word, {"from", "to", "source", "target", "destination", "parent", "old", "new",
                        "previous", "next", "default", "main", "primary", "original", "first",
                        "last", "billing", "shipping"});
}

}  // namespace

TableNouns::TableNouns(const Schema& schema) {
  std::map<std::pair<std::string, std::string>, int> prefixes;  // schema, first word
  std::map<std::string, int> sizes;
  for (const Table& table : schema.tables) {
    const std::vector<std::string> words = words_of(table.name);
    ++sizes[table.schema];
    if (words.size() > 1) ++prefixes[{table.schema, words[0]}];
  }
  for (TableIndex index = 0; index < static_cast<TableIndex>(schema.tables.size()); ++index) {
    const Table& table = schema.tables[index];
    for (const std::string& form : noun_forms(plain_name(table.name)))
      tables_[form].push_back(index);
    for (const UniqueIndex& unique : table.unique_indexes) {
      if (unique.partial || unique.columns.size() != 1 || unique.columns[0] == 0) continue;
      const std::string& name = column_of(table, unique.columns[0]).name;
      std::vector<TableIndex>& known = keys_[name];
      if (known.empty() || known.back() != index) known.push_back(index);
    }
  }
  // "customer" for app_customer, where most tables begin so and none is called customer.
  std::unordered_map<std::string, std::vector<TableIndex>> shortened;
  constexpr int kFewest = 4;
  for (TableIndex index = 0; index < static_cast<TableIndex>(schema.tables.size()); ++index) {
    const Table& table = schema.tables[index];
    const std::vector<std::string> words = words_of(table.name);
    if (words.size() < 2) continue;
    const int alike = prefixes[{table.schema, words[0]}];
    if (alike < kFewest || 5 * alike < 4 * sizes[table.schema]) continue;
    for (const std::string& form : noun_forms(joined_words(std::span(words).subspan(1))))
      shortened[form].push_back(index);
  }
  for (auto& [form, tables] : shortened) tables_.try_emplace(form, std::move(tables));
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
  const std::vector<TableIndex> tables = tables_of_key(column);
  return tables.size() == 1 ? tables[0] : kNoTable;
}

std::vector<TableIndex> TableNouns::tables_of_key(const std::string& column) const {
  const std::vector<std::string> words = words_of(column);
  const auto found = keys_.find(column);
  if (found == keys_.end() || words.empty()) return {};
  return words.size() == 1 && is_any_tables(words[0]) ? std::vector<TableIndex>() : found->second;
}

}  // namespace company_backup
