// What discovery asks instead of guessing: tables that smell, parents, people.
#include <gtest/gtest.h>

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class ScopeQuestions : public ScopeTest {
 protected:
  // sales.invoice of the company, and what the test adds to it.
  TableBuilder& invoice() {
    company();
    return owned("sales.invoice");
  }
};

TEST_F(ScopeQuestions, TablesThatSmellDoNotTravelUntilDecided) {
  company();
  owned("sales.membership");
  owned("sales.event_outbox");
  owned("sales.audit_log");
  owned("sales.app_user").column("email text").unique("app_user_email", {"email"});
  discover();
  for (const char* name :
       {"sales.membership", "sales.event_outbox", "sales.audit_log", "sales.app_user"}) {
    EXPECT_EQ(of(name).treatment, TableTreatment::kExcluded) << name;
    EXPECT_EQ(of(name).reason.rfind("undecided: ", 0), 0u) << of(name).reason;
    EXPECT_EQ(of(name).decided_by, DecidedBy::kForeignKey);
  }
  EXPECT_EQ(hint_of("sales.audit_log"),
            "SELECT public.set_table_rule('sales.audit_log', 'append_only', 'audit trail: only "
            "ever added to');");
  EXPECT_EQ(hint_of("sales.app_user"),
            "SELECT public.set_table_rule('sales.app_user', 'company', 'people who log in to one "
            "company only');");
  rules.tables = {table_rule("sales.membership", "excluded"),
                  table_rule("sales.event_outbox", "excluded"),
                  table_rule("sales.audit_log", "append_only"),
                  table_rule("sales.app_user", "people", {}, {"email"})};
  discover();
  EXPECT_EQ(of("sales.audit_log").treatment, TableTreatment::kAppendOnly);
  EXPECT_EQ(of("sales.audit_log").reason, "reviewed");
  EXPECT_TRUE(of("sales.app_user").routes.empty());
  EXPECT_FALSE(of("sales.app_user").owned());
  EXPECT_EQ(of("sales.app_user").match_columns, (std::vector<std::string>{"email"}));
  expect_no_errors();
}

TEST_F(ScopeQuestions, TheMembershipTableIsDecided) {
  company();
  db.table("sales.users");
  owned("sales.belongs").column("person_id integer").fk("b_p", {"person_id"}, "sales.users");
  rules.settings.membership_schema = "sales";
  rules.settings.membership_table = "belongs";
  rules.settings.membership_person_column = "person_id";
  discover();
  EXPECT_EQ(of("sales.belongs").treatment, TableTreatment::kExcluded);
  EXPECT_EQ(of("sales.belongs").decided_by, DecidedBy::kMembership);
  expect_no_errors();
  rules.tables = {table_rule("sales.belongs", "append_only"), table_rule("sales.users", "people")};
  discover();
  EXPECT_EQ(of("sales.belongs").treatment, TableTreatment::kAppendOnly);
  expect_no_errors();
}

TEST_F(ScopeQuestions, TheCurrentCompanyOfAUserIsTheTrap) {
  company();
  owned("sales.invoice").column("author integer").fk("invoice_author", {"author"}, "sales.users");
  db.table("sales.users")
      .columns({"email text", "current_company_id integer null"})
      .unique("users_email", {"email"})
      .fk("users_company", {"current_company_id"}, "sales.company");
  db.table("sales.setting").column("user_id integer").fk("s_u", {"user_id"}, "sales.users");
  discover();
  EXPECT_EQ(scoped("sales.users"), nullptr);
  EXPECT_EQ(scoped("sales.setting"), nullptr);
  EXPECT_EQ(hint_of("sales.users"),
            "SELECT public.set_table_rule('sales.users', 'people', 'people who log in', "
            "match_columns => '{email}');");
  rules.tables = {table_rule("sales.users", "people", {}, {"email"})};
  discover();
  expect_no_errors();
  EXPECT_EQ(of("sales.users").treatment, TableTreatment::kPeople);
  EXPECT_EQ(scoped("sales.setting"), nullptr);
}

