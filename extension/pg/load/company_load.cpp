#include "pg/load/company_load.hpp"

#include <algorithm>
#include <numeric>

#include "core/scope/load_order.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/check/integrity.hpp"
#include "pg/load/missing_values.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/replacement.hpp"

namespace company_backup {
namespace {

std::vector<int16_t> loaded_numbers(const MatchedTable& table) {
  std::vector<int16_t> numbers;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.loaded[i]) numbers.push_back(table.columns[i]->number);
  }
  return numbers;
}

std::vector<size_t> all_columns(const MatchedTable& table) {
  std::vector<size_t> positions(table.columns.size());
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

std::vector<MatchedTable> in_load_order(std::vector<MatchedTable> tables, const LiveScope& live) {
  std::vector<TableIndex> indexes;
  for (const MatchedTable& table : tables) indexes.push_back(table.scoped->table);
  std::vector<MatchedTable> ordered;
  for (const size_t position : load_order(live.schema, live.scope, indexes)) {
    ordered.push_back(std::move(tables[position]));
  }
  return ordered;
}

}  // namespace

CompanyLoad::CompanyLoad(const LiveScope& live, const Manifest& manifest, RowSource& source,
                         const MatchOptions& options, const SharedOptions& shared)
    : live_(live),
      manifest_(manifest),
      source_(source),
      same_database_(shared.same_database),
      same_company_(options.same_company || options.everything),
      tables_(in_load_order(match_archive(manifest, live.schema, live.rules, live.scope, options),
                            live)),
      roots_(live.schema, live.scope),
      shared_(live, manifest, source, shared) {
  const MatchedTable* company = company_table();
  if (company == nullptr || company->archived->rows != 1) {
    throw Error(sqlstate::kBadArchive, "the archive does not hold exactly one company row");
  }
  for (const MatchedTable& table : tables_) {
    if (!table.table->foreign || &table == company) continue;
    refuse_code_of_insert(table.table->oid, display_table(*table.table), loaded_numbers(table));
  }
  read(*company, all_columns(*company), [&](const std::vector<RowValue>& row) {
    for (size_t i = 0; i < company->columns.size(); ++i) {
      if (!company->loaded[i]) continue;
      archived_company_[company->columns[i]->number] =
          text_form(*company->columns[i], row[i], i, bytes_of(*company));
    }
  });
}

const MatchedTable* CompanyLoad::company_table() const {
  for (const MatchedTable& table : tables_) {
    if (table.scoped->table == live_.scope.company_table) return &table;
  }
  return nullptr;
}

std::vector<int16_t> CompanyLoad::company_key_columns() const {
  std::vector<int16_t> numbers;
  const TableIndex table = live_.scope.company_table;
  for (const Column& column : live_.table(table).columns) {
    const std::vector<ColumnRoot>& roots = roots_.of(table, column.number);
    const ColumnRoot self{table, column.number};
    if (std::find(roots.begin(), roots.end(), self) != roots.end() ||
        column.number == live_.scope.company_key) {
      numbers.push_back(column.number);
    }
  }
  return numbers;
}

CompanyRow CompanyLoad::archived_company_keys() const {
  CompanyRow keys;
  for (int16_t number : company_key_columns()) {
    const auto archived = archived_company_.find(number);
    if (archived != archived_company_.end()) keys.insert(*archived);
  }
  return keys;
}

std::vector<std::string> CompanyLoad::replaced(const Table& table, const Column& column,
                                               const std::vector<std::string>& values) const {
  return replace_values(table, column, column_rule(live_.rules, table, column.name)->replacement,
                        values, {manifest_.company_key, target_key_});
}

void CompanyLoad::set_company_keys(const CompanyRow& target) {
  const auto key = target.find(live_.scope.company_key);
  if (key != target.end()) target_key_ = key->second;
  for (const auto& [number, value] : target) {
    auto map = std::make_unique<ListedKeys>(1, false, std::string(), sqlstate::kIntegrity);
    const auto archived = archived_company_.find(number);
    if (archived != archived_company_.end() && archived->second && value) {
      map->add({*archived->second}, {*value});
    }
    company_maps_[number] = std::move(map);
  }
}

const KeyMap& CompanyLoad::company_keys(int16_t column) const {
  const auto found = company_maps_.find(column);
  if (found == company_maps_.end()) {
    throw Error(sqlstate::kInternal, "a key of the company row is not known");
  }
  return *found->second;
}

