#include "pg/base/code_owner.hpp"

#include <algorithm>
#include <iterator>

#include "pg/base/compat.hpp"
#include "pg/base/error_code.hpp"
#include "pg/base/owner.hpp"

extern "C" {
#include "catalog/pg_range.h"
#include "catalog/pg_statistic_ext.h"
}

namespace company_backup {
namespace {

// Volatile or stable, and yet they run nobody's code.
constexpr Oid kHarmless[] = {
    F_NOW,    F_TRANSACTION_TIMESTAMP, F_STATEMENT_TIMESTAMP, F_CLOCK_TIMESTAMP, F_TIMEOFDAY,
    F_NEXTVAL};

// Roles that are no superusers, and of each the first thing found of it (catalog, OID). Plain data,
// in PostgreSQL's memory.
struct Owners {
  List* roles = NIL;
  List* catalogs = NIL;
  List* things = NIL;

  void add(Oid role, Oid catalog, Oid thing) {
    if (superuser_arg(role) || list_member_oid(roles, role)) return;
    roles = lappend_oid(roles, role);
    catalogs = lappend_oid(catalogs, catalog);
    things = lappend_oid(things, thing);
  }
  void add(const Owners& others) {
    for (int i = 0; i < others.count(); ++i) {
      add(list_nth_oid(others.roles, i), list_nth_oid(others.catalogs, i),
          list_nth_oid(others.things, i));
    }
  }
  int count() const { return list_length(roles); }
  Oid one() const { return roles == NIL ? InvalidOid : linitial_oid(roles); }
};

// What expressions run.
struct Code {
  bool any = false;
  Owners owners;  // of functions and types that they name
};

// "table app.item of role "ann", function app.f(text) of role "bob""
const char* list_owners(const Owners& owners) {
  StringInfoData list;
  initStringInfo(&list);
  for (int i = 0; i < owners.count(); ++i) {
    const ObjectAddress thing = {list_nth_oid(owners.catalogs, i), list_nth_oid(owners.things, i),
                                 0};
    appendStringInfo(&list, "%s%s of role \"%s\"", i == 0 ? "" : ", ",
                     getObjectDescription(&thing, false),
                     GetUserNameFromId(list_nth_oid(owners.roles, i), false));
  }
  return list.data;
}

[[noreturn]] void refuse_several(const char* what, const Owners& owners) {
  ereport(ERROR,
          (errcode(errcode_of(sqlstate::kForeignCode)),
           errmsg("code of several owners would run for %s", what),
           errdetail("There is %s. None of it may run with the rights of another of these roles.",
                     list_owners(owners)),
           errhint("Let one role or a superuser own what belongs together: ALTER ... OWNER TO.")));
}

void add_type_code(Oid type, Code& code);

bool note_function(Oid function, void* context) {
  Code& code = *static_cast<Code*>(context);
  if (function < FirstNormalObjectId) {
    if (func_volatile(function) == PROVOLATILE_IMMUTABLE) return false;
    if (is_random(function)) return false;
    code.any |= std::find(std::begin(kHarmless), std::end(kHarmless), function) ==
                std::end(kHarmless);  // query_to_xml() and the like run any SQL
    return false;
  }
  code.any = true;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return false;
  code.owners.add(reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->proowner, ProcedureRelationId,
                  function);
  ReleaseSysCache(tuple);
  return false;
}

bool note_code(Node* node, void* context) {
  if (node == nullptr) return false;
  check_functions_in_node(node, note_function, context);
  if (IsA(node, CoerceToDomain)) {
    add_type_code(reinterpret_cast<CoerceToDomain*>(node)->resulttype,
                  *static_cast<Code*>(context));
  } else if (IsA(node, CoerceViaIO)) {
    add_type_code(reinterpret_cast<CoerceViaIO*>(node)->resulttype, *static_cast<Code*>(context));
  }
  return walk_expression(node, note_code, context);
}

// Stored expressions as they stand in the catalog: nothing of them is evaluated here.
void add_stored(const char* expression, Code& code) {
  note_code(static_cast<Node*>(stringToNode(expression)), &code);
}

void add_attribute(int cache, HeapTuple tuple, AttrNumber attribute, Code& code) {
  bool is_null;
  const Datum value = SysCacheGetAttr(cache, tuple, attribute, &is_null);
  if (!is_null) add_stored(TextDatumGetCString(value), code);
}

// Visits the constraints of a domain.
void add_domain_code(Oid domain, Oid owner, Code& code) {
  Code checks;
  Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(domain));
  SysScanDesc scan =
      systable_beginscan(constraints, ConstraintTypidIndexId, true, nullptr, 1, &key);
  while (HeapTuple tuple = systable_getnext(scan)) {
    bool is_null;
    const Datum expression =
        heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(constraints), &is_null);
    if (!is_null) add_stored(TextDatumGetCString(expression), checks);
  }
  systable_endscan(scan);
  table_close(constraints, AccessShareLock);
  if (!checks.any) return;
  code.any = true;
  code.owners.add(owner, TypeRelationId, domain);
  if (superuser_arg(owner)) code.owners.add(checks.owners);
}

