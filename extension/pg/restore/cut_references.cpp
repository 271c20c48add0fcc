#include "pg/restore/cut_references.hpp"

#include <algorithm>
#include <set>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/restore/left_dangling.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

// Behind a key: a row that has it comes or stays, one that had it goes, a row refers to it.
constexpr char kKeyComes = '1', kKeyGoes = '2', kRefers = '3';

std::string_view take_values(std::string_view& line, size_t count) {
  const std::string_view all = line;
  for (size_t i = 0; i < count; ++i) take_value(line);
  return all.substr(0, all.size() - line.size());
}

// Rows that refer to what is not there, or would not be.
struct FoundRows {
  uint64_t count = 0;
  std::vector<std::string> listed{};

  void note(const std::string& row, const std::string& key) {
    if (++count <= kListedKeys) listed.push_back(row + " to " + key);
  }
  std::string list() const {
    std::string text;
    for (const std::string& item : listed) text += (text.empty() ? "" : ", ") + item;
    return text + (count > listed.size() ? ", ..." : "");
  }
};

struct Cut {
  Reference reference;
  size_t target = 0;
  bool is_route = false;  // a row is the company's by it
  bool is_up = false;     // ... as what it refers to refers to the row
  bool looks_for_wanted = true, looks_for_lost = true;
  bool is_of_log = false;  // it is only told of
  FoundRows wanted{}, lost{};
};

// Unique columns that rows refer to.
struct CutTarget {
  TableIndex table;
  std::vector<int16_t> columns;
  std::vector<size_t> cuts{};
  std::unique_ptr<LineSorter> keys{};
};

}  // namespace

struct CutReferences::Impl {
  const LiveScope& live;
  const Company& company;
  MatchedArchive& load;
  const MergePolicy& policy;
  std::vector<Cut> cuts{};
  std::vector<CutTarget> targets{};
  // Of tables some of whose rows are written: the keys of these, and rows that refer to lost ones.
  std::map<TableIndex, std::unique_ptr<LineSorter>> touched{};

  // References that wait to be looked up, and the rows that have them.
  struct Waiting {
    KeyBatch keys;
    std::vector<std::string> rows{};
    std::vector<bool> lost{};  // what has the key goes
  };

  void find_cuts();
  void add_cut(Cut cut);
  void find_ways_up(const ScopedTable& scoped);
  bool can_be_compared(const Reference& reference) const;
  bool goes_by_route(const Reference& reference) const;
  bool add_of_log(const Reference& reference);

  void put_keys(TableIndex table, const std::vector<const Column*>& columns,
                const std::vector<RowValue>& values, char what);
  void put_wanted(TableIndex table, const std::vector<const Column*>& columns,
                  const std::vector<RowValue>& values, const std::string& row);
  void put_touched(const MergePlan& plan, const std::vector<RowValue>& values);
  bool is_meant(const Cut& cut, const std::vector<const Column*>& columns,
                const std::vector<RowValue>& values) const;

  void read_keys(CutTarget& target);
  void look_for_wanted(Cut& cut, Waiting& waiting);
  void look_for_referring(const CutTarget& target, KeyBatch& lost);
  void read_touched();
  std::string describe(const Cut& cut, bool lost) const;
  std::string hint() const;
};

namespace {

std::string key_of(const MergePlan& plan, const std::vector<RowValue>& values) {
  const std::string text = plan.key_text(values);
  return text.empty() ? "(no key)" : text;
}

// The FROM item "r" of these keys, with the names of the columns.
std::string keys_as_rows(const Table& table, const std::vector<int16_t>& columns) {
  std::string names;
  for (size_t i = 0; i < columns.size(); ++i) {
    names +=
        "u.k" + std::to_string(i) + " AS " + quote_name(column_of(table, columns[i]).name) + ", ";
  }
  return "(SELECT " + names + "u.n AS \"company_backup n\" FROM " +
         unnested(columns_of(table, columns)) + ") AS r";
}

constexpr const char* kNumber = "r.\"company_backup n\"";

bool has_logs(const LiveScope& live) {
  const std::vector<Reference>& references = live.scope.references;
  return std::any_of(references.begin(), references.end(),
                     [&](const Reference& reference) { return is_of_log(live, reference); });
}

}  // namespace