std::vector<const KeyMap*> CompanyLoad::maps_of(TableIndex table, int16_t column) {
  std::vector<const KeyMap*> maps;
  for (const ColumnRoot& root : roots_.of(table, column)) {
    maps.push_back(root.table == live_.scope.company_table
                       ? &company_keys(root.column)
                       : &shared_.keys(root.table, {root.column}));
  }
  if (new_ids_ == nullptr) return maps;
  for (const ColumnRoot& origin : roots_.origins(table, column)) {
    if (const KeyMap* map = new_ids_->of(origin)) maps.push_back(map);
  }
  return maps;
}

RowMapper CompanyLoad::make_mapper(const MatchedTable& table) {
  RowMapper mapper;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.loaded[i]) continue;
    for (const KeyMap* map : maps_of(table.scoped->table, table.columns[i]->number)) {
      mapper.map_column(i, map);
    }
  }
  for (const Reference& reference : live_.scope.references) {
    if (reference.table == table.scoped->table) add_reference(mapper, table, reference);
  }
  return mapper;
}

// Does it lead to rows that stay behind, of which none can stand for them elsewhere? What a rule
// keeps would lead to the company that the archive was made of.
bool CompanyLoad::is_left_behind(const Reference& reference, const ScopedTable& target) const {
  return !same_company_ && target.owned() && !target.travels() && reference.outside != "refuse";
}

// Those of the reference's columns that may be NULL and serve no other reference; where all serve
// others, those that do not say whose the row is.
std::vector<size_t> CompanyLoad::clearable(const MatchedTable& table, const Reference& reference,
                                           const std::vector<size_t>& positions) const {
  const auto is_one_of = [](const std::vector<int16_t>& numbers, int16_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  };
  std::vector<size_t> alone, shared;
  for (const size_t position : positions) {
    const Column& column = *table.columns[position];
    if (column.not_null) continue;
    const std::vector<RouteStep> routes = all_steps(*table.scoped);
    const auto& references = live_.scope.references;
    const bool in_route = std::any_of(routes.begin(), routes.end(), [&](const RouteStep& step) {
      return step.name != reference.name && is_one_of(step.columns, column.number);
    });
    const bool elsewhere =
        std::any_of(references.begin(), references.end(), [&](const Reference& other) {
          return &other != &reference && other.table == reference.table &&
                 is_one_of(other.columns, column.number);
        });
    if (in_route) continue;
    (elsewhere ? shared : alone).push_back(position);
  }
  return alone.empty() ? shared : alone;
}

void CompanyLoad::leave_behind(RowMapper& mapper, const MatchedTable& table,
                               const Reference& reference, const std::vector<size_t>& positions,
                               const std::optional<RowMapper::When>& when) const {
  static const NoKeys kNobody;
  if (!reference.json_path.empty()) {
    mapper.map_json(positions[0], JsonPath::parse(reference.json_path), &kNobody, when);
  } else if (is_list(live_.schema, reference)) {
    mapper.map_array(positions[0], &kNobody, when);
  } else {
    mapper.clear_columns(clearable(table, reference, positions), when);
  }
}

// In its own company a reference to a row that does not travel comes back if that row is there.
bool CompanyLoad::comes_back(const Reference& reference, const ScopedTable& target) const {
  return same_company_ && target.owned() && !target.travels() && reference.outside == "null" &&
         !reference.soft;
}

// The keys in the archive's rows that no row has here.
const KeyMap& CompanyLoad::gone_keys(const MatchedTable& table, const Reference& reference,
                                     const std::vector<size_t>& positions) {
  std::unique_ptr<ListedKeys>& gone = gone_[&reference];
  if (gone) return *gone;
  gone = std::make_unique<ListedKeys>(positions.size(), false, std::string(), sqlstate::kIntegrity);
  std::vector<const Column*> columns;
  for (const size_t position : positions) columns.push_back(table.columns[position]);
  KeyBatch batch(columns);
  std::set<std::string> waiting;
  const auto look = [&] {
    batch.clear();
    for (const std::string& line : waiting) batch.add(line);
    waiting.clear();
    if (batch.empty()) return;
    const std::vector<bool> found =
        find_keys({live_.table(reference.target), reference.target_columns, reference.operators},
                  batch, false);
    for (size_t n = 0; n < found.size(); ++n) {
      if (found[n]) continue;
      const std::vector<std::string> key = batch.key(n);
      gone->add({key.begin(), key.end()}, std::vector<std::string>(key.size()));
    }
  };
  read(table, positions, [&](const std::vector<RowValue>& row) {
    std::vector<std::string> key;
    for (size_t i = 0; i < positions.size(); ++i) {
      Text value = text_form(*columns[i], row[positions[i]]);
      if (!value) return;
      key.push_back(std::move(*value));
    }
    waiting.insert(key_line(key));
    if (waiting.size() >= kKeysPerLookup) look();
  });
  look();
  return *gone;
}

