// One act on a company at a time. The lock is a heavyweight lock of our own kind, on the company's
// key: unlike an advisory lock nobody else can take it. Two companies may share a lock by chance;
// they then only wait for each other.
#pragma once

#include <string>

#include "pg/base/boundary.hpp"

namespace company_backup {

// Until the end of the transaction; waits.
void lock_company(const std::string& key);

// Of rows of the company that are erased; "": of a row that nobody knows whose it was. Until the
// end of the transaction; waits. Whoever makes a backup of the company waits for those who erase.
void lock_erasures(const std::string& key);
void wait_for_erasures(const std::string& key);

// Between whoever erases a row that is gone already and those who bring rows back, of whatever
// company: until the end of the transaction. The one does not wait (false: somebody is at work), so
// that nobody has to wait behind him; the others wait for the one.
bool lock_returns();
void lock_as_returning();

// Between those who freeze a company and transactions of the application that write its rows: until
// the end of the transaction; the one waits for the others.
void lock_writers(const std::string& key);
void lock_as_writer(const std::string& key);

// Does another session hold the lock?
bool is_company_locked(const std::string& key);

}  // namespace company_backup
