#include "pg/load/shared_matcher.hpp"

#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/server_text.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/row_writer.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kMatchedAtOnce = 1000;

// "(code = XX, name = null)" for messages.
std::string describe(const std::vector<const Column*>& columns, const std::vector<size_t>& by,
                     const Row& row) {
  std::string text;
  for (size_t position : by) {
    text += (text.empty() ? "(" : ", ") + columns[position]->name + " = " +
            row[position].value_or("null").substr(0, 100);
  }
  return text + ")";
}

// Looks rows of an archive up in their table here by some of their columns.
class Lookup {
 public:
  Lookup(const Table& table, const std::vector<const Column*>& columns, std::vector<size_t> by,
         const std::string& condition)
      : by_(std::move(by)) {
    std::string select;
    for (const Column* column : columns) select += ", t." + quote_name(column->name);
    for (const size_t position : by_) columns_.push_back(columns[position]);
    sql_ = "SELECT u.n" + select + " FROM " + unnested(columns_) + " JOIN " + from_table(table) +
           " AS t ON " + equals_key(columns_, "t") + " WHERE " + condition;
  }

  // Calls found(position in rows, the row here) for every row found, as often as it is found. A
  // NULL equals nothing.
  template <class Found>
  void run(const std::vector<Row>& rows, const std::vector<size_t>& wanted, Found&& found) const {
    for (size_t start = 0; start < wanted.size(); start += kMatchedAtOnce) {
      std::vector<size_t> asked;
      std::vector<std::vector<std::string>> values(by_.size());
      for (size_t i = start; i < std::min(wanted.size(), start + kMatchedAtOnce); ++i) {
        const Row& row = rows[wanted[i]];
        const bool has_null =
            std::any_of(by_.begin(), by_.end(), [&](size_t position) { return !row[position]; });
        if (has_null) continue;
        asked.push_back(wanted[i]);
        for (size_t k = 0; k < by_.size(); ++k) values[k].push_back(*row[by_[k]]);
      }
      std::vector<Arg> args;
      for (size_t k = 0; k < by_.size(); ++k) args.push_back(typed_array(*columns_[k], values[k]));
      for (Row& row : query(sql_, args)) {
        const size_t n = std::stoul(*row[0]) - 1;
        found(asked[n], Row(row.begin() + 1, row.end()));
      }
    }
  }

 private:
  std::vector<size_t> by_;
  std::vector<const Column*> columns_;  // of by_
  std::string sql_;
};

