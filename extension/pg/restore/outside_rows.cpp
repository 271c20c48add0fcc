#include "pg/restore/outside_rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "core/scope/sql.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/owner.hpp"
#include "pg/restore/orphans.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

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
  // Of a preview. Keys with what becomes of them behind; and those that have been followed.
  std::unique_ptr<LineSorter> future;
  std::set<std::string> followed;
  // Ways of append-only rows to the company that no foreign key holds.
  std::vector<std::pair<TableIndex, const RouteStep*>> steps;
};

// In the order in which they stand behind a key.
constexpr char kStaysOrComes = '1', kGoes = '2';

bool is_one_of(int16_t number, const std::vector<int16_t>& numbers) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

bool sets_one_of(const std::vector<SetColumn>& set, const std::vector<int16_t>& numbers) {
  return std::any_of(set.begin(), set.end(), [&](const SetColumn& column) {
    return is_one_of(column.column->number, numbers);
  });
}

std::string text_of(const StayingRows& rows) {
  std::string text = std::to_string(rows.count) + (rows.count == 1 ? " row" : " rows");
  for (size_t i = 0; i < rows.keys.size(); ++i) text += (i == 0 ? ": " : ", ") + rows.keys[i];
  return text + (!rows.keys.empty() && rows.keys.size() < rows.count ? ", ..." : "");
}

// A selection does not reach them.
[[noreturn]] void refuse_left_rows(const std::string& table, const StayingRows& rows) {
  throw Error(sqlstate::kIntegrity, std::to_string(rows.count) +
                                        (rows.count == 1 ? " row" : " rows") + " of table " +
                                        table + " would belong to no company any more")
      .detail(text_of(rows) + ": the company's only by rows that would be removed.")
      .hint("Remove these rows, or let them refer to others, then try again.");
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
  const OutsideWork work;
  std::optional<OutsideActions> actions;
  std::multimap<TableIndex, std::string> foreseen;

  void find_targets();
  Target& target_of(TableIndex table, const std::vector<int16_t>& columns, Oid partition);
  void find_steps();
  void put_future(TableIndex table, const std::vector<const Column*>& columns,
                  const std::vector<RowValue>& values, char what);
  void read_future(Target& target);
  void count_left_rows(const Target& target, const KeyBatch& gone,
                       std::map<TableIndex, StayingRows>& left) const;
  void note(TableIndex target, const std::string& text);
  void put(TableIndex table, const std::vector<const Column*>& columns,
           const std::vector<RowValue>& values, Loss loss, const std::vector<SetColumn>& set);
  void note_references(const OutsideRow& row);
  bool is_route(const ForeignKey& key) const;
  bool stays(const ForeignKey& key, Loss loss) const;
  KeyBatch keep_gone(Target& target, const KeyBatch& keys) const;
  void put_keys_in_use(Target& target);
  void follow(Target& target, Loss loss);
  void follow_all(UndoWriter* undo);
  void refuse_new_rows(const ForeignKey& key, const KeyBatch& gone) const;
  void refuse_staying(Target& target);
  void refuse_dangling(const ForeignKey& key, LineSpool& keys);
  void refuse(const ForeignKey& key, const std::string& what);
};

void OutsideRows::Impl::find_targets() {
  for (const ForeignKey& key : live.schema.foreign_keys) {
    target_of(key.target, key.target_columns, key.only_target).keys.push_back(&key);
  }
  if (work.preview && !work.deletes) find_steps();
}

Target& OutsideRows::Impl::target_of(TableIndex table, const std::vector<int16_t>& columns,
                                     Oid partition) {
  for (size_t i : targets_of[table]) {
    if (targets[i].columns == columns && targets[i].partition == partition) return targets[i];
  }
  targets_of[table].push_back(targets.size());
  Target& target = targets.emplace_back();
  target.table = table;
  target.partition = partition;
  target.columns = columns;
  for (int16_t number : columns) target.generated |= column_of(live.table(table), number).generated;
  return target;
}

// Rows with several ways may keep another one.
void OutsideRows::Impl::find_steps() {
  for (const ScopedTable* scoped : live.travelling()) {
    if (scoped->treatment != TableTreatment::kAppendOnly || scoped->routes.size() != 1 ||
        !scoped->own_steps.empty()) {
      continue;
    }
    const RouteStep& step = scoped->routes[0];
    if (step.kind != RouteStep::Kind::kDown) continue;
    if (foreign_key_of(live.schema, *scoped, step) != nullptr) continue;
    target_of(step.target, step.target_columns, 0).steps.emplace_back(scoped->table, &step);
  }
}

