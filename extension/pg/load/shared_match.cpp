#include "pg/load/shared_match.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedMissing = 50;

// The key of a row, for messages; empty for no row.
std::string key_of(const SharedRows& match, const Row& row) {
  std::string text;
  for (int16_t number : match.scoped->key) {
    const size_t position = match.position_of(number);
    if (position >= row.size()) continue;
    text += (text.empty() ? "" : ", ") + row[position].value_or("null");
  }
  return text;
}

bool has_collapsed(const SharedRows& match) {
  std::set<std::string> seen;
  return std::any_of(match.ours.begin(), match.ours.end(), [&](const Row& row) {
    return !row.empty() && !seen.insert(key_of(match, row)).second;
  });
}

}  // namespace

SharedMatch::SharedMatch(const LiveScope& live, const Manifest& manifest, RowSource& source,
                         const SharedOptions& options)
    : live_(live), options_(options) {
  std::vector<std::unique_ptr<SharedMatcher>> matchers;
  for (size_t number = 0; number < manifest.shared.size(); ++number) {
    const ManifestTable& archived = manifest.shared[number];
    const TableName name = decode_table_name(archived.name);
    auto match = std::make_unique<SharedRows>();
    match->index = live.schema.find(name.schema, name.table);
    match->scoped = match->index == kNoTable ? nullptr : live.scope.find(match->index);
    if (match->scoped == nullptr || !has_shared_rows(live.schema, live.scope, *match->scoped)) {
      throw Error(sqlstate::kSchemaDiffers, "the archive refers to rows of table \"" +
                                                archived.name +
                                                "\", which is not a shared table here");
    }
    match->table = &live.table(match->index);
    for (const ManifestColumn& archived_column : archived.columns) {
      const Column* column = find_column(*match->table, archived_column.name);
      if (column == nullptr || column->type != archived_column.type) {
        throw Error(sqlstate::kSchemaDiffers, "column \"" + archived_column.name + "\" of table " +
                                                  quoted_display(display_table(*match->table)) +
                                                  " differs from the archive")
            .detail("It is " + (column == nullptr ? std::string("missing") : column->type) +
                    " here, " + archived_column.type + " in the archive.");
      }
      match->columns.push_back(column);
    }
    if (match->scoped->owned())
      match->condition = belongs_to_nobody(live.schema, live.scope, match->scoped->table, "t");
    auto matcher = std::make_unique<SharedMatcher>(*match, archived, matches_);
    matcher->read(source, number);
    matchers.push_back(std::move(matcher));
    matches_.push_back(std::move(match));
  }
  for (const auto& matcher : matchers) matcher->begin(live, options);
  for (bool more = true; more;) {  // what refers to others is found after these
    more = false;
    for (const auto& matcher : matchers) more |= matcher->find(live, options);
  }
  for (const auto& matcher : matchers) matcher->finish(options);
  for (const auto& match : matches_) {
    if (has_collapsed(*match)) collapsed_.insert(match->index);
  }
  if (!options.preview) refuse_missing();
}

const SharedRows* SharedMatch::rows_of(TableIndex table) const {
  for (const auto& match : matches_) {
    if (match->index == table) return match.get();
  }
  return nullptr;
}

bool SharedMatch::misses(TableIndex table) const {
  const SharedRows* rows = rows_of(table);
  return rows != nullptr && !rows->missing.empty();
}

std::vector<SharedReport> SharedMatch::report() const {
  std::vector<SharedReport> reports;
  for (const auto& match : matches_) {
    SharedReport report{match->index, match->people(), match->theirs.size(),
                        {},           match->added,    match->missing};
    for (size_t row = 0; row < match->theirs.size(); ++row) {
      const std::string theirs = key_of(*match, match->theirs[row]);
      const std::string ours = key_of(*match, match->ours[row]);
      if (match->ours[row].empty() || (theirs == ours && !match->is_actor[row])) continue;
      report.substitutions.push_back({theirs, ours, match->is_actor[row]});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

void SharedMatch::refuse_missing() const {
  std::string list;
  size_t count = 0;
  bool only_people = true;
  for (const auto& match : matches_) {
    for (const std::string& missing : match->missing) {
      only_people &= match->people();
      if (++count <= kListedMissing) list += (list.empty() ? "" : "\n") + missing;
    }
  }
  if (count == 0) return;
  if (count > kListedMissing) list += "\nand " + std::to_string(count - kListedMissing) + " more";
  throw Error(only_people ? sqlstate::kMissingPerson : sqlstate::kMissingShared,
              std::to_string(count) +
                  (count == 1 ? " row that the company refers to is"
                              : " rows that the company refers to are") +
                  " missing here")
      .detail(list)
      .hint(only_people ? "Create them, or give an actor, who takes the place of people who are "
                          "missing."
                        : "Create them, then try again.");
}

const KeyMap& SharedMatch::keys(TableIndex table, const std::vector<int16_t>& columns) {
  std::unique_ptr<ListedKeys>& map = maps_[{table, columns}];
  if (map != nullptr) return *map;
  const ScopedTable* scoped = live_.scope.find(table);
  const bool people = scoped != nullptr && scoped->treatment == TableTreatment::kPeople;
  // Of a table that also holds rows of companies, other keys stay what they are.
  const bool complete = !options_.same_database && (scoped == nullptr || !scoped->owned());
  map = std::make_unique<ListedKeys>(columns.size(),
                                     complete ? UnlistedKeys::kRefused : UnlistedKeys::kKept,
                                     display_table(live_.table(table)),
                                     people ? sqlstate::kMissingPerson : sqlstate::kMissingShared);
  map->set_forms(key_forms(live_.table(table), columns));
  for (const auto& match : matches_) {
    if (match->index != table) continue;
    std::vector<size_t> positions;
    for (int16_t number : columns) positions.push_back(match->position_of(number));
    // Without a column the map stays empty, and complete where keys may not stay the same.
    if (std::find(positions.begin(), positions.end(), match->columns.size()) != positions.end()) {
      continue;
    }
    for (size_t row = 0; row < match->theirs.size(); ++row) {
      // In a preview a row that is missing stays itself.
      const Row& here = match->ours[row].empty() ? match->theirs[row] : match->ours[row];
      std::vector<std::string_view> theirs;
      std::vector<std::string> ours;
      for (size_t position : positions) {
        const Text& value = match->theirs[row][position];
        theirs.push_back(value ? std::string_view(*value) : std::string_view());
        ours.push_back(here[position].value_or(""));
      }
      map->add(theirs, std::move(ours));
    }
  }
  return *map;
}

}  // namespace company_backup
