#include "pg/planning.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"

namespace company_backup {
namespace {

planner_hook_type next_planner = nullptr;
bool next_is_untrusted = false;

// Whose code planning may run: the owners, superusers aside, of the tables of a query.
struct Owners {
  Oid one = InvalidOid;
  bool several = false;
};

void add_owner(Oid table, Owners& owners) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
  if (!HeapTupleIsValid(tuple)) return;  // dropped: planning will say so
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
  ReleaseSysCache(tuple);
  if (owner == owners.one || superuser_arg(owner)) return;
  if (OidIsValid(owners.one)) owners.several = true;
  owners.one = owner;
}

bool collect_owners(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, RangeTblEntry)) {
    const auto* entry = reinterpret_cast<RangeTblEntry*>(node);
    if (entry->rtekind != RTE_RELATION) return false;
    ListCell* cell;
    List* tables = entry->inh ? find_all_inheritors(entry->relid, NoLock, nullptr)
                              : list_make1_oid(entry->relid);
    foreach (cell, tables) add_owner(lfirst_oid(cell), *static_cast<Owners*>(context));
    return false;
  }
  if (IsA(node, Query)) {
    return walk_query(reinterpret_cast<Query*>(node), collect_owners, context);
  }
  return walk_expression(node, collect_owners, context);
}

PlannedStmt* plan(Query* query, const char* text, int options, ParamListInfo params) {
  return (next_planner != nullptr ? next_planner : standard_planner)(query, text, options, params);
}

// Holds no objects: an ereport leaves through it, and whoever catches it restores the user.
PlannedStmt* plan_untrusted(Query* query, const char* text, int options, ParamListInfo params) {
  if (!next_is_untrusted) return plan(query, text, options, params);
  next_is_untrusted = false;  // what runs inside plans its own queries as usual
  Owners owners;
  collect_owners(reinterpret_cast<Node*>(query), &owners);
  if (!OidIsValid(owners.one)) return plan(query, text, options, params);
  const boundary::UserContext user = boundary::current_user_context();
  const int settings = NewGUCNestLevel();
  SetUserIdAndSecContext(
      owners.several ? kPowerlessRole : owners.one,
      user.security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  PlannedStmt* const planned = plan(query, text, options, params);
  AtEOXact_GUC(false, settings);
  boundary::restore(user);
  return planned;
}

}  // namespace

void install_planner_hook() {
  next_planner = planner_hook;
  planner_hook = plan_untrusted;
}

UntrustedPlanning::UntrustedPlanning() {
  next_is_untrusted = true;
}

UntrustedPlanning::~UntrustedPlanning() {
  next_is_untrusted = false;
}

}  // namespace company_backup
