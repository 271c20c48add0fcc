#include "pg/rows/table_writer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "pg/base/boundary.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/compiled_code.hpp"
#include "pg/base/error_code.hpp"
#include "pg/rows/relation_estate.hpp"
#include "pg/rows/row_check.hpp"

namespace company_backup {
namespace {

// More open targets than this are closed after a batch: each holds a pinned buffer and slots.
constexpr size_t kMaxTargets = 32;

// Triggers never fire here; a partition brings its own.
void forget_triggers(ResultRelInfo* info) {
  info->ri_TrigDesc = nullptr;
  info->ri_TrigFunctions = nullptr;
  info->ri_TrigWhenExprs = nullptr;
  info->ri_TrigInstrument = nullptr;
}

void store(TupleTableSlot* slot, const Datum* values, const bool* nulls, size_t width) {
  ExecClearTuple(slot);
  std::memcpy(slot->tts_values, values, width * sizeof(Datum));
  std::memcpy(slot->tts_isnull, nulls, width * sizeof(bool));
  ExecStoreVirtualTuple(slot);
}

// What INSERT puts into a column without a value and a default: NULL, which a domain may refuse.
// Nothing for types that take every NULL.
Expr* checked_null(const FormData_pg_attribute* attribute) {
  if (!DomainHasConstraints(attribute->atttypid)) return nullptr;
  int32 typmod = attribute->atttypmod;
  const Oid base = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
  Node* null = reinterpret_cast<Node*>(makeConst(base, typmod, attribute->attcollation,
                                                 attribute->attlen, 0, true, attribute->attbyval));
  return reinterpret_cast<Expr*>(coerce_to_domain(
      null, base, typmod, attribute->atttypid, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1, false));
}

// CONTEXT of errors in defaults: a domain's names no column.
struct DefaultOf {
  Relation relation;
  AttrNumber attnum;
};
void tell_default(void* argument) {
  const auto* place = static_cast<const DefaultOf*>(argument);
  if (place->attnum == 0) return;
  errcontext("value of column \"%s\" of table \"%s\", for which none was given",
             NameStr(TupleDescAttr(RelationGetDescr(place->relation), place->attnum - 1)->attname),
             RelationGetRelationName(place->relation));
}

void require_done(TM_Result result) {
  if (result == TM_Ok) return;
  ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                  errmsg("could not serialize access: somebody else changed a row of the company"),
                  errhint("Try again.")));
}

// What a CHECK calls that is not PostgreSQL's own.
struct UserCode {
  bool any;
  bool one_by_one;
};

bool note_function(Oid function, void* context) {
  if (function < FirstNormalObjectId) return false;
  auto* code = static_cast<UserCode*>(context);
  code->any = true;
  code->one_by_one |= func_volatile(function) != PROVOLATILE_IMMUTABLE;
  return false;
}

bool find_user_code(Node* node, void* context) {
  if (node == nullptr) return false;
  check_functions_in_node(node, note_function, context);
  return walk_expression(node, find_user_code, context);
}

// Code on a table may alter it in the middle of our work; what we know of it counts no more then.
// As long as the table is open a new form stands elsewhere than the old one.
void require_unaltered(Relation relation, TupleDesc form) {
  if (RelationGetDescr(relation) == form) return;
  ereport(ERROR, (errcode(errcode_of(sqlstate::kTableChanged)),
                  errmsg("table \"%s\" was altered while it was being written",
                         RelationGetRelationName(relation)),
                  errdetail("Code of its owner did that in this transaction.")));
}

}  // namespace

