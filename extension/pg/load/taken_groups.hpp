// Numbers of groups (columns treated as "group") that come with a company and that others have
// already: nothing but this keeps the groups of two companies apart.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/ids/group_columns.hpp"
#include "pg/load/matched_archive.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// More of one group are not put into an undo record.
inline constexpr uint64_t kRecordedNumbers = 10'000;

// By the name of the columns.
using GroupNumbers = std::map<std::string, std::set<std::string>>;

struct TakenGroup {
  GroupColumns columns;  // all that hold the same groups
  ColumnRoot where;      // one of them in which rows of others have the numbers
  uint64_t count = 0;
  std::string numbers;              // the first of them, for messages
  std::vector<std::string> listed;  // of shared_groups(): the first kRecordedNumbers of them

  std::string why() const;
};

// How they are looked for.
struct GroupSearch {
  const Company* target = nullptr;  // null: it does not exist yet
  bool adopts = false;              // rows that it may adopt are no others' (adoptable.hpp)
  // Two companies that come at the same time wait for each other, and look at what is there now.
  bool locks = false;
  const GroupNumbers* excused = nullptr;  // these are not looked for; null: none
};

// Numbers of the archive that rows of other companies, or of none, have, and no row of the target:
// those that it shares already stay as they are. Reads the archive's rows of such tables.
std::vector<TakenGroup> taken_groups(const LiveScope& live, MatchedArchive& load,
                                     const GroupSearch& how);

// Numbers that the company's rows and those of others have, and that will be the company's no more
// when the archive's rows are.
std::vector<TakenGroup> shared_groups(const LiveScope& live, MatchedArchive& load,
                                      const Company& company);

// Error kRefusedIds. What settles it for good is added to the hint.
[[noreturn]] void refuse_groups(const LiveScope& live, const std::vector<TakenGroup>& taken,
                                const std::string& hint);

// No two companies look for new numbers of a group at a time, until the end of the transaction.
void lock_group(const LiveScope& live, const GroupColumns& group);

}  // namespace company_backup
