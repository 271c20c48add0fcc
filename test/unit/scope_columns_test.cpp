// Columns discovery asks about: secrets, IDs without a foreign key, JSON.
#include <gtest/gtest.h>

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class ScopeColumns : public ScopeTest {
 protected:
  // sales.invoice of the company, and what the test adds to it.
  TableBuilder& invoice() {
    company();
    return owned("sales.invoice");
  }
};

TEST_F(ScopeColumns, SecretsOfTravellingTables) {
  invoice()
      .columns({"api_token text", "pin_salt text", "otp text null"})
      .column("token_id integer")
      .fk("t", {"token_id"}, "sales.design");
  db.table("sales.design").column("password text");
  discover();
  EXPECT_EQ(hint_of("sales.invoice.api_token"),
            "SELECT public.set_column_rule('sales.invoice', 'api_token', 'secret', replacement => "
            "'gen_random_uuid()::text');");
  expect_finding(Severity::kError, "sales.invoice.otp", "secret");
  expect_no_finding("sales.invoice.token_id");
  expect_no_finding("sales.design.password");
  rules.columns = {column_rule("sales.invoice", "api_token", "secret"),
                   column_rule("sales.invoice", "pin_salt", "data"),
                   column_rule("sales.invoice", "otp", "secret")};
  discover();
  expect_no_errors();
  expect_finding(Severity::kWarning, "sales.invoice.api_token", "NOT NULL");
  expect_no_finding("sales.invoice.otp");
}

TEST_F(ScopeColumns, IdsWithoutAForeignKey) {
  invoice()
      .columns({"customer_id integer", "productIds integer[]", "external_id text",
                "contact_uuid uuid", "old_id integer generated", "seq_id integer identity"})
      .column("seller_id integer null");
  db.table("sales.customers");
  db.table("sales.product");
  db.table("sales.contact");
  db.table("a.seller");
  db.table("b.seller");
  discover();
  EXPECT_EQ(hint_of("sales.invoice.customer_id"),
            "SELECT public.set_reference('sales.invoice', '{customer_id}', 'sales.customers');");
  EXPECT_EQ(hint_of("sales.invoice.\"productIds\""),
            "SELECT public.set_reference('sales.invoice', '{\"productIds\"}', 'sales.product');");
  EXPECT_EQ(hint_of("sales.invoice.external_id"),
            "SELECT public.set_column_rule('sales.invoice', 'external_id', 'data');");
  EXPECT_NE(hint_of("sales.invoice.contact_uuid").find("set_column_rule"), std::string::npos);
  EXPECT_NE(hint_of("sales.invoice.seller_id").find("set_column_rule"), std::string::npos);
  expect_no_finding("sales.invoice.old_id");
  expect_no_finding("sales.invoice.seq_id");
  rules.columns = {column_rule("sales.invoice", "external_id", "data")};
  rules.references = {reference_rule("sales.invoice", {"customer_id"}, "sales.customers")};
  discover();
  expect_no_finding("sales.invoice.external_id");
  expect_no_finding("sales.invoice.customer_id");
}

TEST_F(ScopeColumns, ATablesOwnIdIsNoReference) {
  company();
  db.bare_table("sales.invoice")
      .columns({"invoice_no_id integer", "company_id integer"})
      .primary({"invoice_no_id"})
      .fk("i_c", {"company_id"}, "sales.company");
  db.bare_table("sales.orders")
      .columns({"company_id integer", "order_id integer", "order_uuid uuid"})
      .primary({"company_id", "order_id"})
      .unique("public_id", {"order_uuid"})
      .fk("o_c", {"company_id"}, "sales.company");
  owned("sales.item")
      .columns({"public_id uuid default", "label_id text", "twin_id integer"})
      .unique("u1", {"public_id"})
      .unique("u2", {"label_id"})
      .unique("u3", {"twin_id"});
  db.table("sales.price").column("label text").fk("p_l", {"label"}, "sales.item", {"label_id"});
  discover();
  expect_no_finding("sales.orders.order_id");
  expect_no_finding("sales.orders.order_uuid");
  expect_no_finding("sales.item.public_id");
  expect_no_finding("sales.item.label_id");
  expect_finding(Severity::kError, "sales.item.twin_id", "looks like an ID");
}

TEST_F(ScopeColumns, ATypeColumnBesideAnIdNamesItsTable) {
  invoice().columns({"subject_type text", "subject_id integer"});
  db.table("sales.subject");
  discover();
  expect_finding(Severity::kError, "sales.invoice.subject_id", "when_column => 'subject_type'");
  EXPECT_EQ(hint_of("sales.invoice.subject_id"), "");
  ReferenceRule rule = reference_rule("sales.invoice", {"subject_id"}, "sales.subject");
  rule.when_column = "subject_type";
  rule.when_value = "Subject";
  rules.references = {rule};
  discover();
  expect_no_errors();
  EXPECT_EQ(scope.references.at(0).name, "invoice_company_fk");
  EXPECT_EQ(scope.references.at(1).when_value, "Subject");
  EXPECT_TRUE(scope.references.at(1).soft);
}

TEST_F(ScopeColumns, AnIdentityColumnOfTheCompanyRowIsNoReference) {
  company().columns({"billing_id text", "plan_id integer"});
  owned("sales.invoice");
  rules.settings.identity_columns = std::vector<std::string>{"name", "billing_id"};
  discover();
  expect_no_finding("sales.company.billing_id");
  expect_finding(Severity::kError, "sales.company.plan_id", "looks like an ID");
}

TEST_F(ScopeColumns, JsonIsMentioned) {
  invoice().columns({"extra jsonb null", "links jsonb", "raw json"});
  db.table("sales.doc");
  ReferenceRule rule = reference_rule("sales.invoice", {"links"}, "sales.doc");
  rule.json_path = ".docs[*]";
  rules.references = {rule};
  rules.columns = {column_rule("sales.invoice", "raw", "data")};
  discover();
  expect_no_errors();
  expect_finding(Severity::kNotice, "sales.invoice.extra", "JSON");
  expect_no_finding("sales.invoice.links");
  expect_no_finding("sales.invoice.raw");
  EXPECT_EQ(references("sales.invoice"),
            (std::vector<std::string>{"invoice_company_fk", "links .docs[*]"}));
}

TEST_F(ScopeColumns, WordsBeforeATablesNameSayThePartItPlays) {
  company().column("billing_id text");
  owned("sales.bill");
  owned("sales.lot")
      .columns({"received_on_bill_id integer", "billed_id integer",
                "parent_company_id integer null", "audit_log_id integer"});
  db.table("a.log");
  db.table("b.log");
  discover();
  EXPECT_EQ(hint_of("sales.lot.received_on_bill_id"),
            "SELECT public.set_reference('sales.lot', '{received_on_bill_id}', 'sales.bill');");
  EXPECT_EQ(hint_of("sales.lot.parent_company_id"),
            "SELECT public.set_reference('sales.lot', '{parent_company_id}', 'sales.company');");
  EXPECT_NE(hint_of("sales.lot.billed_id").find("set_column_rule"), std::string::npos);
  EXPECT_NE(hint_of("sales.lot.audit_log_id").find("set_column_rule"), std::string::npos);
  EXPECT_EQ(hint_of("sales.company.billing_id"),
            "SELECT public.set_column_rule('sales.company', 'billing_id', 'identity');");
}

}  // namespace
}  // namespace company_backup