// What a type is made of, at any depth; of users' types only.
void visit_parts(Oid type, void (*visit)(Form_pg_type form, void* context), void* context) {
  if (type < FirstNormalObjectId) return;
  check_stack_depth();
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", type);
  FormData_pg_type form;
  memcpy(&form, GETSTRUCT(tuple), sizeof(form));
  ReleaseSysCache(tuple);
  visit(&form, context);
  if (OidIsValid(form.typelem)) visit_parts(form.typelem, visit, context);
  switch (form.typtype) {
    case TYPTYPE_DOMAIN:
      return visit_parts(form.typbasetype, visit, context);
    case TYPTYPE_RANGE:
      return visit_parts(get_range_subtype(type), visit, context);
    case TYPTYPE_MULTIRANGE:
      return visit_parts(get_multirange_range(type), visit, context);
    case TYPTYPE_COMPOSITE: {
      TupleDesc row = lookup_rowtype_tupdesc_copy(type, -1);
      for (int i = 0; i < row->natts; ++i) {
        if (TupleDescAttr(row, i)->attisdropped) continue;
        visit_parts(TupleDescAttr(row, i)->atttypid, visit, context);
      }
      return;
    }
    default:
      return;
  }
}

void add_type_code(Oid type, Code& code) {
  visit_parts(
      type,
      [](Form_pg_type form, void* context) {
        Code& found = *static_cast<Code*>(context);
        if (form->typtype == TYPTYPE_DOMAIN) add_domain_code(form->oid, form->typowner, found);
      },
      &code);
}

// What a GiST index calls to place the values of a range.
void add_range_code(Oid type, Code& code) {
  visit_parts(
      type,
      [](Form_pg_type form, void* context) {
        if (form->typtype != TYPTYPE_RANGE) return;
        HeapTuple tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(form->oid));
        if (!HeapTupleIsValid(tuple)) return;
        const Oid function = reinterpret_cast<Form_pg_range>(GETSTRUCT(tuple))->rngsubdiff;
        ReleaseSysCache(tuple);
        if (OidIsValid(function)) note_function(function, context);
      },
      &code);
}

// Of the relation and of all that it is a partition or child of.
void add_owners_above(Oid relation, Owners& owners) {
  check_stack_depth();
  owners.add(owner_of_relation(relation), RelationRelationId, relation);
  List* parents = NIL;
  Relation inherits = table_open(InheritsRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(relation));
  SysScanDesc scan =
      systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, nullptr, 1, &key);
  while (HeapTuple tuple = systable_getnext(scan)) {
    parents = lappend_oid(parents, reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent);
  }
  systable_endscan(scan);
  table_close(inherits, AccessShareLock);
  ListCell* cell;
  foreach (cell, parents) add_owners_above(lfirst_oid(cell), owners);
}

void add_routing_code(Oid relation, Code& code) {
  HeapTuple tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(relation));
  if (!HeapTupleIsValid(tuple)) return;  // not partitioned
  add_attribute(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs, code);
  ReleaseSysCache(tuple);
}

void add_index_code(Relation relation, Code& code) {
  List* indexes = RelationGetIndexList(relation);
  ListCell* cell;
  foreach (cell, indexes) {
    HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
    if (!HeapTupleIsValid(tuple)) continue;
    add_attribute(INDEXRELID, tuple, Anum_pg_index_indexprs, code);
    add_attribute(INDEXRELID, tuple, Anum_pg_index_indpred, code);
    const int columns = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indnkeyatts;
    ReleaseSysCache(tuple);
    for (AttrNumber column = 1; column <= columns; ++column) {
      add_range_code(get_atttype(lfirst_oid(cell), column), code);
    }
  }
}

void add_check_code(Relation relation, Code& code) {
  const TupleConstr* constraints = RelationGetDescr(relation)->constr;
  for (int i = 0; constraints != nullptr && i < constraints->num_check; ++i) {
    add_stored(constraints->check[i].ccbin, code);
  }
}

