#include "core/scope/rule_change.hpp"

#include <algorithm>

namespace company_backup {
namespace {

struct Apply {
  Rules& rules;
  bool guessed;

  bool operator()(std::monostate) const { return false; }

  bool operator()(const TableRule& rule) const {
    std::erase_if(rules.tables, [&](const TableRule& other) {
      return other.schema == rule.schema && other.table == rule.table;
    });
    rules.tables.push_back(rule);
    rules.tables.back().guessed = guessed;
    return true;
  }

  bool operator()(const ColumnRule& rule) const {
    std::erase_if(rules.columns, [&](const ColumnRule& other) {
      return other.schema == rule.schema && other.table == rule.table &&
             other.column == rule.column;
    });
    rules.columns.push_back(rule);
    return true;
  }

  bool operator()(const ReferenceRule& rule) const {
    std::erase_if(rules.references, [&](const ReferenceRule& other) {
      return other.schema == rule.schema && other.table == rule.table &&
             other.columns == rule.columns && other.json_path == rule.json_path &&
             other.when_column == rule.when_column && other.when_value == rule.when_value;
    });
    rules.references.push_back(rule);
    rules.references.back().guessed = guessed;
    if (rule.path)
      (*this)(ColumnRule{rule.schema, rule.table, rule.columns[0], ColumnTreatment::kPath});
    return true;
  }

  bool operator()(const Membership& membership) const {
    rules.settings.membership_schema = membership.schema;
    rules.settings.membership_table = membership.table;
    rules.settings.membership_person_column = membership.person_column;
    return true;
  }
};

}  // namespace

bool apply_change(const RuleChange& change, bool guessed, Rules& rules) {
  return std::visit(Apply{rules, guessed}, change);
}

}  // namespace company_backup
