#include "pg/restore/table_merge.hpp"

#include <algorithm>
#include <utility>

#include "core/text/row_composer.hpp"
#include "pg/base/progress.hpp"
#include "pg/restore/line_filter.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

// The one line of the company's own row.
class OneLine : public LineSource {
 public:
  explicit OneLine(std::string line) : line_(std::move(line)) {}
  bool next(std::string_view& line) override {
    line = line_;
    return !std::exchange(given_, true);
  }

 private:
  std::string line_;
  bool given_ = false;
};

// Shows how many lines of the archive have been gone through.
class CountedLines : public LineSource {
 public:
  explicit CountedLines(std::unique_ptr<LineSource> lines) : lines_(std::move(lines)) {}
  bool next(std::string_view& line) override {
    if (!lines_->next(line)) return false;
    count_row();
    return true;
  }
  std::string_view member_of(std::string_view piece) const override {
    return lines_->member_of(piece);
  }

 private:
  const std::unique_ptr<LineSource> lines_;
};

void put_line(LineCutter& lines, std::string_view line) {
  lines.buffer() += line;
  lines.end_line();
}

}  // namespace

// Equal rows: how many there are of each kind, and one that is missing.
struct TableMerge::EqualRows {
  std::string comparable;
  std::string archived_line;
  uint64_t left = 0, archived = 0, current = 0;
};

TableMerge::TableMerge(MergeWork& work, const MatchedTable& matched, OrphanRows* orphans)
    : work_(work),
      matched_(matched),
      plan_(plan_merge(work.live, matched, work.company, work.policy)),
      orphans_(orphans) {
  counts_.scoped = matched.scoped;
  if (work.refusals == nullptr || matched.table->foreign) return;
  RefusalFilter::Next& next = *this;
  filter_.emplace(plan_, work.load, *work.refusals, next);
}

MergeCounts TableMerge::run() {
  show_phase("merging", display_table(*matched_.table));
  archive_ = std::make_unique<CountedLines>(lines());
  if (work_.policy.bound.contains(matched_.scoped->table))
    archive_ = distinct_lines(std::move(archive_), matched_);
  if (plan_.is_keyless()) {
    merge_keyless(*archive_);
  } else {
    merge_rows(*archive_);
  }
  decide_waiting();
  if (filter_) {
    filter_->finish();
    counts_.refused = filter_->counts().refused;
    counts_.lacking = filter_->counts().needing;
    counts_.doubted = filter_->counts().doubted;
  }
  finish();
  return counts_;
}

std::unique_ptr<LineSource> TableMerge::lines() {
  if (plan_.is_company) return std::make_unique<OneLine>(work_.load.translated_company_line());
  const SelectedTable* const selected = work_.policy.selected_of(matched_.scoped->table);
  // Adopted rows may be selected on the way.
  const bool is_known = selected != nullptr && selected->lines && orphans_ == nullptr;
  if (is_known) return known_lines(selected->lines);
  return select_lines(work_.load.lines(matched_), matched_, selected);
}

void TableMerge::added(std::string_view line) {
  if (!plan_.adds) return void(++counts_.absent);
  if (work_.kept != nullptr && came_and_went(line)) return;
  if (is_homeless(line)) return;
  if (filter_) return filter_->added(line);
  if (!may_stay_away()) return come(line, line);
  // Whether it comes may depend on another one of its table.
  if (refers_to_itself(work_.live.scope, matched_.scoped->table)) {
    if (!waiting_) waiting_ = std::make_unique<LineSpool>();
    waiting_->put(line);
  } else if (!stays_away(line)) {
    come(changed_line_.empty() ? line : changed_line_, line);
  }
}

RowLine& TableMerge::parsed(std::string_view line) {
  if (!added_row_) added_row_.emplace(line_columns(plan_.columns, {}));
  added_row_->parse(line);
  return *added_row_;
}