TEST_F(ScopeQuestions, TablesBehindAnUndecidedOneWait) {
  invoice().column("country integer").fk("i_c", {"country"}, "sales.country");
  db.table("sales.users")
      .column("company_id integer null")
      .fk("u_c", {"company_id"}, "sales.company");
  db.table("sales.country").column("editor integer null").fk("c_u", {"editor"}, "sales.users");
  discover();
  expect_no_finding("sales.country");
  EXPECT_EQ(scoped("sales.country"), nullptr);
  rules.tables = {table_rule("sales.users", "people")};
  discover();
  EXPECT_EQ(of("sales.country").treatment, TableTreatment::kShared);
}

TEST_F(ScopeQuestions, PeopleThatRowsReferToAreAskedFor) {
  invoice().column("author integer null").fk("i_u", {"author"}, "sales.person");
  db.table("sales.person")
      .columns({"code text", "username text"})
      .unique("a_code", {"code"})
      .unique("b_name", {"username"});
  db.table("sales.unused_role");
  discover();
  EXPECT_EQ(hint_of("sales.person"),
            "SELECT public.set_table_rule('sales.person', 'people', 'people who log in', "
            "match_columns => '{username}');");
  expect_no_finding("sales.unused_role");
}

TEST_F(ScopeQuestions, SharedTablesAreFoundByBeingReferredTo) {
  invoice()
      .columns({"currency text", "unit integer null", "tags integer[]"})
      .fk("i_cur", {"currency"}, "sales.currency")
      .fk("i_unit", {"unit"}, "sales.unit");
  db.bare_table("sales.currency").columns({"code text", "name text"}).primary({"code"});
  db.table("sales.unit")
      .columns({"code text", "name text"})
      .unique("u1", {"code", "name"})
      .unique("u2", {"name"});
  db.table("sales.tag");
  db.table("sales.unrelated");
  rules.references = {reference_rule("sales.invoice", {"tags"}, "sales.tag")};
  discover();
  EXPECT_EQ(of("sales.currency").treatment, TableTreatment::kShared);
  EXPECT_EQ(of("sales.currency").decided_by, DecidedBy::kForeignKey);
  EXPECT_EQ(of("sales.currency").reason,
            "referred to by sales.invoice, no column leads to a company");
  EXPECT_EQ(of("sales.tag").treatment, TableTreatment::kShared);
  EXPECT_EQ(scoped("sales.unrelated"), nullptr);
  EXPECT_EQ(hint_of("sales.currency"),
            "SELECT public.set_table_rule('sales.currency', 'shared', 'reference data', "
            "match_columns => '{code}');");
  EXPECT_NE(hint_of("sales.unit").find("'{name}'"), std::string::npos);
  EXPECT_EQ(hint_of("sales.tag"),
            "SELECT public.set_table_rule('sales.tag', 'shared', 'reference data');");
  expect_no_errors();
  rules.tables = {table_rule("sales.unit", "shared", {}, {"name"})};
  discover();
  expect_no_finding("sales.unit");
  EXPECT_EQ(of("sales.unit").match_columns, (std::vector<std::string>{"name"}));
}

TEST_F(ScopeQuestions, AParentOfOneRowIsAskedForAndCanTravelUpward) {
  invoice()
      .column("body_id integer")
      .unique("invoice_body", {"body_id"})
      .fk("invoice_body_fk", {"body_id"}, "sales.body");
  db.table("sales.body").column("text text");
  child("sales.paragraph", "sales.body");
  discover();
  EXPECT_EQ(scoped("sales.body"), nullptr);
  EXPECT_EQ(hint_of("sales.body"),
            "SELECT public.set_table_rule('sales.body', 'company', 'belongs to the one row that "
            "refers to it', route => '{invoice_body_fk}');");
  rules.tables = {table_rule("sales.body", "company", {"invoice_body_fk"})};
  discover();
  const RouteStep& step = of("sales.body").routes.at(0);
  EXPECT_EQ(step.kind, RouteStep::Kind::kUp);
  EXPECT_EQ(step.target, at("sales.invoice"));
  EXPECT_EQ(step.columns, (std::vector<int16_t>{1}));
  EXPECT_EQ(step.target_columns, (std::vector<int16_t>{3}));
  EXPECT_EQ(of("sales.paragraph").route_text,
            "paragraph_parent > invoice_body_fk > invoice_company_fk");
  EXPECT_TRUE(can_be_orphaned(schema, scope, of("sales.body")));
  EXPECT_TRUE(can_be_orphaned(schema, scope, of("sales.paragraph")));
  EXPECT_FALSE(can_be_orphaned(schema, scope, of("sales.invoice")));
  EXPECT_FALSE(can_be_orphaned(schema, scope, of("sales.company")));
  expect_no_errors();
}

