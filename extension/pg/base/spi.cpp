#include "pg/base/spi.hpp"

#include <utility>

#include "core/text/quoting.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/planning.hpp"

namespace company_backup {
namespace {

constexpr const char* kExtension = "company_backup";
constexpr const char* kSearchPath = "pg_catalog, pg_temp";

// Parameters as SPI wants them; memory of the current context.
ParamListInfo make_params(const Arg* args, int count) {
  if (count == 0) return nullptr;
  ParamListInfo params = makeParamList(count);
  for (int i = 0; i < count; ++i) {
    const Arg& arg = args[i];
    Datum value = arg.value;
    if (arg.is_bytes && !arg.null) {
      const std::string_view bytes = arg.type == TEXTOID ? to_server(arg.bytes) : arg.bytes;
      value =
          PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
    }
    params->params[i] = {value, arg.null, PARAM_FLAG_CONST, arg.type};
  }
  return params;
}

void pin_setting(const char* name, const char* value) {
  set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

// Whatever the application's code has set meanwhile, names mean what they say; and a view put in
// the place of a table since its lock is refused (servers from 15.8 on). Returns the level to end:
// nothing that anybody's code sets in a statement outlives it.
int pin_names(Access access) {
  const int level = NewGUCNestLevel();
  if (strcmp(namespace_search_path, kSearchPath) != 0) pin_setting("search_path", kSearchPath);
  // Whose a row is may take a long condition: compiling that costs more than all rows.
  if (jit_enabled) pin_setting("jit", "off");
  static constexpr const char* kRestriction = "restrict_nonsystem_relation_kind";
  if (access != Access::kCall && GetConfigOption(kRestriction, true, false) != nullptr) {
    pin_setting(kRestriction, "view");
  }
  return level;
}

// Inside guarded() only, while an UntrustedPlanning lives.
void execute(const std::string& sql, const std::vector<Arg>& args, Access access,
             DestReceiver* receiver) {
  SPIExecuteOptions options{};
  options.params = make_params(args.data(), static_cast<int>(args.size()));
  options.read_only = access == Access::kRead;
  options.dest = receiver;
  const int settings = pin_names(access);
  const int code = SPI_execute_extended(to_server(sql.c_str()), &options);
  if (code < 0) elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(code));
  AtEOXact_GUC(false, settings);
}

// The cells of the last result as C strings, row by row; inside guarded() only.
const char** cells_of_result(uint64 rows, int columns) {
  const char** cells = static_cast<const char**>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char*) * (rows * columns + 1)));
  for (uint64 row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const char* cell = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column + 1);
      cells[row * columns + column] = cell == nullptr ? nullptr : from_server(cell);
    }
  }
  return cells;
}

// A result set in server memory; trivially copyable.
struct Result {
  const char** cells;
  uint64 rows;
  int columns;
};

// Inside guarded() only.
Result last_result() {
  if (SPI_tuptable == nullptr) return Result{nullptr, 0, 0};
  const int columns = SPI_tuptable->tupdesc->natts;
  return Result{cells_of_result(SPI_processed, columns), SPI_processed, columns};
}

Rows to_rows(const Result& result) {
  Rows rows;
  rows.reserve(result.rows);
  for (uint64 r = 0; r < result.rows; ++r) {
    Row& row = rows.emplace_back();
    row.reserve(result.columns);
    for (int c = 0; c < result.columns; ++c) {
      const char* cell = result.cells[r * result.columns + c];
      if (cell == nullptr) {
        row.emplace_back(std::nullopt);
      } else {
        row.emplace_back(cell);
      }
    }
  }
  return rows;
}

// Our own statements name everything with its schema, and what they call is there.
std::string hint_of_planning(int errcode) {
  if (errcode != ERRCODE_UNDEFINED_FUNCTION) return {};
  return hint_of_path("code on a table (an index expression, a check), which planning looks at,");
}

}  // namespace

Row& Rows::operator[](size_t index) {
  return const_cast<Row&>(std::as_const(*this)[index]);
}

