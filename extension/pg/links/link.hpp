// What is stored of links: rows of company_backup.link. A link is asked for, redeemed once, which
// begins its transfer, and then used up by that transfer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/text/words.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

enum class LinkKind { kDownload, kUpload };

const char* to_text(LinkKind kind);

struct IssuedLink {
  int64_t id;
  LinkKind kind;
  int64_t object;  // the backup, or the upload
  Oid asked_by;    // a role, which may be gone
  Text actor;
};

struct NewLink {
  LinkKind kind;
  int64_t object;
  Text actor;
  Datum valid_for;  // an interval
  std::optional<int64_t> max_bytes = std::nullopt;
};

// Stores one that the current role asks for, and returns its token. Error kInvalidParameter: it
// would be valid for no time, or for too long.
std::string store_link(const NewLink& link);

// The link of a token, locked until the transaction ends: of two who redeem it at once, the second
// waits here for the first. Errors kUnknownLink (also for a link of the other kind), kUsedLink,
// kExpiredLink.
IssuedLink lock_link(const std::string& token, LinkKind kind);

// Marks it as redeemed and returns the secret of its transfer. Nothing can be transferred before
// the transaction has committed.
std::string begin_transfer(const IssuedLink& link);

// The link whose transfer this is. Errors kUnknownTransfer (also for one of the other kind, or one
// that was begun too long ago), kNotCommitted.
IssuedLink find_transfer(const std::string& secret, LinkKind kind);

// Takes the one chance to read the backup. Error kUnknownTransfer: somebody has.
void open_transfer(const IssuedLink& download);

// Counts bytes that have come. Error kTooManyBytes.
void count_bytes(const IssuedLink& upload, int64_t bytes);

// The link stays, as a used one, when its upload goes.
void detach_upload(const IssuedLink& upload);

}  // namespace company_backup
