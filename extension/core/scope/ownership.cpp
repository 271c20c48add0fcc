#include "core/scope/ownership.hpp"

#include <set>

#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/error.hpp"

namespace company_backup {
namespace {

// `target` = any element of the array `source`.
std::string equal_any(const std::string& target, const Column& target_column,
                      const std::string& source, const Column& source_column) {
  // text is compared as text: varchar[] and citext[] have no operators of their own to pair with
  const bool direct = target_column.family == element_family(source_column.family) &&
                      target_column.family != TypeFamily::kText &&
                      target_column.equality == "OPERATOR(pg_catalog.=)";
  if (direct) return target + " OPERATOR(pg_catalog.=) ANY (" + source + ")";
  return as_text(target, target_column) + " OPERATOR(pg_catalog.=) ANY (" + source +
         "::pg_catalog.text[])";
}

// `target` = any ID in the path `source`, a text.
std::string equal_in_path(PathIds ids, const std::string& target, const std::string& source) {
  // What is no "-" or "_" among ASCII's other characters ends an ID.
  static constexpr const char* kBetweenTexts =
      R"([][\\!"#$%&'()*+,./:;<=>?@^`{|}~[:cntrl:][:space:]]+)";
  const std::string any = " OPERATOR(pg_catalog.=) ANY (";
  switch (ids) {
    case PathIds::kIntegers:
      return target + any + "pg_catalog.regexp_split_to_array(" + source + ", '[^0-9]+'))";
    case PathIds::kUuids:
      return "pg_catalog.replace(" + target + ", '-', '')" + any +
             "ARRAY(SELECT pg_catalog.translate(m.id[1], '-_', '') FROM pg_catalog.regexp_matches("
             "pg_catalog.lower(" +
             source +
             "), '[0-9a-f]{8}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{12}', "
             "'g') AS m(id)))";
    case PathIds::kTexts:
      return target + any + "pg_catalog.regexp_split_to_array(" + source + ", " +
             quote_literal(kBetweenTexts) + "))";
  }
  return "false";
}

// " AND ..." for a step that only rows of one kind take.
std::string when_of(const Schema& schema, const RouteStep& step, TableIndex table,
                    std::string_view alias) {
  if (step.when_column == 0) return "";
  return " AND " + has_text(std::string(alias), column_of(schema.tables[table], step.when_column),
                            step.when_value);
}

std::string exists(const Table& table, const std::string& alias, const std::string& where) {
  return "EXISTS (SELECT 1 FROM " + from_table(table) + " AS " + alias + " WHERE " + where + ")";
}

// What is_orphan() says of the routes alone.
std::string is_orphan_by_routes(const Schema& schema, const Scope& scope, const ScopedTable& scoped,
                                std::string_view alias) {
  std::string text;
  for (const RouteStep& step : scoped.routes) {
    if (!text.empty()) text += " AND ";
    if (step.kind == RouteStep::Kind::kCompany) {
      const std::string when = when_of(schema, step, scoped.table, alias);
      const std::string none = is_any_null(schema.tables[scoped.table], step.columns, alias);
      text += when.empty() ? none : "(" + none + " OR (true" + when + ") IS NOT TRUE)";
      continue;
    }
    const std::string target = std::string(alias) + "_of";
    std::string where = step_join(schema, step, scoped.table, alias, target);
    if (can_be_orphaned(schema, scope, *scope.find(step.target))) {
      where += " AND NOT (" + is_orphan(schema, scope, step.target, target) + ")";
    }
    text += "NOT " + exists(schema.tables[step.target], target, where);
  }
  return text;
}

// True for rows `alias` that hang on a row for which `holds`, by whatever number of rows that
// nothing else leads to a company. Circles end: each row is looked at once.
class HangingWriter {
 public:
  HangingWriter(const Schema& schema, const Scope& scope, const ScopedTable& scoped,
                const std::string& alias)
      : schema_(schema),
        scope_(scope),
        scoped_(scoped),
        alias_(alias),
        up_(alias + "_up"),
        on_(alias + "_on") {}

  template <class Holds>
  std::string write(Holds&& holds) const {
    const std::string from = from_table(schema_.tables[scoped_.table]) + " AS " + on_ + " WHERE ";
    const std::string row = "SELECT " + columns() + " FROM ";
    return "EXISTS (WITH RECURSIVE " + up_ + " AS (" + row + from + hangs(alias_) + " UNION " +
           row + up_ + ", " + from + is_orphan_by_routes(schema_, scope_, scoped_, up_) + " AND " +
           hangs(up_) + ") SELECT FROM " + up_ + " WHERE " + holds(up_) + ")";
  }

 private:
  // All that is asked about a row.
  std::string columns() const {
    std::set<int16_t> numbers;
    for (const RouteStep& step : all_steps(scoped_)) {
      numbers.insert(step.columns.begin(), step.columns.end());
      if (step.when_column != 0) numbers.insert(step.when_column);
    }
    std::string text;
    for (int16_t number : numbers) {
      text += (text.empty() ? "" : ", ") + on_ + "." +
              quote_name(column_of(schema_.tables[scoped_.table], number).name);
    }
    return text;
  }

  std::string hangs(const std::string& row) const {
    std::string text;
    for (const RouteStep& step : scoped_.own_steps) {
      text += (text.empty() ? "(" : " OR ") + step_join(schema_, step, scoped_.table, row, on_);
    }
    return text + ")";
  }

  const Schema& schema_;
  const Scope& scope_;
  const ScopedTable& scoped_;
  const std::string alias_, up_, on_;
};

class OwnershipWriter {
 public:
  OwnershipWriter(const Schema& schema, const Scope& scope, std::string_view parameter)
      : schema_(schema), scope_(scope), parameter_(parameter) {}

