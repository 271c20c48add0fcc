#include "pg/delete/declared_references.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "core/ids/row_mapper.hpp"
#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/array_text.hpp"
#include "core/text/json_text.hpp"
#include "core/text/json_walk.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/owner.hpp"
#include "pg/load/clearable.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedRows = 1000;

// What stands behind a key among the sorted ones: rows before references to them.
constexpr char kRow = '1', kReference = '2';

std::string counted(uint64_t count, const std::string& keys, bool more) {
  return std::to_string(count) + (count == 1 ? " row" : " rows") +
         (keys.empty() ? "" : ": " + keys) + (more ? ", ..." : "");
}

}  // namespace

// One reference.
class DeclaredReferences::Held {
 public:
  Held(const LiveScope& live, const Company& company, const OutsideWork& work,
       const ReferredRows& referred, const Reference& reference)
      : live_(live),
        company_(company),
        work_(work),
        referred_(referred),
        reference_(reference),
        scoped_(live.scope.find(reference.table)),
        table_(live.table(reference.table)),
        target_(live.table(reference.target)),
        inside_(!reference.json_path.empty() || reference.path || is_list(live.schema, reference)),
        asked_(!inside_ && !target_.foreign && referred.asks(reference.table)) {
    if (!reference.json_path.empty()) path_ = JsonPath::parse(reference.json_path);
    if (reference.outside == OutsidePolicy::kNull && !inside_) find_clearable();
  }

  const Reference& reference() const { return reference_; }
  uint64_t holders() const { return holders_; }
  uint64_t cleared() const { return cleared_; }

  bool is_asked() const { return asked_; }

  void find_referred() {
    if (!asked_) return;
    referred_.find(reference_.table, reference_.target, reference_.target_columns,
                   reference_join(live_.schema, reference_, "r", "s") + when("r"),
                   [&](const std::vector<const Column*>& columns,
                       const std::vector<RowValue>& values) { lost(columns, values); });
  }

  void lost(const std::vector<const Column*>& columns, const std::vector<RowValue>& values) {
    std::optional<std::string> key = key_line_of(reference_.target_columns, columns, values);
    if (!key) return;
    any_ = true;
    if (!inside_) return keys_.put(*key);
    const Column& column = column_of(target_, reference_.target_columns[0]);
    std::string_view rest = *key;
    put_sorted(in_form(key_form(column), take_value(rest)), kRow);
  }

  // What stands in the way; empty: nothing.
  std::string settle() {
    if (!any_) return {};
    const bool caller_looks = has_own_rows();
    std::optional<AsOwnerOf> owner;
    if (!caller_looks) owner.emplace(table_.oid);
    inside_ ? settle_inside() : settle_plain();
    if (holders_ == 0 || clears() || reference_.outside == OutsidePolicy::kKeep) return {};
    return display_table(table_) + ", " + reference_.name + ": " +
           counted(holders_, may_see_rows_ ? listed_ : "", may_see_rows_ && more_);
  }

  // Would such a row have been the company's?
  bool is_way() const {
    if (scoped_ == nullptr || work_.single || !scoped_->owned() || !reference_.json_path.empty() ||
        work_.retained.contains(reference_.table)) {
      return false;
    }
    return std::any_of(scoped_->routes.begin(), scoped_->routes.end(), [&](const RouteStep& step) {
      return step.kind != RouteStep::Kind::kUp && step.columns == reference_.columns;
    });
  }

 private:
  // Rows that a preview must not take for rows outside.
  bool has_own_rows() const {
    return work_.preview && scoped_ != nullptr && scoped_->owned() && !scoped_->routes.empty() &&
           !work_.retained.contains(reference_.table);
  }

  bool clears() const {
    if (reference_.outside != OutsidePolicy::kNull) return false;
    if (!inside_) return !clearable_.empty();
    return !path_ || !path_->leads_to_any_names();
  }

  void find_clearable() {
    if (scoped_ != nullptr) {
      clearable_ = clearable_columns(live_, reference_);
      return;
    }
    for (const int16_t number : reference_.columns) {
      if (!column_of(table_, number).not_null) clearable_.push_back(number);
    }
  }

  void put_sorted(std::string_view id, char what) {
    if (!sorter_) sorter_.emplace();
    sorter_->put(std::string(id) + what);
  }

  std::string when(const std::string& alias) const {
    if (reference_.when_column.empty()) return {};
    return " AND " +
           has_text(alias, *find_column(table_, reference_.when_column), reference_.when_value);
  }

  // Of rows "s" of the table; `args` gets the company's key where it is needed.
  std::string wanted_rows(std::vector<Arg>& args) const {
    const std::string condition = when("s");
    if (!has_own_rows()) return condition;
    args.push_back(company_.arg());
    return condition + " AND " +
           not_owned_by(live_.schema, live_.scope, reference_.table, "s",
                        "$" + std::to_string(args.size()));
  }

