// Names that ask for a decision: tables of logins, queues and audit trails, columns of secrets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

inline constexpr const char* kLooksLikeAccess = "logins, people, memberships or roles";
inline constexpr const char* kDecidesAccess = "decides who may log in";

struct TableSmell {
  std::string looks_like;    // "an audit trail"
  TableTreatment treatment;  // what a reviewer would most likely choose
  std::string reason;        // of the proposed rule
};

std::optional<TableSmell> table_smell(const Table& table);

// Users, people: the rows that others refer to as "who did it".
bool looks_like_people(const Table& table);

// Who belongs to what: "membership", "company_user".
bool names_membership(const Table& table);

bool looks_like_secret(const Column& column);

// Is a secret what the name is about in the end: "api_key", not "secret_path"?
bool ends_like_secret(const Column& column);

// "batch_id", "recurring_event_id": a number that rows share, of which there need not be a table.
bool names_group(const Column& column);

// "created_by", "owner": names somebody who did something, or has to.
bool names_doer(const Column& column);

// The columns of the unique index that finds a person again elsewhere (email, user name), or the
// rows of reference data (a code); empty: there is none.
std::vector<std::string> people_match_columns(const Table& table);
std::vector<std::string> natural_key(const Table& table);

}  // namespace company_backup
