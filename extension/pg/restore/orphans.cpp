#include "pg/restore/orphans.hpp"

#include <algorithm>
#include <set>

#include "core/archive/key_order.hpp"
#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/owner.hpp"
#include "pg/load/adoptable.hpp"
#include "pg/restore/line_filter.hpp"
#include "pg/restore/undo.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

bool is_upward(const RouteStep& step) {
  return step.kind == RouteStep::Kind::kUp;
}

bool can_be_orphaned(const LiveScope& live, TableIndex table) {
  return can_be_orphaned(live.schema, live.scope, *live.scope.find(table));
}

// Columns that tell rows apart: the key; without one, those of the first step of the route to
// where an orphan has lost its owner. Null if there are none.
const std::vector<int16_t>* identity_of(const LiveScope& live, const ScopedTable& scoped) {
  if (!scoped.key.empty()) return &scoped.key;
  for (const RouteStep& step : scoped.routes) {
    const bool down = step.kind == RouteStep::Kind::kDown;
    if (is_upward(step) || (down && can_be_orphaned(live, step.target))) return &step.columns;
  }
  return nullptr;
}

// All the columns by which a row of the archive may be there already, as an orphan.
std::set<std::vector<int16_t>> identities_of(const LiveScope& live, const ScopedTable& scoped) {
  std::set<std::vector<int16_t>> identities;
  bool by_key = false;
  for (const RouteStep& step : scoped.routes) {
    if (is_upward(step)) identities.insert(step.columns);
    by_key |= is_upward(step) || can_lose_target(live, scoped, step);
  }
  // What hangs on others of its table may be found below them only, or not at all.
  by_key |= !scoped.own_steps.empty();
  if (by_key && !scoped.key.empty()) identities.insert(scoped.key);
  return identities;
}

KeyBatch batch_of(const Table& table, const std::vector<int16_t>& numbers) {
  return KeyBatch(columns_of(table, numbers));
}

// Versions of rows of one table, a number of them at a time.
class Versions {
 public:
  void add(const RowVersion& version) {
    relations_.push_back(std::to_string(version.relation));
    places_.push_back("(" + std::to_string(version.block) + "," + std::to_string(version.offset) +
                      ")");
  }
  bool full() const { return places_.size() >= kKeysPerLookup; }
  void clear() {
    relations_.clear();
    places_.clear();
  }

  // Of rows `t` of the table that are still there. `more`: parameters from $3 on.
  Rows read(const std::string& what, const Table& table, const std::string& rest,
            const std::vector<Arg>& more, Access access) const {
    const std::string relations = text_array(relations_), places = text_array(places_);
    std::vector<Arg> args{relations, places};
    args.insert(args.end(), more.begin(), more.end());
    return query("SELECT " + what + from_places(table, 1) + " " + rest, args, access);
  }

  // Against references that others make meanwhile, which their foreign keys make known by a lock on
  // the row.
  void lock(const Table& table) const {
    if (places_.empty()) return;
    const AsOwnerOf owner(table.oid);
    const size_t locked = read("", table, "FOR UPDATE OF t", {}, Access::kWrite).size();
    if (locked == places_.size()) return;
    throw Error(sqlstate::kSerializationFailure,
                "could not serialize access: somebody else changed rows of table " +
                    quoted_display(display_table(table)) + " that the company would get")
        .hint("Try again.");
  }

 private:
  std::vector<std::string> relations_, places_;
};

// Rows that an archive has and the company has not, or not so.
class OnlyArchived : public MergeHandler {
 public:
  using Visit = std::function<void(const std::vector<RowValue>& archived)>;

  // `changed`: may be empty.
  OnlyArchived(const MergePlan& plan, Visit added, Visit changed)
      : row_(line_columns(plan.columns, {})),
        added_(std::move(added)),
        changed_(std::move(changed)) {}
  void added(std::string_view line) override {
    row_.parse(line);
    added_(row_.values());
  }
  void removed(const CurrentRow&, const std::vector<RowValue>&) override {}
  void changed(const CurrentRow&, const std::vector<RowValue>&,
               const std::vector<RowValue>& archived, const std::vector<size_t>&) override {
    if (changed_) changed_(archived);
  }
  void unchanged() override {}

 private:
  RowLine row_;
  Visit added_, changed_;
};

}  // namespace

std::string refers_to_one_of(const LiveScope& live, TableIndex table, const RouteStep& step,
                             size_t first) {
  const Table& target = live.table(step.target);
  std::string keys;
  for (size_t i = 0; i < step.target_columns.size(); ++i) {
    keys += (i > 0 ? ", u.k" : "u.k") + std::to_string(i) + " AS " +
            quote_name(column_of(target, step.target_columns[i]).name);
  }
  return "EXISTS (SELECT FROM (SELECT " + keys + " FROM " +
         batch_of(target, step.target_columns).unnested(first) + ") AS r WHERE " +
         step_join(live.schema, step, table, "t", "r") + ")";
}

