#include "core/text/quoting.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"

namespace company_backup {
namespace {

// PostgreSQL's keywords that cannot be used bare everywhere, newer servers' included.
// Each between spaces.
constexpr std::string_view kKeywords =
    " all analyse analyze and any array as asc asymmetric authorization between bigint "
    "binary bit boolean both case cast char character check coalesce collate collation "
    "column concurrently constraint create cross current_catalog current_date "
    "current_role current_schema current_time current_timestamp current_user dec decimal "
    "default deferrable desc distinct do else end except exists extract false fetch float "
    "for foreign freeze from full grant greatest group grouping having ilike in initially "
    "inner inout int integer intersect interval into is isnull join json json_array "
    "json_arrayagg json_exists json_object json_objectagg json_query json_scalar "
    "json_serialize json_table json_value lateral leading least left like limit localtime "
    "localtimestamp merge_action national natural nchar none normalize not notnull null "
    "nullif numeric offset on only or order out outer overlaps overlay placing position "
    "precision primary real references returning right row select session_user setof "
    "similar smallint some substring symmetric system_user table tablesample then time "
    "timestamp to trailing treat trim true union unique user using values varchar "
    "variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists "
    "xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable ";

bool needs_quotes(std::string_view name) {
  const auto plain = [](char c) { return is_lower(c) || c == '_'; };
  if (name.empty() || !plain(name[0])) return true;
  if (!std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || is_digit(c); }))
    return true;
  return kKeywords.find(" " + std::string(name) + " ") != kKeywords.npos;
}

}  // namespace

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string quote_literal(std::string_view text) {
  std::string quoted = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

std::string display_name(std::string_view name) {
  return needs_quotes(name) ? quote_name(name) : std::string(name);
}

std::string quoted_display(const std::string& display) {
  return display.find('"') == display.npos ? '"' + display + '"' : display;
}

}  // namespace company_backup
