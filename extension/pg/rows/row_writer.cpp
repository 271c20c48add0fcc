#include "pg/rows/row_writer.hpp"

#include <algorithm>
#include <cstring>

#include "core/scope/sql.hpp"
#include "pg/base/boundary.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/server_text.hpp"
#include "pg/rows/foreign_writer.hpp"
#include "pg/rows/table_writer.hpp"

namespace company_backup {
namespace {

// A value of a row that waits; its text is in the batch's buffer, and so is what a Datum points to.
struct Waiting {
  LoadValue::Kind kind;
  size_t offset;
  size_t size;
  Datum datum;  // by value
};

bool has_text(LoadValue::Kind kind) {
  return kind == LoadValue::Kind::kText || kind == LoadValue::Kind::kWritten;
}

// Bytes behind a Datum by reference; of a long value that stands elsewhere, of the pointer to it.
size_t size_of(const ColumnInput& column, Datum datum) {
  const char* data = DatumGetPointer(datum);
  if (column.length > 0) return static_cast<size_t>(column.length);
  return column.length == -1 ? VARSIZE_ANY(data) : std::strlen(data) + 1;
}

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
  size_t width = 0;  // values per row
  uint64_t rows = 0;

  std::string buffer;  // texts of the waiting rows, each ended by a NUL byte
  std::vector<Waiting> waiting;

  MemoryContext memory = nullptr;        // of the writer
  MemoryContext batch_memory = nullptr;  // of one batch
  Relation relation = nullptr;
  Oid owner = InvalidOid;  // as whom values are read
  bool foreign = false;
  int natts = 0;
  ColumnInput* inputs = nullptr;  // of the given columns
  TableWriter table;
  ForeignWriter remote;

  Datum* values = nullptr;  // of the batch: rows times natts
  bool* nulls = nullptr;
  size_t at_row = 0, at_column = 0;  // what is being converted

