#include "pg/load/adoptable.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "pg/base/owner.hpp"
#include "pg/base/server_text.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

void add(std::string& text, const std::string& condition) {
  text += (text.empty() ? "" : " OR ") + condition;
}

// For tables whose rows the caller may not see: it tells whether there are references, not which.
bool has_references(const Table& source, const ForeignKey& key) {
  std::string given;
  for (int16_t number : key.columns) {
    given += " AND " + column_sql("s", column_of(source, number)) + " IS NOT NULL";
  }
  const AsOwnerOf owner(source.oid);
  return !query("SELECT FROM " + from_table(source) + " AS s WHERE true" + given + " LIMIT 1")
              .empty();
}

constexpr long kDocumentsAtOnce = 1000;
constexpr size_t kIdsAtOnce = 20'000;

class Uses {
 public:
  Uses(const LiveScope& live, const std::string& company, const Company* key)
      : live_(live), company_(company), key_(key) {}

  // True where a row that is neither the company's nor left to nobody as well refers to `alias`, or
  // to a row that would be adopted with it. Empty: no such reference is possible.
  std::string of(TableIndex table, const std::string& alias) const {
    const std::string source = alias + "_by";
    std::string text;
    for (const ForeignKey& key : live_.schema.foreign_keys) {
      if (key.target == table) add_reference(key, alias, source, text);
    }
    for (const Reference& reference : live_.scope.references) {
      if (!reference.soft || reference.target != table) continue;
      if (!reference.json_path.empty()) {
        add_documents(reference, alias, text);
        continue;
      }
      add(text, exists(reference.table, source,
                       reference_join(live_.schema, reference, source, alias) +
                           others(reference.table, source, company_)));
    }
    for (const ScopedTable* below : live_.travelling()) {
      for (const RouteStep& step : below->routes) {
        if (step.kind != RouteStep::Kind::kDown || step.target != table) continue;
        const std::string used = of(below->table, source);
        if (used.empty()) continue;
        add(text, exists(below->table, source,
                         step_join(live_.schema, step, below->table, source, alias) + " AND (" +
                             used + ")"));
      }
    }
    return text;
  }

 private:
  // Documents are read here and now, as everything else reads them: their keys go into the text.
  void add_documents(const Reference& reference, const std::string& alias,
                     std::string& text) const {
    if (!has_nobodys_rows(reference.target)) return;
    const std::set<std::string> used = keys_in_documents(reference);
    if (used.empty()) return;
    const Column& key = key_of(reference);
    add(text, as_text(column_sql(alias, key), key) + " OPERATOR(pg_catalog.=) ANY (" +
                  quote_literal(text_array({used.begin(), used.end()})) + "::pg_catalog.text[])");
  }

  const Column& key_of(const Reference& reference) const {
    return column_of(live_.table(reference.target), reference.target_columns[0]);
  }

  // What of the table can be adopted, or be below what is.
  std::string nobodys_rows(TableIndex table) const {
    const bool can_be = can_be_orphaned(live_.schema, live_.scope, *live_.scope.find(table));
    return " FROM " + from_table(live_.table(table)) + " AS w WHERE " +
           (can_be ? is_orphan(live_.schema, live_.scope, table, "w") : "true");
  }

  bool has_nobodys_rows(TableIndex table) const {
    return !query("SELECT" + nobodys_rows(table) + " LIMIT 1").empty();
  }

  std::set<std::string> keys_in_documents(const Reference& reference) const {
    const Table& table = live_.table(reference.table);
    const Column& column = column_of(table, reference.columns[0]);
    const std::string document = column_sql("s", column);
    const bool of_company = key_ != nullptr;
    std::string sql = "SELECT " + as_text(document, column) + " FROM " + from_table(table) +
                      " AS s WHERE " + document + " IS NOT NULL" +
                      others(reference.table, "s", of_company ? "$1" : "");
    if (!reference.when_column.empty()) {
      sql +=
          " AND " + has_text("s", *find_column(table, reference.when_column), reference.when_value);
    }
    const JsonPath path = JsonPath::parse(reference.json_path);
    std::set<std::string> held, used;
    std::vector<std::string> values, not_ids;
    Cursor documents(sql, of_company ? std::vector<Arg>{key_->arg()} : std::vector<Arg>{});
    for (Rows rows; !(rows = documents.fetch(kDocumentsAtOnce)).empty();) {
      for (const Row& row : rows) {
        values.clear();
        not_ids.clear();
        collect_storable_ids(path, *row[0], values, not_ids);
        held.insert(values.begin(), values.end());
      }
      if (held.size() >= kIdsAtOnce) look_up(reference, held, used);
    }
    documents.close();
    look_up(reference, held, used);
    return used;
  }

