#include "pg/base/planning.hpp"

#include <utility>

#include "pg/base/boundary.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/foreign_reader.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/temp_schema.hpp"

namespace company_backup {
namespace {

planner_hook_type next_planner = nullptr;
bool next_is_untrusted = false;
bool next_calls_application = false;

// Whose code planning may run: the owners, superusers aside, of the tables of a query, and of what
// the tables of superusers call.
struct PlannedOwners {
  Oid one = InvalidOid;
  bool several = false;
  Query* query = nullptr;  // whose tables are being looked at
};

void add_role(Oid role, void* context) {
  PlannedOwners& owners = *static_cast<PlannedOwners*>(context);
  if (role == owners.one) return;
  if (OidIsValid(owners.one)) owners.several = true;
  owners.one = role;
}

void add_owner(Oid table, PlannedOwners& owners) {
  HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
  if (!HeapTupleIsValid(tuple)) return;  // dropped: planning will say so
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
  ReleaseSysCache(tuple);
  if (!superuser_arg(owner)) return add_role(owner, &owners);
  if (table >= FirstNormalObjectId) visit_planned_code(table, add_role, &owners);
}

bool look_at_table(Node* node, void* context) {
  if (node == nullptr) return false;
  auto* owners = static_cast<PlannedOwners*>(context);
  if (IsA(node, RangeTblEntry)) {
    auto* entry = reinterpret_cast<RangeTblEntry*>(node);
    if (entry->rtekind != RTE_RELATION) return false;
    ListCell* cell;
    List* tables = entry->inh ? find_all_inheritors(entry->relid, NoLock, nullptr)
                              : list_make1_oid(entry->relid);
    foreach (cell, tables) add_owner(lfirst_oid(cell), *owners);
    read_foreign_as_owner(owners->query, entry, tables);
    return false;
  }
  if (IsA(node, Query)) {
    Query* const around = std::exchange(owners->query, reinterpret_cast<Query*>(node));
    walk_query(owners->query, look_at_table, context, QTW_EXAMINE_RTES_BEFORE);
    owners->query = around;
    return false;
  }
  return walk_expression(node, look_at_table, context);
}

bool look_at_function(Oid function, void*) {
  if (function < FirstNormalObjectId) return false;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return false;  // dropped: the executor will say so
  const Oid owner = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->proowner;
  ReleaseSysCache(tuple);
  if (is_trusted(owner)) return false;
  ereport(ERROR, (errcode(errcode_of(sqlstate::kForeignCode)),
                  errmsg("function %s of role \"%s\" would run with the rights of role \"%s\"",
                         format_procedure(function), GetUserNameFromId(owner, false),
                         GetUserNameFromId(GetUserId(), false)),
                  errdetail("Reading or comparing values of the company would call it."),
                  errhint("Let a superuser own the function: ALTER FUNCTION ... OWNER TO.")));
}

void look_at_operator(Oid operation) {
  if (operation >= FirstNormalObjectId) look_at_function(get_opcode(operation), nullptr);
}

void look_at_checks(Oid type) {
  if (type < FirstNormalObjectId) return;
  const Oid owner = owner_of_type_code(type);
  if (!OidIsValid(owner) || is_trusted(owner)) return;
  ereport(ERROR,
          (errcode(errcode_of(sqlstate::kForeignCode)),
           errmsg("checks of type %s of role \"%s\" would run with the rights of role \"%s\"",
                  format_type_be_qualified(type), GetUserNameFromId(owner, false),
                  GetUserNameFromId(GetUserId(), false)),
           errhint("Let a superuser own the type: ALTER TYPE ... OWNER TO.")));
}

// What the statement itself calls.
bool look_at_call(Node* node, void* context) {
  if (node == nullptr) return false;
  if (IsA(node, Query)) {
    return walk_query(reinterpret_cast<Query*>(node), look_at_call, context, QTW_EXAMINE_SORTGROUP);
  }
  if (IsA(node, SortGroupClause)) {
    look_at_operator(reinterpret_cast<SortGroupClause*>(node)->eqop);
    look_at_operator(reinterpret_cast<SortGroupClause*>(node)->sortop);
    return false;
  }
  if (IsA(node, SetOperationStmt)) {
    look_at_call(reinterpret_cast<Node*>(reinterpret_cast<SetOperationStmt*>(node)->groupClauses),
                 context);
  } else if (IsA(node, CoerceToDomain)) {
    look_at_checks(reinterpret_cast<CoerceToDomain*>(node)->resulttype);
  } else if (IsA(node, CoerceViaIO)) {
    look_at_checks(reinterpret_cast<CoerceViaIO*>(node)->resulttype);
  }
  check_functions_in_node(node, look_at_function, context);
  return walk_expression(node, look_at_call, context);
}

PlannedStmt* plan(Query* query, const char* text, int options, ParamListInfo params) {
  return (next_planner != nullptr ? next_planner : standard_planner)(query, text, options, params);
}

// Holds no objects: an ereport leaves through it, and whoever catches it restores the user.
PlannedStmt* plan_untrusted(Query* query, const char* text, int options, ParamListInfo params) {
  if (!next_is_untrusted) return plan(query, text, options, params);
  next_is_untrusted = false;  // what runs inside plans its own queries as usual
  if (!next_calls_application) look_at_call(reinterpret_cast<Node*>(query), nullptr);
  PlannedOwners owners;
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

UntrustedPlanning::UntrustedPlanning(bool calls_application) {
  next_calls_application = calls_application;
  next_is_untrusted = true;
}

UntrustedPlanning::~UntrustedPlanning() {
  next_is_untrusted = false;
}

}  // namespace company_backup
