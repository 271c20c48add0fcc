#include "pg/restore/company_merge.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/backup/archive_rows.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/base/sorted_row.hpp"
#include "pg/check/integrity.hpp"
#include "pg/restore/id_record.hpp"
#include "pg/restore/row_changes.hpp"
#include "pg/restore/taken_keys.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr uint64_t kListedRows = 5;

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

// Equal rows: how many there are of each kind, and one that is missing.
struct EqualRows {
  std::string comparable;
  std::string archived_line;
  uint64_t left = 0, archived = 0, current = 0;
};

// A table as the undo record has it: all columns, as they are.
ManifestTable recorded(const MergePlan& plan, const LineTotals& totals) {
  ManifestTable table = *plan.matched->archived;
  table.columns.clear();
  table.key.clear();
  table.omitted.clear();
  for (const Column* column : plan.current) table.columns.push_back({column->name, column->type});
  for (const MergeKeyPart& part : plan.key) {
    table.key.push_back({plan.current[part.column]->name, part.order});
  }
  table.rows = totals.rows;
  table.bytes = totals.bytes;
  table.sha256 = totals.sha256;
  return table;
}

// Columns that an added row gets as they stand in its line.
std::vector<size_t> known_positions(const MatchedTable& matched) {
  std::vector<size_t> positions;
  for (size_t i = 0; i < matched.loaded.size(); ++i) {
    if (matched.loaded[i] && !matched.archived->columns[i].files) positions.push_back(i);
  }
  return positions;
}

}  // namespace

// The merge of one table.
class CompanyMerge::TableRun : public MergeHandler {
 public:
  TableRun(CompanyMerge& merge, const MatchedTable& matched, bool writes, UndoWriter* undo,
           DiscardedEdits* edits)
      : merge_(merge),
        matched_(matched),
        plan_(plan_merge(merge.live_, matched, merge.company_, merge.policy_)),
        foresees_(merge.policy_.preview),
        undo_(undo),
        edits_(edits),
        orphans_(merge.orphans_ ? merge.orphans_->of(matched.scoped->table) : nullptr),
        can_be_left_(can_be_orphaned(merge.live_.schema, merge.live_.scope, *matched.scoped)),
        done_(merge.done_[matched.scoped->table]) {
    counts_.scoped = matched.scoped;
    done_.matched = &matched;
    done_.recorded = merge.policy_.exact ? matched.columns : plan_.current;
    if (undo_ != nullptr && !plan_.compares_wholes()) {
      log_.emplace(undo_->changes(), plan_.columns.size(), known_positions(matched));
    }
    if (writes) {
      changes_.emplace(plan_, merge_.load_, log_ ? &*log_ : nullptr);
    }
    if (edits_ != nullptr) edits_->begin_table(plan_);
    if (!writes && (plan_.is_company || !merge.load_.gives_new_ids())) {
      taken_.emplace(merge.live_, merge.company_, plan_);
    }
  }

  const MergePlan& plan() const { return plan_; }

  MergeCounts run() {
    archive_ = lines();
    if (undo_ != nullptr) undo_->take_pieces_from(*archive_);
    if (plan_.compares_wholes()) {
      merge_wholes(*archive_);
    } else {
      merge_rows(*archive_);
    }
    if (changes_) changes_->finish(merge_.load_.sequences());
    if (taken_) merge_.taken_[matched_.scoped->table] = taken_->look_up();
    done_.written = counts_.added + counts_.changed;
    done_.added = counts_.added > 0 || orphans_ != nullptr;
    done_.inserted |= counts_.added > 0;
    done_.lost |= counts_.removed > 0;
    return counts_;
  }

  void added(std::string_view line) override {
    if (edits_ != nullptr) edits_->check_added(line);
    ++counts_.added;
    if (!matched_.gaps.empty() || taken_ || foresees_) note_added(line);
    if (changes_ && matched_.gaps.empty()) changes_->add(line);
  }

