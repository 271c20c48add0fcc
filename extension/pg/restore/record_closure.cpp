#include "pg/restore/record_closure.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "core/scope/sql.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/restore/line_filter.hpp"
#include "pg/restore/merge_plan.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

using Columns = std::vector<int16_t>;

// A way on which rows of `child` hang on rows of `parent`.
struct Link {
  TableIndex child;
  Columns columns;  // where only rows of one kind refer so, that column stands behind the others
  TableIndex parent;
  Columns parent_columns;
  std::string when_value{};

  // What a row refers to that has this key in `parent_columns`, as its `columns` have it.
  std::string referring(const std::string& key) const {
    return columns.size() == parent_columns.size() ? key : key + key_line({when_value});
  }
};

// A row that another one refers to.
struct ParentKey {
  const Link* link;
  std::string key;  // of its parent_columns
};

// A row of the archive that was selected.
struct ReadRow {
  std::string key;  // "" if its table has none
  std::vector<ParentKey> parents;
};

// Values of a row, as the archive's columns have them or as those of a plan.
struct SeenRow {
  const std::vector<const Column*>& columns;
  const std::vector<RowValue>& values;

  std::optional<std::string> key(const Columns& numbers) const {
    return key_line_of(numbers, columns, values);
  }
};

// Lines of a table that were read, in their order.
class KeptLines {
 public:
  // Of too many none is kept.
  void keep(std::string_view line) {
    bytes_ += line.size();
    if (bytes_ > kMostBytes) drop();
    if (all_) lines_.emplace_back(line);
  }
  // Others are read in another order.
  void drop() {
    all_ = false;
    lines_ = {};
  }
  // Are these all lines of the selected rows?
  bool are_all_of(const SelectedTable& selected, bool has_key) const {
    if (!all_ || selected.whole) return false;
    return !has_key || (selected.rows.size() == 1 && selected.rows[0].keys.size() == lines_.size());
  }
  std::shared_ptr<const std::vector<std::string>> take() {
    return std::make_shared<const std::vector<std::string>>(std::move(lines_));
  }

 private:
  static constexpr size_t kMostBytes = size_t{1} << 20;

  std::vector<std::string> lines_;
  size_t bytes_ = 0;
  bool all_ = true;
};

class RecordClosure {
 public:
  RecordClosure(const LiveScope& live, const Company& company, MatchedArchive& load, bool merges,
                RowSelection& selected)
      : live_(live), company_(company), load_(load), merges_(merges), selected_(selected) {
    for (const MatchedTable& matched : load.tables()) tables_[matched.scoped->table] = &matched;
    find_links();
  }

  void run(const std::vector<NamedRecord>& records) {
    for (const NamedRecord& record : records) add_record(record);
    go_down();
    refuse_unknown();
    go_up();
    for (auto& [table, wanted] : wanted_) {
      if (!tables_.at(table)->scoped->key.empty()) continue;
      selected_.tables[table] = std::move(wanted);
    }
    for (auto& [table, kept] : lines_) {
      const auto selected = selected_.tables.find(table);
      if (selected == selected_.tables.end()) continue;
      const bool has_key = !tables_.at(table)->scoped->key.empty();
      if (kept.are_all_of(selected->second, has_key)) selected->second.lines = kept.take();
    }
  }

 private:
  void find_links();
  void add_link(Link link);
  void add_record(const NamedRecord& record);

  void go_down();
  void read_archive(const MatchedTable& matched, const SelectedTable& wanted, bool down);
  void read_company(const MatchedTable& matched, const SelectedTable& wanted,
                    const std::function<void(const SeenRow&)>& visit) const;
  void select(const MatchedTable& matched, const SeenRow& row, bool down);
  std::vector<ParentKey> parents_of(const MatchedTable& matched, const SeenRow& row) const;
  void need_parents(const MatchedTable& matched, const std::vector<ReadRow>& rows);
  void refuse_unknown() const;

  void go_up();

  const LiveScope& live_;
  const Company& company_;
  MatchedArchive& load_;
  const bool merges_;
  RowSelection& selected_;
  std::map<TableIndex, const MatchedTable*> tables_;
  std::vector<Link> links_;
  std::map<TableIndex, SelectedTable> wanted_;          // what hangs on selected rows
  std::set<TableIndex> unread_;                         // wanted more since they were read
  std::map<TableIndex, std::set<std::string>> sought_;  // records that were not seen yet
  // What selected rows of the archive cannot be without, and what was looked for.
  std::map<TableIndex, SelectedTable> needed_, asked_;
  std::map<TableIndex, KeptLines> lines_;
};

// Columns in which equal values are the same text.
bool are_alike(const LiveScope& live, const Link& link) {
  for (size_t i = 0; i < link.parent_columns.size(); ++i) {
    if (!has_same_text(column_of(live.table(link.child), link.columns[i]),
                       column_of(live.table(link.parent), link.parent_columns[i])))
      return false;
  }
  return true;
}

