// read_backup, read_transfer and stream_backup: set-returning, one piece of the file per call.
#include <memory>

#include "core/archive/manifest.hpp"
#include "pg/backup/archive_source.hpp"
#include "pg/base/act.hpp"
#include "pg/base/arguments.hpp"
#include "pg/base/progress.hpp"
#include "pg/base/server_text.hpp"
#include "pg/sql/authorize.hpp"
#include "pg/sql/redemption.hpp"

namespace company_backup {
namespace {

// The state of one scan of the function; deleted with the scan's memory, also after an error.
struct Scan {
  std::unique_ptr<ArchiveBytes> bytes;
  Snapshot snapshot = nullptr;  // under which a stored backup is read to its end
  int seq = 0;
};

// Runs `body` under the scan's snapshot. After an error the server takes it off.
template <class Body>
auto under_snapshot(const Scan& scan, Body&& body) {
  if (scan.snapshot == nullptr) return body();
  guarded([&scan] { PushActiveSnapshot(scan.snapshot); });
  const auto result = body();
  guarded([] { PopActiveSnapshot(); });
  return result;
}

void close_scan(Scan& scan) {
  scan.bytes->close();
  if (scan.snapshot != nullptr) guarded([&scan] { UnregisterSnapshot(scan.snapshot); });
  scan.snapshot = nullptr;
}

void delete_scan(void* scan) {
  delete static_cast<Scan*>(scan);
}

// The executor ends a scan that was not read to its end.
void end_scan(Datum scan) {
  callback([scan] { close_scan(*reinterpret_cast<Scan*>(scan)); });
}

ExprContext* scan_context(FunctionCallInfo fcinfo) {
  return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)->econtext;
}

// Hands the scan over to its memory context. What can fail comes first: until the context owns the
// scan, `scan` does, and never both.
void keep_scan(FunctionCallInfo fcinfo, std::unique_ptr<Scan> scan) {
  Scan* const plain = scan.get();
  FuncCallContext* const context = static_cast<FuncCallContext*>(fcinfo->flinfo->fn_extra);
  guarded([=] {
    auto* callback = static_cast<MemoryContextCallback*>(
        MemoryContextAlloc(context->multi_call_memory_ctx, sizeof(MemoryContextCallback)));
    callback->func = delete_scan;
    callback->arg = plain;
    TupleDesc result;
    const MemoryContext before = MemoryContextSwitchTo(context->multi_call_memory_ctx);
    get_call_result_type(fcinfo, nullptr, &result);
    context->tuple_desc = BlessTupleDesc(result);
    context->user_fctx = plain;
    MemoryContextSwitchTo(before);
    RegisterExprContextCallback(scan_context(fcinfo), end_scan, PointerGetDatum(plain));
    MemoryContextRegisterResetCallback(context->multi_call_memory_ctx, callback);
  });
  static_cast<void>(scan.release());
}

// Runs `open` at the first call, in memory that lives as long as the scan; then gives a row a call.
template <class Open>
Datum next_row(FunctionCallInfo fcinfo, Open&& open) {
  if (SRF_IS_FIRSTCALL()) {
    FuncCallContext* const context = guarded([=] { return SRF_FIRSTCALL_INIT(); });
    const MemoryContext before = MemoryContextSwitchTo(context->multi_call_memory_ctx);
    auto scan = std::make_unique<Scan>();
    scan->bytes = open(*scan);
    MemoryContextSwitchTo(before);
    keep_scan(fcinfo, std::move(scan));
  }
  FuncCallContext* const context = guarded([=] { return SRF_PERCALL_SETUP(); });
  Scan* const scan = static_cast<Scan*>(context->user_fctx);
  std::string piece;
  if (!under_snapshot(*scan, [&] { return scan->bytes->next(piece); })) {
    close_scan(*scan);
    guarded([=] {
      UnregisterExprContextCallback(scan_context(fcinfo), end_scan, PointerGetDatum(scan));
    });
    SRF_RETURN_DONE(context);
  }
  const int seq = scan->seq++;
  const Datum row = guarded([&] {
    Datum values[2] = {Int32GetDatum(seq), PointerGetDatum(piece.data())};
    bool nulls[2] = {false, false};
    return HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls));
  });
  SRF_RETURN_NEXT(context, row);
}

// The whole backup is there in one snapshot, whatever others delete while it is read; and so it is
// for a backup that this statement has just made.
Snapshot snapshot_with(int64_t backup) {
  const Snapshot snapshot = guarded([] {
    PushActiveSnapshot(GetTransactionSnapshot());
    return RegisterSnapshot(GetActiveSnapshot());
  });
  const bool exists =
      !own_query("SELECT FROM company_backup.backup WHERE id = $1", {backup}, Access::kRead)
           .empty();
  guarded([] { PopActiveSnapshot(); });
  if (exists) return snapshot;
  throw Error(sqlstate::kUnknownBackup,
              "backup " + std::to_string(backup) + " does not exist any more");
}

std::unique_ptr<ArchiveBytes> bytes_of(const StoredBackup& backup, Scan& scan) {
  scan.snapshot = snapshot_with(backup.id);
  return std::make_unique<ArchiveBytes>(Manifest::from_json(backup.manifest_text),
                                        backup.manifest_text, stored_members(backup.id));
}

}  // namespace

COMPANY_BACKUP_FUNCTION(read_backup) {
  return next_row(fcinfo, [&](Scan& scan) {
    require_guard_or_owner(Action::kExport);
    return bytes_of(authorize_download(required_int64(fcinfo, 0, "backup"), std::nullopt), scan);
  });
}

COMPANY_BACKUP_FUNCTION(read_transfer) {
  return next_row(fcinfo, [&](Scan& scan) {
    note_action("read_transfer");
    return bytes_of(open_download(required_text(fcinfo, 0, "transfer")), scan);
  });
}

COMPANY_BACKUP_FUNCTION(stream_backup) {
  return next_row(fcinfo, [&](Scan&) {
    require_guard_or_owner(Action::kExport);
    const Text text = company_argument(fcinfo, 0);
    BackupOptions options;
    options.include_files = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
    LiveScope live = load_live_scope();
    const AskedCompany company = authorize_existing(live, text, Action::kExport, std::nullopt,
                                                    Detail().add("stored", false));
    const Progress progress("export", company.key());
    auto spool = std::make_unique<Spool>(options.include_files);
    std::string manifest =
        storable_json(take_backup(std::move(live), company, options, *spool).to_readable_json());
    return std::make_unique<ArchiveBytes>(Manifest::from_json(manifest), std::move(manifest),
                                          std::move(spool));
  });
}

}  // namespace company_backup
