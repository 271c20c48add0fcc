// What the rows say of the ways from a table to a company. Internal to scope*.cpp.
#pragma once

#include <string>
#include <vector>

#include "core/scope/scope_model.hpp"

namespace company_backup {

struct Support {
  Confidence confidence = Confidence::kGuess;
  std::string evidence;
};

// The columns of ways that have one.
std::vector<int16_t> columns_of_ways(const std::vector<const Link*>& ways);

class WayMeaning {
 public:
  explicit WayMeaning(const Model& model) : model_(model) {}

  // Rows of the sample that none of these ways leads anywhere.
  uint32_t rows_without(TableIndex table, const std::vector<const Link*>& ways) const;

  // Are there rows that the two lead to different companies?
  bool conflict(TableIndex table, const Link& a, const Link& b) const;

  // Of these ways those that a route needs: not those that can lead back to the table, in a circle,
  // if others lead each row of the sample to a company, and to the same one.
  std::vector<const Link*> needed_ways(TableIndex table,
                                       const std::vector<const Link*>& ways) const;

  // Does it lead to a company only if a guess is right?
  bool rests_on_guess(const Link& way, const Routes& routes) const;

  // How sure it is that rows belong to the company that these ways lead to: each has one of them,
  // and no two lead to different companies.
  Support support_of(TableIndex table, const std::vector<const Link*>& ways,
                     const Routes& routes) const;

  // Is the way called after the part that its row plays, and can be missing?
  bool is_part(TableIndex table, const Link& way) const;

 private:
  bool can_lead_back(TableIndex start, TableIndex goal) const;
  bool is_always_owned(TableIndex start) const;
  std::vector<const Link*> fewest_ways(TableIndex table,
                                       const std::vector<const Link*>& ways) const;
  uint32_t rows_unplaced(TableIndex table, const std::vector<const Link*>& ways) const;

  const Model& model_;
};

}  // namespace company_backup
