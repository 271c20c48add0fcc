#include "pg/load/taken_groups.hpp"

#include <algorithm>
#include <optional>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/load/adoptable.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

using Numbers = std::vector<std::string>;

constexpr long kRowsAtOnce = 1000;

// Integers of all widths compare as the widest one.
Arg array_of(TypeFamily family, const Numbers& numbers) {
  return read_as(family == TypeFamily::kUuid ? UUIDARRAYOID : INT8ARRAYOID, text_array(numbers));
}

// What stands behind a number among the sorted ones; less than all that numbers are made of.
constexpr char kArchived = '\1', kCurrent = '\2';

class Search {
 public:
  Search(const LiveScope& live, MatchedArchive& load, const GroupSearch& how,
         const GroupColumns& group)
      : live_(live), load_(load), how_(how), group_(group) {}

  // Numbers that come, or (`goes`) that go.
  TakenGroup run(bool goes) {
    taken_.columns = group_;
    goes_ = goes;
    find_excused();
    read_archive();
    if (how_.target != nullptr) {
      for (const ColumnRoot& root : group_) {
        if (travels(root)) read_current(root);
      }
    }
    sorter_.sort();
    std::string number;
    bool archived = false, current = false;
    const auto end_number = [&] {
      const bool meant = goes ? current && !archived : archived && !current;
      if (meant && !is_excused(number)) batch_.push_back(number);
      if (batch_.size() >= kKeysPerLookup) look_up();
      archived = current = false;
    };
    std::string_view line;
    while (sorter_.next(line)) {
      if (line.substr(0, line.size() - 1) != number) end_number();
      number = line.substr(0, line.size() - 1);
      (line.back() == kArchived ? archived : current) = true;
    }
    end_number();
    look_up();
    return std::move(taken_);
  }

 private:
  const Column& column_of(const ColumnRoot& root) const {
    return company_backup::column_of(live_.table(root.table), root.column);
  }

  void find_excused() {
    if (how_.excused == nullptr) return;
    const auto found = how_.excused->find(column_of(group_[0]).name);
    if (found != how_.excused->end()) excused_ = &found->second;
  }

  bool is_excused(const std::string& number) const {
    return excused_ != nullptr && excused_->contains(number);
  }

  // But for those that are not loaded, because new ones are.
  void read_archive() {
    for (const MatchedTable& table : load_.tables()) {
      for (const ColumnRoot& root : group_) {
        if (root.table != table.scoped->table) continue;
        if (load_.gives_new_ids() && load_.new_ids()->of(root) != nullptr) continue;
        const auto position = position_of(table, root.column);
        if (!position || !table.loaded[*position]) continue;
        const Column& column = *table.columns[*position];
        load_.read(table, {*position}, [&](const std::vector<RowValue>& row) {
          if (const Text number = text_form(column, row[*position])) {
            sorter_.put(*number + kArchived);
          }
        });
      }
    }
  }

  bool travels(const ColumnRoot& root) const {
    const ScopedTable* scoped = live_.scope.find(root.table);
    return scoped != nullptr && scoped->travels();
  }

  bool is_owned(const ColumnRoot& root) const {
    const ScopedTable* scoped = live_.scope.find(root.table);
    return travels(root) || (scoped != nullptr && scoped->owned() && !scoped->routes.empty());
  }

  void read_current(const ColumnRoot& root) {
    Cursor cursor("SELECT DISTINCT " + column_sql("t", column_of(root)) + " FROM " +
                      from_table(live_.table(root.table)) + " AS t WHERE " + is_target(root, "$1"),
                  {how_.target->arg()});
    for (Rows rows = cursor.fetch(kRowsAtOnce); !rows.empty(); rows = cursor.fetch(kRowsAtOnce)) {
      for (const Row& row : rows) {
        if (row[0]) sorter_.put(*row[0] + kCurrent);
      }
    }
    cursor.close();
  }

  // Which of the numbers do rows have for which `condition` is true?
  std::vector<bool> found(const ColumnRoot& root, const Numbers& numbers,
                          const std::string& condition) const {
    BatchMemory memory;
    std::vector<Arg> args{array_of(column_of(root).family, numbers)};
    if (how_.target != nullptr && !condition.empty()) args.push_back(how_.target->arg());
    // Of what does not travel the caller need not see anything.
    std::optional<AsOwnerOf> owner;
    if (!travels(root)) owner.emplace(live_.table(root.table).oid);
    std::vector<bool> found(numbers.size());
    for (const Row& row :
         query("SELECT DISTINCT u.n FROM unnest($1) WITH ORDINALITY AS u(k, n) JOIN " +
                   from_table(live_.table(root.table)) + " AS t ON " +
                   column_sql("t", column_of(root)) + " OPERATOR(pg_catalog.=) u.k" + condition,
               args)) {
      found[std::stoul(*row[0]) - 1] = true;
    }
    memory.close();
    return found;
  }

