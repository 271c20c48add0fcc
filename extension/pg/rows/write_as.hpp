// Whose rights to a table count when rows of it are written.
#pragma once

namespace company_backup {

enum class WriteAs { kCaller, kOwner };

}  // namespace company_backup
