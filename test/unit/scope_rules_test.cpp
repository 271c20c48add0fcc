// Rules that went stale, contradict each other or lead nowhere; what is proposed; and speed.
#include <gtest/gtest.h>

#include <ctime>
#include <set>

#include "core/scope/discovery.hpp"
#include "core/text/error.hpp"
#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class ScopeRules : public ScopeTest {
 protected:
  static constexpr const char* kForget = "SELECT public.forget_stale_rules();";

  void SetUp() override {
    company();
    owned("sales.invoice").column("note text");
  }
};

TEST_F(ScopeRules, NamesThatAreGone) {
  rules.tables = {table_rule("sales.gone", "company"),
                  table_rule("sales.invoice", "company", {}, {"number"})};
  rules.columns = {column_rule("sales.lost", "x", "data"),
                   column_rule("sales.invoice", "secret_note", "secret")};
  rules.references = {reference_rule("sales.invoice", {"old"}, "sales.company"),
                      reference_rule("sales.invoice", {"note"}, "sales.Other Table"),
                      reference_rule("sales.invoice", {"note"}, "sales.company", {"slug"})};
  rules.references.push_back(reference_rule("sales.invoice", {"note"}, "sales.company", {"name"}));
  rules.references.back().when_column = "kind";
  rules.settings.membership_schema = "sales";
  rules.settings.membership_table = "member";
  discover();
  for (const char* object :
       {"sales.gone", "sales.invoice.number", "sales.lost", "sales.invoice.secret_note",
        "sales.invoice.old", "sales.\"Other Table\"", "sales.company.slug", "sales.invoice.kind",
        "sales.member"}) {
    expect_finding(Severity::kError, object, "that does not exist");
    EXPECT_EQ(hint_of(object), kForget) << object;
  }
}

TEST_F(ScopeRules, ColumnsOfTheCompanyRowThatAreGone) {
  rules.settings.name_column = "title";
  rules.settings.owner_column = "owner";
  rules.settings.identity_columns = std::vector<std::string>{"name", "slug"};
  rules.settings.scope_columns = {"company_id", "tenant_id"};
  discover();
  expect_finding(Severity::kError, "sales.company.title", "does not exist");
  expect_finding(Severity::kError, "sales.company.owner", "does not exist");
  EXPECT_EQ(hint_of("sales.company.slug"),
            "SELECT public.set_company_table('sales.company', key_column => 'id', name_column => "
            "'id', identity_columns => '{name}', scope_columns => '{company_id,tenant_id}');");
  EXPECT_EQ(hint_of("sales.company").find("scope_columns => '{company_id,tenant_id}'"),
            std::string::npos);
  expect_finding(Severity::kError, "sales.company", "no table has the scope column tenant_id");
}

TEST_F(ScopeRules, AMembershipPersonColumnThatIsGone) {
  owned("sales.belongs");
  rules.settings.membership_schema = "sales";
  rules.settings.membership_table = "belongs";
  rules.settings.membership_person_column = "person_id";
  discover();
  EXPECT_EQ(hint_of("sales.belongs.person_id"), kForget);
}

TEST_F(ScopeRules, AMembershipTableThatLeadsNowhere) {
  db.table("sales.belongs");
  rules.settings.membership_schema = "sales";
  rules.settings.membership_table = "belongs";
  rules.settings.membership_person_column = "id";
  discover();
  expect_finding(Severity::kError, "sales.belongs",
                 "it is the membership table, but no foreign key");
}

TEST_F(ScopeRules, ContradictionsAreNamed) {
  db.table("sales.a");
  rules.tables = {table_rule("sales.invoice", "company"), table_rule("sales.invoice", "excluded"),
                  table_rule("sales.company", "shared")};
  rules.columns = {column_rule("sales.invoice", "note", "data"),
                   column_rule("sales.invoice", "note", "secret")};
  discover();
  EXPECT_EQ(hint_of("sales.invoice"), "SELECT public.set_table_rule('sales.invoice', 'auto');");
  EXPECT_EQ(of("sales.invoice").treatment, TableTreatment::kCompany);
  expect_finding(Severity::kError, "sales.company",
                 "it is the company table, but its rule says shared");
  EXPECT_EQ(hint_of("sales.invoice.note"),
            "SELECT public.set_column_rule('sales.invoice', 'note', 'auto');");
}

TEST_F(ScopeRules, SharedRowsHaveNoRoute) {
  db.table("sales.unit");
  rules.tables = {table_rule("sales.unit", "shared", {"x"})};
  discover();
  expect_finding(Severity::kError, "sales.unit", "also names a route");
}

