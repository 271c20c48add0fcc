#include "pg/load/archived_kinds.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "core/text/table_name.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedKinds = 5;

bool has(const std::vector<int16_t>& numbers, int16_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

std::string unpadded(std::string_view text, bool padded) {
  return std::string(padded ? without_padding(text) : text);
}

bool of_one_column(const Reference& reference) {
  return reference.columns.size() == 1 && reference.json_path.empty() &&
         reference.when_column.empty();
}

// Does a key have the same text everywhere, because rows are recognized by it?
bool is_alike(const Scope& scope, const ScopedTable& target, const Column& key) {
  const auto& by = target.match_columns;
  if (std::find(by.begin(), by.end(), key.name) == by.end()) return false;
  return std::none_of(scope.match_references.begin(), scope.match_references.end(),
                      [&](const MatchReference& reference) {
                        return reference.table == target.table &&
                               has(reference.columns, key.number);
                      });
}

}  // namespace

std::optional<RowMapper::When> ArchivedKinds::of(const MatchedTable& table,
                                                 const Reference& reference) {
  const Column* kind = find_column(*table.table, reference.when_column);
  const std::optional<size_t> position =
      kind == nullptr ? std::nullopt : position_of(table, kind->number);
  if (!position) return std::nullopt;
  const bool padded = kind->is_padded();
  const Reference* key = same_database_ ? nullptr : key_reference(reference, *kind);
  if (key == nullptr) return RowMapper::When{*position, reference.when_value, padded};
  require_same_meaning(table, reference, *kind, *key);
  const auto& keys = archived_keys(*key, reference);
  const auto found = keys.find(unpadded(reference.when_value, padded));
  if (found == keys.end()) return std::nullopt;
  return RowMapper::When{*position, found->second, padded};
}

// The reference by which the kind is the key of a shared row; null if it is a text of its own.
const Reference* ArchivedKinds::key_reference(const Reference& reference,
                                              const Column& kind) const {
  const Reference* key = nullptr;
  for (const Reference& other : live_.scope.references) {
    if (other.table != reference.table || !has(other.columns, kind.number)) continue;
    const ScopedTable* target = live_.scope.find(other.target);
    if (target == nullptr || !other.json_path.empty()) continue;
    const auto place = std::find(other.columns.begin(), other.columns.end(), kind.number);
    const int16_t number = other.target_columns[static_cast<size_t>(place - other.columns.begin())];
    if (of_one_column(other) && target->treatment == TableTreatment::kShared) {
      const bool is_other = key != nullptr && (key->target != other.target ||
                                               key->target_columns != other.target_columns);
      if (is_other) refuse(reference, kind, other);  // which of them is it?
      key = &other;
    } else if (!is_alike(live_.scope, *target, column_of(live_.table(other.target), number))) {
      refuse(reference, kind, other);
    }
  }
  return key;
}

void ArchivedKinds::refuse(const Reference& reference, const Column& kind,
                           const Reference& key) const {
  throw Error(sqlstate::kSchemaDiffers,
              "kinds of table " + quoted_display(display_table(live_.table(reference.table))) +
                  " cannot be translated from another database")
      .detail("Column \"" + kind.name + "\" says what " + display_name(reference.name) +
              " refers to, and is itself the key of a row of " +
              display_table(live_.table(key.target)) + ".")
      .hint(
          "Such rows can be loaded only into their own database, unless the kind is a text that is "
          "the same everywhere, or the key of one shared table alone.");
}

// Key here -> key there, of the rows that are in the archive.
const ArchivedKinds::Keys& ArchivedKinds::archived_keys(const Reference& key,
                                                        const Reference& reference) {
  const int16_t number = key.target_columns[0];
  const auto [keys, is_new] = keys_.try_emplace({key.target, number});
  const SharedRows* rows = is_new ? shared_.rows_of(key.target) : nullptr;
  const size_t position = rows == nullptr ? 0 : rows->position_of(number);
  if (rows == nullptr || position == rows->columns.size()) return keys->second;
  const bool padded = rows->columns[position]->is_padded();
  for (size_t n = 0; n < rows->theirs.size(); ++n) {
    if (rows->ours[n].empty() || !rows->ours[n][position] || !rows->theirs[n][position]) continue;
    const std::string ours = unpadded(*rows->ours[n][position], padded);
    const std::string theirs = unpadded(*rows->theirs[n][position], padded);
    const auto [known, is_first] = keys->second.emplace(ours, theirs);
    if (is_first || known->second == theirs) continue;
    throw Error(sqlstate::kSchemaDiffers, "two kinds of the archive are one in this database")
        .detail("Both " + known->second + " and " + theirs + " are row " + ours + " of table " +
                display_table(*rows->table) + ", which says what " + display_name(reference.name) +
                " of table " + display_table(live_.table(reference.table)) + " refers to.")
        .hint("Name match_columns that tell these rows apart, then make a new backup.");
  }
  return keys->second;
}

