// The live scope, one company in it, and the settings under which its rows are read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/schema.hpp"
#include "core/scope/scope.hpp"
#include "pg/base/closed_by_hand.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

enum class TablesOf {
  kTravelling,
  kCompanies,  // those, too, whose rows belong to companies but do not travel
};

struct LiveScope {
  Rules rules;
  Schema schema;
  Scope scope;
  Evidence evidence;  // that the scope was found with

  const Table& table(TableIndex index) const { return schema.tables[index]; }
  std::vector<const ScopedTable*> travelling() const;
  std::vector<const ScopedTable*> tables(TablesOf which) const;
};

// Rules and catalog as they are now. `gather`: looks at rows, so that findings go by them, too.
// Errors kNotConfigured, kStaleRule, kNoRoute.
using GatherEvidence = Evidence (*)(const Schema& schema, const Rules& rules);
LiveScope load_live_scope(GatherEvidence gather = nullptr);

// Error kUndecided that names everything undecided, unless company_backup.strict is off.
void require_decided(const LiveScope& live);
// The same whatever that says.
void refuse_undecided(const LiveScope& live);

// One company: its key as the key column's type prints it, and as a value of that type.
struct Company {
  std::string key;
  Text name;
  Oid key_type = InvalidOid;
  Datum key_value = 0;  // lives as long as the memory context it was resolved in

  Arg arg() const { return Arg::datum(key_type, key_value); }
};

// Reads the company's row under the active snapshot. Error kUnknownCompany.
Company resolve_company(const LiveScope& live, const Text& company);

// Error kRowSecurity if a policy would hide rows of a table of the scope from the caller.
void refuse_row_security(const LiveScope& live);

// May the caller see keys of rows of this table in messages?
bool may_see_rows(const Table& table);

// Locks the tables of the scope, and what is partitioned below them, ACCESS SHARE in OID order and
// gives the scope as it is under the locks. Errors: kTableChanged if it never stands still;
// kForeignCode, see pg/base/foreign_code.hpp.
LiveScope lock_scope(LiveScope live);

// Error kTableChanged if a partition of one of these tables is just being detached, see
// pg/scope/partitions.hpp. Whoever writes looks once more at the end: what was proved by snapshots
// taken after the mark was proved without that partition.
void refuse_detaching(const LiveScope& live, TablesOf which = TablesOf::kTravelling);

// A registered snapshot, active until close(). Take it after lock_scope().
class ReadSnapshot : private ClosedByHand {
 public:
  ReadSnapshot();
  // Error kStaleSnapshot if a table was rewritten or a partition detached after the snapshot of a
  // REPEATABLE READ caller; kTableChanged as refuse_detaching() has it.
  void check_tables(const LiveScope& live, TablesOf which = TablesOf::kTravelling) const;
  // Runs `body` under it, beneath another one that has become the active one since.
  void look_back(const std::function<void()>& body) const;
  void close();

 private:
  void check_age(const LiveScope& live, TablesOf which) const;

  Snapshot snapshot_;
};

}  // namespace company_backup
