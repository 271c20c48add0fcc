#include "pg/rows/table_edits.hpp"

#include <map>
#include <set>

#include "core/text/quoting.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/server_text.hpp"
#include "pg/rows/row_writer.hpp"
#include "pg/rows/table_writer.hpp"

namespace company_backup {
namespace {

// A value of an edit that waits; its text is in the batch's buffer.
struct WaitingValue {
  int16_t column;
  LoadValue::Kind kind;
  size_t offset;
  size_t size;
};

struct Edit {
  RowVersion version;
  bool removes;
  size_t first, end;        // in the waiting values
  size_t row_at, row_size;  // its key in the batch's buffer; none: 0 bytes
};

// A table or partition that holds rows itself. But for `load`, plain data.
struct Leaf {
  Relation relation = nullptr;
  TableWriter load;
  AttrNumber* attnums = nullptr;  // by the table's own numbers
  ColumnInput* inputs = nullptr;  // by the leaf's numbers; made when first needed
  Datum* values = nullptr;
  bool* nulls = nullptr;
  bool* replaced = nullptr;
};

ItemPointerData tid_of(const RowVersion& version) {
  ItemPointerData tid;
  ItemPointerSet(&tid, version.block, version.offset);
  return tid;
}

// Every column that can be written. The index code takes it for a hint only; generated columns are
// computed anew when a column they are made from is in it.
Bitmapset* all_columns(TupleDesc row) {
  Bitmapset* columns = nullptr;
  for (int i = 0; i < row->natts; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(row, i);
    if (attribute->attisdropped || attribute->attgenerated) continue;
    columns = bms_add_member(columns, attribute->attnum - FirstLowInvalidHeapAttributeNumber);
  }
  return columns;
}

void require_right(Oid table, AclMode mode, int16_t column) {
  guarded([=] {
    if (pg_class_aclcheck(table, GetUserId(), mode) == ACLCHECK_OK) return;
    const AclResult result =
        column == 0 ? ACLCHECK_NO_PRIV : pg_attribute_aclcheck(table, column, GetUserId(), mode);
    if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_TABLE, get_rel_name(table));
  });
}

}  // namespace

struct TableEdits::Impl {
  Oid table;
  std::string name;
  WriteAs as;
  DoubtedRows* doubts;
  std::string row_check;
  bool may_remove = false;
  std::set<int16_t> may_update;

  std::string buffer;  // texts of the waiting values, each ended by a NUL byte
  std::vector<WaitingValue> values;
  std::vector<Edit> edits;
  std::map<Oid, std::unique_ptr<Leaf>> leaves;

  MemoryContext memory = nullptr;        // of the edits
  MemoryContext batch_memory = nullptr;  // of one batch
  Relation root = nullptr;
  Oid owner = InvalidOid;   // as whom values are read
  Datum* datums = nullptr;  // of the waiting values
  bool* nulls = nullptr;
  size_t at = 0;  // the value that is being converted

  void open();
  void open_leaf(Oid oid, Leaf* leaf) const;
  void convert();
  std::string row_at(size_t value) const;
  void convert_all();
  void convert_values(const Edit& edit, Leaf* leaf, OwnersCode& code);
  void make(const Edit& edit, Leaf* leaf) const;
  template <class Work>
  void write_of_others(const Work& work) const;
  void run();
};

void TableEdits::Impl::open() {
  guarded([this] {
    // Not the current context: edits are made while rows are read, which have one of their own.
    memory = AllocSetContextCreate(CurTransactionContext, "company_backup edits",
                                   ALLOCSET_DEFAULT_SIZES);
    batch_memory =
        AllocSetContextCreate(memory, "company_backup batch of edits", ALLOCSET_DEFAULT_SIZES);
    root = table_open(table, RowExclusiveLock);
    owner = owner_of_code(root);
  });
}

