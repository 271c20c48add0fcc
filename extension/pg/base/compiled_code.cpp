#include "pg/base/compiled_code.hpp"

#include "core/text/error.hpp"
#include "pg/base/error_code.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
extern "C" {
#include "optimizer/prep.h"
#include "plpgsql.h"
#include "utils/inval.h"
#include "utils/partcache.h"
}
#pragma GCC diagnostic pop
// plpgsql.h makes its own of these; the texts of this folder are not PL/pgSQL's.
#undef TEXTDOMAIN
#define TEXTDOMAIN NULL
#undef _
#define _(x) gettext(x)  // NOLINT(bugprone-reserved-identifier): PostgreSQL's own

namespace company_backup {
namespace {

PLpgSQL_plugin** plugin = nullptr;  // where PL/pgSQL looks for one
PLpgSQL_plugin* others = nullptr;   // that stood there
PLpgSQL_plugin judge;               // the same, and a look at functions that begin
bool judging = false;

bool is_in_signature(Oid type, const PLpgSQL_function* function) {
  if (type == function->fn_rettype) return true;
  Oid* types = nullptr;
  char** names = nullptr;
  char* modes = nullptr;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function->fn_oid));
  if (!HeapTupleIsValid(tuple)) return false;
  const int count = get_func_arg_info(tuple, &types, &names, &modes);
  ReleaseSysCache(tuple);
  for (int i = 0; i < count; ++i) {
    if (types[i] == type) return true;
  }
  return false;
}

Oid owner_of_type(Oid type) {
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;  // dropped: using it will say so
  const Oid owner = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typowner;
  ReleaseSysCache(tuple);
  return owner;
}

void look_at_type(Oid type, const PLpgSQL_function* function) {
  if (type < FirstNormalObjectId) return;
  const Oid owner = owner_of_type(type);
  if (!OidIsValid(owner) || has_privs_of_role(owner, GetUserId())) return;
  if (is_in_signature(type, function)) return;  // chosen by whoever wrote the function
  ereport(ERROR,
          (errcode(errcode_of(sqlstate::kForeignCode)),
           errmsg("function %s has a variable of type %s, which belongs to role \"%s\"",
                  function->fn_signature, format_type_be_qualified(type),
                  GetUserNameFromId(owner, false)),
           errdetail("The session may have compiled it under another search_path. Code of that "
                     "role would run with the rights of role \"%s\".",
                     GetUserNameFromId(GetUserId(), false)),
           errhint("Begin a new session. If the function means that type, let the role \"%s\" or a "
                   "superuser own it.",
                   GetUserNameFromId(GetUserId(), false))));
}

// PL/pgSQL tells before each execution of a function.
void judge_function(PLpgSQL_execstate* state, PLpgSQL_function* function) {
  for (int i = 0; judging && i < function->ndatums; ++i) {
    const PLpgSQL_datum* variable = function->datums[i];
    if (variable->dtype == PLPGSQL_DTYPE_VAR || variable->dtype == PLPGSQL_DTYPE_PROMISE) {
      look_at_type(reinterpret_cast<const PLpgSQL_var*>(variable)->datatype->typoid, function);
    } else if (variable->dtype == PLPGSQL_DTYPE_REC) {
      look_at_type(reinterpret_cast<const PLpgSQL_rec*>(variable)->rectypeid, function);
    }
  }
  if (others != nullptr && others->func_setup != nullptr) others->func_setup(state, function);
}

// What a catalog's column says, simplified as PostgreSQL does for what it keeps; null if nothing.
Node* stored_expression(int cache, HeapTuple tuple, AttrNumber attribute) {
  bool is_null;
  const Datum value = SysCacheGetAttr(cache, tuple, attribute, &is_null);
  if (is_null) return nullptr;
  auto* expression = static_cast<Node*>(stringToNode(TextDatumGetCString(value)));
  return eval_const_expressions(nullptr, expression);
}

