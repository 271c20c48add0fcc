#include "pg/check/value_evidence.hpp"

#include <algorithm>
#include <chrono>

#include "core/scope/discovery.hpp"
#include "core/scope/document_values.hpp"
#include "core/scope/path_folding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/path_sampling.hpp"
#include "core/scope/row_uses.hpp"
#include "core/scope/scope_sampling.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/scope/told_kinds.hpp"
#include "core/text/names.hpp"
#include "core/text/quoting.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/module.hpp"
#include "pg/base/spi.hpp"
#include "pg/base/time_limit.hpp"
#include "pg/check/short_cells.hpp"

extern "C" {
#include "storage/proc.h"
}

namespace company_backup {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSampledPages = 128;     // of a table; all of them, if there are no more
constexpr size_t kMostKinds = 200;         // of one column
constexpr size_t kMostCounted = 20'000;    // of these, to say how many there are
constexpr size_t kMostPatterns = 1000;     // of one table, see RowEvidence
constexpr size_t kMostPairs = 300'000;     // values of pairs of columns, in all
constexpr int kMostUses = 1000;            // of rows by one reference
constexpr uint64_t kMostRows = 1'000'000;  // of a table, to say how many there are
constexpr auto kForeignTime = std::chrono::seconds(10);  // at most, for one foreign table
constexpr auto kTellEvery = std::chrono::seconds(5);
constexpr const char* kNoTime = "there was no time left (company_backup.evidence_time)";

// In bytes. What may be a kind is short: texts that are few are.
constexpr uint32_t kLongestKind = 64, kLongestId = 128, kLongestPair = 1024;
constexpr uint32_t kLongestDocument = 65536;
// Longer ones are looked at one by one: so many of a column.
constexpr uint32_t kLongestOfFew = 4'194'304, kLongDocuments = 10;

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

// Why values of a column could not be looked at, and how often.
struct Unreadable {
  uint32_t too_long = 0, left_out = 0;
};

struct TableFacts {
  int64_t pages = 0;
  bool foreign = false;  // it is, or a partition of it
  std::string server;    // of a foreign table
  std::string unread;    // why it cannot be; empty: it can
};

class Gatherer {
 public:
  Gatherer(const Schema& schema, const Rules& rules)
      : schema_(schema),
        rules_(rules),
        settings_(rules.settings),
        facts_(schema.tables.size()),
        nouns_(schema),
        collector_(most_values(schema, nouns_)),
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
    std::vector<PairEvidence> pairs = pair_evidence();
    Evidence evidence = collector_.finish();
    forget_followers(schema_, evidence);
    tell_kinds(evidence);
    evidence.crowded = crowded();
    evidence.pairs = std::move(pairs);
    tell_unreadable();
    evidence.unread = std::move(unread_);
    evidence.rows = std::move(rows_);
    evidence.tables = std::move(tables_);
    evidence.paths = std::move(paths_);
    evidence.has_rows = !evidence.rows.empty() || !evidence.tables.empty();
    evidence.all_keys = all_keys_;
    if (evidence.has_rows) evidence.uses = uses(evidence);
    return evidence;
  }