  void removed(const CurrentRow& row, const std::vector<RowValue>& values) override {
    if (plan_.append_only) return stay(row);
    if (edits_ != nullptr) edits_->check_removed(row, values);
    ++counts_.removed;
    if (foresees_) merge_.outside_.lost(matched_.scoped->table, plan_.current, values);
    if (!changes_) return;
    done_.kept.remove(row.version, xmin_);
    changes_->remove(row, values);
    merge_.outside_.lost(matched_.scoped->table, plan_.current, values);
  }

  void changed(const CurrentRow& row, const std::vector<RowValue>& current,
               const std::vector<RowValue>& archived, const std::vector<size_t>& columns) override {
    if (!plan_.append_only) return change(row, current, archived, columns);
    const std::vector<size_t> way = is_orphan_ ? on_way_to_company(columns) : std::vector<size_t>();
    way.empty() ? stay(row) : change(row, current, archived, way);
  }

  void unchanged() override { ++counts_.unchanged; }

 private:
  // A row of an append-only table that is not as the archive has it.
  void stay(const CurrentRow& row) {
    unchanged();
    if (!changes_ || plan_.query.foreign || !can_be_left_) return;
    const RowVersion& version = row.version;
    done_.staying.put(
        key_line({std::to_string(version.relation), "(" + std::to_string(version.block) + "," +
                                                        std::to_string(version.offset) + ")"}));
  }

  // Those of these columns (positions) that say whose a row is.
  std::vector<size_t> on_way_to_company(const std::vector<size_t>& columns) const {
    std::vector<size_t> way;
    for (size_t position : columns) {
      const int16_t number = plan_.current[position]->number;
      const std::vector<RouteStep> routes = all_steps(*matched_.scoped);
      const bool counts = std::any_of(routes.begin(), routes.end(), [&](const RouteStep& step) {
        return step.when_column == number ||
               std::find(step.columns.begin(), step.columns.end(), number) != step.columns.end();
      });
      if (counts) way.push_back(position);
    }
    return way;
  }

  void change(const CurrentRow& row, const std::vector<RowValue>& current,
              const std::vector<RowValue>& archived, const std::vector<size_t>& columns) {
    if (edits_ != nullptr) edits_->check_changed(row, current);
    ++counts_.changed;
    if (taken_) taken_->note_changed(current, archived, columns);
    const bool keeps_keys = std::none_of(columns.begin(), columns.end(), [this](size_t position) {
      return plan_.rigid.contains(plan_.current[position]->number);
    });
    if (foresees_ && !keeps_keys) foresee_change(current, archived, columns);
    if (!changes_) return;
    done_.kept.remove(row.version, xmin_);
    for (size_t position : columns) done_.changed_columns.insert(plan_.current[position]->number);
    changes_->change(row, current, archived, columns);
    if (keeps_keys) return;
    done_.inserted = done_.lost = true;
    merge_.outside_.lost(matched_.scoped->table, plan_.current, current);
  }

  void foresee_change(const std::vector<RowValue>& current, const std::vector<RowValue>& archived,
                      const std::vector<size_t>& columns) {
    std::vector<RowValue> row = current;
    for (size_t position : columns) row[position] = archived[position];
    merge_.outside_.lost(matched_.scoped->table, plan_.current, current);
    merge_.outside_.gained(matched_.scoped->table, plan_.current, row);
  }

  std::unique_ptr<LineSource> lines() {
    if (!plan_.is_company) {
      const bool records = undo_ != nullptr && merge_.load_.gives_new_ids();
      return merge_.load_.lines(
          matched_, records ? record_new_keys(matched_, undo_->ids()) : TranslationObserver());
    }
    return std::make_unique<OneLine>(merge_.load_.translated_company_line());
  }

  void note_added(std::string_view line) {
    if (!added_row_) added_row_.emplace(line_columns(plan_.columns, {}));
    added_row_->parse(line);
    const std::vector<RowValue>& row = added_row_->values();
    merge_.missing_.note(matched_, row, merge_.load_.bytes_of(matched_));
    if (taken_) taken_->note_added(row);
    if (foresees_) merge_.outside_.gained(matched_.scoped->table, matched_.columns, row);
  }

