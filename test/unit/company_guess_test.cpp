#include "core/scope/company_guess.hpp"

#include <gtest/gtest.h>

#include "schema_builder.hpp"

namespace company_backup {
namespace {

class CompanyGuess : public testing::Test {
 protected:
  SchemaBuilder db;

  // Tables t0, t1, ... that each refer to `parent` by parent_id.
  void children(const std::string& parent, int count, const std::string& prefix = "t",
                const std::string& null = "") {
    for (int i = 0; i < count; ++i)
      db.table("app." + prefix + std::to_string(i))
          .column("parent_id integer " + null)
          .fk("to_parent", {"parent_id"}, parent);
  }

  std::vector<Proposal> propose() { return propose_company_table(db.build(), "public"); }

  static std::string statement(const std::string& table, const std::string& name,
                               const std::string& scope_columns = "") {
    return "SELECT public.set_company_table('" + table + "', key_column => 'id', name_column => '" +
           name + "'" +
           (scope_columns.empty() ? "" : ", scope_columns => '{" + scope_columns + "}'") + ");";
  }
};

TEST_F(CompanyGuess, MostTablesLeadToIt) {
  db.table("app.tenant").column("name text");
  children("app.tenant", 3);
  children("app.t0", 4, "deep");
  children("app.t0", 2, "loose", "null");
  const auto proposals = propose();
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals[0].statement, statement("app.tenant", "name"));
  EXPECT_EQ(proposals[0].confidence, Confidence::kConfident);
  EXPECT_EQ(proposals[0].evidence,
            "7 tables lead to it by foreign keys that are never NULL, 2 more by what can be NULL");
}

TEST_F(CompanyGuess, NotTheInnermostOfSeveral) {
  db.table("app.organization").column("name text");
  db.table("app.workspace")
      .columns({"name text", "organization_id integer"})
      .fk("w_o", {"organization_id"}, "app.organization");
  db.table("app.project")
      .columns({"name text", "workspace_id integer"})
      .fk("p_w", {"workspace_id"}, "app.workspace");
  children("app.project", 20);
  const auto proposals = propose();
  ASSERT_EQ(proposals.size(), 2u);
  EXPECT_EQ(proposals[0].statement, statement("app.organization", "name"));
  EXPECT_EQ(proposals[0].confidence, Confidence::kLikely);
  EXPECT_NE(proposals[0].evidence.find("; less likely: app.workspace"), std::string::npos);
  EXPECT_EQ(proposals[1].statement, "-- " + statement("app.workspace", "name"))
      << "whoever runs all statements gets the best one";
  EXPECT_EQ(proposals[1].confidence, Confidence::kGuess);
}

TEST_F(CompanyGuess, ACompanyThatATenantKeepsIsNone) {
  db.table("app.workspace").column("name text");
  db.table("app.company")
      .columns({"name text", "workspace_id integer"})
      .fk("c_w", {"workspace_id"}, "app.workspace");
  children("app.company", 8);
  children("app.workspace", 2, "u");
  EXPECT_EQ(propose().at(0).statement, statement("app.workspace", "name"));
}

TEST_F(CompanyGuess, NeitherPeopleNorReferenceDataNorLogins) {
  db.table("app.users").column("email text");
  db.table("app.currency").column("name text");
  db.table("app.account_tokens").column("token text");
  db.table("app.account")
      .columns({"name text", "owner_id integer", "currency_id integer", "token_id integer"})
      .fk("a_o", {"owner_id"}, "app.users")
      .fk("a_c", {"currency_id"}, "app.currency")
      .fk("a_t", {"token_id"}, "app.account_tokens");
  children("app.account", 6);
  const auto proposals = propose();
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals[0].statement, statement("app.account", "name"));
}

TEST_F(CompanyGuess, WithoutForeignKeysNamesLead) {
  db.table("app.accounts").column("name text");
  db.table("app.inboxes").columns({"name text", "account_id integer"});
  db.table("app.messages").column("inbox_id integer");
  const auto proposals = propose();
  EXPECT_EQ(proposals.at(0).statement, statement("app.accounts", "name", "account_id"));
  EXPECT_EQ(proposals.at(0).evidence,
            "2 tables lead to it by columns without a foreign key that are named after tables; "
            "1 table has a column account_id without a foreign key");
}