void TableWriter::begin(Relation relation, Bitmapset* changed, DoubtedRows* doubts) {
  relation_ = relation;
  doubts_ = doubts;
  form_ = RelationGetDescr(relation);
  memory_ = CurrentMemoryContext;
  estate_ = make_estate(relation, changed);
  const MemoryContext before = MemoryContextSwitchTo(estate_->es_query_cxt);
  root_ = makeNode(ResultRelInfo);
  InitResultRelInfo(root_, relation, 1, nullptr, 0);
  forget_triggers(root_);
  require_writable(root_, changed == nullptr ? CMD_INSERT : CMD_UPDATE);
  ExecOpenIndices(root_, false);
  renew_index_code(root_);
  if (relation->rd_rel->relispartition) require_own_partition_keys(relation);
  MemoryContextSwitchTo(before);
}

// Where CHECKs may look at other rows, leaves all of them to hold(), and NOT NULL to the executor.
TableWriter::FunctionChecks* TableWriter::take_over_checks(ResultRelInfo* info) {
  const TupleConstr* constraints = info->ri_RelationDesc->rd_att->constr;
  if (doubts_ == nullptr || constraints == nullptr || constraints->num_check == 0) return nullptr;
  const MemoryContext before = MemoryContextSwitchTo(estate_->es_query_cxt);
  const int count = constraints->num_check;
  UserCode code{};
  auto* checks = static_cast<FunctionChecks*>(palloc0(sizeof(FunctionChecks)));
  checks->count = count;
  checks->states = static_cast<ExprState**>(palloc0(sizeof(ExprState*) * count));
  for (int i = 0; i < count; ++i) {
    Node* expression = check_condition(info->ri_RelationDesc, constraints->check[i]);
    if (expression == nullptr) continue;
    find_user_code(expression, &code);
    checks->states[i] = ExecPrepareExpr(reinterpret_cast<Expr*>(expression), estate_);
  }
  checks->one_by_one = code.one_by_one;
  if (code.any) disable_checks(info, count);
  MemoryContextSwitchTo(before);
  return code.any ? checks : nullptr;
}

bool TableWriter::hold(const FunctionChecks* checks, TupleTableSlot* row) {
  if (checks == nullptr) return true;
  ExprContext* context = GetPerTupleExprContext(estate_);
  context->ecxt_scantuple = row;
  in_function_check_ = true;
  bool holds = true;
  for (int i = 0; i < checks->count && holds; ++i) holds = ExecCheck(checks->states[i], context);
  in_function_check_ = false;
  return holds;
}

// The condition that set_row_check() gave, over the rows of this relation.
ExprState* TableWriter::prepare_row_check(ResultRelInfo* info) {
  if (row_check_ == nullptr) return nullptr;
  const MemoryContext before = MemoryContextSwitchTo(estate_->es_query_cxt);
  Node* condition = cook_row_check(info->ri_RelationDesc, row_check_);
  ExprState* state = ExecPrepareExpr(reinterpret_cast<Expr*>(condition), estate_);
  MemoryContextSwitchTo(before);
  return state;
}

void TableWriter::require_row_check(Relation relation, ExprState* check, TupleTableSlot* row) {
  if (check == nullptr) return;
  ExprContext* context = GetPerTupleExprContext(estate_);
  context->ecxt_scantuple = row;
  bool is_null;
  in_row_check_ = true;
  const bool holds = DatumGetBool(ExecEvalExprSwitchContext(check, context, &is_null));
  if (is_null) {
    ereport(ERROR, (errcode(errcode_of(sqlstate::kBadRule)),
                    errmsg("the row check of table \"%s\" is null for a row",
                           RelationGetRelationName(relation)),
                    errdetail("It is: %s", row_check_),
                    errhint("Let it say true or false of every row, as in coalesce(..., false).")));
  }
  in_row_check_ = false;
  if (holds) return;
  ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                  errmsg("new row of table \"%s\" does not meet its row check",
                         RelationGetRelationName(relation)),
                  errdetail("It is: %s", row_check_)));
}