std::string sort_key(const MergePlan& plan, const std::vector<RowValue>& values) {
  std::string key;
  for (const MergeKeyPart& part : plan.key) {
    append_sort_key(part.order, values[part.column].text, key);
  }
  return key;
}

void OrphanRows::put(const MergePlan& plan, const CurrentRow& row, uint32_t xmin,
                     const std::vector<RowValue>& values) {
  sorter_.put(sorted_text(
      {sort_key(plan, values), SortedRow::Whose::kCurrent, row.version, xmin, row.line}));
}

void OrphanRows::sort() {
  sorter_.sort();
  advance();
}

void OrphanRows::advance() {
  std::string_view text;
  bool more = sorter_.next(text);
  while (more && text == last_) more = sorter_.next(text);
  row_.reset();
  if (!more) return;
  last_ = text;
  row_ = parse_sorted(last_);
}

class Orphans::Search {
 public:
  Search(const LiveScope& live, const Company& company, MatchedArchive& load,
         const MergePolicy& policy, std::map<TableIndex, std::unique_ptr<OrphanRows>>& found)
      : live_(live), company_(company), load_(load), policy_(policy), found_(found) {
    for (const MatchedTable& matched : load.tables()) {
      if (matched.table->foreign || !can_be_orphaned(live, matched.scoped->table)) continue;
      if (policy.selected != nullptr && policy.selected_of(matched.scoped->table) == nullptr) {
        continue;
      }
      tables_.emplace(matched.scoped->table, SearchedTable(live, matched, company, policy));
    }
  }

  void run() {
    for (auto& [index, table] : tables_) {
      const auto identities = identities_of(live_, *table.plan.matched->scoped);
      if (!identities.empty() && may_have_orphans(index)) search_archived(table, identities);
    }
    for (auto& [index, table] : tables_) {
      for (const RouteStep& step : table.plan.matched->scoped->routes) {
        if (is_unheld(*table.plan.matched->scoped, step) && has_orphans(index)) {
          search_returning(table, step);
        }
      }
    }
    for (const auto& [index, rows] : found_) rows->sort();
  }

 private:
  struct SearchedTable {
    SearchedTable(const LiveScope& live, const MatchedTable& matched, const Company& company,
                  const MergePolicy& policy)
        : plan(plan_merge(live, matched, company, policy)) {}
    const Table& table() const { return *plan.matched->table; }
    MergePlan plan;
  };

  // A step from a table that can be orphaned down to rows of another one.
  struct Below {
    SearchedTable* table;
    const RouteStep* step;
    std::set<std::string>* followed;  // rows may hang on each other in a circle; else null
    LineSpool keys;                   // of rows above: what the step refers to
  };

  // Cheap where all rows have an owner: nothing has to be compared then.
  bool may_have_orphans(TableIndex index) {
    const auto known = may_have_.find(index);
    if (known != may_have_.end()) return known->second;
    const ScopedTable& scoped = *live_.scope.find(index);
    const Table& table = live_.table(index);
    std::string nulls;
    bool may = true;
    for (const RouteStep& step : scoped.routes) {
      if (is_upward(step) || foreign_key_of(live_.schema, scoped, step) == nullptr) continue;
      const bool below = step.kind == RouteStep::Kind::kDown && can_be_orphaned(live_, step.target);
      if (below && may_have_orphans(step.target)) continue;
      nulls += (nulls.empty() ? "" : " AND ") + is_any_null(table, step.columns, "t");
    }
    if (!nulls.empty()) {
      may =
          !query("SELECT FROM " + from_table(table) + " AS t WHERE " + nulls + " LIMIT 1").empty();
    }
    return may_have_[index] = may;
  }

  void search_archived(SearchedTable& table, const std::set<std::vector<int16_t>>& identities) {
    const MergePlan& plan = table.plan;
    const MatchedTable& matched = *plan.matched;
    std::map<std::vector<int16_t>, LineSpool> wanted;
    OnlyArchived handler(plan,
                         [&](const std::vector<RowValue>& row) {
                           for (const std::vector<int16_t>& columns : identities) {
                             const auto key = key_line_of(columns, matched.columns, row);
                             if (key) wanted[columns].put(*key);
                           }
                         },
                         {});
    compare(plan, handler);
    const TableIndex index = matched.scoped->table;
    for (auto& [columns, keys] : wanted) {
      search(table,
             equals_one_of(columns_of(table.table(), columns), "t", 2) + " AND " +
                 is_adoptable(live_, index, "t", "$1", &company_),
             batch_of(table.table(), columns), keys,
             [&](const Versions& found) { require_unused(table.table(), index, found); });
    }
  }

