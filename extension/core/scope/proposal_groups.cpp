#include "core/scope/proposal_groups.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

using Place = std::pair<std::string, std::string>;  // of a table
using Members = std::vector<size_t>;                // answers, by number

class ProposalGroups {
 public:
  ProposalGroups(const Schema& schema, const Rules& rules, const Scope& scope,
                 const std::string& functions_schema, const Evidence& evidence,
                 std::vector<Answer>& answers)
      : schema_(schema),
        rules_(rules),
        scope_(scope),
        statements_(functions_schema),
        evidence_(evidence),
        answers_(answers),
        gone_(answers.size(), false) {
    const auto is_applied = [](const auto& rule) { return rule.from_all; };
    std::erase_if(rules_.columns, is_applied);
    std::erase_if(rules_.references, is_applied);
    for (const Table& table : schema.tables)
      for (const Column& column : table.columns) tables_with_[column.name].push_back(&table);
    for (size_t i = 0; i < answers.size(); ++i)
      if (column_rule(i) != nullptr || reference(i) != nullptr)
        answered_.insert({place_of(i), column_of_answer(i)});
  }

  std::vector<Proposal> group() {
    group_by(&ProposalGroups::statement_for_all,
             [this](const Members& members) { return is_for_all_tables(members); });
    group_by(&ProposalGroups::statement_for_table, [](const Members&) { return true; });
    std::vector<Proposal> proposals;
    for (size_t i = 0; i < answers_.size(); ++i) {
      if (!gone_[i]) proposals.push_back(std::move(answers_[i].proposal));
    }
    return proposals;
  }

 private:
  // A group is made of answers that have the same text here; empty: this one stays alone.
  using Text = std::string (ProposalGroups::*)(const Members& members) const;

  template <class May>
  void group_by(Text text, May&& may) {
    std::map<std::pair<std::string, Confidence>, Members> groups;
    for (size_t i = 0; i < answers_.size(); ++i) {
      if (gone_[i] || joined_.contains(i) || !answers_[i].asked) continue;
      const std::string same = key_of(text, i);
      if (!same.empty()) groups[{same, answers_[i].proposal.confidence}].push_back(i);
    }
    for (const auto& [same, members] : groups) {
      if (members.size() > 1 && may(members)) join(members, (this->*text)(members));
    }
  }

  std::string key_of(Text text, size_t number) const {
    std::string key = (this->*text)({number});
    const ColumnRule* rule = column_rule(number);
    if (text == &ProposalGroups::statement_for_table && rule != nullptr) {
      key = rule->schema + '\0' + rule->table + '\0' + to_text(rule->treatment) +
            rule->replacement + (rule->on_evidence ? '1' : '0');
    }
    return key;
  }

  const ColumnRule* column_rule(size_t number) const {
    return std::get_if<ColumnRule>(&answers_[number].change);
  }
  const ReferenceRule* reference(size_t number) const {
    return std::get_if<ReferenceRule>(&answers_[number].change);
  }

  std::string statement_for_all(const Members& members) const {
    if (const ColumnRule* rule = column_rule(members[0])) {
      const bool can_be =
          rule->treatment == ColumnTreatment::kData || rule->treatment == ColumnTreatment::kSecret;
      if (!can_be || !rule->replacement.empty()) return "";
      return statements_.column_rules(nullptr, {rule->column}, *rule).text;
    }
    const ReferenceRule* rule = reference(members[0]);
    if (rule == nullptr || !rule->json_path.empty() || !rule->when_column.empty()) return "";
    return statements_.reference(for_all(*rule)).text;
  }

  std::string statement_for_table(const Members& members) const {
    const ColumnRule* rule = column_rule(members[0]);
    if (rule == nullptr) return "";
    std::vector<std::string> columns;
    for (const size_t member : members) columns.push_back(column_rule(member)->column);
    return statements_.column_rules(&table_of(members[0]), columns, *rule).text;
  }

  template <class Rule>
  static Rule for_all(Rule rule) {
    rule.schema.clear();
    rule.table.clear();
    return rule;
  }

  Place place_of(size_t number) const {
    const ColumnRule* rule = column_rule(number);
    return rule != nullptr ? Place(rule->schema, rule->table)
                           : Place(reference(number)->schema, reference(number)->table);
  }

  const Table& table_of(size_t number) const {
    const auto [schema, table] = place_of(number);
    return schema_.tables[schema_.find(schema, table)];
  }

  const std::string& column_of_answer(size_t number) const {
    const ColumnRule* rule = column_rule(number);
    return rule != nullptr ? rule->column : reference(number)->columns[0];
  }

