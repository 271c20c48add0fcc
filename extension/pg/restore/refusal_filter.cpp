#include "pg/restore/refusal_filter.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/scope/sql.hpp"
#include "pg/base/server_text.hpp"

namespace company_backup {
namespace {

// What a row is refused for that lacks a value for this column.
Refusal missing_value(const Column& column) {
  return {sqlstate::kMissingValue, "the backup has no value for column " +
                                       display_name(column.name) + ", which must not be null"};
}

Refusal taken(Oid index) {
  struct Found {
    const char* name;
    bool exclusion;
  };
  const Found found = guarded([index] {
    HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
    const bool exclusion = HeapTupleIsValid(tuple) &&
                           reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indisexclusion;
    if (HeapTupleIsValid(tuple)) ReleaseSysCache(tuple);
    return Found{get_rel_name(index), exclusion};
  });
  const std::string name = quoted_display(found.name == nullptr ? "" : utf8_of(found.name));
  if (found.exclusion) return {sqlstate::kExcluded, "another row excludes it in " + name};
  return {sqlstate::kUniqueViolation, "another row has its unique value in " + name};
}

}  // namespace

RefusalFilter::RefusalFilter(const MergePlan& plan, MatchedArchive& load, Refusals& refusals,
                             Next& next)
    : plan_(plan),
      matched_(*plan.matched),
      refusals_(refusals),
      left_out_(refusals.known().left_out()),
      needed_(refusals.known().needed()),
      next_(next),
      rows_(plan, load, refusals.known().is_strict(),
            [this](const RowsOnTrial::Row& row) { take(row); }),
      archived_(line_columns(plan.columns, {})),
      current_(line_columns(plan.columns, plan.others)) {
  if (refusals.known().knows(matched_.scoped->table)) held_.emplace(plan);
}

const Refusal* RefusalFilter::known(const Values& row) const {
  return refusals_.known().find(matched_.scoped->table, plan_.refusal_key(row));
}

std::string RefusalFilter::archived_line(const Values& row) const {
  std::string line;
  RowComposer(line_columns(plan_.columns, {})).append(row, line);
  return line;
}

// Takes from the row what it referred to and does not come. Why it cannot be without, if so.
std::optional<Refusal> RefusalFilter::go_without(Values& row, const Values* stays) {
  if (left_out_.look_at(matched_, row, stays) != LeftOutRows::Fate::kStaysAway) return std::nullopt;
  ++counts_.needing;
  return Refusal{sqlstate::kIntegrity, "it needs " + left_out_.needed() + ", which is left out"};
}

void RefusalFilter::leave_out(const Values& row, const Refusal& why, std::string_view line) {
  left_out_.note(matched_, row);
  refusals_.leave_out(matched_, plan_.key_text(row), why, line);
}

void RefusalFilter::added(std::string_view line) {
  const bool is_clear = matched_.gaps.empty() && !refusals_.known().knows(matched_.scoped->table);
  if (is_clear) return rows_.add({RowsOnTrial::Row::What::kAdded, std::string(line), {}});
  archived_.parse(line);
  if (const Refusal* const why = known(archived_.values())) {
    ++counts_.refused;
    return leave_out(archived_.values(), *why, line);
  }
  if (!matched_.gaps.empty()) {
    ++counts_.refused;
    return leave_out(archived_.values(), missing_value(*matched_.gaps[0]), line);
  }
  rows_.add({RowsOnTrial::Row::What::kAdded, std::string(line), {}});
}

void RefusalFilter::take_added(const RowsOnTrial::Row& row) {
  archived_.parse(row.line);
  if (row.refused) {
    ++counts_.refused;
    return leave_out(archived_.values(), *row.refused, row.line);
  }
  Values values = archived_.values();
  if (const auto why = go_without(values)) return leave_out(archived_.values(), *why, row.line);
  if (std::equal(values.begin(), values.end(), archived_.values().begin(), is_same)) {
    if (held_) held_->added(values);
    return next_.add_row(row.line, row.line);
  }
  const std::string line = archived_line(values);
  if (const auto why = rows_.try_added(line)) {
    ++counts_.refused;
    return leave_out(archived_.values(), *why, row.line);
  }
  tell_cleared(archived_.values(), lost_of(archived_.values(), values));
  if (held_) held_->added(values);
  if (plan_.is_keyless())
    changed_rows_.emplace(plan_.refusal_key(values), plan_.refusal_key(archived_.values()));
  next_.add_row(line, row.line);
}

RefusalFilter::Lost RefusalFilter::lost_of(const Values& before, const Values& after) const {
  std::vector<RowColumn> columns;
  Values lost;
  Lost told;
  for (size_t i = 0; i < matched_.columns.size(); ++i) {
    if (is_same(before[i], after[i])) continue;
    columns.push_back(plan_.columns[i].column);
    lost.push_back(before[i]);
    told.names += (told.names.empty() ? "" : ", ") + display_name(plan_.columns[i].column.name);
  }
  if (!lost.empty()) RowComposer(columns).append(lost, told.data);
  return told;
}

void RefusalFilter::tell_cleared(const Values& row, const Lost& lost) {
  refusals_.lose(matched_, plan_.key_text(row),
                 "column " + lost.names + ": it referred to a row that is left out", lost.data);
}

void RefusalFilter::changed(const CurrentRow& row, uint32_t xmin, bool is_orphan,
                            const Values& current, Values archived, std::vector<size_t> columns) {
  if (const Refusal* const why = known(archived)) {
    ++counts_.refused;
    return leave(row, current, archived, *why);
  }
  std::set<int16_t> changing;
  for (const size_t position : columns) changing.insert(plan_.current[position]->number);
  if (needed_.is_needed(matched_.scoped->table, plan_.current, current, &changing)) {
    ++counts_.needing;
    return leave(row, current, archived,
                 {sqlstate::kIntegrity, "rows that stay refer to the row that is here"});
  }
  Values wanted(current.begin(), current.begin() + static_cast<ptrdiff_t>(archived.size()));
  for (const size_t position : columns) wanted[position] = archived[position];
  Values after = wanted;
  if (const auto why = go_without(after, &current)) return leave(row, current, archived, *why);
  for (size_t i = 0; i < after.size(); ++i) {
    if (is_same(wanted[i], after[i])) continue;
    archived[i] = after[i];
    if (std::find(columns.begin(), columns.end(), i) == columns.end()) columns.push_back(i);
  }
  Lost lost = lost_of(wanted, after);
  RowsOnTrial::Row change{RowsOnTrial::Row::What::kChanged, std::string(row.line),
                          archived_line(archived)};
  change.columns = std::move(columns);
  change.cleared = std::move(lost.names);
  change.lost = std::move(lost.data);
  change.version = row.version;
  change.xmin = xmin;
  change.is_orphan = is_orphan;
  rows_.add_changed(std::move(change), current, archived);
}

void RefusalFilter::take_changed(const RowsOnTrial::Row& row) {
  current_.parse(row.line);
  archived_.parse(row.archived);
  const CurrentRow here{row.line, row.version};
  if (row.refused) {
    ++counts_.refused;
    return leave(here, current_.values(), archived_.values(), *row.refused);
  }
  if (!row.cleared.empty()) tell_cleared(archived_.values(), {row.cleared, row.lost});
  if (held_) held_->changed(current_.values(), archived_.values(), row.columns);
  next_.change_row(here, row, current_.values(), archived_.values());
}

// The row stays as it is, and the archive's is told of.
void RefusalFilter::leave(const CurrentRow& row, const Values& current, const Values& archived,
                          const Refusal& why) {
  left_out_.note(matched_, archived, &current);
  refusals_.leave_out(matched_, plan_.key_text(archived), why, archived_line(archived));
  stay(row, current);
}

void RefusalFilter::stay(const CurrentRow& row, const Values& current) {
  needed_.stays(matched_.scoped->table, plan_.current, current);
  if (held_) held_->stays(current);
  next_.leave_row(row);
}

void RefusalFilter::removed(const CurrentRow& row, uint32_t xmin, bool is_orphan,
                            const Values& values) {
  if (needed_.is_needed(matched_.scoped->table, plan_.current, values)) return stay(row, values);
  RowsOnTrial::Row removal{RowsOnTrial::Row::What::kRemoved, std::string(row.line), {}};
  removal.version = row.version;
  removal.xmin = xmin;
  removal.is_orphan = is_orphan;
  rows_.add(std::move(removal));
}

void RefusalFilter::take(const RowsOnTrial::Row& row) {
  switch (row.what) {
    case RowsOnTrial::Row::What::kAdded:
      return take_added(row);
    case RowsOnTrial::Row::What::kChanged:
      return take_changed(row);
    case RowsOnTrial::Row::What::kRemoved:
      current_.parse(row.line);
      return next_.remove_row({row.line, row.version}, row, current_.values());
  }
}

void RefusalFilter::finish() {
  rows_.run();
  rows_.close();
  counts_.doubted = rows_.doubted();
  if (held_) {
    held_->close_over([this](const std::string& row, const std::string& key, Oid index) {
      find_clash(row, key, index);
    });
  }
  left_out_.finish_table(matched_.scoped->table);
}

void RefusalFilter::find_taken(std::string_view line, bool whole, Oid index) {
  RowLine& row = whole ? current_ : archived_;
  row.parse(line);
  const Values values(row.values().begin(),
                      row.values().begin() + static_cast<ptrdiff_t>(plan_.columns.size()));
  find_clash(plan_.refusal_key(values), plan_.key_text(values), index);
}

void RefusalFilter::find_clash(const std::string& row, const std::string& key, Oid index) {
  const auto [first, last] = changed_rows_.equal_range(row);
  for (auto changed = first; changed != last; ++changed)
    refusals_.find_late(matched_, changed->second, key, taken(index));
  if (first == last) refusals_.find_late(matched_, row, key, taken(index));
}

void RefusalFilter::find_dangling(const std::string& row, const std::string& key,
                                  const Reference& reference) {
  refusals_.find_late(
      matched_, row, key,
      {sqlstate::kIntegrity, "its reference \"" + reference.name + "\" leads nowhere"});
}

void RefusalFilter::stays(const Values& values) {
  needed_.stays(matched_.scoped->table, plan_.current, values, true);
}

}  // namespace company_backup
