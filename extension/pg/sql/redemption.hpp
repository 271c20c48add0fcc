// What is behind a link: the role that asked for it must still be allowed what the link does, when
// it is redeemed and whenever bytes are transferred. Whoever redeems it needs no right of their own
// but EXECUTE, and learns nothing but what the link is for.
#pragma once

#include <string>

#include "pg/backup/stored_backup.hpp"
#include "pg/links/link.hpp"
#include "pg/sql/upload.hpp"

namespace company_backup {

// A link does not do what the current role could not do itself. Error 42501 without EXECUTE on the
// function that does it.
void require_transfer_function(LinkKind kind);

// A backup that the current role may give out, by its own call or by a link. Errors: see
// authorize_backup(), require_readable().
StoredBackup authorize_download(int64_t backup, const Text& actor);

// Redeems a link and returns the secret of its transfer. Errors: see lock_link(); kRefusedLink.
std::string redeem_link(const std::string& token, LinkKind kind);

// The backup of a transfer, which nobody can open again. Errors: see find_transfer(); kRefusedLink.
StoredBackup open_download(const std::string& transfer);

// A part of an upload, and its end, which returns the ID of the backup: as append_part() and
// finish_upload_of() by the role that asked for the link. Errors as theirs; find_transfer(),
// kRefusedLink, kTooManyBytes.
void append_to_link(const std::string& transfer, int seq, const std::string& data);
int64_t finish_link(const std::string& transfer);

}  // namespace company_backup
