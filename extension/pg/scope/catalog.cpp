#include "pg/scope/catalog.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "core/text/quoting.hpp"
#include "pg/base/compat.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

constexpr const char* kTables = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind,
       c.relkind <> 'p' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid),
       EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid),
       EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
               AND d.deptype = 'e')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'company_backup')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")";

constexpr const char* kColumns = R"(
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid,
       )" COMPANY_BACKUP_IS_NOT_NULL R"(,
       a.attgenerated <> '', a.attidentity <> '', a.atthasdef
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)";

// Columns of a constraint's index are known by the constraint, which depends on them in its place.
// Of exclusion constraints and keys WITHOUT OVERLAPS the columns that are not compared with "="
// count as expressions.
constexpr const char* kUniqueIndexes = R"(
SELECT i.indrelid, ic.relname, (i.indkey::int2[])[0:i.indnkeyatts - 1], i.indisprimary,
       i.indpred IS NOT NULL, i.indimmediate, i.indnullsnotdistinct,
       i.indexrelid,
       i.indisexclusion,
       ARRAY(SELECT EXISTS (SELECT FROM pg_amop a WHERE a.amopopr = op AND a.amopmethod = 403
                            AND a.amopstrategy = 3)
             FROM pg_constraint x, unnest(x.conexclop) WITH ORDINALITY o(op, n)
             WHERE x.conindid = i.indexrelid AND x.contype IN ('x', 'p', 'u') ORDER BY n),
       CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL
         THEN (i.indkey::int2[])[0:i.indnkeyatts - 1]
         ELSE ARRAY(SELECT d.refobjsubid FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                      AND d.refobjsubid > 0
                    UNION SELECT k FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k
                    WHERE k > 0 ORDER BY 1)::int2[] END
FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
WHERE (i.indisunique OR i.indisexclusion) AND i.indisvalid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relnamespace <> 'pg_catalog'::regnamespace AND c.relnamespace <> 'pg_toast'::regnamespace
ORDER BY i.indrelid, ic.relname COLLATE "C")";

// Copies of a partitioned table's keys on its partitions (conparentid <> 0) say nothing new; a key
// of one partition's own is listed for the root, with the partition's OID. Roots as the snapshot
// has them: pg_partition_root() would know of partitions that are attached meanwhile.
constexpr const char* kForeignKeys = R"(
WITH RECURSIVE part(oid, root) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
  UNION ALL SELECT c.oid, p.root FROM part p JOIN pg_inherits i ON i.inhparent = p.oid
    JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relispartition)
SELECT source.root, target.root,
       con.conname,
       CASE WHEN c.relispartition THEN con.conrelid ELSE 0 END,
       (SELECT array_agg(r.attnum ORDER BY k.n) FROM unnest(con.conkey) WITH ORDINALITY k(num, n)
          JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.num
          JOIN pg_attribute r ON r.attrelid = source.root
                             AND r.attname = a.attname AND NOT r.attisdropped),
       (SELECT array_agg(r.attnum ORDER BY k.n) FROM unnest(con.confkey) WITH ORDINALITY k(num, n)
          JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.num
          JOIN pg_attribute r ON r.attrelid = target.root
                             AND r.attname = a.attname AND NOT r.attisdropped),
       (SELECT array_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY k.n)
          FROM unnest(con.conpfeqop) WITH ORDINALITY k(op, n) JOIN pg_operator o ON o.oid = k.op
          JOIN pg_namespace n ON n.oid = o.oprnamespace),
       con.confmatchtype, con.confdeltype, con.convalidated,
       coalesce((SELECT array_agg(r.attnum) FROM unnest(con.confdelsetcols) AS k(num)
          JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.num
          JOIN pg_attribute r ON r.attrelid = source.root
                             AND r.attname = a.attname AND NOT r.attisdropped), '{}'),
       CASE WHEN t.relispartition THEN con.confrelid ELSE 0 END,
       )" COMPANY_BACKUP_IS_ENFORCED ", " COMPANY_BACKUP_IS_TEMPORAL R"(
FROM pg_constraint con JOIN part source ON source.oid = con.conrelid
  JOIN part target ON target.oid = con.confrelid JOIN pg_class c ON c.oid = con.conrelid
  JOIN pg_class t ON t.oid = con.confrelid
WHERE con.contype = 'f' AND con.conparentid = 0
ORDER BY c.relnamespace, con.conname COLLATE "C")";

