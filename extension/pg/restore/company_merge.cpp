#include "pg/restore/company_merge.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/progress.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/check/integrity.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/restore/selection_record.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

std::string counted_rows(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " row" : " rows");
}

}  // namespace

CompanyMerge::CompanyMerge(const LiveScope& live, const Company& company, MatchedArchive& load,
                           const MergePolicy& policy)
    : work_{live, company, load, policy},
      since_(guarded([] { return GetCurrentCommandId(false); })) {}

bool CompanyMerge::finds_orphans() {
  if (work_.policy.adopts && !orphans_)
    orphans_.emplace(work_.live, work_.company, work_.load, work_.policy);
  return orphans_ && !orphans_->empty();
}

OrphanRows* CompanyMerge::orphans_of(const MatchedTable& matched) const {
  return orphans_ ? orphans_->of(matched.scoped->table) : nullptr;
}

void CompanyMerge::begin_tables() {
  if (work_.homeless != nullptr) work_.homeless->begin_again();
  if (work_.refusals == nullptr) return;
  std::set<TableIndex> indexes;
  for (const MatchedTable* matched : tables()) indexes.insert(matched->scoped->table);
  work_.refusals->known().left_out().begin_again(std::move(indexes));
}

// Rows that have to stay, and are gone; before anything is written: that may go.
void CompanyMerge::find_needed(bool written) {
  if (work_.refusals == nullptr) return;
  NeededRows& needed = work_.refusals->known().needed();
  bool lacks = needed.look_up();
  if (written) {
    FreshSnapshot fresh;
    lacks = needed.lacks_any();
    fresh.close();
  }
  if (lacks) work_.refusals->go_on();
}

void CompanyMerge::prove_doubted() {
  if (work_.refusals != nullptr) {
    find_false_checks();
    work_.refusals->require_complete();
  }
  work_.load.doubts().prove();
}

// Rows of tables without a key cannot be named: their CHECKs stay errors.
void CompanyMerge::find_false_checks() {
  std::vector<std::string> relations, places;
  std::map<std::pair<std::string, std::string>, Refusal> reasons;
  work_.load.doubts().find_false([&](Oid relation, ItemPointerData tid, const CaughtError& why) {
    relations.push_back(std::to_string(relation));
    places.push_back("(" + std::to_string(ItemPointerGetBlockNumber(&tid)) + "," +
                     std::to_string(ItemPointerGetOffsetNumber(&tid)) + ")");
    reasons[{relations.back(), places.back()}] = {why.sqlstate, why.message};
  });
  if (relations.empty()) return;
  for (const auto& [index, done] : done_) {
    const std::vector<int16_t>& key = done.matched->scoped->key;
    if (key.empty()) continue;
    std::string sql = "SELECT v.relation, v.place";
    for (const Column* column : columns_of(*done.matched->table, key))
      sql += ", " + as_text(column_sql("t", *column), *column);
    for (const Row& row : query(sql + from_places(*done.matched->table, 1),
                                {text_array(relations), text_array(places)}, Access::kWrite)) {
      std::vector<std::string> values;
      for (size_t i = 2; i < row.size(); ++i) values.push_back(row[i].value_or(""));
      work_.refusals->find_late(*done.matched, refused_key(*done.matched, values),
                                shown_key(values), reasons.at({*row[0], *row[1]}));
    }
  }
}

bool CompanyMerge::find_unproved_rows(const RowOrigin& origin,
                                      const std::function<bool(const Reference&)>& wanted) {
  const uint64_t count = find_unproved(
      work_.live, work_.company, origin, written_rows(), wanted, [this](const UnprovedRow& row) {
        if (!row.written) return work_.refusals->need(row.reference, row.leads_to);
        const auto done = done_.find(row.reference.table);
        if (row.key.empty() || done == done_.end()) return;
        work_.refusals->find_late(
            *done->second.matched, refused_key(*done->second.matched, row.key), shown_key(row.key),
            {sqlstate::kIntegrity, "its reference \"" + row.reference.name + "\" leads nowhere"});
      });
  work_.refusals->require_complete();
  return count == 0;
}

void CompanyMerge::find_dangling_rows(const RowOrigin& origin,
                                      const std::function<bool(const Reference&)>& wanted) {
  find_dangling(work_.live, work_.company, origin, written_rows(), wanted,
                [this](const DanglingRow& row) {
                  if (!row.written) return work_.refusals->need(row.reference, {row.value});
                  const auto done = done_.find(row.reference.table);
                  if (row.key.empty() || done == done_.end()) return;
                  const MatchedTable& matched = *done->second.matched;
                  work_.refusals->find_late(
                      matched, refused_key(matched, row.key), shown_key(row.key),
                      {sqlstate::kIntegrity,
                       "its reference " + display_name(row.reference.name) + " " + row.problem});
                });
  work_.refusals->require_complete();
}

