#include "pg/check/value_evidence.hpp"

#include <algorithm>
#include <chrono>

#include "core/scope/document_values.hpp"
#include "core/scope/path_folding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/path_sampling.hpp"
#include "core/scope/scope_sampling.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/module.hpp"
#include "pg/base/spi.hpp"
#include "pg/base/time_limit.hpp"

namespace company_backup {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampledPages = 128;   // of a table; all of them, if there are no more
constexpr long kSampledAtOnce = 500;     // read at once
constexpr size_t kMostKinds = 200;       // of one column
constexpr size_t kMostCounted = 20'000;  // of these, to say how many there are
constexpr int kLongDocuments = 10;       // that are looked at, of one column
constexpr size_t kMostPairs = 300'000;   // values of pairs of columns, in all
constexpr auto kForeignTime = std::chrono::seconds(10);  // at most, for one foreign table
constexpr const char* kNoTime = "there was no time left (company_backup.evidence_time)";
constexpr auto kTellEvery = std::chrono::seconds(5);

// As text, if it is short enough for an ID.
std::string short_text(const Column& column) {
  const std::string text = as_text(column_sql("t", column), column);
  if (column.family != TypeFamily::kText) return text;
  return "CASE WHEN pg_catalog.octet_length(" + text + ") <= 128 THEN " + text + " END";
}

// What may be a kind: texts that are few are short.
std::string short_kind(const Column& column) {
  const std::string text = as_text(column_sql("t", column), column);
  return "CASE WHEN pg_catalog.octet_length(" + text + ") <= 64 THEN " + text + " END";
}

// Documents, and lists, if they are not too long to be read in numbers.
std::string sampled_text(const Column& column) {
  if (column.family == TypeFamily::kInteger || column.family == TypeFamily::kUuid) {
    return short_text(column);
  }
  const std::string value = column_sql("t", column);
  const bool is_document = column.family == TypeFamily::kJson;  // '' is none: it was too long
  return "CASE WHEN pg_catalog.pg_column_size(" + value + ") <= 65536 THEN " +
         as_text(value, column) + (is_document ? " WHEN " + value + " IS NOT NULL THEN ''" : "") +
         " END";
}

// Those that are longer, if they can be read one by one.
std::string long_text(const Column& column) {
  const std::string text = as_text(column_sql("t", column), column);
  return "CASE WHEN pg_catalog.octet_length(" + text + ") <= 4194304 THEN " + text + " ELSE '' END";
}

// The columns as one text, whatever they hold; NULL if one is.
std::string text_of_pair(const Table& table, const std::vector<int16_t>& numbers) {
  std::string text;
  for (const int16_t number : numbers) {
    const Column& column = column_of(table, number);
    text += (text.empty() ? ""
                          : " OPERATOR(pg_catalog.||) pg_catalog.chr(31) "
                            "OPERATOR(pg_catalog.||) ") +
            as_text(column_sql("t", column), column);
  }
  return text;
}

struct TableFacts {
  int64_t pages = 0;
  bool foreign = false;  // it is, or a partition of it
  std::string server;    // of a foreign table
  std::string unread;    // why it cannot be; empty: it can
};

class Gatherer {
 public:
  Gatherer(const Schema& schema, const Settings& settings)
      : schema_(schema),
        settings_(settings),
        facts_(schema.tables.size()),
        nouns_(schema),
        collector_(most_values(schema, nouns_)),
        end_(Clock::now() + std::chrono::seconds(evidence_time)) {}

  Evidence gather() {
    load_facts();
    each_table("sampled", [&](TableIndex table) { sample(table); });
    if (collector_.places() > 0) {
      each_table("looked up", [&](TableIndex table) { match(table); });
    }
    std::vector<PairEvidence> pairs = pair_evidence();
    Evidence evidence = collector_.finish();
    evidence.crowded = crowded();
    evidence.pairs = std::move(pairs);
    evidence.unread = std::move(unread_);
    evidence.rows = std::move(rows_);
    evidence.tables = std::move(tables_);
    evidence.paths = std::move(paths_);
    evidence.has_rows = !evidence.rows.empty() || !evidence.tables.empty();
    evidence.all_keys = all_keys_;
    return evidence;
  }

 private:
  // So many of each place that all of them together keep within bounds.
  static size_t most_values(const Schema& schema, const TableNouns& nouns) {
    size_t columns = 1;
    for (TableIndex table = 0; table < static_cast<TableIndex>(schema.tables.size()); ++table) {
      columns += columns_to_sample(schema, nouns, table).size();
    }
    const size_t share = std::max<size_t>(EvidenceCollector::kMostInAll / columns, 100);
    return std::min(share, static_cast<size_t>(evidence_rows));
  }