// It came with an earlier merge, and is not here any more. Asked for, it comes again, unless it was
// erased.
bool TableMerge::came_and_went(std::string_view line) {
  const TableIndex table = matched_.scoped->table;
  const Tombstones& erased = work_.kept->erased();
  const bool comes_again = work_.policy.adds_removed;
  if (!work_.kept->has_earlier() || (comes_again && !erased.any_of(table))) return false;
  const std::vector<RowValue>& row = parsed(line).values();
  if (comes_again && !erased.has(table, matched_.columns, row)) return false;
  if (!work_.kept->came_before(table, plan_.identity_of(row))) return false;
  work_.left_out().note(matched_, row);
  ++counts_.removed_since;
  return true;
}

bool TableMerge::is_homeless(std::string_view line) {
  const TableIndex table = matched_.scoped->table;
  if (work_.homeless == nullptr || !work_.homeless->knows(table)) return false;
  const std::vector<RowValue>& row = parsed(line).values();
  if (!work_.homeless->is_homeless(table, plan_.identity_of(row))) return false;
  work_.left_out().note(matched_, row);
  ++counts_.homeless;
  return true;
}

// Do some rows of other tables?
bool TableMerge::may_stay_away() const {
  return work_.kept != nullptr || (work_.homeless != nullptr && !work_.homeless->empty());
}

// Because it needs a row that does not come? Else it comes, as changed_line_ if that is not empty.
bool TableMerge::stays_away(std::string_view line) {
  changed_ = parsed(line).values();
  changed_line_.clear();
  switch (work_.left_out().look_at(matched_, changed_)) {
    case LeftOutRows::Fate::kComes:
      return false;
    case LeftOutRows::Fate::kChanged:
      RowComposer(line_columns(plan_.columns, {})).append(changed_, changed_line_);
      return false;
    case LeftOutRows::Fate::kStaysAway:
      break;
  }
  work_.left_out().note(matched_, parsed(line).values());
  ++counts_.needing;
  return true;
}

// `archived`: the line as it was; a row of a keyless table is known by it the next time.
void TableMerge::come(std::string_view line, std::string_view archived) {
  if (work_.kept != nullptr)
    work_.kept->note_row(matched_.scoped->table, plan_.identity_of(parsed(archived).values()));
  if (work_.homeless != nullptr && work_.homeless->watches()) {
    const std::string identity = plan_.identity_of(parsed(archived).values());
    work_.homeless->came(matched_, parsed(line).values(), identity);
  }
  ++counts_.added;
  noted_ = false;
  if (work_.cut.watches()) work_.cut.added(plan_, note_added(line));
  add(line);
}

// Rows that refer to rows of their own table: as long as one more stays away, others may have to.
void TableMerge::decide_waiting() {
  if (!waiting_) return;
  std::string_view line;
  for (bool more = true; more;) {
    more = false;
    auto left = std::make_unique<LineSpool>();
    while (waiting_->next(line)) {
      if (stays_away(line))
        more = true;
      else
        left->put(line);
    }
    waiting_ = std::move(left);
  }
  while (waiting_->next(line)) {
    stays_away(line);
    come(changed_line_.empty() ? line : changed_line_, line);
  }
}

void TableMerge::removed(const CurrentRow& row, const std::vector<RowValue>& values) {
  if (!plan_.removes) {
    ++counts_.unknown;
    unchanged();
    if (filter_ && work_.policy.preview && !work_.policy.merges) filter_->stays(values);
    return stay(row);
  }
  if (filter_) return filter_->removed(row, xmin_, is_orphan_, values);
  remove_now(row, values);
}

void TableMerge::remove_now(const CurrentRow& row, const std::vector<RowValue>& values) {
  ++counts_.removed;
  if (work_.cut.watches()) work_.cut.removed(plan_, values);
  remove(row, values);
}

void TableMerge::changed(const CurrentRow& row, const std::vector<RowValue>& current,
                         const std::vector<RowValue>& archived,
                         const std::vector<size_t>& columns) {
  if (plan_.changes) return change_or_try(row, current, archived, columns);
  const std::vector<size_t> some = changing(columns);
  if (some.empty()) {
    ++counts_.different;
    unchanged();
    return stay(row);
  }
  change_or_try(row, current, archived, some);
}