MergeCounts CompanyMerge::preview(const MatchedTable& matched) {
  TablePreview table(work_, matched, orphans_of(matched));
  const MergeCounts counts = table.run();
  taken_[matched.scoped->table] = table.taken();
  return counts;
}

void CompanyMerge::expect() const {
  uint64_t rows = 0;
  for (const MatchedTable* matched : tables()) rows += matched->archived->rows;
  expect_rows(rows);
}

std::vector<MergeCounts> CompanyMerge::compare() {
  expect();
  refuse_unknown_rows();
  finds_orphans();
  begin_tables();
  std::vector<MergeCounts> counts;
  for (const MatchedTable* matched : tables()) counts.push_back(preview(*matched));
  find_needed(false);
  found_homeless_ = work_.homeless != nullptr && work_.homeless->find();
  work_.load.doubts().prove();
  foreseen_ = work_.outside.foresee();
  work_.cut.find();
  foreseen_.merge(work_.cut.notes());
  return in_order_of_archive(std::move(counts));
}

void CompanyMerge::compare_company() {
  for (const MatchedTable& matched : work_.load.tables()) {
    if (matched.scoped->table == work_.live.scope.company_table) preview(matched);
  }
}

void CompanyMerge::list(RowListing& listing) {
  expect();
  refuse_unknown_rows();
  finds_orphans();
  begin_tables();
  work_.listing = &listing;
  for (const MatchedTable* matched : tables()) {
    if (!listing.is_full()) preview(*matched);
  }
  work_.listing = nullptr;
  if (work_.homeless != nullptr) work_.homeless->find();
}

std::vector<MergeCounts> CompanyMerge::apply(UndoWriter* undo, DiscardedEdits* edits) {
  expect();
  refuse_unknown_rows();
  finds_orphans();
  begin_tables();
  std::vector<MergeCounts> counts;
  record_ = work_.load.manifest();
  record_.company_key = work_.company.key;
  numbers_ = record_numbers();
  record_.tables.assign(numbers_.size(), {});
  record_.shared.clear();
  record_.problems.clear();
  for (const MatchedTable* matched : tables()) {
    // Once a row cannot be made, the others are only counted, so that all of them can be named.
    const bool stopped = !work_.missing.empty() || !work_.conflicts.empty();
    counts.push_back(stopped ? preview(*matched) : write(*matched, undo, edits));
  }
  find_needed(true);
  if (work_.homeless != nullptr && work_.homeless->find()) throw Refusals::Incomplete{};
  if (work_.refusals != nullptr) work_.refusals->require_complete();
  work_.missing.refuse();
  work_.conflicts.refuse(!work_.policy.merges          ? MergeConflicts::Meets::kSelection
                         : work_.policy.keeps_existing ? MergeConflicts::Meets::kExisting
                                                       : MergeConflicts::Meets::kMerge);
  prove_doubted();
  work_.cut.find();
  work_.cut.refuse();
  if (undo != nullptr) record_keyless_tables(counts, *undo);
  lock_targets();
  return in_order_of_archive(std::move(counts));
}

MergeCounts CompanyMerge::write(const MatchedTable& matched, UndoWriter* undo,
                                DiscardedEdits* edits) {
  const size_t number = numbers_.at(matched.scoped->table);
  if (undo != nullptr) undo->begin_table(static_cast<int>(number));
  TableRestore table(work_, matched, orphans_of(matched), undo, edits,
                     done_[matched.scoped->table]);
  const MergeCounts counts = table.run();
  if (undo == nullptr) return counts;
  if (const SelectedTable* const selected = work_.policy.selected_of(matched.scoped->table)) {
    record_selection(*matched.table, *selected, undo->selected());
  }
  record_.tables[number] = table.recorded(undo->end_table());
  return counts;
}

std::vector<const MatchedTable*> CompanyMerge::tables() const {
  std::vector<const MatchedTable*> tables;
  for (const MatchedTable& matched : work_.load.tables()) {
    const bool is_company = matched.scoped->table == work_.live.scope.company_table;
    if (work_.policy.created && is_company) continue;
    // Its row tells whose an undo record is.
    const bool selected = work_.policy.selected == nullptr || is_company ||
                          work_.policy.selected_of(matched.scoped->table) != nullptr;
    if (selected) tables.push_back(&matched);
  }
  return tables;
}

