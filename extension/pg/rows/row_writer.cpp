#include "pg/rows/row_writer.hpp"

#include <utility>

#include "core/scope/sql.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/server_text.hpp"
#include "pg/rows/foreign_writer.hpp"
#include "pg/rows/row_batch.hpp"
#include "pg/rows/table_writer.hpp"

namespace company_backup {
namespace {

void require_rights(Oid table, const std::string& name, const std::vector<int16_t>& columns) {
  const int16_t* numbers = columns.data();
  const size_t count = columns.size();
  const bool hidden = guarded([=] {
    for (const AclMode mode : {ACL_INSERT, ACL_SELECT}) {
      if (pg_class_aclcheck(table, GetUserId(), mode) == ACLCHECK_OK) continue;
      for (size_t i = 0; i < count; ++i) {
        const AclResult result = pg_attribute_aclcheck(table, numbers[i], GetUserId(), mode);
        if (result != ACLCHECK_OK) aclcheck_error(result, OBJECT_TABLE, get_rel_name(table));
      }
    }
    return check_enable_rls(table, InvalidOid, true) == RLS_ENABLED;
  });
  if (!hidden) return;
  throw Error(sqlstate::kRowSecurity,
              "row-level security of table " + quoted_display(name) + " applies to the caller")
      .detail("A restore has to see all rows.")
      .hint("Call through a SECURITY DEFINER function owned by a role with BYPASSRLS.");
}

}  // namespace

void refuse_taken(uint32_t table, const std::string& name, const CaughtError& error) {
  const bool excluded = error.sqlstate == "23P01";
  throw TakenValue(
      Error(excluded ? sqlstate::kExcluded : sqlstate::kUniqueViolation,
            "a row of table " + quoted_display(name) + " cannot be loaded: another row " +
                (excluded ? "excludes it" : "has its unique value"))
          .detail(error.detail + " " + error.message + ".")
          .hint(
              "The other row belongs to another company, to none, or to this one in a table whose "
              "rows are never removed, or in a column that restores leave as it is (identity). " +
              std::string(excluded ? "Change or remove one of the two."
                                   : "With ids => 'remap' rows get IDs of their own.")),
      table, error.constraint);
}

struct RowWriter::Impl {
  std::string name;
  std::vector<size_t> key;
  uint64_t rows = 0;
  std::string row_check;
  RowBatch batch;
  TakenRow told;                  // empty: what is taken is an error
  std::vector<std::string> tags;  // of the rows of the batch, if it is not

  MemoryContext memory = nullptr;        // of the writer
  MemoryContext batch_memory = nullptr;  // of one batch
  Relation relation = nullptr;
  bool foreign = false;
  TableWriter table;
  ForeignWriter remote;
  Oid* taken = nullptr;  // of the batch: what stands in a row's way, see TableWriter::insert()

