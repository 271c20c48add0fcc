#include "pg/load/outside_references.hpp"

#include <algorithm>

#include "core/ids/row_mapper.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/array_text.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

// What stands behind a key among the sorted ones: rows before references to them.
constexpr char kRow = '1', kReference = '2';

using Key = std::vector<std::string_view>;

// Of a key_line().
Key parts_of(std::string_view line) {
  Key key;
  while (!line.empty()) {
    const size_t end = line.find('\0');
    key.push_back(line.substr(0, end));
    line.remove_prefix(end + 1);
  }
  return key;
}

std::string text_of(const Key& key) {
  std::string text;
  for (const std::string_view part : key) {
    text += text.empty() ? "(" : ", ";
    text += part.substr(0, 100);
  }
  return text + ")";
}

}  // namespace

// Finds out about one reference.
class OutsideReferences::Reader {
 public:
  Reader(const LiveScope& live, RowSource& source, const std::vector<MatchedTable>& tables,
         SharedMatch& shared, ArchivedKinds& kinds, const OutsideWay& way,
         const Reference& reference, Dropped& dropped)
      : live_(live),
        source_(source),
        tables_(tables),
        shared_(shared),
        kinds_(kinds),
        way_(way),
        reference_(reference),
        target_(*live.scope.find(reference.target)),
        table_(live.table(reference.table)),
        list_(is_list(live.schema, reference)),
        form_(key_form(column_of(table_, reference.columns[0]))),
        jsonb_(column_of(table_, reference.columns[0]).type_oid == JSONBOID),
        dropped_(dropped) {}

  void run() {
    if (!reference_.json_path.empty()) path_ = JsonPath::parse(reference_.json_path);
    const MatchedTable* from = find(reference_.table);
    if (from == nullptr || !put_references(*from)) return;
    if (const MatchedTable* to = find(reference_.target)) put_rows(*to);
    sorter_.sort();
    std::string_view text;
    std::string last;
    bool is_own = false;
    uint64_t count = 0;
    const auto end_key = [&] {
      if (count > 0 && !is_own) waiting_.push_back({last, count});
      if (waiting_.size() >= kKeysPerLookup) settle();
    };
    while (sorter_.next(text)) {
      const std::string_view key = text.substr(0, text.size() - 1);
      if (key != last) {
        end_key();
        last = key;
        is_own = false;
        count = 0;
      }
      if (text.back() == kRow) {
        is_own = true;
      } else {
        ++count;
      }
    }
    end_key();
    settle();
  }

 private:
  struct Waiting {
    std::string line;
    uint64_t count;  // references that have this key
  };

  const MatchedTable* find(TableIndex index) const {
    for (const MatchedTable& table : tables_) {
      if (table.scoped->table == index) return &table;
    }
    return nullptr;
  }

  static bool find_positions(const MatchedTable& table, const std::vector<int16_t>& numbers,
                             std::vector<size_t>& positions) {
    for (int16_t number : numbers) {
      const auto position = position_of(table, number);
      if (!position) return false;
      positions.push_back(*position);
    }
    return true;
  }

  void put(const std::vector<std::string>& key, char what) { sorter_.put(key_line(key) + what); }

  // As the column's type compares it.
  static std::string_view plain(const Column& column, std::string_view text) {
    return in_form(key_form(column), text);
  }

  // False: its columns are not in the archive.
  bool put_references(const MatchedTable& table) {
    std::vector<size_t> positions;
    if (!find_positions(table, reference_.columns, positions)) return false;
    const bool loaded = std::all_of(positions.begin(), positions.end(),
                                    [&](size_t position) { return table.loaded[position]; });
    if (!loaded) return false;
    std::vector<size_t> wanted = positions;
    std::optional<RowMapper::When> when;
    if (!reference_.when_column.empty()) {
      when = kinds_.of(table, reference_);
      if (!when) return false;
      wanted.push_back(when->position);
    }
    source_.read(table, wanted, [&](const std::vector<RowValue>& row) {
      if (when) {
        const std::string_view kind = row[when->position].text;
        if ((when->padded ? without_padding(kind) : kind) != when->value) return;
      }
      put_reference(row, positions);
    });
    return true;
  }

  void put_reference(const std::vector<RowValue>& row, const std::vector<size_t>& positions) {
    std::vector<std::string> key;
    for (size_t i = 0; i < positions.size(); ++i) {
      const RowValue& value = row[positions[i]];
      if (value.kind == ValueKind::kNull) return;
      key.emplace_back(plain(column_of(table_, reference_.columns[i]), value.text));
    }
    if (path_) {
      std::vector<std::string> values, others;
      collect_ids(*path_, jsonb_ ? unwrap_jsonb(key[0]) : std::string_view(key[0]), values, others);
      const Column& target =
          column_of(live_.table(reference_.target), reference_.target_columns[0]);
      for (const std::string& value : values) {
        put({std::string(plain(target, value))}, kReference);
      }
      return;
    }
    if (reference_.path) {
      for (PathElement& element : read_path(path_ids(live_.schema, reference_), key[0])) {
        put({std::move(element.id)}, kReference);
      }
      return;
    }
    if (!list_) return put(key, kReference);
    for (const auto& element : parse_array(key[0]).value_or(Elements())) {
      if (element) put({std::string(in_form(form_, *element))}, kReference);
    }
  }

