// read_backup and stream_backup: set-returning, one piece of the file per call.
#include <memory>

#include "pg/archive_source.hpp"
#include "pg/arguments.hpp"
#include "pg/authorize.hpp"

namespace company_backup {
namespace {

// The state of one scan of the function; deleted with the scan's memory, also after an error.
struct Scan {
  std::unique_ptr<ArchiveBytes> bytes;
  int seq = 0;
};

void delete_scan(void* scan) {
  delete static_cast<Scan*>(scan);
}

// The executor ends a scan that was not read to its end.
void end_scan(Datum scan) {
  callback([scan] { reinterpret_cast<Scan*>(scan)->bytes->close(); });
}

ExprContext* scan_context(FunctionCallInfo fcinfo) {
  return reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)->econtext;
}

void keep_scan(FunctionCallInfo fcinfo, std::unique_ptr<Scan> scan) {
  Scan* const plain = scan.get();
  FuncCallContext* const context = static_cast<FuncCallContext*>(fcinfo->flinfo->fn_extra);
  guarded([=] {
    auto* callback = static_cast<MemoryContextCallback*>(
        MemoryContextAlloc(context->multi_call_memory_ctx, sizeof(MemoryContextCallback)));
    callback->func = delete_scan;
    callback->arg = plain;
    MemoryContextRegisterResetCallback(context->multi_call_memory_ctx, callback);
    TupleDesc result;
    const MemoryContext before = MemoryContextSwitchTo(context->multi_call_memory_ctx);
    get_call_result_type(fcinfo, nullptr, &result);
    context->tuple_desc = BlessTupleDesc(result);
    context->user_fctx = plain;
    MemoryContextSwitchTo(before);
    RegisterExprContextCallback(scan_context(fcinfo), end_scan, PointerGetDatum(plain));
  });
  scan.release();
}

// Runs `open` at the first call, in memory that lives as long as the scan; then gives a row a call.
template <class Open>
Datum next_row(FunctionCallInfo fcinfo, Open&& open) {
  if (SRF_IS_FIRSTCALL()) {
    FuncCallContext* const context = guarded([=] { return SRF_FIRSTCALL_INIT(); });
    const MemoryContext before = MemoryContextSwitchTo(context->multi_call_memory_ctx);
    auto scan = std::make_unique<Scan>();
    scan->bytes = open();
    MemoryContextSwitchTo(before);
    keep_scan(fcinfo, std::move(scan));
  }
  FuncCallContext* const context = guarded([=] { return SRF_PERCALL_SETUP(); });
  Scan* const scan = static_cast<Scan*>(context->user_fctx);
  std::string piece;
  if (!scan->bytes->next(piece)) {
    scan->bytes->close();
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

}  // namespace

COMPANY_BACKUP_FUNCTION(read_backup) {
  return next_row(fcinfo, [&] {
    require_guard_or_owner("export");
    const StoredBackup backup =
        authorize_backup(required_int64(fcinfo, 0, "backup"), "export", std::nullopt);
    Manifest manifest = Manifest::from_json(backup.manifest_text);
    require_readable(backup, manifest);
    return std::make_unique<ArchiveBytes>(std::move(manifest), backup.manifest_text,
                                          stored_members(backup.id));
  });
}

COMPANY_BACKUP_FUNCTION(stream_backup) {
  return next_row(fcinfo, [&] {
    require_guard_or_owner("export");
    const Text text = optional_text(fcinfo, 0);
    BackupOptions options;
    options.include_files = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
    LiveScope live = load_live_scope();
    Company company =
        authorize_existing(live, text, "export", std::nullopt, Detail().add("stored", false));
    auto spool = std::make_unique<Spool>(options.include_files);
    Manifest manifest = take_backup(std::move(live), text, options, *spool, company);
    std::string manifest_text = manifest.to_json();
    return std::make_unique<ArchiveBytes>(std::move(manifest), std::move(manifest_text),
                                          std::move(spool));
  });
}

}  // namespace company_backup