void CompanyLoad::settle_outside(const Company* target) {
  outside_.emplace(live_, source_, tables_, shared_,
                   OutsideWay{same_database_, same_company_, target});
}

// Takes those out that do not come along.
void CompanyLoad::drop_outside(RowMapper& mapper, const MatchedTable& table,
                               const Reference& reference, const std::vector<size_t>& positions,
                               const std::optional<RowMapper::When>& when) {
  const KeySet* keys = outside_ ? outside_->dropped(reference) : nullptr;
  if (keys == nullptr) return;
  if (!reference.json_path.empty()) {
    std::unique_ptr<DroppedKeys>& dropped = dropped_[&reference];
    if (!dropped) dropped = std::make_unique<DroppedKeys>(keys);
    return mapper.map_json(positions[0], JsonPath::parse(reference.json_path), dropped.get(), when);
  }
  if (is_list(live_.schema, reference)) return mapper.drop_elements(positions[0], keys, when);
  std::vector<size_t> cleared;
  for (int16_t number : outside_->cleared(reference)) {
    cleared.push_back(*position_of(table, number));
  }
  mapper.drop_keys(positions, keys, std::move(cleared), when);
}

// A kind that is itself the key of a shared row has another value in another database: the
// archive's rows and this database's rules would not mean the same.
void CompanyLoad::require_same_kinds(const Reference& reference, const Column& kind) const {
  if (same_database_) return;
  for (const Reference& other : live_.scope.references) {
    if (other.table != reference.table || !other.json_path.empty()) continue;
    const auto place = std::find(other.columns.begin(), other.columns.end(), kind.number);
    const ScopedTable* target = live_.scope.find(other.target);
    if (place == other.columns.end() || target == nullptr) continue;
    const std::string& key =
        column_of(live_.table(other.target),
                  other.target_columns[static_cast<size_t>(place - other.columns.begin())])
            .name;
    const auto& same = target->match_columns;
    const bool travels_alike = std::find(same.begin(), same.end(), key) != same.end();
    if (travels_alike) continue;
    throw Error(sqlstate::kSchemaDiffers,
                "kinds of table " + quoted_display(display_table(live_.table(reference.table))) +
                    " have other values in another database")
        .detail("Column \"" + kind.name + "\" says what " + display_name(reference.name) +
                " refers to, and is itself the key of a row of " +
                display_table(live_.table(other.target)) + ".")
        .hint(
            "Such rows can be loaded in their own database only, or where the kind is a column "
            "with the same text everywhere.");
  }
}

// References that the columns' roots do not cover: several columns at once, elements of arrays,
// conditions, documents.
void CompanyLoad::add_reference(RowMapper& mapper, const MatchedTable& table,
                                const Reference& reference) {
  std::vector<size_t> positions;
  for (int16_t number : reference.columns) {
    const std::optional<size_t> position = position_of(table, number);
    if (!position || !table.loaded[*position]) return;
    positions.push_back(*position);
  }
  std::optional<RowMapper::When> when;
  if (!reference.when_column.empty()) {
    const Column* column = find_column(*table.table, reference.when_column);
    const std::optional<size_t> position =
        column == nullptr ? std::nullopt : position_of(table, column->number);
    if (!position) return;
    require_same_kinds(reference, *column);
    when = RowMapper::When{*position, reference.when_value, column->is_padded()};
  }
  const ScopedTable* target = live_.scope.find(reference.target);
  if (target == nullptr) return;
  if (is_left_behind(reference, *target)) {
    return leave_behind(mapper, table, reference, positions, when);
  }
  drop_outside(mapper, table, reference, positions, when);
  if (comes_back(reference, *target)) {
    mapper.clear_columns(clearable(table, reference, positions), when,
                         RowMapper::Gone{positions, &gone_keys(table, reference, positions)});
  }
  const bool array = is_list(live_.schema, reference);
  if (!when && !array && reference.json_path.empty() &&
      (positions.size() == 1 || target->owned())) {
    return;
  }
  std::vector<const KeyMap*> maps;
  if (target->owned()) {
    if (positions.size() > 1) {
      for (size_t i = 0; i < positions.size(); ++i) {
        for (const KeyMap* map : maps_of(reference.target, reference.target_columns[i])) {
          mapper.map_column(positions[i], map, when);
        }
      }
    } else {
      maps = maps_of(reference.target, reference.target_columns[0]);
      if (has_shared_rows(live_.schema, live_.scope, *target)) {
        maps.push_back(&shared_.keys(reference.target, reference.target_columns));
      }
    }
  } else {
    maps = {&shared_.keys(reference.target, reference.target_columns)};
  }
  for (const KeyMap* map : maps) {
    if (!reference.json_path.empty()) {
      mapper.map_json(positions[0], JsonPath::parse(reference.json_path), map, when);
    } else if (array) {
      mapper.map_array(positions[0], map, when);
    } else {
      mapper.map_columns(positions, map, when);
    }
  }
}

