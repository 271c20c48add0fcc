#include "pg/links/link.hpp"

#include "pg/links/secret.hpp"
#include "pg/links/transfer_pass.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {
namespace {

constexpr char kAskAgain[] = "Ask for a new one.";

Arg as_bytea(const Sha256Digest& digest) {
  return Arg::bytea({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string redeeming_function(LinkKind kind) {
  return kind == LinkKind::kDownload ? "redeem_download()" : "redeem_upload()";
}

IssuedLink link_of(const Row& row) {
  return {std::stoll(*row[0]), stored_word<LinkKind>(*row[1]), std::stoll(*row[2]), oid_of(row[3]),
          row[4]};
}

Error unknown_transfer() {
  return Error(sqlstate::kUnknownTransfer, "the transfer does not exist, or it is over")
      .detail(
          "A backup can be read once, within 5 minutes after its link was redeemed; an upload "
          "takes parts for a day.")
      .hint(kAskAgain);
}

// Links that have long been of no use to anybody. One that somebody has locked stays.
void remove_old_links() {
  own_query(
      "DELETE FROM company_backup.link WHERE id IN (SELECT id FROM company_backup.link WHERE "
      "expires_at < now() - interval '7 days' ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP "
      "LOCKED)",
      {}, Access::kWrite);
}

void require_duration(Datum valid_for) {
  const Arg interval = Arg::datum(INTERVALOID, valid_for);
  if (!own_query("SELECT WHERE $1 > interval '0' AND $1 <= interval '1 day'", {interval}).empty()) {
    return;
  }
  throw Error(sqlstate::kInvalidParameter,
              "valid_for must be longer than nothing and at most a day")
      .hint("Write for example interval '15 minutes'.");
}

}  // namespace

const char* to_text(LinkKind kind) {
  switch (kind) {
    case LinkKind::kDownload:
      return "download";
    case LinkKind::kUpload:
      return "upload";
  }
  return "";
}

std::string store_link(const NewLink& link) {
  require_duration(link.valid_for);
  if (link.max_bytes && *link.max_bytes <= 0) {
    throw Error(sqlstate::kInvalidParameter, "max_bytes must be greater than 0")
        .hint("NULL allows any number.");
  }
  remove_old_links();
  const bool is_download = link.kind == LinkKind::kDownload;
  const std::optional<int64_t> object = link.object;
  const std::string token = make_secret();
  const Sha256Digest digest = digest_of_secret(token);
  own_query(
      "INSERT INTO company_backup.link (digest, kind, backup, upload, asked_by, actor, expires_at, "
      "max_bytes) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7, $8)",
      {as_bytea(digest), to_text(link.kind),
       Arg::optional_number(is_download ? object : std::nullopt),
       Arg::optional_number(is_download ? std::nullopt : object), caller_role(), link.actor,
       Arg::datum(INTERVALOID, link.valid_for), Arg::optional_number(link.max_bytes)},
      Access::kWrite);
  return token;
}

IssuedLink lock_link(const std::string& token, LinkKind kind) {
  const Sha256Digest digest = digest_of_secret(token);
  const Rows rows = own_query(
      "SELECT id, kind, coalesce(backup, upload, 0), asked_by, actor, redeemed_at, CASE WHEN "
      "expires_at <= clock_timestamp() THEN expires_at END FROM company_backup.link WHERE digest = "
      "$1 FOR UPDATE",
      {as_bytea(digest)}, Access::kWrite);
  if (rows.empty()) {
    throw Error(sqlstate::kUnknownLink, "the link does not exist")
        .hint("Its token is not complete, or what it was for has been deleted. " +
              std::string(kAskAgain));
  }
  IssuedLink link = link_of(rows[0]);
  if (link.kind != kind) {
    throw Error(sqlstate::kUnknownLink,
                std::string("the link is not for this: it is for ") +
                    (link.kind == LinkKind::kDownload ? "a download" : "an upload"))
        .hint("Redeem it with " + redeeming_function(link.kind) + ".");
  }
  if (rows[0][5]) {
    throw Error(sqlstate::kUsedLink, "the link has been used")
        .detail("It was redeemed at " + *rows[0][5] + ".")
        .hint(kAskAgain);
  }
  if (rows[0][6]) {
    throw Error(sqlstate::kExpiredLink, "the link has expired")
        .detail("It could be redeemed until " + *rows[0][6] + ".")
        .hint(kAskAgain);
  }
  return link;
}

std::string begin_transfer(const IssuedLink& link) {
  const std::string secret = make_secret();
  const Sha256Digest digest = digest_of_secret(secret);
  own_query(
      "UPDATE company_backup.link SET redeemed_at = clock_timestamp(), redeemed_in = "
      "pg_current_xact_id(), transfer = $2 WHERE id = $1",
      {link.id, as_bytea(digest)}, Access::kWrite);
  if (link.kind == LinkKind::kDownload) give_pass(link.id);
  // Else a crash could give back a link whose bytes have left.
  guarded([] { ForceSyncCommit(); });
  return secret;
}

IssuedLink find_transfer(const std::string& secret, LinkKind kind) {
  const Sha256Digest digest = digest_of_secret(secret);
  const Rows rows = own_query(
      "SELECT id, kind, coalesce(backup, upload), asked_by, actor, redeemed_in = "
      "pg_current_xact_id_if_assigned() FROM company_backup.link WHERE transfer = $1 AND kind = $2 "
      "AND coalesce(backup, upload) IS NOT NULL AND redeemed_at > clock_timestamp() - CASE kind "
      "WHEN 'download' THEN interval '5 minutes' ELSE interval '1 day' END",
      {as_bytea(digest), to_text(kind)});
  if (rows.empty()) throw unknown_transfer();
  if (rows[0][5] == "t") {
    throw Error(sqlstate::kNotCommitted, "the link has not been redeemed yet")
        .detail("The transaction that redeems it has not been committed.")
        .hint("COMMIT first, then transfer in another transaction.");
  }
  return link_of(rows[0]);
}

void open_transfer(const IssuedLink& download) {
  if (!take_pass(download.id)) throw unknown_transfer();
}

void count_bytes(const IssuedLink& upload, int64_t bytes) {
  const Row row = one_row(own_query(
      "UPDATE company_backup.link SET received = received + $2 WHERE id = $1 RETURNING received > "
      "max_bytes, received, max_bytes",
      {upload.id, bytes}, Access::kWrite));
  if (row[0] != "t") return;
  throw Error(sqlstate::kTooManyBytes, "the archive is larger than the link allows")
      .detail("With this part it has " + row[1].value_or("") + " bytes; " + row[2].value_or("") +
              " are allowed.")
      .hint("Ask for a link with a greater max_bytes.");
}

void detach_upload(const IssuedLink& upload) {
  own_query("UPDATE company_backup.link SET upload = NULL WHERE id = $1", {upload.id},
            Access::kWrite);
}

}  // namespace company_backup
