#include "pg/delete/retention.hpp"

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

// Looks for what rows that are kept need.
class NeedSearch {
 public:
  NeedSearch(const LiveScope& live, const Company& company, const Retention& retention)
      : live_(live), company_(company), retention_(retention) {}

  std::vector<KeptNeed> run() {
    for (const ForeignKey& key : live_.schema.foreign_keys) {
      if (key.on_delete == 'n' || key.on_delete == 'd' || !may_need(key.table, key.target))
        continue;
      std::string join;
      for (size_t i = 0; i < key.columns.size(); ++i) {
        join += (i > 0 ? " AND " : "") +
                column_sql("t", column_of(live_.table(key.target), key.target_columns[i])) + " " +
                key.operators[i] + " " +
                column_sql("s", column_of(live_.table(key.table), key.columns[i]));
      }
      look(key.table, key.target, display_name(key.name), join,
           "or let it become NULL with ON DELETE SET NULL");
    }
    for (const auto* references : {&live_.scope.references, &live_.scope.aside_references}) {
      for (const Reference& reference : *references) look(reference);
    }
    return std::move(needs_);
  }

 private:
  bool goes(TableIndex table) const {
    const ScopedTable* scoped = live_.scope.find(table);
    return scoped != nullptr && scoped->owned() && !scoped->routes.empty() &&
           !retention_.contains(table);
  }

  bool may_need(TableIndex table, TableIndex target) const {
    const ScopedTable* scoped = live_.scope.find(table);
    return retention_.contains(table) && scoped != nullptr && scoped->owned() &&
           !scoped->routes.empty() && goes(target);
  }

  void look(const Reference& reference) {
    const bool inside =
        !reference.json_path.empty() || reference.path || is_list(live_.schema, reference);
    if (!reference.soft || inside || reference.outside != OutsidePolicy::kRefuse ||
        !may_need(reference.table, reference.target)) {
      return;
    }
    look(reference.table, reference.target, reference.name,
         reference_join(live_.schema, reference, "s", "t"),
         "or say outside => 'null' or 'keep' in set_reference()");
  }

  void look(TableIndex table, TableIndex target, const std::string& name, const std::string& join,
            const std::string& otherwise) {
    const auto owned = [&](TableIndex index, const char* alias) {
      return owned_by(live_.schema, live_.scope, index, alias, "$1");
    };
    const std::string count = one_value(query(
        "SELECT count(*) FROM " + from_table(live_.table(table)) + " AS s WHERE " +
            owned(table, "s") + " AND EXISTS (SELECT FROM " + from_table(live_.table(target)) +
            " AS t WHERE " + join + " AND " + owned(target, "t") + ")",
        {company_.arg()}));
    if (count == "0") return;
    const std::string needed = display_table(live_.table(target));
    needs_.push_back({table, display_table(live_.table(table)) + ", " + name + ": " + count +
                                 (count == "1" ? " row needs" : " rows need") + " rows of " +
                                 needed + ": retain " + needed + ", too, " + otherwise});
  }

  const LiveScope& live_;
  const Company& company_;
  const Retention& retention_;
  std::vector<KeptNeed> needs_;
};

}  // namespace

Retention load_retention(const LiveScope& live) {
  Retention retention;
  for (const Row& row : own_query("SELECT table_schema, table_name, reason FROM "
                                  "company_backup.table_retention ORDER BY 1, 2")) {
    const TableIndex table = live.schema.find(*row[0], *row[1]);
    if (table == kNoTable) {
      throw Error(sqlstate::kStaleRule, "table \"" + *row[0] + "." + *row[1] +
                                            "\", whose rows are to be kept, does not exist")
          .hint(
              "If it has another name now, call set_table_retention() for it, then "
              "forget_stale_rules().");
    }
    retention.emplace(table, *row[2]);
  }
  return retention;
}

std::vector<KeptNeed> needs_of_kept(const LiveScope& live, const Company& company,
                                    const Retention& retention) {
  if (retention.empty()) return {};
  return NeedSearch(live, company, retention).run();
}

void refuse_needs(const LiveScope& live, const Company& company, const Retention& retention) {
  std::string list;
  for (const KeptNeed& need : needs_of_kept(live, company, retention)) {
    list += (list.empty() ? "" : "\n") + need.what;
  }
  if (list.empty()) return;
  throw Error(sqlstate::kRetained, "rows that are kept need rows that would be removed")
      .detail(list)
      .hint("set_table_retention() says which tables keep their rows.");
}

}  // namespace company_backup