std::map<TableIndex, size_t> CompanyMerge::record_numbers() const {
  std::map<size_t, TableIndex> in_order;
  for (const MatchedTable* matched : tables()) in_order[matched->number] = matched->scoped->table;
  std::map<TableIndex, size_t> numbers;
  for (const auto& [number, table] : in_order) numbers.emplace(table, numbers.size());
  return numbers;
}

std::vector<MergeCounts> CompanyMerge::in_order_of_archive(std::vector<MergeCounts> counts) const {
  std::map<const ScopedTable*, size_t> numbers;
  for (const MatchedTable& matched : work_.load.tables()) numbers[matched.scoped] = matched.number;
  std::erase_if(counts, [this](const MergeCounts& table) {
    return work_.policy.selected != nullptr &&
           work_.policy.selected_of(table.scoped->table) == nullptr;
  });
  std::sort(counts.begin(), counts.end(), [&](const MergeCounts& a, const MergeCounts& b) {
    return numbers.at(a.scoped) < numbers.at(b.scoped);
  });
  return counts;
}

// For the revert: all rows that the restore left in a changed keyless table, since equal rows
// cannot be told apart. Only at the end do rows that belong by references to others belong to the
// company.
void CompanyMerge::record_keyless_tables(const std::vector<MergeCounts>& counts,
                                         UndoWriter& undo) const {
  for (const MergeCounts& table : counts) {
    if (table.added + table.removed == 0) continue;
    const MatchedTable& matched = *done_.at(table.scoped->table).matched;
    const MergePlan plan = plan_merge(work_.live, matched, work_.company, work_.policy);
    if (!plan.is_keyless()) continue;
    undo.begin_table(static_cast<int>(numbers_.at(table.scoped->table)));
    undo.changes().end_line();
    FreshSnapshot fresh;
    read_current(plan.query, &undo.changes(), [](const CurrentRow&, uint32_t) {});
    fresh.close();
    undo.end_table();
  }
}

void CompanyMerge::refuse_unknown_rows() const {
  if (work_.policy.merges || work_.policy.leaves_unknown || work_.policy.selected != nullptr)
    return;
  std::string list;
  for (const ScopedTable* scoped : work_.live.travelling()) {
    const bool known = std::any_of(work_.load.tables().begin(), work_.load.tables().end(),
                                   [&](const auto& table) { return table.scoped == scoped; });
    if (known) continue;
    const Table& table = work_.live.table(scoped->table);
    const Rows rows =
        query("SELECT count(*) FROM " + from_table(table) + " AS t WHERE " +
                  owned_by(work_.live.schema, work_.live.scope, scoped->table, "t", "$1"),
              {work_.company.arg()});
    if (*rows[0][0] == "0") continue;
    list += (list.empty() ? "" : "\n") + ("table " + display_table(table)) +
            " is not in the archive, but the company has " + *rows[0][0] +
            (*rows[0][0] == "1" ? " row" : " rows") + " in it";
  }
  if (list.empty()) return;
  throw Error(sqlstate::kSchemaDiffers,
              "the company has rows in tables that are not in the archive")
      .detail(list)
      .hint("Remove these rows first, or make a new backup.");
}

std::vector<std::string> CompanyMerge::notes_of(TableIndex table) const {
  std::vector<std::string> notes = work_.missing.notes_of(table);
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
  return target == nullptr || !target->travels() || reference.outside != OutsidePolicy::kRefuse;
}

namespace {

constexpr char kOfGroup[] = "group ";
constexpr char kShared[] = "were another company's, too, before the restore";
constexpr char kSomeShared[] = "were another company's, too, before the restore, and so were more";

// Its key is the numbers.
ManifestProblem shared_group_problem(const LiveScope& live, const TakenGroup& group) {
  const Table& table = live.table(group.columns[0].table);
  std::string numbers;
  for (const std::string& number : group.listed) {
    numbers += (numbers.empty() ? "" : " ") + number;
  }
  return {encode_table_name(table.schema, table.name), numbers,
          kOfGroup + column_of(table, group.columns[0].column).name,
          group.count > group.listed.size() ? kSomeShared : kShared};
}

}  // namespace

SharedNumbers recorded_numbers(const Manifest& record) {
  SharedNumbers shared;
  for (const ManifestProblem& problem : record.problems) {
    if (problem.problem != kShared && problem.problem != kSomeShared) continue;
    std::set<std::string>& numbers =
        shared.numbers[problem.reference.substr(std::string_view(kOfGroup).size())];
    std::istringstream words(problem.row_key);
    for (std::string number; words >> number;) numbers.insert(number);
    shared.all = shared.all && problem.problem == kShared;
  }
  return shared;
}

