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
#include "pg/check/short_cells.hpp"

extern "C" {
#include "storage/proc.h"
}

namespace company_backup {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampledPages = 128;  // of a table; all of them, if there are no more
constexpr size_t kMostPlaces = 200;     // of one column: paths, and kinds
constexpr size_t kMostPatterns = 1000;  // of one table, see RowEvidence
constexpr auto kTellEvery = std::chrono::seconds(5);
constexpr const char* kNoTime = "there was no time left (company_backup.evidence_time)";

// In bytes. What may be a kind is short: texts that are few are.
constexpr uint32_t kLongestKind = 64, kLongestId = 128, kLongestDocument = 65536;

// Why values of a column could not be looked at, and how often.
struct Unreadable {
  uint32_t too_long = 0, left_out = 0;
};

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
        collector_(most_values(schema)),
        middle_(Clock::now() + std::chrono::milliseconds(evidence_time * 500)),
        end_(Clock::now() + std::chrono::seconds(evidence_time)) {}

  Evidence gather() {
    load_facts();
    each_table("sampled", [&](TableIndex table) {
      sample(table);
      collector_.end_places();
    });
    if (collector_.places() > 0) {
      each_table("looked up", [&](TableIndex table) { match(table); });
    }
    Evidence evidence = collector_.finish();
    tell_unreadable();
    evidence.unread = std::move(unread_);
    evidence.rows = std::move(rows_);
    evidence.tables = std::move(tables_);
    evidence.has_rows = !evidence.rows.empty() || !evidence.tables.empty();
    evidence.all_keys = all_keys_;
    return evidence;
  }

 private:
  // What is read of each row, in this order.
  struct Wanted {
    TableIndex table;
    std::vector<SampledColumn> columns;  // the value, and of which kind it is, if that is said
    std::vector<const Column*> nullable;
    std::vector<CompanyWay> ways;
  };

  // So many of each place that all of them together keep within bounds.
  static size_t most_values(const Schema& schema) {
    size_t columns = 1;
    for (TableIndex table = 0; table < static_cast<TableIndex>(schema.tables.size()); ++table) {
      columns += columns_to_sample(schema, table).size();
    }
    const size_t share = std::max<size_t>(EvidenceCollector::kMostInAll / columns, 100);
    return std::min(share, static_cast<size_t>(evidence_rows));
  }