TEST_F(ScopeQuestions, SettingsOfTheCompanyItselfAreSuchAParent) {
  company()
      .column("settings_id integer")
      .unique("one", {"settings_id"})
      .fk("company_settings_fk", {"settings_id"}, "sales.settings");
  db.table("sales.settings");
  owned("sales.invoice");
  discover();
  expect_finding(Severity::kError, "sales.settings", "seems to belong to one row");
  rules.tables = {table_rule("sales.settings", "company", {"company_settings_fk"})};
  discover();
  EXPECT_EQ(of("sales.settings").route_text, "company_settings_fk");
  EXPECT_EQ(of("sales.settings").routes[0].kind, RouteStep::Kind::kUp);
  expect_no_errors();
}

TEST_F(ScopeQuestions, AParentOfManyOrOptionalRowsIsShared) {
  invoice()
      .columns({"a_id integer", "b_id integer null", "c_id integer"})
      .unique("b", {"b_id"})
      .unique("c", {"c_id"})
      .fk("i_a", {"a_id"}, "sales.a")
      .fk("i_b", {"b_id"}, "sales.b")
      .fk("i_c", {"c_id"}, "sales.c")
      .raw()
      .unique_indexes.back()
      .partial = true;
  for (const char* name : {"sales.a", "sales.b", "sales.c"}) db.table(name);
  discover();
  for (const char* name : {"sales.a", "sales.b", "sales.c"})
    EXPECT_EQ(of(name).treatment, TableTreatment::kShared) << name;
}

TEST_F(ScopeQuestions, ACompanyColumnWithoutAForeignKey) {
  invoice();
  db.table("sales.note").column("company_id integer");
  db.table("sales.memo").column("CompanyId integer null");
  db.table("sales.rate").column("company_id numeric");
  db.table("sales.day").column("company_id date");
  db.table("crm.company").column("x text");
  db.table("crm.lead").column("company_id integer").fk("l_c", {"company_id"}, "crm.company");
  discover();
  EXPECT_EQ(hint_of("sales.note"),
            "SELECT public.set_reference('sales.note', '{company_id}', 'sales.company');");
  expect_finding(Severity::kError, "sales.memo", "\"CompanyId\" looks like a company's");
  EXPECT_EQ(hint_of("sales.rate"),
            "SELECT public.set_reference('sales.rate', '{company_id}', 'sales.company');");
  expect_no_finding("sales.day");
  expect_no_finding("crm.lead");
  rules.references = {reference_rule("sales.note", {"company_id"}, "sales.company")};
  rules.tables = {table_rule("sales.memo", "shared"), table_rule("sales.rate", "shared")};
  discover();
  EXPECT_EQ(of("sales.note").decided_by, DecidedBy::kReference);
  EXPECT_EQ(of("sales.note").route_text, "company_id");
  expect_no_errors();
}

TEST_F(ScopeQuestions, AColumnNamedLikeACompanyKeyElsewhere) {
  company();
  db.table("sales.shop").column("firm integer").fk("s_c", {"firm"}, "sales.company");
  db.table("sales.till").column("firm integer");
  discover();
  expect_finding(Severity::kError, "sales.till", "the column firm looks like a company's");
}

TEST_F(ScopeQuestions, ScopeColumnsNeedNoForeignKey) {
  company();
  for (const char* name : {"sales.invoice", "sales.line"})
    db.table(name).column("tenant_id bigint");
  child("sales.detail", "sales.line");
  db.table("sales.note").column("tenant_id integer null");
  db.table("sales.memo").column("tenant_id text");
  rules.settings.scope_columns = {"tenant_id"};
  discover();
  EXPECT_EQ(of("sales.invoice").decided_by, DecidedBy::kScopeColumn);
  EXPECT_EQ(of("sales.invoice").routes[0].operators,
            (std::vector<std::string>{"OPERATOR(pg_catalog.=)"}));
  EXPECT_EQ(of("sales.detail").route_text, "detail_parent > tenant_id");
  expect_finding(Severity::kError, "sales.note", "can be NULL");
  EXPECT_EQ(hint_of("sales.memo.tenant_id"),
            "SELECT public.set_column_rule('sales.memo', 'tenant_id', 'data');");
  rules.tables = {table_rule("sales.note", "company", {"tenant_id"}),
                  table_rule("sales.memo", "shared")};
  rules.columns = {column_rule("sales.memo", "tenant_id", "data")};
  discover();
  EXPECT_EQ(of("sales.note").route_text, "tenant_id");
  expect_no_errors();
}

