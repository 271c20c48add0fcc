// What discovery works on: the schema indexed by table, and the rules resolved against it. Internal
// to scope*.cpp.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"
#include "core/scope/scope_statements.hpp"

namespace company_backup {

// One way from a table towards the company, before it is known whether it gets there.
struct Link {
  RouteStep step;
  bool firm = false;     // no column can be NULL
  bool cascade = false;  // ON DELETE CASCADE
  DecidedBy origin = DecidedBy::kForeignKey;
  bool guessed = false;  // of a reference that is only supposed
  // For rows of one kind only: other kinds go other ways, and these contradict nothing.
  bool of_one_kind() const { return step.when_column != 0; }
};

// A set_reference rule with its names looked up.
struct SoftReference {
  const ReferenceRule* rule = nullptr;
  TableIndex table = kNoTable;
  TableIndex target = kNoTable;
  std::vector<int16_t> columns;
  std::vector<int16_t> target_columns;
  int16_t when_column = 0;  // 0: always
  bool can_route = false;   // plain values: counts like a foreign key
  bool path = false;        // the column has the treatment "path"
};

struct Model {
  // Throws Error kNotConfigured or kStaleRule for the company table itself; all else that is wrong
  // with the rules becomes findings.
  Model(const Schema& schema, const Rules& rules, const std::string& functions_schema,
        const Evidence& evidence);

  const Schema& schema;
  const Rules& rules;
  const Evidence& evidence;
  Statements statements;
  TableIndex company = kNoTable;
  const Column* key = nullptr;  // the company key
  TableIndex membership = kNoTable;
  std::vector<TableIndex> people;  // tables that look like people

  // By table:
  std::vector<std::vector<const ForeignKey*>> keys_of;  // foreign keys it has
  std::vector<std::vector<const ForeignKey*>> keys_to;  // foreign keys that refer to it
  std::vector<const TableRule*> rule;                   // null: none
  std::vector<std::map<std::string, const ColumnRule*>> column_rules;
  std::vector<std::vector<SoftReference>> soft;
  std::vector<std::vector<Link>> links;    // ways up that need no rule
  std::vector<std::vector<Link>> ordered;  // ways its rule names; empty: the rule names none
  std::vector<std::vector<Link>> hanging;  // of these, beside others, the table's ways to itself

  // Made of column rules: paths of the table's own IDs.
  std::deque<ReferenceRule> own_references;

  std::map<const ForeignKey*, OutsidePolicy> outside;  // what set_reference says of foreign keys

  std::vector<Finding> findings;
  std::vector<OpenKinds> open_kinds;
  std::vector<TableIndex> matched;  // whose rows are found again by match columns
  bool has_mismatched_scope_column = false;

  const Table& table(TableIndex index) const { return schema.tables[index]; }
  size_t size() const { return schema.tables.size(); }
  const ColumnRule* column_rule(TableIndex index, const std::string& column) const;
  bool is_scope_column(TableIndex index, const Column& column) const;
  // A scope column that can hold the company's key, as its type says.
  bool can_hold_company_key(TableIndex index, const Column& column) const;
  // Does a foreign key or a rule on this column alone say what it refers to?
  bool is_explained(TableIndex index, const Column& column) const;
  bool ruled_owned(TableIndex index) const;    // company, append_only, excluded
  bool ruled_foreign(TableIndex index) const;  // shared, people, global
  bool ruled_global(TableIndex index) const;
  // Somebody's table who has no right on the company's tables, and no rule says what it is. What it
  // is called and what its columns are called then proves nothing, and stops nobody's backup.
  bool is_outsiders(TableIndex index) const;

  // `settles`: the statement that does; empty: there is none.
  void error(std::string object, std::string problem, Statement settles);
  void warning(std::string object, std::string problem, Statement settles);
  void notice(std::string object, std::string problem, Statement settles);
  // If another column says of which table this one's IDs are: the rows are asked which kinds there
  // are.
  void ask_kinds(TableIndex index, const Column& column);
  // How sure the statement of the last one is, and why.
  void support(Confidence confidence, std::string reason);
  // The last one may be answered otherwise when others are.
  void wait() { findings.back().waits = true; }