  LineCutter* undo_lines() { return undo_ == nullptr ? nullptr : &undo_->before(); }

  // The company's rows and, where they stand in the order of the key, orphans that it adopts.
  void read_rows(const CurrentRowVisitor& visit) {
    if (orphans_ == nullptr) return read_current(plan_.query, undo_lines(), visit);
    const auto put = [&](const CurrentRow& row, uint32_t xmin) {
      if (undo_ != nullptr) put_line(undo_->before(), row.line);
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

  void adopt(const std::function<bool(const SortedRow&)>& wanted, const CurrentRowVisitor& put) {
    for (; orphans_->row() != nullptr && wanted(*orphans_->row()); orphans_->advance()) {
      const SortedRow& orphan = *orphans_->row();
      if (undo_ != nullptr) put_line(undo_->orphans(), orphan.line);
      is_orphan_ = true;
      put(current_row(orphan), orphan.xmin);
      is_orphan_ = false;
    }
  }

  static void put_line(LineCutter& lines, std::string_view line) {
    lines.buffer() += line;
    lines.end_line();
  }

  void merge_rows(LineSource& archive) {
    RowMerge merge(plan_.columns, plan_.others, plan_.key, archive, *this);
    read_rows([&](const CurrentRow& row, uint32_t xmin) {
      xmin_ = xmin;
      done_.kept.add(row.version, xmin);
      merge.current(row);
    });
    if (changes_) changes_->end_of_rows();
    merge.finish();
  }

  void merge_wholes(LineSource& archive) {
    LineSorter sorter;
    RowLine current(line_columns(plan_.columns, plan_.others));
    RowLine archived_row(line_columns(plan_.columns, {}));
    read_rows([&](const CurrentRow& row, uint32_t xmin) {
      done_.kept.add(row.version, xmin);
      current.parse(row.line);
      const std::string text = comparable(plan_.columns, current.values(), false);
      sorter.put(sorted_text({text, SortedRow::Whose::kCurrent, row.version, xmin, row.line}));
    });
    const bool has_left = edits_ != nullptr && edits_->has_left();
    const auto put = [&](std::string_view line, SortedRow::Whose whose) {
      archived_row.parse(line);
      const std::string text = comparable(plan_.columns, archived_row.values(), true);
      sorter.put(sorted_text({text, whose, {}, 0, line}));
    };
    std::string_view line;
    while (archive.next(line)) put(line, SortedRow::Whose::kArchived);
    while (has_left && edits_->next_left(line)) put(line, SortedRow::Whose::kLeft);
    sorter.sort();
    compare_sorted(sorter, current, has_left);
  }

  // Of equal rows those that were left come first, then the archived ones. Without `has_left` those
  // that were left are the archived ones.
  void compare_sorted(LineSorter& sorter, RowLine& current, bool has_left) {
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
        if (edits_ != nullptr && equal.current > equal.left) {
          edits_->note_whole_added(current.values());
        }
      }
      check_for_interrupts();
    }
    add_missing(equal);
    if (changes_) changes_->end_of_rows();
  }

  void add_missing(EqualRows& equal) {
    for (; equal.current < equal.archived; ++equal.current) {
      added(equal.archived_line);
      if (edits_ != nullptr && equal.current < equal.left) {
        edits_->note_whole_removed(equal.archived_line);
      }
    }
  }

  CompanyMerge& merge_;
  const MatchedTable& matched_;
  const MergePlan plan_;
  const bool foresees_;
  UndoWriter* undo_;
  DiscardedEdits* edits_;
  OrphanRows* orphans_;
  const bool can_be_left_;
  Done& done_;
  std::unique_ptr<LineSource>
      archive_;  // the undo record takes pieces from it until its table ends
  MergeCounts counts_{};
  std::optional<ChangeLogWriter> log_;
  std::optional<RowChanges> changes_;
  std::optional<TakenKeys> taken_;  // of a preview
  std::optional<RowLine> added_row_;
  uint32_t xmin_ = 0;       // of the row at hand
  bool is_orphan_ = false;  // the row at hand
};