// Inside guarded() only, as are the next three.
void TableEdits::Impl::open_leaf(Oid oid, Leaf* leaf) const {
  const MemoryContext before = MemoryContextSwitchTo(memory);
  leaf->relation = table_open(oid, RowExclusiveLock);
  const TupleDesc from = RelationGetDescr(root);
  const TupleDesc to = RelationGetDescr(leaf->relation);
  leaf->attnums = static_cast<AttrNumber*>(palloc0(sizeof(AttrNumber) * (from->natts + 1)));
  for (int i = 0; i < from->natts; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(from, i);
    if (attribute->attisdropped) continue;
    leaf->attnums[i + 1] = get_attnum(oid, NameStr(attribute->attname));
  }
  leaf->inputs = static_cast<ColumnInput*>(palloc0(sizeof(ColumnInput) * (to->natts + 1)));
  leaf->values = static_cast<Datum*>(palloc0(sizeof(Datum) * (to->natts + 1)));
  leaf->nulls = static_cast<bool*>(palloc0(sizeof(bool) * (to->natts + 1)));
  leaf->replaced = static_cast<bool*>(palloc0(sizeof(bool) * (to->natts + 1)));
  leaf->load.open_for_update(leaf->relation, all_columns(to), doubts,
                             row_check.empty() ? nullptr : row_check.c_str());
  MemoryContextSwitchTo(before);
}

void TableEdits::Impl::convert_all() {
  OwnersCode code;
  code.begin(owner);
  PushActiveSnapshot(GetTransactionSnapshot());
  for (const Edit& edit : edits) {
    if (edit.removes) continue;
    convert_values(edit, leaves.find(edit.version.relation)->second.get(), code);
  }
  PopActiveSnapshot();
  code.end();
}

void TableEdits::Impl::convert_values(const Edit& edit, Leaf* leaf, OwnersCode& code) {
  for (at = edit.first; at < edit.end; ++at) {
    const WaitingValue& value = values[at];
    const AttrNumber attnum = leaf->attnums[value.column];
    ColumnInput& input = leaf->inputs[attnum];
    if (input.attnum == 0) {
      const MemoryContext before = MemoryContextSwitchTo(memory);
      input = make_column_input(RelationGetDescr(leaf->relation), attnum);
      MemoryContextSwitchTo(before);
    }
    code.turn_to(OidIsValid(input.code_owner) ? input.code_owner : owner);
    datums[at] = read_value(
        input, {value.kind, std::string_view(buffer).substr(value.offset, value.size)}, &nulls[at]);
  }
}

// "Row (7): " of the edit with this value.
std::string TableEdits::Impl::row_at(size_t value) const {
  for (const Edit& edit : edits) {
    if (value < edit.first || value >= edit.end || edit.row_size == 0) continue;
    return "Row (" + buffer.substr(edit.row_at, edit.row_size) + "): ";
  }
  return {};
}

void TableEdits::Impl::convert() {
  guarded([this] {
    datums = static_cast<Datum*>(
        MemoryContextAllocHuge(batch_memory, sizeof(Datum) * (values.size() + 1)));
    nulls = static_cast<bool*>(
        MemoryContextAllocHuge(batch_memory, sizeof(bool) * (values.size() + 1)));
  });
  guarded_or(
      [this] {
        const MemoryContext before = MemoryContextSwitchTo(batch_memory);
        convert_all();
        MemoryContextSwitchTo(before);
      },
      [this](const CaughtError& error) {
        if (error.sqlstate == sqlstate::kForeignCode) {
          throw Error(sqlstate::kForeignCode, error.message).detail(error.detail);
        }
        const std::string column =
            utf8_of(NameStr(TupleDescAttr(RelationGetDescr(root), values[at].column - 1)->attname));
        const std::string what = "column \"" + column + "\" of table " + quoted_display(name);
        throw Error(sqlstate::kBadValue, "value of " + what + " cannot be restored")
            .detail(row_at(at) + error.message + ".")
            .hint(is_of_path(error.sqlstate) ? hint_of_path("type of " + what) : "");
      });
}

void TableEdits::Impl::make(const Edit& edit, Leaf* leaf) const {
  ItemPointerData tid = tid_of(edit.version);
  if (edit.removes) {
    leaf->load.remove(&tid);
    return;
  }
  for (size_t i = edit.first; i < edit.end; ++i) {
    const int target = leaf->attnums[values[i].column] - 1;
    leaf->values[target] = datums[i];
    leaf->nulls[target] = nulls[i];
    leaf->replaced[target] = true;
  }
  leaf->load.update(&tid, leaf->values, leaf->nulls, leaf->replaced);
  for (size_t i = edit.first; i < edit.end; ++i) {
    leaf->replaced[leaf->attnums[values[i].column] - 1] = false;
  }
}