void TableMerge::change_or_try(const CurrentRow& row, const std::vector<RowValue>& current,
                               const std::vector<RowValue>& archived,
                               const std::vector<size_t>& columns) {
  if (filter_) return filter_->changed(row, xmin_, is_orphan_, current, archived, columns);
  change_now(row, current, archived, columns);
}

void TableMerge::change_now(const CurrentRow& row, const std::vector<RowValue>& current,
                            const std::vector<RowValue>& archived,
                            const std::vector<size_t>& columns) {
  ++counts_.changed;
  note_changed(current, archived, columns);
  change(row, current, archived, columns);
}

void TableMerge::change_row(const CurrentRow& row, const RowsOnTrial::Row& known,
                            const std::vector<RowValue>& current,
                            const std::vector<RowValue>& archived) {
  const uint32_t xmin = std::exchange(xmin_, known.xmin);
  const bool is_orphan = std::exchange(is_orphan_, known.is_orphan);
  change_now(row, current, archived, known.columns);
  xmin_ = xmin;
  is_orphan_ = is_orphan;
}

void TableMerge::remove_row(const CurrentRow& row, const RowsOnTrial::Row& known,
                            const std::vector<RowValue>& values) {
  const uint32_t xmin = std::exchange(xmin_, known.xmin);
  const bool is_orphan = std::exchange(is_orphan_, known.is_orphan);
  remove_now(row, values);
  xmin_ = xmin;
  is_orphan_ = is_orphan;
}

void TableMerge::leave_row(const CurrentRow& row) {
  unchanged();
  stay(row);
}

void TableMerge::note_changed(const std::vector<RowValue>& current,
                              const std::vector<RowValue>& archived,
                              const std::vector<size_t>& columns) {
  if (!work_.cut.watches()) return;
  const std::vector<RowValue> row = with_changes(current, archived, columns);
  work_.cut.changed(plan_, current, row);
}

// Those of these columns (positions) that change though rows stay as they are.
std::vector<size_t> TableMerge::changing(const std::vector<size_t>& columns) const {
  std::vector<size_t> some;
  for (const size_t position : columns) {
    const bool counts =
        plan_.raises_counters && plan_.columns[position].mode == MergeColumn::Mode::kGreater;
    if (counts || (is_orphan_ && is_on_way_to_company(position))) some.push_back(position);
  }
  return some;
}

// Does it say whose a row is?
bool TableMerge::is_on_way_to_company(size_t position) const {
  const int16_t number = plan_.current[position]->number;
  const std::vector<RouteStep> routes = all_steps(*matched_.scoped);
  return std::any_of(routes.begin(), routes.end(), [&](const RouteStep& step) {
    return step.when_column == number ||
           std::find(step.columns.begin(), step.columns.end(), number) != step.columns.end();
  });
}

bool TableMerge::keeps_keys(const std::vector<size_t>& columns) const {
  return std::none_of(columns.begin(), columns.end(), [this](size_t position) {
    return plan_.constrained.contains(plan_.current[position]->number);
  });
}

const std::vector<RowValue>& TableMerge::note_added(std::string_view line) {
  if (std::exchange(noted_, true)) return added_row_->values();
  parsed(line);
  work_.missing.note(matched_, added_row_->values(), work_.load.bytes_of(matched_));
  return added_row_->values();
}

// The company's rows and, where they stand in the order of the key, orphans that it adopts.
void TableMerge::read_rows(const CurrentRowVisitor& visit) {
  if (orphans_ == nullptr) return read_current(plan_.query, before(), visit);
  const auto put = [&](const CurrentRow& row, uint32_t xmin) {
    if (before() != nullptr) put_line(*before(), row.line);
    visit(row, xmin);
  };
  RowLine line(line_columns(plan_.columns, plan_.others));
  read_current(plan_.query, nullptr, [&](const CurrentRow& row, uint32_t xmin) {
    line.parse(row.line);
    const std::string key = sort_key(plan_, line.values());
    adopt([&](const SortedRow& orphan) { return orphan.key < key; }, put);
    put(row, xmin);
  });
  adopt([](const SortedRow&) { return true; }, put);
}

