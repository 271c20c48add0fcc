#include "pg/load/new_ids.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string>

#include "core/ids/merged_ids.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/load/id_facts.hpp"
#include "pg/load/id_makers.hpp"
#include "pg/load/kept_ids.hpp"
#include "pg/load/taken_groups.hpp"
#include "pg/rows/column_default.hpp"

namespace company_backup {
namespace {

constexpr uint64_t kDrawnAtOnce = 10'000;
// Where a preview begins to number: no sequence gets there, and in narrow columns no row.
int64_t preview_start(int64_t greatest_possible) {
  constexpr int64_t kFar = int64_t{1} << 62;
  return greatest_possible > kFar ? kFar : -greatest_possible - 1;
}

// For columns that nothing refers to, with a value of its own in every row: each gets the next one,
// whatever its old one was.
class FreshIds : public KeyMap {
 public:
  FreshIds(NextId next, bool ascends) : next_(std::move(next)), ascends_(ascends) {}
  size_t width() const override { return 1; }
  bool is_identity() const override { return false; }
  bool keeps_order() const override { return ascends_; }
  bool find(const std::vector<std::string_view>&,
            std::vector<std::string>& new_key) const override {
    new_key.resize(1);
    new_key[0] = next_();
    return true;
  }

 private:
  NextId next_;
  bool ascends_;
};

std::array<uint8_t, 32> random_key() {
  std::array<uint8_t, 32> key;
  if (!pg_strong_random(key.data(), key.size())) {
    throw Error(sqlstate::kInternal, "could not generate random numbers");
  }
  return key;
}

// No unique index says that a default gives numbers that no group has yet.
class FreeNumbers {
 public:
  FreeNumbers(const LiveScope& live, GroupColumns group) : live_(&live), group_(std::move(group)) {}

  std::string first_of(const NextId& next) {
    for (int tries = 0; tries < kTries; ++tries) {
      std::string number = next();
      if (is_free(number) && given_.insert(number).second) return number;
    }
    throw Error(sqlstate::kIntegrity, "the default of column " + name() +
                                          " gives only numbers of groups that exist already");
  }

 private:
  static constexpr int kTries = 1000;

  std::string name() const {
    const Table& table = live_->table(group_[0].table);
    return quoted_display(display_table(table) + "." + column_of(table, group_[0].column).name);
  }

  bool is_free(const std::string& number) const {
    return std::all_of(group_.begin(), group_.end(), [&](const ColumnRoot& root) {
      const Table& table = live_->table(root.table);
      const Column& column = column_of(table, root.column);
      const AsOwnerOf owner(table.oid);
      return query("SELECT FROM " + from_table(table) + " AS t WHERE " + column_sql("t", column) +
                       " " + column.equality + " $1 LIMIT 1",
                   {typed_value(column, number)}, Access::kWrite)
          .empty();
    });
  }

  const LiveScope* live_;
  GroupColumns group_;
  std::set<std::string> given_;
};

// One renewed column.
class RenewedColumn {
 public:
  // `group`: the columns that get the same new values; null: there are no others.
  RenewedColumn(const LiveScope& live, MatchedArchive& load, const MatchedTable& matched,
                const ColumnRoot& root, const IdPlan::Renewed& how, const GroupColumns* group,
                const std::array<uint8_t, 32>& key, KeptIds* kept, bool preview)
      : live_(live),
        load_(load),
        matched_(matched),
        position_(*position_of(matched, root.column)),
        column_(*matched.columns[position_]),
        how_(how),
        group_(group),
        key_(key),
        kept_(kept),
        preview_(preview) {}

  size_t position() const { return position_; }

  // Tells which columns get the same IDs, and how they are made.
  std::string kept_as() const {
    std::vector<std::string> parts{std::to_string(static_cast<int>(how_.kind))};
    for (const ColumnRoot& column : same_columns()) {
      const Table& table = live_.table(column.table);
      parts.push_back(std::to_string(table.oid));
      parts.push_back(column_of(table, column.column).name);
    }
    return key_line(parts);
  }

  // Need its old values be looked at before the first row is written? In a merge, which gives no ID
  // to what has one; else integers keep their order,
  // equal values become equal ones, and of UUIDs and texts none may be left in any other column,
  // whether a key refers to them or not.
  bool is_read_first() const {
    if (how_.referred_to || kept_ != nullptr) return true;
    switch (how_.kind) {
      case IdKind::kSequence:
      case IdKind::kInteger:
        return !rows_come_in_its_order() || !ascends();
      case IdKind::kDefault:
        return !is_unique();
      default:
        return true;
    }
  }

  std::unique_ptr<Maker> maker() const {
    switch (how_.kind) {
      case IdKind::kSequence:
      case IdKind::kInteger:
        return std::make_unique<IntegerMaker>(
            numbers(), kept_ == nullptr ? nullptr : kept_->numbers(same_columns()),
            note<int64_t, int64_t>());
      case IdKind::kUuid:
      case IdKind::kText:
        return std::make_unique<HashedMaker>(renewals());
      case IdKind::kRule:
        // Not by `this`, which is moved before the values are known.
        return std::make_unique<RuleMaker>(
            [&load = load_, &table = *matched_.table,
             &column = column_](const std::vector<std::string>& values) {
              return load.replaced(table, column, values);
            },
            earlier_texts(), key_form(column_), note<std::string_view, std::string_view>());
      default:
        return std::make_unique<DefaultMaker>(next_value(), earlier_texts(), key_form(column_),
                                              note<std::string_view, std::string_view>());
    }
  }