bool CompanyMerge::has_lost(TableIndex table) const {
  const auto done = done_.find(table);
  return done != done_.end() && done->second.lost;
}

bool CompanyMerge::is_affected(const Reference& reference) const {
  const auto source = done_.find(reference.table);
  if (source != done_.end() && (source->second.added || has_changed(source->second, reference))) {
    return true;
  }
  if (work_.outside.has_lost(reference.target)) return true;
  return has_lost(reference.target);
}

// A row that becomes one of another kind refers to something else by the same key.
bool CompanyMerge::has_changed(const WrittenTable& source, const Reference& reference) const {
  if (!reference.when_column.empty()) {
    const Column* kind = find_column(work_.live.table(reference.table), reference.when_column);
    if (kind != nullptr && source.changed_columns.contains(kind->number)) return true;
  }
  return std::any_of(reference.columns.begin(), reference.columns.end(),
                     [&](int16_t number) { return source.changed_columns.contains(number); });
}

bool CompanyMerge::is_partial(TableIndex table) const {
  const SelectedTable* const selected = work_.policy.selected_of(table);
  return selected != nullptr && !selected->whole;
}

// The company's own row is locked from the beginning.
bool CompanyMerge::refers_to_kept(const Reference& reference) const {
  const auto source = done_.find(reference.table);
  const auto target = done_.find(reference.target);
  const ScopedTable* const scoped = work_.live.scope.find(reference.target);
  const bool unread =
      target == done_.end() && work_.policy.selected != nullptr && scoped && scoped->travels();
  const bool kept = target != done_.end() && target->second.kept.rows > 0;
  return source != done_.end() && (unread || kept || is_partial(reference.target)) &&
         reference.target != work_.live.scope.company_table &&
         (source->second.inserted || has_changed(source->second, reference));
}

// From here on nobody may remove what written rows refer to.
void CompanyMerge::lock_targets() const {
  FreshSnapshot fresh;
  lock_own_targets(work_.live, work_.company,
                   [this](const Reference& reference) { return refers_to_kept(reference); });
  fresh.close();
}

void CompanyMerge::record_problems() {
  for (const TakenGroup& group : shared_groups(work_.live, work_.load, work_.company)) {
    record_.problems.push_back(shared_group_problem(work_.live, group));
  }
  for (const Reference& reference : work_.live.scope.references) {
    const auto source = done_.find(reference.table);
    if (reference.soft || source == done_.end() || !leads_out(work_.live, reference)) continue;
    const bool comes_back = source->second.lost || has_changed(source->second, reference);
    if (!comes_back || !leads_nowhere(reference)) continue;
    const Table& table = work_.live.table(reference.table);
    record_.problems.push_back({encode_table_name(table.schema, table.name), "(not looked for)",
                                reference.name, "led nowhere before the restore"});
  }
}

// The constraint is not trusted: whoever switches its triggers off can break it.
bool CompanyMerge::leads_nowhere(const Reference& reference) const {
  const Table& source = work_.live.table(reference.table);
  std::string given;
  for (int16_t number : reference.columns) {
    given += " AND s." + quote_name(column_of(source, number).name) + " IS NOT NULL";
  }
  return !query_unestimated(
              "SELECT FROM " + from_table(source) + " AS s WHERE " +
                  owned_by(work_.live.schema, work_.live.scope, reference.table, "s", "$1") +
                  given + " AND NOT EXISTS (SELECT FROM " +
                  from_table(work_.live.table(reference.target)) + " AS t WHERE " +
                  reference_join(work_.live.schema, reference, "s", "t") + ") LIMIT 1",
              {work_.company.arg()}, Access::kRead)
              .empty();
}

// Rows that may not be removed and would belong to nobody, since what they belong through is gone.
void CompanyMerge::refuse_left_rows(WrittenTable& done) const {
  if (done.staying.empty()) return;
  const Table& table = *done.matched->table;
  const ScopedTable& scoped = *done.matched->scoped;
  const NamedRows left = done.staying.look_up(
      table, scoped.key,
      " AND " + is_orphan(work_.live.schema, work_.live.scope, scoped.table, "t"));
  if (left.count == 0) return;
  throw Error(sqlstate::kIntegrity, counted_rows(left.count) + " of append-only table " +
                                        quoted_display(display_table(table)) +
                                        " would belong to no company any more")
      .detail("Rows " + left.keys + " are the company's only by rows that would be removed.")
      .hint(
          "A restore never removes rows of an append-only table. Remove these first, or let them "
          "refer to a row that the backup has.");
}

