#include "pg/backup/shared_keys.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/ids/row_mapper.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/array_text.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_text.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

constexpr std::string_view kNull = "null";

std::string_view value_at(const std::vector<Span>& spans, const std::string& buffer, size_t i) {
  return std::string_view(buffer).substr(spans[i].begin, spans[i].end - spans[i].begin);
}

// The text form of an encoded scalar.
std::string plain_text(std::string_view encoded) {
  if (!encoded.starts_with('"')) return std::string(encoded);
  return nlohmann::json::parse(encoded).get<std::string>();
}

bool is_number(const Column& column) {
  return column.type_oid == INT2OID || column.type_oid == INT4OID;
}

// A value of another type, encoded as the column it refers to is; without padding. Nothing if it
// can be no value of that column: then it refers to no row, which check_references() says.
std::optional<std::string> encode_as(const Column& column, std::string_view text) {
  if (is_number(column)) {
    const bool integer = text.find_first_not_of("-0123456789") == text.npos;
    return integer && nlohmann::json::accept(text) ? std::optional(std::string(text))
                                                   : std::nullopt;
  }
  std::string out;
  append_json_string(out, column.is_padded() ? without_padding(text) : text);
  return out;
}

// A column that refers to another one: what it has to be encoded as, if its values are not what
// they are there.
struct Recoded {
  std::optional<Column> as;
  bool padded = false;

  Recoded(const Column& from, const Column& to) : padded(from.is_padded()) {
    if (is_number(from) != is_number(to) || from.is_padded() || to.is_padded()) as = to;
  }
};

using Elements = std::vector<std::optional<std::string>>;

// Collects the values of one reference from each line of its table.
struct Collector {
  SharedKeySet* set;
  std::vector<size_t> positions;
  std::vector<Recoded> recoded;  // of positions
  std::optional<size_t> when_position;
  std::string when_value;
  bool padded = false;
  bool list = false;
  std::optional<PathIds> path_ids;  // of a list that is a path
  std::optional<JsonPath> path;
  bool jsonb = false;
  Column target_column;
  std::string last;  // rows often repeat the value of the row before

  bool is_meant(std::string_view kind) const {
    return (padded ? without_padding(kind) : kind) == when_value;
  }

  void operator()(const std::vector<Span>& spans, const std::string& buffer) {
    if (when_position && !is_meant(plain_text(value_at(spans, buffer, *when_position)))) return;
    if (list || path) {
      collect_many(value_at(spans, buffer, positions[0]));
      return;
    }
    key_.clear();
    for (size_t i = 0; i < positions.size(); ++i) {
      const std::string_view value = value_at(spans, buffer, positions[i]);
      if (value == kNull) return;
      if (!key_.empty()) key_ += ',';
      if (!recoded[i].as) {
        key_ += value;
      } else if (!append_recoded(recoded[i], value)) {
        return;
      }
    }
    if (key_ == last) return;
    set->values.insert(key_);
    last = key_;
  }

 private:
  bool append_recoded(const Recoded& column, std::string_view value) {
    const std::string text = plain_text(value);
    const auto there = encode_as(*column.as, column.padded ? without_padding(text) : text);
    if (there) key_ += *there;
    return there.has_value();
  }

  void collect_many(std::string_view value) {
    if (value == kNull) return;
    std::vector<std::string> texts, others;
    if (path) {
      collect_ids(*path, jsonb ? unwrap_jsonb(value) : plain_text(value), texts, others);
    } else if (path_ids) {
      for (PathElement& element : read_path(*path_ids, plain_text(value))) {
        texts.push_back(std::move(element.id));
      }
    } else {
      for (auto& element : parse_array(plain_text(value)).value_or(Elements())) {
        if (element) texts.push_back(std::move(*element));
      }
    }
    for (const std::string& text : texts) {
      if (auto value_there = encode_as(target_column, text)) {
        set->values.insert(std::move(*value_there));
      }
    }
  }

