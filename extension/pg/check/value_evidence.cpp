#include "pg/check/value_evidence.hpp"

#include <algorithm>
#include <chrono>

#include "core/scope/document_values.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/path_sampling.hpp"
#include "core/scope/scope_sampling.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/module.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampledPages = 128;  // of a table; all of them, if there are no more
constexpr long kSampledAtOnce = 500;    // read at once
constexpr size_t kMostPlaces = 200;     // of one column: paths, and kinds
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
  return "CASE WHEN pg_catalog.pg_column_size(" + value + ") <= 65536 THEN " +
         as_text(value, column) + " END";
}

struct TableFacts {
  int64_t pages = 0;
  std::string unread;  // why it cannot be; empty: it can
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
    Evidence evidence = collector_.finish();
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

  void load_facts() {
    std::vector<std::string> oids;
    for (const Table& table : schema_.tables) oids.push_back(std::to_string(table.oid));
    const Rows rows = query(
        "SELECT CASE WHEN c.relkind = 'p' THEN (SELECT pg_catalog.sum(pg_catalog.pg_relation_size("
        "p.relid)) FROM pg_catalog.pg_partition_tree(c.oid) p) "
        "ELSE pg_catalog.pg_relation_size(c.oid) END / "
        "pg_catalog.current_setting('block_size')::int, "
        "pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid), "
        "EXISTS (SELECT FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_class f ON "
        "f.oid = p.relid WHERE c.relkind = 'p' AND f.relkind = 'f') "
        "FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY o(oid, n) LEFT JOIN pg_catalog.pg_class "
        "c ON c.oid = o.oid ORDER BY n",
        {text_array(oids)});
    for (size_t i = 0; i < facts_.size(); ++i) {
      const Row& row = rows[i];
      facts_[i].pages = row[0] ? std::stoll(*row[0]) : 0;
      if (schema_.tables[i].foreign)
        facts_[i].unread = "it is a foreign table";
      else if (row[3] == "t")
        facts_[i].unread = "it has partitions that are foreign tables";
      else if (!row[1])
        facts_[i].unread = "it has just been dropped";
      else if (row[1] != "t")
        facts_[i].unread = "the right to read it (SELECT) is missing";
      else if (row[2] == "t")
        facts_[i].unread = "row security would hide rows";
    }
  }

  // Small tables first: what there is no time for is one of the large ones.
  template <class Act>
  void each_table(const char* done, Act&& act) {
    std::vector<TableIndex> order;
    for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
      if (schema_.tables[table].of_extension || !schema_.tables[table].outsider.empty()) continue;
      order.push_back(table);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](TableIndex a, TableIndex b) { return facts_[a].pages < facts_[b].pages; });
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

  // Whatever is wrong with one table, the others can be read.
  template <class Read>
  void read(TableIndex table, Read&& read) {
    std::string why = facts_[table].unread;
    if (why.empty() && is_late()) why = "there was no time left (company_backup.evidence_time)";
    if (why.empty()) {
      try {
        with_subtransaction(read, [&](const CaughtError& error) { why = error.message; });
      } catch (const Error& error) {
        why = error.message();
      }
    }
    if (why.empty()) return;
    facts_[table].unread = why;
    const auto same = [&](const UnreadTable& unread) { return unread.table == table; };
    if (std::none_of(unread_.begin(), unread_.end(), same)) unread_.push_back({table, why});
  }

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
      const int64_t pages = facts_[table].pages;
      const bool whole = pages <= kSampledPages;
      std::string from = from_rows(table);
      if (!whole) {
        from += " TABLESAMPLE SYSTEM (" +
                std::to_string(100.0 * kSampledPages / static_cast<double>(pages)) +
                ") REPEATABLE (0)";
      }
      take("SELECT " + cells_of(wanted) + from, wanted);
      if (whole) return;
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

  std::string from_rows(TableIndex table) const {
    return " FROM " + from_table(schema_.tables[table]) + " AS t";
  }

  // What is read of each row, in this order.
  struct Wanted {
    TableIndex table;
    std::vector<SampledColumn> columns;  // the value, and of which kind it is, if that is said
    std::vector<const Column*> nullable;
    std::vector<CompanyWay> ways;
    std::vector<const Column*> own;  // see own_row()
  };

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

  void take(const std::string& sql, const Wanted& wanted) {
    Cursor cursor(sql, {});
    for (Rows rows = cursor.fetch(kSampledAtOnce); !rows.empty();
         rows = cursor.fetch(kSampledAtOnce)) {
      for (const Row& row : rows) take(row, wanted);
    }
    cursor.close();
  }

  void take(const Row& row, const Wanted& wanted) {
    size_t cell = 1;
    for (const SampledColumn& column : wanted.columns) {
      const Text& value = row[cell++];
      const size_t kinds = cell;
      cell += column.kinds.size();
      if (value) add(wanted.table, column, *value, row.data() + kinds);
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
      if (is_known_or_one_more(of_kind)) add(of_kind, column, value);
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

  // Of one column there are only so many.
  bool is_known_or_one_more(const SamplePlace& place) {
    return collector_.knows(place) || ++places_[{place.table, place.column}] <= kMostPlaces;
  }

  void add_value(const SamplePlace& place, const std::string& value, bool named) {
    if (named || looks_generated(value)) collector_.add_value(place, value);
  }

  void add_document(SamplePlace& place, const std::string& json) {
    visit_values(json, [&](const std::string& path, std::string_view value) {
      if (!looks_generated(value) && !id_stem(last_name(path))) return;
      place.json_path = "$" + path;
      if (is_known_or_one_more(place)) collector_.add_value(place, value);
    });
  }

  void match(TableIndex table) {
    const std::vector<KeyColumn> keys = keys_to_match(schema_, table);
    if (keys.empty()) return;
    for (const KeyColumn& key : keys) {
      read(table, [&] {
        collector_.begin_key(table, key.column->number, key.alone);
        scan("SELECT " + short_text(*key.column) + from_rows(table));
      });
    }
    all_keys_ = all_keys_ && facts_[table].unread.empty();
  }

  struct Receiver {
    DestReceiver base;
    Gatherer* self;
  };

  void scan(const std::string& sql) {
    Receiver receiver{};
    init_receiver(receiver.base, [](TupleTableSlot* slot, DestReceiver* destination) {
      Gatherer* self = reinterpret_cast<Receiver*>(destination)->self;
      slot_getallattrs(slot);
      if (slot->tts_isnull[0]) return true;
      const Datum value = slot->tts_values[0];
      return callback([=] {
        const text* datum = DatumGetTextPP(value);
        self->collector_.add_key(
            from_server(std::string_view(VARDATA_ANY(datum), VARSIZE_ANY_EXHDR(datum))));
        CHECK_FOR_INTERRUPTS();
        return true;
      });
    });
    receiver.self = this;
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
  std::map<std::pair<TableIndex, int16_t>, size_t> places_;
  std::map<std::pair<TableIndex, int16_t>, PathEvidence> paths_;
  std::map<int16_t, PathSample> samples_;  // of the columns of one table
  bool all_keys_ = true;
  const Clock::time_point end_;
  Clock::time_point told_ = Clock::now();
};

}  // namespace

Evidence gather_evidence(const Schema& schema, const Settings& settings) {
  if (evidence_time == 0) return {};
  return Gatherer(schema, settings).gather();
}

}  // namespace company_backup
