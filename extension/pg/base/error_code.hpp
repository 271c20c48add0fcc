// SQLSTATEs of core/text/error.hpp in the form that ereport() takes, for errors raised inside
// guarded().
#pragma once

#include "core/text/error.hpp"
#include "pg/base/postgres.hpp"

namespace company_backup {

inline int errcode_of(const char* s) {
  return MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4]);
}

}  // namespace company_backup
