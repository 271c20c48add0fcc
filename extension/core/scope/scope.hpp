// The scope: which tables hold rows of a company, by which route, and what is undecided. Found by
// core/scope/discovery.hpp.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

// One step from a row towards its company.
struct RouteStep {
  enum class Kind {
    kCompany,  // columns hold the company's key itself (FK to it, scope column, or the key column
               // of the company table for the company table's own row)
    kDown,     // the row refers to a row of `target`, which belongs to the company
    kUp,       // a row of `target` that belongs to the company refers to this row (1:1 parent)
  };
  Kind kind = Kind::kCompany;
  std::string name;  // the constraint, or the column where no constraint is
  TableIndex target = kNoTable;
  std::vector<int16_t> columns;         // of this table
  std::vector<int16_t> target_columns;  // of target (kCompany: of the company table)
  // referred-to column OP referring column, so for kUp `columns` stand left of it, else
  // `target_columns`. Empty where no foreign key pairs them and their types have no common "=":
  // they are compared as text (common_equality() of core/scope/sql.hpp).
  std::vector<std::string> operators;
  // Only rows with this text in this column of theirs refer so (of a set_reference rule); 0: all.
  int16_t when_column = 0;
  std::string when_value;
};

// What says whose the rows of a table are.
enum class DecidedBy {
  kCompanyTable,
  kRule,
  kMembership,
  kForeignKey,
  kScopeColumn,
  kReference,
  kNoReference,  // none leads from or to them
  kNothing,      // it is undecided
};

const char* to_text(DecidedBy decided_by);

struct ScopedTable {
  TableIndex table = kNoTable;
  // While a finding of severity kError stands against a table that nobody has ruled on, it is
  // excluded, and the reason starts "undecided: ".
  TableTreatment treatment = TableTreatment::kExcluded;
  std::string area;  // the rule's, else the schema's name
  DecidedBy decided_by = DecidedBy::kForeignKey;
  std::string reason;
  std::vector<RouteStep> routes;  // any of them; empty for shared and people
  // References of the table to itself that its rule names: a row that `routes` lead to nobody is of
  // the company of the row that it hangs on by one of these, and so on up.
  std::vector<RouteStep> own_steps;
  // That also lead to the company, but decide nothing: a row that `routes` lead to nobody, and one
  // of these to a company, would be lost. None where the rule says that such rows are shared.
  std::vector<RouteStep> other_ways;
  std::string route_text;    // "invoice_line_invoice_fk > invoice_company_fk", for people
  std::vector<int16_t> key;  // empty: the whole row is the key
  std::vector<std::string> match_columns;  // of rows that has_shared_rows() means
  bool travels() const {
    return treatment == TableTreatment::kCompany || treatment == TableTreatment::kAppendOnly;
  }
  bool owned() const { return travels() || treatment == TableTreatment::kExcluded; }
};

// A reference that has to be looked at: of a table that travels an FK, a set_reference rule, or
// a scope column that is not all of its table's route.
struct Reference {
  std::string name;  // the constraint, or "column" / "column path" where none is
  TableIndex table = kNoTable;
  TableIndex target = kNoTable;
  std::vector<int16_t> columns;
  std::vector<int16_t> target_columns;
  std::vector<std::string> operators;  // empty for a soft reference
  bool soft = false;                   // no FK: nothing enforces it
  bool path = false;                   // the column is a text made of keys, see path_rules.hpp
  char match = 's';
  uint32_t only_partition = 0;
  std::string json_path, when_column, when_value;
  OutsidePolicy outside = OutsidePolicy::kRefuse;
};

// A table that is no part of the scope: global, or undecided.
struct OtherTable {
  TableIndex table = kNoTable;
  DecidedBy decided_by = DecidedBy::kNoReference;
  std::string area = {};
  std::string reason = {};  // of what is undecided it starts "undecided: "

  TableTreatment treatment() const {
    return decided_by == DecidedBy::kNothing ? TableTreatment::kExcluded : TableTreatment::kGlobal;
  }
};

