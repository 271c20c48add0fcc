#include "pg/base/foreign_code.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {
namespace {

// PostgreSQL's own functions and operators are pinned: nothing is recorded as depending on them. So
// a recorded dependency is on somebody's code.

constexpr const char* kCodeOfInsert = R"(
SELECT code FROM (
  SELECT 'trigger "' || tgname || '"', tgrelid FROM pg_trigger
  WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 4 <> 0  -- INSERT
  UNION ALL
  SELECT CASE WHEN a.attgenerated = '' THEN 'default of column "' ELSE 'generated column "' END
    || a.attname || '"', d.adrelid
  FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  WHERE (a.attgenerated <> '' OR a.attnum <> ALL ($2::int2[]))
    AND EXISTS (SELECT FROM pg_depend p WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
      AND p.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass))
) found (code, relation) JOIN pg_class c ON c.oid = relation
WHERE relation = $1::oid AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = c.relowner
  AND (r.rolsuper OR r.rolname = current_user))
ORDER BY code)";

constexpr const char* kCodeOfDelete = R"(
SELECT 'trigger "' || t.tgname || '"' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 8 <> 0
AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = c.relowner
  AND (r.rolsuper OR r.rolname = current_user))
ORDER BY 1)";

// Operator families with functions of strangers: hardly ever any.
constexpr const char* kStrangeFamilies = R"(
SELECT DISTINCT family FROM (
  SELECT p.amprocfamily, f.proowner FROM pg_amproc p JOIN pg_proc f ON f.oid = p.amproc
  WHERE p.amproc::oid >= 16384
  UNION ALL
  SELECT o.amopfamily, f.proowner FROM pg_amop o JOIN pg_operator c ON c.oid = o.amopopr
    JOIN pg_proc f ON f.oid = c.oprcode WHERE c.oprcode::oid >= 16384
) code (family, owner)
WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = owner AND (r.rolsuper OR r.rolname = current_user)))";

// The tables $1 with what is below them, and the types that their columns are made of.
constexpr std::string_view kTypesOfTables = R"(
WITH RECURSIVE relation (oid) AS (
  SELECT unnest($1::oid[]) UNION SELECT i.inhrelid FROM relation r JOIN pg_inherits i ON i.inhparent = r.oid
), part (oid) AS (
  SELECT a.atttypid FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT o.oid FROM part p JOIN pg_type t ON t.oid = p.oid CROSS JOIN LATERAL (
    SELECT t.typelem UNION ALL SELECT t.typbasetype
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT a.atttypid FROM pg_attribute a
      WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
  ) o (oid) WHERE o.oid <> 0
)";

constexpr std::string_view kUsedFamilies = R"(), class (oid) AS (
  SELECT unnest(i.indclass::oid[]) FROM relation r JOIN pg_index i ON i.indrelid = r.oid
  UNION SELECT c.oid FROM part p JOIN pg_opclass c ON c.opcintype = p.oid AND c.opcdefault
  UNION SELECT r.rngsubopc FROM part p JOIN pg_range r ON p.oid IN (r.rngtypid, r.rngmultitypid)
  UNION SELECT unnest(p.partclass::oid[]) FROM relation r JOIN pg_partitioned_table p ON p.partrelid = r.oid
)
SELECT DISTINCT format('%I.%I', n.nspname, c.opcname) FROM class JOIN pg_opclass c USING (oid)
JOIN pg_namespace n ON n.oid = c.opcnamespace WHERE c.opcfamily = ANY ($2::oid[]) ORDER BY 1)";

// Implicit casts with functions of strangers.
constexpr const char* kStrangeCasts = R"(
SELECT c.oid FROM pg_cast c JOIN pg_proc f ON f.oid = c.castfunc
WHERE c.castfunc >= 16384 AND c.castcontext = 'i'
AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = f.proowner AND (r.rolsuper OR r.rolname = current_user)))";

// Casts from or to users' types: a stranger's cast of integers needs a column of his type, too.
constexpr std::string_view kUsedCasts = R"()
SELECT DISTINCT format('%s AS %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))
FROM part p JOIN pg_cast c ON p.oid IN (c.castsource, c.casttarget)
WHERE p.oid >= 16384 AND c.oid = ANY ($2::oid[]) ORDER BY 1)";

