#include "pg/row_update.hpp"

#include <vector>

#include "pg/table_load.hpp"
#include "pg/value_input.hpp"

namespace company_backup {
namespace {

struct NewValue {
  AttrNumber attnum;
  LoadValue value;
};

void require_update(Oid table, const NewValue* values, size_t count) {
  guarded([=] {
    if (pg_class_aclcheck(table, GetUserId(), ACL_UPDATE) == ACLCHECK_OK) return;
    for (size_t i = 0; i < count; ++i) {
      const AclResult result =
          pg_attribute_aclcheck(table, values[i].attnum, GetUserId(), ACL_UPDATE);
      if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_TABLE, get_rel_name(table));
    }
  });
}

// Inside guarded() only, as the table's owner.
void update(Relation relation, TableLoad& load, ItemPointerData tid, const NewValue* values,
            size_t count) {
  const TupleDesc row = RelationGetDescr(relation);
  auto* datums = static_cast<Datum*>(palloc0(sizeof(Datum) * row->natts));
  auto* nulls = static_cast<bool*>(palloc0(sizeof(bool) * row->natts));
  auto* replaced = static_cast<bool*>(palloc0(sizeof(bool) * row->natts));
  Bitmapset* changed = nullptr;
  for (size_t at = 0; at < count; ++at) {
    ColumnInput input = make_column_input(row, values[at].attnum);
    const int i = input.attnum - 1;
    datums[i] = read_value(input, values[at].value, &nulls[i]);
    replaced[i] = true;
    changed = bms_add_member(changed, input.attnum - FirstLowInvalidHeapAttributeNumber);
  }
  load.open_for_update(relation, changed);
  load.update(&tid, datums, nulls, replaced);
  load.prove_suspects();
  load.close();
}

}  // namespace

void update_row(Oid table, const std::string& name, const std::string& row_sql, const Arg& argument,
                const std::map<int16_t, Text>& values) {
  std::vector<NewValue> list;
  for (const auto& [number, value] : values) {
    list.push_back({number, value ? LoadValue{LoadValue::Kind::kText, *value} : LoadValue{}});
  }
  require_update(table, list.data(), list.size());
  const Rows rows = query(row_sql, {argument}, Access::kWrite);
  if (rows.empty()) return;
  const Oid leaf = static_cast<Oid>(std::stoul(*rows[0][0]));
  if (leaf != table) {
    throw Error("0A000", "cannot update a row of the partitioned table \"" + name + "\"");
  }
  const char* tid_text = rows[0][1]->c_str();
  TableLoad load;
  guarded([&] {
    Relation relation = table_open(table, RowExclusiveLock);
    const ItemPointerData tid = *reinterpret_cast<ItemPointer>(
        DatumGetPointer(DirectFunctionCall1(tidin, CStringGetDatum(tid_text))));
    as_table_owner(relation->rd_rel->relowner,
                   [&] { update(relation, load, tid, list.data(), list.size()); });
    table_close(relation, NoLock);
  });
}

}  // namespace company_backup
