// Who may do what: the database owner for set-up, the guard (or, without one, the owner) for work.
#pragma once

#include <string>

#include "pg/spi.hpp"

namespace company_backup {

// Error 42501 unless the caller owns the database or is a superuser.
void require_database_owner(const char* function);

// Error 42501 if no guard is set and the caller does not own the database. Every function that
// works on companies calls it first, so that strangers learn nothing, not even that a company
// exists.
void require_guard_or_owner(const char* action);

// Asks the guard whether the caller, who says to be `actor`, may do `action` to `company` (its key;
// NULL: no one company). `detail` is a JSON object. The guard runs as the caller. Errors: what the
// guard raises, kRefusedByGuard, kGuardFailed (gone, or NULL), 42501 without a guard.
// Actions: scope, check, contents, backup, list, inspect, export, delete, upload, preview, restore,
// keep, revert, create, clone, publish, unpublish.
void authorize(const char* action, const Text& company, const Text& actor,
               const std::string& detail = "{}");

// Runs the hook of an event, if one is set, as the caller.
void run_hook(const char* event, const std::string& company, const std::string& detail);

}  // namespace company_backup