CutReferences::CutReferences(const LiveScope& live, const Company& company, MatchedArchive& load,
                             const MergePolicy& policy)
    : live_(live),
      company_(company),
      load_(load),
      policy_(policy),
      foresees_logs_(policy.preview && !policy.merges && has_logs(live)) {}

CutReferences::~CutReferences() = default;

bool CutReferences::Impl::can_be_compared(const Reference& reference) const {
  if (reference.path || !reference.json_path.empty() || is_list(live.schema, reference))
    return false;
  for (size_t i = 0; i < reference.columns.size(); ++i) {
    if (!has_same_text(column_of(live.table(reference.table), reference.columns[i]),
                       column_of(live.table(reference.target), reference.target_columns[i])))
      return false;
  }
  return true;
}

bool CutReferences::Impl::goes_by_route(const Reference& reference) const {
  const std::vector<RouteStep> steps = all_steps(*live.scope.find(reference.table));
  return std::any_of(steps.begin(), steps.end(), [&](const RouteStep& step) {
    return step.kind == RouteStep::Kind::kDown && step.target == reference.target &&
           step.columns == reference.columns;
  });
}

void CutReferences::Impl::add_cut(Cut cut) {
  const Reference& reference = cut.reference;
  const auto same = [&](const CutTarget& target) {
    return target.table == reference.target && target.columns == reference.target_columns;
  };
  auto target = std::find_if(targets.begin(), targets.end(), same);
  if (target == targets.end()) {
    targets.push_back({reference.target, reference.target_columns});
    target = targets.end() - 1;
  }
  cut.target = static_cast<size_t>(target - targets.begin());
  target->cuts.push_back(cuts.size());
  cuts.push_back(std::move(cut));
}

// Rows that are the company's because a row refers to them are nobody's without it.
void CutReferences::Impl::find_ways_up(const ScopedTable& scoped) {
  for (const RouteStep& step : scoped.routes) {
    if (step.kind != RouteStep::Kind::kUp) continue;
    Cut cut;
    cut.reference.name = step.name;
    cut.reference.table = scoped.table;
    cut.reference.target = step.target;
    cut.reference.columns = step.columns;
    cut.reference.target_columns = step.target_columns;
    cut.reference.soft = true;
    cut.is_route = cut.is_up = true;
    cut.looks_for_wanted = false;
    cut.looks_for_lost = !policy.selected->covers(scoped.table);
    if (cut.looks_for_lost && can_be_compared(cut.reference)) add_cut(std::move(cut));
  }
}

// Where a table is brought back as a whole, what its rows refer to was in the backup.
void CutReferences::Impl::find_cuts() {
  for (const Reference& reference : live.scope.references) {
    const ScopedTable* const target = live.scope.find(reference.target);
    if (target == nullptr || !target->travels() || reference.target == live.scope.company_table)
      continue;
    if (add_of_log(reference) || policy.selected == nullptr) continue;
    if (!can_be_compared(reference)) continue;
    const SelectedTable* const selected = policy.selected_of(reference.target);
    Cut cut;
    cut.reference = reference;
    cut.is_route = goes_by_route(reference);
    cut.looks_for_wanted = selected == nullptr || !selected->whole || !policy.selected->adds;
    cut.looks_for_lost = selected != nullptr && !policy.selected->covers(reference.table);
    if (cut.looks_for_wanted || cut.looks_for_lost) add_cut(std::move(cut));
  }
  if (policy.selected == nullptr) return;
  for (const ScopedTable* scoped : live.travelling()) find_ways_up(*scoped);
}

