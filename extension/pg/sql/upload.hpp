// An archive that comes in parts, for whoever may begin, append and finish: the caller of the SQL
// functions of upload.cpp, or the role that asked for a link.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pg/base/spi.hpp"

namespace company_backup {

struct Upload {
  int64_t id;
  std::optional<int64_t> owner;  // none: it is for no company, or for one that was never seen
  Text company;                  // the key of its company now; none: it is gone, or there is none
};

// Asks the guard and begins one of the current role's; `company` NULL: for no company yet. Error
// kUnknownCompany.
int64_t begin_upload_for(const Text& company, const Text& actor);

// The current role's own upload (the database owner's and superusers': any), once the guard has
// allowed it. Locks it. Error kUnknownBackup.
Upload authorize_upload(int64_t id, const Text& actor);

// False: this part had come before. Error kUploadSequence: with other bytes.
bool append_part(const Upload& upload, int seq, const std::string& data);

// Checks everything and makes a backup, whose ID it returns; the upload is over.
int64_t finish_upload_of(const Upload& upload);

// The argument that numbers a part. Error kInvalidParameter.
int required_part_number(FunctionCallInfo fcinfo, int index);

}  // namespace company_backup
