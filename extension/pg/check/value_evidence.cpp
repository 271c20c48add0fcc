#include "pg/check/value_evidence.hpp"

#include <algorithm>
#include <chrono>

#include "core/scope/document_values.hpp"
#include "core/scope/scope_sampling.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/module.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampledPages = 128;     // of a table; all of them, if there are no more
constexpr long kSampledAtOnce = 500;       // read at once
constexpr size_t kMostPlaces = 200;        // of one column: paths, and kinds
constexpr size_t kMostValues = 4'000'000;  // kept of all columns: 64 MB
constexpr auto kTellEvery = std::chrono::seconds(5);

// As text, if it is short enough for an ID.
std::string short_text(const Column& column) {
  const std::string text = as_text(column_sql("t", column), column);
  if (column.family != TypeFamily::kText) return text;
  return "CASE WHEN pg_catalog.octet_length(" + text + ") <= 128 THEN " + text + " END";
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
  explicit Gatherer(const Schema& schema)
      : schema_(schema),
        facts_(schema.tables.size()),
        collector_(most_values(schema)),
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
    evidence.has_rows = !evidence.rows.empty();
    evidence.all_keys = all_keys_;
    return evidence;
  }

 private:
  // So many of each place that all of them together keep within bounds.
  static size_t most_values(const Schema& schema) {
    size_t columns = 1;
    for (TableIndex table = 0; table < static_cast<TableIndex>(schema.tables.size()); ++table) {
      columns += columns_to_sample(schema, table).size();
    }
    return std::clamp<size_t>(kMostValues / columns, 100, static_cast<size_t>(evidence_rows));
  }

  void load_facts() {
    std::vector<std::string> oids;
    for (const Table& table : schema_.tables) oids.push_back(std::to_string(table.oid));
    const Rows rows = query(
        "SELECT CASE WHEN c.relkind = 'p' THEN (SELECT pg_catalog.sum(pg_catalog.pg_relation_size("
        "p.relid)) FROM pg_catalog.pg_partition_tree(c.oid) p) "
        "ELSE pg_catalog.pg_relation_size(c.oid) END / "
        "pg_catalog.current_setting('block_size')::int, "
        "pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid) "
        "FROM pg_catalog.unnest($1::oid[]) WITH ORDINALITY o(oid, n) LEFT JOIN pg_catalog.pg_class "
        "c ON c.oid = o.oid ORDER BY n",
        {text_array(oids)});
    for (size_t i = 0; i < facts_.size(); ++i) {
      const Row& row = rows[i];
      facts_[i].pages = row[0] ? std::stoll(*row[0]) : 0;
      if (schema_.tables[i].foreign)
        facts_[i].unread = "it is a foreign table";
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
    const std::vector<SampledColumn> columns = columns_to_sample(schema_, table);
    if (columns.empty()) return;
    read(table, [&] {
      std::string list;
      for (const SampledColumn& column : columns) {
        list += (list.empty() ? "" : ", ") + sampled_text(*column.column);
        if (column.kind != nullptr)
          list += ", " + as_text(column_sql("t", *column.kind), *column.kind);
      }
      const std::string from = " FROM " + from_table(schema_.tables[table]) + " AS t";
      const int64_t pages = facts_[table].pages;
      const bool whole = pages <= kSampledPages;
      std::string some;
      if (!whole) {
        some = " TABLESAMPLE SYSTEM (" + std::to_string(100.0 * kSampledPages / double(pages)) +
               ") REPEATABLE (0)";
      }
      found_.assign(columns.size(), 0);
      take("SELECT " + list + from + some, table, columns, 0);
      // What is nearly everywhere NULL a sample misses.
      for (size_t i = 0; i < columns.size() && !whole; ++i) {
        if (found_[i] > 0 || is_late()) continue;
        const std::string value = column_sql("t", *columns[i].column);
        std::string one = sampled_text(*columns[i].column);
        if (columns[i].kind != nullptr)
          one += ", " + as_text(column_sql("t", *columns[i].kind), *columns[i].kind);
        take("SELECT " + one + from + " WHERE " + value + " IS NOT NULL LIMIT " +
                 std::to_string(evidence_rows),
             table, {columns[i]}, i);
      }
    });
  }

  // The rows of `sql`: each column, and what its kind is. `first`: the first column's number.
  void take(const std::string& sql, TableIndex table, const std::vector<SampledColumn>& columns,
            size_t first) {
    Cursor cursor(sql, {});
    for (Rows rows = cursor.fetch(kSampledAtOnce); !rows.empty();
         rows = cursor.fetch(kSampledAtOnce)) {
      for (const Row& row : rows) {
        size_t cell = 0;
        for (size_t i = 0; i < columns.size(); ++i) {
          const Text& value = row[cell++];
          const Text* kind = columns[i].kind == nullptr ? nullptr : &row[cell++];
          if (value) add(table, columns[i], *value, kind, found_[first + i]);
        }
      }
    }
    cursor.close();
  }

  void add(TableIndex table, const SampledColumn& column, const std::string& value,
           const Text* kind, size_t& found) {
    SamplePlace place{table, column.column->number, {}, 0, {}};
    if (kind != nullptr) {
      if (!*kind) return;
      place.when_column = column.kind->number;
      place.when_value = **kind;
    }
    ++found;
    ++rows_[{table, column.column->number}];
    if (column.column->family == TypeFamily::kJson) {
      add_document(place, value);
    } else if (is_array(*column.column)) {
      for (const std::string& element : parse_text_array(value))
        add_value(place, element, column.named);
    } else if (column.column->family == TypeFamily::kText && !column.named &&
               (value.starts_with('{') || value.starts_with('['))) {
      add_document(place, value);
    } else {
      add_value(place, value, column.named);
    }
  }

  void add_value(const SamplePlace& place, const std::string& value, bool named) {
    if (named || looks_generated(value)) collector_.add_value(place, value);
  }

  void add_document(SamplePlace& place, const std::string& json) {
    size_t& places = documents_[{place.table, place.column}];
    visit_values(json, [&](const std::string& path, std::string_view value) {
      if (!looks_generated(value) && !id_stem(last_name(path))) return;
      place.json_path = "$" + path;
      if (!collector_.knows(place) && ++places > kMostPlaces) return;
      collector_.add_value(place, value);
    });
  }

  void match(TableIndex table) {
    const std::vector<const Column*> keys = keys_to_match(schema_.tables[table]);
    if (keys.empty()) return;
    for (const Column* key : keys) {
      read(table, [&] {
        collector_.begin_key(table, key->number);
        scan("SELECT " + short_text(*key) + " FROM " + from_table(schema_.tables[table]) + " AS t");
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
        self->collector_.add_key({VARDATA_ANY(datum), VARSIZE_ANY_EXHDR(datum)});
        CHECK_FOR_INTERRUPTS();
        return true;
      });
    });
    receiver.self = this;
    stream(sql, {}, &receiver.base);
  }

  const Schema& schema_;
  std::vector<TableFacts> facts_;
  EvidenceCollector collector_;
  std::vector<UnreadTable> unread_;
  std::vector<size_t> found_;  // by column: rows of the sample that have a value
  std::map<std::pair<TableIndex, int16_t>, uint32_t> rows_;     // see Evidence
  std::map<std::pair<TableIndex, int16_t>, size_t> documents_;  // places in them
  bool all_keys_ = true;
  const Clock::time_point end_;
  Clock::time_point told_ = Clock::now();
};

}  // namespace

Evidence gather_evidence(const Schema& schema) {
  if (evidence_time == 0) return {};
  return Gatherer(schema).gather();
}

}  // namespace company_backup