  std::string key_;
};

// Does it hold a key of another row, or of a company, as a foreign key, a rule or its name says?
bool refers(const LiveScope& live, const Table& table, const Column& column) {
  const std::vector<std::string>& names = live.rules.settings.scope_columns;
  if (column_treatment(live.rules, table, column.name) == ColumnTreatment::kPath) return true;
  const auto by_key = [&](const ForeignKey& key) {
    return &live.table(key.table) == &table &&
           std::find(key.columns.begin(), key.columns.end(), column.number) != key.columns.end();
  };
  const auto by_rule = [&](const ReferenceRule& rule) {
    return rule.schema == table.schema && rule.table == table.name &&
           std::find(rule.columns.begin(), rule.columns.end(), column.name) != rule.columns.end();
  };
  return std::find(names.begin(), names.end(), column.name) != names.end() ||
         std::any_of(live.schema.foreign_keys.begin(), live.schema.foreign_keys.end(), by_key) ||
         std::any_of(live.rules.references.begin(), live.rules.references.end(), by_rule);
}

// Could a shared row not be added elsewhere without this value? What refers to other rows would
// mean something else there.
bool is_needed_to_add(const LiveScope& live, const ScopedTable& scoped, const Column& column) {
  const Table& table = live.table(scoped.table);
  return scoped.treatment != TableTreatment::kPeople && column.not_null && !column.has_default &&
         !column.identity && !column.generated &&
         column_treatment(live.rules, table, column.name) != ColumnTreatment::kSecret &&
         !refers(live, table, column);
}

}  // namespace

SharedKeys::SharedKeys(const LiveScope& live) : live_(live) {}

SharedKeySet& SharedKeys::set_of(TableIndex target, const std::vector<int16_t>& columns) {
  SharedKeySet& set = sets_[{target, columns}];
  set.target = target;
  set.target_columns = columns;
  return set;
}

LineObserver SharedKeys::observe(const TravellingTable& table) {
  std::vector<Collector> collectors;
  const auto position_of = [&](int16_t number) -> std::optional<size_t> {
    for (size_t i = 0; i < table.query.columns.size(); ++i) {
      if (table.query.columns[i].number == number) return i;
    }
    return std::nullopt;
  };
  for (const Reference& reference : live_.scope.references) {
    if (reference.table != table.scoped->table) continue;
    const ScopedTable* target = live_.scope.find(reference.target);
    if (target == nullptr || !has_shared_rows(live_.schema, live_.scope, *target)) continue;
    Collector collector;
    const Table& source = live_.table(reference.table);
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      const auto position = position_of(reference.columns[i]);
      if (!position) break;
      collector.positions.push_back(*position);
      collector.recoded.emplace_back(
          column_of(source, reference.columns[i]),
          column_of(live_.table(reference.target), reference.target_columns[i]));
    }
    if (collector.positions.size() != reference.columns.size()) continue;  // a secret, a file
    const Column& column = column_of(source, reference.columns[0]);
    collector.list = is_list(live_.schema, reference);
    if (reference.path) collector.path_ids = path_ids(live_.schema, reference);
    collector.jsonb = column.type_oid == JSONBOID;
    if (!reference.json_path.empty()) collector.path = JsonPath::parse(reference.json_path);
    if (!reference.when_column.empty()) {
      const Column* when = find_column(source, reference.when_column);
      collector.when_position = when == nullptr ? std::nullopt : position_of(when->number);
      collector.when_value = reference.when_value;
      collector.padded = when != nullptr && when->is_padded();
    }
    collector.target_column = column_of(live_.table(reference.target), reference.target_columns[0]);
    collector.set = &set_of(reference.target, reference.target_columns);
    collectors.push_back(std::move(collector));
  }
  if (collectors.empty()) return {};
  return [collectors = std::move(collectors)](const std::vector<Span>& spans,
                                              const std::string& buffer) mutable {
    for (Collector& collector : collectors) collector(spans, buffer);
  };
}