TEST_F(ScopeRules, ARouteMayNameAnythingThatLeadsUp) {
  owned("sales.bill");
  db.table("sales.file")
      .columns({"bill_id integer null", "invoice_ref text null", "firm integer null"})
      .fk("file_bill", {"bill_id"}, "sales.bill");
  rules.settings.scope_columns = {"firm"};
  rules.references = {reference_rule("sales.file", {"invoice_ref"}, "sales.invoice")};
  rules.tables = {table_rule("sales.file", "company", {"file_bill", "invoice_ref", "firm"})};
  discover();
  ASSERT_EQ(of("sales.file").routes.size(), 3u);
  EXPECT_EQ(of("sales.file").routes[0].kind, RouteStep::Kind::kDown);
  EXPECT_EQ(of("sales.file").routes[1].kind, RouteStep::Kind::kDown);
  EXPECT_TRUE(of("sales.file").routes[1].operators.empty());  // text against integer
  EXPECT_EQ(of("sales.file").routes[2].kind, RouteStep::Kind::kCompany);
  expect_no_errors();
}

TEST_F(ScopeRules, ARouteWithAnUnknownName) {
  rules.tables = {table_rule("sales.invoice", "company", {"old_fk", "invoice_company_fk"})};
  rules.tables[0].area = "Money";
  discover();
  expect_finding(Severity::kError, "sales.invoice", "names old_fk, which is no foreign key");
  EXPECT_EQ(hint_of("sales.invoice"),
            "SELECT public.set_table_rule('sales.invoice', 'company', 'reviewed', area => 'Money', "
            "route => '{invoice_company_fk}');");
  EXPECT_EQ(of("sales.invoice").area, "Money");
}

TEST_F(ScopeRules, ARouteToATableOfNobody) {
  db.table("sales.country");
  db.table("sales.city").column("country integer").fk("c_c", {"country"}, "sales.country");
  rules.tables = {table_rule("sales.city", "company", {"c_c"})};
  discover();
  EXPECT_EQ(scoped("sales.city"), nullptr);
  expect_finding(Severity::kError, "sales.city",
                 "leads to sales.country, which belongs to no company");
}

TEST_F(ScopeRules, RoutesThatGoRoundInACircle) {
  db.table("sales.a").column("b integer null").fk("a_b", {"b"}, "sales.b");
  db.table("sales.b").column("a integer null").fk("b_a", {"a"}, "sales.a");
  db.table("sales.self").column("up integer null").fk("self_up", {"up"}, "sales.self");
  rules.tables = {table_rule("sales.a", "company", {"a_b"}),
                  table_rule("sales.b", "company", {"b_a"}),
                  table_rule("sales.self", "company", {"self_up"})};
  discover();
  for (const char* name : {"sales.a", "sales.b", "sales.self"}) {
    EXPECT_EQ(scoped(name), nullptr);
    expect_finding(Severity::kError, name, "its route goes round in a circle");
  }
}

TEST_F(ScopeRules, ARouteThroughATableThatDependsOnItIsACircle) {
  db.table("sales.a")
      .columns({"invoice integer null", "b integer null"})
      .fk("a_i", {"invoice"}, "sales.invoice")
      .fk("a_b", {"b"}, "sales.b");
  child("sales.b", "sales.a");
  rules.tables = {table_rule("sales.a", "company", {"a_i", "a_b"})};
  discover();
  expect_finding(Severity::kError, "sales.a", "goes round in a circle: a_b leads to sales.b");
  EXPECT_NE(hint_of("sales.a").find("route => '{a_i}'"), std::string::npos);
}

TEST_F(ScopeRules, ARuleForATableNothingLeadsTo) {
  db.table("sales.body");
  db.table("sales.lonely");
  db.table("sales.owner")
      .columns({"company_id integer", "body integer null"})
      .fk("o_c", {"company_id"}, "sales.company")
      .fk("o_b", {"body"}, "sales.body");
  rules.tables = {table_rule("sales.body", "company"), table_rule("sales.lonely", "company")};
  discover();
  EXPECT_NE(hint_of("sales.body").find("route => '{o_b}'"), std::string::npos);
  EXPECT_EQ(hint_of("sales.lonely"), "SELECT public.set_table_rule('sales.lonely', 'auto');");
}