// Tables of owners who have no right on any of the tables $1, of which the first is the company
// table, and own none of them. A right on somebody's table of his own making proves nothing,
// and MAINTAIN is none on rows.
constexpr const char* kOutsiders = R"(
SELECT c.oid, o.rolname
FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relowner IN (
  SELECT r.oid FROM pg_roles r JOIN pg_database d ON d.datname = current_database()
  WHERE r.oid IN (SELECT relowner FROM pg_class) AND NOT pg_has_role(r.oid, d.datdba, 'USAGE')
    AND NOT EXISTS (SELECT FROM unnest($1::oid[]) AS t(oid)
      WHERE has_any_column_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
         OR has_table_privilege(r.oid, t.oid, 'DELETE, TRUNCATE, TRIGGER')))
)";

uint32_t to_oid(const Text& cell) {
  return static_cast<uint32_t>(std::stoul(*cell));
}
bool to_bool(const Text& cell) {
  return *cell == "t";
}

std::vector<int16_t> to_numbers(const Text& array) {
  // An array with an explicit lower bound prints as [0:1]={1,2}.
  const std::string text = array->substr(array->find('{'));
  std::vector<int16_t> numbers;
  for (const std::string& item : parse_text_array(text)) {
    numbers.push_back(static_cast<int16_t>(std::stoi(item)));
  }
  return numbers;
}

// What discovery wants to know of a type; trivially copyable, filled inside guarded().
struct TypeFacts {
  Oid base;
  TypeFamily family;
  bool is_opaque;
  bool is_enum;
  Oid equality;
  bool not_null;  // a domain that is, or is over one
  bool has_default;
};

bool is_not_null_domain(Oid type) {
  while (OidIsValid(type)) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", type);
    const FormData_pg_type form = *reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    ReleaseSysCache(tuple);
    if (form.typtype != TYPTYPE_DOMAIN) return false;
    if (form.typnotnull) return true;
    type = form.typbasetype;
  }
  return false;
}

TypeFamily family_of(Oid type) {
  switch (type) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
      return TypeFamily::kInteger;
    case NUMERICOID:
      return TypeFamily::kNumeric;
    case UUIDOID:
      return TypeFamily::kUuid;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NAMEOID:
      return TypeFamily::kText;
    case INT2ARRAYOID:
    case INT4ARRAYOID:
    case INT8ARRAYOID:
      return TypeFamily::kIntegerArray;
    case UUIDARRAYOID:
      return TypeFamily::kUuidArray;
    case TEXTARRAYOID:
    case VARCHARARRAYOID:
    case BPCHARARRAYOID:
    case NAMEARRAYOID:
      return TypeFamily::kTextArray;
    case JSONOID:
    case JSONBOID:
      return TypeFamily::kJson;
    default:
      return TypeFamily::kOther;
  }
}

// Not an enum, a range, a number or a time: a row, or a type of somebody's own making.
bool is_opaque(Oid type) {
  char category;
  bool preferred;
  get_type_category_preferred(type, &category, &preferred);
  return type >= FirstNormalObjectId &&
         (category == TYPCATEGORY_COMPOSITE || category == TYPCATEGORY_USER);
}

