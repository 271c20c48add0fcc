#include "core/scope/scope_model.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/ascii.hpp"
#include "core/text/error.hpp"
#include "core/text/names.hpp"
#include "core/text/steps.hpp"

namespace company_backup {

Model::Model(const Schema& schema_in, const Rules& rules_in, const std::string& functions_schema,
             const Evidence& evidence_in)
    : schema(schema_in),
      rules(rules_in),
      evidence(evidence_in),
      statements(functions_schema),
      keys_of(schema.tables.size()),
      keys_to(schema.tables.size()),
      rule(schema.tables.size()),
      column_rules(schema.tables.size()),
      soft(schema.tables.size()),
      links(schema.tables.size()),
      ordered(schema.tables.size()),
      hanging(schema.tables.size()) {
  const Settings& settings = rules.settings;
  if (settings.company_table.empty())
    throw Error(sqlstate::kNotConfigured, "no company table has been set")
        .hint("Run " + functions_schema + ".set_company_table(), or look at what " +
              functions_schema + ".propose_company_rules() proposes.");
  const std::string name =
      display_name(settings.company_schema) + "." + display_name(settings.company_table);
  company = schema.find(settings.company_schema, settings.company_table);
  if (company == kNoTable)
    throw Error(sqlstate::kStaleRule, "the company table " + name + " does not exist")
        .hint("Run " + functions_schema + ".set_company_table() again.");
  key = find_column(table(company), settings.key_column);
  if (key == nullptr)
    throw Error(sqlstate::kStaleRule, "the company table " + name + " has no key column " +
                                          quote_name(settings.key_column))
        .hint("Run " + functions_schema + ".set_company_table() again.");
  for (TableIndex index = 0; index < static_cast<TableIndex>(size()); ++index)
    if (index != company && looks_like_people(table(index))) people.push_back(index);
  for (const ForeignKey& fk : schema.foreign_keys) {
    keys_of[fk.table].push_back(&fk);
    keys_to[fk.target].push_back(&fk);
  }
}

const ColumnRule* Model::column_rule(TableIndex index, const std::string& column) const {
  const auto found = column_rules[index].find(column);
  return found == column_rules[index].end() ? nullptr : found->second;
}

bool Model::is_scope_column(TableIndex index, const Column& column) const {
  const auto& names = rules.settings.scope_columns;
  return index != company && std::find(names.begin(), names.end(), column.name) != names.end();
}

bool Model::can_hold_company_key(TableIndex index, const Column& column) const {
  return is_scope_column(index, column) && column.family == key->family &&
         (key->family != TypeFamily::kOther || column.type_oid == key->type_oid);
}

bool Model::is_explained(TableIndex index, const Column& column) const {
  const std::vector<int16_t> alone{column.number};
  return std::any_of(keys_of[index].begin(), keys_of[index].end(),
                     [&](const ForeignKey* fk) {
                       return fk->only_partition == 0 && fk->columns == alone;
                     }) ||
         std::any_of(soft[index].begin(), soft[index].end(),
                     [&](const SoftReference& other) { return other.columns == alone; });
}

bool Model::ruled_owned(TableIndex index) const {
  if (rule[index] == nullptr) return index == membership;
  return !ruled_foreign(index);
}

bool Model::ruled_foreign(TableIndex index) const {
  return rule[index] != nullptr &&
         (rule[index]->treatment == TableTreatment::kShared ||
          rule[index]->treatment == TableTreatment::kPeople || ruled_global(index));
}

bool Model::ruled_global(TableIndex index) const {
  return rule[index] != nullptr && rule[index]->treatment == TableTreatment::kGlobal;
}

bool Model::is_outsiders(TableIndex index) const {
  return !table(index).outsider.empty() && rule[index] == nullptr && soft[index].empty() &&
         index != membership;
}

void Model::error(std::string object, std::string problem, Statement settles) {
  add(Severity::kError, std::move(object), std::move(problem), std::move(settles));
}

void Model::warning(std::string object, std::string problem, Statement settles) {
  add(Severity::kWarning, std::move(object), std::move(problem), std::move(settles));
}

void Model::notice(std::string object, std::string problem, Statement settles) {
  add(Severity::kNotice, std::move(object), std::move(problem), std::move(settles));
}

void Model::add(Severity severity, std::string object, std::string problem, Statement settles) {
  findings.push_back({.severity = severity,
                      .object = std::move(object),
                      .problem = std::move(problem),
                      .hint = std::move(settles.text),
                      .change = std::move(settles.change)});
}

void Model::ask_kinds(TableIndex index, const Column& column) {
  const Column* type = type_column(table(index), column);
  if (type == nullptr) return;
  const auto same = [&](const OpenKinds& open) {
    return open.table == index && open.column == column.number;
  };
  if (std::none_of(open_kinds.begin(), open_kinds.end(), same))
    open_kinds.push_back({index, column.number, type->number});
}

void Model::support(Confidence confidence, std::string reason) {
  findings.back().confidence = confidence;
  findings.back().evidence = std::move(reason);
}

namespace {

constexpr std::string_view kTypeWords[] = {"type", "kind", "table", "model", "class"};

// Quickly: may a name end with this word?
bool may_end_with(std::string_view name, std::string_view word) {
  while (!name.empty() && !is_alphanumeric(name.back())) name.remove_suffix(1);
  if (name.size() < word.size()) return false;
  return std::equal(word.rbegin(), word.rend(), name.rbegin(),
                    [](char a, char b) { return a == (is_upper(b) ? b + ('a' - 'A') : b); });
}

// As frameworks call an ID and what says of which table it is, where the one is no "..._id" or the
// other not its "..._type".
struct CalledOtherwise {
  std::initializer_list<std::string_view> ids, kinds;
  bool only_numbers = false;  // a text of this name is no ID
};

const Column* kind_called_otherwise(const Table& table, const Column& column) {
  static const CalledOtherwise kPairs[] = {
      {{"object_id", "object_pk"}, {"content_type", "content_type_id"}},
      {{"foreign_key"}, {"model", "foreign_model"}},
      {{"pk", "row_id", "record_id", "row_pk", "record_pk"},
       {"table_name", "entity", "model", "entity_type", "object_type"}},
      {{"entity_pk"}, {"entity", "entity_type"}},
      {{"obj"}, {"obj_type", "obj_kind", "object_type"}, true},
      {{"object"}, {"object_type", "object_kind"}, true},
      {{"entity"}, {"entity_type", "entity_kind"}, true}};
  const auto is = [](std::initializer_list<std::string_view> names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const std::string name = plain_name(column.name);
  for (const CalledOtherwise& pair : kPairs) {
    if (!is(pair.ids, name) || (pair.only_numbers && column.family == TypeFamily::kText)) continue;
    for (const Column& other : table.columns)
      if (is(pair.kinds, plain_name(other.name))) return &other;
  }
  return nullptr;
}

}  // namespace

const Column* type_column(const Table& table, const Column& column) {
  if (!can_hold_id(column)) return nullptr;
  if (const Column* kind = kind_called_otherwise(table, column)) return kind;
  const auto stem = id_stem(column.name);
  if (!stem) return nullptr;
  for (const Column& other : table.columns) {
    note_step();
    for (const std::string_view word : kTypeWords) {
      if (may_end_with(other.name, word) &&
          plain_name(other.name) == *stem + "_" + std::string(word))
        return &other;
    }
  }
  return nullptr;
}

namespace {

// Columns of this name refer to other tables as well: by foreign keys, or as another column says.
bool means_others(const Model& model, const std::string& name) {
  const auto leads_elsewhere = [&](const ForeignKey& key) {
    return key.target != model.company && key.columns.size() == 1 &&
           column_of(model.table(key.table), key.columns[0]).name == name;
  };
  const auto& keys = model.schema.foreign_keys;
  const auto& tables = model.schema.tables;
  return std::any_of(keys.begin(), keys.end(), leads_elsewhere) ||
         std::any_of(tables.begin(), tables.end(), [&](const Table& table) {
           const Column* column = find_column(table, name);
           return column != nullptr && type_column(table, *column) != nullptr;
         });
}

}  // namespace

CompanyNames::CompanyNames(const Model& model) {
  for (const std::string& form : noun_forms(plain_name(model.table(model.company).name))) {
    plain_.push_back(form + "_id");
    plain_.push_back(form + "_" + plain_name(model.key->name));
  }
  if (id_stem(model.key->name)) plain_.push_back(plain_name(model.key->name));
  exact_ = model.rules.settings.scope_columns;
  for (const ForeignKey* fk : model.keys_to[model.company]) {
    if (fk->table == model.company || fk->columns.size() != 1) continue;
    const Table& table = model.table(fk->table);
    const std::string& name = column_of(table, fk->columns[0]).name;
    // A row of settings may share the company's key: "id" then says nothing about other tables.
    if (id_stem(name) || pick_key(table) != fk->columns) exact_.push_back(name);
  }
  const auto& said = model.rules.settings.scope_columns;
  std::sort(exact_.begin(), exact_.end());
  exact_.erase(std::unique(exact_.begin(), exact_.end()), exact_.end());
  std::erase_if(exact_, [&](const std::string& name) {
    return std::find(said.begin(), said.end(), name) == said.end() && means_others(model, name);
  });
  std::sort(plain_.begin(), plain_.end());
}

bool CompanyNames::match(const Column& column) const {
  if (!can_be_called_id(column) || column.generated) return false;
  return std::binary_search(exact_.begin(), exact_.end(), column.name) ||
         std::binary_search(plain_.begin(), plain_.end(), plain_name(column.name));
}

bool same_columns(std::vector<int16_t> a, std::vector<int16_t> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += display_name(names[i]);
  }
  return text;
}

std::string column_object(const Table& table, const std::string& column) {
  return display_table(table) + "." + display_name(column);
}

bool has_all_columns_of(const Table& child, const Table& parent) {
  if (!child.is_child || !parent.has_children || &child == &parent) return false;
  return std::all_of(parent.columns.begin(), parent.columns.end(), [&](const Column& column) {
    const Column* own = find_column(child, column.name);
    return own != nullptr && own->type_oid == column.type_oid;
  });
}

bool has_foreign_key(const Model& model, TableIndex table, int16_t column) {
  for (const ForeignKey* fk : model.keys_of[table])
    if (std::find(fk->columns.begin(), fk->columns.end(), column) != fk->columns.end()) return true;
  return false;
}

bool is_settled(const Model& model, TableIndex index, const Column& column) {
  if (has_foreign_key(model, index, column.number)) return true;
  if (model.column_rule(index, column.name) != nullptr) return true;
  return std::any_of(model.soft[index].begin(), model.soft[index].end(),
                     [&](const SoftReference& soft) {
                       return std::find(soft.columns.begin(), soft.columns.end(), column.number) !=
                              soft.columns.end();
                     });
}

bool can_hold_id(const Column& column) {
  switch (column.family) {
    case TypeFamily::kInteger:
    case TypeFamily::kNumeric:
    case TypeFamily::kUuid:
    case TypeFamily::kText:
    case TypeFamily::kIntegerArray:
    case TypeFamily::kUuidArray:
    case TypeFamily::kTextArray:
      return true;
    default:
      return false;
  }
}

bool can_be_called_id(const Column& column) {
  // Of types in pg_type: bytea, oid, real, double precision, numeric[].
  constexpr uint32_t kTypes[] = {17, 26, 700, 701, 1231};
  return can_hold_id(column) ||
         std::find(std::begin(kTypes), std::end(kTypes), column.type_oid) != std::end(kTypes);
}

}  // namespace company_backup