void RecordClosure::add_link(Link link) {
  const TableIndex company = live_.scope.company_table;
  if (link.child == company || link.parent == company) return;
  if (!tables_.contains(link.child) || !tables_.contains(link.parent)) return;
  if (are_alike(live_, link)) links_.push_back(std::move(link));
}

void RecordClosure::find_links() {
  for (const Reference& reference : live_.scope.references) {
    if (reference.path || !reference.json_path.empty() || is_list(live_.schema, reference))
      continue;
    const Table& source = live_.table(reference.table);
    Link link{reference.table, reference.columns, reference.target, reference.target_columns};
    if (!reference.when_column.empty()) {
      link.columns.push_back(find_column(source, reference.when_column)->number);
      link.when_value = reference.when_value;
    }
    add_link(std::move(link));
  }
  for (const auto& [table, matched] : tables_) {
    for (const RouteStep& step : matched->scoped->routes) {
      if (step.kind != RouteStep::Kind::kUp) continue;
      add_link({table, step.columns, step.target, step.target_columns});
    }
  }
}

// As rows have it.
void RecordClosure::add_record(const NamedRecord& record) {
  const MatchedTable& matched = find_named(live_, load_.tables(), record.table);
  const TableIndex table = matched.scoped->table;
  const Columns& key = matched.scoped->key;
  const std::string shown = quoted_display(display_table(*matched.table));
  const auto refuse = [&](const std::string& message, const std::string& hint) {
    throw Error(sqlstate::kInvalidParameter, message).hint(hint);
  };
  if (table == live_.scope.company_table) {
    refuse("the company's own row is no record",
           "With tables => '{" + display_table(*matched.table) + "}' it alone is restored.");
  }
  if (key.empty()) {
    refuse("rows of table " + shown + " cannot be named: it has no key",
           "They come with the records that they refer to.");
  }
  std::string names;
  for (const int16_t number : key) {
    names += (names.empty() ? "" : ", ") + display_name(column_of(*matched.table, number).name);
  }
  std::vector<std::string> values;
  for (size_t i = 0; i < key.size(); ++i) {
    const Column& column = column_of(*matched.table, key[i]);
    const auto named = std::find(record.columns.begin(), record.columns.end(), column.name);
    const size_t at =
        record.columns.empty() ? i : static_cast<size_t>(named - record.columns.begin());
    if (record.values.size() != key.size() || at >= record.values.size()) {
      refuse("the key of table " + shown + " is made of other columns than that of a record",
             "It is (" + names + ").");
    }
    values.push_back(canonical_text(column, record.values[at]));
  }
  const std::string line = key_line(values);
  if (!sought_[table].insert(line).second) {
    KeyBatch batch(columns_of(*matched.table, key));
    batch.add(line);
    refuse("row " + batch.text(0) + " of table " + shown + " is selected twice",
           "Name each record once.");
  }
  wanted_[table].by(key).keys.insert(line);
  unread_.insert(table);
}

// Tables that others hang on first: then most are read once.
void RecordClosure::go_down() {
  while (!unread_.empty()) {
    for (const MatchedTable& matched : load_.tables()) {
      const TableIndex table = matched.scoped->table;
      if (unread_.erase(table) == 0) continue;
      read_archive(matched, wanted_.at(table), true);
      if (merges_) continue;
      const SelectedTable wanted = wanted_.at(table);
      read_company(matched, wanted, [&](const SeenRow& row) { select(matched, row, true); });
    }
  }
}

void RecordClosure::read_archive(const MatchedTable& matched, const SelectedTable& wanted,
                                 bool down) {
  const bool is_read = lines_.contains(matched.scoped->table);
  const std::unique_ptr<LineSource> lines = load_.lines(matched);
  const std::vector<RowColumn> names = row_columns(matched.columns);
  RowLine line(names);
  LineFilter filter(matched, names, wanted);
  const auto sought = sought_.find(matched.scoped->table);
  KeptLines& kept = lines_[matched.scoped->table];
  if (down)
    kept = {};  // what was read before is read again
  else if (is_read)
    kept.drop();
  std::vector<ReadRow> rows;
  std::string_view text;
  while (lines->next(text)) {
    if (!filter.passes(text)) continue;
    line.parse(text);
    const SeenRow row{matched.columns, line.values()};
    if (!wanted.has(row.columns, row.values)) continue;
    if (sought != sought_.end()) sought->second.erase(row.key(matched.scoped->key).value_or(""));
    kept.keep(text);
    std::vector<ParentKey> parents = parents_of(matched, row);
    if (!parents.empty())
      rows.push_back({row.key(matched.scoped->key).value_or(""), std::move(parents)});
    select(matched, row, down);
  }
  need_parents(matched, rows);
}

