// Plans for queries over rows that have just been loaded: the statistics know nothing of them, the
// planner expects none, and a nested loop over "none" takes hours. Hash joins are right whatever
// the numbers are.
#pragma once

#include "pg/spi.hpp"

namespace company_backup {

inline Rows query_unestimated(const std::string& sql, const std::vector<Arg>& args,
                              Access access = Access::kWrite) {
  const int level = guarded([] {
    const int nest = NewGUCNestLevel();
    set_config_option("enable_nestloop", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                      0, false);
    return nest;
  });
  Rows rows = query(sql, args, access);
  guarded([level] { AtEOXact_GUC(true, level); });
  return rows;
}

}  // namespace company_backup
