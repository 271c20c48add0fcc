// Tables whose kind alone is a question.
#include <algorithm>

#include "core/scope/scope_model.hpp"
#include "core/scope/smell_words.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

bool same_noun(const std::string& a, const std::string& b) {
  const auto forms = noun_forms(a);
  for (const std::string& form : noun_forms(b))
    if (std::find(forms.begin(), forms.end(), form) != forms.end()) return true;
  return false;
}

bool is_named_after(const std::string& noun, const Table& table) {
  return same_noun(noun, plain_name(table.name));
}

// "realm" for zerver_realm, "org" for organizations.
bool names_company(const Model& model, const std::string& noun) {
  const Table& company = model.table(model.company);
  const auto words = words_of(company.name);
  const std::string last = words.empty() ? company.name : words.back();
  return is_named_after(noun, company) || same_noun(noun, last) ||
         (noun.size() > 2 && last.starts_with(noun));
}

// Which people a row is about, and the column that says it.
struct AboutPeople {
  const Column* column = nullptr;  // null: about none
  TableIndex people = kNoTable;
};

// The people that the column is named after; else, if it is named after persons, the first ones.
TableIndex people_named_by(const Model& model, const Column& column) {
  const auto stem = id_stem(column.name);
  if (!stem || model.people.empty()) return kNoTable;
  for (TableIndex index : model.people)
    if (is_named_after(*stem, model.table(index))) return index;
  return names_person(column) ? model.people.front() : kNoTable;
}

bool are_people(const Model& model, TableIndex index) {
  return std::binary_search(model.people.begin(), model.people.end(), index);
}

// "created_by_id": who made the row is not whom it is about.
bool says_who_did_it(const Column& column) {
  const auto words = words_of(id_stem(column.name).value_or(column.name));
  return !words.empty() && words.back() == "by";
}

// By a foreign key or rule, else by the name of a column.
AboutPeople about_people(const Model& model, TableIndex index) {
  const Table& table = model.table(index);
  const auto is_it = [&](const std::vector<int16_t>& columns, TableIndex target) {
    return columns.size() == 1 && target != index && are_people(model, target) &&
           !says_who_did_it(column_of(table, columns[0]));
  };
  for (const ForeignKey* fk : model.keys_of[index])
    if (is_it(fk->columns, fk->target)) return {&column_of(table, fk->columns[0]), fk->target};
  for (const SoftReference& soft : model.soft[index])
    if (is_it(soft.columns, soft.target)) return {&column_of(table, soft.columns[0]), soft.target};
  for (const Column& column : table.columns) {
    if (!can_hold_id(column) || has_foreign_key(model, index, column.number)) continue;
    const TableIndex people = people_named_by(model, column);
    if (people != kNoTable && people != index) return {&column, people};
  }
  return {};
}

// A row about one of the people in another table, by its "user_id": a profile of theirs.
bool is_about_people(const Model& model, TableIndex index) {
  return std::any_of(model.keys_of[index].begin(), model.keys_of[index].end(),
                     [&](const ForeignKey* fk) {
                       return fk->columns.size() == 1 && fk->target != index &&
                              all_not_null(model.table(index), fk->columns) &&
                              names_person(column_of(model.table(index), fk->columns[0])) &&
                              are_people(model, fk->target);
                     });
}

// Some column of the table holds the company's key.
bool refers_to_company(const Model& model, TableIndex index) {
  return std::any_of(model.links[index].begin(), model.links[index].end(),
                     [](const Link& link) { return link.step.kind == RouteStep::Kind::kCompany; });
}

bool always_refers_to_company(const Model& model, TableIndex index) {
  return std::any_of(model.links[index].begin(), model.links[index].end(), [](const Link& link) {
    return link.firm && link.step.kind == RouteStep::Kind::kCompany;
  });
}

