#include "core/scope/sql.hpp"
#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"

#include <gtest/gtest.h>

#include "core/text/error.hpp"
#include "scope_fixture.hpp"

namespace company_backup {
namespace {

Table named(const std::string& schema, const std::string& name) {
  Table table;
  table.schema = schema;
  table.name = name;
  return table;
}

TEST(Sql, NamesAreQuoted) {
  EXPECT_EQ(quote_name("a"), "\"a\"");
  EXPECT_EQ(quote_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_table(named("My Schema", "t")), "\"My Schema\".\"t\"");
}

TEST(Sql, LiteralsAreQuoted) {
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\'b"), "E'a\\\\''b'");
  EXPECT_EQ(quote_literal(""), "''");
}

TEST(Sql, NamesAreShownQuotedOnlyWhereNeeded) {
  EXPECT_EQ(display_table(named("sales", "invoice_2")), "sales.invoice_2");
  EXPECT_EQ(display_table(named("sales", "Invoice")), "sales.\"Invoice\"");
  EXPECT_EQ(display_table(named("sales", "2nd")), "sales.\"2nd\"");
  for (const char* keyword : {"order", "user", "all", "table", "between", "xmltable", "json_table"})
    EXPECT_EQ(display_name(keyword), "\"" + std::string(keyword) + "\"");
  for (const char* name : {"name", "_x", "value", "invoice"}) EXPECT_EQ(display_name(name), name);
  EXPECT_EQ(display_name(""), "\"\"");
  EXPECT_EQ(display_name("m\xc3\xbcller"), "\"m\xc3\xbcller\"");
}

TEST(Sql, OnlyPartitionedTablesAreReadWithTheirParts) {
  Table table = named("s", "t");
  EXPECT_EQ(from_table(table), "ONLY \"s\".\"t\"");
  table.has_children = true;
  EXPECT_EQ(from_table(table), "ONLY \"s\".\"t\"");
  table.partitioned = true;
  EXPECT_EQ(from_table(table), "\"s\".\"t\"");
}

class OwnedBy : public ScopeTest {
 protected:
  std::string owner(const std::string& table) {
    discover();
    return owned_by(schema, scope, at(table), "t", "$1");
  }
};

TEST_F(OwnedBy, TheCompanyRowAndItsDirectRows) {
  company();
  owned("sales.invoice");
  EXPECT_EQ(owner("sales.company"), "$1 OPERATOR(pg_catalog.=) t.\"id\"");
  EXPECT_EQ(owner("sales.invoice"), "$1 OPERATOR(pg_catalog.=) t.\"company_id\"");
}

TEST_F(OwnedBy, EachStepIsAnExists) {
  company();
  owned("sales.invoice");
  child("sales.line", "sales.invoice");
  child("sales.detail", "sales.line");
  EXPECT_EQ(owner("sales.detail"),
            "EXISTS (SELECT 1 FROM ONLY \"sales\".\"line\" AS _owner1 WHERE _owner1.\"id\" "
            "OPERATOR(pg_catalog.=) t.\"parent_id\" AND EXISTS (SELECT 1 FROM ONLY "
            "\"sales\".\"invoice\" AS _owner2 WHERE _owner2.\"id\" OPERATOR(pg_catalog.=) "
            "_owner1.\"parent_id\" AND $1 OPERATOR(pg_catalog.=) _owner2.\"company_id\"))");
}

TEST_F(OwnedBy, SeveralRoutesAreAlternatives) {
  attachment();
  rules.tables = {table_rule("sales.attachment", "company", {"to_invoice", "to_bill"})};
  EXPECT_EQ(owner("sales.attachment"),
            "(EXISTS (SELECT 1 FROM ONLY \"sales\".\"invoice\" AS _owner1 WHERE _owner1.\"id\" "
            "OPERATOR(pg_catalog.=) t.\"invoice_id\" AND $1 OPERATOR(pg_catalog.=) "
            "_owner1.\"company_id\") OR EXISTS (SELECT 1 FROM ONLY \"sales\".\"bill\" AS _owner2 "
            "WHERE _owner2.\"id\" OPERATOR(pg_catalog.=) t.\"bill_id\" AND $1 "
            "OPERATOR(pg_catalog.=) _owner2.\"company_id\"))");
}

TEST_F(OwnedBy, UpwardTheParentStandsLeftOfTheOperator) {
  company();
  db.table("sales.body");
  owned("sales.invoice").column("body integer").fk("up", {"body"}, "sales.body");
  rules.tables = {table_rule("sales.body", "company", {"up"})};
  EXPECT_EQ(owner("sales.body"),
            "EXISTS (SELECT 1 FROM ONLY \"sales\".\"invoice\" AS _owner1 WHERE t.\"id\" "
            "OPERATOR(pg_catalog.=) _owner1.\"body\" AND $1 OPERATOR(pg_catalog.=) "
            "_owner1.\"company_id\")");
}

TEST_F(OwnedBy, AnOrphanHasNoOwnerInAnyCompany) {
  company();
  db.table("sales.body");
  owned("sales.invoice").column("body integer").fk("up", {"body"}, "sales.body");
  child("sales.page", "sales.body");
  rules.tables = {table_rule("sales.body", "company", {"up"})};
  discover();
  EXPECT_EQ(is_orphan(schema, scope, at("sales.body"), "t"),
            "NOT EXISTS (SELECT 1 FROM ONLY \"sales\".\"invoice\" AS t_of WHERE t.\"id\" "
            "OPERATOR(pg_catalog.=) t_of.\"body\")");
  EXPECT_EQ(is_orphan(schema, scope, at("sales.page"), "t"),
            "NOT EXISTS (SELECT 1 FROM ONLY \"sales\".\"body\" AS t_of WHERE t_of.\"id\" "
            "OPERATOR(pg_catalog.=) t.\"parent_id\" AND NOT (NOT EXISTS (SELECT 1 FROM ONLY "
            "\"sales\".\"invoice\" AS t_of_of WHERE t_of.\"id\" OPERATOR(pg_catalog.=) "
            "t_of_of.\"body\")))");
}

TEST_F(OwnedBy, OfSeveralRoutesNoneMayLeadFromAnOrphan) {
  company();
  db.table("sales.body");
  db.table("sales.scan")
      .column("company_id integer null")
      .fk("of", {"company_id"}, "sales.company");
  owned("sales.invoice")
      .columns({"body integer", "scan integer"})
      .fk("up", {"body"}, "sales.body")
      .fk("up_scan", {"scan"}, "sales.scan");
  rules.tables = {table_rule("sales.body", "company", {"up"}),
                  table_rule("sales.scan", "company", {"of", "up_scan"})};
  discover();
  EXPECT_EQ(
      is_orphan(schema, scope, at("sales.scan"), "t"),
      "(t.\"company_id\" IS NULL) AND NOT EXISTS (SELECT 1 FROM ONLY \"sales\".\"invoice\" AS "
      "t_of WHERE t.\"id\" OPERATOR(pg_catalog.=) t_of.\"scan\")");
}

TEST_F(OwnedBy, AnotherKeyOfTheCompanyGoesThroughItsRow) {
  company().column("slug text").unique("slug", {"slug"});
  db.table("sales.page").column("firm text").fk("f", {"firm"}, "sales.company", {"slug"});
  EXPECT_EQ(owner("sales.page"),
            "EXISTS (SELECT 1 FROM ONLY \"sales\".\"company\" AS _owner1 WHERE $1 "
            "OPERATOR(pg_catalog.=) _owner1.\"id\" AND _owner1.\"slug\" OPERATOR(pg_catalog.=) "
            "t.\"firm\")");
}

TEST_F(OwnedBy, TypesWithoutACommonOperatorAreComparedAsText) {
  db.bare_table("sales.company").columns({"id citext", "name text"}).primary({"id"});
  db.table("sales.invoice").column("tenant text");
  rules.settings.scope_columns = {"tenant"};
  EXPECT_EQ(owner("sales.invoice"),
            "CASE WHEN $1 IS DISTINCT FROM NULL THEN pg_catalog.concat($1) END "
            "OPERATOR(pg_catalog.=) t.\"tenant\"::pg_catalog.text");
}

// An operator in a schema that others may write could have a namesake for the domain.
TEST(ColumnSql, ADomainOverATypeOfUsersIsCastToIt) {
  Column column;
  column.name = "code";
  EXPECT_EQ(column_sql("t", column), "t.\"code\"");
  column.cast = "::public.citext";
  EXPECT_EQ(column_sql("t", column), "t.\"code\"::public.citext");
}

TEST(AsText, OnlyTypesOfPostgreSQLAreCast) {
  Column column;
  column.type_oid = 23;
  EXPECT_EQ(as_text("t.x", column), "t.x::pg_catalog.text");
  column.type_oid = 16384;
  EXPECT_EQ(as_text("t.x", column),
            "CASE WHEN t.x IS DISTINCT FROM NULL THEN pg_catalog.concat(t.x) END");
}

TEST_F(OwnedBy, ATableOfNobodyIsAnInternalError) {
  company();
  owned("sales.invoice").column("unit integer").fk("u", {"unit"}, "sales.unit");
  db.table("sales.unit");
  EXPECT_THROW(owner("sales.unit"), Error);
}

class ReferenceJoin : public ScopeTest {
 protected:
  std::string join(const std::string& name) {
    discover();
    for (const Reference& reference : scope.references)
      if (reference.name == name) return reference_join(schema, reference, "s", "k");
    throw std::runtime_error("no reference " + name);
  }
};

TEST_F(ReferenceJoin, OfACompositeForeignKey) {
  company();
  db.bare_table("sales.account")
      .columns({"company_id integer", "code text"})
      .primary({"company_id", "code"})
      .fk("a_c", {"company_id"}, "sales.company");
  owned("sales.entry").column("account text").fk("e_a", {"company_id", "account"}, "sales.account");
  EXPECT_EQ(join("e_a"),
            "k.\"company_id\" OPERATOR(pg_catalog.=) s.\"company_id\" AND k.\"code\" "
            "OPERATOR(pg_catalog.=) s.\"account\"");
}

TEST_F(ReferenceJoin, OfSoftReferences) {
  company();
  owned("sales.doc").columns({"code citext"}).unique("doc_code", {"code"});
  owned("sales.entry")
      .columns({"doc_id bigint", "doc_ref text", "doc_code text", "docs integer[]",
                "doc_refs text[]", "kind text", "link jsonb"});
  const auto soft = [&](const char* column, const std::vector<std::string>& target = {}) {
    rules.references.push_back(reference_rule("sales.entry", {column}, "sales.doc", target));
    return &rules.references.back();
  };
  soft("doc_id");
  soft("doc_code", {"code"});
  soft("docs");
  soft("doc_refs");
  soft("link")->json_path = ".doc";
  ReferenceRule* when = soft("doc_ref");
  when->when_column = "kind";
  when->when_value = "it's a doc";
  EXPECT_EQ(join("doc_id"), "k.\"id\" OPERATOR(pg_catalog.=) s.\"doc_id\"");
  EXPECT_EQ(join("doc_code"),
            "CASE WHEN k.\"code\" IS DISTINCT FROM NULL THEN pg_catalog.concat(k.\"code\") END "
            "OPERATOR(pg_catalog.=) s.\"doc_code\"::pg_catalog.text");
  EXPECT_EQ(join("docs"), "k.\"id\" OPERATOR(pg_catalog.=) ANY (s.\"docs\")");
  EXPECT_EQ(join("doc_refs"),
            "k.\"id\"::pg_catalog.text OPERATOR(pg_catalog.=) ANY "
            "(s.\"doc_refs\"::pg_catalog.text[])");
  EXPECT_EQ(join("doc_ref"),
            "k.\"id\"::pg_catalog.text OPERATOR(pg_catalog.=) s.\"doc_ref\"::pg_catalog.text AND "
            "s.\"kind\"::pg_catalog.text OPERATOR(pg_catalog.=) 'it''s a doc'");
  EXPECT_THROW(join("link .doc"), Error);
}

TEST(Schema, TablesAndColumnsAreFoundByName) {
  SchemaBuilder db;
  db.table("a.x");
  db.table("a.B");
  db.table("b.x").dropped().column("name text");
  const Schema schema = db.build();
  EXPECT_EQ(schema.find("a", "x"), 1);
  EXPECT_EQ(schema.find("a", "B"), 0);
  EXPECT_EQ(schema.find("b", "x"), 2);
  EXPECT_EQ(schema.find("b", "y"), kNoTable);
  EXPECT_EQ(schema.find("c", "x"), kNoTable);
  EXPECT_EQ(find_column(schema.tables[2], "name")->number, 3);
  EXPECT_EQ(find_column(schema.tables[2], "nothing"), nullptr);
  EXPECT_EQ(column_of(schema.tables[2], 3).name, "name");
  EXPECT_THROW(column_of(schema.tables[2], 2), Error);
}

}  // namespace
}  // namespace company_backup