  // Plain columns: looked up by the keys.
  void settle_plain() {
    const std::vector<const Column*> columns =
        company_backup::columns_of(target_, reference_.target_columns);
    KeyBatch batch(columns);
    std::string_view line;
    for (bool more = true; more;) {
      batch.clear();
      while (!batch.full() && (more = keys_.next(line))) batch.add(line);
      if (batch.empty()) break;
      BatchMemory memory;
      std::vector<Arg> args = batch.arrays();
      std::string names;
      for (size_t i = 0; i < columns.size(); ++i) {
        names +=
            (i > 0 ? ", u.k" : "u.k") + std::to_string(i) + " AS " + quote_name(columns[i]->name);
      }
      const std::string condition =
          "EXISTS (SELECT FROM (SELECT " + names + " FROM " + batch.unnested() + ") AS t WHERE " +
          reference_join(live_.schema, reference_, "s", "t") + ")" + wanted_rows(args);
      clears() ? clear_plain(condition, args) : list(condition, args);
      memory.close();
    }
    if (edits_) edits_->finish();
  }

  void list(const std::string& condition, const std::vector<Arg>& args) {
    const Rows rows =
        query("SELECT count(*) OVER (), " + row_key_expression(table_, pick_key(table_), "s") +
                  " FROM " + from_table(table_) + " AS s WHERE " + condition + " LIMIT " +
                  std::to_string(kListedRows),
              args);
    if (rows.empty()) return;
    holders_ += std::stoull(*rows[0][0]);
    for (const Row& row : rows) add_listed(*row[1]);
    more_ = holders_ > listed_count_;
  }

  void add_listed(const std::string& key) {
    if (++listed_count_ > kListedRows) {
      listed_count_ = kListedRows;
      return;
    }
    listed_ += (listed_.empty() ? "" : ", ") + key;
  }

  void clear_plain(const std::string& condition, const std::vector<Arg>& args) {
    std::vector<NewValue> values;
    for (const int16_t number : clearable_) values.push_back({number, LoadValue{}});
    read_current(query_rows(table_, {}, condition, args), nullptr,
                 [&](const CurrentRow& row, uint32_t) { clear(row.version, values); });
    if (edits_) edits_->flush();
  }

  void clear(const RowVersion& version, const std::vector<NewValue>& values) {
    ++holders_;
    ++cleared_;
    if (work_.preview) return;
    if (!edits_) edits_.emplace(table_.oid, display_table(table_), WriteAs::kOwner);
    edits_->update(version, values);
  }

  // Arrays, paths and documents: what they hold is sorted together with the keys.
  void settle_inside() {
    std::vector<Arg> args;
    const Column& column = column_of(table_, reference_.columns[0]);
    const std::string condition = column_sql("s", column) + " IS NOT NULL" + wanted_rows(args);
    const CurrentQuery query = query_rows(table_, {&column}, condition, args);
    read_inside(query, [&](const RowValue& value, const RowVersion&) {
      each_id(column, value, [&](std::string_view id) { put_sorted(id, kReference); });
    });
    KeySet gone = gone_ids();
    if (gone.empty()) return;
    const DroppedKeys dropped(&gone);
    RowMapper mapper = mapper_of(column, gone, dropped);
    ValueReader reader({&column}, all_positions(1));
    read_inside(query, [&](const RowValue& value, const RowVersion& version) {
      bool holds = false;
      each_id(column, value, [&](std::string_view id) { holds |= gone.contains({id}); });
      if (!holds) return;
      if (!clears()) return note_holder(version);
      std::vector<RowValue> row{value};
      mapper.apply(row);
      clear(version, {{column.number, reader.read(row)[0]}});
    });
    if (edits_) edits_->finish();
    name_holders();
  }

  void read_inside(const CurrentQuery& query,
                   const std::function<void(const RowValue&, const RowVersion&)>& visit) const {
    RowLine line(row_columns({&query.table.columns[0]}));
    read_current(query, nullptr, [&](const CurrentRow& row, uint32_t) {
      line.parse(row.line);
      visit(line[0], row.version);
    });
  }

  void each_id(const Column& column, const RowValue& value,
               const std::function<void(std::string_view)>& visit) const {
    const Column& key = column_of(target_, reference_.target_columns[0]);
    if (path_) {
      std::vector<std::string> ids, others;
      collect_ids(*path_, column.type_oid == JSONBOID ? unwrap_jsonb(value.text) : value.text, ids,
                  others);
      for (const std::string& id : ids) visit(in_form(key_form(key), id));
    } else if (reference_.path) {
      for (const PathElement& element : read_path(path_ids(live_.schema, reference_), value.text))
        visit(element.id);
    } else {
      for (const auto& element :
           parse_array(value.text).value_or(std::vector<std::optional<std::string>>())) {
        if (element) visit(in_form(key_form(column), *element));
      }
    }
  }

  // Those that rows held and that are keys which went.
  KeySet gone_ids() {
    KeySet gone;
    sorter_->sort();
    std::string key;
    bool is_key = false;
    std::string_view line;
    while (sorter_->next(line)) {
      const std::string_view id = line.substr(0, line.size() - 1);
      if (line.back() == kRow) {
        key = id;
        is_key = true;
      } else if (is_key && id == key) {
        gone.add({id});
      }
    }
    return gone;
  }

