// Types whose equal values are printed alike.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

// As btree indexes find out whether equal keys are the same bytes (_bt_allequalimage()). `type`: no
// domain. char(n) counts, though its width shows. Inside guarded() only.
bool is_exact_type(Oid type, Oid collation);

}  // namespace company_backup