CompanyRow CompanyLoad::translated_company() {
  const MatchedTable& company = *company_table();
  RowMapper mapper = make_mapper(company);
  std::vector<RowValue> row(company.columns.size());
  for (size_t i = 0; i < row.size(); ++i) {
    const auto value = archived_company_.find(company.columns[i]->number);
    if (value == archived_company_.end() || !value->second) continue;
    row[i] = {ValueKind::kString, *value->second};
  }
  mapper.apply(row);
  if (const auto check = leftover_check(company)) check->look(row);
  CompanyRow result;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!company.loaded[i]) continue;
    result[company.columns[i]->number] =
        row[i].kind == ValueKind::kNull ? Text() : Text(std::string(row[i].text));
  }
  return result;
}

void CompanyLoad::add_replacements(CompanyRow& row) const {
  const MatchedTable& company = *company_table();
  for (const auto& [column, expression] : company.replacements) {
    if (row.contains(column->number)) continue;
    row[column->number] = ReplacementValues(*company.table, *column, expression).next();
  }
}

void CompanyLoad::require_values() const {
  MissingValues missing(live_);
  for (const MatchedTable& table : tables_) {
    if (&table != company_table()) missing.note_all(table, source_);
  }
  missing.refuse();
}

void CompanyLoad::add_company(const CompanyRow& row, const CompanyRow& given) {
  const Table& table = live_.table(live_.scope.company_table);
  std::vector<int16_t> numbers;
  std::vector<LoadValue> values;
  std::vector<size_t> key;
  for (const auto& [number, value] : row) {
    if (number == live_.scope.company_key) key.push_back(numbers.size());
    numbers.push_back(number);
    const auto kind = given.contains(number) ? LoadValue::Kind::kWritten : LoadValue::Kind::kText;
    values.push_back(value ? LoadValue{kind, *value} : LoadValue{});
  }
  for (ColumnSequence& sequence : sequences_of(table.oid)) {
    const auto value = row.find(sequence.column);
    if (value == row.end() || !value->second) continue;
    sequence.see(*value->second);
    sequences_.push_back(sequence);
  }
  RowWriter writer(table.oid, display_table(table), numbers, key);
  writer.add(values);
  writer.finish();
}

uint64_t CompanyLoad::load_tables() {
  uint64_t rows = 0;
  for (const MatchedTable& table : tables_) {
    if (&table != company_table()) rows += load_table(table);
  }
  doubts_.prove();
  return rows;
}

void CompanyLoad::read(const MatchedTable& table, const std::vector<size_t>& wanted,
                       const RowVisitor& row) {
  source_.read(table, wanted, row);
}

void CompanyLoad::read_translated(const MatchedTable& table, const TranslationObserver& row) {
  RowMapper mapper = make_mapper(table);
  std::vector<RowValue> values;
  read(table, all_columns(table), [&](const std::vector<RowValue>& archived) {
    values = archived;
    mapper.apply(values);
    row(archived, values);
  });
}

std::shared_ptr<LeftoverCheck> CompanyLoad::leftover_check(const MatchedTable& table) const {
  if (new_ids_ == nullptr) return nullptr;
  auto check = std::make_shared<LeftoverCheck>(live_, table, new_ids_->leftovers());
  return check->empty() ? nullptr : check;
}