// Rows that match columns refer to come along, so that they can be found again first; and what
// their own match columns refer to. It ends, since each step finds rows that were not there before.
std::vector<SharedKeys::SharedTable> SharedKeys::plan() {
  for (bool more = true;;) {
    std::vector<SharedTable> tables = plan_tables();
    more = false;
    for (const SharedTable& table : tables) more |= add_referred(table);
    if (!more) return tables;
  }
}

bool SharedKeys::add_referred(const SharedTable& table) {
  bool added = false;
  for (const MatchReference& reference : live_.scope.match_references) {
    const ScopedTable* target = live_.scope.find(reference.target);
    if (reference.table != table.table || target == nullptr) continue;
    if (!has_shared_rows(live_.schema, live_.scope, *target)) continue;
    std::string select, given;
    for (int16_t number : reference.columns) {
      const std::string value = "q." + quote_name(column_of(live_.table(table.table), number).name);
      select += (select.empty() ? "pg_catalog.concat(" : ", pg_catalog.concat(") + value + ")";
      given += (given.empty() ? "" : " AND ") + value + " IS NOT NULL";
    }
    const Table& to = live_.table(reference.target);
    SharedKeySet& set = set_of(reference.target, reference.target_columns);
    for (const Row& row :
         query("SELECT DISTINCT " + select + " FROM (" + table.query.sql + ") AS q WHERE " + given,
               table.query.args)) {
      std::string key;
      for (size_t i = 0; i < row.size(); ++i) {
        const auto value = encode_as(column_of(to, reference.target_columns[i]), *row[i]);
        key += (i > 0 ? "," : "") + value.value_or("null");
      }
      added |= set.values.insert(std::move(key)).second;
    }
  }
  return added;
}