  // Somebody may have come to use them before they were locked.
  void require_unused(const Table& table, TableIndex index, const Versions& found) const {
    if (policy_.preview) return;
    FreshSnapshot fresh;
    const Rows used =
        found.read(row_key_expression(table, pick_key(table), "t"), table,
                   "WHERE NOT (" + is_adoptable(live_, index, "t", "$3", &company_) + ") LIMIT 1",
                   {company_.arg()}, Access::kRead);
    fresh.close();
    if (used.empty()) return;
    throw Error(sqlstate::kSerializationFailure,
                "could not serialize access: somebody else now refers to a row of table " +
                    quoted_display(display_table(table)) + " that the company would get")
        .detail("Row: " + *used[0][0] + ".")
        .hint("Try again.");
  }

  void compare(const MergePlan& plan, OnlyArchived& handler) {
    const std::unique_ptr<LineSource> archive =
        select_lines(load_.lines(*plan.matched), *plan.matched,
                     policy_.selected_of(plan.matched->scoped->table));
    if (plan.key.empty()) {
      for (std::string_view line; archive->next(line);) handler.added(line);
      return;
    }
    RowMerge merge(plan.columns, plan.others, plan.key, *archive, handler);
    read_current(plan.query, nullptr,
                 [&](const CurrentRow& current, uint32_t) { merge.current(current); });
    merge.finish();
  }

  // Down to rows that may go alone: no foreign key holds what it refers to.
  bool is_unheld(const ScopedTable& scoped, const RouteStep& step) const {
    return step.kind == RouteStep::Kind::kDown &&
           foreign_key_of(live_.schema, scoped, step) == nullptr;
  }

  bool has_orphans(TableIndex index) const {
    // Mostly there are none: planned for all rows, not for the first.
    return !query("WITH o AS MATERIALIZED (SELECT FROM " + from_table(live_.table(index)) +
                  " AS t WHERE " + is_orphan(live_.schema, live_.scope, index, "t") +
                  ") SELECT FROM o LIMIT 1")
                .empty();
  }

  // Rows that will belong to the company again, whether the archive has them or not, because what
  // they refer to comes back.
  void search_returning(SearchedTable& table, const RouteStep& step) {
    for (const MatchedTable& target : load_.tables()) {
      if (target.scoped->table != step.target || target.table->foreign) continue;
      if (policy_.selected != nullptr && policy_.selected_of(step.target) == nullptr) continue;
      const SearchedTable above(live_, target, company_, policy_);
      LineSpool keys;
      const auto put = [&](const std::vector<RowValue>& row) {
        const auto key = key_line_of(step.target_columns, target.columns, row);
        if (key) keys.put(*key);
      };
      OnlyArchived handler(above.plan, put, put);
      compare(above.plan, handler);
      search(table, refers_to_one_of(live_, table.plan.matched->scoped->table, step, 2),
             batch_of(*target.table, step.target_columns), keys);
    }
  }

  using Locked = std::function<void(const Versions&)>;

  // Orphans of the table for which `condition` holds with a batch of keys. `locked` gets them, when
  // they and what is below them are locked.
  void search(SearchedTable& table, const std::string& condition, KeyBatch batch, LineSpool& keys,
              const Locked& locked = {}) {
    std::string_view key;
    bool more = true;
    while (more) {
      batch.clear();
      while (!batch.full() && (more = keys.next(key))) batch.add(key);
      if (!batch.empty()) search(table, condition, batch, locked);
    }
  }

  void search(SearchedTable& table, const std::string& condition, const KeyBatch& batch,
              const Locked& locked) {
    std::vector<Below> below = below_of(table);
    Versions found;
    std::vector<Versions> to_look_at;
    const auto end_found = [&] {
      if (!policy_.preview) found.lock(table.table());
      if (locked) to_look_at.push_back(found);
      found.clear();
    };
    CurrentQuery query = table.plan.query;
    query.table.sql = table.plan.select + condition + " AND " +
                      is_orphan(live_.schema, live_.scope, table.plan.matched->scoped->table, "t");
    BatchMemory memory;
    query.table.args = {company_.arg()};  // what is selected does not count here
    for (const Arg& array : batch.arrays()) query.table.args.push_back(array);
    RowLine line(line_columns(table.plan.columns, table.plan.others));
    read_current(query, nullptr, [&](const CurrentRow& row, uint32_t xmin) {
      line.parse(row.line);
      std::unique_ptr<OrphanRows>& rows = found_[table.plan.matched->scoped->table];
      if (!rows) rows = std::make_unique<OrphanRows>();
      rows->put(table.plan, row, xmin, line.values());
      found.add(row.version);
      if (found.full()) end_found();
      for (Below& link : below) {
        const auto key = key_line_of(link.step->target_columns, table.plan.current, line.values());
        if (!key || (link.followed != nullptr && !link.followed->insert(*key).second)) continue;
        link.keys.put(*key);
      }
    });
    end_found();
    memory.close();
    for (Below& link : below) search_below(table, link);
    for (const Versions& versions : to_look_at) locked(versions);
  }

