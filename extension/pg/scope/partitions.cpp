#include "pg/scope/partitions.hpp"

#include <algorithm>

#include "pg/base/fresh_snapshot.hpp"

namespace company_backup {
namespace {

struct Partition {
  Oid oid;
  std::string table, parent, name;  // quoted; `table` is the root
  bool detaching, partitioned;
};

// Under the active snapshot, as it knows the catalog.
std::vector<Partition> partitions_of(const std::vector<Oid>& tables) {
  std::vector<std::string> oids;
  for (Oid oid : tables) oids.push_back(std::to_string(oid));
  const Rows rows = query(
      "WITH RECURSIVE part(root, parent, oid, detaching) AS ("
      "SELECT o, 0::oid, o, false FROM unnest($1::oid[]) o "
      "UNION ALL SELECT p.root, p.oid, i.inhrelid, i.inhdetachpending FROM part p "
      "JOIN pg_inherits i ON i.inhparent = p.oid), "
      "named(oid, name, kind) AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname), c.relkind "
      "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace) "
      "SELECT p.oid, r.name, t.name, c.name, p.detaching, c.kind = 'p' FROM part p "
      "JOIN named r ON r.oid = p.root JOIN named t ON t.oid = p.parent "
      "JOIN named c ON c.oid = p.oid ORDER BY p.oid",
      {text_array(oids)});
  std::vector<Partition> partitions;
  for (const Row& row : rows) {
    partitions.push_back(
        {oid_of(row[0]), *row[1], *row[2], *row[3], *row[4] == "t", *row[5] == "t"});
  }
  return partitions;
}

std::vector<Partition> partitions_now(const std::vector<Oid>& tables) {
  FreshSnapshot fresh;
  std::vector<Partition> partitions = partitions_of(tables);
  fresh.close();
  return partitions;
}

}  // namespace

void lock_partitioned(const std::vector<Oid>& tables) {
  for (const Partition& partition : partitions_now(tables)) {
    if (!partition.partitioned) continue;
    guarded([oid = partition.oid] { LockRelationOid(oid, AccessShareLock); });
  }
}

void refuse_detaching(const std::vector<Oid>& tables) {
  for (const Partition& partition : partitions_now(tables)) {
    if (!partition.detaching) continue;
    throw Error(sqlstate::kTableChanged, "partition " + partition.name + " of table " +
                                             partition.table + " is being detached")
        .detail("Some transactions still write to it, and others read the table without it.")
        .hint("Wait for the end of the DETACH. If it was interrupted: ALTER TABLE " +
              partition.parent + " DETACH PARTITION " + partition.name + " FINALIZE;");
  }
}

void refuse_detached(const std::vector<Oid>& tables) {
  const std::vector<Partition> now = partitions_now(tables);
  for (const Partition& before : partitions_of(tables)) {
    const bool left = std::any_of(now.begin(), now.end(), [&](const Partition& partition) {
      return partition.oid == before.oid;
    });
    if (left || before.detaching) continue;
    throw Error(sqlstate::kStaleSnapshot,
                "partition " + before.name + " of table " + before.table +
                    " was detached after this transaction's snapshot was taken")
        .detail("Its rows belonged to the table then, but are not read with it any more.")
        .hint("Start a new transaction, or use READ COMMITTED.");
  }
}

}  // namespace company_backup