void TableWriter::open_for_update(Relation relation, Bitmapset* changed, DoubtedRows* doubts,
                                  const char* row_check) {
  owner_ = owner_of_code(relation);
  row_check_ = row_check;
  run_owners_code(owner_, [&] {
    begin(relation, changed, doubts);
    checks_ = take_over_checks(root_);
    update_check_ = prepare_row_check(root_);
  });
  old_row_ = table_slot_create(relation, nullptr);
  new_row_ = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
}

void TableWriter::open(Relation relation, const AttrNumber* given, int given_count,
                       DoubtedRows* doubts, const char* row_check) {
  owner_ = owner_of_code(relation);
  row_check_ = row_check;
  run_owners_code(owner_, [&] { begin(relation, nullptr, doubts); });
  const MemoryContext before = MemoryContextSwitchTo(estate_->es_query_cxt);
  modify_ = makeNode(ModifyTableState);
  modify_->ps.state = estate_;
  modify_->operation = CMD_INSERT;
  modify_->mt_nrels = 1;
  modify_->resultRelInfo = root_;
  modify_->rootResultRelInfo = root_;
  if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
    routing_owner_ = owner_of_routing(relation);
    run_owners_code(routing_owner_, [relation] { require_own_partition_keys(relation); });
    routing_ = ExecSetupPartitionTupleRouting(estate_, relation);
    root_slot_ = table_slot_create(relation, nullptr);
  }
  code_.begin(owner_);
  PushActiveSnapshot(GetTransactionSnapshot());
  prepare_defaults(given, given_count);
  PopActiveSnapshot();
  code_.end();
  MemoryContextSwitchTo(before);
}

void TableWriter::prepare_defaults(const AttrNumber* given, int given_count) {
  const TupleDesc row = RelationGetDescr(relation_);
  defaults_ = static_cast<Default*>(palloc0(sizeof(Default) * (row->natts + 1)));
  for (int i = 0; i < row->natts; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(row, i);
    const AttrNumber attnum = attribute->attnum;
    const bool is_given = std::find(given, given + given_count, attnum) != given + given_count;
    if (is_given || attribute->attisdropped || attribute->attgenerated) continue;
    const bool has_default = attribute->atthasdef || attribute->attidentity != '\0';
    if (!has_default && attribute->atttypid < FirstNormalObjectId) continue;
    const Oid owner = owner_of_default(relation_, attnum);
    code_.turn_to(owner);  // looking at a domain compiles its checks
    auto* expression = reinterpret_cast<Expr*>(build_column_default(relation_, attnum));
    if (expression == nullptr) expression = checked_null(attribute);
    if (expression == nullptr) continue;
    Default& value = defaults_[default_count_++];
    value = {attnum, owner, nullptr};
    column_at_work_ = attnum;
    value.expression = ExecInitExpr(expression_planner(expression), nullptr);
    column_at_work_ = 0;
  }
}

void TableWriter::fill_defaults(Datum* values, bool* nulls) {
  if (default_count_ == 0) return;
  ExprContext* context = GetPerTupleExprContext(estate_);
  DefaultOf place{relation_, 0};
  ErrorContextCallback context_of_errors{error_context_stack, tell_default, &place};
  error_context_stack = &context_of_errors;
  for (int i = 0; i < default_count_; ++i) {
    const int at = defaults_[i].attnum - 1;
    code_.turn_to(defaults_[i].owner);
    place.attnum = column_at_work_ = defaults_[i].attnum;
    values[at] = ExecEvalExpr(defaults_[i].expression, context, &nulls[at]);
  }
  column_at_work_ = 0;
  error_context_stack = context_of_errors.previous;
}

void TableWriter::insert(Datum* values, bool* nulls, int count, Oid* taken) {
  const int width = form_->natts;
  require_unaltered(relation_, form_);
  code_.begin(owner_);
  PushActiveSnapshot(GetTransactionSnapshot());
  for (int row = 0; row < count; ++row) {
    put(values + static_cast<size_t>(row) * width, nulls + static_cast<size_t>(row) * width,
        taken == nullptr ? nullptr : &taken[row]);
  }
  for (const auto& [info, target] : targets_) flush(target);
  PopActiveSnapshot();
  code_.end();
  if (targets_.size() > kMaxTargets) {
    for (const auto& [info, target] : targets_) close_target(target);
    targets_.clear();
  }
}

