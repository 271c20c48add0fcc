#include "pg/restore/refusal_filter.hpp"

#include <algorithm>
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
      next_(next),
      rows_(plan, load, [this](const RowsOnTrial::Row& row) { take(row); }),
      archived_(line_columns(plan.columns, {})),
      current_(line_columns(plan.columns, plan.others)) {}

const Refusal* RefusalFilter::known(const Values& row) const {
  return refusals_.known().find(matched_.scoped->table, plan_.identity_of(row));
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
  if (std::equal(values.begin(), values.end(), archived_.values().begin(), is_same))
    return next_.add_row(row.line);
  const std::string line = archived_line(values);
  if (const auto why = rows_.try_added(line)) {
    ++counts_.refused;
    return leave_out(archived_.values(), *why, row.line);
  }
  tell_cleared(archived_.values(), values);
  next_.add_row(line);
}

// What a row loses by coming without others.
void RefusalFilter::tell_cleared(const Values& before, const Values& after) {
  std::vector<RowColumn> columns;
  Values lost;
  std::string names;
  for (size_t i = 0; i < matched_.columns.size(); ++i) {
    if (is_same(before[i], after[i])) continue;
    columns.push_back(plan_.columns[i].column);
    lost.push_back(before[i]);
    names += (names.empty() ? "" : ", ") + display_name(plan_.columns[i].column.name);
  }
  std::string data;
  RowComposer(columns).append(lost, data);
  refusals_.lose(matched_, plan_.key_text(before),
                 "column " + names + ": it referred to a row that is left out", std::move(data));
}

void RefusalFilter::changed(const CurrentRow& row, uint32_t xmin, bool is_orphan,
                            const Values& current, Values archived, std::vector<size_t> columns) {
  if (const Refusal* const why = known(archived)) {
    ++counts_.refused;
    return leave(row, current, archived, *why);
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
  if (!std::equal(after.begin(), after.end(), wanted.begin(), is_same)) tell_cleared(wanted, after);
  RowsOnTrial::Row change{RowsOnTrial::Row::What::kChanged, std::string(row.line),
                          archived_line(archived)};
  change.columns = std::move(columns);
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
  next_.change_row(here, row, current_.values(), archived_.values());
}

// The row stays as it is, and the archive's is told of.
void RefusalFilter::leave(const CurrentRow& row, const Values& current, const Values& archived,
                          const Refusal& why) {
  left_out_.note(matched_, archived, &current);
  refusals_.leave_out(matched_, plan_.key_text(archived), why, archived_line(archived));
  next_.leave_row(row);
}

void RefusalFilter::removed(const CurrentRow& row, uint32_t xmin, bool is_orphan,
                            const Values& values) {
  if (refusals_.known().is_needed(matched_.scoped->table, plan_.current, values))
    return next_.leave_row(row);
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
  left_out_.finish_table(matched_.scoped->table);
}

void RefusalFilter::find_taken(std::string_view line, bool whole, Oid index) {
  RowLine& row = whole ? current_ : archived_;
  row.parse(line);
  const Values values(row.values().begin(),
                      row.values().begin() + static_cast<ptrdiff_t>(plan_.columns.size()));
  refusals_.find_late(matched_, plan_.identity_of(values), plan_.key_text(values), taken(index));
}

}  // namespace company_backup
