// Partitions that come and go while the rows of their table are read or written.
#pragma once

#include <vector>

#include "pg/base/spi.hpp"

namespace company_backup {

// Locks ACCESS SHARE, in OID order, what is partitioned below the tables: until the end of the
// transaction none of their partitions is detached for good, only marked as to be detached.
void lock_partitioned(const std::vector<Oid>& tables);

// Error kTableChanged if, at this moment, a partition at any depth below the tables is marked by
// DETACH CONCURRENTLY: from then on new snapshots read the table without it, while REPEATABLE READ
// still writes to it. A snapshot from before this check reads all partitions.
void refuse_detaching(const std::vector<Oid>& tables);

// Error kStaleSnapshot if a partition was detached after the active snapshot was taken: its rows
// belonged to the table then, but are no longer read with it.
void refuse_detached(const std::vector<Oid>& tables);

}  // namespace company_backup