// Whether the key has expressions.
bool require_own_partition_key(Oid oid) {
  HeapTuple tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(oid));
  if (!HeapTupleIsValid(tuple)) return false;  // not partitioned
  Node* stored = stored_expression(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs);
  ReleaseSysCache(tuple);
  if (stored == nullptr) return false;
  fix_opfuncids(stored);
  Relation relation = table_open(oid, AccessShareLock);
  if (!equal(stored, RelationGetPartitionKey(relation)->partexprs)) {
    ereport(ERROR, (errcode(errcode_of(sqlstate::kForeignCode)),
                    errmsg("the partition key of table \"%s\" was compiled under another "
                           "search_path",
                           RelationGetRelationName(relation)),
                    errdetail("What it calls would run with the rights of role \"%s\".",
                              GetUserNameFromId(GetUserId(), false)),
                    errhint("Begin a new session.")));
  }
  table_close(relation, AccessShareLock);
  return true;
}

// What the keys above a partition demand of its rows is made of them again when next asked for.
void forget_partition_check(Oid oid) {
  Relation relation = table_open(oid, AccessShareLock);
  if (relation->rd_partcheckvalid) {
    relation->rd_partcheckvalid = false;
    relation->rd_partcheck = NIL;
    if (relation->rd_partcheckcxt != nullptr) MemoryContextDelete(relation->rd_partcheckcxt);
    relation->rd_partcheckcxt = nullptr;
  }
  table_close(relation, AccessShareLock);
}

}  // namespace

void install_function_judge() {
  plugin = reinterpret_cast<PLpgSQL_plugin**>(find_rendezvous_variable("PLpgSQL_plugin"));
}

void judge_functions(bool on) {
  judging = on;
  if (on == (*plugin == &judge)) return;
  if (!on) {
    *plugin = others;
    return;
  }
  others = *plugin;
  judge = others != nullptr ? *others : PLpgSQL_plugin{};
  judge.func_setup = judge_function;
  *plugin = &judge;
}

void forget_compiled_code() {
  CallSyscacheCallbacks(CONSTROID, 0);
  CallSyscacheCallbacks(OPEROID, 0);
}

void renew_index_code(Relation index, IndexInfo* info) {
  if (info->ii_Expressions == NIL && info->ii_Predicate == NIL) return;
  HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(RelationGetRelid(index)));
  if (!HeapTupleIsValid(tuple)) {
    elog(ERROR, "cache lookup failed for index %u", RelationGetRelid(index));
  }
  info->ii_Expressions =
      reinterpret_cast<List*>(stored_expression(INDEXRELID, tuple, Anum_pg_index_indexprs));
  auto* predicate =
      reinterpret_cast<Expr*>(stored_expression(INDEXRELID, tuple, Anum_pg_index_indpred));
  info->ii_Predicate =
      predicate == nullptr ? NIL : make_ands_implicit(canonicalize_qual(predicate, false));
  ReleaseSysCache(tuple);
  fix_opfuncids(reinterpret_cast<Node*>(info->ii_Expressions));
  fix_opfuncids(reinterpret_cast<Node*>(info->ii_Predicate));
}

void renew_index_code(ResultRelInfo* table) {
  for (int i = 0; i < table->ri_NumIndices; ++i) {
    renew_index_code(table->ri_IndexRelationDescs[i], table->ri_IndexRelationInfo[i]);
  }
}

void require_own_partition_keys(Relation relation) {
  List* tables = find_all_inheritors(RelationGetRelid(relation), NoLock, nullptr);
  if (relation->rd_rel->relispartition) {
    tables = list_concat(tables, get_partition_ancestors(RelationGetRelid(relation)));
  }
  bool expressions = false;
  ListCell* cell;
  foreach (cell, tables) expressions |= require_own_partition_key(lfirst_oid(cell));
  if (!expressions) return;
  foreach (cell, tables) forget_partition_check(lfirst_oid(cell));
}

}  // namespace company_backup
