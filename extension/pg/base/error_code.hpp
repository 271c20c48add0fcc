// SQLSTATEs of core/text/error.hpp in the form that ereport() takes, for errors raised inside
// guarded(); and what SQLSTATEs mean.
#pragma once

#include <string>

#include "core/text/error.hpp"
#include "pg/base/postgres.hpp"

namespace company_backup {

inline int errcode_of(const char* s) {
  return MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]);
}

// Is it an error that says that a row cannot be had, from a type, a constraint, or code on the
// table which raised it to say so? Anything else says that something is wrong with that code.
bool is_refusal(const std::string& sqlstate);

}  // namespace company_backup