  std::string condition(TableIndex table, const std::string& alias) {
    const ScopedTable* scoped = scope_.find(table);
    if (scoped == nullptr || !scoped->owned() || scoped->routes.empty())
      throw Error(sqlstate::kInternal,
                  "table " + display_table(schema_.tables[table]) + " has no route to a company");
    const std::string own = by_routes(*scoped, alias);
    if (!can_hang(schema_, scope_, *scoped)) return own;
    return "(" + own + " OR (" + is_orphan_by_routes(schema_, scope_, *scoped, alias) + " AND " +
           HangingWriter(schema_, scope_, *scoped, alias).write([&](const std::string& row) {
             return by_routes(*scoped, row);
           }) +
           "))";
  }

 private:
  std::string by_routes(const ScopedTable& scoped, const std::string& alias) {
    std::string text;
    for (const RouteStep& step : scoped.routes) {
      if (!text.empty()) text += " OR ";
      text += step.kind == RouteStep::Kind::kCompany ? company_step(scoped.table, alias, step)
                                                     : other_step(scoped.table, alias, step);
    }
    return scoped.routes.size() > 1 ? "(" + text + ")" : text;
  }

  std::string next_alias() { return "_owner" + std::to_string(++aliases_); }

  std::string company_step(TableIndex table, const std::string& alias, const RouteStep& step) {
    const Column& key = column_of(schema_.tables[scope_.company_table], scope_.company_key);
    if (step.target_columns.size() == 1 && step.target_columns[0] == scope_.company_key) {
      const Column& column = column_of(schema_.tables[table], step.columns.at(0));
      const std::string own = column_sql(alias, column);
      const std::string same = step.operators.empty()
                                   ? equal(parameter_, key, own, column)
                                   : parameter_ + " " + step.operators[0] + " " + own;
      return same + when_of(schema_, step, table, alias);
    }
    // The columns hold another unique key of the company row.
    const std::string company = next_alias();
    return exists(schema_.tables[scope_.company_table], company,
                  equal(parameter_, key, column_sql(company, key), key) + " AND " +
                      step_join(schema_, step, table, alias, company));
  }

  std::string other_step(TableIndex table, const std::string& alias, const RouteStep& step) {
    const std::string target = next_alias();
    return exists(
        schema_.tables[step.target], target,
        step_join(schema_, step, table, alias, target) + " AND " + condition(step.target, target));
  }

  const Schema& schema_;
  const Scope& scope_;
  std::string parameter_;
  int aliases_ = 0;
};

}  // namespace

std::string owned_by(const Schema& schema, const Scope& scope, TableIndex table,
                     std::string_view alias, std::string_view parameter) {
  return OwnershipWriter(schema, scope, parameter).condition(table, std::string(alias));
}

std::string hangs_on_owned(const Schema& schema, const Scope& scope, TableIndex table,
                           const std::string& alias) {
  const ScopedTable& scoped = *scope.find(table);
  if (!can_hang(schema, scope, scoped)) return {};
  return HangingWriter(schema, scope, scoped, alias).write([&](const std::string& row) {
    return "NOT (" + is_orphan_by_routes(schema, scope, scoped, row) + ")";
  });
}

std::string is_orphan(const Schema& schema, const Scope& scope, TableIndex table,
                      std::string_view alias) {
  const std::string hangs = hangs_on_owned(schema, scope, table, std::string(alias));
  return is_orphan_by_routes(schema, scope, *scope.find(table), alias) +
         (hangs.empty() ? "" : " AND NOT " + hangs);
}

// The referred-to side stands left of the operator, as in the foreign key: that is this table for a
// step up, the target for all others.
std::string step_join(const Schema& schema, const RouteStep& step, TableIndex table,
                      std::string_view alias, std::string_view target_alias) {
  std::string text;
  for (size_t i = 0; i < step.columns.size(); ++i) {
    const Column& own = column_of(schema.tables[table], step.columns[i]);
    const Column& other = column_of(schema.tables[step.target], step.target_columns[i]);
    const bool up = step.kind == RouteStep::Kind::kUp;
    const std::string left = up ? column_sql(alias, own) : column_sql(target_alias, other);
    const std::string right = up ? column_sql(target_alias, other) : column_sql(alias, own);
    if (!text.empty()) text += " AND ";
    text += step.operators.empty() ? equal(left, up ? own : other, right, up ? other : own)
                                   : left + " " + step.operators[i] + " " + right;
  }
  return text + when_of(schema, step, table, alias);
}

std::string reference_join(const Schema& schema, const Reference& reference,
                           std::string_view source_alias, std::string_view target_alias) {
  if (!reference.json_path.empty())
    throw Error(sqlstate::kInternal,
                "reference " + reference.name + " is inside JSON and has no join condition");
  const Table& table = schema.tables[reference.table];
  const Table& target = schema.tables[reference.target];
  std::string text;
  for (size_t i = 0; i < reference.columns.size(); ++i) {
    const Column& source = column_of(table, reference.columns[i]);
    const Column& key = column_of(target, reference.target_columns[i]);
    const std::string left = column_sql(target_alias, key);
    const std::string right = column_sql(source_alias, source);
    if (!text.empty()) text += " AND ";
    if (!reference.operators.empty())
      text += left + " " + reference.operators[i] + " " + right;
    else if (reference.path)
      text +=
          equal_in_path(path_ids(schema, reference), as_text(left, key), as_text(right, source));
    else
      text += is_list(schema, reference) ? equal_any(left, key, right, source)
                                         : equal(left, key, right, source);
  }
  if (!reference.when_column.empty()) {
    text += " AND " + has_text(std::string(source_alias),
                               *find_column(table, reference.when_column), reference.when_value);
  }
  return text;
}

}  // namespace company_backup