void OutsideRows::Impl::put_future(TableIndex table, const std::vector<const Column*>& columns,
                                   const std::vector<RowValue>& values, char what) {
  const auto found = targets_of.find(table);
  if (found == targets_of.end()) return;
  for (size_t i : found->second) {
    Target& target = targets[i];
    target.lost_rows |= what == kGoes;
    const auto key = key_line_of(target.columns, columns, values);
    if (!key) continue;
    if (!target.future) target.future = std::make_unique<LineSorter>();
    target.future->put(*key + what);
  }
}

// What goes and does not come again is lost.
void OutsideRows::Impl::read_future(Target& target) {
  if (!target.future) return;
  target.future->sort();
  std::string stays;
  std::string_view line;
  while (target.future->next(line)) {
    const std::string_view key = line.substr(0, line.size() - 1);
    if (line.back() == kStaysOrComes) {
      stays = key;
    } else if (key != stays) {
      target.waiting[static_cast<size_t>(Loss::kOfCompany)].put(key);
    }
  }
}

// Append-only rows that would be left to nobody, see CompanyMerge::look_again().
void OutsideRows::Impl::count_left_rows(const Target& target, const KeyBatch& gone,
                                        std::map<TableIndex, StayingRows>& left) const {
  for (const auto& [table, step] : target.steps) {
    const Table& source = live.table(table);
    StayingRows& rows = left[table];
    for (const Row& row :
         query("SELECT " + row_key_expression(source, pick_key(source), "t") + " FROM " +
                   from_table(source) + " AS t WHERE " + refers_to_one_of(live, table, *step, 1),
               gone.arrays())) {
      if (++rows.count <= kListedKeys) rows.keys.push_back(*row[0]);
    }
  }
}

void OutsideRows::Impl::note(TableIndex target, const std::string& text) {
  const ScopedTable* scoped = live.scope.find(target);
  const bool shown = scoped != nullptr && (scoped->travels() || work.deletes);
  foreseen.emplace(shown ? target : live.scope.company_table, "refused: " + text);
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
  if (scoped == nullptr || work.single || work.retained.contains(key.table)) return false;
  return (work.deletes ? scoped->owned() : scoped->travels()) &&
         std::any_of(scoped->routes.begin(), scoped->routes.end(), [&](const RouteStep& step) {
           return step.kind != RouteStep::Kind::kUp && step.name == key.name;
         });
}

// Rows of an append-only table are never changed or removed; nor does a foreign key say what to do
// when a unique key has become NULL.
bool OutsideRows::Impl::stays(const ForeignKey& key, Loss loss) const {
  // A row that somebody has added meanwhile, and that would have gone.
  if (work.deletes && loss == Loss::kOfCompany && is_route(key)) return false;
  const ScopedTable* scoped = live.scope.find(key.table);
  const bool is_log =
      !work.deletes && scoped != nullptr && scoped->treatment == TableTreatment::kAppendOnly;
  const bool is_kept = key.on_delete == 'c' && work.retained.contains(key.table);
  return loss == Loss::kChanged || is_log || is_kept ||
         !can_follow(live.table(key.table), key, work.preview);
}

KeyBatch OutsideRows::Impl::keep_gone(Target& target, const KeyBatch& keys) const {
  const Table& table = live.table(target.table);
  if (work.preview) {  // it is all there yet; each key once, whatever circles lead to it
    KeyBatch gone(columns_of(table, target.columns));
    for (size_t n = 0; n < keys.size(); ++n) {
      const std::string line = keys.line(n);
      if (target.followed.insert(line).second) gone.add(line);
    }
    return gone;
  }
  // What is deleted with its company does not come again under another row's key.
  if (work.deletes && !target.generated) return keys;
  FreshSnapshot fresh;
  const std::vector<bool> found = find_keys(
      {table, target.columns, target.keys[0]->operators, target.partition}, keys, RowLock::kNone);
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
                                       [&](const ForeignKey* key) { return stays(*key, loss); }) ||
                           !target.steps.empty();
    for (size_t n = 0; some_stay && n < gone.size(); ++n) {
      target.gone[static_cast<size_t>(loss)].put(gone.line(n));
    }
    for (const ForeignKey* key : target.keys) {
      if (gone.empty()) break;
      if (stays(*key, loss)) continue;
      if (loss == Loss::kOfCompany && is_route(*key)) {
        if (!work.preview) refuse_new_rows(*key, gone);
      } else {
        actions->follow(*key, gone);
      }
    }
    memory.close();
  });
}

// A row that belonged to the company through a row that is gone would have gone with it, unless it
// was not looked at: somebody has added it since.
void OutsideRows::Impl::refuse_new_rows(const ForeignKey& key, const KeyBatch& gone) const {
  StayingRows rows;
  FreshSnapshot fresh;
  actions->count(key, gone, rows);
  fresh.close();
  if (rows.count == 0) return;
  const std::string table = quoted_display(display_table(live.table(key.table)));
  if (work.partial) refuse_left_rows(table, rows);
  throw Error(
      sqlstate::kSerializationFailure,
      "could not serialize access: somebody else changed rows of the company in table " + table)
      .hint("Try again.");
}