  std::unique_ptr<KeyMap> fresh() const {
    const bool numbered = how_.kind == IdKind::kSequence || how_.kind == IdKind::kInteger;
    return std::make_unique<FreshIds>(numbered ? next_number() : next_value(), numbered);
  }

 private:
  GroupColumns same_columns() const {
    if (group_ != nullptr) return *group_;
    return {{matched_.scoped->table, column_.number}};
  }

  template <class Old, class New>
  std::function<void(Old, New)> note() const {
    if (kept_ == nullptr) return nullptr;
    return [kept = kept_, column = same_columns()[0]](Old old_id, New new_id) {
      kept->note(column, old_id, new_id);
    };
  }

  std::shared_ptr<const ListedKeys> earlier_texts() const {
    return kept_ == nullptr ? nullptr : kept_->texts(same_columns(), key_form(column_));
  }

  bool rows_come_in_its_order() const {
    const std::vector<ManifestKeyColumn>& key = matched_.archived->key;
    return key.size() == 1 && key[0].column == column_.name;
  }

  bool ascends() const {
    return preview_ || how_.kind == IdKind::kInteger ||
           feeding_sequence(*matched_.table, column_).increment > 0;
  }

  bool is_unique() const {
    const std::vector<UniqueIndex>& indexes = matched_.table->unique_indexes;
    return std::any_of(indexes.begin(), indexes.end(), [this](const UniqueIndex& index) {
      return !index.partial && index.columns == std::vector<int16_t>{column_.number};
    });
  }

  std::unique_ptr<FreshNumbers> numbers() const {
    const NumberedColumns columns =
        group_ == nullptr ? numbered(*matched_.table, column_) : numbered(live_, *group_);
    if (preview_) return std::make_unique<NextNumbers>(preview_start(greatest_possible(columns)));
    if (how_.kind == IdKind::kSequence) {
      return std::make_unique<SequenceNumbers>(sequence_of(columns));
    }
    // Two copies made at once would begin at the same number.
    const GroupColumns alone{{matched_.scoped->table, column_.number}};
    lock_group(live_, group_ == nullptr ? alone : *group_);
    return std::make_unique<NextNumbers>(greatest_number(columns), greatest_possible(columns));
  }

  // No more of them than there are rows.
  NextId next_number() const {
    struct Queue {
      std::unique_ptr<FreshNumbers> numbers;
      uint64_t left;
      std::vector<int64_t> values{};
      size_t at = 0;
    };
    const auto queue = std::make_shared<Queue>(Queue{numbers(), matched_.archived->rows});
    return [queue] {
      if (queue->at == queue->values.size()) {
        const uint64_t count = std::min(queue->left, kDrawnAtOnce);
        queue->values.clear();
        queue->numbers->take(count, [&](int64_t value) { queue->values.push_back(value); });
        queue->left -= count;
        queue->at = 0;
      }
      return std::to_string(queue->values.at(queue->at++));
    };
  }

  NextId next_value() const {
    if (preview_) {
      return [n = std::make_shared<uint64_t>(0)] { return "new " + std::to_string(++*n); };
    }
    const Table* table = matched_.table;
    const Column* numbers = &column_;
    if (group_ != nullptr) {
      const NumberedColumns columns = numbered(live_, *group_);
      table = columns.table;
      numbers = columns.column;
    }
    const auto values = std::make_shared<DefaultValues>(*table, *numbers);
    const auto next = [values, column = numbers->name] {
      Text value = values->next();
      if (!value) {
        throw Error(sqlstate::kIntegrity, "the default of key column \"" + column + "\" is null");
      }
      return std::move(*value);
    };
    if (group_ == nullptr) return next;
    return [next, free = FreeNumbers(live_, *group_)]() mutable { return free.first_of(next); };
  }

  // An ID that came before becomes what it did then, whatever the others look like now.
  std::vector<Renewal> renewals() const {
    std::vector<Renewal> renewals;
    for (const IdForm& form : forms()) renewals.emplace_back(key_, form);
    return renewals;
  }

  std::vector<IdForm> forms() const {
    if (column_.family == TypeFamily::kUuid) return {{IdShape::kUuid, {}, {}}};
    const IdForm form = form_of_column(load_, matched_, position_);
    if (kept_ == nullptr) return {form};
    std::vector<IdForm> forms = kept_->forms(same_columns()[0]);
    if (std::find(forms.begin(), forms.end(), form) == forms.end()) {
      forms.push_back(form);
      kept_->note(same_columns()[0], form);
    }
    return forms;
  }