const Row& Rows::operator[](size_t index) const {
  if (index >= size()) {
    throw Error(sqlstate::kInternal, "a result has " + std::to_string(size()) + " rows, row " +
                                         std::to_string(index) + " is asked for");
  }
  return begin()[static_cast<difference_type>(index)];
}

Oid oid_of(const Text& number) {
  return number ? static_cast<Oid>(std::stoul(*number)) : InvalidOid;
}

Row one_row(Rows rows) {
  if (rows.size() != 1) {
    throw Error(sqlstate::kInternal,
                "a result has " + std::to_string(rows.size()) + " rows, one is expected");
  }
  return std::move(rows.front());
}

std::string one_value(Rows rows) {
  Row row = one_row(std::move(rows));
  if (row.empty() || !row.front()) {
    throw Error(sqlstate::kInternal, "a result has no value where one is expected");
  }
  return std::move(*row.front());
}

Rows query(const std::string& sql, const std::vector<Arg>& args, Access access) {
  const UntrustedPlanning planning(access == Access::kCall);
  const Result result = guarded_with_hint(
      [&] {
        SPI_connect();
        execute(sql, args, access, nullptr);
        return last_result();
      },
      [&](int errcode) {
        return access == Access::kCall ? std::string() : hint_of_planning(errcode);
      });
  Rows rows = to_rows(result);
  guarded([] { SPI_finish(); });
  return rows;
}

namespace {

struct StoreReceiver {
  DestReceiver base;
  Tuplestorestate* store;
  MemoryContext memory;
  TupleDesc form;
};

}  // namespace

Cursor::Cursor(const std::string& sql, const std::vector<Arg>& args) {
  const UntrustedPlanning planning;
  StoreReceiver receiver{};
  init_receiver(receiver.base, [](TupleTableSlot* slot, DestReceiver* self) {
    tuplestore_puttupleslot(reinterpret_cast<StoreReceiver*>(self)->store, slot);
    return true;
  });
  receiver.base.rStartup = [](DestReceiver* self, int, TupleDesc form) {
    auto* store = reinterpret_cast<StoreReceiver*>(self);
    const MemoryContext before = MemoryContextSwitchTo(store->memory);
    store->form = CreateTupleDescCopy(form);
    MemoryContextSwitchTo(before);
  };
  guarded_with_hint(
      [&] {
        receiver.memory = memory_ = AllocSetContextCreate(
            CurTransactionContext, "company_backup cursor", ALLOCSET_DEFAULT_SIZES);
        const MemoryContext before = MemoryContextSwitchTo(memory_);
        receiver.store = store_ = tuplestore_begin_heap(false, false, work_mem);
        MemoryContextSwitchTo(before);
        SPI_connect();
        execute(sql, args, Access::kRead, &receiver.base);
        SPI_finish();
        MemoryContextSwitchTo(memory_);
        slot_ = MakeSingleTupleTableSlot(receiver.form, &TTSOpsMinimalTuple);
        MemoryContextSwitchTo(before);
      },
      hint_of_planning);
}

Rows Cursor::fetch(long count) {
  const int columns = slot_->tts_tupleDescriptor->natts;
  const MemoryContext memory = guarded([] {
    return AllocSetContextCreate(CurrentMemoryContext, "company_backup rows of a cursor",
                                 ALLOCSET_DEFAULT_SIZES);
  });
  const Result result = guarded([&] {
    const MemoryContext before = MemoryContextSwitchTo(memory);
    const char** cells = static_cast<const char**>(
        MemoryContextAllocHuge(memory, sizeof(char*) * (static_cast<size_t>(count) * columns + 1)));
    Oid* outputs = static_cast<Oid*>(palloc(sizeof(Oid) * (columns + 1)));
    bool varlena;
    for (int i = 0; i < columns; ++i) {
      getTypeOutputInfo(TupleDescAttr(slot_->tts_tupleDescriptor, i)->atttypid, &outputs[i],
                        &varlena);
    }
    uint64 found = 0;
    for (; found < static_cast<uint64>(count); ++found) {
      // A tuple read back from disk is the slot's to free: it must live as long as the slot.
      MemoryContextSwitchTo(slot_->tts_mcxt);
      const bool more = tuplestore_gettupleslot(store_, true, false, slot_);
      MemoryContextSwitchTo(memory);
      if (!more) break;
      slot_getallattrs(slot_);
      for (int i = 0; i < columns; ++i) {
        cells[found * columns + i] =
            slot_->tts_isnull[i]
                ? nullptr
                : from_server(OidOutputFunctionCall(outputs[i], slot_->tts_values[i]));
      }
    }
    MemoryContextSwitchTo(before);
    return Result{cells, found, columns};
  });
  Rows rows = to_rows(result);
  guarded([&] { MemoryContextDelete(memory); });
  return rows;
}

