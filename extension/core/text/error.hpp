// The one exception type for everything a user can cause. Core code throws it; in the server the
// boundary (pg/base/boundary.hpp) turns it into ereport(ERROR), in the client main() prints it.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

namespace company_backup {

// SQLSTATEs of class KB are this extension's own; docs/ERRORS.md lists them for users. The others
// are PostgreSQL's, used where they say exactly what happened.
namespace sqlstate {
inline constexpr const char* kNotConfigured = "KB001";   // no company table has been set
inline constexpr const char* kUnknownCompany = "KB002";  // no row of the company table has that key
inline constexpr const char* kUndecided = "KB003";       // the scope has open questions
inline constexpr const char* kNoRoute = "KB004";         // nothing leads to the company table
inline constexpr const char* kStaleRule = "KB005";       // a rule names something that is gone
inline constexpr const char* kBadReference = "KB006";  // a reference dangles or leaves the company
inline constexpr const char* kGuardFailed = "KB007";   // the guard is gone or gave no answer
inline constexpr const char* kRefusedByGuard = "KB008";  // the guard said no
inline constexpr const char* kBadRule = "KB009";         // a rule that cannot be right
inline constexpr const char* kUnknownBackup = "KB010";   // no such backup, upload or restore
inline constexpr const char* kRowTooLarge = "KB011";     // a row that could not be loaded again
inline constexpr const char* kRowSecurity = "KB012";     // row-level security would hide rows
inline constexpr const char* kStaleSnapshot = "KB013";   // the caller's snapshot is too old
inline constexpr const char* kTableChanged = "KB014";    // a table changed while it was being read
inline constexpr const char* kForeignCode = "KB015";     // a foreign table's owner's code would run
inline constexpr const char* kBadArchive = "KB020";      // not an archive of ours, or malformed
inline constexpr const char* kDamagedArchive = "KB021";  // digests or counts do not match
inline constexpr const char* kUntrustedArchive = "KB022";  // unsigned, or signed by a stranger
inline constexpr const char* kArchiveLimit = "KB023";      // a limit for hostile input was exceeded
inline constexpr const char* kUploadSequence = "KB024";  // parts of an upload missing or different
inline constexpr const char* kTargetNotEmpty = "KB030";  // the target company has rows
inline constexpr const char* kSchemaDiffers = "KB031";   // archive and database differ in structure
inline constexpr const char* kMissingShared = "KB032";   // a shared row has no match here
inline constexpr const char* kMissingPerson = "KB033";   // a person has no match here
inline constexpr const char* kIntegrity = "KB034";       // a constraint would not hold
inline constexpr const char* kBadValue = "KB035";        // a value the column's type refuses
inline constexpr const char* kBadAttribute = "KB036";    // attributes that name no settable column
inline constexpr const char* kRefusedIds = "KB037";      // keys that another company cannot have
inline constexpr const char* kCollapsed = "KB038";       // people become one, and keys would clash
inline constexpr const char* kLeftover = "KB039";        // an old ID where nobody said it may be
inline constexpr const char* kInReview = "KB040";        // a restore waits for keep or revert
inline constexpr const char* kNotInReview = "KB041";     // keep or revert of a settled restore
inline constexpr const char* kDiscardedEdit = "KB042";  // in restore_problems(): undone by a revert
inline constexpr const char* kOutsideRow =
    "KB044";                                     // in restore_problems(): a revert left it alone
inline constexpr const char* kBecame = "KB045";  // in restore_problems(): who became whom
inline constexpr const char* kLeftIdentity = "KB046";   // in restore_problems(): others have it
inline constexpr const char* kMergeConflict = "KB047";  // unique values that rows here have
inline constexpr const char* kLostValue = "KB048";      // in restore_problems(): no place for it
inline constexpr const char* kMissingValue = "KB075";   // an added row lacks a value it must have
inline constexpr const char* kLeftOutside = "KB076";    // a reference neither kept nor set to null
inline constexpr const char* kExcluded = "KB060";  // an exclusion constraint: another row's place
inline constexpr const char* kLimitReached = "KB090";     // as many backups as a company may have
inline constexpr const char* kActorSetting = "KB092";     // an actor that outlives the transaction
inline constexpr const char* kUnknownLink = "KB093";      // no such link, or one for something else
inline constexpr const char* kUsedLink = "KB094";         // a link that was redeemed before
inline constexpr const char* kExpiredLink = "KB095";      // a link that nobody may redeem any more
inline constexpr const char* kRefusedLink = "KB096";      // who asked for a link may not do it now
inline constexpr const char* kUnknownTransfer = "KB097";  // no such transfer, or it is over
inline constexpr const char* kNotCommitted = "KB098";     // a redemption that may be rolled back
inline constexpr const char* kTooManyBytes = "KB099";     // more than a link for an upload allows
inline constexpr const char* kExpired = "KB091";          // a backup that nobody may read any more
inline constexpr const char* kUnknownTemplate = "KB050";  // no such template
inline constexpr const char* kTemplateExists = "KB051";   // its name, or its backup, is published
inline constexpr const char* kPublished = "KB052";        // a template's backup is to be deleted
inline constexpr const char* kUnknownJob = "KB053";       // no such job
inline constexpr const char* kNoWorker = "KB054";         // no background worker for a job
inline constexpr const char* kJobLost = "KB055";          // in company_jobs(): its worker is gone
inline constexpr const char* kJobRole = "KB056";          // a job's role cannot run it
inline constexpr const char* kPreparedJob = "KB057";      // PREPARE TRANSACTION with a job
inline constexpr const char* kOwnJob = "KB058";           // waiting for a job of this transaction
inline constexpr const char* kNameDiffers = "KB080";      // not confirmed by the company's name
inline constexpr const char* kPrecondition = "KB081";     // a precondition of deletions says no
inline constexpr const char* kNoAnswer = "KB082";         // such a function is gone, or fails
inline constexpr const char* kProof = "KB083";            // no proof of who asks, or a wrong one
inline constexpr const char* kProofBlocked = "KB084";     // too many of these
inline constexpr const char* kInexactKey = "KB089";       // rows could not be known again
inline constexpr const char* kErased = "KB088";           // rows that must not come back
inline constexpr const char* kFrozen = "57KB1";           // writes of a company that is frozen
inline constexpr const char* kRetained = "KB087";         // kept rows need rows that go
inline constexpr const char* kContradicts = "KB085";      // a rule for all tables that cannot be
inline constexpr const char* kRehearsal = "KB086";        // a transaction that only tried rules out
inline constexpr const char* kGlobalTable = "KB065";  // rows that travel refer to a global table
inline constexpr const char* kUnreadable = "KB070";   // a backup nobody could read again
inline constexpr const char* kOutOfMemory = "53200";
inline constexpr const char* kInvalidParameter = "22023";
inline constexpr const char* kInsufficientPrivilege = "42501";
inline constexpr const char* kUniqueViolation = "23505";
inline constexpr const char* kSerializationFailure = "40001";
inline constexpr const char* kInternal = "XX000";
}  // namespace sqlstate

// So many keys an error or a finding names where there may be any number; then "..." follows.
inline constexpr std::size_t kListedKeys = 5;

// Message, DETAIL and HINT follow PostgreSQL's error style guide: the message starts in lower case
// and has no full stop; DETAIL and HINT are whole sentences.
class Error : public std::exception {
 public:
  Error(const char* sqlstate, std::string message)
      : sqlstate_(sqlstate), message_(std::move(message)) {}

  Error&& detail(std::string text) && {
    detail_ = std::move(text);
    return std::move(*this);
  }
  Error&& hint(std::string text) && {
    hint_ = std::move(text);
    return std::move(*this);
  }

  const char* what() const noexcept override { return message_.c_str(); }
  const char* sqlstate() const noexcept { return sqlstate_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& detail() const noexcept { return detail_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  const char* sqlstate_;  // points at a constant of namespace sqlstate
  std::string message_;
  std::string detail_;
  std::string hint_;
};

}  // namespace company_backup
