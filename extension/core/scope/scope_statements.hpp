// The statements that settle findings. Each can be run as it is.
#pragma once

#include <string>
#include <vector>

#include "core/scope/scope.hpp"

namespace company_backup {

TableRule proposed_rule(TableTreatment treatment, std::string reason = "",
                        std::vector<std::string> route = {});

// A statement, and the rule that it sets.
struct Statement {
  Statement(std::string text_in, RuleChange change_in = {})
      : text(std::move(text_in)), change(std::move(change_in)) {}
  Statement(const char* text_in) : text(text_in) {}

  std::string text;
  RuleChange change;
};

class Statements {
 public:
  // `functions_schema`: quoted, as it goes into the statement.
  explicit Statements(std::string functions_schema) : schema_(std::move(functions_schema)) {}

  Statement table_rule(const Table& table, const TableRule& rule) const;
  Statement column_rule(const Table& table, const std::string& column, ColumnTreatment treatment,
                        bool on_evidence = false) const;
  // The treatment of `rule`, with its replacement, for several columns; `table` null: in all
  // tables.
  Statement column_rules(const Table* table, const std::vector<std::string>& columns,
                         const ColumnRule& rule) const;
  // Removes a rule.
  std::string no_table_rule(const Table& table) const;
  std::string no_column_rule(const Table& table, const std::string& column) const;
  // Gives rows that are added a value for a column of this treatment, or, where no rule is
  // (none), for one that only this database has. The value is a proposal.
  Statement value_for(const Table& table, const Column& column,
                      std::optional<ColumnTreatment> treatment) const;
  // Gives rows of archives that have no value for the column one, by set_column_default();
  // likewise.
  Statement default_for(const Table& table, const Column& column) const;
  // `target_columns` empty: the primary key.
  Statement reference(const Table& table, const std::vector<std::string>& columns,
                      const Table& target,
                      const std::vector<std::string>& target_columns = {}) const;
  // Any rule with its columns and target; the other fields may be empty. No table: for all tables.
  Statement reference(const ReferenceRule& rule) const;
  // Makes a reference to a table that does not travel NULL where the row is not.
  Statement without_excluded(const Table& table, const Table& target,
                             const Reference& reference) const;
  // Removes a reference rule.
  std::string no_reference(const Table& table, const ReferenceRule& rule) const;
  // Remove a rule for all tables.
  std::string no_rule_for_all(const ColumnRule& rule) const;
  std::string no_rule_for_all(const ReferenceRule& rule) const;
  std::string company_table(const Table& table, const Settings& settings) const;
  Statement membership(const Table& table, const std::string& person_column) const;
  std::string forget_stale_rules() const;

 private:
  std::string call(const std::string& function, const std::string& arguments) const;
  std::string schema_;
};

// '{a,"Mixed Case"}', a literal for name[].
std::string name_array(const std::vector<std::string>& names);

// `a, "B"`, as a search_path is written.
std::string name_list(const std::vector<std::string>& names);

}  // namespace company_backup