TEST_F(ScopeRules, OnForeignKeyColumnsAReferenceRuleSetsThePolicy) {
  db.table("sales.line")
      .columns({"invoice_id integer", "partner_id integer"})
      .fk("l_i", {"invoice_id"}, "sales.invoice")
      .fk("l_p", {"partner_id"}, "sales.company");
  rules.references = {reference_rule("sales.line", {"partner_id"}, "sales.company")};
  rules.references[0].outside = OutsidePolicy::kKeep;
  discover();
  ASSERT_EQ(references("sales.line"), (std::vector<std::string>{"l_i", "l_p"}));
  for (const Reference& reference : scope.references)
    if (reference.name == "l_p")
      EXPECT_EQ(reference.outside, OutsidePolicy::kKeep);
    else
      EXPECT_EQ(reference.outside, OutsidePolicy::kRefuse);
}

TEST_F(ScopeRules, AReferenceRuleThatDeniesTheForeignKey) {
  owned("sales.bill");
  child("sales.line", "sales.invoice");
  rules.references = {reference_rule("sales.line", {"parent_id"}, "sales.bill")};
  discover();
  expect_finding(Severity::kError, "sales.line.parent_id",
                 "its reference rule says sales.bill, but its foreign key line_parent says "
                 "sales.invoice");
}

TEST_F(ScopeRules, ReferenceRulesThatCannotBeRight) {
  db.bare_table("sales.part").columns({"a integer", "b integer"}).primary({"a", "b"});
  db.bare_table("sales.keyless").column("a integer");
  owned("sales.line")
      .columns(
          {"n1 integer", "n2 integer", "n3 jsonb", "n4 integer", "n5 integer[]", "n6 integer"});
  const auto rule = [&](const std::vector<std::string>& columns, const std::string& target,
                        const std::string& path = "") {
    rules.references.push_back(reference_rule("sales.line", columns, target));
    rules.references.back().json_path = path;
  };
  rule({"n1"}, "sales.part");
  rule({"n2"}, "sales.keyless");
  rule({"n3"}, "sales.invoice");
  rule({"n4"}, "sales.invoice", ".x");
  rule({"n5", "n4"}, "sales.part");
  rule({"n6"}, "sales.invoice");
  rule({"n6"}, "sales.company");
  discover();
  expect_finding(Severity::kError, "sales.line.n1", "pairs 1 with 2 columns of sales.part");
  expect_finding(Severity::kError, "sales.line.n2", "names no target columns");
  expect_finding(Severity::kError, "sales.line.n3", "needs a json_path");
  expect_finding(Severity::kError, "sales.line.n4", "the column is not JSON");
  expect_finding(Severity::kError, "sales.line.n5", "mixes an array");
  expect_finding(Severity::kError, "sales.line.n6", "two reference rules");
}

TEST_F(ScopeRules, SoftReferencesAreRoutesUnlessInListsOrDocuments) {
  db.table("sales.soft").column("invoice_id bigint");
  db.table("sales.array").column("invoice_ids integer[]");
  db.table("sales.when").columns({"kind text", "invoice_id integer"});
  rules.references = {reference_rule("sales.soft", {"invoice_id"}, "sales.invoice"),
                      reference_rule("sales.array", {"invoice_ids"}, "sales.invoice"),
                      reference_rule("sales.when", {"invoice_id"}, "sales.invoice")};
  rules.references[2].when_column = "kind";
  discover();
  EXPECT_EQ(of("sales.soft").decided_by, DecidedBy::kReference);
  EXPECT_EQ(of("sales.soft").route_text, "invoice_id > invoice_company_fk");
  EXPECT_EQ(scoped("sales.array"), nullptr);
  EXPECT_EQ(of("sales.when").route_text, "invoice_id ('') > invoice_company_fk");
}

TEST_F(ScopeRules, ACompanyKeyThatIsNotUnique) {
  rules.settings.key_column = "name";
  discover();
  expect_finding(Severity::kError, "sales.company.name", "not unique");
}

TEST_F(ScopeRules, FindingsComeInOrder) {
  owned("sales.a_queue").columns({"locked_at timestamptz", "attempts integer"});
  owned("sales.doc").columns({"extra jsonb", "unit integer"}).fk("u", {"unit"}, "sales.unit");
  db.table("sales.unit");
  owned("sales.user_role");
  discover();
  std::vector<std::string> order;
  for (const Finding& finding : scope.findings)
    order.push_back(std::string(to_text(finding.severity)) + " " + finding.object);
  EXPECT_EQ(order, (std::vector<std::string>{"error sales.a_queue", "error sales.user_role",
                                             "warning sales.unit", "notice sales.doc.extra"}));
}

// Proposals.

class Proposals : public ScopeTest {
 protected:
  std::vector<std::string> propose() {
    std::vector<std::string> statements;
    for (const Proposal& proposal : propose_rules(db.build(), rules, "tools")) {
      EXPECT_NE(proposal.evidence, "");
      statements.push_back(proposal.statement);
    }
    return statements;
  }
};

