#include "core/scope/joins.hpp"

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

}  // namespace

std::string when_of(const Schema& schema, const RouteStep& step, TableIndex table,
                    std::string_view alias) {
  if (step.when_column == 0) return "";
  return " AND " + has_text(std::string(alias), column_of(schema.tables[table], step.when_column),
                            step.when_value);
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
