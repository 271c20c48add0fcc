// In which row, and in which version of it, each company of which something is stored was seen
// last. Within a transaction that tells companies apart whatever happens to their keys, and in
// whatever order; later it proves that a row is still the one it was.
#pragma once

#include <string>
#include <vector>

#include "pg/base/spi.hpp"
#include "pg/scope/row_versions.hpp"

namespace company_backup {

// Error kSerializationFailure: a row that was there has gone.
[[noreturn]] void refuse_deleted(const std::string& key);

struct KnownRow {
  int64_t company;
  Oid place;             // the partition that it is in; none: the company table is not partitioned
  TupleVersion version;  // in this transaction; not known: that which had the key when it began
};

// Companies that have this key, or that lost it in this transaction to a row whose trigger fires
// first. As of this moment: a REPEATABLE READ transaction may see less.
std::vector<KnownRow> known_with(const std::string& key);

// Of columns of a result: relation, file, place, transaction, command; the first NULL: not known.
TupleVersion to_version(const Row& row, size_t first);

void note_version(int64_t company, const std::string& key, const TupleVersion& version);

// The same for one that has not changed hands; nobody waits for it. The columns of to_version().
void note_unchanged_version(int64_t company, const std::string& key, const Row& version);

// The recorded holder of this key, unless it is `except`, has lost it to another row. A trigger on
// the company's own row may bring it back later.
void displace(const std::string& key, int64_t except = 0);

// Error kSerializationFailure if the transaction does not see the company.
void end_company(int64_t company, const std::string& key);

// Does its row have this key now, changes included for which no trigger has fired yet?
bool still_has(int64_t company, const std::string& key);

}  // namespace company_backup