  size_t waiting_rows() const { return width == 0 ? 0 : waiting.size() / width; }
  void open(Oid oid, const std::vector<int16_t>& columns, DoubtedRows* doubts);
  void convert();
  void convert_rows();
  void convert_column(size_t column);
  void flush();
  void put(const ColumnInput& input, const LoadValue& value);
  LoadValue value_at(size_t row, size_t column) const;
  std::string row_key(size_t row) const;
  std::string hint_of(int errcode) const;
  [[noreturn]] void refuse_value(const CaughtError& problem) const;
};

LoadValue RowWriter::Impl::value_at(size_t row, size_t column) const {
  const Waiting& value = waiting[row * width + column];
  const std::string_view text = std::string_view(buffer).substr(value.offset, value.size);
  if (value.kind != LoadValue::Kind::kDatum) return {value.kind, text};
  const bool by_value = inputs[column].by_value;
  return {value.kind, {}, by_value ? value.datum : PointerGetDatum(text.data())};
}

void RowWriter::Impl::put(const ColumnInput& input, const LoadValue& value) {
  if (value.kind != LoadValue::Kind::kDatum) {
    waiting.push_back({value.kind, buffer.size(), value.text.size(), 0});
    buffer += value.text;
    buffer += '\0';
    return;
  }
  buffer.resize(MAXALIGN(buffer.size()));
  const size_t size = input.by_value ? 0 : size_of(input, value.datum);
  waiting.push_back({value.kind, buffer.size(), size, value.datum});
  if (size > 0) buffer.append(DatumGetPointer(value.datum), size);
}

std::string RowWriter::Impl::row_key(size_t row) const {
  std::string text;
  for (const size_t column : key) {
    const LoadValue value = value_at(row, column);
    if (!text.empty()) text += ", ";
    text += value.kind == LoadValue::Kind::kNull ? "null" : std::string(value.text.substr(0, 100));
  }
  return text;
}

void RowWriter::Impl::refuse_value(const CaughtError& problem) const {
  const std::string column = utf8_of(
      NameStr(TupleDescAttr(RelationGetDescr(relation), inputs[at_column].attnum - 1)->attname));
  std::string row = key.empty() ? "Row" : "Row (" + row_key(at_row) + ")";
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
        owner = owner_of_code(relation);
        foreign = relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE;
        const TupleDesc row = RelationGetDescr(relation);
        natts = row->natts;
        inputs = static_cast<ColumnInput*>(palloc0(sizeof(ColumnInput) * (count + 1)));
        for (int i = 0; i < count; ++i) inputs[i] = make_column_input(row, numbers[i]);
        if (foreign) {
          remote.open(relation, numbers, count);
        } else {
          table.open(relation, numbers, count, doubts);
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

// Inside guarded() only.
void RowWriter::Impl::convert_rows() {
  const size_t cells = waiting_rows() * natts;
  values = static_cast<Datum*>(MemoryContextAllocHuge(batch_memory, cells * sizeof(Datum)));
  nulls = static_cast<bool*>(MemoryContextAllocHuge(batch_memory, cells * sizeof(bool)));
  std::memset(nulls, true, cells * sizeof(bool));
  std::memset(values, 0, cells * sizeof(Datum));
  run_owners_code(owner, [this] {
    for (at_row = 0; at_row < waiting_rows(); ++at_row) {
      for (at_column = 0; at_column < width; ++at_column) {
        ColumnInput& input = inputs[at_column];
        if (OidIsValid(input.code_owner)) continue;
        const size_t cell = at_row * natts + input.attnum - 1;
        values[cell] = read_value(input, value_at(at_row, at_column), &nulls[cell]);
      }
    }
  });
  for (size_t column = 0; column < width; ++column) {
    if (OidIsValid(inputs[column].code_owner)) convert_column(column);
  }
}

// Of a type with somebody's code.
void RowWriter::Impl::convert_column(size_t column) {
  at_column = column;
  ColumnInput& input = inputs[column];
  run_owners_code(input.code_owner, [&] {
    for (at_row = 0; at_row < waiting_rows(); ++at_row) {
      const size_t cell = at_row * natts + input.attnum - 1;
      values[cell] = read_value(input, value_at(at_row, column), &nulls[cell]);
    }
  });
}

void RowWriter::Impl::convert() {
  guarded_or(
      [this] {
        const MemoryContext before = MemoryContextSwitchTo(batch_memory);
        convert_rows();
        MemoryContextSwitchTo(before);
      },
      [this](const CaughtError& error) { refuse_value(error); });
}

void RowWriter::Impl::flush() {
  if (waiting.empty()) return;
  guarded([] { CommandCounterIncrement(); });  // functions see what was written before
  convert();
  guarded_taken(
      RelationGetRelid(relation), name,
      [this] {
        const MemoryContext before = MemoryContextSwitchTo(batch_memory);
        const int count = static_cast<int>(waiting_rows());
        if (foreign) {
          remote.insert(values, nulls, count);
        } else {
          table.insert(values, nulls, count);
        }
        MemoryContextSwitchTo(before);
        MemoryContextReset(batch_memory);
      },
      [this](int errcode) { return hint_of(errcode); });
  waiting.clear();
  buffer.clear();
}

RowWriter::RowWriter(Oid table, std::string name, const std::vector<int16_t>& columns,
                     const std::vector<size_t>& key, WriteAs as, DoubtedRows* doubts)
    : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->key = key;
  impl_->width = columns.size();
  if (as == WriteAs::kCaller) require_rights(table, impl_->name, columns);
  impl_->open(table, columns, doubts);
  if (impl_->foreign) refuse_code_of_insert(table, impl_->name, columns);
}

RowWriter::~RowWriter() = default;

void RowWriter::require_types(const std::vector<Oid>& types) const {
  for (size_t i = 0; i < types.size(); ++i) {
    const Oid type = impl_->inputs[i].type;
    if (guarded([type] { return getBaseType(type); }) == types[i]) continue;
    throw Error(sqlstate::kTableChanged,
                "table \"" + impl_->name + "\" changed its structure while it was being copied")
        .hint("Try again when no ALTER TABLE is running.");
  }
}

void RowWriter::add(const std::vector<LoadValue>& row) {
  Impl& impl = *impl_;
  bool has_nul = false;
  for (size_t i = 0; i < row.size(); ++i) {
    const LoadValue& value = row[i];
    impl.put(impl.inputs[i], value);
    if (has_text(value.kind) && value.text.find('\0') != value.text.npos) {
      has_nul = true;
      impl.at_column = i;
    }
  }
  impl.at_row = impl.waiting_rows() - 1;
  if (has_nul) impl.refuse_value({"22021", "text cannot hold a NUL character", "", ""});
  ++impl.rows;
  if (impl.waiting_rows() >= kBatchRows || impl.buffer.size() >= kBatchBytes) impl.flush();
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
