#include "core/archive/drift_finder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "core/archive/former_names.hpp"
#include "core/scope/scope_statements.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

// "character varying" and 20 of "character varying(20)"; none without a length.
struct SizedType {
  std::string name;
  std::optional<int> size;
};

SizedType sized(const std::string& type) {
  const size_t open = type.find('(');
  if (open == std::string::npos || !type.ends_with(')')) return {type, std::nullopt};
  int size = 0;
  const char* const end = type.data() + type.size() - 1;
  const auto [at, error] = std::from_chars(type.data() + open + 1, end, size);
  if (error != std::errc() || at != end) return {type, std::nullopt};
  return {type.substr(0, open), size};
}

// Does the type `to` read every text of `from`, and print it as it was?
bool holds_all_of(const std::string& to, const std::string& from) {
  constexpr std::array kIntegers{"smallint", "integer", "bigint", "numeric"};
  const auto from_integer = std::find(kIntegers.begin(), kIntegers.end(), from);
  const auto to_integer = std::find(kIntegers.begin(), kIntegers.end(), to);
  if (to_integer != kIntegers.end()) return from_integer < to_integer;
  if (to == "text") return from != "bytea" && from != "jsonb";
  const SizedType here = sized(to), there = sized(from);
  if (here.name != "character varying") return false;
  if (there.name != "character varying") return from == "text" && !here.size;
  return !here.size || (there.size && *there.size <= *here.size);
}

bool needs_value(const Column& column) {
  return column.not_null && !column.has_default && !column.identity && !column.generated;
}

class Finder {
 public:
  Finder(const Manifest& archive, const Schema& schema, const Rules& rules, const Scope& scope,
         const StructureFacts& facts, const std::string& functions_schema, bool thorough)
      : archive_(archive),
        schema_(schema),
        rules_(rules),
        scope_(scope),
        facts_(facts),
        functions_(functions_schema),
        statements_(functions_schema),
        thorough_(thorough),
        names_(archive, rules) {}

  SchemaDrift run() {
    drift_.manifest = archive_;
    drift_.manifest.tables.clear();
    drift_.manifest.shared.clear();
    find_company_table();
    note_columns();
    for (const auto* tables : {&archive_.tables, &archive_.shared}) {
      for (size_t i = 0; i < tables->size(); ++i)
        add_table((*tables)[i], i, tables != &archive_.tables);
    }
    propose_renames();
    rename_references();
    add_new_tables();
    return std::move(drift_);
  }

 private:
  void note_columns() {
    for (const ScopedTable& scoped : scope_.tables) {
      std::set<std::string>& columns = columns_of_[scoped.table];
      for (const Column& column : schema_.tables[scoped.table].columns) {
        columns.insert(column.name);
      }
    }
  }

  void find_company_table() {
    const Table& company = schema_.tables[scope_.company_table];
    drift_.manifest.company_table = names_.now(archive_.company_table);
    if (drift_.manifest.company_table == encode_table_name(company.schema, company.name)) return;
    drift_.others.push_back(
        {display_entry(archive_.company_table), "",
         "is the company table in the archive; here that is " + display_table(company),
         DriftEffect::kRefused, rename_table(archive_.company_table, company), true});
  }

  std::string rename_table(const std::string& archived, const Table& table) const {
    return "SELECT " + functions_ + ".set_table_rename(" + quote_literal(display_entry(archived)) +
           ", " + quote_literal(display_table(table)) + ");";
  }

  std::string rename_column(const Table& table, const std::string& old,
                            const std::string& column) const {
    return "SELECT " + functions_ + ".set_column_rename(" + quote_literal(display_table(table)) +
           ", " + quote_literal(old) + ", " + quote_literal(column) + ");";
  }

  void add_table(const ManifestTable& archived, size_t number, bool shared) {
    const std::string now = names_.now(archived.name);
    const TableName name = decode_table_name(now);
    const TableIndex index = schema_.find(name.schema, name.table);
    DriftTable found{.shared = shared, .number = number, .archived = &archived};
    if (index == kNoTable) {
      found.difference = now == archived.name
                             ? "does not exist here"
                             : "is called " + display_entry(now) +
                                   " by set_table_rename(), which does not exist here";
    } else if (!has_its_rows(index, shared)) {
      found.difference = why_not(index, shared);
    } else if (const auto [at, is_new] = taken_.emplace(std::pair(index, shared), archived.name);
               !is_new) {
      found.difference = "is the same table here as " + display_entry(at->second);
    } else {
      found.table = &schema_.tables[index];
      found.scoped = scope_.find(index);
      if (now != archived.name) {
        drift_.others.push_back({display_entry(archived.name), "",
                                 "is called " + display_table(*found.table) + " here"});
      }
      fit(found);
    }
    drift_.tables.push_back(std::move(found));
  }