// Do rows refer to it that never hang on it alone? Without it they could not be copied.
bool is_needed(const Model& model, TableIndex index) {
  const auto& keys = model.keys_to[index];
  return std::any_of(keys.begin(), keys.end(), [&](const ForeignKey* key) {
    const auto& links = model.links[key->table];
    return key->table != index && std::any_of(links.begin(), links.end(), [&](const Link& link) {
             return link.firm && link.step.target != index;
           });
  });
}

bool names_other_table(const Model& model, const std::string& noun) {
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index)
    if (index != model.company && !are_people(model, index) &&
        is_named_after(noun, model.table(index)))
      return true;
  return false;
}

// "team_member" says who belongs to a team, if there are teams that are not the companies.
bool is_about_other_table(const Model& model, const Table& table) {
  const std::string name = plain_name(table.name);
  const size_t end = name.rfind('_');
  if (end == std::string::npos) return false;
  const std::string whose = name.substr(0, end);
  const std::string last = whose.substr(whose.rfind('_') + 1);
  return names_other_table(model, whose) ||
         (!names_company(model, last) && names_other_table(model, last));
}

// "user_company", "UsersOnTeams": made of the names of people and companies.
bool joins_people_and_companies(const Model& model, const Table& table) {
  static const std::vector<std::string> joints{"on",  "in",       "to",   "of",  "has",
                                               "map", "relation", "join", "link"};
  bool people = false, companies = false;
  for (const std::string& word : words_of(table.name)) {
    const auto forms = noun_forms(word);
    const auto is = [&](const char* noun) {
      return std::find(forms.begin(), forms.end(), noun) != forms.end();
    };
    if (is("user") || is("member") || is("account") || is("person"))
      people = true;
    else if (names_company(model, word))
      companies = true;
    else if (std::find_first_of(forms.begin(), forms.end(), joints.begin(), joints.end()) ==
             forms.end())
      return false;
  }
  return people && companies;
}

// Does the table say who belongs to a company?
bool is_membership(const Model& model, TableIndex index) {
  const Table& table = model.table(index);
  if (!refers_to_company(model, index) || are_people(model, index)) return false;
  const bool named = names_membership(table) ? !is_about_other_table(model, table)
                                             : joins_people_and_companies(model, table);
  return named && about_people(model, index).column != nullptr;
}

// Each company and each person once.
bool has_unique_pair(const Model& model, TableIndex index, const Column& person) {
  const auto is_company = [&](int16_t number) {
    return std::any_of(model.links[index].begin(), model.links[index].end(), [&](const Link& link) {
      return link.firm && link.step.kind == RouteStep::Kind::kCompany &&
             link.step.columns == std::vector{number};
    });
  };
  const auto& indexes = model.table(index).unique_indexes;
  return person.not_null &&
         std::any_of(indexes.begin(), indexes.end(), [&](const UniqueIndex& unique) {
           const auto& columns = unique.columns;
           return !unique.partial && columns.size() == 2 &&
                  std::find(columns.begin(), columns.end(), person.number) != columns.end() &&
                  std::any_of(columns.begin(), columns.end(), is_company);
         });
}

std::vector<TableIndex> memberships(const Model& model) {
  std::vector<TableIndex> found;
  for (TableIndex index = 0; index < static_cast<TableIndex>(model.size()); ++index)
    if (is_membership(model, index)) found.push_back(index);
  return found;
}

// Of several, the first that has each company and person once.
TableIndex find_membership(const Model& model) {
  if (model.membership != kNoTable) return model.membership;
  const auto found = memberships(model);
  const auto proved = std::find_if(found.begin(), found.end(), [&](TableIndex index) {
    return has_unique_pair(model, index, *about_people(model, index).column);
  });
  if (proved != found.end()) return *proved;
  return found.empty() ? kNoTable : found[0];
}

bool lies_below_company(const Model& model, TableIndex index, std::vector<bool>& seen) {
  if (index == model.company) return true;
  if (seen[index]) return false;
  seen[index] = true;
  return std::any_of(model.links[index].begin(), model.links[index].end(), [&](const Link& link) {
    return link.firm && lies_below_company(model, link.step.target, seen);
  });
}