  RowMapper mapper_of(const Column& column, const KeySet& gone, const DroppedKeys& dropped) const {
    RowMapper mapper;
    mapper.set_form(0, key_form(column), padded_width(column).value_or(0));
    if (path_) {
      mapper.map_json(0, *path_, &dropped);
    } else if (reference_.path) {
      mapper.drop_from_path(0, path_ids(live_.schema, reference_), &gone);
    } else {
      mapper.drop_elements(0, &gone);
    }
    return mapper;
  }

  void note_holder(const RowVersion& version) {
    ++holders_;
    if (relations_.size() >= kListedRows) {
      more_ = true;
      return;
    }
    relations_.push_back(std::to_string(version.relation));
    places_.push_back("(" + std::to_string(version.block) + "," + std::to_string(version.offset) +
                      ")");
  }

  void name_holders() {
    if (relations_.empty()) return;
    for (const Row& row : query(
             "SELECT " + row_key_expression(table_, pick_key(table_), "t") + from_places(table_, 1),
             {text_array(relations_), text_array(places_)})) {
      add_listed(*row[0]);
    }
  }

  const LiveScope& live_;
  const Company& company_;
  const OutsideWork& work_;
  const ReferredRows& referred_;
  const Reference& reference_;
  const ScopedTable* scoped_;
  const Table& table_;
  const Table& target_;
  const bool inside_;  // an array, a path or a document
  const bool asked_;   // for the rows that count; else each row has to be told
  const bool may_see_rows_ = may_see_rows(table_);
  std::optional<JsonPath> path_;
  std::vector<int16_t> clearable_;
  bool any_ = false;
  LineSpool keys_;
  std::optional<LineSorter> sorter_;
  std::optional<TableEdits> edits_;
  std::vector<std::string> relations_, places_;
  std::string listed_;
  size_t listed_count_ = 0;
  bool more_ = false;
  uint64_t holders_ = 0, cleared_ = 0;
};

DeclaredReferences::DeclaredReferences(const LiveScope& live, const Company& company,
                                       const OutsideWork& work, const ReferredRows& referred) {
  for (const auto* references : {&live.scope.references, &live.scope.aside_references}) {
    for (const Reference& reference : *references) {
      const ScopedTable* target = live.scope.find(reference.target);
      if (!reference.soft || target == nullptr || !target->owned() ||
          live.table(reference.table).foreign || work.retained.contains(reference.target)) {
        continue;
      }
      held_.push_back(std::make_unique<Held>(live, company, work, referred, reference));
    }
  }
}

DeclaredReferences::~DeclaredReferences() = default;

std::set<int16_t> DeclaredReferences::columns_of(TableIndex table) const {
  std::set<int16_t> columns;
  for (const auto& held : held_) {
    const Reference& reference = held->reference();
    if (reference.target != table || held->is_asked()) continue;
    columns.insert(reference.target_columns.begin(), reference.target_columns.end());
  }
  return columns;
}

void DeclaredReferences::lost(TableIndex table, const std::vector<const Column*>& columns,
                              const std::vector<RowValue>& values) {
  for (const auto& held : held_) {
    if (held->reference().target == table && !held->is_asked()) held->lost(columns, values);
  }
}

void DeclaredReferences::find_referred() {
  for (const auto& held : held_) {
    check_for_interrupts();
    held->find_referred();
  }
}

void DeclaredReferences::settle() {
  std::string refused;
  for (const auto& held : held_) {
    check_for_interrupts();
    FreshSnapshot fresh;
    const std::string what = held->settle();
    fresh.close();
    if (what.empty()) continue;
    if (held->is_way()) {
      throw Error(sqlstate::kSerializationFailure,
                  "could not serialize access: somebody else changed rows of the company")
          .detail(what)
          .hint("Try again.");
    }
    refused += (refused.empty() ? "" : "\n") + what;
  }
  if (refused.empty()) return;
  throw Error(sqlstate::kIntegrity,
              "rows outside the company refer, as rules say, to rows that would be removed")
      .detail(refused)
      .hint(
          "Remove or change these rows first, or say with set_reference(..., outside => 'null' or "
          "'keep') what becomes of their references.");
}

std::multimap<TableIndex, std::string> DeclaredReferences::foresee() {
  std::multimap<TableIndex, std::string> foreseen;
  for (const auto& held : held_) {
    check_for_interrupts();
    const std::string what = held->settle();
    if (what.empty() || held->is_way()) continue;
    foreseen.emplace(held->reference().target,
                     "rows outside the company refer, as rules say, to rows that would be "
                     "removed: " +
                         what);
  }
  return foreseen;
}

std::vector<DeclaredReferences::Holders> DeclaredReferences::holders() const {
  std::vector<Holders> all;
  for (const auto& held : held_) {
    all.push_back({&held->reference(), held->holders(), held->cleared()});
  }
  return all;
}

}  // namespace company_backup