  std::string is_target(const ColumnRoot& root, const std::string& company) const {
    return "(" + owned_by(live_.schema, live_.scope, root.table, "t", company) + ")";
  }

  std::string is_others(const ColumnRoot& root) const {
    std::string condition;
    if (how_.target != nullptr && is_owned(root)) {
      condition = " WHERE " + is_target(root, "$2") + " IS NOT TRUE";
    }
    if (!travels(root)) return condition;
    const ScopedTable& scoped = *live_.scope.find(root.table);
    if (!how_.adopts || !can_be_orphaned(live_.schema, live_.scope, scoped) ||
        !can_be_left(live_, scoped)) {
      return condition;
    }
    return condition + (condition.empty() ? " WHERE NOT (" : " AND NOT (") +
           is_adoptable(live_, root.table, "t", how_.target == nullptr ? "" : "$2", how_.target) +
           ")";
  }

  void look_up() {
    if (batch_.empty()) return;
    if (how_.locks) lock_group(live_, group_);
    std::optional<FreshSnapshot> fresh;
    if (how_.locks) fresh.emplace();
    std::vector<bool> taken(batch_.size());
    for (const ColumnRoot& root : group_) {
      const std::vector<bool> here = found(root, batch_, is_others(root));
      for (size_t i = 0; i < batch_.size(); ++i) {
        if (!here[i] || taken[i]) continue;
        taken[i] = true;
        note(batch_[i], root);
      }
    }
    if (fresh) fresh->close();
    batch_.clear();
  }

  void note(const std::string& number, const ColumnRoot& where) {
    if (taken_.count == 0) taken_.where = where;
    if (goes_ && taken_.count < kRecordedNumbers) taken_.listed.push_back(number);
    if (++taken_.count > kListedKeys) return;
    taken_.numbers += (taken_.numbers.empty() ? "" : ", ") + number;
  }

  const LiveScope& live_;
  MatchedArchive& load_;
  const GroupSearch how_;
  const GroupColumns& group_;
  LineSorter sorter_;
  const std::set<std::string>* excused_ = nullptr;
  Numbers batch_;
  TakenGroup taken_;
  bool goes_ = false;
};

}  // namespace

std::string TakenGroup::why() const {
  return std::to_string(count) + (count == 1 ? " number" : " numbers") +
         " that rows of another company, or of none, have: " + numbers +
         (count > kListedKeys ? ", ..." : "");
}

namespace {

std::vector<TakenGroup> search(const LiveScope& live, MatchedArchive& load, const GroupSearch& how,
                               bool goes) {
  std::vector<TakenGroup> all;
  for (const GroupColumns& group : group_columns(live.schema, live.rules, live.scope)) {
    TakenGroup taken = Search(live, load, how, group).run(goes);
    if (taken.count > 0) all.push_back(std::move(taken));
  }
  return all;
}

}  // namespace

std::vector<TakenGroup> taken_groups(const LiveScope& live, MatchedArchive& load,
                                     const GroupSearch& how) {
  return search(live, load, how, false);
}

std::vector<TakenGroup> shared_groups(const LiveScope& live, MatchedArchive& load,
                                      const Company& company) {
  return search(live, load, {.target = &company}, true);
}

namespace {

std::string data_rule(const Table& table, int16_t column) {
  return "SELECT set_column_rule(" + quote_literal(display_table(table)) + ", " +
         quote_literal(column_of(table, column).name) + ", 'data')";
}

}  // namespace

void refuse_groups(const LiveScope& live, const std::vector<TakenGroup>& taken,
                   const std::string& hint) {
  std::string list, rules;
  uint64_t count = 0;
  for (const TakenGroup& group : taken) {
    const Table& table = live.table(group.where.table);
    list += (list.empty() ? "" : "\n") + display_table(table) + ", column " +
            display_name(column_of(table, group.where.column).name) + ": " + group.why();
    for (const ColumnRoot& column : group.columns) {
      rules += (rules.empty() ? "" : "; ") + data_rule(live.table(column.table), column.column);
    }
    count += group.count;
  }
  throw Error(sqlstate::kRefusedIds, std::to_string(count) + (count == 1 ? " group" : " groups") +
                                         " of the backup would become one with another's")
      .detail(list)
      .hint(hint + " Numbers that companies are to share are no groups: " + rules + ".");
}

void lock_group(const LiveScope& live, const GroupColumns& group) {
  std::vector<std::pair<Oid, uint16_t>> columns;
  for (const ColumnRoot& root : group) {
    columns.emplace_back(live.table(root.table).oid, static_cast<uint16_t>(root.column));
  }
  std::sort(columns.begin(), columns.end());  // nobody waits for somebody who waits for him
  for (const auto& [table, number] : columns) {
    guarded([table = table, number = number] {
      LockDatabaseObject(RelationRelationId, table, number, ExclusiveLock);
    });
  }
}

}  // namespace company_backup
