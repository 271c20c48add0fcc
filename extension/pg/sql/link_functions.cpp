// request_download, request_upload, redeem_download, redeem_upload, append_transfer,
// finish_transfer. What reads is in archive_functions.cpp.
#include "pg/base/act.hpp"
#include "pg/base/actor.hpp"
#include "pg/base/arguments.hpp"
#include "pg/sql/authorize.hpp"
#include "pg/sql/redemption.hpp"

namespace company_backup {
namespace {

Datum required_interval(FunctionCallInfo fcinfo, int index) {
  if (!PG_ARGISNULL(index)) return PG_GETARG_DATUM(index);
  throw Error(sqlstate::kInvalidParameter, "valid_for must not be null")
      .hint("Write for example interval '15 minutes'.");
}

Datum redeem(FunctionCallInfo fcinfo, LinkKind kind) {
  return return_text(redeem_link(required_text(fcinfo, 0, "token"), kind));
}

}  // namespace

COMPANY_BACKUP_FUNCTION(request_download) {
  require_writable("request_download()");
  note_action("request_download");
  require_guard_or_owner(Action::kExport);
  const Text actor = actor_argument(fcinfo, 2);
  const StoredBackup backup = authorize_download(required_int64(fcinfo, 0, "backup"), actor);
  require_transfer_function(LinkKind::kDownload);
  return return_text(store_link({.kind = LinkKind::kDownload,
                                 .object = backup.id,
                                 .actor = actor,
                                 .valid_for = required_interval(fcinfo, 1)}));
}

COMPANY_BACKUP_FUNCTION(request_upload) {
  require_writable("request_upload()");
  note_action("request_upload");
  require_guard_or_owner(Action::kUpload);
  const Text actor = actor_argument(fcinfo, 3);
  require_transfer_function(LinkKind::kUpload);
  const int64_t upload = begin_upload_for(company_argument(fcinfo, 0), actor);
  const std::optional<int64_t> max_bytes =
      PG_ARGISNULL(2) ? std::nullopt : std::optional<int64_t>(PG_GETARG_INT64(2));
  return return_text(store_link({.kind = LinkKind::kUpload,
                                 .object = upload,
                                 .actor = actor,
                                 .valid_for = required_interval(fcinfo, 1),
                                 .max_bytes = max_bytes}));
}

COMPANY_BACKUP_FUNCTION(redeem_download) {
  require_writable("redeem_download()");
  note_action("redeem_download");
  return redeem(fcinfo, LinkKind::kDownload);
}

COMPANY_BACKUP_FUNCTION(redeem_upload) {
  require_writable("redeem_upload()");
  note_action("redeem_upload");
  return redeem(fcinfo, LinkKind::kUpload);
}

COMPANY_BACKUP_FUNCTION(append_transfer) {
  require_writable("append_transfer()");
  note_action("append_transfer");
  note_trifle();
  const std::string transfer = required_text(fcinfo, 0, "transfer");
  const int seq = required_part_number(fcinfo, 1);
  append_to_link(transfer, seq, required_bytes(fcinfo, 2, "data"));
  PG_RETURN_VOID();
}

COMPANY_BACKUP_FUNCTION(finish_transfer) {
  require_writable("finish_transfer()");
  note_action("finish_transfer");
  PG_RETURN_INT64(finish_link(required_text(fcinfo, 0, "transfer")));
}

}  // namespace company_backup
