// Whose rows are that nothing leads from to a company, by who uses them.
#include "core/scope/row_uses.hpp"

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

// `rows` rows, of which each of `companies` uses each `times` times.
UseEvidence shared_by(int rows, int companies, int times = 2) {
  UseCounter counter;
  for (int row = 0; row < rows; ++row)
    for (int use = 0; use < companies * times; ++use)
      counter.add(std::to_string(row), std::to_string(use % companies));
  return counter.count(static_cast<uint64_t>(rows));
}

// `rows` of `all` rows, each used by one of two companies.
UseEvidence apart(int rows, int times, int all) {
  UseCounter counter;
  for (int row = 0; row < rows; ++row)
    for (int use = 0; use < times; ++use) counter.add(std::to_string(row), std::to_string(row % 2));
  return counter.count(static_cast<uint64_t>(all));
}

UseJudgement judge(const UseEvidence& evidence) {
  return judge_uses(&evidence);
}

using Kind = UseJudgement::Kind;

TEST(RowUses, RowsOfSeveralCompaniesAreShared) {
  const UseJudgement judged = judge(shared_by(6, 3));
  EXPECT_EQ(judged.kind, Kind::kShared);
  EXPECT_EQ(judged.confidence, Confidence::kConfident);
  EXPECT_EQ(judged.evidence, "6 of 6 used rows are used by several companies");
}

TEST(RowUses, FewOfManyProveNothing) {
  UseCounter counter;
  for (int row = 0; row < 40; ++row)
    for (int use = 0; use < 3; ++use) counter.add(std::to_string(row), std::to_string(row % 2));
  for (int row = 0; row < 3; ++row) counter.add(std::to_string(row), std::to_string(1 - row % 2));
  const UseJudgement judged = judge(counter.count(40));
  EXPECT_EQ(judged.kind, Kind::kMostlyApart);
  EXPECT_EQ(judged.confidence, Confidence::kGuess);
  EXPECT_EQ(judged.evidence, "37 of 40 used rows are used by one company alone, and 3 by several");
}

TEST(RowUses, OneRowMayBeAMistake) {
  EXPECT_EQ(judge(shared_by(1, 2)).confidence, Confidence::kLikely);
}

TEST(RowUses, RowsOfOneCompanyEach) {
  const UseJudgement judged = judge(apart(25, 3, 1000));
  EXPECT_EQ(judged.kind, Kind::kApart);
  EXPECT_EQ(judged.confidence, Confidence::kGuess);
  EXPECT_EQ(judged.evidence,
            "each of 25 used rows is used by one company alone, though 2 companies use some");
  EXPECT_EQ(judge(apart(8, 9, 8)).kind, Kind::kUnknown) << "a few";
}

// Used once each: of so many rows that nobody would have met another, or of nearly as many.
TEST(RowUses, OneUseOfARowSaysLittle) {
  EXPECT_EQ(judge(apart(40, 1, 1000)).kind, Kind::kUnknown);
  EXPECT_EQ(judge(apart(40, 1, 0)).kind, Kind::kUnknown) << "nobody knows of how many";
  EXPECT_EQ(judge(apart(40, 1, 44)).kind, Kind::kApart);
}

TEST(RowUses, OneCompanySaysNothing) {
  EXPECT_EQ(judge(shared_by(20, 1, 5)).kind, Kind::kUnknown);
  EXPECT_EQ(judge(UseCounter().count(0)).kind, Kind::kUnknown);
  EXPECT_EQ(judge_uses(nullptr).kind, Kind::kUnknown);
}

class UsedTables : public ScopeTest {
 protected:
  // sales.thing, which sales.invoice and sales.bill refer to, and nothing leads from.
  void thing() {
    company();
    for (const char* name : {"sales.invoice", "sales.bill"})
      owned(name)
          .column("thing_id integer")
          .fk(std::string(name).substr(6) + "_thing_fk", {"thing_id"}, "sales.thing");
  }

  void discover_with(const UseEvidence& uses) {
    schema = db.build();
    evidence.has_rows = true;
    evidence.uses[at("sales.thing")] = uses;
    scope = discover_scope(schema, rules, "public", evidence);
  }

  Proposal proposal() {
    for (const Proposal& proposal : propose_rules(schema, rules, "public", evidence))
      if (proposal.statement.find("sales.thing") != std::string::npos) return proposal;
    return {};
  }

  std::vector<std::string> used() {
    discover();
    std::vector<std::string> names;
    for (const RowUse& use : row_uses(schema, rules, scope)) names.push_back(use.step.name);
    return names;
  }

  using Names = std::vector<std::string>;
  Evidence evidence;
};

TEST_F(UsedTables, SharedForSureWithANaturalKey) {
  thing();
  db.table("sales.thing").column("code text").unique("thing_code", {"code"});
  discover_with(shared_by(6, 3));
  expect_finding(Severity::kWarning, "sales.thing", "it is shared by all companies");
  expect_no_errors();
  EXPECT_EQ(proposal().confidence, Confidence::kConfident);
  EXPECT_EQ(proposal().statement,
            "SELECT public.set_table_rule('sales.thing', 'shared', 'reference data', "
            "match_columns => '{code}');");
  EXPECT_EQ(proposal().evidence, "6 of 6 used rows are used by several companies");
}