CompanyMerge::CompanyMerge(const LiveScope& live, const Company& company, CompanyLoad& load,
                           const MergePolicy& policy)
    : live_(live),
      company_(company),
      load_(load),
      policy_(policy),
      outside_(live, company, policy.preview),
      missing_(live),
      since_(guarded([] { return GetCurrentCommandId(false); })) {}

bool CompanyMerge::finds_orphans() {
  if (policy_.adopts && !orphans_) orphans_.emplace(live_, company_, load_, policy_);
  return orphans_ && !orphans_->empty();
}

std::vector<MergeCounts> CompanyMerge::compare() {
  std::vector<MergeCounts> counts = run(false, nullptr, nullptr);
  foreseen_ = outside_.foresee();
  return counts;
}

void CompanyMerge::compare_company() {
  for (const MatchedTable& matched : load_.tables()) {
    if (matched.scoped->table != live_.scope.company_table) continue;
    TableRun(*this, matched, false, nullptr, nullptr).run();
  }
}

std::vector<MergeCounts> CompanyMerge::apply(UndoWriter* undo, DiscardedEdits* edits) {
  std::vector<MergeCounts> counts = run(true, undo, edits);
  lock_targets();
  return counts;
}

std::vector<MergeCounts> CompanyMerge::run(bool writes, UndoWriter* undo, DiscardedEdits* edits) {
  refuse_unknown_rows();
  finds_orphans();
  std::vector<MergeCounts> counts;
  record_ = load_.manifest();
  record_.company_key = company_.key;
  record_.tables.assign(load_.manifest().tables.size(), {});
  record_.shared.clear();
  record_.problems.clear();
  for (const MatchedTable& matched : load_.tables()) {
    if (policy_.created && matched.scoped->table == live_.scope.company_table) continue;
    if (undo != nullptr) undo->begin_table(static_cast<int>(matched.number));
    // Once a row cannot be made, the others are only counted, so that all of them can be named.
    TableRun table(*this, matched, writes && missing_.empty(), undo, edits);
    counts.push_back(table.run());
    if (undo != nullptr) {
      record_.tables[matched.number] = recorded(table.plan(), undo->end_table());
    }
  }
  if (writes) missing_.refuse();
  load_.doubts().prove();
  if (undo != nullptr) record_wholes(counts, *undo);
  // As the archive has them.
  const auto number_of = [this](const MergeCounts& table) {
    return done_.at(table.scoped->table).matched->number;
  };
  std::sort(counts.begin(), counts.end(), [&](const MergeCounts& a, const MergeCounts& b) {
    return number_of(a) < number_of(b);
  });
  return counts;
}

// For the revert: of a changed table without a key all rows that are left in it, since equal ones
// cannot be told apart. Only now all rows belong to the company that refer to others of it.
void CompanyMerge::record_wholes(const std::vector<MergeCounts>& counts, UndoWriter& undo) const {
  for (const MergeCounts& table : counts) {
    if (table.added + table.removed == 0) continue;
    const MatchedTable& matched = *done_.at(table.scoped->table).matched;
    const MergePlan plan = plan_merge(live_, matched, company_, policy_);
    if (!plan.compares_wholes()) continue;
    undo.begin_table(static_cast<int>(matched.number));
    undo.changes().end_line();
    FreshSnapshot fresh;
    read_current(plan.query, &undo.changes(), [](const CurrentRow&, uint32_t) {});
    fresh.close();
    undo.end_table();
  }
}

