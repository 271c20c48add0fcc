// Reads tables for evidence: those that may be read and answer, as long as there is time; and says
// why others were not.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/schema.hpp"

namespace company_backup {

// In bytes. What may be a kind is short: texts that are few are.
constexpr uint32_t kLongestKind = 64, kLongestId = 128;

// In a query each table is called t.
class TableReader {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Read = std::function<void()>;

  // Waits for the tables' locks, each for a share of company_backup.evidence_time.
  explicit TableReader(const Schema& schema);

  // Of the time: half of it is over, and all of it.
  Time middle() const { return middle_; }
  Time end() const { return end_; }
  static bool is_over(Time time) { return std::chrono::steady_clock::now() >= time; }
  bool is_late() const { return is_over(end_); }

  // Is it a table of which anything is to be known?
  bool is_looked_at(TableIndex table) const;
  // It is, and nothing has kept it from being read yet.
  bool is_readable(TableIndex table) const;
  // It is a foreign table, or has partitions that are.
  bool is_foreign(TableIndex table) const { return facts_[table].foreign; }
  // It has no more pages than are sampled.
  bool is_read_whole(TableIndex table) const;

  // Small tables first, and those that others may keep from answering last: what there is no time
  // for is one of these or of the large ones. `done`: for the user, what has become of so many.
  void each_table(const char* done, const std::function<void(TableIndex table)>& act);
  // To be called before each of `all`.
  void tell(const char* done, size_t count, size_t all);

  // Calls `read` in a subtransaction. Whatever is wrong with one table, the others can be read; why
  // this one cannot is kept.
  void read(TableIndex table, const Read& read);
  // The same, but gives what is wrong; empty: nothing.
  std::string try_to_read(TableIndex table, const Read& read);

  void note_unread(UnreadTable unread) { unread_.push_back(std::move(unread)); }
  const std::vector<UnreadTable>& unread() const { return unread_; }

  // " FROM ..."
  std::string from_rows(TableIndex table) const;
  std::string from_sample(TableIndex table) const;

  // Adds all keys that a query gives. Part of them proves nothing: an error if time is over.
  void scan(const std::string& sql, uint32_t longest, EvidenceCollector& collector) const;

 private:
  struct Facts {
    int64_t pages = 0;
    bool foreign = false;
    std::string server;  // of a foreign table
    std::string unread;  // why it cannot be; empty: it can
  };

  void load_facts(TableIndex table);
  void read_in_time(TableIndex table, const Read& read);
  void note_silent(TableIndex table);
  int limit_waiting() const;

  const Schema& schema_;
  std::vector<Facts> facts_;
  std::vector<UnreadTable> unread_;
  std::set<std::string> silent_;  // servers that did not answer
  const Time middle_, end_;
  Time told_;
};

}  // namespace company_backup