TEST_F(UsedTables, LikelySharedWithoutOne) {
  thing();
  db.table("sales.thing");
  discover_with(shared_by(6, 3));
  EXPECT_EQ(proposal().confidence, Confidence::kLikely);
}

TEST_F(UsedTables, RowsOfOneCompanyEachAreAskedAbout) {
  thing();
  db.table("sales.thing").column("code text").unique("thing_code", {"code"});
  discover_with(apart(25, 3, 25));
  expect_finding(Severity::kError, "sales.thing", "they seem to belong to some");
  EXPECT_EQ(scoped("sales.thing"), nullptr);
  EXPECT_EQ(proposal().confidence, Confidence::kGuess);
  EXPECT_EQ(proposal().statement,
            "SELECT public.set_table_rule('sales.thing', 'company', 'belongs to the rows that "
            "refer to it', route => '{bill_thing_fk,invoice_thing_fk}');");
  rules.tables = {table_rule("sales.thing", "shared", {}, {"code"})};
  discover_with(apart(25, 3, 25));
  expect_no_errors();
}

TEST_F(UsedTables, PeopleStayPeople) {
  company();
  owned("sales.invoice").column("author integer").fk("invoice_author", {"author"}, "sales.users");
  db.table("sales.users").column("email text").unique("users_email", {"email"});
  EXPECT_EQ(used(), Names{});
}

TEST_F(UsedTables, UsesByRowsWhoseCompanyIsSure) {
  thing();
  db.table("sales.thing");
  child("sales.line", "sales.invoice")
      .column("thing_id integer")
      .fk("l_t", {"thing_id"}, "sales.thing");
  db.table("sales.loose")
      .columns({"invoice_id integer null", "thing_id integer"})
      .fk("to_invoice", {"invoice_id"}, "sales.invoice")
      .fk("to_thing", {"thing_id"}, "sales.thing");
  EXPECT_EQ(used(), (Names{"bill_thing_fk", "invoice_thing_fk", "l_t"}));
  rules.tables = {table_rule("sales.thing", "shared")};
  EXPECT_EQ(used(), Names{}) << "it is decided";
}

TEST(RowUses, MostRowsOfOneCompanyEach) {
  const UseEvidence mostly{
      .used_rows = 40, .shared_rows = 3, .again_rows = 3, .companies = 5, .expected = 18};
  EXPECT_EQ(judge_uses(&mostly).kind, UseJudgement::Kind::kMostlyApart);
  UseEvidence by_chance = mostly;
  by_chance.expected = 4;
  EXPECT_EQ(judge_uses(&by_chance).kind, UseJudgement::Kind::kShared) << "too few uses say nothing";
}

TEST_F(UsedTables, TheQueryFollowsTheRoute) {
  company();
  owned("sales.invoice");
  child("sales.line", "sales.invoice")
      .column("thing_id integer")
      .fk("l_t", {"thing_id"}, "sales.thing");
  db.table("sales.thing");
  discover();
  const std::vector<RowUse> uses = row_uses(schema, rules, scope);
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].read, (std::set<TableIndex>{at("sales.company"), at("sales.invoice"),
                                                at("sales.line"), at("sales.thing")}));
  const std::string sql = uses_query(schema, scope, uses[0], "\"sales\".\"line\" AS t", 100);
  const auto has = [&](const std::string& text) { return sql.find(text) != std::string::npos; };
  EXPECT_TRUE(
      has("\"sales\".\"invoice\" AS w0 WHERE w0.\"id\" OPERATOR(pg_catalog.=) u."
          "\"parent_id\""))
      << sql;
  EXPECT_TRUE(
      has("\"sales\".\"company\" AS w1 WHERE w1.\"id\" OPERATOR(pg_catalog.=) w0."
          "\"company_id\""))
      << sql;
  EXPECT_TRUE(has("\"sales\".\"thing\" AS used ON used.\"id\"")) << sql;
}

// Ways that lead through each other end.
TEST_F(UsedTables, WaysInACircleEnd) {
  company();
  for (const auto& [name, other] : {std::pair("sales.a", "sales.b"), {"sales.b", "sales.a"}})
    db.table(name)
        .columns({"company_id integer null", "other_id integer null", "thing_id integer"})
        .fk(std::string(name + 6) + "_company", {"company_id"}, "sales.company")
        .fk(std::string(name + 6) + "_other", {"other_id"}, other)
        .fk(std::string(name + 6) + "_thing", {"thing_id"}, "sales.thing");
  db.table("sales.thing");
  rules.tables = {table_rule("sales.a", "company"), table_rule("sales.b", "company")};
  discover();
  for (const RowUse& use : row_uses(schema, rules, scope))
    EXPECT_NE(uses_query(schema, scope, use, "x AS t", 10), "");
}

}  // namespace
}  // namespace company_backup
