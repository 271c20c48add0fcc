// What stops a merge: unique values of rows that it would add and that rows which are there have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

// As many are listed, of all tables together.
inline constexpr size_t kListedConflicts = 1000;

struct MergeConflict {
  std::string values;    // of the index: (7, north); "" if it is not one of plain columns
  std::string archived;  // the key of the row in the backup; "" if it has none
  std::string existing;  // that of the row here; "" if it is not the company's
  std::string row;       // of the backup, see MergePlan::refusal_key()
};

// Those in one index.
struct KeyConflicts {
  const UniqueIndex* index;
  bool exclusion;
  uint64_t count = 0;
  std::vector<MergeConflict> listed{};  // the first of them

  void note(MergeConflict conflict);
  // For messages: 2 rows have the key of another row: (7), (8)
  std::string summary() const;
};

class MergeConflicts {
 public:
  void note(const Table& table, const std::vector<KeyConflicts>& found);

  bool empty() const { return count_ == 0; }

  enum class Meets {
    kSelection,  // rows beside a selection
    kMerge,      // rows of the company
    kExisting,   // rows that no row of the archive can become
  };
  // Error kMergeConflict, which lists them, if there are any.
  void refuse(Meets meets) const;

 private:
  uint64_t count_ = 0;
  size_t listed_ = 0;
  std::string list_;
};

}  // namespace company_backup
