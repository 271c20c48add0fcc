#include "pg/outside_rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "core/sql.hpp"
#include "pg/key_lookup.hpp"
#include "pg/line_spool.hpp"
#include "pg/outside_actions.hpp"
#include "pg/owner.hpp"

namespace company_backup {
namespace {

// What happened to a row that others refer to.
enum class Loss : uint8_t {
  kOfCompany,  // the restore removed a row of the company
  kOfOutside,  // an outside row followed and was deleted
  kChanged,    // an outside row followed, and columns of a unique key were set
};
constexpr std::array kLosses = {Loss::kOfCompany, Loss::kOfOutside, Loss::kChanged};

// Unique columns that foreign keys refer to, and their values in rows that are gone.
struct Target {
  TableIndex table;
  Oid partition;  // 0: the table itself
  std::vector<int16_t> columns;
  std::vector<const ForeignKey*> keys;
  bool generated = false;  // some of the columns are: no line has them
  bool lost_rows = false;
  LineSpool waiting[kLosses.size()];
  LineSpool gone[kLosses.size()];  // to be looked at again in the end, for rows that stay
};

bool is_one_of(int16_t number, const std::vector<int16_t>& numbers) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

std::vector<const Column*> columns_of(const Table& table, const std::vector<int16_t>& numbers) {
  std::vector<const Column*> columns;
  for (int16_t number : numbers) columns.push_back(&column_of(table, number));
  return columns;
}

bool sets_one_of(const std::vector<SetColumn>& set, const std::vector<int16_t>& numbers) {
  return std::any_of(set.begin(), set.end(), [&](const SetColumn& column) {
    return is_one_of(column.column->number, numbers);
  });
}

// Reads keys in batches until there are no more.
template <class Visit>
void each_batch(LineSpool& keys, KeyBatch& batch, Visit&& visit) {
  std::string_view line;
  bool more = true;
  while (more) {
    batch.clear();
    while (!batch.full() && (more = keys.next(line))) batch.add(line);
    if (!batch.empty()) visit(batch);
  }
}

}  // namespace

struct OutsideRows::Impl {
  const LiveScope& live;
  const Company& company;
  std::vector<Target> targets;
  std::map<TableIndex, std::vector<size_t>> targets_of;
  std::map<const ForeignKey*, LineSpool> new_references;  // of rows whose columns were set
  std::set<TableIndex> lost_tables;
  std::string refused;
  std::optional<OutsideActions> actions;

