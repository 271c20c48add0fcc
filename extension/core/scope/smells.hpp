// What names, types and the columns beside them suggest: which tables are logins, queues or audit
// trails, which columns hold secrets, and by what a row is found again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scope/scope.hpp"

namespace company_backup {

inline constexpr const char* kLooksLikeAccess = "logins, people, memberships or roles";
inline constexpr const char* kDecidesAccess = "decides who may log in";

struct TableSmell {
  enum class Kind { kPeople, kAccess, kLogin, kQueue, kAudit };
  Kind kind;
  std::string looks_like;    // "an audit trail"
  TableTreatment treatment;  // what a reviewer would most likely choose
  std::string reason;        // of the proposed rule
  bool all_columns = false;  // what it is called, its columns say, too
};

// Of most words the name alone says nothing ("job", "delivery", "session", "log" are what some
// companies work with): the columns decide.
std::optional<TableSmell> table_smell(const Table& table);

// Users, people: the rows that others refer to as "who did it".
bool looks_like_people(const Table& table);

// Who belongs to what: "membership", "company_user".
bool names_membership(const Table& table);

// A column that says which person a row is about, as its name says: "user_id".
bool names_person(const Column& column);

// How sure it is that the column holds secrets: kLikely, or kGuess where it is only said to be
// encrypted; none: it does not look so.
std::optional<Confidence> secret_smell(const Table& table, const Column& column);
bool looks_like_secret(const Table& table, const Column& column);

// Is it the ID of something in somebody else's system, as its name says: "stripe_customer_id",
// "external_id"? A table of that name contradicts it; that is for the caller to look at.
bool names_external_id(const std::string& column);

// "display_id": a number that is shown to people, who call the row by it.
bool names_shown_number(const Column& column);

// "batch_id", "recurring_event_id": a number that rows share, of which there need not be a table.
bool names_group(const Column& column);

// "created_company_id", "default_company_id": which part what it refers to plays in what was done.
bool names_deed(const Column& column);

// "ancestry", "tree_path": the rows that stand above one.
bool names_path(const Column& column);

// "created_by", "owner": names somebody who did something, or has to.
bool names_doer(const Column& column);

// The columns of the unique index that finds a person again elsewhere (email, user name), or the
// rows of reference data (a code); empty: there is none.
std::vector<std::string> people_match_columns(const Table& table);
std::vector<std::string> natural_key(const Table& table);

// The same of the rows of a table that belong to nobody: unique beside `columns`, which say whose
// the others are.
std::vector<std::string> natural_key_beside(const Table& table,
                                            const std::vector<int16_t>& columns);

}  // namespace company_backup
