// Finding what a caller names, and asking the guard about it. Whoever is refused gets one and the
// same answer whether the thing is there or not; whoever is allowed is told what is missing.
#pragma once

#include <optional>

#include "pg/backup/stored_backup.hpp"
#include "pg/delete/deletion_record.hpp"
#include "pg/jobs/job.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {

// A company, after the guard has allowed the action on it. The guard is asked about the key in the
// row, or, where there is no such company, about the key as the caller wrote it. What its answer is
// good for is the company that had the key then: whoever works on it resolves what this gives. What
// start_job() asks notes the company, with an identity.
AskedCompany authorize_company(const LiveScope& live, const Text& company, Action action,
                               const Text& actor, const Detail& detail = {});

// The same; error kUnknownCompany if there is none.
AskedCompany authorize_existing(const LiveScope& live, const Text& company, Action action,
                                const Text& actor, const Detail& detail = {});

// The key that a company has now to which something stored belongs; none if nobody can tell.
Text key_of_owner(const CompanyIdentity& owner, const Text& key);

// is_allowed() for something stored that belongs to `owner` (none: one that was never seen), whose
// key is `key` now (none: it is gone). Error kSerializationFailure if the key changed hands while
// the guard was asked.
bool is_allowed_of(const GuardQuestion& question, const CompanyIdentity& owner, const Text& key,
                   const Detail& detail);

// What a list of stored things shows, after the guard has allowed it.
struct Listed {
  bool all;               // `company` was NULL
  CompanyIdentity owner;  // things of this one
  Text key;               // and of those that had this key, if nobody has
  Text current;           // the key of a company that is there
};
Listed authorize_list(const Text& company);

// company_busy(): the key, also of a company that is gone.
std::string authorize_busy(const Text& company);

// A backup, after the guard has allowed the action on the company that it is of (NULL: one that is
// gone, or nobody's; then `detail` has more). An upload for no company is there for its uploader,
// the database owner and superusers only. Error kUnknownBackup.
StoredBackup authorize_backup(int64_t id, Action action, const Text& actor, Detail detail = {});

// A backup whose rows go to `target` (a company's key; NULL: a new one) by action `purpose`, for
// which the guard has been asked: where the rows are another company's, it is asked for `use`.
StoredBackup authorize_source(int64_t id, const Text& target, Action purpose, const Text& actor);

// Asks whether the action may be done to a template's backup; `unknown`: see authorize_found().
bool is_backup_allowed(const GuardQuestion& question, const StoredBackup& backup, Detail detail);

// What a question about another company tells the guard of the backup, if there is one.
void describe_source(Detail& detail, int64_t id);

// A restore, settled or in review. Error kUnknownBackup.
void authorize_restore(int64_t id, Action action, const Text& actor);

// The report of a deletion: whoever may delete companies. Error kUnknownBackup.
void authorize_deletion(int64_t id, const Text& actor);

// A job. Error kUnknownJob.
void authorize_job(int64_t id, Action action, const Text& actor);

// Whether what is `found` may be worked on. If not, the answer is the one that an ID or a name gets
// which does not exist: kRefusedByGuard, or, for callers who may act where no one company is meant,
// what `unknown` throws.
template <class Found, class Ask, class Unknown>
void authorize_found(const GuardQuestion& question, const Found& found, const Detail& detail,
                     Ask&& ask, Unknown&& unknown) {
  if (found && ask()) return;
  authorize(question, std::nullopt, detail);
  unknown();
}

}  // namespace company_backup
