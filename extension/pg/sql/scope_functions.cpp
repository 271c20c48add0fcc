// company_scope, company_rules, check_company_scope, propose_company_rules, company_contents,
// check_company_data.
#include <algorithm>

#include "core/archive/archive_files.hpp"
#include "core/scope/discovery.hpp"
#include "core/scope/evidence_findings.hpp"
#include "core/scope/global_tables.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/arguments.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/check/unknown_kinds.hpp"
#include "pg/check/unplaced_rows.hpp"
#include "pg/check/value_evidence.hpp"
#include "pg/rows/row_check.hpp"
#include "pg/rows/table_plan.hpp"
#include "pg/scope/catalog.hpp"
#include "pg/scope/company_scope.hpp"
#include "pg/scope/operation.hpp"
#include "pg/scope/rules.hpp"
#include "pg/sql/authorize.hpp"

namespace company_backup {
namespace {

std::string key_columns(const Table& table, const ScopedTable& scoped) {
  return text_array(column_names(table, scoped.key));
}

void authorize_scope() {
  authorize({Action::kScope, std::nullopt, named_company(std::nullopt)}, std::nullopt);
}

// What `read` gives, under one snapshot of the tables of the scope.
template <class Read>
auto read_scope(LiveScope live, Read&& read) {
  Operation operation(std::move(live), OperationKind::kLook);
  operation.take_snapshot();
  auto result = read(operation.live());
  operation.close_snapshot();
  operation.close();
  return result;
}

// The rows that `read` gives for the company of argument 0, under one snapshot.
template <class Read>
Datum read_company(FunctionCallInfo fcinfo, Action action, Read&& read) {
  require_guard_or_owner(action);
  LiveScope live = load_live_scope();
  const AskedCompany asked =
      authorize_existing(live, company_argument(fcinfo, 0), action, std::nullopt);
  return return_rows(fcinfo, read_scope(std::move(live), [&](const LiveScope& locked) {
                       return read(locked, asked.resolve(locked));
                     }));
}

// Findings about rows, where the structure leaves a question open. If the caller cannot read the
// rows, that is a finding beside the others.
std::vector<Finding> row_findings(const LiveScope& live) {
  std::vector<Finding> findings;
  if (!needs_rows(live)) return findings;
  const auto unread = [&](const std::string& why) {
    findings = {{Severity::kWarning, display_table(live.table(live.scope.company_table)),
                 "the rows could not be examined, which some questions need: " + why, ""}};
  };
  try {
    with_subtransaction([&] { findings = read_scope(live, find_unplaced_rows); },
                        [&](const CaughtError& error) { unread(error.message); });
  } catch (const Error& error) {
    unread(error.what());
  }
  return findings;
}

// Row checks that could not be evaluated: what they call or name is gone.
std::vector<Finding> row_check_findings(const LiveScope& live) {
  std::vector<Finding> findings;
  for (const ScopedTable* scoped : live.travelling()) {
    const Table& table = live.table(scoped->table);
    for (const RowCheck& check : live.rules.row_checks) {
      if (check.schema != table.schema || check.table != table.name) continue;
      const auto add = [&](const std::string& why) {
        findings.push_back(
            {Severity::kWarning, display_table(table),
             "its row check stops every restore: " + why + " It is: " + check.condition,
             "SELECT " + functions_schema() + ".set_row_check(" +
                 quote_literal(display_table(table)) + ", NULL);"});
      };
      try {
        with_subtransaction([&] { require_row_check(table.oid, check.condition); },
                            [&](const CaughtError& error) { add(error.message + "."); });
      } catch (const Error& error) {
        add(error.detail());
      }
    }
  }
  return findings;
}

// The scope with what the rows say, if there is one.
std::optional<LiveScope> discovered_scope() {
  try {
    return load_live_scope(gather_evidence);
  } catch (const Error& error) {
    const std::string state = error.sqlstate();
    if (state != sqlstate::kNotConfigured && state != sqlstate::kNoRoute) throw;
    return std::nullopt;
  }
}

// Texts as they are compared: two that are alike say the same.
constexpr const char* kRules = R"(
SELECT object, rule FROM (
  SELECT format('%I.%I', company_schema, company_table), concat_ws(', ', 'company table',
    'key_column ' || key_column, 'name_column ' || name_column, 'owner_column ' || owner_column,
    'identity_columns ' || identity_columns::text,
    CASE WHEN scope_columns <> '{}' THEN 'scope_columns ' || scope_columns::text END)
  FROM company_backup.settings WHERE company_table IS NOT NULL
  UNION ALL
  SELECT format('%I.%I', membership_schema, membership_table),
    'membership table, person_column ' || membership_person_column
  FROM company_backup.settings WHERE membership_table IS NOT NULL
  UNION ALL
  SELECT format('%I.%I', table_schema, table_name), concat_ws(', ', treatment,
    'reason ' || quote_literal(reason), 'area ' || quote_literal(area),
    CASE WHEN match_columns <> '{}' THEN 'match_columns ' || match_columns::text END,
    CASE WHEN route <> '{}' THEN 'route ' || route::text END)
  FROM company_backup.table_rule
  UNION ALL
  SELECT CASE WHEN table_name = '' THEN format('*.%I', column_name)
    ELSE format('%I.%I.%I', table_schema, table_name, column_name) END,
    concat_ws(', ', treatment, CASE WHEN evidence THEN 'evidence' END,
    'replacement ' || quote_literal(replacement))
  FROM company_backup.column_rule
  UNION ALL
  SELECT CASE WHEN table_name = '' THEN '*' ELSE format('%I.%I', table_schema, table_name) END
    || '.' || columns::text,
    concat_ws(', ', 'reference to ' || format('%I.%I', target_schema, target_table),
    CASE WHEN target_columns <> '{}' THEN 'target_columns ' || target_columns::text END,
    CASE WHEN json_path <> '' THEN 'json_path ' || quote_literal(json_path) END,
    CASE WHEN when_column <> '' THEN format('when_column %I, when_value %L', when_column, when_value) END,
    CASE WHEN outside <> 'refuse' THEN 'outside ' || outside END)
  FROM company_backup.reference_rule
  UNION ALL
  SELECT format('%I.%I', table_schema, table_name), format('was called %I.%I', old_schema, old_table)
  FROM company_backup.table_rename
  UNION ALL
  SELECT format('%I.%I.%I', table_schema, table_name, column_name), format('was called %I', old_column)
  FROM company_backup.column_rename
  UNION ALL
  SELECT format('%I.%I.%I', table_schema, table_name, column_name),
    'in older archives ' || quote_literal(replacement)
  FROM company_backup.column_default
  UNION ALL
  SELECT format('%I.%I', table_schema, table_name), 'rows must meet ' || quote_literal(condition)
  FROM company_backup.row_check
  UNION ALL
  SELECT format('%I.%I', table_schema, table_name),
    'kept when a company is deleted, reason ' || quote_literal(reason)
  FROM company_backup.table_retention
) rules (object, rule) ORDER BY object COLLATE "C", rule COLLATE "C")";

// The rows of a table, and apart from them the values of its columns that are files.
void add_contents(const LiveScope& live, const ScopedTable& scoped, const Company& company,
                  Rows& rows, Rows& files) {
  const Table& table = live.table(scoped.table);
  std::vector<const Column*> file_columns;
  std::string others, sizes;
  for (const Column& column : table.columns) {
    const std::string value = "t." + quote_name(column.name);
    if (!is_file(live.rules, table, column)) {
      others += (others.empty() ? "" : ", ") + value;
      continue;
    }
    file_columns.push_back(&column);
    sizes += ", count(" + value + "), coalesce(sum(pg_catalog.octet_length(" + value + ")), 0)";
  }
  const std::string row = file_columns.empty() ? "t.*" : "ROW(" + others + ")";
  const Rows counted = query("SELECT count(*), coalesce(sum(pg_catalog.pg_column_size(" + row +
                                 ")), 0)" + sizes + " FROM " + from_table(table) + " AS t WHERE " +
                                 owned_by(live.schema, live.scope, scoped.table, "t", "$1"),
                             {company.arg()});
  rows.push_back({scoped.area, display_table(table), counted[0][0], counted[0][1]});
  for (size_t i = 0; i < file_columns.size(); ++i) {
    files.push_back({kFilesArea, display_table(table) + "." + display_name(file_columns[i]->name),
                     counted[0][2 * i + 2], counted[0][2 * i + 3]});
  }
}

// Does the statement settle another finding, too? Then that has said all.
bool is_settled_by(const std::vector<Finding>& findings, const std::string& hint) {
  return !hint.empty() && std::any_of(findings.begin(), findings.end(),
                                      [&](const Finding& other) { return other.hint == hint; });
}

void add_proposals(const std::vector<Finding>& findings, std::vector<Proposal>& proposals) {
  for (const Finding& finding : findings) {
    const auto same = [&](const Proposal& other) { return other.statement == finding.hint; };
    if (finding.hint.empty() || std::any_of(proposals.begin(), proposals.end(), same)) continue;
    proposals.push_back(proposal_of(finding));
  }
}

}  // namespace

