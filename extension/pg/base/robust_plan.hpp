// Plans for queries over rows that have just been loaded: the statistics know nothing of them, the
// planner expects none, and a nested loop over "none" takes hours. Hash joins are right whatever
// the numbers are.
#pragma once

#include "pg/base/spi.hpp"

namespace company_backup {

// No nested loops until close().
class RobustPlans {
 public:
  RobustPlans()
      : level_(guarded([] {
          const int nest = NewGUCNestLevel();
          set_config_option("enable_nestloop", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                            true, 0, false);
          return nest;
        })) {}
  void close() const {
    guarded([this] { AtEOXact_GUC(false, level_); });
  }

 private:
  int level_;
};

inline Rows query_unestimated(const std::string& sql, const std::vector<Arg>& args,
                              Access access = Access::kWrite) {
  const RobustPlans plans;
  Rows rows = query(sql, args, access);
  plans.close();
  return rows;
}

}  // namespace company_backup