TranslationObserver CompanyLoad::with_leftover_check(const MatchedTable& table,
                                                     TranslationObserver observer) const {
  const auto check = leftover_check(table);
  if (!check) return observer;
  return [check, observer](const std::vector<RowValue>& archived,
                           const std::vector<RowValue>& translated) {
    check->look(translated);
    if (observer) observer(archived, translated);
  };
}

std::unique_ptr<LineSource> CompanyLoad::lines(const MatchedTable& table,
                                               TranslationObserver observer) {
  RowMapper mapper = make_mapper(table);  // first: it may read the same rows
  auto lines = source_.lines(false, table.number, *table.archived);
  observer = with_leftover_check(table, std::move(observer));
  if (mapper.empty() && !observer) return lines;
  return translate_lines(std::move(lines), row_columns(table.columns), std::move(mapper),
                         table.archived->key, std::move(observer));
}

std::string CompanyLoad::translated_company_line() {
  const std::unique_ptr<LineSource> translated = lines(*company_table());
  std::string_view line;
  std::string text;
  while (translated->next(line)) text = line;
  return text;
}

std::unique_ptr<RowLoader> CompanyLoad::loader(const MatchedTable& table) const {
  return loader(table, RowMapper());
}

std::unique_ptr<RowLoader> CompanyLoad::loader(const MatchedTable& table, RowMapper mapper) const {
  return std::make_unique<RowLoader>(*table.table, table.columns, table.loaded, table.scoped->key,
                                     std::move(mapper), bytes_of(table), table.replacements,
                                     &doubts_);
}

uint64_t CompanyLoad::load_table(const MatchedTable& table) {
  if (table.archived->rows == 0) return 0;
  const std::unique_ptr<RowLoader> rows = loader(table, make_mapper(table));
  if (const auto check = leftover_check(table)) {
    rows->set_look([check](const std::vector<RowValue>& row) { check->look(row); },
                   check->positions());
  }
  source_.load(table, *rows);
  note_mapped(table, rows->mapper());
  return loaded_[table.scoped->table] = rows->finish(sequences_);
}

// References that need no further proof: the map of a renewed column knows the values that rows of
// the archive have in it, no others, and all these rows are loaded. Where it knew every value of a
// column that refers to it, each leads to such a row.
void CompanyLoad::note_mapped(const MatchedTable& table, const RowMapper& mapper) {
  if (new_ids_ == nullptr) return;
  for (const Reference& reference : live_.scope.references) {
    if (reference.table != table.scoped->table || reference.soft || reference.columns.size() != 1) {
      continue;
    }
    const KeyMap* map = new_ids_->of({reference.target, reference.target_columns[0]});
    const auto position = position_of(table, reference.columns[0]);
    if (map == nullptr || !position || !mapper.has_known_all(*position, *map)) continue;
    mapped_.insert(&reference);
  }
}

void CompanyLoad::prove(const Company& company, bool counts) {
  prove_references(live_, company, {same_database_, same_company_},
                   [this](const Reference& reference) { return !mapped_.contains(&reference); });
  if (counts) count_rows(company);
  advance_sequences(sequences_);
}

void CompanyLoad::count_rows(const Company& company) const {
  for (const ScopedTable* scoped : live_.travelling()) {
    if (scoped->table == live_.scope.company_table) continue;
    const Table& table = live_.table(scoped->table);
    const auto loaded = loaded_.find(scoped->table);
    const uint64_t expected = loaded == loaded_.end() ? 0 : loaded->second;
    const uint64_t found = std::stoull(
        *query_unestimated("SELECT count(*) FROM " + from_table(table) + " AS t WHERE " +
                               owned_by(live_.schema, live_.scope, scoped->table, "t", "$1"),
                           {company.arg()})[0][0]);
    if (found == expected) continue;
    const std::string name = display_table(table);
    const std::string detail = "Loaded were " + std::to_string(expected) +
                               " rows, but the company has " + std::to_string(found) + ".";
    if (found > expected) {
      throw Error(sqlstate::kSerializationFailure,
                  "somebody else added rows of the company to table " + quoted_display(name))
          .detail(detail)
          .hint("Try again.");
    }
    throw Error(sqlstate::kIntegrity, "rows of table \"" + name +
                                          "\" would not belong to company \"" + company.key + "\"")
        .detail(detail);
  }
}

}  // namespace company_backup