// A preview tells of rows of logs that would refer to nothing, unless the selection is refused for
// them.
bool CutReferences::Impl::add_of_log(const Reference& reference) {
  const bool is_refused = policy.selected != nullptr && can_be_compared(reference);
  if (!policy.preview || !is_of_log(live, reference) || is_refused) return false;
  if (!reference.json_path.empty()) return true;
  Cut cut;
  cut.reference = reference;
  cut.is_route = goes_by_route(reference);
  cut.looks_for_wanted = false;
  cut.is_of_log = true;
  add_cut(std::move(cut));
  return true;
}

bool CutReferences::Impl::is_meant(const Cut& cut, const std::vector<const Column*>& columns,
                                   const std::vector<RowValue>& values) const {
  const Reference& reference = cut.reference;
  if (reference.when_column.empty()) return true;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]->name != reference.when_column) continue;
    return text_form(*columns[i], values[i]) == reference.when_value;
  }
  return false;
}

void CutReferences::Impl::put_keys(TableIndex table, const std::vector<const Column*>& columns,
                                   const std::vector<RowValue>& values, char what) {
  for (CutTarget& target : targets) {
    if (target.table != table) continue;
    const auto key = key_line_of(target.columns, columns, values);
    if (!key) continue;
    if (!target.keys) target.keys = std::make_unique<LineSorter>();
    target.keys->put(*key + what);
  }
}

void CutReferences::Impl::put_wanted(TableIndex table, const std::vector<const Column*>& columns,
                                     const std::vector<RowValue>& values, const std::string& row) {
  for (size_t i = 0; i < cuts.size(); ++i) {
    const Cut& cut = cuts[i];
    if (cut.reference.table != table || !cut.looks_for_wanted) continue;
    const auto key = key_line_of(cut.reference.columns, columns, values);
    if (!key || !is_meant(cut, columns, values)) continue;
    CutTarget& target = targets[cut.target];
    if (!target.keys) target.keys = std::make_unique<LineSorter>();
    target.keys->put(*key + kRefers + key_line({std::to_string(i), row}));
  }
}

void CutReferences::Impl::put_touched(const MergePlan& plan, const std::vector<RowValue>& values) {
  std::unique_ptr<LineSorter>& rows = touched[plan.matched->scoped->table];
  if (!rows) rows = std::make_unique<LineSorter>();
  rows->put(key_of(plan, values) + '\0' + kKeyGoes);
}

void CutReferences::added(const MergePlan& plan, const std::vector<RowValue>& archived) {
  if (!impl_) {
    impl_.reset(new Impl{live_, company_, load_, policy_});
    impl_->find_cuts();
  }
  if (impl_->cuts.empty()) return;
  const TableIndex table = plan.matched->scoped->table;
  impl_->put_keys(table, plan.matched->columns, archived, kKeyComes);
  impl_->put_wanted(table, plan.matched->columns, archived, key_of(plan, archived));
}

void CutReferences::removed(const MergePlan& plan, const std::vector<RowValue>& values) {
  if (!impl_) {
    impl_.reset(new Impl{live_, company_, load_, policy_});
    impl_->find_cuts();
  }
  if (impl_->cuts.empty()) return;
  impl_->put_keys(plan.matched->scoped->table, plan.current, values, kKeyGoes);
  impl_->put_touched(plan, values);
}

void CutReferences::changed(const MergePlan& plan, const std::vector<RowValue>& current,
                            const std::vector<RowValue>& after) {
  removed(plan, current);
  const TableIndex table = plan.matched->scoped->table;
  impl_->put_keys(table, plan.current, after, kKeyComes);
  impl_->put_wanted(table, plan.current, after, key_of(plan, after));
}

void CutReferences::find() {
  if (!impl_) return;
  for (CutTarget& target : impl_->targets) {
    if (target.keys) impl_->read_keys(target);
  }
  impl_->read_touched();
}