// The caller may not be one to see what these rows hold.
template <class Work>
void TableEdits::Impl::write_of_others(const Work& work) const {
  try {
    guarded(work);
  } catch (const PostgresError&) {
    const int errcode = waiting_errcode();
    if (ERRCODE_TO_CATEGORY(errcode) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) {
      throw_waiting_with_detail("It is a row outside the company, of table " + name +
                                ", that refers to one of its rows.");
    }
    throw_waiting_with_hint(path_hint(errcode, code_on(name)));
  }
}

void TableEdits::Impl::run() {
  if (edits.empty()) return;
  if (root == nullptr) open();
  guarded([] { CommandCounterIncrement(); });  // functions see what was written before
  for (const Edit& edit : edits) {
    std::unique_ptr<Leaf>& leaf = leaves[edit.version.relation];
    if (leaf) continue;
    leaf = std::make_unique<Leaf>();
    Leaf* opened = leaf.get();
    const Oid oid = edit.version.relation;
    guarded_code(code_on(name), [&] { open_leaf(oid, opened); });
  }
  convert();
  const auto work = [this] {
    const MemoryContext before = MemoryContextSwitchTo(batch_memory);
    OwnersCode code;
    code.begin(owner);
    PushActiveSnapshot(GetTransactionSnapshot());
    for (const Edit& edit : edits) {
      CHECK_FOR_INTERRUPTS();
      Leaf* leaf = leaves.find(edit.version.relation)->second.get();
      code.turn_to(leaf->load.code_owner());
      make(edit, leaf);
    }
    PopActiveSnapshot();
    code.end();
    MemoryContextSwitchTo(before);
    MemoryContextReset(batch_memory);
  };
  if (as == WriteAs::kOwner) {
    write_of_others(work);
  } else {
    guarded_taken(table, name, work,
                  [this](int errcode) { return path_hint(errcode, code_on(name)); });
  }
  edits.clear();
  values.clear();
  buffer.clear();
}

TableEdits::TableEdits(Oid table, std::string name, WriteAs write_as, DoubtedRows* doubts,
                       std::string row_check)
    : impl_(std::make_unique<Impl>()) {
  impl_->table = table;
  impl_->name = std::move(name);
  impl_->as = write_as;
  impl_->doubts = doubts;
  impl_->row_check = std::move(row_check);
}

TableEdits::~TableEdits() = default;

void TableEdits::remove(const RowVersion& version) {
  Impl& impl = *impl_;
  if (impl.as == WriteAs::kCaller && !impl.may_remove) require_right(impl.table, ACL_DELETE, 0);
  impl.may_remove = true;
  impl.edits.push_back({version, true, 0, 0, 0, 0});
  if (impl.edits.size() >= kBatchRows) impl.run();
}

void TableEdits::update(const RowVersion& version, const std::vector<NewValue>& values,
                        std::string_view row) {
  Impl& impl = *impl_;
  const size_t first = impl.values.size();
  for (const NewValue& value : values) {
    if (impl.as == WriteAs::kCaller && impl.may_update.insert(value.column).second) {
      require_right(impl.table, ACL_UPDATE, value.column);
    }
    impl.values.push_back(
        {value.column, value.value.kind, impl.buffer.size(), value.value.text.size()});
    impl.buffer += value.value.text;
    impl.buffer += '\0';
  }
  impl.edits.push_back({version, false, first, impl.values.size(), impl.buffer.size(), row.size()});
  impl.buffer += row;
  if (impl.edits.size() >= kBatchRows || impl.buffer.size() >= kBatchBytes) impl.run();
}

void TableEdits::flush() {
  impl_->run();
}

void TableEdits::finish() {
  impl_->run();
  Impl* impl = impl_.get();
  if (impl->root == nullptr) return;
  guarded([impl] {
    for (const auto& [oid, leaf] : impl->leaves) {
      leaf->load.prove_suspects();
      leaf->load.close();
      table_close(leaf->relation, NoLock);
    }
    table_close(impl->root, NoLock);
    MemoryContextDelete(impl->memory);
  });
}

}  // namespace company_backup