COMPANY_BACKUP_FUNCTION(company_scope) {
  authorize_scope();
  const LiveScope live = load_live_scope();
  Rows rows;
  for (const ScopedTable& scoped : live.scope.tables) {
    const Table& table = live.table(scoped.table);
    rows.push_back({display_table(table), to_text(scoped.treatment), scoped.area,
                    scoped.route_text.empty() ? Text() : Text(scoped.route_text),
                    key_columns(table, scoped), to_text(scoped.decided_by),
                    scoped.reason.empty() ? Text() : Text(scoped.reason)});
  }
  for (const OtherTable& other : live.scope.others) {
    const Table& table = live.table(other.table);
    rows.push_back({display_table(table), to_text(other.treatment()), other.area, Text(),
                    text_array(column_names(table, pick_key(table))), to_text(other.decided_by),
                    other.reason.empty() ? Text() : Text(other.reason)});
  }
  return return_rows(fcinfo, rows);
}

// Readers of the rules do not wait for `hold`, those who set any do.
COMPANY_BACKUP_FUNCTION(company_rules) {
  authorize_scope();
  if (!PG_ARGISNULL(0) && PG_GETARG_BOOL(0)) {
    require_database_owner("company_rules");
    own_query(
        "LOCK TABLE company_backup.settings, company_backup.table_rule, "
        "company_backup.column_rule, company_backup.reference_rule, "
        "company_backup.table_rename, company_backup.column_rename, "
        "company_backup.column_default, company_backup.row_check, "
        "company_backup.table_retention "
        "IN SHARE ROW EXCLUSIVE MODE",
        {}, Access::kWrite);
  }
  return return_rows(fcinfo, own_query(kRules));
}