  void put_rows(const MatchedTable& table) {
    std::vector<size_t> positions;
    if (!find_positions(table, reference_.target_columns, positions)) return;
    source_.read(table, positions, [&](const std::vector<RowValue>& row) {
      std::vector<std::string> key;
      for (const size_t position : positions) {
        if (row[position].kind == ValueKind::kNull) return;
        key.emplace_back(plain(*table.columns[position], row[position].text));
      }
      put(key, kRow);
    });
  }

  // What becomes of keys that no row of the archive has.
  void settle() {
    std::vector<bool> stays(waiting_.size());
    if (way_.same_database) {
      look_up(stays);
    } else if (target_.travels() && has_shared_rows(live_.schema, live_.scope, target_)) {
      const KeyMap& found = shared_.keys(reference_.target, reference_.target_columns);
      std::vector<std::string> ours;
      for (size_t n = 0; n < stays.size(); ++n) {
        stays[n] = found.find(parts_of(waiting_[n].line), ours);
      }
    }
    for (size_t n = 0; n < stays.size(); ++n) {
      if (!stays[n]) drop(waiting_[n]);
    }
    waiting_.clear();
  }

  void drop(const Waiting& waiting) {
    const Key key = parts_of(waiting.line);
    const uint64_t before = dropped_.count;
    dropped_.keys.add(key);
    dropped_.count += waiting.count;
    if (++keys_ > kListedKeys) {
      if (keys_ == kListedKeys + 1) dropped_.first += ", ...";
      return;
    }
    dropped_.first += (before == 0 ? "" : ", ") + text_of(key);
  }

  // Rows here that the references may lead to.
  void look_up(std::vector<bool>& stays) const {
    if (stays.empty()) return;
    const Table& target = live_.table(reference_.target);
    std::string join;
    for (size_t i = 0; i < reference_.columns.size(); ++i) {
      const Column& key = column_of(target, reference_.target_columns[i]);
      const std::string operation = operator_of(i);
      const std::string value = "u.k" + std::to_string(i);
      join += (i > 0 ? " AND " : "");
      join += operation.empty()
                  ? as_text(column_sql("x", key), key) + " OPERATOR(pg_catalog.=) " + value
                  : column_sql("x", key) + " " + operation + " " + value;
    }
    BatchMemory memory;
    std::vector<Arg> args = keys_to_look_up();
    const std::string allowed = allowed_rows(args);
    const std::string sql = "SELECT u.n FROM " + unnested(looked_up_columns()) + " JOIN " +
                            from_table(target) + " AS x ON " + join + " WHERE " + allowed;
    const auto mark = [&](const Rows& rows) {
      for (const Row& row : rows) stays[std::stoul(*row[0]) - 1] = true;
    };
    if (target_.travels()) {
      mark(query(sql, args));
    } else {
      // Callers need no right to what does not travel.
      const AsOwnerOf owner(target.oid);
      mark(query(sql, args));
    }
    memory.close();
  }

  // Empty: the values are compared as text.
  std::string operator_of(size_t i) const {
    if (!reference_.operators.empty()) return reference_.operators[i];
    if (list_ || path_) return {};
    return common_equality(column_of(live_.table(reference_.target), reference_.target_columns[i]),
                           column_of(table_, reference_.columns[i]));
  }

  // As what the values are passed.
  std::vector<const Column*> looked_up_columns() const {
    std::vector<const Column*> columns;
    for (size_t i = 0; i < reference_.columns.size(); ++i) {
      columns.push_back(operator_of(i).empty() ? &text_column()
                                               : &column_of(table_, reference_.columns[i]));
    }
    return columns;
  }