  void open(Oid oid, const std::vector<int16_t>& columns, DoubtedRows* doubts);
  void convert();
  void insert();
  void tell_taken();
  void flush();
  std::string row_key(size_t row) const;
  std::string hint_of(int errcode) const;
  [[noreturn]] void refuse_value(const CaughtError& problem) const;
};

std::string RowWriter::Impl::row_key(size_t row) const {
  std::string text;
  for (const size_t column : key) text += (text.empty() ? "" : ", ") + batch.text_at(row, column);
  return text;
}

void RowWriter::Impl::refuse_value(const CaughtError& problem) const {
  const std::string column = utf8_of(NameStr(
      TupleDescAttr(RelationGetDescr(relation), batch.attribute(batch.at_column()) - 1)->attname));
  std::string row = key.empty() ? "Row" : "Row (" + row_key(batch.at_row()) + ")";
  const std::string what = "column \"" + column + "\" of table " + quoted_display(name);
  throw Error(sqlstate::kBadValue, "value of " + what + " cannot be loaded")
      .detail(row + ": " + problem.message + ".")
      .hint(is_of_path(problem.sqlstate) ? hint_of_path("type of " + what) : "");
}

void RowWriter::Impl::open(Oid oid, const std::vector<int16_t>& columns, DoubtedRows* doubts) {
  const int16_t* numbers = columns.data();
  const int count = static_cast<int>(columns.size());
  guarded_with_hint(
      [=, this] {
        memory = AllocSetContextCreate(CurrentMemoryContext, "company_backup rows",
                                       ALLOCSET_DEFAULT_SIZES);
        batch_memory =
            AllocSetContextCreate(memory, "company_backup batch of rows", ALLOCSET_DEFAULT_SIZES);
        const MemoryContext before = MemoryContextSwitchTo(memory);
        relation = table_open(oid, RowExclusiveLock);
        foreign = relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
        batch.open(relation, numbers, count);
        if (foreign) {
          remote.open(relation, numbers, count);
        } else {
          table.open(relation, numbers, count, doubts,
                     row_check.empty() ? nullptr : row_check.c_str());
        }
        MemoryContextSwitchTo(before);
      },
      [this](int errcode) { return hint_of(errcode); });
}

// For what owners' code does not find.
std::string RowWriter::Impl::hint_of(int errcode) const {
  const AttrNumber column = table.column_at_work();
  if (column == 0) return path_hint(errcode, code_on(name));
  const std::string text =
      utf8_of(NameStr(TupleDescAttr(RelationGetDescr(relation), column - 1)->attname));
  return path_hint(errcode, "default of column \"" + text + "\" of table \"" + name + "\"");
}

void RowWriter::Impl::convert() {
  guarded_or(
      [this] {
        const MemoryContext before = MemoryContextSwitchTo(batch_memory);
        batch.begin();
        for (size_t step = 0; step < batch.steps(); ++step) {
          batch.set_row(0);
          batch.convert(step, nullptr);
        }
        MemoryContextSwitchTo(before);
      },
      [this](const CaughtError& error) { refuse_value(error); });
}

// Inside guarded() only.
void RowWriter::Impl::insert() {
  const int count = static_cast<int>(batch.rows());
  if (foreign) return remote.insert(batch.values(), batch.nulls(), count);
  taken = told ? static_cast<Oid*>(palloc0(sizeof(Oid) * static_cast<size_t>(count))) : nullptr;
  table.insert(batch.values(), batch.nulls(), count, taken);
}

void RowWriter::Impl::tell_taken() {
  for (size_t row = 0; taken != nullptr && row < batch.rows(); ++row) {
    if (OidIsValid(taken[row])) told(tags[row], taken[row]);
  }
}

void RowWriter::Impl::flush() {
  if (batch.empty()) return;
  guarded([] { CommandCounterIncrement(); });  // functions see what was written before
  convert();
  guarded_taken(
      RelationGetRelid(relation), name,
      [this] {
        const MemoryContext before = MemoryContextSwitchTo(batch_memory);
        insert();
        MemoryContextSwitchTo(before);
      },
      [this](int errcode) { return hint_of(errcode); });
  tell_taken();
  MemoryContextReset(batch_memory);
  batch.clear();
  tags.clear();
}

RowWriter::RowWriter(Oid table, std::string name, const std::vector<int16_t>& columns,
                     const std::vector<size_t>& key, WriteAs as, DoubtedRows* doubts,
                     std::string row_check)
    : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->key = key;
  impl_->row_check = std::move(row_check);
  if (as == WriteAs::kCaller) require_rights(table, impl_->name, columns);
  impl_->open(table, columns, doubts);
  if (impl_->foreign) refuse_code_of_insert(table, impl_->name, columns);
}

RowWriter::~RowWriter() = default;

void RowWriter::require_types(const std::vector<Oid>& types) const {
  for (size_t i = 0; i < types.size(); ++i) {
    const Oid type = impl_->batch.type(i);
    if (guarded([type] { return getBaseType(type); }) == types[i]) continue;
    throw Error(sqlstate::kTableChanged,
                "table \"" + impl_->name + "\" changed its structure while it was being copied")
        .hint("Try again when no ALTER TABLE is running.");
  }
}

void RowWriter::leave_out_taken(TakenRow told) {
  impl_->told = std::move(told);
}

void RowWriter::add(const std::vector<LoadValue>& row, std::string_view tag) {
  Impl& impl = *impl_;
  if (!impl.batch.add(row))
    impl.refuse_value({"22021", "text cannot hold a NUL character", "", ""});
  if (impl.told) impl.tags.emplace_back(tag);
  ++impl.rows;
  if (impl.batch.is_full()) impl.flush();
}

void RowWriter::finish() {
  impl_->flush();
  Impl* impl = impl_.get();
  guarded_taken(
      RelationGetRelid(impl->relation), impl->name,
      [impl] {
        const MemoryContext before = MemoryContextSwitchTo(impl->memory);
        if (impl->foreign) {
          impl->remote.close();
        } else {
          impl->table.prove_suspects();
          impl->table.close();
        }
        table_close(impl->relation, NoLock);
        MemoryContextSwitchTo(before);
        MemoryContextDelete(impl->memory);
      },
      [impl](int errcode) { return impl->hint_of(errcode); });
}

uint64_t RowWriter::rows() const {
  return impl_->rows;
}

}  // namespace company_backup