  std::vector<Below> below_of(SearchedTable& table) {
    std::vector<Below> below;
    for (auto& [index, other] : tables_) {
      for (const RouteStep& step : other.plan.matched->scoped->routes) {
        if (step.kind != RouteStep::Kind::kDown) continue;
        if (step.target != table.plan.matched->scoped->table) continue;
        below.push_back({&other, &step, nullptr, {}});
      }
    }
    for (const RouteStep& step : table.plan.matched->scoped->own_steps) {
      below.push_back({&table, &step, &followed_[&step], {}});
    }
    return below;
  }

  void search_below(const SearchedTable& above, Below& link) {
    const RouteStep& step = *link.step;
    const std::string condition =
        "EXISTS (SELECT FROM " + from_table(above.table()) + " AS r WHERE " +
        step_join(live_.schema, step, link.table->plan.matched->scoped->table, "t", "r") + " AND " +
        equals_one_of(columns_of(above.table(), step.target_columns), "r", 2) + ")";
    search(*link.table, condition, batch_of(above.table(), step.target_columns), link.keys);
  }

  const LiveScope& live_;
  const Company& company_;
  MatchedArchive& load_;
  const MergePolicy& policy_;
  std::map<TableIndex, std::unique_ptr<OrphanRows>>& found_;
  std::map<TableIndex, SearchedTable> tables_;
  std::map<TableIndex, bool> may_have_;
  std::map<const RouteStep*, std::set<std::string>> followed_;  // keys of rows above
};

Orphans::Orphans(const LiveScope& live, const Company& company, MatchedArchive& load,
                 const MergePolicy& policy) {
  Search(live, company, load, policy, found_).run();
}

Orphans::~Orphans() = default;

OrphanRows* Orphans::of(TableIndex table) const {
  const auto found = found_.find(table);
  return found == found_.end() ? nullptr : found->second.get();
}

FormerOrphans::FormerOrphans(const LiveScope& live, int64_t restore)
    : live_(live), members_(undo_members(restore, UndoPart::kOrphans)) {}

FormerOrphans::FormerOrphans(const LiveScope& live, const FittedRecord& record,
                             MatchedArchive& load)
    : live_(live), record_(&record), load_(&load) {}

std::unique_ptr<LineSource> FormerOrphans::lines_of(size_t number) const {
  if (record_ != nullptr) return record_->rows(UndoPart::kOrphans, number);
  return std::make_unique<UndoLines>(*members_, static_cast<int>(number));
}

FormerOrphans::Counts FormerOrphans::add_versions(const MatchedTable& matched, size_t number,
                                                  const std::vector<const Column*>& recorded,
                                                  uint32_t since, VersionSum& sum,
                                                  uint64_t& written) {
  if (matched.table->foreign || !can_be_orphaned(live_, matched.scoped->table)) return {};
  const std::vector<int16_t>* const columns = identity_of(live_, *matched.scoped);
  if (columns == nullptr) return {};
  const std::vector<int16_t>& identity = *columns;
  const std::unique_ptr<LineSource> lines = lines_of(number);
  RowLine row(row_columns(recorded));
  RowMapper mapper = load_ != nullptr ? load_->make_mapper(matched) : RowMapper();
  LineSorter keys;  // rows without a key may have the same
  for (std::string_view line; lines->next(line);) {
    row.parse(line);
    std::vector<RowValue> values = row.values();
    mapper.apply(values);
    if (const auto key = key_line_of(identity, recorded, values)) keys.put(*key);
  }
  keys.sort();
  const std::string sql = "SELECT t.tableoid, t.ctid, t.xmin, t.cmin FROM " +
                          from_table(*matched.table) + " AS t WHERE " +
                          equals_one_of(columns_of(*matched.table, identity), "t", 1) + " AND " +
                          is_orphan(live_.schema, live_.scope, matched.scoped->table, "t");
  KeyBatch batch = batch_of(*matched.table, identity);
  Counts counts;
  std::string last;
  std::string_view key;
  bool more = true;
  while (more) {
    batch.clear();
    while (!batch.full() && (more = keys.next(key))) {
      if (key != last) batch.add(key);
      last = key;
    }
    if (batch.empty()) continue;
    BatchMemory memory;
    uint64_t written_here = 0;
    const VersionSum found = sum_versions(sql, batch.arrays(), since, written_here);
    memory.close();
    sum.rows += found.rows;
    sum.sum += found.sum;
    written += written_here;
    counts.kept += found.rows;
    counts.written += written_here;
  }
  return counts;
}

}  // namespace company_backup
