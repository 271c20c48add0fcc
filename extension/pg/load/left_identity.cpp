#include "pg/load/left_identity.hpp"

#include <functional>

#include "core/scope/padding.hpp"
#include "pg/rows/column_default.hpp"

namespace company_backup {
namespace {

// What gives each row a value that does not bring its own; empty: it is NULL.
std::function<Text()> values_of(const Rules& rules, const Table& table, const Column& column) {
  const ColumnRule* rule = column_rule(rules, table, column.name);
  if (rule != nullptr && !rule->replacement.empty()) {
    const auto values = std::make_shared<ReplacementValues>(table, column, rule->replacement);
    return [values] { return values->next(); };
  }
  if (default_of(table, column) == DefaultKind::kNone) return {};
  const auto values = std::make_shared<DefaultValues>(table, column);
  return [values] { return values->next(); };
}

}  // namespace

LeftIdentity::LeftIdentity(const LiveScope& live, const TakenIdentity& taken, bool preview) {
  for (const auto& [place, values] : taken) {
    const Table& table = live.table(place.first);
    const Column& column = column_of(table, place.second);
    const KeyForm form = key_form(column);
    const auto next = preview ? std::function<Text()>() : values_of(live.rules, table, column);
    Values& left = columns_[place];
    if (next) left.instead = std::make_unique<ListedKeys>(1);
    if (next) left.instead->set_forms({form});
    for (const std::string& value : values) {
      const Text instead = next ? next() : Text();
      if (instead) {
        left.instead->add({value}, {*instead});
      } else {
        left.keys.add({in_form(form, value)});
      }
    }
  }
}

void LeftIdentity::add_to(RowMapper& mapper, const MatchedTable& table) const {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const auto found = columns_.find({table.scoped->table, table.columns[i]->number});
    if (found == columns_.end() || !table.loaded[i]) continue;
    if (found->second.instead) mapper.map_column(i, found->second.instead.get());
    if (!found->second.keys.empty()) mapper.drop_keys({i}, &found->second.keys, {i});
  }
}

}  // namespace company_backup
