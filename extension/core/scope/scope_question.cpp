// Tables whose kind alone is a question.
#include <algorithm>

#include "core/scope/scope_model.hpp"
#include "core/scope/smells.hpp"

namespace company_backup {
namespace {

// The column of a table that says which person a row is about; null: there is none.
const Column* person_column(const Model& model, TableIndex index) {
  for (const ForeignKey* fk : model.keys_of[index])
    if (fk->columns.size() == 1 && fk->target != index &&
        looks_like_people(model.table(fk->target)))
      return &column_of(model.table(index), fk->columns[0]);
  return nullptr;
}

bool refers_to_company(const Model& model, TableIndex index) {
  return std::any_of(model.links[index].begin(), model.links[index].end(), [](const Link& link) {
    return link.firm && link.step.kind == RouteStep::Kind::kCompany;
  });
}

// Of a smell, what a reviewer would choose. A "company_user" that refers to a user is no user.
Question question_of(const Model& model, TableIndex index, const TableSmell& smell) {
  const Table& table = model.table(index);
  Question question;
  question.problem = "its name looks like " + smell.looks_like;
  question.rule = proposed_rule(smell.treatment, smell.reason);
  const Column* person = person_column(model, index);
  if (smell.looks_like == kLooksLikeAccess && person != nullptr) {
    question.rule = proposed_rule(TableTreatment::kExcluded, kDecidesAccess);
    if (model.membership == kNoTable && names_membership(table) && refers_to_company(model, index))
      question.statement = model.statements.membership(table, person->name);
  }
  if (question.rule.treatment == TableTreatment::kPeople)
    question.rule.match_columns = people_match_columns(table);
  return question;
}

}  // namespace

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
  const auto smell = table_smell(table);
  if (!smell) return std::nullopt;
  return question_of(model, index, *smell);
}

}  // namespace company_backup