// A key that people may be without says where they are now ("current_company_id"), if not all that
// there is says where they belong.
bool has_company_of_its_own(const Model& model, TableIndex index) {
  const Link* only = nullptr;
  for (const Link& link : model.links[index]) {
    if (link.step.kind != RouteStep::Kind::kCompany) continue;
    if (only != nullptr) return false;
    only = &link;
  }
  if (only == nullptr || only->step.columns.size() != 1) return false;
  const Column& column = column_of(model.table(index), only->step.columns[0]);
  const auto stem = id_stem(column.name);
  return (stem && names_company(model, *stem)) || model.is_scope_column(index, column);
}

// People who log in to one company only, so that they come and go with it.
bool are_of_one_company(const Model& model, TableIndex index) {
  const TableIndex membership = find_membership(model);
  if (membership != kNoTable && about_people(model, membership).people == index) return false;
  std::vector<bool> seen(model.size(), false);
  return lies_below_company(model, index, seen) ||
         (membership == kNoTable && has_company_of_its_own(model, index));
}

// What a reviewer would most likely say.
TableRule rule_for_people(const Model& model, TableIndex index, const TableSmell& smell) {
  if (are_of_one_company(model, index))
    return proposed_rule(TableTreatment::kCompany, "people who log in to one company only");
  TableRule rule = proposed_rule(smell.treatment, smell.reason);
  rule.match_columns = people_match_columns(model.table(index));
  return rule;
}

// Each row belongs to one of a table that is a login's or a queue's.
bool hangs_on_what_stays(const Model& model, TableIndex index) {
  return std::any_of(model.links[index].begin(), model.links[index].end(), [&](const Link& link) {
    if (!link.firm || link.step.target == model.company || link.step.target == index) return false;
    const auto smell = table_smell(model.table(link.step.target));
    return smell &&
           (smell->kind == TableSmell::Kind::kLogin || smell->kind == TableSmell::Kind::kQueue);
  });
}

// Who belongs to a company, and may do what there, stays; roles, and who is in which team, are what
// a company has set up.
TableRule rule_for_rights(const Model& model, TableIndex index, const TableSmell& smell) {
  if (hangs_on_what_stays(model, index))
    return proposed_rule(TableTreatment::kExcluded, "belongs to rows that do not travel");
  const bool of_company = refers_to_company(model, index);
  const bool of_people = about_people(model, index).column != nullptr;
  if (of_company && of_people && !is_about_other_table(model, model.table(index)))
    return proposed_rule(smell.treatment, smell.reason);
  return proposed_rule(TableTreatment::kCompany, "roles and rights within a company");
}

TableSmell membership_smell() {
  return {TableSmell::Kind::kAccess, kLooksLikeAccess, TableTreatment::kExcluded, kDecidesAccess};
}

TableRule rule_of(const Model& model, TableIndex index, const TableSmell& smell) {
  if (smell.kind == TableSmell::Kind::kPeople)
    return is_about_people(model, index) ? proposed_rule(TableTreatment::kExcluded, kDecidesAccess)
                                         : rule_for_people(model, index, smell);
  if (smell.kind == TableSmell::Kind::kAccess) return rule_for_rights(model, index, smell);
  return proposed_rule(smell.treatment, smell.reason);
}

// Not only by the names of people and companies in its own.
bool names_rights_itself(const Model& model, TableIndex index) {
  return table_smell(model.table(index)).has_value();
}