void TableWriter::look_at(Datum* values, bool* nulls, int count, const bool* skip, int* at) {
  const int width = form_->natts;
  require_unaltered(relation_, form_);
  code_.begin(owner_);
  PushActiveSnapshot(GetTransactionSnapshot());
  for (; *at < count; ++*at) {
    CHECK_FOR_INTERRUPTS();
    if (skip[*at]) continue;
    const size_t first = static_cast<size_t>(*at) * width;
    const Target* target = line_up(values + first, nulls + first);
    if (target->doubted[target->used]) ++doubted_;
    ExecClearTuple(target->slots[target->used]);
  }
  PopActiveSnapshot();
  code_.end();
}

// Checks one row, in the next slot of its relation.
TableWriter::Target* TableWriter::line_up(Datum* values, bool* nulls) {
  ResetPerTupleExprContext(estate_);
  fill_defaults(values, nulls);
  const size_t width = form_->natts;
  Target* target;
  TupleTableSlot* slot;
  if (routing_ == nullptr) {
    target = target_of(nullptr);
    slot = next_slot(target);
    store(slot, values, nulls, width);
  } else {
    store(root_slot_, values, nulls, width);
    code_.turn_to(routing_owner_);
    target = target_of(root_slot_);
    slot = next_slot(target);
    if (const TupleConversionMap* map = map_to_partition(target->info, estate_)) {
      slot = execute_attr_map_slot(map->attrMap, root_slot_, slot);
    } else {
      store(slot, values, nulls, width);
    }
  }
  const Relation relation = target->info->ri_RelationDesc;
  slot->tts_tableOid = RelationGetRelid(relation);
  code_.turn_to(target->owner);
  if (const TupleConstr* constraints = relation->rd_att->constr) {
    if (constraints->has_generated_stored) {
      ExecComputeStoredGenerated(target->info, estate_, slot, CMD_INSERT);
      require_unaltered(relation, target->form);
    }
    target->doubted[target->used] = !hold(target->checks, slot);
    ExecConstraints(target->info, slot, estate_);
  }
  require_row_check(relation, target->row_check, slot);
  if (routing_ == nullptr && relation->rd_rel->relispartition) {
    ExecPartitionCheck(target->info, slot, estate_, true);
  }
  require_unaltered(relation, target->form);
  require_unaltered(relation_, form_);
  return target;
}

void TableWriter::put(Datum* values, bool* nulls, Oid* taken) {
  Target* target = line_up(values, nulls);
  if (taken != nullptr) {
    *taken = taken_in(target, target->slots[target->used]);
    if (OidIsValid(*taken)) return void(ExecClearTuple(target->slots[target->used]));
  }
  // The next row is to find this one in the indexes.
  const bool one_by_one =
      taken != nullptr || (target->checks != nullptr && target->checks->one_by_one);
  if (++target->used == kBatchRows || one_by_one) flush(target);
  if (!one_by_one) return;
  CommandCounterIncrement();
  UpdateActiveSnapshotCommandId();
}

// As INSERT ... ON CONFLICT DO NOTHING looks for it; waits for others who are about to write such a
// row.
Oid TableWriter::taken_in(Target* target, TupleTableSlot* row) {
  ResultRelInfo* info = target->info;
  for (int i = 0; i < info->ri_NumIndices; ++i) {
    Relation index = info->ri_IndexRelationDescs[i];
    IndexInfo* form = info->ri_IndexRelationInfo[i];
    if (!form->ii_Unique && form->ii_ExclusionOps == nullptr) continue;
    if (!form->ii_ReadyForInserts || !index->rd_index->indimmediate) continue;
    if (form->ii_ExclusionOps == nullptr && form->ii_UniqueOps == nullptr) {
      const MemoryContext before = MemoryContextSwitchTo(estate_->es_query_cxt);
      BuildSpeculativeIndexInfo(index, form);
      MemoryContextSwitchTo(before);
    }
    ItemPointerData other;
    List* only = list_make1_oid(RelationGetRelid(index));
    const bool is_free = is_free_of_conflicts(info, row, estate_, &other, only);
    list_free(only);
    if (!is_free) return RelationGetRelid(index);
  }
  return InvalidOid;
}