  bool has_its_rows(TableIndex index, bool shared) const {
    const ScopedTable* scoped = scope_.find(index);
    if (scoped == nullptr) return false;
    return shared ? has_shared_rows(schema_, scope_, *scoped) : scoped->travels();
  }

  std::string why_not(TableIndex index, bool shared) const {
    const ScopedTable* scoped = scope_.find(index);
    if (shared) return "is not a shared table here";
    std::string why = "does not travel with a company here";
    if (scoped != nullptr) why += std::string(": it is ") + to_text(scoped->treatment);
    return why;
  }

  // Columns, key and the table as the adapted manifest has it.
  void fit(DriftTable& found) {
    ManifestTable adapted = *found.archived;
    adapted.name = encode_table_name(found.table->schema, found.table->name);
    adapted.columns.clear();
    std::map<std::string, std::string> here;  // names
    std::set<const Column*> used;
    for (const ManifestColumn& archived : found.archived->columns) {
      const std::string name = names_.column(*found.archived, archived.name);
      here[archived.name] = name;
      DriftColumn column = fit_column(found, archived, name);
      if (column.column != nullptr) {
        used.insert(column.column);
        ManifestColumn fitted = archived;
        fitted.name = column.column->name;
        fitted.type = column.column->type;
        adapted.columns.push_back(std::move(fitted));
        if (name != archived.name) {
          drift_.others.push_back({display_table(*found.table), archived.name,
                                   "is called " + display_name(name) + " here"});
        }
      }
      found.columns.push_back(std::move(column));
    }
    for (ManifestOmitted& omitted : adapted.omitted) {
      omitted.column = names_.column(*found.archived, omitted.column);
    }
    for (std::string& column : adapted.match_columns) column = here[column];
    if (!found.shared) {
      add_new_columns(found, adapted, used);
      add_constraints(found, here);
    }
    fit_key(found, here, adapted);
    std::vector<size_t>& kept = found.shared ? drift_.kept_shared : drift_.kept;
    kept.push_back(drift_.tables.size());
    (found.shared ? drift_.manifest.shared : drift_.manifest.tables).push_back(std::move(adapted));
    names_here_[found.archived->name].merge(here);
  }

  DriftColumn fit_column(const DriftTable& table, const ManifestColumn& archived,
                         const std::string& name) const {
    using Change = DriftColumn::Change;
    const Column* column = find_column(*table.table, name);
    DriftColumn found;
    found.column = column;
    if (column == nullptr || column->generated || (archived.files && !column->is_bytea())) {
      found.column = nullptr;
      found.change = Change::kDropped;
      found.difference = column == nullptr   ? "does not exist here"
                         : column->generated ? "is generated here"
                                             : "has files in the archive, but is not bytea here";
      return found;
    }
    found.declared = declared_default(rules_, *table.table, *column);
    if (column->type != archived.type) {
      found.difference = "is " + archived.type + " in the archive, " + column->type + " here";
      found.change = holds_all_of(column->type, archived.type) ? Change::kRecoded : Change::kCast;
    }
    if (const std::string gone = gone_labels(table, *column, archived); !gone.empty()) {
      found.difference = "has no " + gone + " here";
      found.change = Change::kCast;
    }
    const bool could_be_null =
        archived.not_null ? !*archived.not_null : thorough_ && !is_key(table, archived.name);
    found.may_be_null = column->not_null && could_be_null;
    if (column->not_null && found.declared == nullptr)
      found.settle = statements_.default_for(*table.table, *column).text;
    return found;
  }

  // Values of an enum that the type has no more, for messages.
  std::string gone_labels(const DriftTable& table, const Column& column,
                          const ManifestColumn& archived) const {
    const auto here = facts_.labels.find({table.scoped->table, column.number});
    if (here == facts_.labels.end() || column.type != archived.type) return "";
    std::string list;
    for (const std::string& label : archived.labels) {
      if (std::find(here->second.begin(), here->second.end(), label) != here->second.end()) {
        continue;
      }
      list += (list.empty() ? "value " : ", ") + quote_literal(label);
    }
    return list;
  }

