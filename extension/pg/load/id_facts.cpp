#include "pg/load/id_facts.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/load/adoptable.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/index_values.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

uint64_t distance(int64_t from, int64_t to) {
  return from >= to ? 0 : static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}

}  // namespace

IdForm form_of_column(MatchedArchive& load, const MatchedTable& matched, size_t position) {
  ShapeGuess guess;
  load.read(matched, {position}, [&](const std::vector<RowValue>& row) {
    if (row[position].kind != ValueKind::kNull) guess.see(row[position].text);
  });
  return guess.form();
}

const MatchedTable* ArchiveFacts::matched(TableIndex table) const {
  for (const MatchedTable& matched : load_.tables()) {
    if (matched.scoped->table == table) return &matched;
  }
  return nullptr;
}

uint64_t ArchiveFacts::rows(TableIndex table) {
  const MatchedTable* found = matched(table);
  return found == nullptr ? 0 : found->archived->rows;
}

IdFacts::ColumnFacts ArchiveFacts::of(const ColumnRoot& column) {
  const auto found = known_.find(column);
  return found != known_.end() ? found->second : known_[column] = find(column);
}

IdFacts::ColumnFacts ArchiveFacts::find(const ColumnRoot& root) {
  ColumnFacts facts;
  const MatchedTable* found = matched(root.table);
  const std::optional<size_t> position =
      found == nullptr ? std::nullopt : position_of(*found, root.column);
  facts.loaded = position && found->loaded[*position];
  if (!facts.loaded) return facts;
  facts.stays =
      std::find(found->moved.begin(), found->moved.end(), root.column) != found->moved.end();
  const Column& column = *found->columns[*position];
  const GroupColumns* group = find_group(groups_, root);
  note_numbers(facts, group == nullptr ? numbered(*found->table, column) : numbered(live_, *group));
  if (column.family == TypeFamily::kText) {
    facts.generated_shape = static_cast<bool>(form_of_column(load_, *found, *position));
  }
  return facts;
}

void ArchiveFacts::note_numbers(ColumnFacts& facts, const NumberedColumns& columns) {
  facts.volatile_default =
      columns.how == DefaultKind::kVolatile || columns.how == DefaultKind::kSequence;
  facts.has_sequence = columns.how == DefaultKind::kSequence;
  if (columns.column->family != TypeFamily::kInteger) return;
  if (facts.has_sequence) {
    const ColumnSequence sequence = sequence_of(columns);
    facts.left = values_left(sequence);
    facts.sequence = sequence.sequence;
  } else {
    facts.left = distance(greatest_number(columns), greatest_possible(columns));
  }
}

std::optional<ColumnTreatment> ArchiveFacts::rule_of(const ColumnRoot& root) {
  const MatchedTable* found = matched(root.table);
  const std::optional<size_t> position =
      found == nullptr ? std::nullopt : position_of(*found, root.column);
  if (!position || !found->loaded[*position]) return {};
  const std::optional<ColumnTreatment> treatment =
      column_treatment(live_.rules, *found->table, found->columns[*position]->name);
  return treatment && gives_new_values(*treatment) ? treatment : std::nullopt;
}

// The same of an index that takes more than columns that equal each other.
bool ArchiveFacts::meets_others(const MatchedTable& found, TableIndex table,
                                const UniqueIndex& index, UntoldRows& untold) {
  std::vector<size_t> positions;
  std::vector<const Column*> columns;
  for (int16_t number : index.used) {
    const std::optional<size_t> position = position_of(found, number);
    if (!position || !found.loaded[*position]) return false;  // its default counts
    positions.push_back(*position);
    columns.push_back(found.columns[*position]);
  }
  std::vector<std::vector<Text>> values(columns.size());
  bool taken = false;
  const auto look_up = [&] {
    if (!taken && !values[0].empty()) {
      taken = clashes(live_, table, index, columns, values, target_);
    }
    for (std::vector<Text>& column : values) column.clear();
  };
  load_.read_translated(found, [&](const auto& archived, const std::vector<RowValue>& row) {
    if (taken || !untold.has(archived)) return;
    for (size_t i = 0; i < positions.size(); ++i) {
      values[i].push_back(text_form(*columns[i], row[positions[i]]));
    }
    if (values[0].size() >= kKeysPerLookup) look_up();
  });
  if (!values.empty()) look_up();
  return taken;
}

bool ArchiveFacts::may_adopt(const MatchedTable& found) const {
  return adopts_ && can_be_orphaned(live_.schema, live_.scope, *found.scoped) &&
         can_be_left(live_, *found.scoped);
}

bool ArchiveFacts::is_taken(TableIndex table, const UniqueIndex& index,
                            const std::vector<Discriminator>& discriminators) {
  const MatchedTable& found = *matched(table);
  UntoldRows untold(load_, found, discriminators);
  if (!is_plain(index)) {
    // Of rows to be adopted nothing is known beforehand.
    if (may_adopt(found)) return false;
    return !index.used.empty() && meets_others(found, table, index, untold);
  }
  std::vector<size_t> positions;
  std::vector<const Column*> columns;
  for (int16_t number : index.columns) {
    const std::optional<size_t> position = position_of(found, number);
    if (!position || !found.loaded[*position]) return false;  // its default counts
    positions.push_back(*position);
    columns.push_back(found.columns[*position]);
  }
  std::string sql = "SELECT FROM " + unnested(columns) + " JOIN " + from_table(*found.table) +
                    " AS t ON " + equals_key(columns, "t");
  if (target_ != nullptr) {
    sql +=
        " WHERE (" +
        owned_by(live_.schema, live_.scope, table, "t", "$" + std::to_string(columns.size() + 1)) +
        ") IS NOT TRUE";
  }
  if (may_adopt(found)) {
    const std::string company = target_ == nullptr ? "" : "$" + std::to_string(columns.size() + 1);
    sql += std::string(target_ != nullptr ? " AND" : " WHERE") + " NOT (" +
           is_adoptable(live_, table, "t", company, target_) + ")";
  }
  sql += " LIMIT 1";
  KeyBatch batch(columns);
  bool taken = false;
  const auto look_up = [&] {
    if (batch.empty() || taken) return batch.clear();
    BatchMemory memory;
    std::vector<Arg> args = batch.arrays();
    if (target_ != nullptr) args.push_back(target_->arg());
    taken = !query(sql, args).empty();
    memory.close();
    batch.clear();
  };
  load_.read_translated(found, [&](const auto& archived, const std::vector<RowValue>& row) {
    if (!untold.has(archived)) return;
    std::vector<std::string> key;
    for (size_t i = 0; i < positions.size(); ++i) {
      const Text value = text_form(*columns[i], row[positions[i]]);
      if (!value) return;
      key.push_back(*value);
    }
    batch.add(key_line(key));
    if (batch.full()) look_up();
  });
  look_up();
  return taken;
}

}  // namespace company_backup
