#include "core/scope/evidence_findings.hpp"

#include <algorithm>
#include <set>

#include "core/scope/path_rules.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

std::string counted(const CrowdedColumn& crowded) {
  std::string number = std::to_string(crowded.count);
  if (number.size() > 3) number.insert(number.size() - 3, ",");
  return (crowded.counted_all ? "" : "more than ") + number;
}

std::string told_folds(const std::vector<std::string>& objects) {
  constexpr size_t kMost = 3;
  std::string text;
  for (size_t i = 0; i < objects.size() && i < kMost; ++i) {
    text += (i == 0 ? "" : ", ") + objects[i] + ".*";
  }
  if (objects.size() > kMost) text += ", ...";
  return text;
}

// Of paths and kinds that are too many.
std::string told_crowd(const CrowdedColumn& crowded, const Table& table) {
  if (crowded.when_column != 0) {
    return counted(crowded) + " different kinds stand in " +
           display_name(column_of(table, crowded.when_column).name) +
           " beside it, of which only some were looked at";
  }
  std::string text = "its documents have " + counted(crowded) + " different paths";
  if (!crowded.folded.empty())
    text +=
        "; the members of some objects were looked at together, as " + told_folds(crowded.folded);
  if (crowded.left_out) text += "; some paths were not looked at";
  return text;
}

Finding finding_of(const CrowdedColumn& crowded, const Table& table, const Statements& statements) {
  const Column& column = column_of(table, crowded.column);
  Finding finding{.severity = crowded.left_out ? Severity::kWarning : Severity::kNotice,
                  .object = column_object(table, column.name),
                  .problem = told_crowd(crowded, table),
                  .hint = ""};
  if (crowded.left_out) {
    finding.problem +=
        "; what they refer to is said with set_reference(...), that they are data by the statement";
    finding.hint = statements.column_rule(table, column.name, ColumnTreatment::kData).text;
  } else if (!crowded.folded.empty()) {
    finding.problem +=
        "; what single ones refer to is said with set_reference(..., json_path => ...)";
  }
  return finding;
}

// Does a rule say what the column is? Then nothing more is to be known.
bool is_ruled(const Rules& rules, const Table& table, const std::string& column) {
  const ColumnRule* rule = column_rule(rules, table, column);
  return rule != nullptr && !rule->on_evidence;
}

bool has_any_key(const Schema& schema, TableIndex table, int16_t column) {
  return std::any_of(
      schema.foreign_keys.begin(), schema.foreign_keys.end(), [&](const ForeignKey& key) {
        return key.table == table &&
               std::find(key.columns.begin(), key.columns.end(), column) != key.columns.end();
      });
}

// Columns that are named like an ID, and, of tables that nobody has said anything of, all that may
// hold one, whose values nobody looks at: what a type of others prints is made by their code.
void add_strange_types(const Schema& schema, const Rules& rules, const Scope& scope,
                       std::vector<Finding>& findings) {
  std::set<TableIndex> silent;
  for (const OtherTable& other : scope.others)
    if (other.decided_by == DecidedBy::kNoReference) silent.insert(other.table);
  for (TableIndex index = 0; index < static_cast<TableIndex>(schema.tables.size()); ++index) {
    const Table& table = schema.tables[index];
    if (table.of_extension || !table.outsider.empty()) continue;
    for (const Column& column : table.columns) {
      const bool may_be_id = can_hold_id(column) && id_stem(column.name);
      const bool may_hold = silent.contains(index) && (can_hold_id(column) || column.is_opaque);
      if (is_own_type(column) || is_label_tree(column) || !(may_be_id || may_hold) ||
          column.generated || has_any_key(schema, index, column.number) ||
          is_ruled(rules, table, column.name))
        continue;
      findings.push_back({Severity::kNotice, column_object(table, column.name),
                          "its values could not be looked at: its type, " + column.type +
                              ", is not one of PostgreSQL's own",
                          ""});
    }
  }
}

}  // namespace

std::vector<Finding> evidence_findings(const Schema& schema, const Rules& rules, const Scope& scope,
                                       const Evidence& evidence,
                                       const std::string& functions_schema) {
  const Statements statements(functions_schema);
  std::vector<Finding> findings;
  for (const UnreadTable& unread : evidence.unread) {
    const Table& table = schema.tables[unread.table];
    if (unread.column == 0) {
      findings.push_back({Severity::kNotice, display_table(table),
                          "its rows could not be looked at: " + unread.why, ""});
      continue;
    }
    const std::string& column = column_of(table, unread.column).name;
    if (is_ruled(rules, table, column)) continue;
    findings.push_back({Severity::kNotice, column_object(table, column), unread.why, ""});
  }
  for (const CrowdedColumn& crowded : evidence.crowded) {
    const Table& table = schema.tables[crowded.table];
    if (is_ruled(rules, table, column_of(table, crowded.column).name)) continue;
    findings.push_back(finding_of(crowded, table, statements));
  }
  if (evidence.has_rows) {
    add_strange_types(schema, rules, scope, findings);
  } else {
    findings.push_back({Severity::kNotice, display_table(schema.tables[scope.company_table]),
                        "there were no rows to look at: what is asked goes by names alone", ""});
  }
  return findings;
}

}  // namespace company_backup