void OutsideRows::Impl::refuse(const ForeignKey& key, const std::string& what) {
  const std::string line =
      display_table(live.table(key.table)) + ", " + display_name(key.name) + ": " + what;
  if (work.preview)
    return note(key.target,
                "rows outside the company refer to rows that would be removed: " + line);
  if (refused.find(line) != std::string::npos) return;
  refused += (refused.empty() ? "" : "\n") + line;
}

// Rows that followed refer to nothing lost any more, unless the default that they got is lost as
// well.
void OutsideRows::Impl::refuse_staying(Target& target) {
  std::map<const ForeignKey*, StayingRows> staying;
  std::map<TableIndex, StayingRows> left;
  for (Loss loss : kLosses) {
    KeyBatch batch(columns_of(live.table(target.table), target.columns));
    each_batch(target.gone[static_cast<size_t>(loss)], batch, [&](const KeyBatch& gone) {
      BatchMemory memory;
      for (const ForeignKey* key : target.keys) {
        if (stays(*key, loss)) actions->count(*key, gone, staying[key]);
      }
      if (loss == Loss::kOfCompany) count_left_rows(target, gone, left);
      memory.close();
    });
  }
  for (const auto& [key, rows] : staying) {
    if (rows.count == 0) continue;
    refuse(*key, text_of(rows));
  }
  for (const auto& [table, rows] : left) {
    if (rows.count == 0) continue;
    note(target.table, "append-only rows would belong to no company any more: " +
                           display_table(live.table(table)) + ", " + text_of(rows));
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

OutsideRows::OutsideRows(const LiveScope& live, const Company& company, OutsideWork work)
    : impl_(new Impl{live, company, {}, {}, {}, {}, {}, std::move(work), {}, {}}) {
  impl_->find_targets();
}

OutsideRows::~OutsideRows() = default;

void OutsideRows::lost(TableIndex table, const std::vector<const Column*>& columns,
                       const std::vector<RowValue>& values) {
  if (impl_->work.preview) return impl_->put_future(table, columns, values, kGoes);
  impl_->put(table, columns, values, Loss::kOfCompany, {});
}

void OutsideRows::gained(TableIndex table, const std::vector<const Column*>& columns,
                         const std::vector<RowValue>& values) {
  impl_->put_future(table, columns, values, kStaysOrComes);
}

// The values of generated columns that rows refer to are not known beforehand.
std::multimap<TableIndex, std::string> OutsideRows::foresee() {
  Impl& impl = *impl_;
  for (Target& target : impl.targets) impl.read_future(target);
  impl.follow_all(nullptr);
  for (Target& target : impl.targets) impl.refuse_staying(target);
  return std::move(impl.foreseen);
}

void OutsideRows::Impl::follow_all(UndoWriter* undo) {
  const auto observe = [this](const OutsideRow& row) {
    put(row.table, row.columns, row.values, row.set.empty() ? Loss::kOfOutside : Loss::kChanged,
        row.set);
    if (!row.set.empty() && !work.preview) note_references(row);
  };
  actions.emplace(live, company, undo, observe, work);
  for (bool more = true; more;) {
    more = false;
    for (Target& target : targets) {
      const bool unknown = target.generated && std::exchange(target.lost_rows, false);
      if (unknown && !work.preview) put_keys_in_use(target);
      for (Loss loss : kLosses) {
        if (target.waiting[static_cast<size_t>(loss)].empty()) continue;
        follow(target, loss);
        more = true;
      }
    }
  }
}

void OutsideRows::settle(UndoWriter* undo) {
  Impl& impl = *impl_;
  impl.follow_all(undo);
  FreshSnapshot fresh;
  for (Target& target : impl.targets) impl.refuse_staying(target);
  for (auto& [key, keys] : impl.new_references) impl.refuse_dangling(*key, keys);
  fresh.close();
  if (!impl.refused.empty()) {
    throw Error(sqlstate::kIntegrity,
                "rows outside the company refer to rows that would be removed")
        .detail(impl.refused)
        .hint(
            "Remove or change these rows first, or give their foreign keys an action ON "
            "DELETE.");
  }
  impl.actions->finish();
}

std::map<TableIndex, FollowedRows> OutsideRows::followed() const {
  return impl_->actions->followed();
}

bool OutsideRows::has_lost(TableIndex table) const {
  return impl_->lost_tables.contains(table);
}

}  // namespace company_backup