TEST_F(ScopeQuestions, AScopeColumnWithAForeignKeyElsewhereStillSaysTheCompany) {
  company();
  db.bare_table("sales.customer")
      .columns({"company_id integer", "id integer"})
      .primary({"company_id", "id"});
  db.table("sales.order")
      .columns({"company_id integer", "customer_id integer"})
      .fk("o_c", {"company_id", "customer_id"}, "sales.customer");
  rules.settings.scope_columns = {"company_id"};
  discover();
  EXPECT_EQ(of("sales.order").route_text, "company_id");
  expect_no_errors();
}

TEST_F(ScopeQuestions, ReferencesToExcludedRowsAreWarnedAbout) {
  invoice()
      .columns({"plan_id integer", "other_id integer null"})
      .fk("i_plan", {"plan_id"}, "sales.plan")
      .fk("i_other", {"other_id"}, "sales.plan");
  owned("sales.plan");
  rules.tables = {table_rule("sales.plan", "excluded")};
  discover();
  expect_no_errors();
  expect_finding(Severity::kWarning, "sales.invoice", "i_plan refers to sales.plan");
  EXPECT_EQ(hint_of("sales.invoice"), "");
  EXPECT_EQ(references("sales.plan").size(), 0u);
}

TEST_F(ScopeQuestions, ForeignKeysAreNotInherited) {
  invoice().column("total numeric").raw().has_children = true;
  const auto heir = [&](const std::string& name) -> TableBuilder& {
    TableBuilder& table = db.table(name).columns({"company_ident integer", "total numeric"});
    table.raw().columns[1].name = "company_id";
    table.raw().is_child = true;
    return table;
  };
  heir("sales.credit_note").fk("c_c", {"company_id"}, "sales.company");
  db.table("sales.stranger").column("note text").raw().is_child = true;
  discover();
  EXPECT_EQ(of("sales.credit_note").treatment, TableTreatment::kCompany);
  expect_no_finding("sales.stranger");
  expect_no_errors();
  // without a company column of its own name only the inheritance tells
  db = SchemaBuilder();
  company();
  owned("sales.head");
  child("sales.line", "sales.head").raw().has_children = true;
  db.table("sales.special_line").column("parent_id integer").raw().is_child = true;
  discover();
  expect_finding(Severity::kError, "sales.special_line", "inherits from");
  rules.tables = {table_rule("sales.special_line", "shared")};
  discover();
  expect_no_errors();
}

TEST_F(ScopeQuestions, ForeignTablesAreAskedFor) {
  invoice();
  db.bare_table("remote.usage").columns({"company_id integer", "n integer"}).raw().foreign = true;
  db.bare_table("remote.payment").columns({"invoice_id integer"}).raw().foreign = true;
  db.bare_table("remote.weather").columns({"degrees integer"}).raw().foreign = true;
  db.bare_table("remote.sales").columns({"tenant integer"}).raw().foreign = true;
  rules.settings.scope_columns = {"tenant"};
  discover();
  for (const char* name : {"remote.usage", "remote.payment", "remote.sales"})
    expect_finding(Severity::kError, name, "");
  expect_no_finding("remote.weather");
  rules.tables = {table_rule("remote.usage", "shared"), table_rule("remote.payment", "shared"),
                  table_rule("remote.sales", "company")};
  discover();
  EXPECT_EQ(of("remote.sales").route_text, "tenant");
  expect_no_errors();
}

TEST_F(ScopeQuestions, TablesOfExtensionsAreIgnoredUnlessTheyLeadToACompany) {
  invoice();
  owned("cron.entry").raw().of_extension = true;
  db.table("cron.run").column("company_id integer").raw().of_extension = true;
  db.table("cron.part")
      .column("c integer null")
      .fk("p_c", {"c"}, "sales.company")
      .raw()
      .of_extension = true;
  discover();
  expect_finding(Severity::kError, "cron.entry", "extension");
  expect_finding(Severity::kError, "cron.part", "extension");
  expect_no_finding("cron.run");
  rules.tables = {table_rule("cron.entry", "excluded"), table_rule("cron.part", "company")};
  discover();
  expect_no_errors();
  EXPECT_EQ(of("cron.part").treatment, TableTreatment::kCompany);
}

