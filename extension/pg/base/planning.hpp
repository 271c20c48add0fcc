// Planning is not harmless: it opens every table of a query and runs what their owners wrote with
// constant arguments in index expressions and predicates, statistics, partition keys and CHECK
// constraints, as the current user. While an UntrustedPlanning lives, the next statement is planned
// as the owner of its tables instead, so that nobody's code gains the caller's rights. Then, too,
// it is known what the statement really calls: the parser goes by the catalog of this moment,
// whatever the snapshot says.
#pragma once

namespace company_backup {

// To be called once, when the module is loaded.
void install_planner_hook();

class UntrustedPlanning {
 public:
  // Error kForeignCode if the statement itself would call functions that belong neither to a
  // superuser nor to the current user, unless it is there to call one of the application.
  explicit UntrustedPlanning(bool calls_application = false);
  ~UntrustedPlanning();
  UntrustedPlanning(const UntrustedPlanning&) = delete;
  UntrustedPlanning& operator=(const UntrustedPlanning&) = delete;
};

}  // namespace company_backup
