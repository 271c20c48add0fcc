// What the catalog says of the user's tables, and what the rules say, as plain data: the input of
// scope discovery (core/scope/scope.hpp). Filled from pg_catalog by pg/scope/catalog.cpp, by hand
// in unit tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/scope/treatment.hpp"

namespace company_backup {

using TableIndex = int;  // position in Schema::tables
inline constexpr TableIndex kNoTable = -1;

// What a column's type can hold, as far as discovery cares.
enum class TypeFamily {
  kInteger,
  kNumeric,
  kUuid,
  kText,
  kIntegerArray,
  kUuidArray,
  kTextArray,
  kJson,
  kOther
};

struct Column {
  int16_t number = 0;  // pg_attribute.attnum; dropped columns are not listed
  std::string name;
  std::string type;       // format_type(): "character varying(20)"
  uint32_t type_oid = 0;  // of the base type, for a domain
  bool is_bytea() const { return type_oid == 17; }
  bool is_padded() const { return type_oid == 1042; }  // char(n)
  std::string cast;  // "::" base type, where the operators of a domain could be somebody's own
  TypeFamily family = TypeFamily::kOther;
  bool is_opaque =
      false;  // of a type of others that anything can be in: a row, or an array of them
  bool is_enum = false;
  bool not_null = false;   // in every row; or its domain is
  bool generated = false;  // GENERATED ALWAYS AS (...), stored or virtual
  bool identity = false;
  bool has_default = false;
  std::string equality;  // the type's default "=", as `OPERATOR(pg_catalog.=)`; empty: it has none
};

struct UniqueIndex {
  std::string name;
  std::vector<int16_t> columns;  // attnums of the key columns; 0 for an expression
  bool primary = false;
  bool partial = false;
  bool immediate = true;
  bool nulls_not_distinct = false;
  uint32_t oid = 0;
  std::vector<int16_t> used;  // attnums in its columns, expressions and predicate
};

struct Table {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
  bool partitioned = false;  // the root of a partition tree; its partitions are not listed
  bool foreign = false;
  bool has_children = false;    // other tables inherit from it (not partitions)
  bool is_child = false;        // it inherits from another table (not a partition)
  bool of_extension = false;    // member of an extension
  std::string outsider;         // its owner, if he has no right on the company's tables; else empty
  std::vector<Column> columns;  // in attnum order
  std::vector<UniqueIndex> unique_indexes;  // in name order
  // In name order; `columns` are those that are compared with "=", 0 stands for all others.
  std::vector<UniqueIndex> exclusions;
};

struct ForeignKey {
  std::string name;
  TableIndex table = kNoTable;
  TableIndex target = kNoTable;
  uint32_t only_partition =
      0;  // OID of the one partition that carries it; 0: the table itself does
  std::vector<int16_t> columns;
  std::vector<int16_t> target_columns;
  std::vector<std::string>
      operators;         // target column OP column, per column: `OPERATOR(pg_catalog.=)`
  char match = 's';      // confmatchtype: 's' simple, 'f' full
  char on_delete = 'a';  // confdeltype: 'c' cascade, 'n' set null, 'd' set default
  bool validated = true;
  bool temporal = false;             // the last columns are periods: PERIOD
  std::vector<int16_t> set_columns;  // that SET NULL and SET DEFAULT set; empty: all columns
  uint32_t only_target = 0;          // OID of the one partition it refers to; 0: the target itself
};

struct TableRule {
  std::string schema, table;
  TableTreatment treatment = TableTreatment::kExcluded;
  std::string reason;
  std::string area;
  std::vector<std::string> match_columns;
  std::vector<std::string>
      route;             // names of FK constraints, scope columns or set_reference columns
  bool guessed = false;  // nobody has set it: only supposed while proposals are made
};

struct ColumnRule {
  std::string schema, table, column;  // no table: all tables, see core/scope/rules_for_all.hpp
  ColumnTreatment treatment = ColumnTreatment::kData;
  // SQL expression. Of kRenew: over the old value, what a copy gets. Else over nothing: what a row
  // gets that is added without a value of its own in this column; empty: its default.
  std::string replacement = {};
  bool from_all = false;  // made of one for all tables
  // Of kData: set because no value was the key of anything, and only as long as that is so.
  bool on_evidence = false;
};

struct ReferenceRule {
  std::string schema, table;  // as above
  std::vector<std::string> columns;
  std::string target_schema, target_table;
  std::vector<std::string> target_columns = {};  // empty: the target's primary key
  std::string json_path = {};  // empty: the column itself (or each element of an array)
  std::string when_column = {}, when_value = {};  // empty: always
  OutsidePolicy outside = OutsidePolicy::kRefuse;
  bool from_all = false;
  bool guessed = false;  // as above
  bool path = false;     // of a proposal: its column is a path, which a column rule says, too
};

// What older archives call otherwise, or do not have.
struct TableRename {
  std::string old_schema, old_table;
  std::string schema, table;
};

struct ColumnRename {
  std::string schema, table;
  std::string old_column, column;
};

struct ColumnDefault {
  std::string schema, table, column;
  std::string expression;  // SQL over nothing
};

// What rows must meet to be restored.
struct RowCheck {
  std::string schema, table;
  std::string condition;  // SQL over a row
};

struct Settings {
  std::string company_schema, company_table;  // empty: not set
  std::string key_column, name_column, owner_column;
  std::optional<std::vector<std::string>> identity_columns;
  std::vector<std::string> scope_columns;
  std::vector<std::string> search_path;  // schemas, for owners' code; empty: not set
  std::string membership_schema, membership_table, membership_person_column;  // empty: not set
};

struct Rules {
  Settings settings;
  std::vector<TableRule> tables;
  std::vector<ColumnRule> columns;
  std::vector<ReferenceRule> references;
  std::vector<TableRename> table_renames;
  std::vector<ColumnRename> column_renames;
  std::vector<ColumnDefault> column_defaults;
  std::vector<RowCheck> row_checks;
};

struct Schema {
  std::vector<Table> tables;             // in (schema, name) order, compared by bytes
  std::vector<ForeignKey> foreign_keys;  // in (table, name) order
  // Foreign keys that are NOT ENFORCED, and temporal ones: no ways to the company, no references.
  std::vector<ForeignKey> unheld_keys;

