#include "core/scope/key_names.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include "core/scope/scope_model.hpp"
#include "core/scope/smell_words.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

// What companies are called in most applications, whatever they are called in this one.
bool names_companies(const std::string& noun) {
  return is_word(noun, {"tenant", "company", "organization", "organisation", "org"});
}

// As numbers, UUIDs or texts; a text can be any of these.
bool can_hold(const Column& column, const Column& key) {
  const TypeFamily family = element_family(column.family);
  return same_values(family, key.family) || family == TypeFamily::kText;
}

// Each column once.
std::vector<NamedKey> keys_of(const Table& table, TableIndex index) {
  std::vector<NamedKey> keys;
  for (const UniqueIndex& unique : table.unique_indexes) {
    const bool alone = !unique.partial && unique.columns.size() == 1;
    for (const int16_t number : unique.columns) {
      if (number == 0) continue;
      const Column& column = column_of(table, number);
      if (!can_hold_id(column) || is_array(column)) continue;
      const auto known = std::find_if(keys.begin(), keys.end(),
                                      [&](const NamedKey& key) { return key.column == number; });
      if (known == keys.end())
        keys.push_back({index, number, alone});
      else
        known->alone = known->alone || alone;
    }
  }
  return keys;
}

bool keeps_rows(const std::string& word) {
  return is_word(word, {"aud", "audit", "history", "historical", "hist", "log", "version",
                        "revision", "journal", "archive", "snapshot", "shadow"});
}

// Apart also where two are written as one: "historicalproduct", "producthistory".
std::vector<std::string> words_of_history(const std::string& name) {
  static constexpr std::string_view kBefore = "historical", kAfter[] = {"history", "audit"};
  std::vector<std::string> apart;
  for (const std::string& word : words_of(name)) {
    const auto* const after = std::find_if(
        std::begin(kAfter), std::end(kAfter),
        [&](std::string_view end) { return word.ends_with(end) && word.size() > end.size(); });
    if (word.starts_with(kBefore) && word.size() > kBefore.size()) {
      apart.emplace_back(kBefore);
      apart.push_back(word.substr(kBefore.size()));
    } else if (after != std::end(kAfter)) {
      apart.push_back(word.substr(0, word.size() - after->size()));
      apart.emplace_back(*after);
    } else {
      apart.push_back(word);
    }
  }
  return apart;
}

}  // namespace

KeyNames::KeyNames(const Schema& schema, const TableNouns& nouns, TableIndex company)
    : schema_(schema), nouns_(nouns), company_(company) {}

std::vector<TableIndex> KeyNames::tables_named(const std::string& noun) const {
  std::vector<TableIndex> tables = nouns_.tables(noun);
  if (tables.empty() && company_ != kNoTable && names_companies(noun)) tables.push_back(company_);
  return tables;
}

std::vector<TableIndex> KeyNames::completed_by(TableIndex table) const {
  std::vector<TableIndex> found;
  const std::vector<std::string> words = words_of(schema_.tables[table].name);
  const std::span<const std::string> all(words);
  for (size_t at = 1; at < words.size(); ++at) {
    for (const std::string& noun : {joined_words(all.first(at)), joined_words(all.subspan(at))}) {
      for (const TableIndex other : tables_named(noun))
        if (other != table && std::find(found.begin(), found.end(), other) == found.end())
          found.push_back(other);
    }
  }
  return found;
}

std::vector<KeyNames::KeptRow> KeyNames::kept_by(TableIndex index, const Column& column) const {
  const Table& table = schema_.tables[index];
  if (!can_hold_id(column) || column.identity || column.has_default || column.generated) return {};
  bool is_part = false;
  for (const UniqueIndex& unique : table.unique_indexes) {
    if (unique.columns == std::vector{column.number}) return {};
    is_part = is_part || std::find(unique.columns.begin(), unique.columns.end(), column.number) !=
                             unique.columns.end();
  }
  std::vector<KeptRow> found;
  const std::vector<TableIndex> said = whose_history(index);
  const auto add = [&](TableIndex target, bool is_said) {
    const std::vector<int16_t> key = pick_key(schema_.tables[target]);
    if (key.size() != 1) return;
    const Column& its = column_of(schema_.tables[target], key[0]);
    if (plain_name(its.name) == plain_name(column.name) && same_values(column.family, its.family))
      found.push_back({target, key[0], is_said});
  };
  for (const TableIndex target : said) add(target, true);
  // What is part of a key tells the table's own rows apart.
  if (said.empty() && !is_part)
    for (const TableIndex target : completed_by(index)) add(target, false);
  return found;
}