  void add_constraints(const DriftTable& found,
                       const std::map<std::string, std::string>& columns_here) {
    const auto here = facts_.constraints.find(found.scoped->table);
    if (!found.archived->constraints || here == facts_.constraints.end()) return;
    std::set<std::string> known;
    for (const ManifestConstraint& constraint : *found.archived->constraints) {
      known.insert(names_.renamed(constraint.definition, columns_here));
    }
    for (const ManifestConstraint& constraint : here->second) {
      if (known.contains(constraint.definition)) continue;
      drift_.others.push_back(
          {display_table(*found.table), "",
           "has a new constraint " + display_name(constraint.name) + ": " + constraint.definition,
           DriftEffect::kChecked});
    }
  }

  static bool is_key(const DriftTable& table, const std::string& column) {
    const auto& key = table.archived->key;
    return std::any_of(key.begin(), key.end(),
                       [&](const ManifestKeyColumn& part) { return part.column == column; });
  }

  void add_new_columns(const DriftTable& found, const ManifestTable& adapted,
                       const std::set<const Column*>& used) {
    for (const Column& column : found.table->columns) {
      const bool omitted =
          std::any_of(adapted.omitted.begin(), adapted.omitted.end(),
                      [&](const ManifestOmitted& other) { return other.column == column.name; });
      if (used.contains(&column) || omitted || column.generated) continue;
      SchemaDifference difference{display_table(*found.table), column.name, "is new here"};
      const ColumnRule* rule = column_rule(rules_, *found.table, column.name);
      const bool given = (rule != nullptr && !rule->replacement.empty()) ||
                         declared_default(rules_, *found.table, column) != nullptr;
      if (given || column.has_default || column.identity) {
        difference.effect = DriftEffect::kFilled;
      } else if (needs_value(column)) {
        difference.difference += ", must not be null and has no default";
        // Rows that are there keep their values: only one that is added fails.
        if (found.archived->rows > 0) difference.effect = DriftEffect::kRefused;
        difference.settle = statements_.default_for(*found.table, column).text;
      }
      drift_.others.push_back(std::move(difference));
    }
  }

  void fit_key(DriftTable& found, const std::map<std::string, std::string>& here,
               ManifestTable& adapted) {
    const Table& table = *found.table;
    const auto has = [&](const std::string& name) {
      return std::any_of(adapted.columns.begin(), adapted.columns.end(),
                         [&](const ManifestColumn& column) { return column.name == name; });
    };
    std::vector<ManifestKeyColumn> key;
    for (const int16_t number : found.scoped->key) {
      const Column& column = column_of(table, number);
      key.push_back({column.name, key_order(column)});
    }
    const bool can_sort =
        !key.empty() &&
        std::all_of(key.begin(), key.end(), [&](const auto& part) { return has(part.column); });
    std::vector<ManifestKeyColumn> archived = adapted.key;
    for (ManifestKeyColumn& part : archived) part.column = here.at(part.column);
    const auto names = [](const std::vector<ManifestKeyColumn>& parts) {
      std::vector<std::string> list;
      for (const ManifestKeyColumn& part : parts) list.push_back(part.column);
      return list;
    };
    if (names(archived) != names(key)) add_key_difference(found, archived, key, can_sort);
    if (!can_sort) {
      adapted.key.clear();
      for (const ManifestKeyColumn& part : archived) {
        if (!has(part.column)) return adapted.key.clear();
        adapted.key.push_back(part);
      }
      return;
    }
    found.resorted = names(archived) != names(key) || !keeps_order(found, archived, key);
    adapted.key = std::move(key);
  }

  // Integers of another size stand in the same order, and texts that are all the same texts.
  static bool keeps_order(const DriftTable& found, const std::vector<ManifestKeyColumn>& archived,
                          const std::vector<ManifestKeyColumn>& key) {
    for (size_t i = 0; i < key.size(); ++i) {
      if (archived[i].order != key[i].order) return false;
      for (const DriftColumn& column : found.columns) {
        if (column.column == nullptr || column.column->name != key[i].column) continue;
        if (column.change == DriftColumn::Change::kCast) return false;
      }
    }
    return true;
  }