TEST_F(Proposals, GuessTheCompanyTable) {
  rules = Rules{};
  company();
  owned("sales.account");
  owned("sales.team").column("account integer").fk("t_a", {"account"}, "sales.account");
  EXPECT_EQ(propose(), (std::vector<std::string>{
                           "SELECT tools.set_company_table('sales.company', key_column => 'id', "
                           "name_column => 'name');"}));
}

TEST_F(Proposals, GuessScopeColumnsToo) {
  rules = Rules{};
  db.bare_table("app", "Tenants").columns({"key uuid", "legal_name text"}).primary({"key"});
  db.table("app.order").column("tenant_id uuid");
  db.table("app.item").column("tenant_id uuid");
  db.table("app.note").column("tenant_key uuid");
  db.table("app.rate").column("tenant_id integer");
  EXPECT_EQ(propose(),
            (std::vector<std::string>{
                "SELECT tools.set_company_table('app.\"Tenants\"', key_column => 'key', "
                "name_column => 'legal_name', scope_columns => '{tenant_id,tenant_key}');"}));
}

TEST_F(Proposals, NothingToGuess) {
  rules = Rules{};
  db.table("a.invoice");
  db.bare_table("a.company").column("id integer");
  EXPECT_TRUE(propose().empty());
}

TEST_F(Proposals, ScopeColumnsWhenNothingLeadsToTheCompany) {
  company();
  db.table("sales.invoice").column("company_id integer");
  EXPECT_EQ(propose(),
            (std::vector<std::string>{
                "SELECT tools.set_company_table('sales.company', key_column => 'id', name_column "
                "=> 'name', scope_columns => '{company_id}');"}));
}

TEST_F(Proposals, NothingHelpsWhenNothingLeadsToTheCompany) {
  company();
  db.table("sales.invoice").column("amount integer");
  EXPECT_THROW(propose(), Error);
}

TEST_F(Proposals, AreTheHintsWithoutRepeats) {
  company();
  owned("sales.a_queue").columns({"locked_at timestamptz", "attempts integer"});
  rules.tables = {table_rule("sales.gone", "company"), table_rule("sales.lost", "company")};
  EXPECT_EQ(propose(), (std::vector<std::string>{
                           "SELECT tools.set_table_rule('sales.a_queue', 'excluded', 'work in "
                           "progress: it must not be done twice');",
                           "SELECT tools.forget_stale_rules();"}));
}

TEST_F(Proposals, QuoteWhatNeedsIt) {
  company();
  const std::string longest(63, 'n');
  db.bare_table("Mixed Case", "order's \"x\"")
      .columns({"id integer", "company_id integer"})
      .primary({"id"})
      .fk("c", {"company_id"}, "sales.company")
      .column("apiToken text");
  db.bare_table("select", "table")
      .columns({"id integer", "Back\\slash_id integer"})
      .primary({"id"})
      .column("company_id integer")
      .fk("c", {"company_id"}, "sales.company");
  db.table("sales." + longest).column("c integer null").fk("a,b", {"c"}, "sales.company");
  EXPECT_EQ(
      propose(),
      (std::vector<std::string>{
          "SELECT tools.set_column_rule('\"Mixed Case\".\"order''s \"\"x\"\"\"', 'apiToken', "
          "'secret', replacement => 'gen_random_uuid()::text');",
          "SELECT tools.set_column_rule('\"select\".\"table\"', E'Back\\\\slash_id', 'data');",
          "SELECT tools.set_table_rule('sales." + longest +
              "', 'company', 'belongs to the company of \"a,b\"', route => '{\"a,b\"}');"}));
}

// Applying what is proposed must end: no round may propose what was already applied.
TEST_F(Proposals, SettleEverythingTheyAskFor) {
  attachment();
  owned("sales.session");
  owned("sales.item").columns({"secret text", "thing_id integer"});
  schema = db.build();
  ASSERT_TRUE(discover_scope(schema, rules, "tools").undecided());
  rules.tables = {table_rule("sales.attachment", "company", {"to_bill", "to_invoice"}),
                  table_rule("sales.session", "excluded")};
  rules.columns = {column_rule("sales.item", "secret", "secret"),
                   column_rule("sales.item", "thing_id", "data")};
  rules.columns[0].replacement = "'none'";
  EXPECT_TRUE(propose().empty());
}