// Of one key, rows that come stand before those that go, and these before what refers to it.
void CutReferences::Impl::read_keys(CutTarget& target) {
  const std::vector<const Column*> columns = columns_of(live.table(target.table), target.columns);
  Waiting lost{KeyBatch(columns)};
  std::map<size_t, Waiting> wanted;
  for (const size_t i : target.cuts) {
    const Reference& reference = cuts[i].reference;
    const Table& source = live.table(reference.table);
    wanted.emplace(i, Waiting{KeyBatch(columns_of(source, reference.columns))});
  }
  target.keys->sort();
  std::string comes, goes;
  std::string_view line;
  while (target.keys->next(line)) {
    check_for_interrupts();
    const std::string_view key = take_values(line, columns.size());
    const char what = line[0];
    line.remove_prefix(1);
    if (what == kKeyComes) {
      comes = key;
    } else if (key == comes) {
      continue;
    } else if (what == kKeyGoes) {
      if (key != goes) lost.keys.add(key);
      goes = key;
      if (lost.keys.full()) look_for_referring(target, lost.keys);
    } else {
      const size_t number = std::stoul(std::string(take_value(line)));
      Waiting& waiting = wanted.at(number);
      waiting.keys.add(key);
      waiting.rows.emplace_back(take_value(line));
      waiting.lost.push_back(key == goes);
      if (waiting.keys.full()) look_for_wanted(cuts[number], waiting);
    }
  }
  for (auto& [number, waiting] : wanted) look_for_wanted(cuts[number], waiting);
  look_for_referring(target, lost.keys);
}

void CutReferences::Impl::look_for_wanted(Cut& cut, Waiting& waiting) {
  if (waiting.keys.empty()) return;
  Reference reference = cut.reference;
  reference.when_column.clear();  // they are of that kind
  const Table& source = live.table(reference.table);
  BatchMemory memory;
  std::vector<bool> there(waiting.keys.size());
  for (const Row& row :
       query(std::string("SELECT ") + kNumber + " FROM " + keys_as_rows(source, reference.columns) +
                 " JOIN " + from_table(live.table(reference.target)) + " AS t ON " +
                 reference_join(live.schema, reference, "r", "t"),
             waiting.keys.arrays())) {
    there[std::stoul(*row[0]) - 1] = true;
  }
  memory.close();
  for (size_t n = 0; n < there.size(); ++n) {
    if (there[n] && !waiting.lost[n]) continue;
    cut.wanted.note(waiting.rows[n], waiting.keys.text(n));
  }
  waiting = {KeyBatch(columns_of(source, reference.columns))};
}

// What belongs to the company by a lost row, or did, is the company's, whether it can still be seen
// or not.
void CutReferences::Impl::look_for_referring(const CutTarget& target, KeyBatch& lost) {
  if (lost.empty()) return;
  const Table& lost_table = live.table(target.table);
  for (const size_t i : target.cuts) {
    Cut& cut = cuts[i];
    if (!cut.looks_for_lost) continue;
    const Table& source = live.table(cut.reference.table);
    const ScopedTable& scoped = *live.scope.find(cut.reference.table);
    std::string sql = "SELECT " + row_key_expression(source, scoped.key, "s") + ", " + kNumber +
                      " FROM " + keys_as_rows(lost_table, target.columns) + " JOIN " +
                      from_table(source) + " AS s ON " +
                      reference_join(live.schema, cut.reference, "s", "r");
    BatchMemory memory;
    std::vector<Arg> args = lost.arrays();
    if (!cut.is_route) {
      args.push_back(company.arg());
      sql +=
          " WHERE (" +
          owned_by(live.schema, live.scope, scoped.table, "s", "$" + std::to_string(args.size())) +
          ") IS TRUE";
    }
    const auto written = touched.find(scoped.table);
    for (const Row& row : query(sql, args)) {
      const std::string key = lost.text(std::stoul(*row[1]) - 1);
      if (written == touched.end()) {
        cut.lost.note(*row[0], key);
      } else {
        written->second->put(*row[0] + '\0' + kRefers + key_line({std::to_string(i), key}));
      }
    }
    memory.close();
  }
  lost.clear();
}