  // Is a rule for all tables for those of the members, and else for none where it says anything?
  bool is_for_all_tables(const Members& members) const {
    std::set<Place> wanted;
    for (const size_t member : members) wanted.insert(place_of(member));
    if (wanted.size() < members.size()) return false;
    const auto& tables = tables_with_.at(column_of_answer(members[0]));
    const auto agrees = [&](const Table* table) {
      return wanted.contains({table->schema, table->name}) || says_nothing_of(*table, members[0]);
    };
    if (!std::all_of(tables.begin(), tables.end(), agrees)) return false;
    std::set<Place> reached;
    if (const ColumnRule* rule = column_rule(members[0])) {
      const ColumnRule all = for_all(*rule);
      const Rules rest = rules_without(wanted, all, &Rules::columns);
      if (said_otherwise(rest, all) || !contradicting_keys(schema_, rest, all).empty())
        return false;
      reached = reached_by(rest, all, &Rules::columns);
    } else {
      const ReferenceRule all = for_all(*reference(members[0]));
      const Rules rest = rules_without(wanted, all, &Rules::references);
      if (said_otherwise(rest, all)) return false;
      reached = reached_by(rest, all, &Rules::references);
    }
    return std::includes(reached.begin(), reached.end(), wanted.begin(), wanted.end());
  }

  static bool same_columns_named(const ColumnRule& a, const ColumnRule& b) {
    return a.column == b.column;
  }
  static bool same_columns_named(const ReferenceRule& a, const ReferenceRule& b) {
    return a.columns == b.columns && a.json_path == b.json_path && a.when_column == b.when_column;
  }

  template <class Rule>
  Rules rules_without(const std::set<Place>& places, const Rule& like,
                      std::vector<Rule> Rules::*list) const {
    Rules rest = rules_;
    std::erase_if(rest.*list, [&](const Rule& rule) {
      return places.contains({rule.schema, rule.table}) && same_columns_named(rule, like);
    });
    return rest;
  }

  template <class Rule>
  std::set<Place> reached_by(Rules rest, const Rule& all, std::vector<Rule> Rules::*list) const {
    (rest.*list).push_back(all);
    apply_to_tables(schema_, rest);
    std::set<Place> reached;
    for (const Rule& rule : rest.*list) {
      if (rule.from_all && same_columns_named(rule, all)) reached.insert({rule.schema, rule.table});
    }
    return reached;
  }

  // Of a table that has such a column, and no answer among the members: somebody has set a rule for
  // it, or its foreign key says the same; or nobody asks about it, its rows do not travel, the
  // column tells none apart, and its values are no keys.
  bool says_nothing_of(const Table& table, size_t member) const {
    const TableIndex index = schema_.find(table.schema, table.name);
    const Column& column = *find_column(table, column_of_answer(member));
    if (is_answered(table, column.name)) return false;
    if (company_backup::column_rule(rules_, table, column.name) != nullptr) return true;
    if (const ReferenceRule* rule = reference(member)) {
      const TableIndex target = schema_.find(rule->target_schema, rule->target_table);
      return std::any_of(schema_.foreign_keys.begin(), schema_.foreign_keys.end(),
                         [&](const ForeignKey& key) {
                           return key.table == index && key.target == target &&
                                  key.columns == std::vector{column.number};
                         });
    }
    const ScopedTable* scoped = scope_.find(index);
    if (scoped != nullptr && scoped->travels()) return false;
    const auto has_it = [&](const UniqueIndex& unique) {
      return std::find(unique.columns.begin(), unique.columns.end(), column.number) !=
             unique.columns.end();
    };
    if (std::any_of(table.unique_indexes.begin(), table.unique_indexes.end(), has_it)) return false;
    const PlaceEvidence* values = evidence_.find(index, column.number);
    return values == nullptr || values->matches.empty();
  }

  bool is_answered(const Table& table, const std::string& column) const {
    return answered_.contains({{table.schema, table.name}, column});
  }

  uint32_t values_of(size_t number) const {
    const Table& table = table_of(number);
    const PlaceEvidence* place =
        evidence_.find(schema_.find(table.schema, table.name),
                       find_column(table, column_of_answer(number))->number);
    return place == nullptr ? 0 : place->values;
  }

  void join(const Members& members, std::string statement) {
    const size_t weakest =
        *std::min_element(members.begin(), members.end(),
                          [&](size_t a, size_t b) { return values_of(a) < values_of(b); });
    const std::string where =
        display_table(table_of(weakest)) + "." + display_name(column_of_answer(weakest));
    const std::string evidence = answers_[weakest].proposal.evidence;
    Proposal& first = answers_[members[0]].proposal;
    first.evidence = std::to_string(members.size()) +
                     " columns; of the one with the least to see, " + where + ": " + evidence;
    first.statement = std::move(statement);
    joined_.insert(members[0]);
    for (size_t i = 1; i < members.size(); ++i) gone_[members[i]] = true;
  }

  const Schema& schema_;
  Rules rules_;
  const Scope& scope_;
  const Statements statements_;
  const Evidence& evidence_;
  std::vector<Answer>& answers_;
  std::map<std::string, std::vector<const Table*>> tables_with_;  // by the names of columns
  std::set<std::pair<Place, std::string>> answered_;              // columns
  std::vector<bool> gone_;                                        // another one says it, too
  std::set<size_t> joined_;                                       // that say it for others
};

}  // namespace

std::vector<Proposal> group_answers(const Schema& schema, const Rules& rules, const Scope& scope,
                                    const std::string& functions_schema, const Evidence& evidence,
                                    std::vector<Answer> answers) {
  return ProposalGroups(schema, rules, scope, functions_schema, evidence, answers).group();
}

}  // namespace company_backup