 private:
  // What is read of each row, in this order.
  struct Wanted {
    TableIndex table;
    std::vector<SampledColumn> columns;  // the value, and of which kind it is, if that is said
    std::vector<const Column*> nullable;
    std::vector<CompanyWay> ways;
    std::vector<const Column*> own;  // see own_row()
  };

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
    for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
      if (is_looked_at(table)) read(table, [&] { load_facts(table); });
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
        "f.oid = p.relid WHERE c.relkind = 'p' AND f.relkind = 'f'), s.srvname "
        "FROM (VALUES ($1::oid)) o(oid) LEFT JOIN pg_catalog.pg_class c ON c.oid = o.oid "
        "LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid "
        "LEFT JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver",
        {static_cast<int64_t>(schema_.tables[table].oid)}));
    TableFacts& facts = facts_[table];
    facts.pages = row[0] ? std::stoll(*row[0]) : 0;
    facts.foreign = schema_.tables[table].foreign || row[3] == "t";
    facts.server = row[4].value_or("");
    if (!row[1])
      facts.unread = "it has just been dropped";
    else if (row[1] != "t")
      facts.unread = "the right to read it (SELECT) is missing";
    else if (row[2] == "t")
      facts.unread = "row security would hide rows";
  }

  bool is_looked_at(TableIndex table) const {
    return !schema_.tables[table].of_extension && schema_.tables[table].outsider.empty();
  }

  // Small tables first, and those that others may keep from answering last: what there is no time
  // for is one of these or of the large ones.
  template <class Act>
  void each_table(const char* done, Act&& act) {
    std::vector<TableIndex> order;
    for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
      if (is_looked_at(table)) order.push_back(table);
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

  // A foreign table answers when it likes. Of another the rows come, and the clock is looked at.
  template <class Read>
  void read_in_time(TableIndex table, Read&& read) {
    using std::chrono::milliseconds;
    if (!facts_[table].foreign) {
      read();
      return;
    }
    const std::string& server = facts_[table].server;
    if (silent_.contains(server)) {
      throw Error("08001", "its server " + quote_name(server) + " has just not answered");
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end_ - Clock::now());
    if (run_within(std::min<milliseconds>(left / 4, kForeignTime), read)) return;
    note_silent(table);
    throw Error("57014", "there was no answer within the time for it");
  }

  void note_silent(TableIndex table) {
    if (!facts_[table].server.empty()) silent_.insert(facts_[table].server);
  }

  // Whatever is wrong with one table, the others can be read. Of the time they have most, too, if
  // this one is locked.
  template <class Read>
  void read(TableIndex table, Read&& read) {
    const std::string why = try_to_read(table, read);
    if (why.empty()) return;
    facts_[table].unread = why;
    const auto same = [&](const UnreadTable& unread) {
      return unread.table == table && unread.column == 0;
    };
    if (std::none_of(unread_.begin(), unread_.end(), same)) unread_.push_back({table, why});
  }

  // Gives what is wrong; empty: nothing.
  template <class Read>
  std::string try_to_read(TableIndex table, Read&& read) {
    std::string why = facts_[table].unread;
    if (why.empty() && is_late()) why = kNoTime;
    if (!why.empty()) return why;
    try {
      with_subtransaction(
          [&] {
            const int settings = guarded([this] { return limit_waiting(); });
            read_in_time(table, read);
            guarded([=] { AtEOXact_GUC(false, settings); });
          },
          [&](const CaughtError& error) {
            why = error.sqlstate == "55P03" ? "it is locked" : error.message;
            if (error.sqlstate.starts_with("08")) note_silent(table);
          });
    } catch (const Error& error) {
      why = error.message();
    }
    return why;
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
    Wanted wanted{table, columns_to_sample(schema_, nouns_, table),
                  nullable_columns(schema_, table), company_ways(schema_, settings_, table),
                  own_row(table)};
    std::erase_if(wanted.ways, [&](const CompanyWay& way) {
      return std::any_of(way.keys.begin(), way.keys.end(), [&](const ForeignKey* key) {
        const TableFacts& target = facts_[key->target];
        return !is_looked_at(key->target) || !target.unread.empty() || target.foreign;
      });
    });
    if (wanted.columns.empty() && wanted.nullable.empty() && wanted.ways.size() < 2) return;
    samples_.clear();
    read(table, [&] {
      if (facts_[table].foreign) {
        sample_foreign(wanted);
        return;
      }
      take(from_sample(table), wanted, end_);
      sample_long(wanted);
      if (!is_read_whole(table)) sample_rare(wanted);
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
    refuse_code_of_types(schema_.tables[wanted.table]);
    take(from_rows(wanted.table) + " LIMIT " + std::to_string(evidence_rows), wanted, end_);
  }

  // Some of the documents that were too long to be read in numbers.
  void sample_long(const Wanted& wanted) {
    for (const SampledColumn& column : wanted.columns) {
      const auto found = unreadable_.find({wanted.table, column.column->number});
      if (found == unreadable_.end()) continue;
      Cells cells;
      cells.add(column_sql("t", *column.column), kLongestDocument);
      add_cells(cells, column, kLongestOfFew);
      const uint32_t most = std::min(found->second.too_long, kLongDocuments);
      uint32_t count = 0;
      const auto take = [&](std::span<const Cell> row) {
        const bool is_long = row[0].state == Cell::State::kTooLong && may_be_read(column, row[0]);
        if (is_long && row[1]) {
          ++count;
          add(wanted.table, column, row[1].text, row.subspan(2));
        }
        return count < most && Clock::now() < middle_;
      };
      if (most > 0)
        read_short_cells("SELECT " + cells.list + from_sample(wanted.table), cells.longest, take);
      found->second.too_long -= count;
    }
  }

  // What is nearly everywhere NULL a sample misses. Not beyond half of the time: what is NULL
  // everywhere takes the longest.
  void sample_rare(const Wanted& wanted) {
    Wanted rare{wanted.table, {}, {}, {}, wanted.own};
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

  static void add_cells(Cells& cells, const SampledColumn& column, uint32_t most) {
    cells.add(column_sql("t", *column.column), most);
    for (const Column* kind : column.kinds) cells.add(column_sql("t", *kind), kLongestKind);
  }

  Cells cells_of(const Wanted& wanted) const {
    Cells cells;
    for (const SampledColumn& column : wanted.columns) add_cells(cells, column, kLongestDocument);
    for (const Column* column : wanted.nullable) {
      cells.add(column_sql("t", *column) + " IS NULL", kLongestKind);
    }
    for (const CompanyWay& way : wanted.ways) cells.add(company_by(way), kLongestId);
    for (const Column* column : wanted.own) cells.add(column_sql("t", *column), kLongestId);
    return cells;
  }

  std::string company_by(const CompanyWay& way, size_t step = 0,
                         const std::string& from = "t") const {
    const ForeignKey& key = *way.keys[step];
    const Column& column = column_of(schema_.tables[key.table], key.columns[0]);
    const std::string value = column_sql(from, column);
    const bool is_last = step + 1 == way.keys.size();
    if (is_last && way.company == nullptr) return value;
    const Table& target = schema_.tables[key.target];
    const std::string name = "w" + std::to_string(step);
    return "(SELECT " +
           (is_last ? column_sql(name, *way.company) : company_by(way, step + 1, name)) + " FROM " +
           from_table(target) + " AS " + name + " WHERE " +
           column_sql(name, column_of(target, key.target_columns[0])) + " " + key.operators[0] +
           " " + value + ")";
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
    see_paths(row, wanted);
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
        if (!row[cell + i] || !row[cell + k]) continue;
        const std::pair<int16_t, int16_t> columns =
            std::minmax(wanted.ways[i].column->number, wanted.ways[k].column->number);
        evidence.compared.insert(columns);
        if (row[cell + i].text != row[cell + k].text) evidence.conflicts.insert(columns);
      }
    }
  }

  void see_paths(std::span<const Cell> row, const Wanted& wanted) {
    const size_t first = row.size() - wanted.own.size();
    std::vector<std::string> parents;
    for (size_t i = first + 1; i < row.size(); ++i) {
      if (row[i]) parents.emplace_back(row[i].text);
    }
    const std::string own(wanted.own.empty() ? std::string_view() : row[first].text);
    size_t cell = 0;
    for (const SampledColumn& column : wanted.columns) {
      const Cell& value = row[cell];
      cell += 1 + column.kinds.size();
      if (!value || !holds_text(*column.column)) continue;
      const int16_t number = column.column->number;
      const auto ids = wanted.own.empty() ? std::nullopt : path_ids(*wanted.own[0]);
      SamplePlace place{.table = wanted.table, .column = number, .separated = true};
      samples_.try_emplace(number, ids, names_path(*column.column))
          .first->second.see(value.text, own, parents,
                             [&](const std::string& id) { collector_.add_value(place, id); });
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
    const SamplePlace place{.table = table, .column = column.column->number};
    ++rows_[{table, column.column->number}];
    if (!column.kind_is_said) add(place, column, value);
    for (size_t i = 0; i < column.kinds.size(); ++i) {
      if (!kinds[i]) continue;
      SamplePlace of_kind = place;
      of_kind.when_column = column.kinds[i]->number;
      of_kind.when_value = kinds[i].text;
      if (is_known_or_one_more(of_kind, column.kind_is_said)) add(of_kind, column, value);
    }
  }

  void add(const SamplePlace& place, const SampledColumn& column, std::string_view value) {
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

  void add_value(const SamplePlace& place, std::string_view value, bool named) {
    if (named || looks_generated(value)) collector_.add_value(place, value);
  }

  void add_document(const SamplePlace& place, std::string_view json) {
    PathFolder& folder = folders_[place];
    const auto at = [&](const std::string& path) {
      SamplePlace there = place;
      there.json_path = "$" + path;
      return there;
    };
    const auto add = [&](const std::string& path, std::string_view value) {
      folder.count(path);
      if (!looks_generated(value) && !id_stem(last_name(path))) return;
      const std::optional<std::string> there = folder.place(path);
      for (const auto& [from, to] : folder.take_moved()) collector_.move(at(from), at(to));
      if (there) collector_.add_value(at(*there), value);
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
        scan("SELECT " + column_sql("t", *key.column) + from_rows(table), kLongestId, collector_);
      });
    }
    all_keys_ = all_keys_ && facts_[table].unread.empty();
  }

  // Once more those columns whose values are keys of several tables, by what other columns of the
  // row say. Of the keys only those that matched are looked at again.
  void tell_kinds(Evidence& evidence) {
    std::vector<MixedColumn> mixed = mixed_columns(schema_, settings_, evidence);
    std::set<std::pair<TableIndex, int16_t>> keys;
    std::erase_if(mixed, [&](const MixedColumn& one) {
      const auto& matches = evidence.find(one.table, one.column->number)->matches;
      if (facts_[one.table].foreign ||
          std::any_of(matches.begin(), matches.end(),
                      [&](const KeyMatch& match) { return facts_[match.table].foreign; }))
        return true;
      for (const KeyMatch& match : matches) {
        if (match.alone) keys.insert({match.table, match.column});
      }
      return false;
    });
    if (mixed.empty()) return;
    size_t places = 0;
    for (const MixedColumn& one : mixed) places += one.kinds.size() * kMostToldKinds;
    const size_t share = std::max<size_t>(EvidenceCollector::kMostInAll / places, 100);
    EvidenceCollector collector(std::min(share, static_cast<size_t>(evidence_rows)));
    std::set<std::tuple<TableIndex, int16_t, int16_t>> none;  // that tell no kinds
    bool is_read = true;
    for (const MixedColumn& one : mixed) {
      is_read =
          is_read && try_to_read(one.table, [&] { sample_kinds(one, collector, none); }).empty();
      collector.end_places();
    }
    for (const auto& key : keys) {
      const TableIndex table = key.first;
      const int16_t column = key.second;
      if (!is_read) break;
      is_read = try_to_read(table, [&] {
                  collector.begin_key(table, column);
                  scan("SELECT " + column_sql("t", column_of(schema_.tables[table], column)) +
                           from_rows(table),
                       kLongestId, collector);
                }).empty();
    }
    if (!is_read) {
      for (const MixedColumn& one : mixed)
        unread_.push_back({one.table,
                           "its values are keys of several tables; which column tells of which, "
                           "could not be looked at",
                           one.column->number});
      return;
    }
    Evidence kinds = collector.finish();
    std::erase_if(kinds.places, [&](const PlaceEvidence& kind) {
      const SamplePlace& at = kind.place;
      return none.contains({at.table, at.column, at.when_column});
    });
    forget_followers(schema_, kinds);
    add_told_kinds(schema_, evidence, kinds);
  }

  // A column that is NULL beside a value, is long, or has many values, tells no kinds.
  void sample_kinds(const MixedColumn& mixed, EvidenceCollector& collector,
                    std::set<std::tuple<TableIndex, int16_t, int16_t>>& none) {
    Cells cells;
    cells.add(column_sql("t", *mixed.column), kLongestId);
    for (const Column* kind : mixed.kinds) cells.add(column_sql("t", *kind), kLongestKind);
    std::vector<std::set<std::string, std::less<>>> values(mixed.kinds.size());
    std::vector<bool> out(mixed.kinds.size(), false);
    SamplePlace place{.table = mixed.table, .column = mixed.column->number};
    const auto take = [&](std::span<const Cell> row) {
      if (row[0].state == Cell::State::kTooLong) out.assign(out.size(), true);  // it holds texts
      for (size_t i = 0; row[0] && i < out.size(); ++i) {
        const Cell& kind = row[i + 1];
        if (out[i]) continue;
        if (kind) values[i].emplace(kind.text);
        out[i] = !kind || values[i].size() > kMostToldKinds;
        if (out[i]) continue;
        place.when_column = mixed.kinds[i]->number;
        place.when_value = kind.text;
        collector.add_value(place, row[0].text);
      }
      return !is_late() && std::find(out.begin(), out.end(), false) != out.end();
    };
    read_short_cells("SELECT " + cells.list + from_sample(mixed.table), cells.longest, take);
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i]) none.insert({mixed.table, mixed.column->number, mixed.kinds[i]->number});
    }
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
      if (facts_[pairs[i].table].foreign || !is_looked_at(pairs[i].table) ||
          !is_looked_at(pairs[i].target))
        continue;
      read(pairs[i].table, [&] {
        const Table& table = schema_.tables[pairs[i].table];
        read_short_cells(
            "SELECT " + text_of_pair(table, pairs[i].columns) + from_sample(pairs[i].table),
            {kLongestPair}, [&](std::span<const Cell> row) {
              if (row[0]) collector.add_value(place_of(i), row[0].text);
              return !is_late();
            });
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
             kLongestPair, collector);
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

  // By rows whose company is proved. What cannot be read says nothing.
  std::map<TableIndex, UseEvidence> uses(const Evidence& evidence) {
    std::map<TableIndex, UseEvidence> found;
    Scope scope;
    try {
      scope = proved_scope(schema_, rules_, "", evidence);
    } catch (const Error&) {
      return found;  // that none can be found, whoever needs it says
    }
    if (!has_companies(scope.company_table)) return found;
    std::map<TableIndex, UseCounter> counters;
    const std::vector<RowUse> all = row_uses(schema_, rules_, scope);
    for (size_t i = 0; i < all.size(); ++i) {
      tell("compared", i, all.size());
      count_uses(scope, all[i], counters[all[i].table]);
    }
    for (const auto& [table, counter] : counters) found[table] = counter.count(rows_of(table));
    return found;
  }

  bool has_companies(TableIndex company) {
    size_t count = 0;
    try_to_read(company, [&] { count = query("SELECT" + from_rows(company) + " LIMIT 2").size(); });
    return count > 1;
  }

  void count_uses(const Scope& scope, const RowUse& use, UseCounter& counter) {
    if (!std::all_of(use.read.begin(), use.read.end(), [&](TableIndex table) {
          return is_looked_at(table) && facts_[table].unread.empty() && !facts_[table].foreign;
        }))
      return;
    const std::string sample = from_sample(use.by).substr(std::string(" FROM ").size());
    try_to_read(use.by, [&] {
      read_short_cells(uses_query(schema_, scope, use, sample, kMostUses), {kLongestId, kLongestId},
                       [&](std::span<const Cell> row) {
                         if (row[0] && row[1]) counter.add(row[0].text, row[1].text);
                         return !is_late();
                       });
    });
  }

  // 0: they are too many, or cannot be counted.
  uint64_t rows_of(TableIndex table) {
    uint64_t rows = 0;
    try_to_read(table, [&] {
      rows =
          std::stoull(one_value(query("SELECT pg_catalog.count(*) FROM (SELECT" + from_rows(table) +
                                      " LIMIT " + std::to_string(kMostRows) + ") AS r")));
    });
    return rows < kMostRows ? rows : 0;
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
    return all;
  }

  // Part of the keys proves nothing.
  void scan(const std::string& sql, uint32_t longest, EvidenceCollector& collector) {
    uint32_t rows = 0;
    const bool whole = read_short_cells(sql, {longest}, [&](std::span<const Cell> row) {
      constexpr uint32_t kBetweenLooks = 256;
      if (row[0]) collector.add_key(row[0].text);
      return ++rows % kBetweenLooks != 0 || !is_late();
    });
    if (!whole) throw Error(sqlstate::kInternal, kNoTime);
  }

  const Schema& schema_;
  const Rules& rules_;
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
  std::set<std::string> silent_;  // servers that did not answer
  std::map<std::pair<TableIndex, int16_t>, Unreadable> unreadable_;
  bool all_keys_ = true;
  const Clock::time_point middle_, end_;
  Clock::time_point told_ = Clock::now();
};

}  // namespace

Evidence gather_evidence(const Schema& schema, const Rules& rules) {
  if (evidence_time == 0) return {};
  return Gatherer(schema, rules).gather();
}

}  // namespace company_backup