// The company's rows, as far as they are selected.
OwnedRows CompanyMerge::owned_rows(TableIndex index, const WrittenTable& done) const {
  const Table& table = work_.live.table(index);
  OwnedRows rows{table,
                 done.matched->scoped->key,
                 " FROM " + from_table(table) + " AS t WHERE " +
                     owned_by(work_.live.schema, work_.live.scope, index, "t", "$1"),
                 {work_.company.arg()},
                 since_};
  if (const SelectedTable* const selected = work_.policy.selected_of(index)) {
    rows.from += selected->condition(table, "t", 2);
    for (const Arg& arg : selected->arguments(table)) rows.args.push_back(arg);
  }
  return rows;
}

// Are the rows that were not written those that are there? Counts the others.
bool CompanyMerge::is_unchanged(TableIndex index, WrittenTable& done,
                                FormerOrphans& orphans) const {
  const OwnedRows owned = owned_rows(index, done);
  if (owned.table.foreign) {
    const uint64_t rows = std::stoull(one_value(query("SELECT count(*)" + owned.from, owned.args)));
    done.found = done.written;
    return rows == done.kept.rows + done.written;
  }
  VersionSum sum = sum_versions("SELECT t.tableoid, t.ctid, t.xmin, t.cmin" + owned.from,
                                owned.args, since_, done.found);
  done.orphaned = orphans.add_versions(*done.matched, numbers_.at(index), done.recorded, since_,
                                       sum, done.found);
  return sum == done.kept;
}

// Error unless others did it: these rows would be the company's no more, or be it from now on.
void CompanyMerge::refuse_changed_hands(TableIndex index, const WrittenTable& done,
                                        const LookBack& look_back) const {
  const OwnedRows owned = owned_rows(index, done);
  if (owned.table.foreign) return;
  const ChangedHands changed = find_changed_hands(owned, look_back);
  if (changed.by_others) return;
  const bool left = changed.left.count > 0;
  const NamedRows& rows = left ? changed.left : changed.joined;
  throw Error(sqlstate::kIntegrity, counted_rows(rows.count) + " of table " +
                                        quoted_display(display_table(owned.table)) +
                                        (left ? " would belong to no company any more"
                                              : " that the company does not have would be its own"))
      .detail("Rows " + rows.keys +
              (left ? " are the company's only by rows that would be removed or changed."
                    : " are nobody's, and would come along with rows that come back."))
      .hint(left ? "Remove these rows, or let them refer to others, then try again."
                 : "Remove these rows, or give them to the company, then try again.");
}

void CompanyMerge::look_again(FormerOrphans& orphans, const LookBack& look_back) {
  for (auto& [index, done] : done_) refuse_left_rows(done);
  std::vector<TableIndex> unchanged;
  for (const MatchedTable* matched : tables()) {
    const TableIndex index = matched->scoped->table;
    if (is_unchanged(index, done_.at(index), orphans)) {
      unchanged.push_back(index);
      continue;
    }
    // A row that was written, but is not the company's, takes the rows below it out of it, too.
    for (const TableIndex above : unchanged) prove_written(above);
    refuse_changed_hands(index, done_.at(index), look_back);
    throw Error(sqlstate::kSerializationFailure,
                "could not serialize access: somebody else changed rows of the company in table " +
                    quoted_display(display_table(*matched->table)))
        .hint("Try again.");
  }
}

void CompanyMerge::prove_written() const {
  for (const auto& [index, done] : done_) prove_written(index);
}

void CompanyMerge::prove_written(TableIndex index) const {
  const WrittenTable& done = done_.at(index);
  // Where rows are only added, one that stays as it is may stay nobody's.
  const uint64_t orphaned =
      done.orphaned.written + (work_.homeless == nullptr ? done.orphaned.kept : 0);
  const bool has_orphans = orphaned > 0 && !work_.policy.exact;
  if (done.found == done.written && !has_orphans) return;
  throw Error(sqlstate::kIntegrity,
              "rows of table " + quoted_display(display_table(work_.live.table(index))) +
                  " would not belong to company \"" + work_.company.key + "\"")
      .detail(has_orphans
                  ? "Rows of the archive that would belong to nobody: " + std::to_string(orphaned) +
                        "."
                  : "Rows written: " + std::to_string(done.written) +
                        "; of these, the company would have: " + std::to_string(done.found) + ".");
}

}  // namespace company_backup