TypeFacts facts_of(Oid type) {
  return guarded([type] {
    TypeFacts facts;
    facts.base = getBaseType(type);
    facts.family = family_of(facts.base);
    // An array of a domain holds what the domain is over.
    const Oid element = get_element_type(facts.base);
    if (facts.family == TypeFamily::kOther && OidIsValid(element)) {
      facts.family = family_of(get_array_type(getBaseType(element)));
    }
    // citext and the like compare as text but are types of their own.
    char category;
    bool preferred;
    get_type_category_preferred(facts.base, &category, &preferred);
    if (facts.family == TypeFamily::kOther && category == TYPCATEGORY_STRING) {
      facts.family = TypeFamily::kText;
    }
    facts.is_opaque = is_opaque(OidIsValid(element) ? getBaseType(element) : facts.base);
    facts.is_enum = get_typtype(facts.base) == TYPTYPE_ENUM;
    facts.equality = lookup_type_cache(facts.base, TYPECACHE_EQ_OPR)->eq_opr;
    facts.not_null = is_not_null_domain(type);
    facts.has_default = get_typdefault(type) != nullptr;
    return facts;
  });
}

std::string operator_text(Oid op) {
  if (!OidIsValid(op)) return {};
  struct Names {
    const char* schema;
    const char* name;
  };
  const Names names = guarded([op] {
    HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(op));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for operator %u", op);
    const Form_pg_operator form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    Names result{from_server(get_namespace_name(form->oprnamespace)),
                 from_server(pstrdup(NameStr(form->oprname)))};
    ReleaseSysCache(tuple);
    return result;
  });
  // As format('%I') writes those of foreign keys: they are compared.
  const std::string schema = names.schema;
  return "OPERATOR(" + (schema == "pg_catalog" ? schema : quote_name(schema)) + "." + names.name +
         ")";
}

// To the base type, for a domain over a type of users: an operator outside pg_catalog could have a
// namesake for the domain.
std::string cast_of(Oid type, const TypeFacts& facts) {
  if (type == facts.base || facts.base < FirstNormalObjectId) return {};
  return std::string("::") +
         guarded([&] { return from_server(format_type_be_qualified(facts.base)); });
}

class Loader {
 public:
  Schema load() {
    load_tables();
    load_columns();
    load_unique_indexes();
    load_foreign_keys();
    return std::move(schema_);
  }

 private:
  struct Known {
    TypeFacts facts;
    std::string equality;
    std::string cast;
  };

  Table* table_of(const Text& oid) {
    const auto found = index_.find(to_oid(oid));
    return found == index_.end() ? nullptr : &schema_.tables[found->second];
  }

  void load_tables() {
    for (const Row& row : query(kTables)) {
      Table table;
      table.oid = to_oid(row[0]);
      table.schema = *row[1];
      table.name = *row[2];
      table.partitioned = *row[3] == "p";
      table.foreign = *row[3] == "f";
      table.has_children = to_bool(row[4]);
      table.is_child = to_bool(row[5]);
      table.of_extension = to_bool(row[6]);
      index_[table.oid] = static_cast<TableIndex>(schema_.tables.size());
      schema_.tables.push_back(std::move(table));
    }
  }

  const Known& known_type(Oid type) {
    auto found = types_.find(type);
    if (found == types_.end()) {
      const TypeFacts facts = facts_of(type);
      found =
          types_.emplace(type, Known{facts, operator_text(facts.equality), cast_of(type, facts)})
              .first;
    }
    return found->second;
  }

  void load_columns() {
    for (const Row& row : query(kColumns)) {
      Table* table = table_of(row[0]);
      if (table == nullptr) continue;
      const Known& type = known_type(to_oid(row[4]));
      Column column;
      column.number = static_cast<int16_t>(std::stoi(*row[1]));
      column.name = *row[2];
      column.type = *row[3];
      column.type_oid = type.facts.base;
      column.family = type.facts.family;
      column.is_opaque = type.facts.is_opaque;
      column.is_enum = type.facts.is_enum;
      column.equality = type.equality;
      column.cast = type.cast;
      column.not_null = to_bool(row[5]) || type.facts.not_null;
      column.generated = to_bool(row[6]);
      column.identity = to_bool(row[7]);
      column.has_default = to_bool(row[8]) || type.facts.has_default;
      table->columns.push_back(std::move(column));
    }
  }

