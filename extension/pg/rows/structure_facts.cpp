#include "pg/rows/structure_facts.hpp"

#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

constexpr const char* kLabels = R"(
SELECT a.attrelid, a.attnum, array_agg(e.enumlabel::text ORDER BY e.enumsortorder)::text
FROM pg_attribute a JOIN pg_enum e ON e.enumtypid = a.atttypid
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2)";

constexpr const char* kConstraints = R"(
SELECT relation, name, definition FROM (
  SELECT conrelid, conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE conrelid = ANY ($1::oid[]) AND contype IN ('c', 'f', 'u', 'x')
  UNION ALL
  SELECT i.indrelid, c.relname, pg_get_indexdef(i.indexrelid)
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid = ANY ($1::oid[]) AND i.indisunique AND i.indisvalid
    AND NOT EXISTS (SELECT FROM pg_constraint x WHERE x.conindid = i.indexrelid AND x.contype IN ('p', 'u', 'x'))
) found (relation, name, definition) ORDER BY relation, name COLLATE "C", definition COLLATE "C")";

}  // namespace

StructureFacts structure_facts(const LiveScope& live) {
  std::map<std::string, TableIndex> tables;  // by OID
  std::vector<std::string> oids;
  for (const ScopedTable* scoped : live.travelling()) {
    oids.push_back(std::to_string(live.table(scoped->table).oid));
    tables[oids.back()] = scoped->table;
  }
  const std::string list = text_array(oids);
  StructureFacts facts;
  for (const Row& row : query(kLabels, {list})) {
    facts.labels[{tables.at(*row[0]), static_cast<int16_t>(std::stoi(*row[1]))}] =
        parse_text_array(*row[2]);
  }
  for (const Row& row : query(kConstraints, {list})) {
    facts.constraints[tables.at(*row[0])].push_back({*row[1], *row[2]});
  }
  return facts;
}

void add_structure(const LiveScope& live, Manifest& manifest) {
  const StructureFacts facts = structure_facts(live);
  for (ManifestTable& archived : manifest.tables) {
    const TableName name = decode_table_name(archived.name);
    const TableIndex index = live.schema.find(name.schema, name.table);
    const auto constraints = facts.constraints.find(index);
    archived.constraints.emplace();
    if (constraints != facts.constraints.end()) archived.constraints = constraints->second;
    for (ManifestColumn& archived_column : archived.columns) {
      const Column* column = find_column(live.table(index), archived_column.name);
      if (column == nullptr) continue;
      archived_column.not_null = column->not_null;
      const auto labels = facts.labels.find({index, column->number});
      if (labels != facts.labels.end()) archived_column.labels = labels->second;
    }
  }
}

}  // namespace company_backup
