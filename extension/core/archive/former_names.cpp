#include "core/archive/former_names.hpp"

#include <algorithm>
#include <cctype>

#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

// Where a name stands by itself in an expression.
void replace_name(std::string& text, const std::string& name, const std::string& by) {
  const auto continues = [&](size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 ||
                                text[at] == '_' || text[at] == '"' || text[at] == '$');
  };
  for (size_t at = 0; (at = text.find(name, at)) != std::string::npos;) {
    if ((at > 0 && continues(at - 1)) || continues(at + name.size())) {
      at += name.size();
      continue;
    }
    text.replace(at, name.size(), by);
    at += by.size();
  }
}

}  // namespace

std::string display_entry(const std::string& encoded) {
  const TableName name = decode_table_name(encoded);
  return display_name(name.schema) + "." + display_name(name.table);
}

FormerNames::FormerNames(const Manifest& archive, const Rules& rules) : rules_(rules) {
  for (const auto* tables : {&archive.tables, &archive.shared}) {
    for (const ManifestTable& table : *tables) tables_.insert(table.name);
  }
  if (rules.table_renames.empty()) return;
  for (const std::string& table : tables_) {
    const std::string today = now(table);
    if (today != table) renames_.emplace_back(display_entry(table), display_entry(today));
  }
}

// What a table was called on the way to its name of today.
std::vector<std::string> FormerNames::way_of(const std::string& table) const {
  std::vector<std::string> way{table};
  for (bool more = true; more;) {
    more = false;
    const TableName name = decode_table_name(way.back());
    for (const TableRename& rule : rules_.table_renames) {
      if (rule.old_schema != name.schema || rule.old_table != name.table) continue;
      std::string next = encode_table_name(rule.schema, rule.table);
      // An archive that has the new name was made after the renaming.
      const bool is_later = tables_.contains(next);
      if (is_later || std::find(way.begin(), way.end(), next) != way.end()) continue;
      way.push_back(std::move(next));
      more = true;
      break;
    }
  }
  return way;
}

std::string FormerNames::column(const ManifestTable& table, const std::string& column) const {
  if (rules_.column_renames.empty()) return column;
  const std::vector<std::string> way = way_of(table.name);
  const auto has = [&](const std::string& name) {
    return std::any_of(table.columns.begin(), table.columns.end(),
                       [&](const ManifestColumn& other) { return other.name == name; }) ||
           std::any_of(table.omitted.begin(), table.omitted.end(),
                       [&](const ManifestOmitted& other) { return other.column == name; });
  };
  std::set<std::string> seen{column};
  std::string name = column;
  for (bool more = true; more;) {
    more = false;
    for (const ColumnRename& rule : rules_.column_renames) {
      if (rule.old_column != name || has(rule.column) || seen.contains(rule.column)) continue;
      const std::string renamed_table = encode_table_name(rule.schema, rule.table);
      if (std::find(way.begin(), way.end(), renamed_table) == way.end()) continue;
      name = rule.column;
      seen.insert(name);
      more = true;
      break;
    }
  }
  return name;
}

std::string FormerNames::renamed(std::string definition,
                                 const std::map<std::string, std::string>& columns) const {
  for (const auto& [name, today] : renames_) replace_name(definition, name, today);
  for (const auto& [name, today] : columns) {
    if (today != name) replace_name(definition, display_name(name), display_name(today));
  }
  return definition;
}

}  // namespace company_backup
