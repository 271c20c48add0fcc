// The rows of company_backup.restore: what was restored, by whom, and what became of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/merge/restore_words.hpp"
#include "core/text/json_object.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

struct RestoreRecord {
  int64_t id;
  std::string company;
  int64_t owner;                  // the company's identity
  std::optional<int64_t> backup;  // nullopt: of a clone
  RestoreMode mode;
  RestoreStatus status;
  uint64_t added = 0, changed = 0, removed = 0;
  Text actor = std::nullopt;
};

int64_t next_restore_id();

// Writes the record, tells listeners of channel company_backup and runs the hook of `event`.
void record_restore(const LiveScope& live, const RestoreRecord& record, RestoreEvent event);

// A row of restore_problems() after those that there are.
void note_problem(int64_t restore, const Table& table, const std::string& row_key,
                  const char* sqlstate, const std::string& problem, const Text& row_data = {});

// A notice, unless `count` is 0, of what restore_problems() lists: what one of it is called and
// what several are, both with a UINT64_FORMAT for `count`.
void report_problems(int64_t restore, uint64_t count, const char* one, const char* several);

// The company a restore is of.
struct RestoreOwner {
  std::string company;  // its key as it was then
  int64_t identity;
  Text key;  // as it is now; none: the company is gone
};
std::optional<RestoreOwner> owner_of_restore(int64_t restore);  // none: there is no such restore
Error unknown_restore(int64_t restore);

struct KnownRestore {
  int64_t id;
  std::string company;  // its key as it was then
  std::optional<int64_t> backup;
  RestoreStatus status;
  int64_t owner;  // the company's identity
  RestoreMode mode;
};

// kUnknownCompany, with what to do if the company has been deleted since the backup.
Error unknown_company(const Error& error, int64_t backup);

// The error, if it is not there.
Company find_company(const LiveScope& live, const Text& company, std::optional<int64_t> backup);

// Locks the row. Error kUnknownBackup.
KnownRestore find_restore(int64_t id);

// Error kNotInReview.
void require_in_review(const KnownRestore& restore);

// Error kInReview if a restore of the company waits to be kept or reverted.
void require_no_review(const std::string& company, int64_t owner);

// Error kSerializationFailure if somebody restored the company, or kept or reverted a restore of
// it, after the active snapshot was taken: what was done then cannot be seen. Under the company's
// lock.
void refuse_missed_acts(const std::string& company, int64_t owner);

// Ends a review: forgets the undo record, tells listeners, runs its hook.
void settle_restore(const LiveScope& live, const KnownRestore& restore, RestoreStatus status,
                    const Text& actor, const JsonObject& more = {});

}  // namespace company_backup
