// Rows of an archive that their tables refuse: what a restore with on_error => 'skip' leaves out,
// with all that needs them, and what one without it fails for.
//
// Most are found before anything is written for them. Of others it shows only when rows are written
// that something stands in their way, or at the end that what they refer to is nowhere: then all is
// rolled back and attempted again without them, until nothing new is found. What is known only
// grows.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "pg/load/left_out.hpp"
#include "pg/restore/needed_rows.hpp"
#include "pg/restore/problem_list.hpp"

namespace company_backup {

// Why a row does not come.
struct Refusal {
  std::string sqlstate, problem;
};

// What attempts learn for those that follow.
class KnownRefusals {
 public:
  explicit KnownRefusals(const LiveScope& live) : needed_(live), left_out_(live) {}

  // `row`: refused_key(), or of a table without a key MergePlan::identity_of(). False: it is known
  // already.
  bool add(TableIndex table, const std::string& row, const Refusal& why);
  const Refusal* find(TableIndex table, const std::string& row) const;
  bool knows(TableIndex table) const { return rows_.contains(table); }  // any row of it

  NeededRows& needed() { return needed_; }
  const NeededRows& needed() const { return needed_; }
  LeftOutRows& left_out() { return left_out_; }

  // An attempt failed for code on a table that raises an error. A CHECK that calls functions may do
  // so only as long as rows are there that are refused at the end; from here on it refuses rows for
  // which it does before they are written. False: it is so already.
  bool be_strict() { return !std::exchange(strict_, true); }
  bool is_strict() const { return strict_; }

 private:
  std::map<TableIndex, std::unordered_map<std::string, size_t>> rows_;  // to reasons_
  std::vector<Refusal> reasons_;
  std::map<std::string, size_t> numbers_;
  NeededRows needed_;
  LeftOutRows left_out_;
  bool strict_ = false;
};

// What one attempt refuses.
class Refusals {
 public:
  // Thrown where an attempt cannot go on without what it has found.
  struct Incomplete {};

  // `keeps_problems`: for record(); else they are only counted, and the first of them listed.
  Refusals(KnownRefusals& known, bool keeps_problems)
      : known_(known), keeps_problems_(keeps_problems) {}

  KnownRefusals& known() { return known_; }

  // A row that is left out; `key`: "(7)", or empty; `line`: the row.
  void leave_out(const MatchedTable& matched, const std::string& key, const Refusal& why,
                 std::string_view line);
  // A row that comes without what it referred to; `data`: JSON of what it loses.
  void lose(const MatchedTable& matched, const std::string& key, const std::string& problem,
            std::string data);
  // A row that is found too late. The attempt is incomplete.
  void find_late(const MatchedTable& matched, const std::string& row, const std::string& key,
                 const Refusal& why);
  // A row of the company that has to stay. Likewise, unless that is known.
  void need(const Reference& reference, const std::vector<std::string>& key);

  // There is more to be found.
  void go_on() { incomplete_ = true; }

  bool is_incomplete() const { return incomplete_ || known_.left_out().missed(); }
  void require_complete() const {
    if (is_incomplete()) throw Incomplete{};
  }

  uint64_t count() const { return count_; }
  // Writes them as problems of the restore, and tells how many there are.
  void record(int64_t restore);
  // The first 1,000 of them, and how many more there are: lines for a DETAIL.
  std::string listed() const;

 private:
  void list(const MatchedTable& matched, const std::string& key, const Refusal& why);

  KnownRefusals& known_;
  const bool keeps_problems_;
  ProblemList problems_;
  uint64_t count_ = 0;  // rows
  std::vector<std::string> listed_;
  bool incomplete_ = false;
};

}  // namespace company_backup