TEST_F(CompanyGuess, AllNamesOfItsColumns) {
  db.table("app.organizations").column("name text");
  children("app.organizations", 3);
  db.table("app.a").column("organization_id integer");
  db.table("app.b").column("organization_id integer");
  db.table("app.c").column("orgId integer");
  db.table("app.d").column("organization integer");
  db.table("app.e").column("parent_id integer");  // as the foreign keys are called
  db.table("app.f").column("organizations_id text");
  EXPECT_EQ(
      propose().at(0).statement,
      statement("app.organizations", "name", "organization_id,\"orgId\",organization,parent_id"));
  // what is something else in one table is no name of the company's
  db.table("app.g").column("parent_id integer").fk("g_a", {"parent_id"}, "app.a");
  EXPECT_EQ(propose().at(0).statement,
            statement("app.organizations", "name", "organization_id,\"orgId\",organization"));
}

TEST_F(CompanyGuess, AFewColumnsWithoutTheForeignKeyOfOthersAreAskedAbout) {
  db.table("app.tenant").column("name text");
  children("app.tenant", 9);
  db.table("app.imported").columns({"parent_id integer", "tenant_id integer"});
  EXPECT_EQ(propose().at(0).statement, statement("app.tenant", "name", "tenant_id"));
}

TEST_F(CompanyGuess, WhatMostNamesBeginWithSaysNothing) {
  db.table("app.my_realm").column("name text");
  db.table("app.my_customer_account").column("name text");
  for (const char* name : {"app.my_a", "app.my_b", "app.my_c"})
    db.table(name).column("realm_id integer").fk("r", {"realm_id"}, "app.my_realm");
  EXPECT_EQ(propose().at(0).statement, statement("app.my_realm", "name"));
}

TEST_F(CompanyGuess, TheNameIsAName) {
  const auto name_of = [&](const std::vector<std::string>& columns) {
    db = SchemaBuilder();
    db.table("app.company").columns(columns);
    children("app.company", 2);
    const std::string text = propose().at(0).statement;
    const size_t start = text.find("name_column => '") + 16;
    return text.substr(start, text.find('\'', start) - start);
  };
  EXPECT_EQ(name_of({"slug text", "email text", "name text"}), "name");
  EXPECT_EQ(name_of({"host_name text", "key_name text", "legal_name text"}), "legal_name");
  EXPECT_EQ(name_of({"name integer", "company_name text"}), "company_name");
  EXPECT_EQ(name_of({"token text", "slug text"}), "slug");
  EXPECT_EQ(name_of({"contact_email text", "title text"}), "title");
  EXPECT_EQ(name_of({"api_key text"}), "id");
}

TEST_F(CompanyGuess, TheKeyIsWhatOthersReferTo) {
  db.bare_table("app", "company")
      .columns({"id integer", "code text", "name text"})
      .primary({"id"})
      .unique("company_code", {"code"});
  for (const char* name : {"app.a", "app.b"})
    db.table(name).column("company text").fk("c", {"company"}, "app.company", {"code"});
  EXPECT_NE(propose().at(0).statement.find("key_column => 'code', name_column => 'name'"),
            std::string::npos);
}

TEST_F(CompanyGuess, NamesThatSayNothing) {
  db.table("app.thing").column("name text");
  children("app.thing", 25);
  db.table("app.thing_type").column("name text");
  children("app.thing_type", 1, "v");
  db.table("app.user_account_team").column("name text");
  children("app.user_account_team", 1, "w");
  const auto proposals = propose();
  EXPECT_EQ(proposals.at(0).statement, statement("app.thing", "name"));
  EXPECT_EQ(proposals.at(0).confidence, Confidence::kGuess);
}

}  // namespace
}  // namespace company_backup