  void add_key_difference(const DriftTable& found, const std::vector<ManifestKeyColumn>& archived,
                          const std::vector<ManifestKeyColumn>& key, bool can_sort) {
    const auto list = [](const std::vector<ManifestKeyColumn>& parts) {
      std::string text;
      for (const ManifestKeyColumn& part : parts) {
        text += (text.empty() ? "(" : ", ") + display_name(part.column);
      }
      return text.empty() ? std::string("no columns") : text + ")";
    };
    if (found.shared) return;
    drift_.others.push_back(
        {display_table(*found.table), "",
         "has the key " + list(archived) + " in the archive, " + list(key) + " here",
         can_sort || key.empty() ? DriftEffect::kNothing : DriftEffect::kRefused});
  }

  // What is gone and what is new may be the same.
  void propose_renames() {
    for (DriftTable& table : drift_.tables) {
      if (table.table == nullptr) {
        propose_table(table);
      } else {
        propose_columns(table);
      }
    }
  }

  void propose_table(DriftTable& gone) const {
    if (schema_.find(decode_table_name(gone.archived->name).schema,
                     decode_table_name(gone.archived->name).table) != kNoTable) {
      return;
    }
    std::set<std::string> columns;
    for (const ManifestColumn& column : gone.archived->columns) columns.insert(column.name);
    for (const ManifestOmitted& column : gone.archived->omitted) columns.insert(column.column);
    const Table* only = nullptr;
    for (const ScopedTable& scoped : scope_.tables) {
      if (taken_.contains({scoped.table, gone.shared}) || !has_its_rows(scoped.table, gone.shared))
        continue;
      const std::set<std::string>& here = columns_of_.at(scoped.table);
      if (!std::includes(here.begin(), here.end(), columns.begin(), columns.end())) continue;
      if (only != nullptr) return;
      only = &schema_.tables[scoped.table];
    }
    if (only != nullptr) gone.settle = rename_table(gone.archived->name, *only);
  }

  void propose_columns(DriftTable& table) const {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].change != DriftColumn::Change::kDropped) continue;
      const ManifestColumn& gone = table.archived->columns[i];
      const Column* only = nullptr;
      size_t count = 0;
      for (const Column& column : table.table->columns) {
        const bool used = std::any_of(table.columns.begin(), table.columns.end(),
                                      [&](const auto& other) { return other.column == &column; });
        if (used || column.generated || column.type != gone.type) continue;
        only = &column;
        ++count;
      }
      if (count == 1) table.columns[i].settle = rename_column(*table.table, gone.name, only->name);
    }
  }

  void rename_references() {
    const auto rename = [&](std::string& table, std::vector<std::string>& columns) {
      const auto here = names_here_.find(table);
      if (here != names_here_.end()) {
        for (std::string& column : columns) {
          const auto name = here->second.find(column);
          if (name != here->second.end()) column = name->second;
        }
      }
      table = names_.now(table);
    };
    for (ManifestReference& reference : drift_.manifest.references) {
      const auto here = names_here_.find(reference.table);
      if (reference.when_column && here != names_here_.end()) {
        const auto name = here->second.find(*reference.when_column);
        if (name != here->second.end()) reference.when_column = name->second;
      }
      rename(reference.table, reference.columns);
      rename(reference.target, reference.target_columns);
    }
    const auto company = names_here_.find(archive_.company_table);
    if (company == names_here_.end()) return;
    const auto key = company->second.find(archive_.key_column);
    if (key != company->second.end()) drift_.manifest.key_column = key->second;
  }

  void add_new_tables() {
    for (const ScopedTable& scoped : scope_.tables) {
      if (!scoped.travels() || taken_.contains({scoped.table, false})) continue;
      drift_.others.push_back({display_table(schema_.tables[scoped.table]), "", "is new here"});
    }
  }

  const Manifest& archive_;
  const Schema& schema_;
  const Rules& rules_;
  const Scope& scope_;
  const StructureFacts& facts_;
  const std::string functions_;
  const Statements statements_;
  const bool thorough_;
  const FormerNames names_;
  std::map<TableIndex, std::set<std::string>> columns_of_;  // tables here
  // By which table of the archive: its own list, or that of shared ones.
  std::map<std::pair<TableIndex, bool>, std::string> taken_;
  std::map<std::string, std::map<std::string, std::string>> names_here_;  // of columns
  SchemaDrift drift_;
};

}  // namespace

SchemaDrift find_drift(const Manifest& archive, const Schema& schema, const Rules& rules,
                       const Scope& scope, const StructureFacts& facts,
                       const std::string& functions_schema, bool thorough) {
  return Finder(archive, schema, rules, scope, facts, functions_schema, thorough).run();
}

}  // namespace company_backup