  TableIndex find(const std::string& schema, const std::string& name) const;
};

const Column* find_column(const Table& table, const std::string& name);
const Column& column_of(const Table& table, int16_t number);
std::vector<const Column*> columns_of(const Table& table, const std::vector<int16_t>& numbers);
std::vector<std::string> column_names(const Table& table, const std::vector<int16_t>& numbers);
bool is_array(const Column& column);  // of integers, uuids or texts
// Of an array what its elements are, else the family itself.
TypeFamily element_family(TypeFamily family);
bool is_number_family(TypeFamily family);  // whole numbers, or any
// Can a column have the values of a key? Numbers of any type can those of others.
bool same_values(TypeFamily column, TypeFamily key);
bool all_not_null(const Table& table, const std::vector<int16_t>& columns);

// What tells the rows of a table apart: the primary key, else the first unique index that is not
// partial, not on expressions, immediate and all NOT NULL; empty if there is none.
std::vector<int16_t> pick_key(const Table& table);

// The rule for a table; null: none.
const TableRule* table_rule(const Rules& rules, const Table& table);
// The rule for a column; null: none.
const ColumnRule* column_rule(const Rules& rules, const Table& table, const std::string& column);
// Its treatment; none: no rule is on it.
std::optional<ColumnTreatment> column_treatment(const Rules& rules, const Table& table,
                                                const std::string& column);

// What rows of archives get that have no value for the column; null: no rule says it.
const std::string* declared_default(const Rules& rules, const Table& table, const Column& column);

// What set_row_check() says of rows of the table; empty: nothing.
std::string row_check_of(const Rules& rules, const Table& table);

// Is each value of the column a file in an archive? Only bytea can be; a column of another type
// that is treated as a file stays in its row.
bool is_file(const Rules& rules, const Table& table, const Column& column);

}  // namespace company_backup