  static std::string sql_of_facts(bool exactly) {
    const auto pages = [&](const std::string& table) {
      return exactly ? "pg_relation_size(" + table + ".oid) / current_setting('block_size')::int"
                     : "greatest(" + table + ".relpages, 0)";
    };
    return "WITH RECURSIVE part(root, oid) AS (SELECT c.oid, c.oid FROM pg_class c WHERE c.relkind "
           "= 'p' AND NOT c.relispartition UNION ALL SELECT p.root, i.inhrelid FROM part p JOIN "
           "pg_inherits i ON i.inhparent = p.oid), whole AS (SELECT p.root, sum(" +
           pages("c") +
           ") AS pages, bool_or(c.relkind = 'f') AS has_foreign FROM part p JOIN pg_class c ON "
           "c.oid = p.oid GROUP BY 1) SELECT CASE WHEN c.relkind = 'p' THEN w.pages ELSE " +
           pages("c") +
           " END::bigint, has_table_privilege(c.oid, 'SELECT'), row_security_active(c.oid), "
           "w.has_foreign, s.srvname FROM unnest($1::oid[]) WITH ORDINALITY o(oid, n) LEFT JOIN "
           "pg_class c ON c.oid = o.oid LEFT JOIN whole w ON w.root = c.oid LEFT JOIN "
           "pg_foreign_table f ON f.ftrelid = c.oid LEFT JOIN pg_foreign_server s ON s.oid = "
           "f.ftserver ORDER BY n";
  }

  void load_facts() {
    std::vector<std::string> oids;
    for (const Table& table : schema_.tables) oids.push_back(std::to_string(table.oid));
    Rows rows;
    const auto look = [&](bool exactly) {
      rows = query(sql_of_facts(exactly), {text_array(oids)});
    };
    // To ask how large a table is waits for whoever has locked it.
    with_subtransaction([&] { look(true); }, [&](const CaughtError&) { look(false); });
    for (size_t i = 0; i < facts_.size(); ++i) {
      const Row& row = rows[i];
      facts_[i].pages = row[0] ? std::stoll(*row[0]) : 0;
      facts_[i].foreign = schema_.tables[i].foreign || row[3] == "t";
      facts_[i].server = row[4].value_or("");
      if (!row[1])
        facts_[i].unread = "it has just been dropped";
      else if (row[1] != "t")
        facts_[i].unread = "the right to read it (SELECT) is missing";
      else if (row[2] == "t")
        facts_[i].unread = "row security would hide rows";
    }
  }

