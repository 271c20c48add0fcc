// Proves the foreign keys of rows that were loaded without their triggers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pg/check/row_origin.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// Every foreign key of every travelling table, for this company's rows as they are now: within the
// company by one set query, as the caller; a row outside (shared, a person, excluded, kept by rule)
// is looked up and taken FOR KEY SHARE as its table's owner, as an INSERT would.
//
// `origin`: only from the same database may a reference lead to a row of another company (where its
// rule keeps that, but not to one that does not travel: a copy would refer to what belongs to the
// company it was made of), or, by a key that was not translated, to an excluded row or to one that
// belongs to no company. Error kIntegrity names the constraint and the first rows.
//
// `wanted`: which foreign keys; all if empty.
void prove_references(const LiveScope& live, const Company& company, const RowOrigin& origin,
                      const std::function<bool(const Reference&)>& wanted = {});

// A row of the company whose foreign key is not proved.
struct UnprovedRow {
  const Reference& reference;
  bool written;                  // since ...
  std::vector<std::string> key;  // of the row, in PostgreSQL's text form; empty: its table has none
  std::vector<std::string> leads_to;  // what stands in the columns of the foreign key
};

// The same, but tells of each such row instead of raising an error. Returns how many there are.
uint64_t find_unproved(const LiveScope& live, const Company& company, const RowOrigin& origin,
                       const WrittenRows& since,
                       const std::function<bool(const Reference&)>& wanted,
                       const std::function<void(const UnprovedRow&)>& found);

// Takes the company's rows that rows written by this transaction refer to FOR KEY SHARE, as an
// INSERT would, but for those it wrote itself: nobody else can remove them then. Waits for others;
// what they removed is gone in a snapshot taken after this, but not in one taken before. To be
// called under one that sees what was written. Error 40001 in a REPEATABLE READ transaction.
void lock_own_targets(const LiveScope& live, const Company& company,
                      const std::function<bool(const Reference&)>& wanted);

}  // namespace company_backup
