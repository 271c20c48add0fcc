#include "pg/foreign_code.hpp"

#include "core/sql.hpp"
#include "pg/spi.hpp"

namespace company_backup {
namespace {

// PostgreSQL's own functions and operators are pinned: nothing is recorded as depending on them. So
// a recorded dependency is on somebody's code.

// Of every type that values of the table's columns are made of: elements, fields, bases of domains.
constexpr const char* kCodeOfTypes = R"(
WITH RECURSIVE part (oid) AS (
  SELECT a.atttypid FROM pg_attribute a
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT o.oid FROM part p JOIN pg_type t ON t.oid = p.oid CROSS JOIN LATERAL (
    SELECT t.typelem UNION ALL SELECT t.typbasetype
    UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)
    UNION ALL SELECT r.rngtypid FROM pg_range r WHERE t.oid = r.rngmultitypid
    UNION ALL SELECT a.atttypid FROM pg_attribute a
      WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
  ) o (oid) WHERE o.oid <> 0)
SELECT 'type ' || format_type(t.oid, NULL) FROM part p JOIN pg_type t ON t.oid = p.oid
WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = t.typowner
    AND (r.rolsuper OR r.rolname = current_user))
  AND (EXISTS (SELECT FROM pg_constraint c JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass
      AND d.objid = c.oid WHERE c.contypid = t.oid
      AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass))
    OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
      AND d.refclassid = 'pg_proc'::regclass))
ORDER BY 1)";

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

[[noreturn]] void refuse(const Rows& code, const std::string& table, const char* what,
                         const char* hint) {
  std::string list;
  for (const Row& row : code) list += (list.empty() ? "" : ", ") + *row[0];
  throw Error(sqlstate::kForeignCode, std::string(what) + " foreign table " +
                                          quoted_display(table) + " would run code of others")
      .detail("With the rights of the caller would run: " + list + ".")
      .hint(hint);
}

}  // namespace

void refuse_code_of_types(const Table& table) {
  const Rows code = query(kCodeOfTypes, {static_cast<int64_t>(table.oid)});
  if (code.empty()) return;
  refuse(code, display_table(table), "reading",
         "Give the columns of the foreign table plain types, let a superuser own these types, or "
         "call as their owner.");
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