void TableMerge::adopt(const std::function<bool(const SortedRow&)>& wanted,
                       const CurrentRowVisitor& put) {
  for (; orphans_->row() != nullptr && wanted(*orphans_->row()); orphans_->advance()) {
    const SortedRow& orphan = *orphans_->row();
    adopted(orphan);
    note_selected(orphan);
    is_orphan_ = true;
    put(current_row(orphan), orphan.xmin);
    is_orphan_ = false;
  }
}

// Beside records, a row may be the company's again that was not looked for.
void TableMerge::note_selected(const SortedRow& orphan) {
  if (work_.policy.selected == nullptr || plan_.is_keyless()) return;
  SelectedTable& selected = work_.policy.selected->tables[matched_.scoped->table];
  if (selected.whole) return;
  if (!adopted_row_) adopted_row_.emplace(line_columns(plan_.columns, plan_.others));
  adopted_row_->parse(orphan.line);
  const std::vector<int16_t>& key = matched_.scoped->key;
  const auto line = key_line_of(key, plan_.current, adopted_row_->values());
  if (line) selected.by(key).keys.insert(*line);
}

void TableMerge::merge_rows(LineSource& archive) {
  RowMerge merge(plan_.columns, plan_.others, plan_.key, archive, *this);
  read_rows([&](const CurrentRow& row, uint32_t xmin) {
    xmin_ = xmin;
    see(row.version, xmin);
    merge.current(row);
  });
  if (filter_) filter_->run();
  end_of_rows();
  merge.finish();
}

void TableMerge::merge_keyless(LineSource& archive) {
  LineSorter sorter;
  RowLine current(line_columns(plan_.columns, plan_.others));
  RowLine archived_row(line_columns(plan_.columns, {}));
  read_rows([&](const CurrentRow& row, uint32_t xmin) {
    see(row.version, xmin);
    current.parse(row.line);
    const std::string text = comparable(plan_.columns, current.values(), false);
    sorter.put(sorted_text({text, SortedRow::Whose::kCurrent, row.version, xmin, row.line}));
  });
  const bool knows_left = has_left();
  const auto put = [&](std::string_view line, SortedRow::Whose whose) {
    archived_row.parse(line);
    const std::string text = comparable(plan_.columns, archived_row.values(), true);
    sorter.put(sorted_text({text, whose, {}, 0, line}));
  };
  std::string_view line;
  while (archive.next(line)) put(line, SortedRow::Whose::kArchived);
  while (knows_left && next_left(line)) put(line, SortedRow::Whose::kLeft);
  sorter.sort();
  compare_sorted(sorter, current, knows_left);
}

// Of equal rows those that were left come first, then the archived ones. Without `has_left` those
// that were left are the archived ones.
void TableMerge::compare_sorted(LineSorter& sorter, RowLine& current, bool has_left) {
  EqualRows equal;
  std::string_view text;
  while (sorter.next(text)) {
    const SortedRow row = parse_sorted(text);
    if (row.key != equal.comparable) {
      add_missing(equal);
      equal = {};
      equal.comparable = row.key;
    }
    if (row.whose == SortedRow::Whose::kLeft) {
      ++equal.left;
    } else if (row.whose == SortedRow::Whose::kArchived) {
      equal.archived_line = row.line;
      ++equal.archived;
      if (!has_left) ++equal.left;
    } else if (++equal.current <= equal.archived) {
      unchanged();
    } else {
      current.parse(row.line);
      xmin_ = row.xmin;
      removed(current_row(row), current.values());
      if (equal.current > equal.left) keyless_added(current.values());
    }
    check_for_interrupts();
  }
  add_missing(equal);
  if (filter_) filter_->run();
  end_of_rows();
}

void TableMerge::add_missing(EqualRows& equal) {
  for (; equal.current < equal.archived; ++equal.current) {
    added(equal.archived_line);
    if (equal.current < equal.left) keyless_removed(equal.archived_line);
  }
}

}  // namespace company_backup
