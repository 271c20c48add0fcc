#include "pg/scope/frozen.hpp"

#include "core/text/quoting.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/base/fresh_snapshot.hpp"

namespace company_backup {

bool freeze(int64_t company, const std::string& key, const Text& actor) {
  lock_writers(key);
  return !own_query(
              "INSERT INTO company_backup.frozen (company, frozen_by, actor) VALUES ($1, $2::name, "
              "$3) ON CONFLICT DO NOTHING RETURNING 1",
              {company, one_row(query("SELECT current_user"))[0], actor}, Access::kWrite)
              .empty();
}

bool unfreeze(int64_t company) {
  return !own_query("DELETE FROM company_backup.frozen WHERE company = $1 RETURNING 1", {company},
                    Access::kWrite)
              .empty();
}

void refuse_frozen(const std::string& key, const std::string& table) {
  lock_as_writer(key);
  FreshSnapshot fresh;
  const Rows frozen = own_query(
      "SELECT FROM company_backup.company c JOIN company_backup.frozen f ON f.company = c.id WHERE "
      "c.key = $1 AND c.gone_at IS NULL",
      {key}, Access::kRead);
  fresh.close();
  if (frozen.empty()) return;
  throw Error(sqlstate::kFrozen, "company \"" + key + "\" is frozen")
      .detail("Rows of table " + table + " cannot be written meanwhile.")
      .hint("Try again later. SELECT unfreeze_company(" + quote_literal(key) + ") ends it.");
}

}  // namespace company_backup
