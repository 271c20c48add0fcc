// Which company is which. A key alone does not say it: a deleted company's key may be taken anew.
// So each company has an identity of the extension's own since it was first seen, which ends when
// its row goes (pg/company_triggers.hpp). What is stored belongs to an identity.
#pragma once

#include <optional>
#include <string>

#include "pg/company_scope.hpp"

namespace company_backup {

using CompanyIdentity = std::optional<int64_t>;  // none: the company was never seen

// Of the company that has this key now.
CompanyIdentity identity_of_key(const std::string& key, Access access = Access::kCall);

// The same; made if there is none, and then the company cannot be deleted until the transaction
// ends. Error kSerializationFailure if it just has been.
int64_t make_identity(const LiveScope& live, const Company& company);

// Of a company that was just created: `former`, if that is a deleted company which had this key.
int64_t identity_of_created(const LiveScope& live, const Company& company,
                            const CompanyIdentity& former);

// Error kSerializationFailure if the company was deleted since: rows that were read meanwhile may
// be those of another one with its key.
void refuse_ended(int64_t identity, const std::string& key);

// Of the company that had this key at a time (2026-11-22T01:02:03Z) in the past.
CompanyIdentity identity_at(const std::string& key, const std::string& time);

}  // namespace company_backup