  void load_facts() {
    for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
      if (schema_.tables[table].foreign)
        facts_[table].unread = "it is a foreign table";
      else if (is_looked_at(table))
        read(table, [&] { load_facts(table); });
    }
  }

  // Waits for its lock.
  void load_facts(TableIndex table) {
    const Row row = one_row(query(
        "SELECT CASE WHEN c.relkind = 'p' THEN (SELECT pg_catalog.sum(pg_catalog.pg_relation_size("
        "p.relid)) FROM pg_catalog.pg_partition_tree(c.oid) p) "
        "ELSE pg_catalog.pg_relation_size(c.oid) END / "
        "pg_catalog.current_setting('block_size')::int, "
        "pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.row_security_active(c.oid), "
        "EXISTS (SELECT FROM pg_catalog.pg_partition_tree(c.oid) p JOIN pg_catalog.pg_class f ON "
        "f.oid = p.relid WHERE c.relkind = 'p' AND f.relkind = 'f') "
        "FROM (VALUES ($1::oid)) o(oid) LEFT JOIN pg_catalog.pg_class c ON c.oid = o.oid",
        {static_cast<int64_t>(schema_.tables[table].oid)}));
    TableFacts& facts = facts_[table];
    facts.pages = row[0] ? std::stoll(*row[0]) : 0;
    if (row[3] == "t")
      facts.unread = "it has partitions that are foreign tables";
    else if (!row[1])
      facts.unread = "it has just been dropped";
    else if (row[1] != "t")
      facts.unread = "the right to read it (SELECT) is missing";
    else if (row[2] == "t")
      facts.unread = "row security would hide rows";
  }

  bool is_looked_at(TableIndex table) const {
    return !schema_.tables[table].of_extension && schema_.tables[table].outsider.empty();
  }

  // Small tables first: what there is no time for is one of the large ones.
  template <class Act>
  void each_table(const char* done, Act&& act) {
    std::vector<TableIndex> order;
    for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
      if (is_looked_at(table)) order.push_back(table);
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

  // Whatever is wrong with one table, the others can be read. Of the time they have most, too, if
  // this one is locked.
  template <class Read>
  void read(TableIndex table, Read&& read) {
    std::string why = facts_[table].unread;
    if (why.empty() && is_late()) why = kNoTime;
    if (why.empty()) {
      try {
        with_subtransaction(
            [&] {
              const int settings = guarded([this] { return limit_waiting(); });
              read();
              guarded([=] { AtEOXact_GUC(false, settings); });
            },
            [&](const CaughtError& error) {
              why = error.sqlstate == "55P03" ? "it is locked" : error.message;
            });
      } catch (const Error& error) {
        why = error.message();
      }
    }
    if (why.empty()) return;
    facts_[table].unread = why;
    const auto same = [&](const UnreadTable& unread) {
      return unread.table == table && unread.column == 0;
    };
    if (std::none_of(unread_.begin(), unread_.end(), same)) unread_.push_back({table, why});
  }

  // Gives the level of settings to end.
  int limit_waiting() const {
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(end_ - Clock::now());
    const milliseconds share(evidence_time * 100);
    const int most = static_cast<int>(std::clamp(left, milliseconds(1), share).count());
    const int level = NewGUCNestLevel();
    if (LockTimeout == 0 || LockTimeout > most) {
      set_config_option("lock_timeout", psprintf("%d", most), PGC_USERSET, PGC_S_SESSION,
                        GUC_ACTION_SAVE, true, 0, false);
    }
    return level;
  }

  void sample(TableIndex table) {
    Wanted wanted{table, columns_to_sample(schema_, table), nullable_columns(schema_, table),
                  company_ways(schema_, settings_, table)};
    std::erase_if(wanted.ways, [&](const CompanyWay& way) {
      return !is_looked_at(way.key->target) || !facts_[way.key->target].unread.empty();
    });
    if (wanted.columns.empty() && wanted.nullable.empty() && wanted.ways.size() < 2) return;
    read(table, [&] {
      const int64_t pages = facts_[table].pages;
      const bool whole = pages <= kSampledPages;
      std::string from = from_rows(table);
      if (!whole) {
        from += " TABLESAMPLE SYSTEM (" +
                std::to_string(100.0 * kSampledPages / static_cast<double>(pages)) +
                ") REPEATABLE (0)";
      }
      take(from, wanted, end_);
      if (!whole) sample_rare(wanted);
    });
  }

  // What is nearly everywhere NULL a sample misses. Not beyond half of the time: what is NULL
  // everywhere takes the longest.
  void sample_rare(const Wanted& wanted) {
    Wanted rare{wanted.table, {}, {}, {}};
    for (const SampledColumn& column : wanted.columns) {
      if (!rows_.contains({wanted.table, column.column->number})) rare.columns.push_back(column);
    }
    if (rare.columns.empty() || take(from_rows(wanted.table), rare, middle_)) return;
    for (const SampledColumn& column : rare.columns) {
      if (rows_.contains({wanted.table, column.column->number})) continue;
      unread_.push_back({wanted.table, "it is NULL in all rows that there was time to look at",
                         column.column->number});
    }
  }

  std::string from_rows(TableIndex table) const {
    return " FROM " + from_table(schema_.tables[table]) + " AS t";
  }

  struct Cells {
    std::string list;
    std::vector<uint32_t> longest;
    void add(const std::string& sql, uint32_t most) {
      list += (list.empty() ? "" : ", ") + sql;
      longest.push_back(most);
    }
  };

  Cells cells_of(const Wanted& wanted) const {
    Cells cells;
    for (const SampledColumn& column : wanted.columns) {
      cells.add(column_sql("t", *column.column), kLongestDocument);
      for (const Column* kind : column.kinds) cells.add(column_sql("t", *kind), kLongestKind);
    }
    for (const Column* column : wanted.nullable) {
      cells.add(column_sql("t", *column) + " IS NULL", kLongestKind);
    }
    for (const CompanyWay& way : wanted.ways) cells.add(company_by(way), kLongestId);
    return cells;
  }

  std::string company_by(const CompanyWay& way) const {
    const std::string value = column_sql("t", *way.column);
    if (way.company == nullptr) return value;
    const Table& target = schema_.tables[way.key->target];
    return "(SELECT " + column_sql("w", *way.company) + " FROM " + from_table(target) +
           " AS w WHERE " + column_sql("w", column_of(target, way.key->target_columns[0])) + " " +
           way.key->operators[0] + " " + value + ")";
  }

  // As far as there is time; false: not all of it.
  bool take(const std::string& from, const Wanted& wanted, Clock::time_point end) {
    const Cells cells = cells_of(wanted);
    return read_short_cells("SELECT " + cells.list + from, cells.longest,
                            [&](std::span<const Cell> row) {
                              take(row, wanted);
                              return Clock::now() < end;
                            });
  }

  void take(std::span<const Cell> row, const Wanted& wanted) {
    size_t cell = 0;
    for (const SampledColumn& column : wanted.columns) {
      const Cell& value = row[cell++];
      const auto kinds = row.subspan(cell, column.kinds.size());
      cell += kinds.size();
      if (value) add(wanted.table, column, value.text, kinds);
      if (value.state == Cell::State::kTooLong && may_be_read(column, value))
        ++unreadable_[{wanted.table, column.column->number}].too_long;
    }
    if (wanted.nullable.empty() && wanted.ways.empty()) return;
    RowEvidence& evidence = tables_[wanted.table];
    if (evidence.patterns.size() == kMostPatterns) return;
    if (evidence.rows++ == 0) {
      for (const Column* column : wanted.nullable) evidence.columns.push_back(column->number);
    }
    std::string pattern;
    for (size_t i = 0; i < wanted.nullable.size(); ++i)
      pattern += row[cell++].text == "t" ? 'n' : 'v';
    ++evidence.patterns[pattern];
    for (size_t i = 0; i < wanted.ways.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        if (row[cell + i] && row[cell + k] && row[cell + i].text != row[cell + k].text) {
          evidence.conflicts.insert(
              std::minmax(wanted.ways[i].column->number, wanted.ways[k].column->number));
        }
      }
    }
  }

  // Would it be, if it were shorter? No ID is so long, and no prose is a document.
  static bool may_be_read(const SampledColumn& column, const Cell& value) {
    if (column.column->family != TypeFamily::kText) return true;
    return !column.named && may_be_document(value.text);
  }

  static bool may_be_document(std::string_view text) {
    return text.starts_with('{') || text.starts_with('[');
  }

  // `kinds`: of the row, one for each of the column's.
  void add(TableIndex table, const SampledColumn& column, std::string_view value,
           std::span<const Cell> kinds) {
    const SamplePlace place{table, column.column->number, {}, 0, {}};
    ++rows_[{table, column.column->number}];
    if (!column.kind_is_said) add(place, column, value);
    for (size_t i = 0; i < column.kinds.size(); ++i) {
      if (!kinds[i]) continue;
      SamplePlace of_kind = place;
      of_kind.when_column = column.kinds[i]->number;
      of_kind.when_value = kinds[i].text;
      if (is_known_or_one_more(of_kind)) add(of_kind, column, value);
    }
  }

  void add(SamplePlace place, const SampledColumn& column, std::string_view value) {
    if (column.column->family == TypeFamily::kJson ||
        (column.column->family == TypeFamily::kText && !column.named && may_be_document(value))) {
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

  void add_value(const SamplePlace& place, std::string_view value, bool named) {
    if (named || looks_generated(value)) collector_.add_value(place, value);
  }

  void add_document(SamplePlace& place, std::string_view json) {
    const auto add = [&](const std::string& path, std::string_view value) {
      if (!looks_generated(value) && !id_stem(last_name(path))) return;
      place.json_path = "$" + path;
      if (is_known_or_one_more(place)) collector_.add_value(place, value);
    };
    // A text that is none only looks like a document.
    if (visit_values(json, add) == DocumentRead::kInPart)
      ++unreadable_[{place.table, place.column}].left_out;
  }

  void tell_unreadable() {
    for (const auto& [at, times] : unreadable_) {
      if (times.too_long > 0)
        unread_.push_back({at.first,
                           std::to_string(times.too_long) +
                               " of its values in the sample are too long to be looked at",
                           at.second});
      if (times.left_out > 0)
        unread_.push_back({at.first,
                           std::to_string(times.left_out) +
                               " of its documents in the sample have values where no path leads "
                               "to: beneath names that are empty, too long or have a NUL "
                               "character, or too deep",
                           at.second});
    }
  }

  void match(TableIndex table) {
    const std::vector<KeyColumn> keys = keys_to_match(schema_, table);
    if (keys.empty()) return;
    for (const KeyColumn& key : keys) {
      read(table, [&] {
        collector_.begin_key(table, key.column->number, key.alone);
        scan("SELECT " + column_sql("t", *key.column) + from_rows(table));
      });
    }
    all_keys_ = all_keys_ && facts_[table].unread.empty();
  }

  // Part of the keys proves nothing.
  void scan(const std::string& sql) {
    uint32_t rows = 0;
    const bool whole = read_short_cells(sql, {kLongestId}, [&](std::span<const Cell> row) {
      constexpr uint32_t kBetweenLooks = 256;
      if (row[0]) collector_.add_key(row[0].text);
      return ++rows % kBetweenLooks != 0 || !is_late();
    });
    if (!whole) throw Error(sqlstate::kInternal, kNoTime);
  }

  const Schema& schema_;
  const Settings& settings_;
  std::vector<TableFacts> facts_;
  EvidenceCollector collector_;
  std::vector<UnreadTable> unread_;
  std::map<TableIndex, RowEvidence> tables_;
  std::map<std::pair<TableIndex, int16_t>, uint32_t> rows_;  // see Evidence
  std::map<std::pair<TableIndex, int16_t>, size_t> places_;
  std::map<std::pair<TableIndex, int16_t>, Unreadable> unreadable_;
  bool all_keys_ = true;
  const Clock::time_point middle_, end_;
  Clock::time_point told_ = Clock::now();
};

}  // namespace

Evidence gather_evidence(const Schema& schema, const Settings& settings) {
  if (evidence_time == 0) return {};
  return Gatherer(schema, settings).gather();
}

}  // namespace company_backup
