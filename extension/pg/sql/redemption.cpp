#include "pg/sql/redemption.hpp"

#include "core/archive/manifest.hpp"
#include "pg/base/owner.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

// Not refusals but circumstances, which are told as they are: conflicts of transactions, lack of
// resources, locks, shutdowns.
bool is_circumstance(const std::string& sqlstate) {
  for (const char* error_class : {"40", "53", "55", "57", "58", "XX"}) {
    if (sqlstate.starts_with(error_class)) return true;
  }
  return sqlstate.empty();
}

void require_asker(const IssuedLink& link) {
  const Arg role = Arg::datum(OIDOID, ObjectIdGetDatum(link.asked_by));
  if (!query("SELECT FROM pg_roles WHERE oid = $1", {role}).empty()) return;
  throw Error(sqlstate::kInsufficientPrivilege, "the role does not exist any more");
}

// Runs `check` as whoever asked for the link. Why it refuses is told in a few words only: its
// DETAIL is for those who know the company.
template <class Check>
void as_asker(const IssuedLink& link, Check&& check) {
  const KeptError refusal = keep_error([&] {
    require_asker(link);
    as_role(link.asked_by, [&] {
      require_transfer_function(link.kind);
      check();
    });
  });
  if (!refusal) return;
  if (is_circumstance(refusal.sqlstate())) refusal.rethrow();
  throw Error(sqlstate::kRefusedLink, "the link is not valid any more")
      .detail("Whoever asked for it may not do this now: " + refusal.message() + ".")
      .hint("Ask for a new one.");
}

StoredBackup download_of(const IssuedLink& link) {
  std::optional<StoredBackup> backup;
  as_asker(link, [&] { backup = authorize_download(link.object, link.actor); });
  return std::move(*backup);
}

Upload upload_of(const IssuedLink& link) {
  std::optional<Upload> upload;
  as_asker(link, [&] { upload = authorize_upload(link.object, link.actor); });
  return std::move(*upload);
}

}  // namespace

void require_transfer_function(LinkKind kind) {
  const std::string function =
      kind == LinkKind::kDownload ? "read_backup(bigint)" : "begin_upload(text)";
  if (one_value(query("SELECT has_function_privilege($1, 'EXECUTE')",
                      {functions_schema() + "." + function})) == "t") {
    return;
  }
  throw Error(sqlstate::kInsufficientPrivilege, "permission denied for function " + function)
      .detail("A link does only what the role that asks for it may do itself.");
}

StoredBackup authorize_download(int64_t backup, const Text& actor) {
  StoredBackup stored = authorize_backup(backup, Action::kExport, actor);
  require_readable(stored, Manifest::from_json(stored.manifest_text));
  return stored;
}

std::string redeem_link(const std::string& token, LinkKind kind) {
  const IssuedLink link = lock_link(token, kind);
  if (kind == LinkKind::kDownload) {
    download_of(link);
  } else {
    upload_of(link);
  }
  return begin_transfer(link);
}

StoredBackup open_download(const std::string& transfer) {
  const IssuedLink link = find_transfer(transfer, LinkKind::kDownload);
  StoredBackup backup = download_of(link);
  open_transfer(link);
  return backup;
}

void append_to_link(const std::string& transfer, int seq, const std::string& data) {
  const IssuedLink link = find_transfer(transfer, LinkKind::kUpload);
  if (data.empty()) throw Error(sqlstate::kInvalidParameter, "a part must not be empty");
  if (append_part(upload_of(link), seq, data)) {
    count_bytes(link, static_cast<int64_t>(data.size()));
  }
}

int64_t finish_link(const std::string& transfer) {
  const IssuedLink link = find_transfer(transfer, LinkKind::kUpload);
  const Upload upload = upload_of(link);
  detach_upload(link);
  int64_t backup = 0;
  as_role(link.asked_by, [&] { backup = finish_upload_of(upload); });
  return backup;
}

}  // namespace company_backup