 private:
  void add(Severity severity, std::string object, std::string problem, Statement settles);
};

// scope_rules.cpp: fills everything of the model that comes from rules.
void resolve_rules(Model& model);

// scope_links.cpp: fills links, and ordered from the rules' routes.
void build_links(Model& model);

// The result of the search (scope_routes.cpp), by table.
struct Routes {
  std::vector<int> distance;                    // steps to the company; -1: none
  std::vector<std::vector<const Link*>> steps;  // the first steps, any of them
  std::vector<std::vector<const Link*>> tied;   // not empty: they contradict each other, nothing
                                                // says which decides
  // Do the steps from `start` lead through `goal`?
  bool lead_through(TableIndex start, TableIndex goal) const;
};

Routes find_routes(const Model& model);

// True for tables whose rows cannot be placed yet: an error finding stands against them, or against
// a table on their only way to the company. Indexed by table.
using Undecided = std::vector<bool>;

// scope_tables.cpp: decides the treatment of every table that `routes` reaches.
void decide_owned_tables(Model& model, const Routes& routes, Scope& scope, Undecided& undecided);

// scope_unreached.cpp: asks about the tables `routes` does not reach; adds shared and people.
void decide_other_tables(Model& model, const Routes& routes, Scope& scope, Undecided& undecided);

// scope_references.cpp
void collect_references(Model& model, Scope& scope, const Undecided& undecided);

// scope_matches.cpp: what match columns refer to, and which tables have them.
void collect_match_references(Model& model, Scope& scope, const Undecided& undecided);

// scope_columns.cpp: secrets, IDs without a foreign key, JSON; IDs that rows are matched by.
void check_columns(Model& model, const Scope& scope);

// scope_doubts.cpp: rules that values spoke for, and do so no longer.
void check_doubts(Model& model);

// scope_secrets.cpp: columns that are to stay behind and cannot.
void check_staying_columns(Model& model, const Scope& scope);

// scope_unheld.cpp: foreign keys that nobody enforces, or that are not understood.
void check_unheld_keys(Model& model, const Scope& scope);

// global_tables.cpp: tables that a rule calls global, but that rows refer to.
void check_global_tables(Model& model, const Scope& scope);
// Those that are in no part of the scope.
std::vector<OtherTable> other_tables(const Model& model, const Scope& scope,
                                     const Undecided& undecided);

// "commentable_type" for "commentable_id": the column that says of which table the ID is; null:
// none.
const Column* type_column(const Table& table, const Column& column);

// Names as a company's column may have: "company_id", or what foreign keys to the company use.
class CompanyNames {
 public:
  explicit CompanyNames(const Model& model);
  bool match(const Column& column) const;

 private:
  std::vector<std::string> plain_;  // sorted; of plain_name()
  std::vector<std::string> exact_;  // sorted
};

// What kind of table this is makes it a question whether it travels, whatever leads to it.
struct Question {
  std::string problem;
  TableRule rule;                      // what a reviewer would most likely choose, without a route
  std::optional<Statement> statement;  // settles it better than a table rule
  Confidence confidence = Confidence::kLikely;
  std::string evidence = {};  // empty: the problem says it
};

std::optional<Question> question_about(const Model& model, TableIndex table);

// Are they the people of a table that says once for each company and person who belongs to what, so
// that one of them can be in several?
bool are_people_of_several(const Model& model, TableIndex table);

// Small helpers shared by the parts.
bool same_columns(std::vector<int16_t> a, std::vector<int16_t> b);
std::string list(const std::vector<std::string>& names);                   // "a, b and c"
std::string column_object(const Table& table, const std::string& column);  // s.t.c for findings
// Which table a child inherits from is told by its columns: it has all of its parent's.
bool has_all_columns_of(const Table& child, const Table& parent);

bool has_foreign_key(const Model& model, TableIndex table, int16_t column);
// Does a foreign key or a rule say what the column is?
bool is_settled(const Model& model, TableIndex index, const Column& column);
bool can_hold_id(const Column& column);
// Or of a type that IDs are put into, though nothing compares them: real, bytea and the like. Only
// their names are looked at.
bool can_be_called_id(const Column& column);

}  // namespace company_backup