// "product_aud", "historical_product", "shop_historical_product" of shop_product.
std::vector<TableIndex> KeyNames::whose_history(TableIndex table) const {
  const std::vector<std::string> words = words_of_history(schema_.tables[table].name);
  const std::span<const std::string> all(words);
  std::vector<TableIndex> found;
  const auto add = [&](const std::string& noun) {
    for (const TableIndex other : tables_named(noun))
      if (other != table) found.push_back(other);
  };
  for (size_t first = 0; first < words.size(); ++first) {
    for (size_t last = words.size(); last > first && found.empty(); --last) {
      const bool whole = first == 0 && last == words.size();
      if (!whole &&
          std::all_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(first),
                      keeps_rows) &&
          std::all_of(words.begin() + static_cast<std::ptrdiff_t>(last), words.end(), keeps_rows))
        add(joined_words(all.subspan(first, last - first)));
    }
  }
  std::vector<std::string> others;
  std::remove_copy_if(words.begin(), words.end(), std::back_inserter(others), keeps_rows);
  if (found.empty() && !others.empty() && others.size() < words.size()) add(joined_words(others));
  return found;
}

std::vector<NamedKey> KeyNames::of(TableIndex table, const Column& column) const {
  std::vector<NamedKey> found;
  if (!can_hold_id(column) || nouns_.said_stem(column)) return found;
  const std::vector<std::string> words = words_of(column.name);
  const std::span<const std::string> all(words);
  for (size_t first = 0; first < words.size(); ++first) {
    for (size_t last = first + 1; last <= words.size(); ++last) {
      const Parts parts{joined_words(all.subspan(first, last - first)),
                        joined_words(all.subspan(last)), joined_words(all.subspan(first)),
                        first == 0};
      for (const TableIndex target : tables_named(parts.noun))
        if (target != table) add_keys(column, parts, target, found);
    }
  }
  add_namesakes(table, column, found);
  return found;
}

// What is no key of one column already: that is a name which any table may have, or none.
void KeyNames::add_namesakes(TableIndex table, const Column& column,
                             std::vector<NamedKey>& found) const {
  for (const TableIndex target : nouns_.tables_of_key(column.name)) {
    const Column& its = *find_column(schema_.tables[target], column.name);
    const bool known = std::any_of(found.begin(), found.end(), [&](const NamedKey& key) {
      return key.table == target && key.column == its.number;
    });
    if (target == table || known || is_array(its) || !can_hold_id(its) || !can_hold(column, its))
      continue;
    found.push_back({target, its.number, true, NamedKey::By::kSame});
  }
}

bool KeyNames::names_rows(const std::string& name) const {
  Column number;
  number.name = name;
  number.family = TypeFamily::kInteger;
  if (nouns_.said_stem(number)) return false;
  const std::vector<TableIndex> tables = tables_named(joined_words(words_of(name)));
  return nouns_.stem(number) || std::find(tables.begin(), tables.end(), company_) != tables.end();
}

void KeyNames::add_keys(const Column& column, const Parts& parts, TableIndex target,
                        std::vector<NamedKey>& found) const {
  const bool is_row = parts.rest.empty();
  const bool is_number = is_number_family(element_family(column.family));
  // "position", "version": numbers that count, whatever table is called so; but for the company's.
  const bool is_company = names_companies(parts.noun) || target == company_;
  if (is_row && is_number && !is_company && !nouns_.stem(column)) return;
  for (NamedKey key : keys_of(schema_.tables[target], target)) {
    const Column& its = column_of(schema_.tables[target], key.column);
    const std::string name = plain_name(its.name);
    if (!can_hold(column, its)) continue;
    if (is_row ? !key.alone : name != parts.rest && name != parts.whole) continue;
    // Any company has a name, whether it is one of these or not.
    const bool is_any_name = names_companies(parts.noun) && name == "name";
    key.by = !parts.is_all || is_any_name ? NamedKey::By::kPart
             : is_row                     ? NamedKey::By::kRow
                                          : NamedKey::By::kKey;
    found.push_back(key);
  }
}

}  // namespace company_backup
