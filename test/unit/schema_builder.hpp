// Schemas for tests, written almost as one would write the DDL.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/scope/scope.hpp"
#include "core/text/words.hpp"

namespace company_backup {

class SchemaBuilder;

class TableBuilder {
 public:
  // "id integer", "name text null", "note text default", "seq integer identity", "up text
  // generated". Columns are NOT NULL unless they say null.
  TableBuilder& column(const std::string& definition);
  TableBuilder& columns(const std::vector<std::string>& definitions);
  TableBuilder& dropped();  // a gap in attnum
  TableBuilder& primary(const std::vector<std::string>& columns);
  // "" stands for an expression.
  TableBuilder& unique(const std::string& name, const std::vector<std::string>& columns);
  TableBuilder& exclusion(const std::string& name, const std::vector<std::string>& columns);
  TableBuilder& nulls_not_distinct();  // the last unique index
  // NOT NULL comes from the columns. An empty target column list means the target's primary key.
  TableBuilder& fk(const std::string& name, const std::vector<std::string>& columns,
                   const std::string& target, const std::vector<std::string>& target_columns = {});
  TableBuilder& cascade();         // of the last foreign key
  TableBuilder& only_partition();  // of the last foreign key
  Table& raw() { return table_; }

 private:
  friend class SchemaBuilder;
  struct PendingKey {
    std::string name, target;
    std::vector<std::string> columns, target_columns;
    bool cascade = false;
    bool one_partition = false;
  };
  Table table_;
  std::vector<PendingKey> keys_;
  int16_t next_number_ = 1;
};

class SchemaBuilder {
 public:
  // "sales.invoice". Without columns of its own in the test: `id integer` as primary key.
  TableBuilder& table(const std::string& name);
  TableBuilder& bare_table(const std::string& name);  // nothing but what the test adds
  TableBuilder& bare_table(const std::string& schema, const std::string& name);
  Schema build() const;

  // Of the built schema.
  static TableIndex find(const Schema& schema, const std::string& name);