TEST_F(ScopeQuestions, AForeignKeyOfOnePartitionIsNoRoute) {
  invoice();
  db.table("sales.event")
      .column("company_ref integer")
      .fk("e_c", {"company_ref"}, "sales.company")
      .only_partition()
      .raw()
      .partitioned = true;
  discover();
  EXPECT_EQ(scoped("sales.event"), nullptr);
  EXPECT_EQ(hint_of("sales.event"),
            "SELECT public.set_reference('sales.event', '{company_ref}', 'sales.company', "
            "target_columns => '{id}');");
  rules.references = {reference_rule("sales.event", {"company_ref"}, "sales.company", {"id"})};
  discover();
  EXPECT_EQ(of("sales.event").route_text, "company_ref");
  expect_no_errors();
}

TEST_F(ScopeQuestions, ATieDoesNotHideWhatATableLooksLike) {
  two_companies("buyer", "seller");
  db.table("sales.membership")
      .columns({"home integer", "guest integer"})
      .fk("home_fk", {"home"}, "sales.company")
      .fk("guest_fk", {"guest"}, "sales.company");
  discover();
  expect_finding(Severity::kError, "sales.membership", "looks like logins");
  EXPECT_EQ(hint_of("sales.membership"),
            "SELECT public.set_table_rule('sales.membership', 'company', 'roles and rights within "
            "a company', route => '{guest_fk}');");
}

TEST_F(ScopeQuestions, AParentOfOneRowMayHoldSecrets) {
  invoice()
      .columns({"credential_id integer", "user_id integer"})
      .unique("one_credential", {"credential_id"})
      .unique("one_user", {"user_id"})
      .fk("i_cred", {"credential_id"}, "sales.credential")
      .fk("i_user", {"user_id"}, "sales.users");
  db.table("sales.credential");
  db.table("sales.users");
  discover();
  EXPECT_EQ(hint_of("sales.credential"),
            "SELECT public.set_table_rule('sales.credential', 'excluded', 'decides who may log "
            "in', route => '{i_cred}');");
  EXPECT_NE(hint_of("sales.users").find("'people'"), std::string::npos);
  rules.tables = {table_rule("sales.credential", "excluded", {"i_cred"}),
                  table_rule("sales.users", "people")};
  discover();
  expect_no_errors();
  EXPECT_EQ(of("sales.credential").treatment, TableTreatment::kExcluded);
  EXPECT_TRUE(of("sales.credential").owned());
}

TEST_F(ScopeQuestions, ARowThatSharesTheCompanysKeyMakesNoOtherIdSuspicious) {
  company();
  db.table("sales.settings").fk("s_c", {"id"}, "sales.company");
  db.table("sales.unrelated");
  discover();
  EXPECT_EQ(of("sales.settings").route_text, "s_c");
  EXPECT_TRUE(scope.findings.empty()) << findings();
}

TEST_F(ScopeQuestions, ATableBetweenPeopleAndCompaniesIsTheMembership) {
  company();
  db.table("sales.users").column("email text");
  owned("sales.company_user").column("user_id integer").fk("cu_u", {"user_id"}, "sales.users");
  owned("sales.user_role").column("user_id integer").fk("ur_u", {"user_id"}, "sales.users");
  discover();
  EXPECT_EQ(hint_of("sales.company_user"),
            "SELECT public.set_membership('sales.company_user', 'user_id');");
  EXPECT_EQ(hint_of("sales.user_role"),
            "SELECT public.set_table_rule('sales.user_role', 'excluded', 'decides who may log "
            "in');");
  rules.settings.membership_schema = "sales";
  rules.settings.membership_table = "user_role";
  rules.settings.membership_person_column = "user_id";
  discover();
  EXPECT_EQ(hint_of("sales.company_user"),
            "SELECT public.set_table_rule('sales.company_user', 'excluded', 'decides who may log "
            "in');");
}

