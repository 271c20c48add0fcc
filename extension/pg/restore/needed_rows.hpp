// Rows of the company that stay though the archive does not have them, or has them otherwise: rows
// that stay as well, since the archive's are refused, refer to them or are the company's by them.
//
// What such rows refer to is put aside while tables are gone through, and looked up by the database
// at their end, since equal values may be printed differently.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/archive/archive_match.hpp"
#include "core/text/key_map.hpp"
#include "core/text/row_line.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class NeededRows {
 public:
  explicit NeededRows(const LiveScope& live) : live_(live) {}

  // A row stays, with these values. `enforced`: only what foreign keys of it lead to counts.
  void stays(TableIndex table, const std::vector<const Column*>& columns,
             const std::vector<RowValue>& row, bool enforced = false);
  // A row that stays has these values in the columns of a foreign key. False: it is known already
  // that the row with this key is needed.
  bool refers(const Reference& reference, const std::vector<std::string>& key);

  // Looks up which rows those are that were told of since, as the active snapshot sees them. True:
  // it was not known of all that they are needed.
  bool look_up();
  // After that: is one of them gone, as the active snapshot sees it?
  bool lacks_any();

  // Is this one needed? Where `changing` is given: and has a key to be referred to that changes if
  // these columns do.
  bool is_needed(TableIndex table, const std::vector<const Column*>& columns,
                 const std::vector<RowValue>& row,
                 const std::set<int16_t>* changing = nullptr) const;

 private:
  // What rows of one table refer to.
  struct Way {
    Reference reference;
    bool enforced;
    bool inside;                       // of arrays and documents: the keys are texts
    std::set<std::string> told{};      // key lines
    std::vector<std::string> fresh{};  // of these, not looked up yet
    std::vector<std::string> looked_up{};
    std::set<std::string> found{};  // key lines of the rows that `looked_up` leads to
  };
  std::vector<Way>& ways_of(TableIndex table);
  void tell(Way& way, const std::vector<const Column*>& columns, const std::vector<RowValue>& row);
  std::set<std::string> find(const Way& way,
                             const std::function<void(std::vector<std::string>)>& found) const;
  bool add(const Reference& reference, std::vector<std::string> key);

  const LiveScope& live_;
  std::map<TableIndex, std::vector<Way>> ways_;
  std::map<TableIndex, std::map<std::vector<int16_t>, KeySet>> needed_;
};

}  // namespace company_backup