void RecordClosure::read_company(const MatchedTable& matched, const SelectedTable& wanted,
                                 const std::function<void(const SeenRow&)>& visit) const {
  RowSelection some;
  some.tables[matched.scoped->table] = wanted;
  const MergePlan plan = plan_merge(live_, matched, company_, MergePolicy{.selected = &some});
  RowLine line(line_columns(plan.columns, plan.others));
  read_current(plan.query, nullptr, [&](const CurrentRow& current, uint32_t) {
    line.parse(current.line);
    visit({plan.current, line.values()});
  });
}

// With `down`, what hangs on the row is wanted, too.
void RecordClosure::select(const MatchedTable& matched, const SeenRow& row, bool down) {
  const TableIndex table = matched.scoped->table;
  if (!matched.scoped->key.empty()) {
    const auto key = row.key(matched.scoped->key);
    if (key) selected_.tables[table].by(matched.scoped->key).keys.insert(*key);
  }
  if (!down) return;
  for (const Link& link : links_) {
    if (link.parent != table) continue;
    const auto key = row.key(link.parent_columns);
    if (!key) continue;
    if (!wanted_[link.child].by(link.columns).keys.insert(link.referring(*key)).second) continue;
    unread_.insert(link.child);
  }
}

std::vector<ParentKey> RecordClosure::parents_of(const MatchedTable& matched,
                                                 const SeenRow& row) const {
  std::vector<ParentKey> parents;
  for (const Link& link : links_) {
    if (link.child != matched.scoped->table) continue;
    const auto key = row.key(link.columns);
    if (!key) continue;
    std::string parent = *key;
    if (link.columns.size() > link.parent_columns.size()) {
      const std::string kind = key_line({link.when_value});
      if (!parent.ends_with(kind)) continue;
      parent.resize(parent.size() - kind.size());
    }
    parents.push_back({&link, std::move(parent)});
  }
  return parents;
}

// Where rows are only added, those that are there stay as they are, and need nothing.
void RecordClosure::need_parents(const MatchedTable& matched, const std::vector<ReadRow>& rows) {
  std::unordered_set<std::string> there;
  const Columns& key = matched.scoped->key;
  if (merges_ && !key.empty() && !rows.empty()) {
    SelectedTable some;
    for (const ReadRow& row : rows) some.by(key).keys.insert(row.key);
    read_company(matched, some,
                 [&](const SeenRow& row) { there.insert(row.key(key).value_or("")); });
  }
  for (const ReadRow& row : rows) {
    if (there.contains(row.key)) continue;
    for (const ParentKey& parent : row.parents)
      needed_[parent.link->parent].by(parent.link->parent_columns).keys.insert(parent.key);
  }
}

void RecordClosure::refuse_unknown() const {
  for (const auto& [table, keys] : sought_) {
    if (keys.empty()) continue;
    KeyBatch batch(columns_of(live_.table(table), tables_.at(table)->scoped->key));
    std::string list;
    for (const std::string& key : keys) {
      if (batch.size() == kListedKeys) break;
      batch.add(key);
      list += (list.empty() ? "" : ", ") + batch.text(batch.size() - 1);
    }
    throw Error(sqlstate::kInvalidParameter,
                "the backup has no row " + list + (keys.size() > kListedKeys ? ", ..." : "") +
                    " of table " + quoted_display(display_table(live_.table(table))));
  }
}

// What is there already need not come; what comes may need more.
void RecordClosure::go_up() {
  while (!needed_.empty()) {
    const auto [table, needed] = std::move(*needed_.begin());
    needed_.erase(needed_.begin());
    const MatchedTable& matched = *tables_.at(table);
    SelectedTable missing;
    for (const RowKeys& rows : needed.rows) {
      std::unordered_set<std::string>& asked = asked_[table].by(rows.columns).keys;
      for (const std::string& key : rows.keys) {
        if (asked.insert(key).second) missing.by(rows.columns).keys.insert(key);
      }
    }
    if (missing.rows.empty()) continue;
    const SelectedTable all = missing;
    read_company(matched, all, [&](const SeenRow& row) {
      for (RowKeys& rows : missing.rows) {
        if (const auto key = row.key(rows.columns)) rows.keys.erase(*key);
      }
    });
    std::erase_if(missing.rows, [](const RowKeys& rows) { return rows.keys.empty(); });
    if (!missing.rows.empty()) read_archive(matched, missing, false);
  }
}

}  // namespace

void select_records(const LiveScope& live, const Company& company, MatchedArchive& load,
                    const std::vector<NamedRecord>& records, bool merges, RowSelection& selected) {
  if (records.empty()) return;
  RecordClosure(live, company, load, merges, selected).run(records);
}

}  // namespace company_backup
