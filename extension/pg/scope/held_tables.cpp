#include "pg/scope/held_tables.hpp"

#include "pg/base/code_owner.hpp"

namespace company_backup {
namespace {

// Opened as a list in PostgreSQL's memory.
List* open_table(Oid oid) {
  List* opened = NIL;
  Relation table = relation_open(oid, AccessShareLock);
  opened = lappend(opened, table);
  if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
    ListCell* cell;
    foreach (cell, find_all_inheritors(oid, NoLock, nullptr)) {
      if (lfirst_oid(cell) == oid) continue;
      if (get_rel_relkind(lfirst_oid(cell)) != RELKIND_PARTITIONED_TABLE) continue;
      opened = lappend(opened, relation_open(lfirst_oid(cell), AccessShareLock));
    }
  }
  const TupleDesc form = RelationGetDescr(table);
  for (int i = 0; i < form->natts; ++i) {
    if (TupleDescAttr(form, i)->attisdropped) continue;
    visit_composites(
        TupleDescAttr(form, i)->atttypid,
        [](Oid relation, void* list) {
          auto* to = static_cast<List**>(list);
          *to = lappend(*to, relation_open(relation, AccessShareLock));
        },
        &opened);
  }
  return opened;
}

}  // namespace

HeldTables::HeldTables(const LiveScope& live) {
  for (const ScopedTable& scoped : live.scope.tables) {
    const Oid oid = live.table(scoped.table).oid;
    List* opened = guarded([oid] { return open_table(oid); });
    ListCell* cell;
    foreach (cell, opened) relations_.push_back(static_cast<Relation>(lfirst(cell)));
  }
}

void HeldTables::close() {
  guarded([this] {
    for (const Relation relation : relations_) relation_close(relation, NoLock);
  });
  relations_.clear();
  note_closed();
}

}  // namespace company_backup