void Cursor::close() {
  guarded([this] {
    ExecDropSingleTupleTableSlot(slot_);
    tuplestore_end(store_);
    MemoryContextDelete(memory_);
  });
}

Rows own_query(const char* sql, const std::vector<Arg>& args, Access access) {
  AsExtensionOwner owner;
  return query(sql, args, access);
}

std::vector<std::string> own_bytes(const char* sql, const std::vector<Arg>& args, Access access) {
  const AsExtensionOwner owner;
  const UntrustedPlanning planning(access == Access::kCall);
  struct Piece {
    const char* data;
    size_t size;
  };
  uint64 count = 0;
  const Piece* pieces = guarded([&] {
    SPI_connect();
    execute(sql, args, access, nullptr);
    count = SPI_processed;
    Piece* list = static_cast<Piece*>(palloc(sizeof(Piece) * (count + 1)));
    for (uint64 i = 0; i < count; ++i) {
      bool is_null;
      const Datum datum = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
      const varlena* bytes = PG_DETOAST_DATUM_PACKED(datum);
      list[i] = {VARDATA_ANY(bytes), static_cast<size_t>(VARSIZE_ANY_EXHDR(bytes))};
    }
    return static_cast<const Piece*>(list);
  });
  std::vector<std::string> result;
  for (uint64 i = 0; i < count; ++i) result.emplace_back(pieces[i].data, pieces[i].size);
  guarded([] { SPI_finish(); });
  return result;
}

void init_receiver(DestReceiver& receiver, bool (*receive_slot)(TupleTableSlot*, DestReceiver*)) {
  receiver.receiveSlot = receive_slot;
  receiver.rStartup = [](DestReceiver*, int, TupleDesc) {};
  receiver.rShutdown = [](DestReceiver*) {};
  receiver.rDestroy = [](DestReceiver*) {};
  receiver.mydest = DestNone;
}

void stream(const std::string& sql, const std::vector<Arg>& args, DestReceiver* receiver) {
  const UntrustedPlanning planning;
  guarded_with_hint(
      [&] {
        SPI_connect();
        execute(sql, args, Access::kRead, receiver);
        SPI_finish();
      },
      hint_of_planning);
}

AsExtensionOwner::AsExtensionOwner()
    : before_(boundary::current_user_context()), temporary_before_(temp_schema_state()) {
  guarded([this] {
    Relation relation = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
                CStringGetDatum(kExtension));
    SysScanDesc scan = systable_beginscan(relation, ExtensionNameIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "extension \"%s\" is not installed", kExtension);
    const Oid owner = reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extowner;
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    SetUserIdAndSecContext(
        owner, before_.security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    HiddenTempSchema().hide();  // event triggers are the only code of others here
  });
}

AsExtensionOwner::~AsExtensionOwner() {
  boundary::restore(before_);
  restore_temp_schema(temporary_before_);
}

std::string functions_schema() {
  const Rows rows = query(
      "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n "
      "ON n.oid = e.extnamespace WHERE e.extname = $1::name",
      {kExtension});
  return display_name(*rows.at(0)[0]);
}

}  // namespace company_backup
