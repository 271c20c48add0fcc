#include "pg/load/new_ids.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <set>
#include <string>

#include "core/ids/id_map.hpp"
#include "core/ids/merged_ids.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "core/text/id_shape.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/load/id_facts.hpp"
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

using NextId = std::function<std::string()>;

// Integers that nobody has.
class FreshNumbers {
 public:
  using Use = std::function<void(int64_t)>;
  virtual ~FreshNumbers() = default;
  virtual void take(uint64_t count, const Use& use) = 0;
};

class SequenceNumbers : public FreshNumbers {
 public:
  explicit SequenceNumbers(const ColumnSequence& sequence) : sequence_(sequence) {
    advance_sequences({sequence_});
  }
  void take(uint64_t count, const Use& use) override { take_values(sequence_, count, use); }

 private:
  ColumnSequence sequence_;
};

class NextNumbers : public FreshNumbers {
 public:
  explicit NextNumbers(int64_t last,
                       int64_t greatest_possible = std::numeric_limits<int64_t>::max())
      : last_(last), greatest_possible_(greatest_possible) {}
  void take(uint64_t count, const Use& use) override {
    if (last_ > greatest_possible_ ||
        count > static_cast<uint64_t>(greatest_possible_) - static_cast<uint64_t>(last_)) {
      throw Error(sqlstate::kIntegrity, "there are not enough numbers left for new IDs")
          .detail("The greatest one so far is " + std::to_string(last_) +
                  ", the greatest possible " + std::to_string(greatest_possible_) + ".")
          .hint(
              "Give the rows with the greatest numbers smaller ones, or the column a wider type.");
    }
    while (count-- > 0) use(++last_);
  }

 private:
  int64_t last_;
  const int64_t greatest_possible_;
};

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

// Makes the new IDs of one column. What earlier merges gave is not given again.
class Maker {
 public:
  virtual ~Maker() = default;
  virtual void see(std::string_view old_id) = 0;
  virtual MadeIds finish() = 0;
};

class IntegerMaker : public Maker {
 public:
  using Note = std::function<void(int64_t old_id, int64_t new_id)>;
  // `earlier` and `note`, which gets what is given, may be null.
  IntegerMaker(std::unique_ptr<FreshNumbers> numbers, std::shared_ptr<const KeptNumbers> earlier,
               Note note)
      : numbers_(std::move(numbers)), earlier_(std::move(earlier)), note_(std::move(note)) {}
  void see(std::string_view old_id) override {
    int64_t value;
    const auto [end, error] = std::from_chars(old_id.begin(), old_id.end(), value);
    if (error != std::errc{} || end != old_id.end()) {
      throw Error(sqlstate::kBadArchive, "an integer key is not an integer");
    }
    if (earlier_ && earlier_->contains(value)) return;
    ids_->add(value);
  }
  MadeIds finish() override {
    ids_->seal();
    int64_t least_new = std::numeric_limits<int64_t>::max();
    numbers_->take(ids_->size(), [&](int64_t value) {
      ids_->append_new(value);
      least_new = std::min(least_new, value);
    });
    if (note_) ids_->visit(note_);
    const bool ascends =
        !earlier_ || ids_->size() == 0 ||
        (ids_->min() > earlier_->greatest_old() && least_new > earlier_->greatest_new());
    return {ids_, earlier_, ascends};
  }

 private:
  std::unique_ptr<FreshNumbers> numbers_;
  std::shared_ptr<const KeptNumbers> earlier_;
  Note note_;
  std::shared_ptr<IntegerIds> ids_ = std::make_shared<IntegerIds>();
};

// An ID is made from the old one, in the first of these forms that it has.
class HashedMaker : public Maker {
 public:
  explicit HashedMaker(std::vector<Renewal> renewals) {
    for (Renewal& renewal : renewals)
      ids_.push_back(std::make_shared<HashedIds>(std::move(renewal)));
  }
  void see(std::string_view old_id) override {
    for (size_t i = 0; i + 1 < ids_.size(); ++i)
      if (ids_[i]->try_add(old_id)) return;
    ids_.back()->add(old_id);
  }
  MadeIds finish() override {
    MadeIds made;
    for (const auto& ids : ids_) {
      ids->seal();
      made.hashed.push_back(ids.get());
      if (made.given)
        made.given = std::make_shared<MergedIds>(made.given, ids, false);
      else
        made.given = ids;
    }
    return made;
  }

 private:
  std::vector<std::shared_ptr<HashedIds>> ids_;
};

// Pairs that are kept one by one.
class PairMaker : public Maker {
 public:
  using Note = std::function<void(std::string_view old_id, std::string_view new_id)>;

 protected:
  // `earlier` and `note` may be null.
  PairMaker(std::shared_ptr<const ListedKeys> earlier, KeyForm form, Note note)
      : earlier_(std::move(earlier)), note_(std::move(note)) {
    ids_->set_forms({form});
  }
  bool is_known(std::string_view old_id) {
    return (earlier_ && earlier_->find({old_id}, found_)) || ids_->find({old_id}, found_);
  }
  void add(std::string_view old_id, const std::string& new_id) {
    ids_->add({old_id}, {new_id});
    if (note_) note_(old_id, new_id);
  }
  MadeIds made() const { return {ids_, earlier_}; }

 private:
  std::shared_ptr<const ListedKeys> earlier_;
  Note note_;
  std::shared_ptr<ListedKeys> ids_ = std::make_shared<ListedKeys>(1);
  std::vector<std::string> found_;
};

// Values of a default: nothing tells them from the old ones.
class DefaultMaker : public PairMaker {
 public:
  DefaultMaker(NextId next, std::shared_ptr<const ListedKeys> earlier, KeyForm form, Note note)
      : PairMaker(std::move(earlier), form, std::move(note)), next_(std::move(next)) {}
  void see(std::string_view old_id) override {
    if (!is_known(old_id)) add(old_id, next_());
  }
  MadeIds finish() override { return made(); }

 private:
  NextId next_;
};

// What a column rule makes of the values, each once.
class RuleMaker : public PairMaker {
 public:
  using Replace = std::function<std::vector<std::string>(const std::vector<std::string>&)>;
  RuleMaker(Replace replace, std::shared_ptr<const ListedKeys> earlier, KeyForm form, Note note)
      : PairMaker(std::move(earlier), form, std::move(note)), replace_(std::move(replace)) {}
  void see(std::string_view old_value) override {
    if (!is_known(old_value)) values_.emplace(old_value);
  }
  MadeIds finish() override {
    const std::vector<std::string> before(values_.begin(), values_.end());
    const std::vector<std::string> after = replace_(before);
    for (size_t i = 0; i < before.size(); ++i) add(before[i], after[i]);
    return made();
  }

 private:
  Replace replace_;
  std::set<std::string> values_;
};

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
};

void show_old_ids(MatchedArchive& load, const MatchedTable& table,
                  const std::vector<Followed>& columns) {
  if (columns.empty()) return;
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
        followed.push_back({root, column.position(), one.maker});
      } else if (column.is_read_first()) {
        followed.push_back({root, column.position(), column.maker()});
      } else {
        maps_[root] = column.fresh();
      }
    }
    show_old_ids(load, matched, followed);
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