  void find_targets();
  void put(TableIndex table, const std::vector<const Column*>& columns,
           const std::vector<RowValue>& values, Loss loss, const std::vector<SetColumn>& set);
  void note_references(const OutsideRow& row);
  bool is_route(const ForeignKey& key) const;
  bool stays(const ForeignKey& key, Loss loss) const;
  KeyBatch keep_gone(const Target& target, const KeyBatch& keys) const;
  void put_keys_in_use(Target& target);
  void follow(Target& target, Loss loss);
  void refuse_new_rows(const ForeignKey& key, const KeyBatch& gone) const;
  void refuse_staying(Target& target);
  void refuse_dangling(const ForeignKey& key, LineSpool& keys);
  void refuse(const ForeignKey& key, const std::string& what);
};

void OutsideRows::Impl::find_targets() {
  for (const ForeignKey& key : live.schema.foreign_keys) {
    Target* target = nullptr;
    for (size_t i : targets_of[key.target]) {
      const bool same =
          targets[i].columns == key.target_columns && targets[i].partition == key.only_target;
      if (same) target = &targets[i];
    }
    if (target == nullptr) {
      targets_of[key.target].push_back(targets.size());
      target = &targets.emplace_back();
      target->table = key.target;
      target->partition = key.only_target;
      target->columns = key.target_columns;
      for (int16_t number : key.target_columns) {
        target->generated |= column_of(live.table(key.target), number).generated;
      }
    }
    target->keys.push_back(&key);
  }
}

// `set`: only keys with one of these columns are lost; empty: all.
void OutsideRows::Impl::put(TableIndex table, const std::vector<const Column*>& columns,
                            const std::vector<RowValue>& values, Loss loss,
                            const std::vector<SetColumn>& set) {
  const auto found = targets_of.find(table);
  if (found == targets_of.end()) return;
  for (size_t i : found->second) {
    Target& target = targets[i];
    if (!set.empty() && !target.generated && !sets_one_of(set, target.columns)) continue;
    target.lost_rows = true;
    if (loss != Loss::kOfCompany) lost_tables.insert(table);
    const auto key = key_line_of(target.columns, columns, values);
    if (key) target.waiting[static_cast<size_t>(loss)].put(*key);
  }
}

// What columns that were set refer to now has to be there. MATCH FULL allows no NULL beside values.
void OutsideRows::Impl::note_references(const OutsideRow& row) {
  std::vector<RowValue> values = row.values;
  for (const SetColumn& set : row.set) {
    const auto at = std::find(row.columns.begin(), row.columns.end(), set.column);
    RowValue& value = values[static_cast<size_t>(at - row.columns.begin())];
    value = set.value ? RowValue{ValueKind::kString, *set.value} : RowValue{};
  }
  for (const ForeignKey& key : live.schema.foreign_keys) {
    if (key.table != row.table || !sets_one_of(row.set, key.columns)) continue;
    if (const auto reference = key_line_of(key.columns, row.columns, values)) {
      new_references[&key].put(*reference);
    } else if (key.match == 'f' &&
               std::any_of(key.columns.begin(), key.columns.end(), [&](int16_t number) {
                 return key_line_of({number}, row.columns, values).has_value();
               })) {
      refuse(key, "MATCH FULL does not allow what ON DELETE would make of a row");
    }
  }
}

bool OutsideRows::Impl::is_route(const ForeignKey& key) const {
  const ScopedTable* scoped = live.scope.find(key.table);
  return scoped != nullptr && scoped->travels() &&
         std::any_of(scoped->routes.begin(), scoped->routes.end(), [&](const RouteStep& step) {
           return step.kind != RouteStep::Kind::kUp && step.name == key.name;
         });
}

// Rows of an append-only table are never changed or removed; nor does a foreign key say what to do
// when a unique key has become NULL.
bool OutsideRows::Impl::stays(const ForeignKey& key, Loss loss) const {
  const ScopedTable* scoped = live.scope.find(key.table);
  return loss == Loss::kChanged || (scoped != nullptr && scoped->treatment == "append_only") ||
         (key.on_delete != 'c' && key.on_delete != 'n' && key.on_delete != 'd');
}

KeyBatch OutsideRows::Impl::keep_gone(const Target& target, const KeyBatch& keys) const {
  const Table& table = live.table(target.table);
  FreshSnapshot fresh;
  const std::vector<bool> found =
      find_keys({table, target.columns, target.keys[0]->operators, target.partition}, keys, false);
  fresh.close();
  KeyBatch gone(columns_of(table, target.columns));
  for (size_t n = 0; n < keys.size(); ++n) {
    if (!found[n]) gone.add(keys.line(n));
  }
  return gone;
}

// Nobody has told what the values of generated columns were: looks at all that are referred to.
void OutsideRows::Impl::put_keys_in_use(Target& target) {
  for (const ForeignKey* key : target.keys) {
    const Table& source = live.table(key->table);
    std::string list, given;
    for (const Column* column : columns_of(source, key->columns)) {
      list += (list.empty() ? "s." : ", s.") + quote_name(column->name);
      given += (given.empty() ? "s." : " AND s.") + quote_name(column->name) + " IS NOT NULL";
    }
    FreshSnapshot fresh;
    const AsOwnerOf owner(source.oid);
    Cursor cursor("SELECT DISTINCT " + list + " FROM " + from_table(source) + " AS s WHERE " +
                      given + only_in(key->only_partition, "s"),
                  {});
    for (Rows rows = cursor.fetch(1000); !rows.empty(); rows = cursor.fetch(1000)) {
      for (const Row& row : rows) {
        std::vector<std::string> values;
        for (const Text& value : row) values.push_back(*value);
        target.waiting[static_cast<size_t>(Loss::kOfOutside)].put(key_line(values));
      }
    }
    cursor.close();
    fresh.close();
  }
}

void OutsideRows::Impl::follow(Target& target, Loss loss) {
  LineSpool keys = std::exchange(target.waiting[static_cast<size_t>(loss)], {});
  KeyBatch batch(columns_of(live.table(target.table), target.columns));
  each_batch(keys, batch, [&](const KeyBatch& all) {
    BatchMemory memory;
    const KeyBatch gone = keep_gone(target, all);
    const bool some_stay = std::any_of(target.keys.begin(), target.keys.end(),
                                       [&](const ForeignKey* key) { return stays(*key, loss); });
    for (size_t n = 0; some_stay && n < gone.size(); ++n) {
      target.gone[static_cast<size_t>(loss)].put(gone.line(n));
    }
    for (const ForeignKey* key : target.keys) {
      if (gone.empty()) break;
      if (stays(*key, loss)) continue;
      if (loss == Loss::kOfCompany && is_route(*key)) {
        refuse_new_rows(*key, gone);
      } else {
        actions->follow(*key, gone);
      }
    }
    memory.close();
  });
}

// A row that belonged to the company through a row that is gone would have gone with it: somebody
// has added it since.
void OutsideRows::Impl::refuse_new_rows(const ForeignKey& key, const KeyBatch& gone) const {
  StayingRows rows;
  FreshSnapshot fresh;
  actions->count(key, gone, rows);
  fresh.close();
  if (rows.count == 0) return;
  throw Error(sqlstate::kSerializationFailure,
              "somebody else changed rows of the company in table " +
                  quoted_display(display_table(live.table(key.table))))
      .hint("Try again.");
}

void OutsideRows::Impl::refuse(const ForeignKey& key, const std::string& what) {
  const std::string line =
      display_table(live.table(key.table)) + ", " + display_name(key.name) + ": " + what;
  if (refused.find(line) != std::string::npos) return;
  refused += (refused.empty() ? "" : "\n") + line;
}

// Where rows followed there are none left, but for those whose default is as gone as what they
// referred to.
void OutsideRows::Impl::refuse_staying(Target& target) {
  std::map<const ForeignKey*, StayingRows> staying;
  for (Loss loss : kLosses) {
    KeyBatch batch(columns_of(live.table(target.table), target.columns));
    each_batch(target.gone[static_cast<size_t>(loss)], batch, [&](const KeyBatch& gone) {
      BatchMemory memory;
      for (const ForeignKey* key : target.keys) {
        if (stays(*key, loss)) actions->count(*key, gone, staying[key]);
      }
      memory.close();
    });
  }
  for (const auto& [key, rows] : staying) {
    if (rows.count == 0) continue;
    std::string what = std::to_string(rows.count) + (rows.count == 1 ? " row" : " rows");
    for (size_t i = 0; i < rows.keys.size(); ++i) what += (i == 0 ? ": " : ", ") + rows.keys[i];
    if (!rows.keys.empty() && rows.keys.size() < rows.count) what += ", ...";
    refuse(*key, what);
  }
}

// Takes what the new values refer to FOR KEY SHARE, as an UPDATE would.
void OutsideRows::Impl::refuse_dangling(const ForeignKey& key, LineSpool& keys) {
  KeyBatch batch = references_of(live.schema, key);
  each_batch(keys, batch, [&](const KeyBatch& references) {
    const std::vector<size_t> missing = missing_references(live.schema, key, references);
    if (missing.empty()) return;
    refuse(key, "the default leads nowhere: " + references.text(missing[0]));
  });
}

OutsideRows::OutsideRows(const LiveScope& live, const Company& company)
    : impl_(new Impl{live, company, {}, {}, {}, {}, {}, {}}) {
  impl_->find_targets();
}

OutsideRows::~OutsideRows() = default;

void OutsideRows::lost(TableIndex table, const std::vector<const Column*>& columns,
                       const std::vector<RowValue>& values) {
  impl_->put(table, columns, values, Loss::kOfCompany, {});
}

void OutsideRows::settle(UndoWriter* undo) {
  Impl& impl = *impl_;
  impl.actions.emplace(impl.live, impl.company, undo, [&impl](const OutsideRow& row) {
    impl.put(row.table, row.columns, row.values,
             row.set.empty() ? Loss::kOfOutside : Loss::kChanged, row.set);
    if (!row.set.empty()) impl.note_references(row);
  });
  for (bool more = true; more;) {
    more = false;
    for (Target& target : impl.targets) {
      if (target.generated && std::exchange(target.lost_rows, false)) impl.put_keys_in_use(target);
      for (Loss loss : kLosses) {
        if (target.waiting[static_cast<size_t>(loss)].empty()) continue;
        impl.follow(target, loss);
        more = true;
      }
    }
  }
  FreshSnapshot fresh;
  for (Target& target : impl.targets) impl.refuse_staying(target);
  for (auto& [key, keys] : impl.new_references) impl.refuse_dangling(*key, keys);
  fresh.close();
  if (!impl.refused.empty()) {
    throw Error(sqlstate::kIntegrity,
                "rows outside the company refer to rows that would be removed")
        .detail(impl.refused)
        .hint(
            "Remove or change these rows first, or let their foreign keys say what to do ON "
            "DELETE.");
  }
  impl.actions->finish();
}

bool OutsideRows::has_lost(TableIndex table) const {
  return impl_->lost_tables.contains(table);
}

}  // namespace company_backup
