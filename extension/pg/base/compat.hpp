// What differs between the servers that the extension is built for: the only place that looks at
// PG_VERSION_NUM.
#pragma once

#include "pg/base/postgres.hpp"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "company_backup is built for PostgreSQL 15 to 18"
#endif

extern "C" {
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_database.h"
#include "parser/parse_relation.h"
#endif
#include "utils/guc_tables.h"
#include "utils/tuplesort.h"
}

namespace company_backup {

// Number of the file that holds a table's rows; a rewrite gives it a new one.
inline Oid file_number(Relation relation) {
#if PG_VERSION_NUM >= 160000
  return relation->rd_locator.relNumber;
#else
  return relation->rd_node.relNode;
#endif
}

// Did this transaction give the table the file that it has?
inline bool is_rewritten_here(Relation table) {
#if PG_VERSION_NUM >= 160000
  return table->rd_firstRelfilelocatorSubid != InvalidSubTransactionId;
#else
  return table->rd_firstRelfilenodeSubid != InvalidSubTransactionId;
#endif
}

inline IndexScanDesc begin_index_scan(Relation table, Relation index, Snapshot snapshot, int keys) {
#if PG_VERSION_NUM >= 180000
  return index_beginscan(table, index, snapshot, nullptr, keys, 0);
#else
  return index_beginscan(table, index, snapshot, keys, 0);
#endif
}

inline bool owns_database(Oid role) {
#if PG_VERSION_NUM >= 160000
  return object_ownercheck(DatabaseRelationId, MyDatabaseId, role);
#else
  return pg_database_ownercheck(MyDatabaseId, role);
#endif
}

// Ends the value of a setting with the transaction, or with the function that has it in its SET? A
// setting of the extension itself.
inline bool is_set_locally(const char* name) {
#if PG_VERSION_NUM >= 160000
  const config_generic* const setting = find_option(name, false, false, ERROR);
#else
  const config_generic* setting = nullptr;
  for (int i = 0; i < GetNumConfigOptions() && setting == nullptr; ++i) {
    if (strcmp(get_guc_variables()[i]->name, name) == 0) setting = get_guc_variables()[i];
  }
#endif
  return setting != nullptr && setting->stack != nullptr && setting->stack->state != GUC_SET;
}

// May do nothing that matters: other people's code can be planned under it.
inline constexpr Oid kPowerlessRole = ROLE_PG_CHECKPOINT;

// PostgreSQL's own functions that give a value at random.
inline bool is_random(Oid function) {
  switch (function) {
#if PG_VERSION_NUM >= 180000
    case F_UUIDV4:
    case F_UUIDV7_:
    case F_UUIDV7_INTERVAL:
#endif
#if PG_VERSION_NUM >= 170000
    case F_RANDOM_:
    case F_RANDOM_INT4_INT4:
    case F_RANDOM_INT8_INT8:
    case F_RANDOM_NUMERIC_NUMERIC:
#else
    case F_RANDOM:
#endif
#if PG_VERSION_NUM >= 160000
    case F_RANDOM_NORMAL:
#endif
    case F_GEN_RANDOM_UUID:
      return true;
    default:
      return false;
  }
}

// The tree walkers, whose callbacks are declared without parameters before PostgreSQL 16.
using NodeWalker = bool (*)(Node*, void*);
inline auto bare_walker(NodeWalker walker) {
#if PG_VERSION_NUM >= 160000
  return walker;
#else
  return reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(walker));
#endif
}
inline bool walk_query(Query* query, NodeWalker walker, void* context, int flags) {
  return query_tree_walker(query, bare_walker(walker), context, flags);
}
inline bool walk_expression(Node* node, NodeWalker walker, void* context) {
  return expression_tree_walker(node, bare_walker(walker), context);
}

// Lets `entry`, a table of the query, be read as `reader`, also while it is planned as somebody
// else. The current user, if he is not `reader`, must have the rights that the query asks for.
inline void read_entry_as(Query* query, RangeTblEntry* entry, Oid reader) {
#if PG_VERSION_NUM >= 160000
  RTEPermissionInfo* const rights = entry->perminfoindex == 0
                                        ? addRTEPermissionInfo(&query->rteperminfos, entry)
                                        : getRTEPermissionInfo(query->rteperminfos, entry);
  if (reader != GetUserId() && rights->requiredPerms != 0) {
    RangeTblEntry alone = *entry;
    alone.perminfoindex = 1;
    ExecCheckPermissions(list_make1(&alone), list_make1(rights), true);
  }
  rights->checkAsUser = reader;
#else
  (void)query;
  if (reader != GetUserId() && entry->requiredPerms != 0) {
    ExecCheckRTPerms(list_make1(entry), true);
  }
  entry->checkAsUser = reader;
#endif
}

// The range table of an estate: one relation, that is written; `changed` are the columns that an
// UPDATE may change, by attnum - FirstLowInvalidHeapAttributeNumber.
inline void init_range_table(EState* estate, Relation relation, Bitmapset* changed) {
  RangeTblEntry* entry = makeNode(RangeTblEntry);
  entry->rtekind = RTE_RELATION;
  entry->relid = RelationGetRelid(relation);
  entry->relkind = relation->rd_rel->relkind;
  entry->rellockmode = RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
  List* rights = NIL;
  addRTEPermissionInfo(&rights, entry)->updatedCols = changed;
#if PG_VERSION_NUM >= 180000
  ExecInitRangeTable(estate, list_make1(entry), rights, bms_make_singleton(1));
#else
  ExecInitRangeTable(estate, list_make1(entry), rights);
#endif
#else
  entry->updatedCols = changed;
  ExecInitRangeTable(estate, list_make1(entry));
#endif
}