  std::vector<Arg> keys_to_look_up() const {
    std::vector<Arg> args;
    const std::vector<const Column*> columns = looked_up_columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      std::vector<std::string> values;
      for (const Waiting& waiting : waiting_) values.emplace_back(parts_of(waiting.line)[i]);
      args.push_back(typed_array(*columns[i], values));
    }
    return args;
  }

  static const Column& text_column() {
    static const Column column = [] {
      Column text;
      text.type = "text";
      text.type_oid = TEXTOID;
      text.family = TypeFamily::kText;
      return text;
    }();
    return column;
  }

  // Which of the rows "x" count. A row that belongs to the target company now, and is in no
  // archive, will be gone.
  std::string allowed_rows(std::vector<Arg>& args) const {
    if (!way_.same_company && reference_.outside == OutsidePolicy::kNull) {
      return belongs_to_nobody(live_.schema, live_.scope, target_.table, "x");
    }
    const bool is_company = reference_.target == live_.scope.company_table;
    if (way_.target == nullptr || target_.treatment != TableTreatment::kCompany || is_company)
      return "true";
    args.push_back(way_.target->arg());
    return "(" +
           owned_by(live_.schema, live_.scope, reference_.target, "x",
                    "$" + std::to_string(args.size())) +
           ") IS NOT TRUE";
  }

  using Elements = std::vector<std::optional<std::string>>;

  const LiveScope& live_;
  RowSource& source_;
  const std::vector<MatchedTable>& tables_;
  SharedMatch& shared_;
  ArchivedKinds& kinds_;
  const OutsideWay& way_;
  const Reference& reference_;
  const ScopedTable& target_;
  const Table& table_;
  const bool list_;
  const KeyForm form_;  // of its elements
  const bool jsonb_;
  std::optional<JsonPath> path_;
  Dropped& dropped_;
  LineSorter sorter_;
  std::vector<Waiting> waiting_;
  uint64_t keys_ = 0;  // dropped ones
};

OutsideReferences::OutsideReferences(const LiveScope& live, RowSource& source,
                                     const std::vector<MatchedTable>& tables, SharedMatch& shared,
                                     ArchivedKinds& kinds, const OutsideWay& way)
    : live_(live) {
  for (const Reference& reference : live.scope.references) {
    const ScopedTable* target = live.scope.find(reference.target);
    if (reference.outside == OutsidePolicy::kRefuse || target == nullptr || !target->owned())
      continue;
    // Elsewhere these rows are not there at all, see ReferenceMaps::is_left_behind().
    if (!way.same_company && !target->travels()) continue;
    Dropped dropped;
    Reader(live, source, tables, shared, kinds, way, reference, dropped).run();
    if (dropped.count > 0) dropped_.emplace(&reference, std::move(dropped));
  }
}

const KeySet* OutsideReferences::dropped(const Reference& reference) const {
  const auto found = dropped_.find(&reference);
  return found == dropped_.end() ? nullptr : &found->second.keys;
}

// Elements of lists and IDs in documents need no column that can be NULL; but a name in a document
// is part of it.
bool OutsideReferences::is_inside(const Reference& reference) const {
  if (reference.json_path.empty()) return is_list(live_.schema, reference);
  return !JsonPath::parse(reference.json_path).leads_to_any_names();
}

// Of several columns those that are no part of another reference, if one of them can be NULL.
std::vector<int16_t> OutsideReferences::cleared(const Reference& reference) const {
  if (!reference.json_path.empty()) return {};
  const Table& table = live_.table(reference.table);
  std::vector<int16_t> all, alone;
  for (int16_t number : reference.columns) {
    if (column_of(table, number).not_null) continue;
    all.push_back(number);
    const bool is_shared = std::any_of(
        live_.scope.references.begin(), live_.scope.references.end(), [&](const Reference& other) {
          return &other != &reference && other.table == reference.table &&
                 std::find(other.columns.begin(), other.columns.end(), number) !=
                     other.columns.end();
        });
    if (!is_shared) alone.push_back(number);
  }
  // MATCH FULL: all are NULL, or none.
  if (reference.match == 'f') {
    return all.size() == reference.columns.size() ? all : std::vector<int16_t>();
  }
  return alone.empty() ? all : alone;
}

std::vector<std::string> OutsideReferences::notes_of(TableIndex table) const {
  std::vector<std::string> notes;
  for (const auto& [reference, dropped] : dropped_) {
    if (reference->table != table) continue;
    const bool possible = is_inside(*reference) || !cleared(*reference).empty();
    notes.push_back(
        (possible ? "" : "refused: ") + std::to_string(dropped.count) +
        (dropped.count == 1 ? " reference " : " references ") + display_name(reference->name) +
        (possible ? " to other companies become null: " : " to other companies cannot be null: ") +
        dropped.first);
  }
  return notes;
}

void OutsideReferences::require_possible() const {
  std::string list;
  uint64_t count = 0;
  for (const auto& [reference, dropped] : dropped_) {
    if (is_inside(*reference) || !cleared(*reference).empty()) continue;
    count += dropped.count;
    list += (list.empty() ? "table " : "\ntable ") + display_table(live_.table(reference->table)) +
            ", " + display_name(reference->name) + ": " + std::to_string(dropped.count) + " to " +
            dropped.first;
  }
  if (count == 0) return;
  throw Error(sqlstate::kLeftOutside, std::to_string(count) +
                                          (count == 1 ? " reference" : " references") +
                                          " to other companies can be neither kept nor set to null")
      .detail(list)
      .hint(
          "The rows that they refer to are not in this database, or the company may not refer to "
          "them. Restore where these rows are, or let these columns be null.");
}

}  // namespace company_backup