[[noreturn]] void refuse(const Rows& code, const std::string& table, const char* what,
                         const char* hint) {
  std::string list;
  for (const Row& row : code) list += (list.empty() ? "" : ", ") + *row[0];
  throw Error(sqlstate::kForeignCode, std::string(what) + " foreign table " +
                                          quoted_display(table) + " would run code of others")
      .detail("It would run with the rights of the caller: " + list + ".")
      .hint(hint);
}

// The type, if values of the column cannot be read without running others' code.
const char* type_with_code(Oid table, int16_t column) {
  return guarded([=]() -> const char* {
    const Oid type = get_atttype(table, column);
    const Oid owner = owner_of_type_code(type);
    if (!OidIsValid(owner) || owner == GetUserId()) return nullptr;
    return from_server(format_type_be_qualified(type));
  });
}

// Comparing values of the tables must not call functions of strangers: those that `strange` lists,
// if `used` finds them at work there.
void refuse_strange(const std::vector<uint32_t>& tables, const char* strange, std::string_view used,
                    const std::string& what) {
  std::vector<std::string> strangers, oids;
  for (const Row& row : query(strange)) strangers.push_back(*row[0]);
  if (strangers.empty()) return;
  for (const uint32_t oid : tables) oids.push_back(std::to_string(oid));
  const Rows found = query(std::string(kTypesOfTables) + std::string(used),
                           {text_array(oids), text_array(strangers)});
  if (found.empty()) return;
  std::string list;
  for (const Row& row : found) list += (list.empty() ? "" : ", ") + *row[0];
  throw Error(sqlstate::kForeignCode, "comparing values of the company would run code of others")
      .detail(what +
              " call functions that belong neither to a superuser nor to the caller: " + list + ".")
      .hint("Let a superuser own these functions: ALTER FUNCTION ... OWNER TO.");
}

bool has_foreign_partition(const Table& table) {
  return table.partitioned &&
         !query(
              "SELECT FROM pg_partition_tree($1) p JOIN pg_class c ON c.oid = p.relid "
              "WHERE c.relkind = 'f' LIMIT 1",
              {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid))})
              .empty();
}

}  // namespace

void refuse_code_of_types(const Table& table) {
  const bool has_types = std::any_of(table.columns.begin(), table.columns.end(), [&](auto& column) {
    return guarded([&] { return get_atttype(table.oid, column.number) >= FirstNormalObjectId; });
  });
  if (!has_types || (!table.foreign && !has_foreign_partition(table))) return;
  Rows code;
  for (const Column& column : table.columns) {
    const char* type = type_with_code(table.oid, column.number);
    if (type != nullptr) code.push_back({"type " + std::string(type)});
  }
  if (code.empty()) return;
  refuse(code, display_table(table), "reading",
         "Give the columns of the foreign table plain types, let a superuser own these types, or "
         "call as their owner.");
}

void refuse_code_of_operators(const std::vector<uint32_t>& tables) {
  refuse_strange(tables, kStrangeFamilies, kUsedFamilies, "Operator classes");
  refuse_strange(tables, kStrangeCasts, kUsedCasts, "Implicit casts");
}

void refuse_code_of_insert(uint32_t table, const std::string& name,
                           const std::vector<int16_t>& columns) {
  std::vector<std::string> numbers;
  for (int16_t number : columns) numbers.push_back(std::to_string(number));
  const Rows code = query(kCodeOfInsert, {static_cast<int64_t>(table), text_array(numbers)});
  if (code.empty()) return;
  refuse(code, name, "loading rows into",
         "Disable or drop it, let a superuser own the foreign table, or call as its owner.");
}

void refuse_code_of_delete(uint32_t table, const std::string& name) {
  const Rows code = query(kCodeOfDelete, {static_cast<int64_t>(table)});
  if (code.empty()) return;
  refuse(code, name, "removing rows from",
         "Disable or drop it, let a superuser own the foreign table, or call as its owner.");
}

}  // namespace company_backup