void CompanyMerge::refuse_unknown_rows() const {
  std::string list;
  for (const ScopedTable* scoped : live_.travelling()) {
    const bool known = std::any_of(load_.tables().begin(), load_.tables().end(),
                                   [&](const auto& table) { return table.scoped == scoped; });
    if (known) continue;
    const Table& table = live_.table(scoped->table);
    const Rows rows = query("SELECT count(*) FROM " + from_table(table) + " AS t WHERE " +
                                owned_by(live_.schema, live_.scope, scoped->table, "t", "$1"),
                            {company_.arg()});
    if (*rows[0][0] == "0") continue;
    list += (list.empty() ? "" : "\n") + ("table " + display_table(table)) +
            " is not in the archive, but the company has " + *rows[0][0] +
            (*rows[0][0] == "1" ? " row" : " rows") + " in it";
  }
  if (list.empty()) return;
  throw Error(sqlstate::kSchemaDiffers, "the archive knows nothing of some tables of the company")
      .detail(list)
      .hint("Remove these rows first, or make a new backup.");
}

std::vector<std::string> CompanyMerge::notes_of(TableIndex table) const {
  std::vector<std::string> notes = missing_.notes_of(table);
  for (const TakenKeys::Taken& taken : taken_in(table)) {
    notes.push_back("refused: key " + display_name(taken.index->name) + ": " + taken.text);
  }
  const auto [first, last] = foreseen_.equal_range(table);
  for (auto note = first; note != last; ++note) notes.push_back(note->second);
  return notes;
}

std::vector<TakenKeys::Taken> CompanyMerge::taken_in(TableIndex table) const {
  const auto taken = taken_.find(table);
  return taken == taken_.end() ? std::vector<TakenKeys::Taken>() : taken->second;
}

bool CompanyMerge::has_written() const {
  return std::any_of(done_.begin(), done_.end(), [](const auto& entry) {
    return entry.second.written > 0 || entry.second.lost;
  });
}

bool leads_out(const LiveScope& live, const Reference& reference) {
  const ScopedTable* target = live.scope.find(reference.target);
  return target == nullptr || !target->travels() || reference.outside != "refuse";
}

bool CompanyMerge::is_affected(const Reference& reference) const {
  const auto source = done_.find(reference.table);
  if (source != done_.end() && (source->second.added || has_changed(source->second, reference))) {
    return true;
  }
  if (outside_.has_lost(reference.target)) return true;
  const auto target = done_.find(reference.target);
  return target != done_.end() && target->second.lost;
}

bool CompanyMerge::has_changed(const Done& source, const Reference& reference) {
  return std::any_of(reference.columns.begin(), reference.columns.end(),
                     [&](int16_t number) { return source.changed_columns.contains(number); });
}

// The company's own row is locked from the beginning.
bool CompanyMerge::leans_on_kept(const Reference& reference) const {
  const auto source = done_.find(reference.table);
  const auto target = done_.find(reference.target);
  return source != done_.end() && target != done_.end() &&
         reference.target != live_.scope.company_table && target->second.kept.rows > 0 &&
         (source->second.inserted || has_changed(source->second, reference));
}

// Nobody may remove what written rows refer to any more.
void CompanyMerge::lock_targets() const {
  FreshSnapshot fresh;
  lock_own_targets(live_, company_,
                   [this](const Reference& reference) { return leans_on_kept(reference); });
  fresh.close();
}

void CompanyMerge::record_problems() {
  for (const Reference& reference : live_.scope.references) {
    const auto source = done_.find(reference.table);
    if (reference.soft || source == done_.end() || !leads_out(live_, reference)) continue;
    const bool comes_back = source->second.lost || has_changed(source->second, reference);
    if (!comes_back || !leads_nowhere(reference)) continue;
    const Table& table = live_.table(reference.table);
    record_.problems.push_back({encode_table_name(table.schema, table.name), "(not looked for)",
                                reference.name, "leads nowhere before the restore"});
  }
}

// The constraint is not trusted: whoever switches its triggers off can break it.
bool CompanyMerge::leads_nowhere(const Reference& reference) const {
  const Table& source = live_.table(reference.table);
  std::string given;
  for (int16_t number : reference.columns) {
    given += " AND s." + quote_name(column_of(source, number).name) + " IS NOT NULL";
  }
  return !query_unestimated("SELECT FROM " + from_table(source) + " AS s WHERE " +
                                owned_by(live_.schema, live_.scope, reference.table, "s", "$1") +
                                given + " AND NOT EXISTS (SELECT FROM " +
                                from_table(live_.table(reference.target)) + " AS t WHERE " +
                                reference_join(live_.schema, reference, "s", "t") + ") LIMIT 1",
                            {company_.arg()}, Access::kRead)
              .empty();
}