  void load_unique_indexes() {
    for (const Row& row : query(kUniqueIndexes)) {
      Table* table = table_of(row[0]);
      if (table == nullptr) continue;
      UniqueIndex index;
      index.name = *row[1];
      index.columns = to_numbers(row[2]);
      index.primary = to_bool(row[3]);
      index.partial = to_bool(row[4]);
      index.immediate = to_bool(row[5]);
      index.nulls_not_distinct = to_bool(row[6]);
      index.oid = to_oid(row[7]);
      index.used = to_numbers(row[10]);
      if (to_bool(row[8])) {
        const std::vector<std::string> equal = parse_text_array(*row[9]);
        for (size_t i = 0; i < equal.size(); ++i) {
          if (equal[i] != "t") index.columns[i] = 0;
        }
        table->exclusions.push_back(std::move(index));
      } else {
        table->unique_indexes.push_back(std::move(index));
      }
    }
  }

  void load_foreign_keys() {
    for (const Row& row : query(kForeignKeys)) {
      const auto source = index_.find(to_oid(row[0]));
      const auto target = index_.find(to_oid(row[1]));
      if (source == index_.end() || target == index_.end()) continue;
      ForeignKey key;
      key.table = source->second;
      key.target = target->second;
      key.name = *row[2];
      key.only_partition = to_oid(row[3]);
      key.columns = to_numbers(row[4]);
      key.target_columns = to_numbers(row[5]);
      key.operators = parse_text_array(*row[6]);
      key.match = (*row[7])[0];
      key.on_delete = (*row[8])[0];
      key.validated = to_bool(row[9]);
      key.set_columns = to_numbers(row[10]);
      key.only_target = to_oid(row[11]);
      key.temporal = to_bool(row[13]);
      const bool held = to_bool(row[12]) && !key.temporal;
      (held ? schema_.foreign_keys : schema_.unheld_keys).push_back(std::move(key));
    }
    for (auto* keys : {&schema_.foreign_keys, &schema_.unheld_keys}) {
      std::stable_sort(keys->begin(), keys->end(),
                       [](const ForeignKey& a, const ForeignKey& b) { return a.table < b.table; });
    }
  }

  Schema schema_;
  std::unordered_map<uint32_t, TableIndex> index_;
  std::unordered_map<Oid, Known> types_;
};

// The company table and those whose foreign keys lead to it, directly or not: to declare one takes
// a right on its target.
std::vector<std::string> tables_of_companies(const Schema& schema, TableIndex company) {
  std::vector<std::vector<TableIndex>> referring(schema.tables.size());
  for (const ForeignKey& key : schema.foreign_keys) referring[key.target].push_back(key.table);
  std::vector<TableIndex> reached{company};
  std::vector<bool> seen(schema.tables.size(), false);
  seen[company] = true;
  std::vector<std::string> oids;
  for (size_t i = 0; i < reached.size(); ++i) {
    oids.push_back(std::to_string(schema.tables[reached[i]].oid));
    for (TableIndex table : referring[reached[i]]) {
      if (!seen[table]) reached.push_back(table);
      seen[table] = true;
    }
  }
  return oids;
}

void mark_outsiders(Schema& schema, const Settings& settings) {
  const TableIndex company = schema.find(settings.company_schema, settings.company_table);
  if (company == kNoTable) return;
  std::unordered_map<uint32_t, std::string> owners;
  for (const Row& row :
       query(kOutsiders, {Arg(text_array(tables_of_companies(schema, company)))})) {
    owners.emplace(to_oid(row[0]), *row[1]);
  }
  for (Table& table : schema.tables) {
    const auto owner = owners.find(table.oid);
    if (owner != owners.end()) table.outsider = owner->second;
  }
}

}  // namespace

Schema load_schema(const Settings& settings) {
  guarded([] { PushActiveSnapshot(GetLatestSnapshot()); });
  Schema schema = Loader().load();
  mark_outsiders(schema, settings);
  guarded([] { PopActiveSnapshot(); });
  return schema;
}

}  // namespace company_backup
