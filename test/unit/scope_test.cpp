#include "core/scope/scope.hpp"

#include <gtest/gtest.h>

#include "core/text/error.hpp"
#include "scope_fixture.hpp"

namespace company_backup {
namespace {

TEST_F(ScopeTest, NoCompanyTableIsAnError) {
  db.table("sales.customer");
  rules = Rules{};
  expect_error(sqlstate::kNotConfigured);
}

TEST_F(ScopeTest, AVanishedCompanyTableOrKeyIsAnError) {
  company();
  rules.settings.company_table = "firm";
  expect_error(sqlstate::kStaleRule);
  rules.settings.company_table = "company";
  rules.settings.key_column = "number";
  expect_error(sqlstate::kStaleRule);
}

TEST_F(ScopeTest, ASchemaWithoutAnyRouteIsAnError) {
  company();
  db.table("sales.customer").column("name text");
  const Error error = expect_error(sqlstate::kNoRoute);
  EXPECT_EQ(error.message(), "no foreign key, scope column or rule leads to sales.company");
  EXPECT_NE(error.hint().find("scope_columns"), std::string::npos);
}

TEST_F(ScopeTest, TheCompanyTableComesFirstAndOwnsItself) {
  company();
  owned("accounts.bank");
  discover();
  ASSERT_EQ(scope.tables.size(), 2u);
  EXPECT_EQ(scope.tables[0].table, at("sales.company"));
  EXPECT_EQ(scope.tables[0].decided_by, DecidedBy::kCompanyTable);
  EXPECT_EQ(scope.tables[0].treatment, TableTreatment::kCompany);
  EXPECT_EQ(scope.tables[0].route_text, "id");
  EXPECT_EQ(scope.tables[0].key, (std::vector<int16_t>{1}));
  EXPECT_EQ(scope.company_key, 1);
  EXPECT_TRUE(scope.tables[0].owned());
  expect_no_errors();
}

TEST_F(ScopeTest, ARouteOfSixLevels) {
  company();
  owned("sales.l1");
  for (int level = 2; level <= 6; ++level)
    child("sales.l" + std::to_string(level), "sales.l" + std::to_string(level - 1));
  discover();
  EXPECT_EQ(of("sales.l6").route_text,
            "l6_parent > l5_parent > l4_parent > l3_parent > l2_parent > l1_company_fk");
  EXPECT_EQ(of("sales.l6").decided_by, DecidedBy::kForeignKey);
  EXPECT_EQ(of("sales.l6").area, "sales");
  expect_no_errors();
}

TEST_F(ScopeTest, TheShortestRouteWins) {
  company();
  owned("sales.customer");
  child("sales.invoice", "sales.customer")
      .column("company_id integer")
      .fk("zz_company", {"company_id"}, "sales.company");
  discover();
  EXPECT_EQ(of("sales.invoice").route_text, "zz_company");
}

TEST_F(ScopeTest, OfDeeperTiesTheCascadingOneWinsThenTheName) {
  company();
  owned("sales.invoice");
  owned("sales.item");
  line("sales.line_a").cascade();
  line("sales.line_b");
  discover();
  EXPECT_EQ(of("sales.line_a").routes[0].name, "item_fk");
  EXPECT_EQ(of("sales.line_b").routes[0].name, "invoice_fk");
}

TEST_F(ScopeTest, ARowThatTravelsIsABetterOwnerThanOneThatDoesNot) {
  company();
  owned("sales.invoice");
  owned("sales.item");
  line("sales.line");
  rules.tables.push_back(table_rule("sales.invoice", "excluded"));
  discover();
  EXPECT_EQ(of("sales.line").routes[0].name, "item_fk");
}

TEST_F(ScopeTest, CyclesAndSelfReferencesEnd) {
  company();
  owned("sales.node")
      .columns({"parent_id integer null", "peer_id integer"})
      .fk("node_parent", {"parent_id"}, "sales.node")
      .fk("node_peer", {"peer_id"}, "sales.peer");
  db.table("sales.peer").column("node_id integer").fk("peer_node", {"node_id"}, "sales.node");
  discover();
  EXPECT_EQ(of("sales.node").route_text, "node_company_fk");
  EXPECT_EQ(of("sales.peer").route_text, "peer_node > node_company_fk");
  EXPECT_EQ(references("sales.node"),
            (std::vector<std::string>{"node_company_fk", "node_parent", "node_peer"}));
  expect_no_errors();
}

TEST_F(ScopeTest, ACycleWithoutAWayOutBelongsToNobody) {
  company();
  owned("sales.customer");
  db.table("sales.a").column("b_id integer").fk("a_b", {"b_id"}, "sales.b");
  db.table("sales.b").column("a_id integer").fk("b_a", {"a_id"}, "sales.a");
  discover();
  EXPECT_EQ(scoped("sales.a"), nullptr);
  EXPECT_EQ(scoped("sales.b"), nullptr);
  expect_no_errors();
}

TEST_F(ScopeTest, CompositeForeignKeysKeepAllTheirColumns) {
  company();
  db.bare_table("sales.invoice")
      .columns({"company_id integer", "number text"})
      .primary({"company_id", "number"})
      .fk("invoice_company_fk", {"company_id"}, "sales.company");
  db.bare_table("sales.line")
      .columns({"id integer", "company integer", "invoice text"})
      .primary({"id"})
      .fk("line_invoice_fk", {"company", "invoice"}, "sales.invoice");
  discover();
  EXPECT_EQ(of("sales.line").routes[0].columns, (std::vector<int16_t>{2, 3}));
  EXPECT_EQ(of("sales.line").routes[0].target_columns, (std::vector<int16_t>{1, 2}));
  EXPECT_EQ(of("sales.line").routes[0].operators.size(), 2u);
  EXPECT_EQ(of("sales.line").routes[0].kind, RouteStep::Kind::kDown);
  expect_no_errors();
}

TEST_F(ScopeTest, ACompositeKeyWithOneNullableColumnIsNotFirm) {
  company();
  owned("sales.invoice").column("kind text").unique("invoice_kind", {"id", "kind"});
  db.table("sales.note")
      .columns({"invoice integer", "kind text null"})
      .fk("note_invoice_fk", {"invoice", "kind"}, "sales.invoice", {"id", "kind"});
  discover();
  EXPECT_EQ(scoped("sales.note"), nullptr);
  expect_finding(Severity::kError, "sales.note", "note_invoice_fk");
}

TEST_F(ScopeTest, OfACompositeKeyToTheCompanyTheKeyColumnIsTaken) {
  company().column("region text").unique("company_region", {"region", "id"});
  db.table("sales.shop")
      .columns({"region text", "company_id integer"})
      .fk("shop_fk", {"region", "company_id"}, "sales.company", {"region", "id"});
  discover();
  EXPECT_EQ(of("sales.shop").routes[0].columns, (std::vector<int16_t>{3}));
  EXPECT_EQ(of("sales.shop").routes[0].target_columns, (std::vector<int16_t>{1}));
  expect_no_errors();
}

TEST_F(ScopeTest, AForeignKeyToAnotherUniqueColumnOfTheCompanyIsARoute) {
  company().column("slug text").unique("company_slug", {"slug"});
  db.table("sales.page")
      .column("company text")
      .fk("page_fk", {"company"}, "sales.company", {"slug"});
  discover();
  EXPECT_EQ(of("sales.page").routes[0].kind, RouteStep::Kind::kCompany);
  EXPECT_EQ(of("sales.page").routes[0].target_columns, (std::vector<int16_t>{3}));
  expect_no_errors();
}

TEST_F(ScopeTest, EqualTableNamesInTwoSchemasAreTwoTables) {
  company();
  owned("a.item");
  db.table("b.item");
  discover();
  EXPECT_NE(scoped("a.item"), nullptr);
  EXPECT_EQ(scoped("b.item"), nullptr);
}

TEST_F(ScopeTest, DroppedColumnsAndTablesWithoutAKey) {
  company();
  db.bare_table("sales.log_line_text")
      .dropped()
      .column("text text null")
      .dropped()
      .column("company integer")
      .fk("text_company", {"company"}, "sales.company");
  discover();
  EXPECT_EQ(of("sales.log_line_text").routes[0].columns, (std::vector<int16_t>{4}));
  EXPECT_TRUE(of("sales.log_line_text").key.empty());
}

TEST_F(ScopeTest, TheKeyIsThePrimaryKeyElseTheFirstUsableUniqueIndex) {
  company();
  const auto table = [&](const std::string& name) -> TableBuilder& {
    return db.bare_table(name)
        .columns({"company integer", "a text", "b text", "c text null"})
        .fk("to_company", {"company"}, "sales.company");
  };
  table("sales.t1").unique("a_nullable", {"c"}).unique("b_good", {"b"}).unique("c_good", {"a"});
  table("sales.t2").unique("a", {"a"}).raw().unique_indexes[0].partial = true;
  table("sales.t3").unique("a", {"a"}).raw().unique_indexes[0].immediate = false;
  table("sales.t4").unique("a", {"a"}).raw().unique_indexes[0].columns = {0};
  table("sales.t5").unique("a", {"a"}).primary({"company", "b"});
  discover();
  EXPECT_EQ(of("sales.t1").key, (std::vector<int16_t>{3}));
  EXPECT_TRUE(of("sales.t2").key.empty());
  EXPECT_TRUE(of("sales.t3").key.empty());
  EXPECT_TRUE(of("sales.t4").key.empty());
  EXPECT_EQ(of("sales.t5").key, (std::vector<int16_t>{1, 3}));
}

TEST_F(ScopeTest, ASecondForeignKeyToTheCompanyIsAReference) {
  company().column("parent integer null").fk("company_parent", {"parent"}, "sales.company");
  owned("sales.transfer")
      .column("partner integer null")
      .fk("transfer_partner", {"partner"}, "sales.company");
  discover();
  EXPECT_EQ(of("sales.transfer").route_text, "transfer_company_fk");
  EXPECT_EQ(references("sales.transfer"),
            (std::vector<std::string>{"transfer_company_fk", "transfer_partner"}));
  EXPECT_EQ(references("sales.company"), (std::vector<std::string>{"company_parent"}));
  expect_no_errors();
}

TEST_F(ScopeTest, AScopeColumnBesideTheRouteIsAReference) {
  rules.settings.scope_columns = {"tenant_id", "partner_id"};
  company();
  child("sales.page", "sales.book")
      .columns({"tenant_id integer null", "partner_id bigint null"})
      .column("tenant_ids integer[] null");
  db.table("sales.book").columns({"tenant_id integer", "partner_id integer null"});
  rules.tables = {table_rule("sales.book", "company", {"tenant_id"}),
                  table_rule("sales.page", "append_only", {"page_parent"})};
  discover();
  EXPECT_EQ(references("sales.book"), (std::vector<std::string>{"partner_id"}));
  EXPECT_EQ(references("sales.page"),
            (std::vector<std::string>{"page_parent", "partner_id", "tenant_id"}));
  for (const Reference& reference : scope.references) {
    if (reference.name == "page_parent") continue;
    EXPECT_TRUE(reference.soft);
    EXPECT_EQ(reference.target, scope.company_table);
    EXPECT_EQ(reference.target_columns, (std::vector<int16_t>{scope.company_key}));
    EXPECT_EQ(reference.outside, OutsidePolicy::kRefuse);
  }
}

TEST_F(ScopeTest, WhatIsSaidOfAScopeColumnAloneCounts) {
  rules.settings.scope_columns = {"tenant_id", "firm_id"};
  company();
  child("sales.page", "sales.book").columns({"tenant_id integer null", "firm_id integer null"});
  owned("sales.book");
  rules.tables = {table_rule("sales.page", "company", {"page_parent"})};
  rules.references = {reference_rule("sales.page", {"tenant_id"}, "sales.company")};
  rules.references[0].outside = OutsidePolicy::kKeep;
  rules.columns = {column_rule("sales.page", "firm_id", "data")};
  discover();
  EXPECT_EQ(references("sales.page"), (std::vector<std::string>{"page_parent", "tenant_id"}));
  expect_no_errors();
  rules.columns = {column_rule("sales.page", "firm_id", "group")};
  discover();
  expect_finding(Severity::kError, "sales.page.firm_id", "it is a scope column");
}

TEST_F(ScopeTest, ThreeLevelsOfTenants) {
  company().column("tenant integer").fk("company_tenant", {"tenant"}, "sales.tenant");
  db.table("sales.tenant").column("name text").unique("tenant_name", {"name"});
  db.table("sales.branch").column("company integer").fk("b_c", {"company"}, "sales.company");
  child("sales.till", "sales.branch");
  discover();
  EXPECT_EQ(of("sales.till").route_text, "till_parent > b_c");
  EXPECT_EQ(of("sales.tenant").treatment, TableTreatment::kShared);
}

// Two foreign keys to the company, neither NULL, both or neither cascading.

TEST_F(ScopeTest, TheCascadingColumnIsTheOwner) {
  two_companies("a_id", "b_id").cascade();
  discover();
  EXPECT_EQ(of("sales.deal").route_text, "second_fk");
  expect_no_errors();
}

TEST_F(ScopeTest, TheScopeColumnIsTheOwner) {
  two_companies("a_id", "b_id");
  rules.settings.scope_columns = {"b_id"};
  discover();
  EXPECT_EQ(of("sales.deal").route_text, "second_fk");
  expect_no_errors();
}

TEST_F(ScopeTest, TheColumnOfThePrimaryKeyIsTheOwner) {
  two_companies("a_id", "b_id").raw().unique_indexes[0].columns = {3, 1};
  discover();
  EXPECT_EQ(of("sales.deal").route_text, "second_fk");
  expect_no_errors();
}

TEST_F(ScopeTest, TheColumnNamedAfterTheCompanyIsTheOwner) {
  two_companies("a_id", "company_id");
  discover();
  EXPECT_EQ(of("sales.deal").route_text, "second_fk");
  expect_no_errors();
}

TEST_F(ScopeTest, TheColumnNamedAsElsewhereIsTheOwner) {
  two_companies("buyer", "owning_firm");
  for (const char* name : {"sales.x", "sales.y"})
    db.table(name).column("firm integer").fk("f", {"firm"}, "sales.company");
  discover();
  EXPECT_EQ(of("sales.deal").route_text, "second_fk");
  expect_no_errors();
}

TEST_F(ScopeTest, OtherwiseNothingSaysWhichIsTheOwner) {
  two_companies("buyer", "seller");
  discover();
  expect_finding(Severity::kError, "sales.deal",
                 "two columns could say which company a row belongs to: first_fk and second_fk");
  EXPECT_EQ(of("sales.deal").treatment, TableTreatment::kExcluded);
  EXPECT_EQ(hint_of("sales.deal"),
            "SELECT public.set_table_rule('sales.deal', 'company', 'belongs to the company of "
            "first_fk', route => '{first_fk}');");
  rules.tables.push_back(table_rule("sales.deal", "company", {"second_fk"}));
  discover();
  EXPECT_EQ(of("sales.deal").route_text, "second_fk");
  EXPECT_EQ(of("sales.deal").decided_by, DecidedBy::kRule);
  expect_no_errors();
}

TEST_F(ScopeTest, TwoConstraintsOnOneColumnAreNoContradiction) {
  company();
  owned("sales.customer").fk("again", {"company_id"}, "sales.company");
  discover();
  EXPECT_EQ(of("sales.customer").route_text, "again");
  expect_no_errors();
}

// Columns that can be NULL.

TEST_F(ScopeTest, ATableReachedOnlyThroughNullIsUndecided) {
  attachment();
  discover();
  EXPECT_EQ(scoped("sales.attachment"), nullptr);
  EXPECT_TRUE(scope.undecided());
  EXPECT_EQ(hint_of("sales.attachment"),
            "SELECT public.set_table_rule('sales.attachment', 'company', 'belongs to the company "
            "of to_bill and to_invoice', route => '{to_bill,to_invoice}');");
}

TEST_F(ScopeTest, ARuleMayLetAnyOfSeveralDecide) {
  attachment();
  rules.tables.push_back(table_rule("sales.attachment", "company", {"to_invoice", "to_bill"}));
  discover();
  EXPECT_EQ(of("sales.attachment").routes.size(), 2u);
  EXPECT_EQ(of("sales.attachment").route_text,
            "to_invoice > invoice_company_fk | to_bill > bill_company_fk");
  expect_no_errors();
}

TEST_F(ScopeTest, ARuleWithoutARouteTakesTheOnlyNullableOne) {
  company();
  owned("sales.invoice");
  db.table("sales.note").column("invoice integer null").fk("n_i", {"invoice"}, "sales.invoice");
  rules.tables.push_back(table_rule("sales.note", "append_only"));
  discover();
  EXPECT_EQ(of("sales.note").route_text, "n_i > invoice_company_fk");
  EXPECT_EQ(of("sales.note").treatment, TableTreatment::kAppendOnly);
  expect_no_errors();
}

TEST_F(ScopeTest, ARuleWithoutARouteAsksWhenSeveralAreNullable) {
  attachment();
  rules.tables.push_back(table_rule("sales.attachment", "company"));
  discover();
  expect_finding(Severity::kError, "sales.attachment", "could say which company");
  EXPECT_NE(hint_of("sales.attachment").find("route => '{to_bill,to_invoice}'"), std::string::npos);
}

TEST_F(ScopeTest, ARuleWithoutARoutePrefersAFirmOneEvenIfLonger) {
  company();
  owned("sales.invoice");
  child("sales.line", "sales.invoice");
  child("sales.detail", "sales.line")
      .column("company_id integer null")
      .fk("nullable", {"company_id"}, "sales.company");
  rules.tables.push_back(table_rule("sales.detail", "company"));
  discover();
  EXPECT_EQ(of("sales.detail").routes[0].name, "detail_parent");
}

TEST_F(ScopeTest, TablesBelowANullableOneFollowItsRule) {
  company();
  owned("sales.invoice");
  db.table("sales.note").column("invoice integer null").fk("n_i", {"invoice"}, "sales.invoice");
  child("sales.note_line", "sales.note");
  discover();
  EXPECT_EQ(scoped("sales.note_line"), nullptr);
  rules.tables.push_back(table_rule("sales.note", "company"));
  discover();
  EXPECT_EQ(of("sales.note_line").route_text, "note_line_parent > n_i > invoice_company_fk");
  expect_no_errors();
}

// Columns that cannot be NULL, but lead to rows that may be nobody's.

TEST_F(ScopeTest, AKeyToWhatMayBeNobodysIsNoSureWay) {
  company();
  db.table("sales.item").column("owner integer null").fk("i_o", {"owner"}, "sales.company");
  child("sales.price", "sales.item")
      .column("company_id integer null")
      .fk("p_c", {"company_id"}, "sales.company");
  child("sales.photo", "sales.item");
  rules.tables.push_back(table_rule("sales.item", "company"));
  discover();
  expect_finding(Severity::kError, "sales.price",
                 "two columns could say which company a row belongs to: p_c and price_parent");
  EXPECT_NE(hint_of("sales.price").find("route => '{p_c,price_parent}'"), std::string::npos);
  EXPECT_EQ(of("sales.photo").route_text, "photo_parent > i_o");
  expect_no_finding("sales.photo");
}

TEST_F(ScopeTest, ASureWayDecidesAlsoWhereItIsLonger) {
  company();
  db.table("sales.item").column("owner integer null").fk("i_o", {"owner"}, "sales.company");
  owned("sales.invoice");
  child("sales.line", "sales.invoice");
  child("sales.detail", "sales.line")
      .column("item_id integer")
      .fk("d_i", {"item_id"}, "sales.item");
  rules.tables.push_back(table_rule("sales.item", "company"));
  discover();
  EXPECT_EQ(of("sales.detail").routes.size(), 1u);
  EXPECT_EQ(of("sales.detail").routes[0].name, "detail_parent");
  expect_no_errors();
}

TEST_F(ScopeTest, AProposalNamesWaysOverTablesThatAreAskedAbout) {
  company();
  db.table("sales.item").column("owner integer null").fk("i_o", {"owner"}, "sales.company");
  child("sales.price", "sales.item")
      .column("company_id integer null")
      .fk("p_c", {"company_id"}, "sales.company");
  discover();
  EXPECT_NE(hint_of("sales.price").find("route => '{p_c,price_parent}'"), std::string::npos);
}

TEST_F(ScopeTest, WaysThatARouteDoesNotTakeAreKnown) {
  attachment();
  rules.tables.push_back(table_rule("sales.attachment", "company", {"to_invoice"}));
  discover();
  ASSERT_EQ(of("sales.attachment").other_ways.size(), 1u);
  EXPECT_EQ(of("sales.attachment").other_ways[0].name, "to_bill");
  rules.tables[0].match_columns = {"id"};
  discover();
  EXPECT_TRUE(of("sales.attachment").other_ways.empty());
}

TEST_F(ScopeTest, AWayOfSeveralMayNotLeadToAnotherCompany) {
  attachment();
  rules.tables.push_back(table_rule("sales.attachment", "company", {"to_invoice", "to_bill"}));
  rules.references.push_back(
      {"sales", "attachment", {"bill_id"}, "sales", "bill", {}, "", "", "", OutsidePolicy::kKeep});
  discover();
  expect_finding(Severity::kError, "sales.attachment",
                 "a rule lets to_bill lead to another company");
  EXPECT_NE(hint_of("sales.attachment").find("route => '{to_invoice}'"), std::string::npos);
  rules.tables[0].route = {"to_invoice"};
  discover();
  expect_no_errors();
}

}  // namespace
}  // namespace company_backup