// Rows that may not be removed and would belong to nobody, since what they belong through is gone.
void CompanyMerge::refuse_left_rows(Done& done) const {
  if (done.staying.empty()) return;
  const Table& table = *done.matched->table;
  const ScopedTable& scoped = *done.matched->scoped;
  const std::string sql =
      "SELECT " + row_key_expression(table, scoped.key, "t") +
      " FROM unnest($1::pg_catalog.oid[], $2::pg_catalog.tid[]) AS v(relation, place) JOIN " +
      from_table(table) + " AS t ON t.ctid = v.place AND t.tableoid = v.relation WHERE " +
      is_orphan(live_.schema, live_.scope, scoped.table, "t");
  uint64_t count = 0;
  std::string list;
  std::vector<std::string> relations, places;
  const auto look = [&] {
    if (relations.empty()) return;
    BatchMemory memory;
    for (const Row& row : query(sql, {text_array(relations), text_array(places)})) {
      if (++count <= kListedRows) list += (list.empty() ? "" : ", ") + *row[0];
    }
    memory.close();
    relations.clear();
    places.clear();
  };
  std::string_view line;
  while (done.staying.next(line)) {
    const size_t end = line.find('\0');
    relations.emplace_back(line.substr(0, end));
    places.emplace_back(line.substr(end + 1, line.size() - end - 2));
    if (relations.size() >= kKeysPerLookup) look();
  }
  look();
  if (count == 0) return;
  throw Error(sqlstate::kIntegrity,
              std::to_string(count) + (count == 1 ? " row" : " rows") + " of append-only table " +
                  quoted_display(display_table(table)) + " would belong to no company any more")
      .detail("What they belong to the company through would be removed: rows " + list +
              (count > kListedRows ? ", ..." : "") + ".")
      .hint(
          "Rows of an append-only table are never removed. Remove these first, or let them refer "
          "to a row that the backup has.");
}

void CompanyMerge::look_again(FormerOrphans& orphans) {
  for (auto& [index, done] : done_) refuse_left_rows(done);
  for (auto& [index, done] : done_) {
    const Table& table = live_.table(index);
    const std::string condition = " FROM " + from_table(table) + " AS t WHERE " +
                                  owned_by(live_.schema, live_.scope, index, "t", "$1");
    VersionSum sum;
    if (table.foreign) {
      sum.rows = std::stoull(one_value(query("SELECT count(*)" + condition, {company_.arg()})));
      done.found = done.written;
      if (sum.rows == done.kept.rows + done.written) continue;
    } else {
      sum = sum_versions("SELECT t.tableoid, t.ctid, t.xmin, t.cmin" + condition, {company_.arg()},
                         since_, done.found);
      done.orphaned = orphans.add_versions(*done.matched, done.recorded, since_, sum, done.found);
      if (sum == done.kept) continue;
    }
    throw Error(sqlstate::kSerializationFailure,
                "somebody else changed rows of the company in table " +
                    quoted_display(display_table(table)))
        .hint("Try again.");
  }
}

void CompanyMerge::prove_written() const {
  for (const auto& [index, done] : done_) {
    const bool has_orphans = done.orphaned > 0 && !policy_.exact;
    if (done.found == done.written && !has_orphans) continue;
    throw Error(sqlstate::kIntegrity, "rows of table " +
                                          quoted_display(display_table(live_.table(index))) +
                                          " would not belong to company \"" + company_.key + "\"")
        .detail(has_orphans
                    ? "Rows that are in the archive belong to nobody: " +
                          std::to_string(done.orphaned) + "."
                    : "Written were " + std::to_string(done.written) +
                          " rows, of which the company has " + std::to_string(done.found) + ".");
  }
}

}  // namespace company_backup
