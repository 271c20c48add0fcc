#include "pg/base/error_code.hpp"

namespace company_backup {

// Classes: 22 data exception, 23 integrity constraint violation, P0 raised by PL/pgSQL; those that
// the standard leaves to everybody begin with 5 to 9 or I to Z. Of these PostgreSQL itself has
// taken some, and we KB.
bool is_refusal(const std::string& sqlstate) {
  const std::string group = sqlstate.substr(0, 2);
  if (group == "22" || group == "23" || group == "P0") return true;
  return group[0] >= 'I' && group[0] <= 'Z' && group != "XX" && group != "KB";
}

}  // namespace company_backup
