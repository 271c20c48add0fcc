#include "core/scope/scope_ways.hpp"

#include <algorithm>

#include "core/scope/smells.hpp"
#include "core/scope/walk.hpp"
#include "core/text/names.hpp"

namespace company_backup {

// "created_realm_id", "acting_user_id": what a row belongs to is called as it is.
bool WayMeaning::is_part(TableIndex table, const Link& way) const {
  if (way.firm || way.of_one_kind() || way.step.columns.size() != 1) return false;
  const Column& column = column_of(model_.table(table), way.step.columns[0]);
  if (model_.is_scope_column(table, column)) return false;
  std::string stem = plain_name(id_stem(column.name).value_or(column.name));
  std::string target = plain_name(model_.table(way.step.target).name);
  for (std::string* name : {&stem, &target}) std::erase(*name, '_');
  for (const std::string& form : noun_forms(target))
    if (form.ends_with(stem)) return false;
  return names_doer(column) || names_deed(column) ||
         looks_like_people(model_.table(way.step.target));
}

std::vector<int16_t> columns_of_ways(const std::vector<const Link*>& ways) {
  std::vector<int16_t> columns;
  for (const Link* way : ways) {
    if (way->step.columns.size() == 1) columns.push_back(way->step.columns[0]);
  }
  return columns;
}

uint32_t WayMeaning::rows_without(TableIndex table, const std::vector<const Link*>& ways) const {
  const auto found = model_.evidence.tables.find(table);
  if (found == model_.evidence.tables.end()) return 0;
  const bool firm = std::any_of(ways.begin(), ways.end(),
                                [](const Link* way) { return way->firm && !way->of_one_kind(); });
  return firm ? 0 : found->second.rows_without(columns_of_ways(ways));
}

// Over the links that are likely to be its route, once more is known.
bool WayMeaning::can_lead_back(TableIndex start, TableIndex goal) const {
  const auto next = [this](TableIndex table, const auto& go) {
    const bool ordered = !model_.ordered[table].empty();
    const bool firm = !ordered && is_always_owned(table);
    for (const Link& link : ordered ? model_.ordered[table] : model_.links[table])
      if (!firm || (link.firm && !link.of_one_kind())) go(link.step.target);
  };
  return is_found(
      start, [goal](TableIndex table) { return table == goal; }, next);
}

// Do columns that are never NULL lead each row to a company, or does a rule say that all are?
bool WayMeaning::is_always_owned(TableIndex start) const {
  const auto is_owned = [this](TableIndex table) {
    return table == model_.company || (model_.rule[table] != nullptr && model_.ruled_owned(table) &&
                                       model_.rule[table]->match_columns.empty());
  };
  return is_found(start, is_owned, [this](TableIndex table, const auto& go) {
    if (model_.rule[table] != nullptr) return;
    for (const Link& link : model_.links[table])
      if (link.firm && !link.of_one_kind()) go(link.step.target);
  });
}

// Rows of the sample that none of these ways leads to a row that is a company's for sure.
uint32_t WayMeaning::rows_unplaced(TableIndex table, const std::vector<const Link*>& ways) const {
  std::vector<const Link*> sure;
  std::copy_if(ways.begin(), ways.end(), std::back_inserter(sure),
               [&](const Link* way) { return is_always_owned(way->step.target); });
  std::erase_if(sure, [&](const Link* one) {  // of a column's kinds some lead elsewhere
    return std::any_of(ways.begin(), ways.end(), [&](const Link* way) {
      return way->step.columns == one->step.columns && !is_always_owned(way->step.target);
    });
  });
  return rows_without(table, sure);
}

bool WayMeaning::conflict(TableIndex table, const Link& a, const Link& b) const {
  const auto rows = model_.evidence.tables.find(table);
  return rows != model_.evidence.tables.end() &&
         rows->second.conflicts.contains(std::minmax(a.step.columns[0], b.step.columns[0]));
}

std::vector<const Link*> WayMeaning::needed_ways(TableIndex table,
                                                 const std::vector<const Link*>& ways) const {
  const auto found = model_.evidence.tables.find(table);
  if (found == model_.evidence.tables.end() || found->second.rows == 0) return ways;
  std::vector<const Link*> needed = fewest_ways(table, ways);
  const auto is_needed = [&](const Link* way) {
    return std::find(needed.begin(), needed.end(), way) != needed.end();
  };
  const auto contradicts = [&](const Link* way) {
    return !is_needed(way) && std::any_of(needed.begin(), needed.end(), [&](const Link* other) {
      return conflict(table, *way, *other);
    });
  };
  if (rows_unplaced(table, needed) > 0 || std::any_of(ways.begin(), ways.end(), contradicts))
    return ways;
  std::vector<const Link*> in_order;
  std::copy_if(ways.begin(), ways.end(), std::back_inserter(in_order), is_needed);
  return in_order;
}

// Those that cannot lead back, and of the others what places more rows.
std::vector<const Link*> WayMeaning::fewest_ways(TableIndex table,
                                                 const std::vector<const Link*>& ways) const {
  std::vector<const Link*> fewest, back;
  for (const Link* way : ways) {
    const bool leads_back =
        way->step.kind != RouteStep::Kind::kCompany && can_lead_back(way->step.target, table);
    (leads_back ? back : fewest).push_back(way);
  }
  // Kinds of one column go together, and first those that each row has.
  std::stable_partition(back.begin(), back.end(), [](const Link* way) { return way->firm; });
  uint32_t without = rows_unplaced(table, fewest);
  for (auto way = back.begin(); way != back.end() && without > 0;) {
    const auto end = std::find_if(way, back.end(), [&](const Link* other) {
      return other->step.columns != (*way)->step.columns;
    });
    std::vector<const Link*> more = fewest;
    more.insert(more.end(), way, end);
    const uint32_t still_without = rows_unplaced(table, more);
    if (still_without < without) fewest = more;
    without = std::min(without, still_without);
    way = end;
  }
  return fewest;
}

bool WayMeaning::rests_on_guess(const Link& way, const Routes& routes) const {
  const auto is_guessed = [&](TableIndex table) {
    const auto& steps = routes.steps[table];
    return (model_.rule[table] != nullptr && model_.rule[table]->guessed) ||
           std::any_of(steps.begin(), steps.end(), [](const Link* link) { return link->guessed; });
  };
  return way.guessed ||
         is_found(way.step.target, is_guessed, [&](TableIndex table, const auto& go) {
           for (const Link* link : routes.steps[table]) go(link->step.target);
         });
}

Support WayMeaning::support_of(TableIndex table, const std::vector<const Link*>& ways,
                               const Routes& routes) const {
  const auto found = model_.evidence.tables.find(table);
  if (found == model_.evidence.tables.end() || ways.empty()) return {};
  for (const Link* way : ways) {
    if (rests_on_guess(*way, routes)) return {};
  }
  const RowEvidence& rows = found->second;
  const std::vector<int16_t> columns = columns_of_ways(ways);
  for (const auto& [a, b] : rows.conflicts) {
    if (!is_one_of(columns, a) || !is_one_of(columns, b)) continue;
    return {Confidence::kGuess, column_of(model_.table(table), a).name + " and " +
                                    column_of(model_.table(table), b).name +
                                    " lead rows to different companies"};
  }
  // Ways that all rows have can only be compared: nothing else says that they agree.
  const auto always = [&](int16_t a) { return column_of(model_.table(table), a).not_null; };
  for (size_t i = 0; i < columns.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (always(columns[i]) && always(columns[k]) &&
          !rows.compared.contains(std::minmax(columns[i], columns[k])))
        return {};
  const uint32_t without = rows_without(table, ways);
  const std::string sampled = std::to_string(rows.rows) + " sampled rows";
  if (without > 0) {
    return {Confidence::kGuess,
            std::to_string(without) + " of " + sampled + " have none of these columns"};
  }
  const std::string each =
      "each of " + sampled + " has one of these columns, and they lead to one company";
  const auto plays_part = [&](const Link* way) { return is_part(table, *way); };
  if (std::all_of(ways.begin(), ways.end(), plays_part))
    return {Confidence::kGuess, each +
                                    "; but what they are called says which part a row of theirs "
                                    "plays, not whose this one is"};
  return {Confidence::kConfident, each};
}

}  // namespace company_backup