void add_code_of(Relation relation, Code& code) {
  add_check_code(relation, code);
  if (const TupleConstr* constraints = RelationGetDescr(relation)->constr) {
    for (int i = 0; i < constraints->num_defval; ++i) {
      add_stored(constraints->defval[i].adbin, code);
    }
  }
  add_index_code(relation, code);
  add_routing_code(RelationGetRelid(relation), code);
  if (!relation->rd_rel->relispartition) return;
  ListCell* cell;
  foreach (cell, get_partition_ancestors(RelationGetRelid(relation))) {
    add_routing_code(lfirst_oid(cell), code);  // what the partition's own rows are checked by
  }
}

void add_statistics_code(Relation relation, Code& code) {
  ListCell* cell;
  foreach (cell, RelationGetStatExtList(relation)) {
    HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(lfirst_oid(cell)));
    if (!HeapTupleIsValid(tuple)) continue;
    add_attribute(STATEXTOID, tuple, Anum_pg_statistic_ext_stxexprs, code);
    ReleaseSysCache(tuple);
  }
}

// The code on a relation and its owners. If one of them is no superuser, the functions that his
// code calls are his own choice.
Code all_code_on(Relation relation) {
  Code code;
  Owners owners;
  add_owners_above(RelationGetRelid(relation), owners);
  if (owners.count() != 1) add_code_of(relation, code);
  if (owners.count() > 0) code.owners = owners;
  code.any |= owners.count() == 1;
  return code;
}

// As whom all of the code may run.
Oid runner_of(const Code& code, const char* what) {
  if (code.owners.count() == 0) return GetUserId();
  if (code.owners.count() == 1) return code.owners.one();
  if (code.any) refuse_several(what, code.owners);
  return kPowerlessRole;
}

const char* described(Relation relation) {
  return psprintf("table \"%s\"", RelationGetRelationName(relation));
}

}  // namespace

Oid owner_of_code(Relation relation) {
  return runner_of(all_code_on(relation), described(relation));
}

Oid owner_of_replacement(Relation relation, AttrNumber column) {
  Code code = all_code_on(relation);
  add_type_code(TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid, code);
  return runner_of(code, described(relation));
}

Oid owner_of_default(Relation relation, AttrNumber column) {
  const FormData_pg_attribute* attribute = TupleDescAttr(RelationGetDescr(relation), column - 1);
  if (attribute->atthasdef || attribute->atttypid < FirstNormalObjectId) {
    return owner_of_replacement(relation, column);
  }
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(attribute->atttypid));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", attribute->atttypid);
  const Oid owner = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typowner;
  Code code;
  add_attribute(TYPEOID, tuple, Anum_pg_type_typdefaultbin, code);
  ReleaseSysCache(tuple);
  if (code.any && !superuser_arg(owner)) {
    code.owners = Owners();
    code.owners.add(owner, TypeRelationId, attribute->atttypid);
  }
  add_type_code(attribute->atttypid, code);
  return runner_of(code, psprintf("the default of type %s", format_type_be(attribute->atttypid)));
}

void visit_planned_code(Oid relation, void (*visit)(Oid role, void* context), void* context) {
  Relation table = relation_open(relation, AccessShareLock);
  Code code;
  add_check_code(table, code);
  add_index_code(table, code);
  add_routing_code(relation, code);
  add_statistics_code(table, code);
  relation_close(table, NoLock);
  ListCell* cell;
  foreach (cell, code.owners.roles) visit(lfirst_oid(cell), context);
}

Oid owner_of_routing(Relation relation) {
  Code code;
  ListCell* cell;
  foreach (cell, find_all_inheritors(RelationGetRelid(relation), NoLock, nullptr)) {
    code.owners.add(owner_of_relation(lfirst_oid(cell)), RelationRelationId, lfirst_oid(cell));
    add_routing_code(lfirst_oid(cell), code);
  }
  if (code.owners.count() == 0) return GetUserId();
  return code.owners.count() == 1 ? code.owners.one() : kPowerlessRole;
}

Oid owner_of_type_code(Oid type) {
  if (type < FirstNormalObjectId) return InvalidOid;
  Code code;
  add_type_code(type, code);
  if (code.owners.count() > 1) {
    refuse_several(psprintf("type %s", format_type_be(type)), code.owners);
  }
  return code.owners.one();
}

void visit_composites(Oid type, void (*visit)(Oid relation, void* context), void* context) {
  struct Visit {
    void (*visit)(Oid relation, void* context);
    void* context;
  } wanted{visit, context};
  visit_parts(
      type,
      [](Form_pg_type form, void* given) {
        const auto* to = static_cast<Visit*>(given);
        if (form->typtype == TYPTYPE_COMPOSITE) to->visit(form->typrelid, to->context);
      },
      &wanted);
}

}  // namespace company_backup