COMPANY_BACKUP_FUNCTION(check_company_scope) {
  authorize_scope();
  const LiveScope live = load_live_scope(gather_evidence);
  std::vector<Finding> findings = live.scope.findings;
  const auto of_evidence =
      evidence_findings(live.schema, live.rules, live.scope, live.evidence, functions_schema());
  for (const auto& more : {row_findings(live), of_evidence}) {
    std::copy_if(more.begin(), more.end(), std::back_inserter(findings),
                 [&](const Finding& finding) { return !is_settled_by(findings, finding.hint); });
  }
  for (Finding& finding : row_check_findings(live)) findings.push_back(std::move(finding));
  if (const auto global = told_global_tables(live.schema, live.scope)) findings.push_back(*global);
  sort_findings(findings);
  Rows rows;
  for (const Finding& finding : findings) {
    rows.push_back({to_text(finding.severity), finding.object, finding.problem, finding.hint});
  }
  return return_rows(fcinfo, rows);
}

COMPANY_BACKUP_FUNCTION(propose_company_rules) {
  authorize_scope();
  std::vector<Proposal> proposals;
  if (const std::optional<LiveScope> live = discovered_scope()) {
    proposals = propose_rules(live->schema, live->rules, functions_schema(), live->evidence);
    add_proposals(row_findings(*live), proposals);
  } else {
    const Rules rules = load_rules();
    proposals = propose_rules(load_schema(rules.settings), rules, functions_schema());
  }
  Rows rows;
  for (const Proposal& proposal : proposals) {
    rows.push_back({proposal.statement, to_text(proposal.confidence), proposal.evidence});
  }
  return return_rows(fcinfo, rows);
}

COMPANY_BACKUP_FUNCTION(check_company_data) {
  return read_company(fcinfo, Action::kCheck, [](const LiveScope& live, const Company& company) {
    const Progress progress("check", company.key);
    show_phase("checking");
    Rows rows;
    std::vector<ReferenceProblem> problems = lost_rows(live, company);
    for (const auto& more : {rows_without_kind(live, company), check_references(live, company)}) {
      problems.insert(problems.end(), more.begin(), more.end());
    }
    for (const ReferenceProblem& problem : problems) {
      rows.push_back({display_table(live.table(problem.table)), problem.row_key, problem.reference,
                      problem.problem});
    }
    return rows;
  });
}

COMPANY_BACKUP_FUNCTION(company_contents) {
  return read_company(fcinfo, Action::kContents, [](const LiveScope& live, const Company& company) {
    Rows rows, files;
    for (const ScopedTable* scoped : live.travelling()) {
      add_contents(live, *scoped, company, rows, files);
    }
    rows.insert(rows.end(), files.begin(), files.end());
    return rows;
  });
}

}  // namespace company_backup