 private:
  std::vector<std::unique_ptr<TableBuilder>> tables_;
};

// A rule's parts for "schema.table".
TableRule table_rule(const std::string& table, const std::string& treatment,
                     const std::vector<std::string>& route = {},
                     const std::vector<std::string>& match_columns = {});
ColumnRule column_rule(const std::string& table, const std::string& column,
                       const std::string& treatment);
ReferenceRule reference_rule(const std::string& table, const std::vector<std::string>& columns,
                             const std::string& target,
                             const std::vector<std::string>& target_columns = {});

// Rules with the company table sales.company, key id, name column name.
Rules sales_rules();

// Implementation.

namespace builder {

struct TypeFacts {
  TypeFamily family;
  uint32_t oid;
  const char* equality;
};

inline TypeFacts facts_of(const std::string& type) {
  static const std::map<std::string, TypeFacts> facts{
      {"smallint", {TypeFamily::kInteger, 21, "OPERATOR(pg_catalog.=)"}},
      {"integer", {TypeFamily::kInteger, 23, "OPERATOR(pg_catalog.=)"}},
      {"bigint", {TypeFamily::kInteger, 20, "OPERATOR(pg_catalog.=)"}},
      {"uuid", {TypeFamily::kUuid, 2950, "OPERATOR(pg_catalog.=)"}},
      {"text", {TypeFamily::kText, 25, "OPERATOR(pg_catalog.=)"}},
      {"varchar", {TypeFamily::kText, 1043, "OPERATOR(pg_catalog.=)"}},
      {"citext", {TypeFamily::kText, 90001, "OPERATOR(public.=)"}},
      {"integer[]", {TypeFamily::kIntegerArray, 1007, "OPERATOR(pg_catalog.=)"}},
      {"uuid[]", {TypeFamily::kUuidArray, 2951, "OPERATOR(pg_catalog.=)"}},
      {"text[]", {TypeFamily::kTextArray, 1009, "OPERATOR(pg_catalog.=)"}},
      {"jsonb", {TypeFamily::kJson, 3802, "OPERATOR(pg_catalog.=)"}},
      {"json", {TypeFamily::kJson, 114, ""}},
      {"boolean", {TypeFamily::kOther, 16, "OPERATOR(pg_catalog.=)"}},
      {"timestamptz", {TypeFamily::kOther, 1184, "OPERATOR(pg_catalog.=)"}},
      {"numeric", {TypeFamily::kNumeric, 1700, "OPERATOR(pg_catalog.=)"}},
      {"date", {TypeFamily::kOther, 1082, "OPERATOR(pg_catalog.=)"}}};
  return facts.at(type);
}

inline int16_t number_of(const Table& table, const std::string& name) {
  const Column* column = find_column(table, name);
  if (column == nullptr) throw std::invalid_argument(table.name + " has no column " + name);
  return column->number;
}

inline std::vector<int16_t> numbers_of(const Table& table, const std::vector<std::string>& names) {
  std::vector<int16_t> numbers;
  for (const std::string& name : names) {
    numbers.push_back(name.empty() ? int16_t{0} : number_of(table, name));
  }
  return numbers;
}

inline UniqueIndex index_of(const Table& table, const std::string& name,
                            const std::vector<std::string>& columns) {
  UniqueIndex index;
  index.name = name;
  index.columns = index.used = numbers_of(table, columns);
  std::erase(index.used, 0);
  return index;
}

inline std::vector<int16_t> primary_of(const Table& table) {
  for (const UniqueIndex& index : table.unique_indexes)
    if (index.primary) return index.columns;
  throw std::invalid_argument(table.name + " has no primary key");
}

inline std::pair<std::string, std::string> split(const std::string& name) {
  const size_t dot = name.find('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}

}  // namespace builder

inline TableBuilder& TableBuilder::column(const std::string& definition) {
  std::istringstream words(definition);
  Column column;
  words >> column.name >> column.type;
  const builder::TypeFacts facts = builder::facts_of(column.type);
  column.number = next_number_++;
  column.type_oid = facts.oid;
  column.family = facts.family;
  column.equality = facts.equality;
  column.not_null = true;
  for (std::string word; words >> word;) {
    if (word == "null") column.not_null = false;
    if (word == "default") column.has_default = true;
    if (word == "identity") column.identity = true;
    if (word == "generated") column.generated = true;
  }
  table_.columns.push_back(column);
  return *this;
}

inline TableBuilder& TableBuilder::columns(const std::vector<std::string>& definitions) {
  for (const std::string& definition : definitions) column(definition);
  return *this;
}

inline TableBuilder& TableBuilder::dropped() {
  ++next_number_;
  return *this;
}

inline TableBuilder& TableBuilder::primary(const std::vector<std::string>& columns) {
  table_.unique_indexes.push_back(builder::index_of(table_, table_.name + "_pkey", columns));
  table_.unique_indexes.back().primary = true;
  return *this;
}

inline TableBuilder& TableBuilder::unique(const std::string& name,
                                          const std::vector<std::string>& columns) {
  table_.unique_indexes.push_back(builder::index_of(table_, name, columns));
  return *this;
}

inline TableBuilder& TableBuilder::exclusion(const std::string& name,
                                             const std::vector<std::string>& columns) {
  table_.exclusions.push_back(builder::index_of(table_, name, columns));
  return *this;
}

inline TableBuilder& TableBuilder::nulls_not_distinct() {
  table_.unique_indexes.back().nulls_not_distinct = true;
  return *this;
}

inline TableBuilder& TableBuilder::fk(const std::string& name,
                                      const std::vector<std::string>& columns,
                                      const std::string& target,
                                      const std::vector<std::string>& target_columns) {
  PendingKey key;
  key.name = name;
  key.target = target;
  key.columns = columns;
  key.target_columns = target_columns;
  keys_.push_back(key);
  return *this;
}

inline TableBuilder& TableBuilder::cascade() {
  keys_.back().cascade = true;
  return *this;
}

inline TableBuilder& TableBuilder::only_partition() {
  keys_.back().one_partition = true;
  return *this;
}

inline TableBuilder& SchemaBuilder::bare_table(const std::string& schema, const std::string& name) {
  tables_.push_back(std::make_unique<TableBuilder>());
  tables_.back()->table_.schema = schema;
  tables_.back()->table_.name = name;
  tables_.back()->table_.oid = static_cast<uint32_t>(16384 + tables_.size());
  return *tables_.back();
}

inline TableBuilder& SchemaBuilder::bare_table(const std::string& name) {
  const auto [schema, table] = builder::split(name);
  return bare_table(schema, table);
}

inline TableBuilder& SchemaBuilder::table(const std::string& name) {
  return bare_table(name).column("id integer").primary({"id"});
}

inline Schema SchemaBuilder::build() const {
  Schema schema;
  std::vector<const TableBuilder*> sorted;
  for (const auto& table : tables_) sorted.push_back(table.get());
  std::sort(sorted.begin(), sorted.end(), [](const TableBuilder* a, const TableBuilder* b) {
    return std::tie(a->table_.schema, a->table_.name) < std::tie(b->table_.schema, b->table_.name);
  });
  for (const TableBuilder* builder : sorted) {
    schema.tables.push_back(builder->table_);
    auto& indexes = schema.tables.back().unique_indexes;
    std::sort(indexes.begin(), indexes.end(),
              [](const UniqueIndex& a, const UniqueIndex& b) { return a.name < b.name; });
  }
  for (size_t i = 0; i < sorted.size(); ++i)
    for (const auto& pending : sorted[i]->keys_) {
      ForeignKey fk;
      fk.name = pending.name;
      fk.table = static_cast<TableIndex>(i);
      fk.target = find(schema, pending.target);
      const Table& target = schema.tables[fk.target];
      fk.columns = builder::numbers_of(schema.tables[i], pending.columns);
      fk.target_columns = pending.target_columns.empty()
                              ? builder::primary_of(target)
                              : builder::numbers_of(target, pending.target_columns);
      fk.operators.assign(fk.columns.size(), "OPERATOR(pg_catalog.=)");
      fk.on_delete = pending.cascade ? 'c' : 'a';
      fk.only_partition = pending.one_partition ? 99999 : 0;
      schema.foreign_keys.push_back(fk);
    }
  std::sort(schema.foreign_keys.begin(), schema.foreign_keys.end(),
            [](const ForeignKey& a, const ForeignKey& b) {
              return std::tie(a.table, a.name) < std::tie(b.table, b.name);
            });
  return schema;
}

inline TableIndex SchemaBuilder::find(const Schema& schema, const std::string& name) {
  const auto [schema_name, table] = builder::split(name);
  const TableIndex index = schema.find(schema_name, table);
  if (index == kNoTable) throw std::invalid_argument("no table " + name);
  return index;
}

inline TableRule table_rule(const std::string& table, const std::string& treatment,
                            const std::vector<std::string>& route,
                            const std::vector<std::string>& match_columns) {
  TableRule rule;
  std::tie(rule.schema, rule.table) = builder::split(table);
  rule.treatment = parse_word<TableTreatment>(treatment).value();
  rule.reason = "reviewed";
  rule.route = route;
  rule.match_columns = match_columns;
  return rule;
}

inline ColumnRule column_rule(const std::string& table, const std::string& column,
                              const std::string& treatment) {
  ColumnRule rule;
  std::tie(rule.schema, rule.table) = builder::split(table);
  rule.column = column;
  rule.treatment = parse_word<ColumnTreatment>(treatment).value();
  return rule;
}

inline ReferenceRule reference_rule(const std::string& table,
                                    const std::vector<std::string>& columns,
                                    const std::string& target,
                                    const std::vector<std::string>& target_columns) {
  ReferenceRule rule;
  std::tie(rule.schema, rule.table) = builder::split(table);
  rule.columns = columns;
  std::tie(rule.target_schema, rule.target_table) = builder::split(target);
  rule.target_columns = target_columns;
  return rule;
}

inline Rules sales_rules() {
  Rules rules;
  rules.settings.company_schema = "sales";
  rules.settings.company_table = "company";
  rules.settings.key_column = "id";
  rules.settings.name_column = "name";
  return rules;
}

}  // namespace company_backup