// 300 tables, 1,400 foreign keys, many tables deep, and one rule for every seventh table.
TEST_F(ScopeTest, ALargeSchemaIsFast) {
  company();
  const auto name = [](int i) { return "sales.t" + std::to_string(1000 + i); };
  for (int i = 0; i < 300; ++i) {
    TableBuilder& table = db.table(name(i));
    for (int c = 0; c < 25; ++c) table.column("some_column_" + std::to_string(c) + " text null");
    for (int k = 0; k < 4 && i > 0; ++k) {
      const std::string column = "r" + std::to_string(k);
      table.column(column + (i % 7 == 0 ? " integer null" : " integer"));
      table.fk("fk" + std::to_string(k), {column}, name((i * (k + 3) + k * 17) % i));
    }
    if (i % 2 == 0)
      table.column("company_id integer null").fk("fk_c", {"company_id"}, "sales.company");
    if (i % 7 == 0) rules.tables.push_back(table_rule(name(i), "company", {}));
  }
  db.table("sales.first").column("company_id integer").fk("x", {"company_id"}, "sales.company");
  schema = db.build();
  EXPECT_GT(schema.foreign_keys.size(), 1340u);
  const std::clock_t start = std::clock();  // of the processor: others may be busy, too
  scope = discover_scope(schema, rules, "public");
  propose_rules(schema, Rules{}, "public");
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 1.0);  // measured: about 0.02; sanitizers and busy machines are slower
  EXPECT_GT(scope.tables.size(), 250u);
}

class ScopeOfKinds : public ScopeTest {
 protected:
  // sales.remark, about a visit, a line of a sheet or another remark.
  void remarks(const std::string& more = "") {
    company();
    owned("sales.visit");
    owned("sales.sheet");
    child("sales.line", "sales.sheet");
    db.table("sales.remark").columns({"about_type text" + more, "about_id integer" + more});
  }
  void is_about(const std::string& kind, const std::string& target) {
    ReferenceRule rule = reference_rule("sales.remark", {"about_id"}, target);
    rule.when_column = "about_type";
    rule.when_value = kind;
    rules.references.push_back(rule);
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> names;
    for (const RouteStep& step : of("sales.remark").routes)
      names.push_back(schema.tables[step.target].name + " " + step.when_value);
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(ScopeOfKinds, ATableThatNothingReachesIsAskedAbout) {
  remarks();
  discover();
  expect_finding(Severity::kError, "sales.remark",
                 "looks like an ID whose table is named by about_type");
  rules.tables = {table_rule("sales.remark", "shared")};
  discover();
  expect_no_errors();
}

TEST_F(ScopeOfKinds, EachKindLeadsItsRowsToTheirCompany) {
  remarks();
  is_about("Visit", "sales.visit");
  is_about("Line", "sales.line");  // a step further from the company
  is_about("Remark", "sales.remark");
  discover();
  expect_no_errors();
  EXPECT_EQ(of("sales.remark").treatment, TableTreatment::kCompany);
  EXPECT_EQ(of("sales.remark").decided_by, DecidedBy::kReference);
  EXPECT_EQ(targets(), (std::vector<std::string>{"line Line", "visit Visit"}));
  EXPECT_EQ(of("sales.remark").route_text,
            "about_id ('Visit') > visit_company_fk | "
            "about_id ('Line') > line_parent > sheet_company_fk");
  EXPECT_TRUE(can_belong_to_nobody(schema, scope, of("sales.remark")));
}

TEST_F(ScopeOfKinds, ARuleMayNameThemByTheirColumn) {
  remarks(" null");
  is_about("Visit", "sales.visit");
  is_about("Line", "sales.line");
  discover();
  expect_finding(Severity::kError, "sales.remark",
                 "only a column that can be NULL leads to a company");
  rules.tables = {table_rule("sales.remark", "company", {"about_id"})};
  discover();
  expect_no_errors();
  EXPECT_EQ(targets(), (std::vector<std::string>{"line Line", "visit Visit"}));
}

TEST_F(ScopeOfKinds, TheCompanysColumnDecidesWhereThereIsOne) {
  remarks();
  owned("sales.tag").columns({"about_type text", "about_id integer"});
  ReferenceRule rule = reference_rule("sales.tag", {"about_id"}, "sales.visit");
  rule.when_column = "about_type";
  rule.when_value = "Visit";
  rules.references.push_back(rule);
  rules.tables = {table_rule("sales.remark", "shared")};
  discover();
  expect_no_errors();
  ASSERT_EQ(of("sales.tag").routes.size(), 1u);
  EXPECT_EQ(of("sales.tag").routes[0].name, "tag_company_fk");
}

}  // namespace
}  // namespace company_backup