// `row`: in the root's format, of a partitioned table; else null.
TableWriter::Target* TableWriter::target_of(TupleTableSlot* row) {
  ResultRelInfo* info = root_;
  if (row != nullptr) {
    info = ExecFindPartition(modify_, root_, routing_, row, estate_);
    if (info->ri_FdwRoutine != nullptr) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("cannot load rows into the foreign partition \"%s\"",
                             RelationGetRelationName(info->ri_RelationDesc))));
    }
    forget_triggers(info);
  }
  const auto known = targets_.find(info);
  return known != targets_.end() ? known->second : open_target(info);
}

TableWriter::Target* TableWriter::open_target(ResultRelInfo* info) {
  const MemoryContext before = MemoryContextSwitchTo(memory_);
  auto* target = static_cast<Target*>(palloc0(sizeof(Target)));
  target->info = info;
  target->form = RelationGetDescr(info->ri_RelationDesc);
  target->owner = info == root_ ? owner_ : owner_of_code(info->ri_RelationDesc);
  code_.turn_to(target->owner);
  if (info != root_) renew_index_code(info);
  target->checks = take_over_checks(info);
  target->row_check = prepare_row_check(info);
  target->slots = static_cast<TupleTableSlot**>(palloc0(sizeof(TupleTableSlot*) * kBatchRows));
  target->doubted = static_cast<bool*>(palloc0(sizeof(bool) * kBatchRows));
  target->bulk = GetBulkInsertState();
  MemoryContextSwitchTo(before);
  targets_.emplace(info, target);
  return target;
}

TupleTableSlot* TableWriter::next_slot(Target* target) {
  TupleTableSlot*& slot = target->slots[target->used];
  if (slot == nullptr) {
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    slot = table_slot_create(target->info->ri_RelationDesc, nullptr);
    MemoryContextSwitchTo(before);
  }
  return slot;
}

void TableWriter::flush(Target* target) {
  if (target->used == 0) return;
  ResultRelInfo* info = target->info;
  CHECK_FOR_INTERRUPTS();
  code_.turn_to(target->owner);
  estate_->es_output_cid = GetCurrentCommandId(true);
  table_multi_insert(info->ri_RelationDesc, target->slots, target->used, estate_->es_output_cid, 0,
                     target->bulk);
  for (int i = 0; i < target->used; ++i) {
    TupleTableSlot* slot = target->slots[i];
    if (target->doubted[i]) doubts_->add(RelationGetRelid(info->ri_RelationDesc), slot->tts_tid);
    if (info->ri_NumIndices > 0) {
      index(info, slot, false, kAllIndexes);
      require_unaltered(info->ri_RelationDesc, target->form);
    }
    ExecClearTuple(slot);
  }
  target->used = 0;
}

void TableWriter::index(ResultRelInfo* info, TupleTableSlot* slot, bool is_update,
                        IndexUpdates updates) {
  List* suspects = insert_into_indexes(info, slot, estate_, is_update, updates);
  ListCell* cell;
  foreach (cell, suspects) {
    suspects_.push_back({RelationGetRelid(info->ri_RelationDesc), lfirst_oid(cell), slot->tts_tid});
  }
  list_free(suspects);
  ResetPerTupleExprContext(estate_);
}

