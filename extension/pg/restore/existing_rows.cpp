#include "pg/restore/existing_rows.hpp"

#include <algorithm>
#include <functional>

#include "core/scope/sql.hpp"
#include "pg/restore/unique_search.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

// Texts as one, without NUL bytes.
std::string packed(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += std::to_string(text.size()) + ":" + text;
  return all;
}

std::vector<std::string> unpacked(std::string_view all) {
  std::vector<std::string> texts;
  while (!all.empty()) {
    const size_t colon = all.find(':');
    const size_t size = std::stoul(std::string(all.substr(0, colon)));
    texts.emplace_back(all.substr(colon + 1, size));
    all.remove_prefix(colon + 1 + size);
  }
  return texts;
}

// Rows of the company that have unique values of the archive's.
class ExistingSearch : public UniqueSearch {
 public:
  ExistingSearch(const LiveScope& live, const Company& company, const MergePlan& plan,
                 const std::vector<const UniqueIndex*>& indexes)
      : UniqueSearch(live, company, plan) {
    for (const UniqueIndex* index : indexes) watch(*index, false);
  }

  // `tag` comes with what is found for the row.
  void note(const std::vector<RowValue>& translated, std::string tag) {
    tag_ = std::move(tag);
    note_added(translated);
  }

  using KeyFound = std::function<void(const std::string& tag, std::vector<std::string> key)>;
  void look_up(const KeyFound& found) {
    for (Index& index : indexes_) {
      UniqueSearch::look_up(index, [&](const Hit& hit) {
        if (!hit.is_own) return;
        std::vector<std::string> key;
        for (const Text& value : hit.told) key.push_back(*value);
        found(hit.after, std::move(key));
      });
    }
  }

 protected:
  std::string after(const std::vector<RowValue>&) const override { return tag_; }
  std::vector<std::string> told(const std::string& alias) const override {
    std::vector<std::string> key;
    for (const int16_t number : plan_.matched->scoped->key) {
      const Column& column = column_of(*plan_.matched->table, number);
      key.push_back(as_text(column_sql(alias, column), column));
    }
    return key;
  }

 private:
  std::string tag_;
};

}  // namespace

bool ExistingRows::is_company_column(TableIndex table, int16_t column) const {
  const std::vector<ColumnRoot>& roots = load_.roots().of(table, column);
  return std::any_of(roots.begin(), roots.end(), [this](const ColumnRoot& root) {
    return root.table == live_.scope.company_table;
  });
}

bool ExistingRows::is_singleton(const MatchedTable& matched, const UniqueIndex& index) const {
  return is_plain(index) &&
         std::all_of(index.columns.begin(), index.columns.end(), [&](int16_t number) {
           return is_company_column(matched.scoped->table, number);
         });
}

// The key itself needs no look: a row that has it is the same.
std::vector<const UniqueIndex*> ExistingRows::indexes_of(const MatchedTable& matched) const {
  std::vector<const UniqueIndex*> indexes;
  if (matched.scoped->key.empty() || load_.is_company_table(matched.scoped->table)) return indexes;
  for (const UniqueIndex& index : matched.table->unique_indexes) {
    if (index.columns == matched.scoped->key) continue;
    if (which_ == Existing::kAll || is_singleton(matched, index)) indexes.push_back(&index);
  }
  return indexes;
}

void ExistingRows::bind() {
  for (const MatchedTable& matched : load_.tables()) {
    const std::vector<const UniqueIndex*> indexes = indexes_of(matched);
    if (!indexes.empty()) bind(matched, indexes);
  }
}

void ExistingRows::bind(const MatchedTable& matched,
                        const std::vector<const UniqueIndex*>& indexes) {
  const MergePlan plan = plan_merge(live_, matched, company_, MergePolicy{.merges = true});
  if (plan.key.empty()) return;
  const auto key_of = [&](const std::vector<RowValue>& row) {
    Key key;
    for (const MergeKeyPart& part : plan.key)
      key.push_back(text_form(*plan.current[part.column], row[part.column]).value_or(""));
    return key;
  };
  ExistingSearch search(live_, company_, plan, indexes);
  load_.read_translated(
      matched, [&](const std::vector<RowValue>& archived, const std::vector<RowValue>& translated) {
        search.note(translated, packed({packed(key_of(archived)), packed(key_of(translated))}));
      });
  std::vector<Bound> found;
  search.look_up([&](const std::string& tag, Key existing) {
    const std::vector<std::string> keys = unpacked(tag);
    Bound row{unpacked(keys.at(0)), unpacked(keys.at(1)), std::move(existing)};
    if (row.translated != row.existing) found.push_back(std::move(row));
  });
  keep_missing(matched, found);
  bound_.clear();
  for (const Bound& row : found) bind(matched, row);
}

// Without rows whose key is here.
void ExistingRows::keep_missing(const MatchedTable& matched, std::vector<Bound>& found) const {
  const std::vector<const Column*> columns = columns_of(*matched.table, matched.scoped->key);
  std::vector<std::string> operators;
  for (const Column* column : columns) operators.push_back(column->equality);
  std::vector<Bound> missing;
  for (size_t first = 0; first < found.size(); first += kKeysPerLookup) {
    const size_t last = std::min(found.size(), first + kKeysPerLookup);
    BatchMemory memory;
    KeyBatch keys(columns);
    for (size_t i = first; i < last; ++i) keys.add(key_line(found[i].translated));
    const std::vector<bool> here =
        find_keys({*matched.table, matched.scoped->key, operators}, keys, RowLock::kNone);
    for (size_t i = first; i < last; ++i)
      if (!here[i - first]) missing.push_back(std::move(found[i]));
    memory.close();
  }
  found = std::move(missing);
}

// Is no value of the column in two rows of the archive?
bool ExistingRows::tells_alone(const MatchedTable& matched, const ColumnRoot& column) const {
  if (load_.roots().origins(column.table, column.column) != std::vector{column}) return false;
  return ids_.of(column) != nullptr ||
         std::all_of(matched.scoped->key.begin(), matched.scoped->key.end(), [&](int16_t number) {
           return number == column.column || is_company_column(column.table, number);
         });
}

// What cannot be said by one column of the key stays a conflict.
void ExistingRows::bind(const MatchedTable& matched, const Bound& row) {
  const auto [known, added] = bound_.emplace(row.archived, row.existing);
  if (!added) {
    if (known->second == row.existing) return;
    throw Error(sqlstate::kMergeConflict,
                "a row of the backup has unique values of two rows of the company")
        .detail("table " + display_table(*matched.table) + ": row " + shown_key(row.archived) +
                " of the backup, rows " + shown_key(known->second) + " and " +
                shown_key(row.existing) + " of the company")
        .hint("It cannot become both: change or remove one of the two.");
  }
  std::optional<size_t> other;
  for (size_t i = 0; i < row.existing.size(); ++i) {
    if (row.translated[i] == row.existing[i]) continue;
    if (other) return;
    other = i;
  }
  const ColumnRoot column{matched.scoped->table, matched.scoped->key[*other]};
  if (!tells_alone(matched, column)) return;
  tables_.insert(matched.scoped->table);
  ids_.bind(column, row.archived[*other], row.existing[*other]);
  if (!load_.gives_new_ids()) load_.set_new_ids(&ids_);
}

}  // namespace company_backup