  const LiveScope& live_;
  MatchedArchive& load_;
  const MatchedTable& matched_;
  size_t position_;
  const Column& column_;
  IdPlan::Renewed how_;
  const GroupColumns* group_;
  const std::array<uint8_t, 32>& key_;
  KeptIds* kept_;
  bool preview_;
};

// A column whose old values are looked at first.
struct Followed {
  ColumnRoot root;
  size_t position;
  std::shared_ptr<Maker> maker;
  std::string kept_as;
};

// Tells the columns of the table and what stands in them; "" if that cannot be told.
std::string contents_of(const MatchedTable& table, const std::vector<Followed>& columns) {
  const Sha256Digest& lines = table.archived->sha256;
  const bool sees_known = std::any_of(columns.begin(), columns.end(), [](const Followed& column) {
    return column.maker->sees_known();
  });
  if (lines == Sha256Digest{} || sees_known) return "";
  std::vector<std::string> parts{std::to_string(table.table->oid), hex(lines)};
  for (const Followed& column : columns) {
    parts.push_back(table.columns[column.position]->name);
    parts.push_back(table.columns[column.position]->type);
    parts.push_back(column.kept_as);
  }
  return key_line(parts);
}

// `kept`: null if nothing is.
void show_old_ids(MatchedArchive& load, const MatchedTable& table,
                  const std::vector<Followed>& columns, KeptIds* kept) {
  if (columns.empty()) return;
  const std::string contents = kept == nullptr ? "" : contents_of(table, columns);
  if (!contents.empty()) {
    if (kept->knows_contents(contents)) return;
    kept->note_contents(contents);
  }
  std::vector<size_t> positions;
  for (const Followed& column : columns) positions.push_back(column.position);
  load.read(table, positions, [&](const std::vector<RowValue>& row) {
    for (const Followed& column : columns) {
      const RowValue& value = row[column.position];
      if (value.kind != ValueKind::kNull) column.maker->see(value.text);
    }
  });
}

}  // namespace

NewIds::NewIds(const LiveScope& live, MatchedArchive& load, const IdPlan& plan, KeptIds* kept,
               bool preview)
    : live_(live), merges_(kept != nullptr) {
  keeps_keys_ = plan.keeps_keys;
  const std::array<uint8_t, 32> key = kept == nullptr ? random_key() : kept->key();
  const auto groups = group_columns(live.schema, live.rules, live.scope);
  struct Group {
    std::shared_ptr<Maker> maker;
    std::vector<ColumnRoot> columns;
  };
  std::map<const GroupColumns*, Group> shared;
  for (const MatchedTable& matched : load.tables()) {
    std::vector<Followed> followed;
    for (const auto& [root, how] : plan.renewed) {
      if (root.table != matched.scoped->table) continue;
      const GroupColumns* group = find_group(groups, root);
      const RenewedColumn column(live, load, matched, root, how, group, key, kept, preview);
      if (group != nullptr) {
        Group& one = shared[group];
        if (!one.maker) one.maker = column.maker();
        one.columns.push_back(root);
        followed.push_back({root, column.position(), one.maker, column.kept_as()});
      } else if (column.is_read_first()) {
        followed.push_back({root, column.position(), column.maker(), column.kept_as()});
      } else {
        maps_[root] = column.fresh();
      }
    }
    show_old_ids(load, matched, followed, kept);
    for (const Followed& column : followed) {
      if (find_group(groups, column.root) != nullptr) continue;  // other tables have it, too
      settle(column.maker->finish(), plan.renewed.at(column.root).kind, {column.root});
    }
  }
  for (const auto& [group, one] : shared) {
    settle(one.maker->finish(), plan.renewed.at(one.columns[0]).kind, one.columns);
  }
}

std::shared_ptr<MergedIds> NewIds::merged(const ColumnRoot& column,
                                          const std::shared_ptr<const KeyMap>& earlier,
                                          const std::shared_ptr<const KeyMap>& given,
                                          bool ascends) const {
  auto map = std::make_shared<MergedIds>(earlier, given, ascends);
  map->set_form(key_form(column_of(live_.table(column.table), column.column)));
  return map;
}

void NewIds::bind(const ColumnRoot& column, std::string_view old_id, std::string_view existing) {
  std::shared_ptr<MergedIds>& map = merged_[column];
  if (!map) maps_[column] = map = merged(column, nullptr, maps_[column], true);
  map->bind(old_id, existing);
}

void NewIds::settle(const MadeIds& made, IdKind kind, const std::vector<ColumnRoot>& columns) {
  std::shared_ptr<const KeyMap> map = made.given;
  if (merges_) {
    const auto merged_ids = merged(columns[0], made.earlier, made.given, made.ascends);
    for (const ColumnRoot& column : columns) merged_[column] = merged_ids;
    map = merged_ids;
  }
  for (const ColumnRoot& column : columns) maps_[column] = map;
  for (const HashedIds* hashed : made.hashed) {
    if (kind == IdKind::kUuid) {
      leftovers_.watch_uuids(hashed);
    } else {
      leftovers_.watch_texts(hashed);
    }
  }
}

}  // namespace company_backup
