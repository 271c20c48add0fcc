#include "pg/check/table_reader.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "core/text/quoting.hpp"
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

constexpr int64_t kSampledPages = 128;  // of a table; all of them, if there are no more
constexpr auto kForeignTime = std::chrono::seconds(10);  // at most, for one foreign table
constexpr auto kTellEvery = std::chrono::seconds(5);
constexpr const char* kNoTime = "there was no time left (company_backup.evidence_time)";

}  // namespace

TableReader::TableReader(const Schema& schema)
    : schema_(schema),
      facts_(schema.tables.size()),
      middle_(Clock::now() + std::chrono::milliseconds(evidence_time * 500)),
      end_(Clock::now() + std::chrono::seconds(evidence_time)),
      told_(Clock::now()) {
  for (TableIndex table = 0; table < static_cast<TableIndex>(facts_.size()); ++table) {
    if (is_looked_at(table)) read(table, [&] { load_facts(table); });
  }
}

void TableReader::load_facts(TableIndex table) {
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
  Facts& facts = facts_[table];
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

bool TableReader::is_looked_at(TableIndex table) const {
  return !schema_.tables[table].of_extension && schema_.tables[table].outsider.empty();
}

bool TableReader::is_readable(TableIndex table) const {
  return is_looked_at(table) && facts_[table].unread.empty();
}

bool TableReader::is_read_whole(TableIndex table) const {
  return facts_[table].pages <= kSampledPages;
}

void TableReader::each_table(const char* done, const std::function<void(TableIndex table)>& act) {
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

void TableReader::tell(const char* done, size_t count, size_t all) {
  if (Clock::now() < told_ + kTellEvery) return;
  told_ = Clock::now();
  const auto number = static_cast<int>(count), total = static_cast<int>(all);
  guarded([=] { ereport(NOTICE, (errmsg("%s %d of %d tables", done, number, total))); });
}

// A foreign table answers when it likes. Of another the rows come, and the clock is looked at.
void TableReader::read_in_time(TableIndex table, const Read& read) {
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

void TableReader::note_silent(TableIndex table) {
  if (!facts_[table].server.empty()) silent_.insert(facts_[table].server);
}

void TableReader::read(TableIndex table, const Read& read) {
  const std::string why = try_to_read(table, read);
  if (why.empty()) return;
  facts_[table].unread = why;
  const auto same = [&](const UnreadTable& unread) {
    return unread.table == table && unread.column == 0;
  };
  if (std::none_of(unread_.begin(), unread_.end(), same)) unread_.push_back({table, why});
}

std::string TableReader::try_to_read(TableIndex table, const Read& read) {
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
int TableReader::limit_waiting() const {
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

std::string TableReader::from_rows(TableIndex table) const {
  return " FROM " + from_table(schema_.tables[table]) + " AS t";
}

std::string TableReader::from_sample(TableIndex table) const {
  if (is_read_whole(table)) return from_rows(table);
  return from_rows(table) + " TABLESAMPLE SYSTEM (" +
         std::to_string(100.0 * kSampledPages / static_cast<double>(facts_[table].pages)) +
         ") REPEATABLE (0)";
}

void TableReader::scan(const std::string& sql, uint32_t longest,
                       EvidenceCollector& collector) const {
  uint32_t rows = 0;
  const bool whole = read_short_cells(sql, {longest}, [&](std::span<const Cell> row) {
    constexpr uint32_t kBetweenLooks = 256;
    if (row[0]) collector.add_key(row[0].text);
    return ++rows % kBetweenLooks != 0 || !is_late();
  });
  if (!whole) throw Error(sqlstate::kInternal, kNoTime);
}

}  // namespace company_backup
