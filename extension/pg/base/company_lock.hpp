// One act on a company at a time. The lock is a heavyweight lock of our own kind, on the company's
// key: unlike an advisory lock nobody else can take it. Two companies may share a lock by chance;
// they then only wait for each other.
#pragma once

#include <string>

#include "pg/base/boundary.hpp"

namespace company_backup {

// Until the end of the transaction; waits.
void lock_company(const std::string& key);

// Does another session hold the lock?
bool is_company_locked(const std::string& key);

}  // namespace company_backup