// A foreign key or set_reference rule on match columns: they hold the key of a row that has another
// key in another database.
struct MatchReference {
  TableIndex table = kNoTable;
  TableIndex target = kNoTable;
  std::vector<int16_t> columns;
  std::vector<int16_t> target_columns;
};

// An ID beside a column that seems to say of which table it is, of which no rule says anything.
struct OpenKinds {
  TableIndex table = kNoTable;
  int16_t column = 0;
  int16_t when_column = 0;
};

enum class Severity {
  kError,  // backups refuse
  kWarning,
  kNotice,
};

const char* to_text(Severity severity);

// How sure it is that a statement is right.
enum class Confidence {
  kConfident,  // the catalog or the data proves it
  kLikely,     // much speaks for it, and nothing against it
  kGuess,
};

const char* to_text(Confidence confidence);

// Who belongs to which company: set_membership().
struct Membership {
  std::string schema, table, person_column;
};

// The rule that a statement sets; none: it does something else.
using RuleChange = std::variant<std::monostate, TableRule, ColumnRule, ReferenceRule, Membership>;

struct Finding {
  Severity severity;
  std::string object;  // "sales.invoice" or "sales.invoice.customer_id"
  std::string problem;
  std::string hint;                            // the statement that settles it
  Confidence confidence = Confidence::kGuess;  // of the hint
  std::string evidence = {};                   // what speaks for the hint; empty: the problem does
  RuleChange change = {};                      // that the hint makes
  bool waits = false;                          // what else is asked may make another answer right
};

// Errors first, then by object.
void sort_findings(std::vector<Finding>& findings);

struct Scope {
  TableIndex company_table = kNoTable;
  int16_t company_key = 0;
  std::vector<ScopedTable> tables;    // by (schema, name); the company table first
  std::vector<Reference> references;  // of tables that travel, by (table, name)
  // Of other tables those that no foreign key says.
  std::vector<Reference> aside_references;
  std::vector<MatchReference> match_references;
  std::vector<OpenKinds> open_kinds;
  std::vector<OtherTable> others;  // by (schema, name)
  std::vector<Finding> findings;   // sorted

  bool undecided() const;
  const ScopedTable* find(TableIndex table) const;
};

// Does a column hold a list of references, one in each element of an array, or of a path? An array
// that refers to an array is one reference.
bool is_list(const Schema& schema, const Reference& reference);

// May rows of the table refer to others of it?
bool refers_to_itself(const Scope& scope, TableIndex table);

// Can a row of this table belong to no company, because each of its routes can be NULL, is for rows
// of other kinds, or can lead to such a row? These rows are shared: never written, but referred to.
bool can_belong_to_nobody(const Schema& schema, const Scope& scope, const ScopedTable& scoped);

// Does the table hold rows that do not travel but are found again in another database: all rows of
// shared tables and people, and those of tables that travel which belong to no company.
bool has_shared_rows(const Schema& schema, const Scope& scope, const ScopedTable& scoped);

// Can a row of this table be left to nobody by what happens to others: by the removal of rows that
// refer to it, or of one that it refers to by columns that become NULL then or that no foreign key
// holds; or is it below such a row?
bool can_be_orphaned(const Schema& schema, const Scope& scope, const ScopedTable& scoped);

// Do the routes of `start` lead through `goal`?
bool leads_through(const Scope& scope, TableIndex start, TableIndex goal);

// All that says whose a row is: `routes` and `own_steps`.
std::vector<RouteStep> all_steps(const ScopedTable& scoped);

// Can rows of the table be a company's by own_steps?
bool can_hang(const Schema& schema, const Scope& scope, const ScopedTable& scoped);

// One of its ways to the company: may it be NULL, or is it for rows of another kind?
bool can_be_null(const Schema& schema, const ScopedTable& scoped, const RouteStep& step);

// The foreign key of a step; null if it is a column that none is on.
const ForeignKey* foreign_key_of(const Schema& schema, const ScopedTable& scoped,
                                 const RouteStep& step);

}  // namespace company_backup