  // Small tables first, and those that others may keep from answering last: what there is no time
  // for is one of these or of the large ones.
  template <class Act>
  void each_table(const char* done, Act&& act) {
    std::vector<TableIndex> order;
    for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
      if (schema_.tables[table].of_extension || !schema_.tables[table].outsider.empty()) continue;
      order.push_back(table);
    }
    const auto weight = [&](TableIndex table) {
      return std::pair(facts_[table].foreign, facts_[table].pages);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](TableIndex a, TableIndex b) { return weight(a) < weight(b); });
    for (size_t i = 0; i < order.size(); ++i) {
      tell(done, i, order.size());
      act(order[i]);
    }
  }

  void tell(const char* done, size_t count, size_t all) {
    if (Clock::now() < told_ + kTellEvery) return;
    told_ = Clock::now();
    const auto number = static_cast<int>(count), total = static_cast<int>(all);
    guarded([=] { ereport(NOTICE, (errmsg("%s %d of %d tables", done, number, total))); });
  }

  bool is_late() const { return Clock::now() >= end_; }

  template <class Read>
  void read_in_time(TableIndex table, Read&& read) {
    using Milliseconds = std::chrono::milliseconds;
    const bool foreign = facts_[table].foreign;
    const auto left = std::chrono::duration_cast<Milliseconds>(end_ - Clock::now());
    if (run_within(foreign ? std::min<Milliseconds>(left / 4, kForeignTime) : left, read)) return;
    note_silent(table);
    throw Error("57014", foreign ? "there was no answer within the time for it" : kNoTime);
  }

  void note_silent(TableIndex table) {
    if (!facts_[table].server.empty()) silent_.insert(facts_[table].server);
  }

  // Whatever is wrong with one table, the others can be read.
  template <class Read>
  void read(TableIndex table, Read&& read) {
    std::string why = facts_[table].unread;
    if (why.empty() && is_late()) why = kNoTime;
    if (why.empty()) {
      try {
        with_subtransaction([&] { read_in_time(table, read); },
                            [&](const CaughtError& error) {
                              why = error.message;
                              if (error.sqlstate.starts_with("08")) note_silent(table);
                            });
      } catch (const Error& error) {
        why = error.message();
      }
    }
    if (why.empty()) return;
    facts_[table].unread = why;
    const auto same = [&](const UnreadTable& unread) { return unread.table == table; };
    if (std::none_of(unread_.begin(), unread_.end(), same)) unread_.push_back({table, why});
  }

  // What is read of each row, in this order.
  struct Wanted {
    TableIndex table;
    std::vector<SampledColumn> columns;  // the value, and of which kind it is, if that is said
    std::vector<const Column*> nullable;
    std::vector<CompanyWay> ways;
    std::vector<const Column*> own;  // see own_row()
  };

  void sample(TableIndex table) {
    Wanted wanted{table, columns_to_sample(schema_, nouns_, table),
                  nullable_columns(schema_, table), company_ways(schema_, settings_, table),
                  own_row(table)};
    std::erase_if(wanted.ways, [&](const CompanyWay& way) {
      return std::any_of(way.keys.begin(), way.keys.end(), [&](const ForeignKey* key) {
        return !facts_[key->target].unread.empty();
      });
    });
    if (wanted.columns.empty() && wanted.nullable.empty() && wanted.ways.size() < 2) return;
    samples_.clear();
    read(table, [&] {
      if (facts_[table].foreign) {
        sample_foreign(wanted);
        return;
      }
      take("SELECT " + cells_of(wanted) + from_sample(table), wanted);
      sample_long(wanted);
      if (is_read_whole(table)) return;
      // What is nearly everywhere NULL a sample misses.
      for (const SampledColumn& column : wanted.columns) {
        if (rows_.contains({table, column.column->number}) || is_late()) continue;
        const Wanted one{table, {column}, {}, {}, wanted.own};
        take("SELECT " + cells_of(one) + from_rows(table) + " WHERE " +
                 column_sql("t", *column.column) + " IS NOT NULL LIMIT " +
                 std::to_string(evidence_rows),
             one);
      }
    });
    for (const auto& [column, sample] : samples_) {
      const PathEvidence evidence = sample.evidence();
      if (evidence.deep > 0) paths_[{table, column}] = evidence;
    }
  }

  // What a path that the row has may end with: its own key, and then those of the rows above it.
  std::vector<const Column*> own_row(TableIndex table) const {
    const Column* own = own_path_key(schema_.tables[table]);
    if (own == nullptr || !is_own_type(*own)) return {};
    std::vector<const Column*> columns{own};
    for (const Column* parent : parent_columns(schema_, table)) columns.push_back(parent);
    return columns;
  }

  bool is_read_whole(TableIndex table) const { return facts_[table].pages <= kSampledPages; }

  std::string from_sample(TableIndex table) const {
    if (is_read_whole(table)) return from_rows(table);
    return from_rows(table) + " TABLESAMPLE SYSTEM (" +
           std::to_string(100.0 * kSampledPages / static_cast<double>(facts_[table].pages)) +
           ") REPEATABLE (0)";
  }

  // Whatever is behind it: only so many rows, and only so long.
  void sample_foreign(const Wanted& wanted) {
    const Table& table = schema_.tables[wanted.table];
    const std::string& server = facts_[wanted.table].server;
    if (!server.empty() && silent_.contains(server)) {
      throw Error("08001", "its server " + quote_name(server) + " has just not answered");
    }
    refuse_code_of_types(table);
    take("SELECT " + cells_of(wanted) + from_rows(wanted.table) + " LIMIT " +
             std::to_string(evidence_rows),
         wanted);
  }

  // Some of the documents that were too long to be read in numbers.
  void sample_long(const Wanted& wanted) {
    for (const SampledColumn& column : wanted.columns) {
      const auto found = too_long_.find({wanted.table, column.column->number});
      if (found == too_long_.end() || is_late()) continue;
      const size_t skipped = std::exchange(found->second, 0);
      std::string cells = "NULL, " + long_text(*column.column);
      for (const Column* kind : column.kinds) cells += ", " + short_kind(*kind);
      const Wanted one{wanted.table, {column}, {}, {}, {}};
      const size_t read = take(
          "SELECT " + cells + from_rows(wanted.table) + " WHERE pg_catalog.pg_column_size(" +
              column_sql("t", *column.column) + ") > 65536 LIMIT " + std::to_string(kLongDocuments),
          one, 1);
      const size_t unread = too_long_[found->first];
      found->second = skipped - std::min(skipped, read - std::min(read, unread));
    }
  }

  std::string from_rows(TableIndex table) const {
    return " FROM " + from_table(schema_.tables[table]) + " AS t";
  }

  std::string cells_of(const Wanted& wanted) const {
    std::string list = "NULL";
    for (const SampledColumn& column : wanted.columns) {
      list += ", " + sampled_text(*column.column);
      for (const Column* kind : column.kinds) list += ", " + short_kind(*kind);
    }
    for (const Column* column : wanted.nullable) {
      list += ", " + column_sql("t", *column) + " IS NULL";
    }
    for (const CompanyWay& way : wanted.ways) list += ", " + company_by(way);
    for (const Column* column : wanted.own) list += ", " + short_text(*column);
    return list;
  }

  std::string company_by(const CompanyWay& way, size_t step = 0,
                         const std::string& from = "t") const {
    const ForeignKey& key = *way.keys[step];
    const Column& column = column_of(schema_.tables[key.table], key.columns[0]);
    const std::string value = column_sql(from, column);
    const bool is_last = step + 1 == way.keys.size();
    if (is_last && way.company == nullptr) return as_text(value, column);
    const Table& target = schema_.tables[key.target];
    const std::string name = "w" + std::to_string(step);
    return "(SELECT " +
           (is_last ? as_text(column_sql(name, *way.company), *way.company)
                    : company_by(way, step + 1, name)) +
           " FROM " + from_table(target) + " AS " + name + " WHERE " +
           column_sql(name, column_of(target, key.target_columns[0])) + " " + key.operators[0] +
           " " + value + ")";
  }

  // Gives the number of rows.
  size_t take(const std::string& sql, const Wanted& wanted, long at_once = kSampledAtOnce) {
    size_t count = 0;
    Cursor cursor(sql, {});
    for (Rows rows = cursor.fetch(at_once); !rows.empty(); rows = cursor.fetch(at_once)) {
      for (const Row& row : rows) take(row, wanted);
      count += rows.size();
    }
    cursor.close();
    return count;
  }

  void take(const Row& row, const Wanted& wanted) {
    size_t cell = 1;
    for (const SampledColumn& column : wanted.columns) {
      const Text& value = row[cell++];
      const size_t kinds = cell;
      cell += column.kinds.size();
      if (!value) continue;
      if (value->empty() && column.column->family == TypeFamily::kJson)
        ++too_long_[{wanted.table, column.column->number}];
      else
        add(wanted.table, column, *value, row.data() + kinds);
    }
    see_paths(row, wanted);
    if (wanted.nullable.empty() && wanted.ways.empty()) return;
    RowEvidence& evidence = tables_[wanted.table];
    if (evidence.rows++ == 0) {
      for (const Column* column : wanted.nullable) evidence.columns.push_back(column->number);
    }
    std::string pattern;
    for (size_t i = 0; i < wanted.nullable.size(); ++i) pattern += row[cell++] == "t" ? 'n' : 'v';
    ++evidence.patterns[pattern];
    for (size_t i = 0; i < wanted.ways.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        if (!row[cell + i] || !row[cell + k]) continue;
        const std::pair<int16_t, int16_t> columns =
            std::minmax(wanted.ways[i].column->number, wanted.ways[k].column->number);
        evidence.compared.insert(columns);
        if (row[cell + i] != row[cell + k]) evidence.conflicts.insert(columns);
      }
    }
  }

  void see_paths(const Row& row, const Wanted& wanted) {
    const size_t first = row.size() - wanted.own.size();
    std::vector<std::string> parents;
    for (size_t i = first + 1; i < row.size(); ++i) {
      if (row[i]) parents.push_back(*row[i]);
    }
    const std::string own = wanted.own.empty() ? "" : row[first].value_or("");
    size_t cell = 1;
    for (const SampledColumn& column : wanted.columns) {
      const Text& value = row[cell];
      cell += 1 + column.kinds.size();
      if (!value || !holds_text(*column.column)) continue;
      const int16_t number = column.column->number;
      const auto ids = wanted.own.empty() ? std::nullopt : path_ids(*wanted.own[0]);
      SamplePlace place{.table = wanted.table, .column = number, .separated = true};
      samples_.try_emplace(number, ids, names_path(*column.column))
          .first->second.see(*value, own, parents,
                             [&](const std::string& id) { collector_.add_value(place, id); });
    }
  }

  // `kinds`: of the row, one for each of the column's.
  void add(TableIndex table, const SampledColumn& column, const std::string& value,
           const Text* kinds) {
    const SamplePlace place{.table = table, .column = column.column->number};
    ++rows_[{table, column.column->number}];
    if (!column.kind_is_said) add(place, column, value);
    for (size_t i = 0; i < column.kinds.size(); ++i) {
      if (!kinds[i]) continue;
      SamplePlace of_kind = place;
      of_kind.when_column = column.kinds[i]->number;
      of_kind.when_value = *kinds[i];
      if (is_known_or_one_more(of_kind, column.kind_is_said)) add(of_kind, column, value);
    }
  }

  void add(SamplePlace place, const SampledColumn& column, const std::string& value) {
    const bool may_be_document = column.column->family == TypeFamily::kText && !column.named;
    if (column.column->family == TypeFamily::kJson ||
        (may_be_document && (value.starts_with('{') || value.starts_with('[')))) {
      add_document(place, value);
    } else if (is_array(*column.column)) {
      for (const std::string& element : parse_text_array(value)) {
        add_value(place, element, column.named);
      }
    } else {
      add_value(place, value, column.named);
    }
  }

  // Of one column there are only so many. `said`: they are kinds for sure, and are counted.
  bool is_known_or_one_more(const SamplePlace& kind, bool said) {
    Kinds& kinds = kinds_[{kind.table, kind.column, kind.when_column}];
    kinds.said = said;
    if (kinds.values.contains(kind.when_value)) return kinds.values.size() <= kMostKinds;
    if (kinds.values.size() < (said ? kMostCounted : kMostKinds + 1)) {
      kinds.values.insert(kind.when_value);
    }
    return kinds.values.size() <= kMostKinds;
  }

  void add_value(const SamplePlace& place, const std::string& value, bool named) {
    if (named || looks_generated(value)) collector_.add_value(place, value);
  }

  void add_document(SamplePlace& place, const std::string& json) {
    PathFolder& folder = folders_[place];
    const auto at = [place](const std::string& path) {
      SamplePlace there = place;
      there.json_path = "$" + path;
      return there;
    };
    visit_values(json, [&](const std::string& path, std::string_view value) {
      folder.count(path);
      if (!looks_generated(value) && !id_stem(last_name(path))) return;
      const std::optional<std::string> there = folder.place(path);
      for (const auto& [from, to] : folder.take_moved()) collector_.move(at(from), at(to));
      if (there) collector_.add_value(at(*there), value);
    });
  }

  void match(TableIndex table) {
    const std::vector<KeyColumn> keys = keys_to_match(schema_, table);
    if (keys.empty()) return;
    for (const KeyColumn& key : keys) {
      read(table, [&] {
        collector_.begin_key(table, key.column->number, key.alone);
        scan("SELECT " + short_text(*key.column) + from_rows(table), collector_);
      });
    }
    all_keys_ = all_keys_ && facts_[table].unread.empty();
  }

  std::vector<PairEvidence> pair_evidence() {
    std::vector<PairEvidence> found;
    const std::vector<ColumnPair> pairs = column_pairs(schema_);
    if (pairs.empty()) return found;
    const size_t share = std::max<size_t>(kMostPairs / pairs.size(), 50);
    EvidenceCollector collector(std::min(share, static_cast<size_t>(evidence_rows)));
    const auto place_of = [](size_t pair) {
      return SamplePlace{.table = static_cast<TableIndex>(pair)};
    };
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (facts_[pairs[i].table].foreign) continue;
      read(pairs[i].table, [&] {
        Cursor cursor("SELECT " + text_of_pair(schema_.tables[pairs[i].table], pairs[i].columns) +
                          from_sample(pairs[i].table),
                      {});
        for (Rows rows = cursor.fetch(kSampledAtOnce); !rows.empty();
             rows = cursor.fetch(kSampledAtOnce)) {
          for (const Row& row : rows) {
            if (row[0]) collector.add_value(place_of(i), *row[0]);
          }
        }
        cursor.close();
      });
    }
    std::map<std::pair<TableIndex, std::vector<int16_t>>, int16_t> keys;  // with their numbers
    for (size_t i = 0; i < pairs.size(); ++i) {
      const auto number = static_cast<int16_t>(keys.size());
      const ColumnPair& pair = pairs[i];
      if (!collector.knows(place_of(i)) || !keys.insert({{pair.target, pair.key}, number}).second)
        continue;
      read(pair.target, [&] {
        collector.begin_key(pair.target, number);
        scan("SELECT " + text_of_pair(schema_.tables[pair.target], pair.key) +
                 from_rows(pair.target),
             collector);
      });
    }
    for (const PlaceEvidence& place : collector.finish().places) {
      const ColumnPair& pair = pairs[static_cast<size_t>(place.place.table)];
      const int16_t number = keys.at({pair.target, pair.key});
      PairEvidence evidence{pair, place.values};
      for (const KeyMatch& match : place.matches) {
        if (match.table == pair.target && match.column == number) evidence.matched = match.values;
      }
      found.push_back(std::move(evidence));
    }
    return found;
  }

  // What of the columns is told apart by more than is looked at.
  std::vector<CrowdedColumn> crowded() const {
    std::vector<CrowdedColumn> all;
    for (const auto& [place, folder] : folders_) {
      if (folder.folded().empty() && !folder.has_left_out() &&
          folder.paths() <= PathFolder::kMostPlaces)
        continue;
      all.push_back({.table = place.table,
                     .column = place.column,
                     .count = folder.paths(),
                     .counted_all = folder.counted_all(),
                     .left_out = folder.has_left_out(),
                     .folded = folder.folded()});
    }
    for (const auto& [where, kinds] : kinds_) {
      const auto& [table, column, when_column] = where;
      if (!kinds.said || kinds.values.size() <= kMostKinds) continue;
      all.push_back({.table = table,
                     .column = column,
                     .when_column = when_column,
                     .count = kinds.values.size(),
                     .counted_all = kinds.values.size() < kMostCounted,
                     .left_out = true});
    }
    for (const auto& [where, count] : too_long_) {
      if (count > 0)
        all.push_back({.table = where.first, .column = where.second, .too_long = count});
    }
    return all;
  }

  struct Receiver {
    DestReceiver base;
    Gatherer* self;
  };

  void scan(const std::string& sql, EvidenceCollector& collector) {
    Receiver receiver{};
    init_receiver(receiver.base, [](TupleTableSlot* slot, DestReceiver* destination) {
      Gatherer* self = reinterpret_cast<Receiver*>(destination)->self;
      slot_getallattrs(slot);
      if (slot->tts_isnull[0]) return true;
      const Datum value = slot->tts_values[0];
      return callback([=] {
        const text* datum = DatumGetTextPP(value);
        self->scanned_->add_key(
            from_server(std::string_view(VARDATA_ANY(datum), VARSIZE_ANY_EXHDR(datum))));
        CHECK_FOR_INTERRUPTS();
        return true;
      });
    });
    receiver.self = this;
    scanned_ = &collector;
    stream(sql, {}, &receiver.base);
  }

  const Schema& schema_;
  const Settings& settings_;
  std::vector<TableFacts> facts_;
  const TableNouns nouns_;
  EvidenceCollector collector_;
  std::vector<UnreadTable> unread_;
  std::map<TableIndex, RowEvidence> tables_;
  std::map<std::pair<TableIndex, int16_t>, uint32_t> rows_;  // see Evidence
  std::map<std::pair<TableIndex, int16_t>, PathEvidence> paths_;
  std::map<int16_t, PathSample> samples_;      // of the columns of one table
  std::map<SamplePlace, PathFolder> folders_;  // of columns with documents
  struct Kinds {
    std::set<std::string> values = {};
    bool said = false;
  };
  std::map<std::tuple<TableIndex, int16_t, int16_t>, Kinds> kinds_;
  std::map<std::pair<TableIndex, int16_t>, size_t> too_long_;  // documents not looked at
  std::set<std::string> silent_;                               // servers that did not answer
  EvidenceCollector* scanned_ = nullptr;                       // what a scan is for
  bool all_keys_ = true;
  const Clock::time_point end_;
  Clock::time_point told_ = Clock::now();
};

}  // namespace

Evidence gather_evidence(const Schema& schema, const Settings& settings) {
  if (evidence_time == 0) return {};
  const int settings_before = guarded([] {  // a table that is locked is left for the others
    const int nest = NewGUCNestLevel();
    set_config_option("lock_timeout", "1s", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
    return nest;
  });
  Evidence evidence = Gatherer(schema, settings).gather();
  guarded([=] { AtEOXact_GUC(false, settings_before); });
  return evidence;
}

}  // namespace company_backup
