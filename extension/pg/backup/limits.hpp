// How many backups a company may make and keep, and for how long; and the removal of those that
// have expired.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

struct CompanyLimits {
  std::optional<int64_t> backups_per_day, kept_backups, kept_bytes;
  Text retention;  // an interval
  bool any() const { return backups_per_day || kept_backups || kept_bytes || retention; }
};

// Those of one company, or of all that have none of their own (nullopt). Nothing in `limits`: there
// are none any more. Error kInvalidParameter: a number below 0, a retention that is not positive.
void store_limits(std::optional<int64_t> company, const CompanyLimits& limits);

enum class BackupMade { kHere, kUploaded };

// A company as it is stored and as it is called in messages.
struct LimitedCompany {
  int64_t identity;
  std::string key;
};

// Before the work of a backup: is one allowed as things are? Error kLimitReached.
void require_room(const LimitedCompany& company);

// Once its row is written: it is counted, and expires. Of two that are made at once, the second
// waits here for the first. Error kLimitReached.
void keep_within_limits(const LimitedCompany& company, int64_t backup, BackupMade made);

// Removes what a backup consists of, but for its row, which the caller has removed.
void remove_contents(int64_t backup);

// Removes up to `most` backups that have expired, those first that did so first, but none that
// somebody else is about to remove. Returns how many.
int64_t remove_expired(int64_t most);

}  // namespace company_backup
