#include "pg/planning.hpp"

#include "pg/boundary.hpp"
#include "pg/compat.hpp"
#include "pg/foreign_reader.hpp"
#include "pg/owner.hpp"
#include "pg/temp_schema.hpp"

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

bool look_at_table(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, RangeTblEntry)) {
    auto* entry = reinterpret_cast<RangeTblEntry*>(node);
    if (entry->rtekind != RTE_RELATION) return false;
    ListCell* cell;
    List* tables = entry->inh ? find_all_inheritors(entry->relid, NoLock, nullptr)
                              : list_make1_oid(entry->relid);
    foreach (cell, tables) add_owner(lfirst_oid(cell), *static_cast<Owners*>(context));
    read_foreign_as_owner(entry, tables);
    return false;
  }
  if (IsA(node, Query)) {
    return walk_query(reinterpret_cast<Query*>(node), look_at_table, context);
  }
  return walk_expression(node, look_at_table, context);
}

PlannedStmt* plan(Query* query, const char* text, int options, ParamListInfo params) {
  return (next_planner != nullptr ? next_planner : standard_planner)(query, text, options, params);
}

// Holds no objects: an ereport leaves through it, and whoever catches it restores the user.
PlannedStmt* plan_untrusted(Query* query, const char* text, int options, ParamListInfo params) {
  if (!next_is_untrusted) return plan(query, text, options, params);
  next_is_untrusted = false;  // what runs inside plans its own queries as usual
  Owners owners;
  look_at_table(reinterpret_cast<Node*>(query), &owners);
  if (!OidIsValid(owners.one)) {
    const int settings = NewGUCNestLevel();
    set_path_of_code(BOOTSTRAP_SUPERUSERID);
    HiddenTempSchema temporary;
    temporary.hide();
    PlannedStmt* const planned = plan(query, text, options, params);
    temporary.show();
    AtEOXact_GUC(false, settings);
    return planned;
  }
  OwnersCode code;
  code.begin(owners.several ? kPowerlessRole : owners.one);
  PlannedStmt* const planned = plan(query, text, options, params);
  code.end();
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