TEST_F(ScopeQuestions, PeopleOfOneCompanyTravelWithIt) {
  const std::string of_company = "'company', 'people who log in to one company only'";
  const std::string across = "'people', 'people who log in'";
  const auto expect_hint = [&](const std::string& table, const std::string& part) {
    discover();
    EXPECT_NE(hint_of(table).find(part), std::string::npos) << hint_of(table);
  };
  const auto users = [&](const std::string& definition) -> TableBuilder& {
    db = SchemaBuilder();
    company();
    owned("sales.invoice");
    const std::string column = definition.substr(0, definition.find(' '));
    return db.table("sales.users")
        .columns({"email text", definition})
        .fk("users_company", {column}, "sales.company");
  };
  users("company_id integer");
  expect_hint("sales.users", of_company);
  users("company_id integer null");
  expect_hint("sales.users", of_company + ", route => '{users_company}'");
  users("current_company_id integer null");
  expect_hint("sales.users", across);
  // a membership says that they log in to several
  users("company_id integer");
  owned("sales.user_company").column("user_id integer").fk("uc_u", {"user_id"}, "sales.users");
  expect_hint("sales.users", across);
  // but not of whom else the company knows
  owned("sales.person").column("email text");
  expect_hint("sales.person", of_company);
  owned("sales.customer")
      .columns({"email text", "password text", "manager_id integer"})
      .fk("c_m", {"manager_id"}, "sales.users");
  expect_hint("sales.customer", of_company);
  owned("sales.user_profile")
      .columns({"user_name text", "user_id integer"})
      .fk("up_u", {"user_id"}, "sales.users");
  expect_hint("sales.user_profile", "'excluded', 'decides who may log in'");
  // and not one that says who is in a team of the company
  users("company_id integer");
  owned("sales.team");
  owned("sales.team_member").column("user_id integer").fk("tm_u", {"user_id"}, "sales.users");
  expect_hint("sales.users", of_company);
  EXPECT_NE(hint_of("sales.team_member").find("'company', 'roles and rights"), std::string::npos);
}

TEST_F(ScopeQuestions, RolesAreACompanysDataAndMembersAreNot) {
  company();
  db.table("sales.users").column("email text");
  owned("sales.role").column("name text");
  child("sales.role_permission", "sales.role");
  owned("sales.UserOnCompany").column("user_id integer");
  owned("sales.user_role").column("user_id integer");
  owned("sales.mail_outbox");
  child("sales.mail_outbox_users", "sales.mail_outbox").column("user_id integer");
  discover();
  const std::string rule = "SELECT public.set_table_rule(";
  const std::string data = "'company', 'roles and rights within a company');";
  EXPECT_EQ(hint_of("sales.role"), rule + "'sales.role', " + data);
  EXPECT_EQ(hint_of("sales.role_permission"), rule + "'sales.role_permission', " + data);
  EXPECT_EQ(hint_of("sales.user_role"),
            rule + "'sales.user_role', 'excluded', 'decides who may log in');");
  EXPECT_EQ(hint_of("sales.\"UserOnCompany\""),
            "SELECT public.set_membership('sales.\"UserOnCompany\"', 'user_id');");
  EXPECT_EQ(hint_of("sales.mail_outbox_users"),
            rule + "'sales.mail_outbox_users', 'excluded', 'belongs to rows that do not travel');");
}

TEST_F(ScopeQuestions, WhatATableLooksLikeIsLikely) {
  company();
  owned("sales.event_outbox");
  two_companies("buyer", "seller");
  discover();
  for (const Finding& finding : scope.findings)
    EXPECT_EQ(finding.confidence,
              finding.object == "sales.deal" ? Confidence::kGuess : Confidence::kLikely);
}

TEST_F(ScopeQuestions, TablesOfOutsidersStopNothing) {
  rules.settings.scope_columns = {"tenant_id"};
  invoice();
  db.table("evil.scoped").column("tenant_id integer").raw().outsider = "mallory";
  db.table("evil.asked").column("company_id integer").raw().outsider = "mallory";
  db.table("sales.asked").column("company_id integer");
  discover();
  const std::string told = "its owner, mallory, has no right on the company's tables";
  expect_finding(Severity::kWarning, "evil.scoped", told);
  expect_finding(Severity::kWarning, "evil.asked", told);
  expect_finding(Severity::kError, "sales.asked", "");
  EXPECT_EQ(scoped("evil.scoped"), nullptr);
  rules.tables = {table_rule("evil.scoped", "company"), table_rule("sales.asked", "shared")};
  discover();
  EXPECT_EQ(of("evil.scoped").treatment, TableTreatment::kCompany);
  expect_no_errors();
}

}  // namespace
}  // namespace company_backup
