#include "pg/restore/outside_actions.hpp"

#include <algorithm>

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/row_composer.hpp"
#include "core/text/table_name.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/owner.hpp"
#include "pg/restore/outside_record.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/table_plan.hpp"
#include "pg/rows/table_writer.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedInDeletions = 1000;

// What becomes of a row, in the order in which it counts.
constexpr char kFollows = '1', kChanges = '2';

const std::vector<int16_t>& columns_to_set(const ForeignKey& key) {
  return key.set_columns.empty() ? key.columns : key.set_columns;
}

// A column that decides in which partition a row is, which would have to move; null: none.
const Column* partition_column(const Table& table, const ForeignKey& key) {
  if (!table.partitioned || key.on_delete == 'c') return nullptr;
  for (const Row& row :
       query("SELECT a.attname FROM pg_partition_tree($1) t JOIN pg_partitioned_table p ON "
             "p.partrelid = t.relid JOIN pg_attribute a ON a.attrelid = p.partrelid AND "
             "a.attnum = ANY (p.partattrs)",
             {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid))})) {
    for (int16_t number : columns_to_set(key)) {
      const Column& column = column_of(table, number);
      if (column.name == *row[0]) return &column;
    }
  }
  return nullptr;
}

void refuse_partition_columns(const Table& table, const ForeignKey& key) {
  const Column* column = partition_column(table, key);
  if (column == nullptr) return;
  throw Error(sqlstate::kIntegrity, "column \"" + column->name + "\" of table " +
                                        quoted_display(display_table(table)) + " cannot be set")
      .detail("Foreign key \"" + key.name +
              "\" would set it in rows that refer to removed ones, but the column decides in "
              "which partition a row is.")
      .hint("Remove or change these rows first.");
}

LoadValue to_load(const Text& value) {
  if (!value) return {};
  return {LoadValue::Kind::kText, *value};
}

}  // namespace

std::vector<const Column*> written_columns(const Table& table) {
  std::vector<const Column*> columns;
  for (const Column& column : table.columns) {
    if (!column.generated) columns.push_back(&column);
  }
  return columns;
}

CurrentQuery query_rows(const Table& table, const std::vector<const Column*>& columns,
                        const std::string& condition, const std::vector<Arg>& args) {
  CurrentQuery result;
  result.table.name = display_table(table);
  result.table.args = args;
  result.table.sql = "SELECT ";
  for (const Column* column : columns) {
    result.table.columns.push_back(*column);
    result.table.sql += "s." + quote_name(column->name) + ", ";
  }
  result.table.sql +=
      "s.tableoid, s.ctid, s.xmin FROM " + from_table(table) + " AS s WHERE " + condition;
  return result;
}

bool can_follow(const Table& table, const ForeignKey& key, bool preview) {
  if (key.on_delete != 'n' && key.on_delete != 'd') return key.on_delete == 'c';
  // What a deletion says then names the column.
  if (preview && partition_column(table, key) != nullptr) return false;
  const std::vector<int16_t>& set = columns_to_set(key);
  return key.on_delete == 'd' || std::none_of(set.begin(), set.end(), [&](int16_t number) {
           return column_of(table, number).not_null;
         });
}

OutsideActions::OutsideActions(const LiveScope& live, const Company& company, UndoWriter* undo,
                               Observer observer, const OutsideWork& work)
    : live_(live), company_(company), undo_(undo), observer_(std::move(observer)), work_(work) {}

// Rows of the company itself are not outside. Who may see whose a row is, is the caller; all other
// tables are searched as ri_triggers.c does.
OutsideActions::Search OutsideActions::search(const ForeignKey& key, const KeyBatch& gone) const {
  const Table& source = live_.table(key.table);
  Search search{"EXISTS (SELECT FROM " + gone.unnested() + " WHERE ", gone.arrays(), source.oid};
  for (size_t i = 0; i < key.columns.size(); ++i) {
    search.condition += (i > 0 ? " AND u.k" : "u.k") + std::to_string(i) + " " + key.operators[i] +
                        " " + column_sql("s", column_of(source, key.columns[i]));
  }
  search.condition += ")" + only_in(key.only_partition, "s");
  const ScopedTable* scoped = live_.scope.find(key.table);
  if (!may_be_own(scoped)) return search;
  search.owner_of = InvalidOid;
  const bool stays =
      work_.preview && !work_.deletes && scoped->treatment == TableTreatment::kAppendOnly;
  if (stays) return search;
  search.args.push_back(company_.arg());
  search.condition += " AND " + not_owned_by(live_.schema, live_.scope, key.table, "s",
                                             "$" + std::to_string(search.args.size()));
  return search;
}

// May there be rows of the company that are not outside? A deletion has removed them.
bool OutsideActions::may_be_own(const ScopedTable* scoped) const {
  if (scoped == nullptr) return false;
  if (!work_.deletes) return scoped->travels();
  return work_.preview && scoped->owned() && !scoped->routes.empty() &&
         !work_.retained.contains(scoped->table);
}

OutsideActions::Followers& OutsideActions::followers_of(TableIndex index) {
  std::unique_ptr<Followers>& followers = followers_[index];
  if (followers) return *followers;
  const Table& table = live_.table(index);
  const std::vector<const Column*> columns = written_columns(table);
  std::vector<std::string> names;
  for (const Column* column : columns) names.push_back(column->name);
  followers.reset(new Followers{columns, encode_table_name(table.schema, table.name),
                                text_array(names), RowLine(row_columns(columns)),
                                TableEdits(table.oid, display_table(table), WriteAs::kOwner)});
  return *followers;
}