std::vector<SharedKeys::SharedTable> SharedKeys::plan_tables() {
  std::vector<SharedTable> tables;
  arguments_.clear();
  for (const ScopedTable& scoped : live_.scope.tables) {
    if (!has_shared_rows(live_.schema, live_.scope, scoped)) continue;
    SharedTable shared;
    shared.table = scoped.table;
    shared.complete = !scoped.owned();
    for (auto& [key, set] : sets_) {
      if (set.target == scoped.table && !set.values.empty()) shared.sets.push_back(&set);
    }
    if (shared.sets.empty()) continue;
    const Table& table = live_.table(scoped.table);
    shared.query.name = display_table(table);
    shared.manifest.name = encode_table_name(table.schema, table.name);
    shared.manifest.treatment = scoped.owned() ? TableTreatment::kShared : scoped.treatment;
    shared.manifest.match_columns = scoped.match_columns;
    const auto wanted = [&](const Column& column) {
      const auto has = [&](const std::vector<int16_t>& numbers) {
        return std::find(numbers.begin(), numbers.end(), column.number) != numbers.end();
      };
      if (has(scoped.key)) return true;
      for (const SharedKeySet* set : shared.sets) {
        if (has(set->target_columns)) return true;
      }
      for (const MatchReference& reference : live_.scope.match_references) {
        if (reference.table == scoped.table && has(reference.columns)) return true;
      }
      if (is_needed_to_add(live_, scoped, column)) return true;
      const auto& match = scoped.match_columns;
      return std::find(match.begin(), match.end(), column.name) != match.end();
    };
    std::string select;
    for (const Column& column : table.columns) {
      if (!wanted(column)) continue;
      if (column_treatment(live_.rules, table, column.name) == ColumnTreatment::kSecret) {
        throw Error(sqlstate::kBadRule, "secret column \"" + column.name + "\" of table " +
                                            quoted_display(shared.query.name) +
                                            " would be in the backup")
            .detail("Its rows are found again by this column, or something refers to it.")
            .hint("check_company_scope() says what settles it.");
      }
      select += (select.empty() ? "t." : ", t.") + quote_name(column.name);
      shared.query.columns.push_back(column);
      shared.manifest.columns.push_back({column.name, column.type, ColumnTreatment::kData});
    }
    const auto position_of = [&](int16_t number) {
      size_t i = 0;
      while (shared.query.columns[i].number != number) ++i;
      return i;
    };
    for (int16_t number : scoped.key) {
      const Column& column = column_of(table, number);
      shared.query.key.push_back(position_of(number));
      shared.manifest.key.push_back({column.name, key_order(column)});
    }
    std::string where;
    std::vector<std::string>& arrays = arguments_.emplace_back();
    for (const SharedKeySet* set : shared.sets) {
      std::vector<std::vector<std::string>> columns(set->target_columns.size());
      for (const std::string& value : set->values) {
        const nlohmann::json tuple = nlohmann::json::parse("[" + value + "]");
        for (size_t i = 0; i < columns.size(); ++i) {
          columns[i].push_back(tuple[i].is_string() ? tuple[i].get<std::string>()
                                                    : tuple[i].dump());
        }
      }
      std::string unnest, join;
      std::vector<size_t>& positions = shared.set_positions.emplace_back();
      for (size_t i = 0; i < columns.size(); ++i) {
        const Column& column = column_of(table, set->target_columns[i]);
        arrays.push_back(text_array(columns[i]));
        unnest += (i > 0 ? ", $" : "$") + std::to_string(arrays.size()) + "::text[]";
        const std::string value = "t." + quote_name(column.name);
        join += (i > 0 ? " AND " : "") +
                (column.is_padded() ? as_text(value, column) : "pg_catalog.concat(" + value + ")") +
                " = v.c" + std::to_string(i);
        positions.push_back(position_of(column.number));
      }
      std::string names;
      for (size_t i = 0; i < columns.size(); ++i)
        names += (i > 0 ? ", c" : "c") + std::to_string(i);
      // unnest of several arrays is grammar, which knows it without a schema only.
      where += (where.empty() ? "" : " OR ") + ("EXISTS (SELECT 1 FROM unnest(" + unnest +
                                                ") AS v(" + names + ") WHERE " + join + ")");
    }
    shared.query.sql =
        "SELECT " + select + " FROM " + from_table(table) + " AS t WHERE (" + where + ")";
    if (scoped.owned())
      shared.query.sql += " AND " + belongs_to_nobody(live_.schema, live_.scope, scoped.table, "t");
    if (!scoped.key.empty()) shared.query.sql += " ORDER BY " + order_terms(table, scoped.key, "t");
    tables.push_back(std::move(shared));
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    for (const std::string& array : arguments_[i]) tables[i].query.args.emplace_back(array);
  }
  return tables;
}

LineObserver SharedKeys::mark_found(const SharedTable& table) {
  return [this, &table](const std::vector<Span>& spans, const std::string& buffer) {
    for (size_t s = 0; s < table.sets.size(); ++s) {
      std::string key;
      for (size_t position : table.set_positions[s]) {
        if (!key.empty()) key += ',';
        const std::string_view value = value_at(spans, buffer, position);
        const Column& column = table.query.columns[position];
        key += column.is_padded() && value != kNull ? *encode_as(column, plain_text(value))
                                                    : std::string(value);
      }
      found_[table.sets[s]].insert(key);
    }
  };
}

std::vector<std::string> SharedKeys::missing(const SharedTable& table) const {
  std::vector<std::string> missing;
  if (!table.complete) return missing;
  for (const SharedKeySet* set : table.sets) {
    const auto found = found_.find(set);
    for (const std::string& value : set->values) {
      if (found == found_.end() || !found->second.contains(value)) missing.push_back(value);
    }
  }
  std::sort(missing.begin(), missing.end());
  return missing;
}

}  // namespace company_backup