const ArchivedKinds::Target* ArchivedKinds::find(const Meanings& meanings,
                                                 const std::string& kind) {
  const auto found = meanings.find(kind);
  return found == meanings.end() ? nullptr : &found->second;
}

// What the rules of the archive's database make of the same columns.
ArchivedKinds::Meanings ArchivedKinds::meanings_there(const MatchedTable& table,
                                                      const Reference& reference,
                                                      bool padded) const {
  Meanings meanings;
  const std::vector<std::string> columns = column_names(*table.table, reference.columns);
  for (const ManifestReference& there : manifest_.references) {
    if (there.table != table.archived->name || there.columns != columns ||
        one_spelling(there.json_path.value_or("")) != reference.json_path ||
        there.when_column != reference.when_column || !there.when_value) {
      continue;
    }
    meanings[unpadded(*there.when_value, padded)] = {there.target, there.target_columns};
  }
  return meanings;
}

// The kinds of rows that the reference is of, if they are of its kind.
std::set<std::string> ArchivedKinds::kinds_of_rows(const MatchedTable& table,
                                                   const Reference& reference, size_t kind,
                                                   bool padded) const {
  std::vector<size_t> positions{kind};
  for (int16_t number : reference.columns) {
    if (const auto position = position_of(table, number)) positions.push_back(*position);
  }
  std::set<std::string> kinds;
  source_.read(table, positions, [&](const std::vector<RowValue>& row) {
    const bool refers = std::none_of(positions.begin(), positions.end(), [&](size_t position) {
      return row[position].kind == ValueKind::kNull;
    });
    if (refers) kinds.insert(unpadded(row[kind].text, padded));
  });
  return kinds;
}

// What the rules here make of them, for kinds that are in the archive.
ArchivedKinds::Meanings ArchivedKinds::meanings_here(const Reference& reference, bool padded,
                                                     const Keys& keys) {
  Meanings meanings;
  for (const Reference& here : live_.scope.references) {
    if (here.table != reference.table || here.columns != reference.columns ||
        here.json_path != reference.json_path || here.when_column != reference.when_column) {
      continue;
    }
    compared_.insert(&here);
    const auto found = keys.find(unpadded(here.when_value, padded));
    if (found == keys.end()) continue;
    const Table& target = live_.table(here.target);
    meanings[found->second] = {encode_table_name(target.schema, target.name),
                               column_names(target, here.target_columns)};
  }
  return meanings;
}

// Kinds that mean something else here matter where rows have them. What no row here stands for is
// named as a shared row that is missing.
void ArchivedKinds::require_same_meaning(const MatchedTable& table, const Reference& reference,
                                         const Column& kind, const Reference& key) {
  if (compared_.contains(&reference)) return;
  const bool padded = kind.is_padded();
  const Keys& keys = archived_keys(key, reference);
  const Meanings there = meanings_there(table, reference, padded);
  const Meanings here = meanings_here(reference, padded, keys);
  if (here == there) return;
  std::string list;
  size_t count = 0;
  for (const std::string& value :
       kinds_of_rows(table, reference, *position_of(table, kind.number), padded)) {
    const Target *one = find(there, value), *other = find(here, value);
    if (one == other || (one != nullptr && other != nullptr && *one == *other)) continue;
    const auto known = std::find_if(keys.begin(), keys.end(),
                                    [&](const auto& pair) { return pair.second == value; });
    if (known == keys.end() && shared_.misses(key.target)) continue;
    if (++count > kListedKinds) continue;
    list += "\nkind " + value + (known == keys.end() ? "" : ", here " + known->first) +
            ": IDs of " + (one == nullptr ? "nothing" : one->table) + " there, of " +
            (other == nullptr ? "nothing" : other->table) + " here";
  }
  if (count == 0) return;
  if (count > kListedKinds) list += "\nand " + std::to_string(count - kListedKinds) + " more";
  throw Error(sqlstate::kSchemaDiffers, "kinds of table " +
                                            quoted_display(display_table(*table.table)) +
                                            " do not mean the same in this database")
      .detail("Column \"" + kind.name + "\" says what " + display_name(reference.name) +
              " refers to." + list)
      .hint(
          "Say here with set_reference() which table the IDs belong to; when_value is the key that "
          "the kind has here in " +
          display_table(live_.table(key.target)) + ".");
}

}  // namespace company_backup