// Rows that are written themselves do not stay as they are.
void CutReferences::Impl::read_touched() {
  for (auto& [table, rows] : touched) {
    rows->sort();
    std::string written;
    std::string_view line;
    while (rows->next(line)) {
      const std::string_view row = take_value(line);
      const char what = line[0];
      line.remove_prefix(1);
      if (what == kKeyGoes) {
        written = row;
      } else if (row != written) {
        Cut& cut = cuts[std::stoul(std::string(take_value(line)))];
        cut.lost.note(std::string(row), std::string(take_value(line)));
      }
    }
  }
}

// Without the table that the rows are of.
std::string CutReferences::Impl::describe(const Cut& cut, bool lost) const {
  const FoundRows& found = lost ? cut.lost : cut.wanted;
  const std::string target = display_table(live.table(cut.reference.target));
  std::string text = display_name(cut.reference.name) + ": " + std::to_string(found.count) +
                     (found.count == 1 ? " row that " : " rows that ");
  if (lost) {
    const bool one = found.count == 1;
    text += one ? "stays " : "stay ";
    text += cut.is_up ? (one ? "belongs" : "belong") : (one ? "refers" : "refer");
    text += " to rows of table " + target +
            (cut.is_of_log ? " that are removed, and will lead nowhere" : " that would be removed");
  } else {
    text += (found.count == 1 ? "comes back refers" : "come back refer") +
            std::string(" to rows of table ") + target + " that are not there";
  }
  return text + ": " + found.list();
}

std::string CutReferences::Impl::hint() const {
  const RowSelection& selected = *policy.selected;
  std::set<std::string> tables;
  bool all_whole = true;
  for (const Cut& cut : cuts) {
    if (cut.is_of_log) continue;
    const auto more = [&](TableIndex table) {
      const SelectedTable* const known = selected.of(table);
      all_whole = all_whole && known != nullptr && known->whole;
      tables.insert(display_table(live.table(table)));
    };
    if (cut.wanted.count > 0) more(cut.reference.target);
    if (cut.lost.count > 0) more(cut.reference.table);
  }
  std::string list;
  for (const std::string& table : tables) list += (list.empty() ? "" : ", ") + table;
  if (selected.by_records) return "Add these rows to records; they are of " + list + ".";
  if (all_whole) return "Restore without only, or change these rows first.";
  return "Select these tables as well: " + list + ".";
}

std::multimap<TableIndex, std::string> CutReferences::notes() const {
  std::multimap<TableIndex, std::string> notes;
  if (!impl_) return notes;
  for (const Cut& cut : impl_->cuts) {
    const TableIndex source = cut.reference.table, target = cut.reference.target;
    if (cut.wanted.count > 0) {
      notes.emplace(source, "refused: " + impl_->describe(cut, false));
    }
    if (cut.lost.count > 0 && cut.is_of_log) {
      notes.emplace(source, impl_->describe(cut, true));
    } else if (cut.lost.count > 0) {
      notes.emplace(target, "refused: " + impl_->describe(cut, true) + " (table " +
                                display_table(live_.table(source)) + ")");
    }
  }
  return notes;
}

void CutReferences::refuse() const {
  if (!impl_) return;
  std::string list;
  for (const Cut& cut : impl_->cuts) {
    for (const bool lost : {false, true}) {
      if ((lost ? cut.lost : cut.wanted).count == 0 || cut.is_of_log) continue;
      list += (list.empty() ? "" : "\n") +
              ("table " + display_table(live_.table(cut.reference.table))) + ", " +
              impl_->describe(cut, lost);
    }
  }
  if (list.empty()) return;
  throw Error(sqlstate::kIntegrity, "the selection would cut references")
      .detail(list)
      .hint(impl_->hint());
}

}  // namespace company_backup