// What says more of a person than that he belongs to a company: hours, wages, an address. Null:
// nothing does.
const Column* further_data(const Table& table) {
  constexpr uint32_t kNumbers[] = {700, 701, 790, 1186};  // real, double, money, interval
  const auto is_data = [&](const Column& column) {
    const Words words = words_of(column.name);
    if (column.family == TypeFamily::kNumeric && !id_stem(column.name)) return true;
    if (std::find(std::begin(kNumbers), std::end(kNumbers), column.type_oid) != std::end(kNumbers))
      return true;
    return ends_in(words, {"hour", "wage", "salary", "rate", "price", "amount", "iban", "bio",
                           "address", "street", "birthday", "birthdate", "note", "description"}) &&
           !has_word(words, {"email", "mail", "ip"});
  };
  const auto found = std::find_if(table.columns.begin(), table.columns.end(), is_data);
  return found == table.columns.end() ? nullptr : &*found;
}

// What shows more than the name does.
void support(const Model& model, TableIndex index, const TableSmell& smell, Question& question) {
  if (smell.kind == TableSmell::Kind::kAccess &&
      question.rule.treatment == TableTreatment::kCompany) {
    question.confidence = Confidence::kConfident;
    question.evidence =
        "each of its rows belongs to a company by columns that are never NULL, and it is not what "
        "says who belongs to a company";
  } else if (question.statement) {
    if (!has_unique_pair(model, index, *about_people(model, index).column)) {
      if (!names_rights_itself(model, index) || memberships(model).size() > 1)
        question.confidence = Confidence::kGuess;
      return;
    }
    question.evidence = "it has each company and each person once, and never without one";
    if (const Column* more = further_data(model.table(index)))
      question.evidence +=
          "; but its column " + display_name(more->name) + " may be what the company works with";
    else
      question.confidence = Confidence::kConfident;
  } else if (smell.kind == TableSmell::Kind::kQueue && is_needed(model, index)) {
    question.confidence = Confidence::kGuess;
    question.evidence = "its name is that of " + smell.looks_like +
                        ", but rows that belong to companies without it refer to it";
  } else if (smell.kind == TableSmell::Kind::kQueue && smell.all_columns) {
    question.confidence = Confidence::kConfident;
    question.evidence = "its name and its columns are those of " + smell.looks_like;
  } else if (smell.kind == TableSmell::Kind::kLogin && smell.all_columns) {
    // Some companies want to take what opens their doors along.
    question.evidence = "its name and its columns are those of " + smell.looks_like;
  } else if (smell.kind == TableSmell::Kind::kLogin || !names_rights_itself(model, index)) {
    question.confidence = Confidence::kGuess;
  }
}

Question question_of(const Model& model, TableIndex index, const TableSmell& smell) {
  Question question;
  question.problem = "its name looks like " + smell.looks_like;
  question.rule = rule_of(model, index, smell);
  if (model.membership == kNoTable && smell.kind == TableSmell::Kind::kAccess &&
      always_refers_to_company(model, index) && find_membership(model) == index)
    question.statement =
        model.statements.membership(model.table(index), about_people(model, index).column->name);
  support(model, index, smell, question);
  return question;
}

}  // namespace

bool are_people_of_several(const Model& model, TableIndex table) {
  const TableIndex membership = find_membership(model);
  if (membership == kNoTable || membership == table) return false;
  const AboutPeople about = about_people(model, membership);
  return about.column != nullptr && about.people == table &&
         has_unique_pair(model, membership, *about.column);
}

std::optional<Question> question_about(const Model& model, TableIndex index) {
  const Table& table = model.table(index);
  Question question;
  if (table.of_extension) {
    question.problem = "it belongs to an extension";
    question.rule =
        proposed_rule(TableTreatment::kExcluded, "the extension keeps these rows itself");
    return question;
  }
  if (table.foreign) {
    question.problem = "it is a foreign table";
    question.rule = proposed_rule(TableTreatment::kExcluded, "the rows live on another server");
    return question;
  }
  auto smell = table_smell(table);
  if (!smell && is_membership(model, index)) smell = membership_smell();
  if (!smell) return std::nullopt;
  return question_of(model, index, *smell);
}

}  // namespace company_backup