  void look_up(const Reference& reference, std::set<std::string>& held,
               std::set<std::string>& used) const {
    if (held.empty()) return;
    const Column& key = key_of(reference);
    for (Row& row :
         query("SELECT v.id FROM pg_catalog.unnest($1::pg_catalog.text[]) AS v(id) WHERE EXISTS "
               "(SELECT" +
                   nobodys_rows(reference.target) + " AND " + as_text(column_sql("w", key), key) +
                   " OPERATOR(pg_catalog.=) v.id)",
               {text_array({held.begin(), held.end()})})) {
      used.insert(std::move(*row[0]));
    }
    held.clear();
  }

  void add_reference(const ForeignKey& key, const std::string& alias, const std::string& source,
                     std::string& text) const {
    const Table& table = live_.table(key.table);
    const ScopedTable* scoped = live_.scope.find(key.table);
    if ((scoped == nullptr || !scoped->owned()) && !may_see_rows(table)) {
      if (has_references(table, key)) add(text, "true");
      return;
    }
    std::string join;
    for (size_t i = 0; i < key.columns.size(); ++i) {
      join += (i > 0 ? " AND " : "") +
              column_sql(alias, column_of(live_.table(key.target), key.target_columns[i])) + " " +
              key.operators[i] + " " + column_sql(source, column_of(table, key.columns[i]));
    }
    add(text, exists(key.table, source,
                     join + only_in(key.only_partition, source) + only_in(key.only_target, alias) +
                         others(key.table, source, company_)));
  }

  std::string exists(TableIndex table, const std::string& alias, const std::string& where) const {
    return "EXISTS (SELECT FROM " + from_table(live_.table(table)) + " AS " + alias + " WHERE " +
           where + ")";
  }

  // " AND ..." for rows neither the company's nor left to nobody; in tables of no company, all
  // rows.
  std::string others(TableIndex table, const std::string& alias, const std::string& company) const {
    const ScopedTable* scoped = live_.scope.find(table);
    if (scoped == nullptr || !scoped->owned()) return {};
    std::string text;
    if (!company.empty()) {
      text +=
          " AND (" + owned_by(live_.schema, live_.scope, table, alias, company) + ") IS NOT TRUE";
    }
    if (can_be_orphaned(live_.schema, live_.scope, *scoped) && can_be_left(live_, *scoped)) {
      text += " AND NOT (" + is_orphan(live_.schema, live_.scope, table, alias) + ")";
    }
    return text;
  }

  const LiveScope& live_;
  const std::string& company_;
  const Company* const key_;
};

}  // namespace

bool can_lose_target(const LiveScope& live, const ScopedTable& scoped, const RouteStep& step) {
  if (step.kind == RouteStep::Kind::kUp) return false;
  const bool down = step.kind == RouteStep::Kind::kDown;
  const bool can_be_empty = can_be_null(live.schema, scoped, step);
  const ForeignKey* key = foreign_key_of(live.schema, scoped, step);
  if (key == nullptr) return down || can_be_empty;
  return (key->on_delete == 'n' && can_be_empty) ||
         (key->on_delete == 'd' && (down || can_be_empty));
}

bool can_be_left(const LiveScope& live, const ScopedTable& scoped) {
  const std::vector<RouteStep> steps = all_steps(scoped);
  return std::any_of(steps.begin(), steps.end(), [&](const RouteStep& step) {
    if (step.target == scoped.table) return can_lose_target(live, scoped, step);
    if (step.kind == RouteStep::Kind::kUp || can_lose_target(live, scoped, step)) return true;
    return step.kind == RouteStep::Kind::kDown && can_be_left(live, *live.scope.find(step.target));
  });
}

std::string is_adoptable(const LiveScope& live, TableIndex table, const std::string& alias,
                         const std::string& parameter, const Company* company) {
  if (!can_be_left(live, *live.scope.find(table))) return "false";
  const std::string used = Uses(live, parameter, company).of(table, alias);
  return is_orphan(live.schema, live.scope, table, alias) +
         (used.empty() ? "" : " AND NOT (" + used + ")");
}

}  // namespace company_backup