inline void require_writable(ResultRelInfo* relation, CmdType command) {
#if PG_VERSION_NUM >= 180000
  CheckValidResultRel(relation, command, ONCONFLICT_NONE, NIL);
#elif PG_VERSION_NUM >= 170000
  CheckValidResultRel(relation, command, NIL);
#else
  CheckValidResultRel(relation, command);
#endif
}

// NOT NULL aside, the executor then finds no CHECK of the relation false. In memory that lives as
// long as `relation`.
inline void disable_checks(ResultRelInfo* relation, int count) {
  auto** const none =
      static_cast<ExprState**>(palloc0(sizeof(ExprState*) * static_cast<size_t>(count)));
#if PG_VERSION_NUM >= 180000
  relation->ri_CheckConstraintExprs = none;
#else
  relation->ri_ConstraintExprs = none;
#endif
}

// A condition over a relation's rows, in which generated columns that are not stored become what
// they are generated from.
inline Node* with_generated_columns(Node* condition, Relation relation) {
#if PG_VERSION_NUM >= 180000
  return expand_generated_columns_in_expr(condition, relation, 1);
#else
  (void)relation;
  return condition;
#endif
}

// The condition of a CHECK as it is to be evaluated; null: nobody enforces it.
inline Node* check_condition(Relation relation, const ConstrCheck& check) {
  auto* condition = static_cast<Node*>(stringToNode(check.ccbin));
#if PG_VERSION_NUM >= 180000
  if (!check.ccenforced) return nullptr;
  return with_generated_columns(condition, relation);
#else
  (void)relation;
  return condition;
#endif
}

// From rows of the root to those of a partition; null: they are the same.
inline TupleConversionMap* map_to_partition(ResultRelInfo* partition, EState* estate) {
#if PG_VERSION_NUM >= 160000
  return ExecGetRootToChildMap(partition, estate);
#else
  (void)estate;
  return partition->ri_RootToPartitionMap;
#endif
}

// Which indexes a new version of a row goes into.
#if PG_VERSION_NUM >= 160000
using IndexUpdates = TU_UpdateIndexes;
inline bool none_to_update(IndexUpdates updates) {
  return updates == TU_None;
}
inline bool only_summarizing(IndexUpdates updates) {
  return updates == TU_Summarizing;
}
inline constexpr IndexUpdates kAllIndexes = TU_All;
#else
using IndexUpdates = bool;
inline bool none_to_update(IndexUpdates updates) {
  return !updates;
}
inline constexpr IndexUpdates kAllIndexes = true;
#endif

// The OIDs of the indexes whose constraints may be violated.
inline List* insert_into_indexes(ResultRelInfo* relation, TupleTableSlot* row, EState* estate,
                                 bool is_update, IndexUpdates updates) {
#if PG_VERSION_NUM >= 160000
  return ExecInsertIndexTuples(relation, row, estate, is_update, false, nullptr, NIL,
                               only_summarizing(updates));
#else
  (void)updates;
  return ExecInsertIndexTuples(relation, row, estate, is_update, false, nullptr, NIL);
#endif
}

// May the row stand beside those there are, say these indexes? Else where the other one is.
inline bool is_free_of_conflicts(ResultRelInfo* relation, TupleTableSlot* row, EState* estate,
                                 ItemPointer other, List* indexes) {
#if PG_VERSION_NUM >= 180000
  ItemPointerData none;
  ItemPointerSetInvalid(&none);
  return ExecCheckIndexConstraints(relation, row, estate, other, &none, indexes);
#else
  return ExecCheckIndexConstraints(relation, row, estate, other, indexes);
#endif
}

// The next value of a sort, in the current memory context; false at the end.
inline bool next_sorted(Tuplesortstate* sort, Datum* value, bool* is_null) {
#if PG_VERSION_NUM >= 160000
  return tuplesort_getdatum(sort, true, true, value, is_null, nullptr);
#else
  return tuplesort_getdatum(sort, true, value, is_null, nullptr);
#endif
}

// The row of a slot that slot_getallattrs() has been called for.
inline MinimalTuple minimal_tuple_of(const TupleTableSlot* slot) {
#if PG_VERSION_NUM >= 180000
  return heap_form_minimal_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull, 0);
#else
  return heap_form_minimal_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
#endif
}

// What pg_constraint says of a foreign key "con" since PostgreSQL 18.
#if PG_VERSION_NUM >= 180000
#define COMPANY_BACKUP_IS_ENFORCED "con.conenforced"
#define COMPANY_BACKUP_IS_TEMPORAL "con.conperiod"
#else
#define COMPANY_BACKUP_IS_ENFORCED "true"
#define COMPANY_BACKUP_IS_TEMPORAL "false"
#endif

// Has every row a value in the column "a" of pg_attribute? A NOT NULL that is NOT VALID, which is
// possible since PostgreSQL 18, says nothing of old rows.
#if PG_VERSION_NUM >= 180000
#define COMPANY_BACKUP_IS_NOT_NULL                                            \
  "(a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint n"                 \
  " WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND NOT n.convalidated" \
  " AND n.conkey = ARRAY[a.attnum]))"
#else
#define COMPANY_BACKUP_IS_NOT_NULL "a.attnotnull"
#endif

}  // namespace company_backup
