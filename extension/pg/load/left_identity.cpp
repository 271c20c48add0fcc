#include "pg/load/left_identity.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/load/numbered_columns.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {
namespace {

// What rows get instead of values of one column: where each has to have its own, none that others,
// other rows of the archive, or rows before it have.
class Substitutes {
 public:
  Substitutes(const LiveScope& live, RowSource& source, const MatchedTable& matched,
              size_t position, bool preview)
      : table_(*matched.table),
        column_(*matched.columns[position]),
        rule_(column_rule(live.rules, table_, column_.name)),
        form_(key_form(column_)),
        unique_(is_unique()) {
    find_values(preview);
    if (!next_ || !unique_) return;
    std::optional<ColumnSequence> sequence;
    if (kind_ == DefaultKind::kSequence) sequence = sequence_of(numbered(table_, column_));
    // Else its values are known to be behind all others.
    looks_ = !sequence || !sequence->may_move;
    source.read(matched, {position}, [&](const std::vector<RowValue>& row) {
      const Text value = text_form(column_, row[position]);
      if (!value) return;
      if (sequence) sequence->see(*value);
      if (looks_) others_.emplace(in_form(form_, *value));
    });
    if (sequence) advance_sequences({*sequence});
  }

  // Nullopt: NULL, or there is none.
  Text next() {
    if (!next_ || !unique_) return next_ ? next_() : Text();
    while (tries_ > 0) {
      Text value = next_();
      if (!value || !looks_ || is_free(*value)) return value;
      --tries_;
    }
    return std::nullopt;
  }

  // Must a row have one, where next() gives none?
  bool is_needed() const { return next_ && column_.not_null; }

  [[noreturn]] void refuse(const std::string& taken) const {
    const bool replaced = has_replacement();
    throw Error(sqlstate::kRefusedIds,
                std::string("the ") + (replaced ? "replacement" : "default") + " of column \"" +
                    column_.name + "\" of table " + quoted_display(display_table(table_)) +
                    " does not give each row a value of its own")
        .detail("Others have " + taken + ", which a row of the backup has.")
        .hint(
            "Say what such rows get, by an expression that gives another value each time: "
            "SELECT set_column_rule(" +
            quote_literal(display_table(table_)) + ", " + quote_literal(column_.name) +
            ", 'identity', replacement => " + example() + ").");
  }

 private:
  bool has_replacement() const { return rule_ != nullptr && !rule_->replacement.empty(); }

  std::string example() const {
    switch (column_.family) {
      case TypeFamily::kText:
        return "$$gen_random_uuid()::text$$";
      case TypeFamily::kUuid:
        return "$$gen_random_uuid()$$";
      default:
        return "$$nextval('...')$$";
    }
  }

  // A preview evaluates nothing that may move a sequence.
  void find_values(bool preview) {
    if (has_replacement()) {
      if (preview) return;
      const auto values = std::make_shared<ReplacementValues>(table_, column_, rule_->replacement);
      next_ = [values] { return values->next(); };
      return;
    }
    kind_ = default_of(table_, column_);
    if (kind_ == DefaultKind::kNone || (preview && kind_ != DefaultKind::kOther)) return;
    if (kind_ == DefaultKind::kOther) tries_ = 1;  // the next one is the same
    const auto values = std::make_shared<DefaultValues>(table_, column_);
    next_ = [values] { return values->next(); };
  }

  bool is_unique() const {
    const std::vector<UniqueIndex>& indexes = table_.unique_indexes;
    return std::any_of(indexes.begin(), indexes.end(), [this](const UniqueIndex& index) {
      return !index.partial && index.columns == std::vector<int16_t>{column_.number};
    });
  }

  bool is_free(const std::string& value) {
    if (!others_.emplace(in_form(form_, value)).second) return false;
    const AsOwnerOf owner(table_.oid);
    return query("SELECT FROM " + from_table(table_) + " AS t WHERE " + column_sql("t", column_) +
                     " " + column_.equality + " $1 LIMIT 1",
                 {typed_value(column_, value)}, Access::kWrite)
        .empty();
  }

  const Table& table_;
  const Column& column_;
  const ColumnRule* rule_;
  const KeyForm form_;
  const bool unique_;
  DefaultKind kind_ = DefaultKind::kNone;
  std::function<Text()> next_;  // empty: NULL
  bool looks_ = false;
  int tries_ = 1000;              // that are left
  std::set<std::string> others_;  // values that no other row may have
};

}  // namespace

LeftIdentity::LeftIdentity(const LiveScope& live, const std::vector<MatchedTable>& tables,
                           RowSource& source, const TakenIdentity& taken, bool preview) {
  for (const MatchedTable& table : tables) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const std::pair<TableIndex, int16_t> place{table.scoped->table, table.columns[i]->number};
      const auto found = taken.find(place);
      if (found == taken.end() || !table.loaded[i]) continue;
      const KeyForm form = key_form(*table.columns[i]);
      Substitutes substitutes(live, source, table, i, preview);
      Values& left = columns_[place];
      left.instead = std::make_unique<ListedKeys>(1);
      left.instead->set_forms({form});
      for (const std::string& value : found->second) {
        if (const Text instead = substitutes.next()) {
          left.instead->add({value}, {*instead});
        } else if (!substitutes.is_needed()) {
          left.keys.add({in_form(form, value)});
        } else if (!preview) {
          substitutes.refuse(value);
        }  // else it stays, and the plan says that others have it
      }
    }
  }
}

void LeftIdentity::add_to(RowMapper& mapper, const MatchedTable& table) const {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const auto found = columns_.find({table.scoped->table, table.columns[i]->number});
    if (found == columns_.end() || !table.loaded[i]) continue;
    mapper.map_column(i, found->second.instead.get());
    if (!found->second.keys.empty()) mapper.drop_keys({i}, &found->second.keys, {i});
  }
}

}  // namespace company_backup