void TableWriter::update(ItemPointer tid, const Datum* values, const bool* nulls,
                         const bool* replaced) {
  require_unaltered(relation_, form_);
  if (!table_tuple_fetch_row_version(relation_, tid, GetActiveSnapshot(), old_row_)) {
    require_done(TM_Updated);
  }
  slot_getallattrs(old_row_);
  const TupleDesc row = RelationGetDescr(relation_);
  store(new_row_, old_row_->tts_values, old_row_->tts_isnull, row->natts);
  for (int i = 0; i < row->natts; ++i) {
    if (!replaced[i]) continue;
    new_row_->tts_values[i] = values[i];
    new_row_->tts_isnull[i] = nulls[i];
  }
  new_row_->tts_tableOid = RelationGetRelid(relation_);
  bool doubted = false;
  if (const TupleConstr* constraints = row->constr) {
    if (constraints->has_generated_stored) {
      ExecComputeStoredGenerated(root_, estate_, new_row_, CMD_UPDATE);
      require_unaltered(relation_, form_);
    }
    doubted = !hold(checks_, new_row_);
    ExecConstraints(root_, new_row_, estate_);
  }
  require_row_check(relation_, update_check_, new_row_);
  if (relation_->rd_rel->relispartition) ExecPartitionCheck(root_, new_row_, estate_, true);
  require_unaltered(relation_, form_);
  estate_->es_output_cid = GetCurrentCommandId(true);
  TM_FailureData failure;
  LockTupleMode mode;
  IndexUpdates updates;
  require_done(table_tuple_update(relation_, tid, new_row_, estate_->es_output_cid,
                                  GetActiveSnapshot(), InvalidSnapshot, true, &failure, &mode,
                                  &updates));
  if (doubted) doubts_->add(RelationGetRelid(relation_), new_row_->tts_tid);
  if (root_->ri_NumIndices > 0 && !none_to_update(updates)) index(root_, new_row_, true, updates);
  ExecClearTuple(old_row_);
  ResetPerTupleExprContext(estate_);
}

void TableWriter::remove(ItemPointer tid) {
  TM_FailureData failure;
  require_done(table_tuple_delete(relation_, tid, GetCurrentCommandId(true), GetActiveSnapshot(),
                                  InvalidSnapshot, true, &failure, false));
}

void TableWriter::close_target(Target* target) {
  FreeBulkInsertState(target->bulk);
  for (int i = 0; i < kBatchRows && target->slots[i] != nullptr; ++i) {
    ExecDropSingleTupleTableSlot(target->slots[i]);
  }
  table_finish_bulk_insert(target->info->ri_RelationDesc, 0);
  pfree(target->slots);
  pfree(target->doubted);
  pfree(target);
}

void TableWriter::prove_suspects() {
  if (suspects_.empty()) return;
  code_.begin(owner_);
  PushActiveSnapshot(GetTransactionSnapshot());
  Oid relation = RelationGetRelid(relation_), owner = owner_;
  for (const Suspect& suspect : suspects_) {
    CHECK_FOR_INTERRUPTS();
    if (std::exchange(relation, suspect.relation) != suspect.relation) {
      Relation heap = table_open(relation, RowExclusiveLock);
      owner = owner_of_code(heap);
      table_close(heap, RowExclusiveLock);
    }
    code_.turn_to(owner);
    prove_constraint(suspect);
  }
  PopActiveSnapshot();
  code_.end();
  suspects_.clear();
}

void TableWriter::close() {
  for (const auto& [info, target] : targets_) close_target(target);
  targets_.clear();
  for (TupleTableSlot* slot : {root_slot_, old_row_, new_row_}) {
    if (slot != nullptr) ExecDropSingleTupleTableSlot(slot);
  }
  ExecResetTupleTable(estate_->es_tupleTable, false);
  if (routing_ != nullptr) ExecCleanupTupleRouting(modify_, routing_);
  ExecCloseIndices(root_);
  FreeExecutorState(estate_);
}

}  // namespace company_backup