void OutsideActions::follow(const ForeignKey& key, const KeyBatch& gone) {
  const Search found = search(key, gone);
  Followers& followers = followers_of(key.table);
  FreshSnapshot fresh;
  bool first = true;
  {
    std::optional<AsOwnerOf> owner;
    if (found.owner_of != InvalidOid) owner.emplace(found.owner_of);
    read_current(query_rows(live_.table(key.table), followers.columns, found.condition, found.args),
                 nullptr, [&](const CurrentRow& row, uint32_t) {
                   if (std::exchange(first, false))
                     refuse_partition_columns(live_.table(key.table), key);
                   act(key, followers, row);
                 });
  }
  if (!work_.preview) followers.edits.flush();
  fresh.close();
}

void OutsideActions::act(const ForeignKey& key, Followers& followers, const CurrentRow& row) {
  followers.row.parse(row.line);
  if (work_.deletes) note(key, row);
  // A default may be somebody's code: a preview does not ask it.
  if (work_.preview && key.on_delete == 'd') return;
  const std::vector<SetColumn> set = new_values(key);
  observer_({key.table, followers.columns, followers.row.values(), set});
  if (work_.preview) return;
  if (undo_ != nullptr) record(followers, row, set);
  if (set.empty()) {
    followers.edits.remove(row.version);
    return;
  }
  std::vector<NewValue> values;
  for (const SetColumn& column : set) {
    values.push_back({column.column->number, to_load(column.value)});
  }
  followers.edits.update(row.version, values);
}

// In a preview several foreign keys may lead to a row, which is there each time.
void OutsideActions::note(const ForeignKey& key, const CurrentRow& row) {
  FollowedRows& followed = followed_[key.table];
  const bool goes = key.on_delete == 'c';
  if (!work_.preview) {
    ++(goes ? followed.removed : followed.changed);
    return;
  }
  if (!foreseen_) foreseen_ = std::make_unique<LineSorter>();
  const RowVersion& version = row.version;
  foreseen_->put(key_line({std::to_string(key.table), std::to_string(version.relation),
                           std::to_string(version.block), std::to_string(version.offset)}) +
                 (goes ? kFollows : kChanges));
}

std::map<TableIndex, FollowedRows> OutsideActions::followed() {
  if (!foreseen_) return followed_;
  foreseen_->sort();
  std::string last;
  std::string_view line;
  while (foreseen_->next(line)) {
    const std::string_view row = line.substr(0, line.size() - 1);
    if (row == last) continue;
    last = row;
    const bool goes = line.back() == kFollows;
    line = row;
    FollowedRows& followed =
        followed_[static_cast<TableIndex>(std::stol(std::string(take_value(line))))];
    ++(goes ? followed.removed : followed.changed);
  }
  foreseen_.reset();
  return followed_;
}

std::vector<SetColumn> OutsideActions::new_values(const ForeignKey& key) const {
  std::vector<SetColumn> set;
  if (key.on_delete == 'c') return set;
  const Table& table = live_.table(key.table);
  const Oid relation = key.only_partition != 0 ? key.only_partition : table.oid;
  for (int16_t number : columns_to_set(key)) {
    const Column& column = column_of(table, number);
    set.push_back(
        {&column, key.on_delete == 'd' ? evaluate_default(relation, column.name, 1)[0] : Text()});
  }
  return set;
}

void OutsideActions::record(const Followers& followers, const CurrentRow& row,
                            const std::vector<SetColumn>& set) {
  OutsideRecord record{followers.name, followers.column_names, row.line, {}, {}};
  std::string now;
  if (!set.empty()) {
    std::vector<std::string> names;
    std::vector<const Column*> columns;
    std::vector<RowValue> values;
    for (const SetColumn& column : set) {
      names.push_back(column.column->name);
      columns.push_back(column.column);
      values.push_back(column.value ? RowValue{ValueKind::kString, *column.value} : RowValue{});
    }
    RowComposer(row_columns(columns)).append(values, now);
    record.set = text_array(names);
    record.now = now;
  }
  append_record(record, undo_->outside().buffer());
  undo_->outside().end_line();
}

void OutsideActions::count(const ForeignKey& key, const KeyBatch& gone,
                           StayingRows& staying) const {
  const Table& table = live_.table(key.table);
  const Search found = search(key, gone);
  const size_t listed = work_.deletes ? kListedInDeletions : kListedKeys;
  const std::string sql =
      "SELECT count(*) OVER (), " + row_key_expression(table, pick_key(table), "s") + " FROM " +
      from_table(table) + " AS s WHERE " + found.condition + " LIMIT " + std::to_string(listed);
  const bool visible = may_see_rows(table);
  std::optional<AsOwnerOf> owner;
  if (found.owner_of != InvalidOid) owner.emplace(found.owner_of);
  const Rows rows = query(sql, found.args);
  if (rows.empty()) return;
  staying.count += std::stoull(*rows[0][0]);
  for (const Row& row : rows) {
    if (visible && staying.keys.size() < listed) staying.keys.push_back(*row[1]);
  }
}

void OutsideActions::finish() {
  for (auto& [table, followers] : followers_) followers->edits.finish();
}

}  // namespace company_backup