// The row of the archive with these values; nothing if it has none.
std::optional<size_t> find_archived(SharedRows& match, const std::vector<int16_t>& columns,
                                    const std::vector<std::string>& values) {
  auto [rows, is_new] = match.by_columns.try_emplace(columns);
  if (is_new) {
    for (size_t row = 0; row < match.theirs.size(); ++row) {
      std::vector<std::string> key;
      for (int16_t number : columns) {
        const size_t position = match.position_of(number);
        if (position == match.columns.size() || !match.theirs[row][position]) break;
        key.push_back(*match.theirs[row][position]);
      }
      if (key.size() == columns.size()) rows->second.emplace(key_line(key), row);
    }
  }
  const auto found = rows->second.find(key_line(values));
  return found == rows->second.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

void SharedMatcher::read(RowSource& source, size_t number) {
  std::vector<RowColumn> columns;
  for (const ManifestColumn& column : archived_.columns) {
    columns.push_back({column.name, false});
  }
  RowLine line(columns);
  const std::unique_ptr<LineSource> lines = source.lines(true, number, archived_);
  std::string_view text;
  while (lines->next(text)) {
    line.parse(text);
    Row& row = match_.theirs.emplace_back();
    for (const RowValue& value : line.values()) {
      row.push_back(value.kind == ValueKind::kNull ? Text() : Text(std::string(value.text)));
    }
  }
  match_.sought = match_.theirs;
  match_.states.assign(match_.theirs.size(), State::kWaiting);
  match_.ours.resize(match_.theirs.size());
  match_.is_actor.resize(match_.theirs.size());
  ambiguous_.resize(match_.theirs.size());
}

void SharedMatcher::begin(const LiveScope& live, const SharedOptions& options) {
  if (options.same_database) {
    look_up(by_key(), wanted());
    if (match_.people() && options.other_company != nullptr) {
      forget_strangers(live, *options.other_company);
    }
  }
  for (const MatchReference& reference : live.scope.match_references) {
    if (reference.table != match_.index || options.same_database) continue;
    for (int16_t number : reference.columns) references_.insert(match_.position_of(number));
  }
  has_looked_ = options.same_database && !match_.people();
  for (size_t row = 0; row < match_.ours.size(); ++row) {
    if (!match_.ours[row].empty()) match_.states[row] = State::kDone;
  }
}

bool SharedMatcher::find(const LiveScope& live, const SharedOptions& options) {
  std::vector<size_t> ready;
  for (size_t row = 0; row < match_.states.size(); ++row) {
    if (match_.states[row] == State::kWaiting && is_ready(live, options, row)) {
      ready.push_back(row);
    }
  }
  if (!ready.empty() && !has_looked_) look_up(by_match_columns(), ready);
  if (match_.people() && options.actor) use_actor(*options.actor, ready);
  std::vector<size_t> added;
  for (const size_t row : ready) {
    State& state = match_.states[row];
    if (!match_.ours[row].empty()) {
      state = State::kDone;
    } else if (state != State::kWaiting) {
      continue;
    } else if (options.missing == MissingShared::kRefuse || match_.people() || ambiguous_[row]) {
      state = State::kMissing;
    } else {
      state = State::kToBeAdded;
      if (!options.preview) added.push_back(row);
    }
  }
  if (!added.empty()) add_rows(live, added);
  return !ready.empty();
}

void SharedMatcher::finish(const SharedOptions& options) {
  const bool same_database = options.same_database;
  const std::vector<size_t> shown = same_database ? by_key() : by_match_columns();
  std::map<std::string, size_t> told;
  std::vector<size_t> rows = wanted();
  rows.insert(rows.end(), added_.begin(), added_.end());
  for (size_t row : rows) ++told[describe(match_.columns, shown, match_.theirs[row])];
  for (size_t row : rows) {
    std::string text = describe(match_.columns, shown, match_.theirs[row]);
    // What several have does not tell them apart.
    if (told[text] > 1)
      text += ", in the backup " + describe(match_.columns, by_key(), match_.theirs[row]);
    text = display_table(*match_.table) + " " + text;
    if (match_.states[row] == State::kToBeAdded) {
      match_.added.push_back(text);
    } else if (match_.states[row] == State::kWaiting) {
      match_.missing.push_back(text + ": the backup does not say what it refers to there");
    } else {
      match_.missing.push_back(text + (ambiguous_[row] ? ": several rows here match" : ""));
    }
  }
}

std::vector<size_t> SharedMatcher::wanted() const {
  std::vector<size_t> rows;
  for (size_t i = 0; i < match_.ours.size(); ++i) {
    if (match_.ours[i].empty()) rows.push_back(i);
  }
  return rows;
}

// Puts into the row what its match columns refer to here. False: not known yet, or not at all.
bool SharedMatcher::is_ready(const LiveScope& live, const SharedOptions& options, size_t row) {
  if (options.same_database) return true;  // a row stands for itself
  for (const MatchReference& reference : live.scope.match_references) {
    if (reference.table == match_.index && !translate(live, reference, row)) return false;
  }
  return true;
}

bool SharedMatcher::translate(const LiveScope& live, const MatchReference& reference, size_t row) {
  std::vector<size_t> positions;
  std::vector<std::string> values;
  for (int16_t number : reference.columns) {
    const size_t position = match_.position_of(number);
    if (position == match_.columns.size()) return false;
    positions.push_back(position);
    if (match_.theirs[row][position]) values.push_back(*match_.theirs[row][position]);
  }
  if (values.empty()) return true;
  if (values.size() < positions.size()) return false;
  for (const auto& other : matches_) {
    if (other->index != reference.target) continue;
    const auto found = find_archived(*other, reference.target_columns, values);
    if (!found) break;
    const State state = other->states[*found];
    if (state == State::kMissing) match_.states[row] = State::kMissing;
    if (state == State::kWaiting) return false;
    const Row& here = other->ours[*found];
    // What is only going to be added has no rows that refer to it.
    if (here.empty() && state == State::kToBeAdded) match_.states[row] = State::kToBeAdded;
    for (size_t i = 0; i < positions.size() && !here.empty(); ++i) {
      match_.sought[row][positions[i]] = here[other->position_of(reference.target_columns[i])];
    }
    return true;
  }
  return !holds_number(live, reference);
}

// Other values are the same everywhere, or nowhere else: they need no translation.
bool SharedMatcher::holds_number(const LiveScope& live, const MatchReference& reference) {
  const Table& target = live.table(reference.target);
  return std::any_of(
      reference.target_columns.begin(), reference.target_columns.end(),
      [&](int16_t number) { return column_of(target, number).family == TypeFamily::kInteger; });
}

std::vector<size_t> SharedMatcher::by_key() const {
  std::vector<size_t> positions;
  for (int16_t number : match_.scoped->key) {
    const size_t position = match_.position_of(number);
    if (position < match_.columns.size()) positions.push_back(position);
  }
  return positions;
}

std::vector<size_t> SharedMatcher::by_match_columns() const {
  std::vector<size_t> positions;
  for (const std::string& name : match_.scoped->match_columns) {
    const Column* column = find_column(*match_.table, name);
    const size_t position =
        column == nullptr ? match_.columns.size() : match_.position_of(column->number);
    if (position == match_.columns.size()) {
      throw Error(match_.people() ? sqlstate::kMissingPerson : sqlstate::kMissingShared,
                  "the archive has no values of match column \"" + name + "\" of table " +
                      quoted_display(display_table(*match_.table)));
    }
    positions.push_back(position);
  }
  if (positions.empty() && !match_.theirs.empty()) {
    throw Error(match_.people() ? sqlstate::kMissingPerson : sqlstate::kMissingShared,
                "nothing says how rows of table " + quoted_display(display_table(*match_.table)) +
                    " of another database are recognized here")
        .hint("SELECT set_table_rule('" + display_table(*match_.table) + "', '" +
              to_text(match_.scoped->treatment) +
              "', match_columns => '{...}') names the columns.");
  }
  return positions;
}

// NULL equals nothing, but for what refers to no row on both sides.
void SharedMatcher::look_up(const std::vector<size_t>& by, const std::vector<size_t>& rows) {
  std::map<std::vector<size_t>, std::vector<size_t>> rows_by;  // by columns that are not NULL
  for (const size_t row : rows) {
    ambiguous_[row] = false;
    if (match_.states[row] != State::kWaiting) continue;
    std::vector<size_t> given;
    for (const size_t position : by) {
      const bool counts = match_.sought[row][position] || !references_.contains(position);
      if (counts) given.push_back(position);
    }
    if (!given.empty()) rows_by[given].push_back(row);
  }
  for (const auto& [given, asked] : rows_by) {
    std::string condition = match_.condition;
    for (const size_t position : by) {
      if (std::find(given.begin(), given.end(), position) != given.end()) continue;
      condition += " AND " + column_sql("t", *match_.columns[position]) + " IS NULL";
    }
    Lookup(*match_.table, match_.columns, given, condition)
        .run(match_.sought, asked, [this](size_t row, Row ours) {
          if (!match_.ours[row].empty()) ambiguous_[row] = true;
          match_.ours[row] = std::move(ours);
        });
  }
  for (const size_t row : rows) {
    if (ambiguous_[row]) match_.ours[row].clear();
  }
}

void SharedMatcher::use_actor(const std::string& actor, const std::vector<size_t>& asked) {
  const bool all_found = std::none_of(asked.begin(), asked.end(),
                                      [this](size_t row) { return match_.ours[row].empty(); });
  if (all_found || match_.scoped->key.size() != 1) return;
  std::string select;
  for (const Column* column : match_.columns) {
    select += (select.empty() ? "t." : ", t.") + quote_name(column->name);
  }
  const Rows rows =
      query("SELECT " + select + " FROM " + from_table(*match_.table) +
                " AS t WHERE pg_catalog.concat(t." +
                quote_name(column_of(*match_.table, match_.scoped->key[0]).name) + ") = $1",
            {actor});
  if (rows.size() != 1) return;
  for (size_t row : asked) {
    if (!match_.ours[row].empty()) continue;
    match_.ours[row] = rows[0];
    match_.is_actor[row] = true;
  }
}

// People who are no members of the company, where match columns or the actor can say who they
// are.
void SharedMatcher::forget_strangers(const LiveScope& live, const Company& company) {
  const Settings& settings = live.rules.settings;
  const TableIndex index = live.schema.find(settings.membership_schema, settings.membership_table);
  const ScopedTable* membership = index == kNoTable ? nullptr : live.scope.find(index);
  if (membership == nullptr || !membership->owned() || match_.scoped->key.size() != 1) return;
  if (match_.scoped->match_columns.empty()) return;
  const Column& key = column_of(*match_.table, match_.scoped->key[0]);
  const Column* person = find_column(live.table(index), settings.membership_person_column);
  std::set<std::string> members;
  for (const Row& row : query("SELECT DISTINCT pg_catalog.concat(m." + quote_name(person->name) +
                                  ") FROM " + from_table(live.table(index)) + " AS m WHERE " +
                                  owned_by(live.schema, live.scope, index, "m", "$1"),
                              {company.arg()})) {
    members.insert(*row[0]);
  }
  const size_t position = match_.position_of(key.number);
  for (Row& ours : match_.ours) {
    if (!ours.empty() && !members.contains(*ours[position])) ours.clear();
  }
}

// What has a new value by itself gets it; all else is as in the archive.
void SharedMatcher::add_rows(const LiveScope& live, const std::vector<size_t>& added) {
  const std::vector<size_t> natural = by_match_columns();
  std::vector<int16_t> numbers;
  std::vector<std::optional<DefaultValues>> defaults;
  for (size_t i = 0; i < match_.columns.size(); ++i) {
    const Column& column = *match_.columns[i];
    const DefaultKind kind = default_of(*match_.table, column);
    const bool is_new = std::find(natural.begin(), natural.end(), i) == natural.end() &&
                        (kind == DefaultKind::kSequence || kind == DefaultKind::kVolatile);
    numbers.push_back(column.number);
    defaults.emplace_back();
    if (is_new) defaults.back().emplace(*match_.table, column);
  }
  RowWriter writer(match_.table->oid, display_table(*match_.table), numbers, natural);
  for (size_t row : added) {
    added_.push_back(row);
    Row& ours = match_.ours[row] = match_.sought[row];
    std::vector<LoadValue> values;
    for (size_t i = 0; i < ours.size(); ++i) {
      if (defaults[i]) ours[i] = defaults[i]->next();
      values.push_back(ours[i] ? LoadValue{LoadValue::Kind::kText, *ours[i]} : LoadValue{});
    }
    writer.add(values);
  }
  writer.finish();
  prove_added(live, added);
}

// Of rows that were added without triggers.
void SharedMatcher::prove_added(const LiveScope& live, const std::vector<size_t>& added) const {
  for (const ForeignKey& key : live.schema.foreign_keys) {
    if (key.table != match_.index) continue;
    KeyBatch references = references_of(live.schema, key);
    for (size_t row : added) {
      std::vector<std::string> values;
      for (int16_t number : key.columns) {
        const size_t position = match_.position_of(number);
        if (position == match_.columns.size() || !match_.ours[row][position]) break;
        values.push_back(*match_.ours[row][position]);
      }
      if (values.size() == key.columns.size()) references.add(key_line(values));
    }
    const std::vector<size_t> missing = missing_references(live.schema, key, references);
    if (missing.empty()) continue;
    throw Error(sqlstate::kMissingShared, "a shared row cannot be added to table " +
                                              quoted_display(display_table(*match_.table)))
        .detail("By \"" + key.name + "\" it would refer to " + references.text(missing[0]) +
                " of table " + quoted_display(display_table(live.table(key.target))) +
                ", which is not here.")
        .hint("Add the rows yourself, then try again.");
  }
}

}  // namespace company_backup
