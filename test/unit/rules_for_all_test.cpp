// Rules for all tables: which tables they are for.
#include "core/scope/rules_for_all.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class RulesForAll : public ScopeTest {
 protected:
  static ColumnRule column(const std::string& name, ColumnTreatment treatment) {
    return {"", "", name, treatment};
  }

  static ReferenceRule reference(const std::vector<std::string>& columns,
                                 const std::string& target) {
    ReferenceRule rule = reference_rule(target, columns, target);
    rule.schema.clear();
    rule.table.clear();
    return rule;
  }

  // The tables that rules made of one for all tables are for.
  template <class Rule>
  static std::vector<std::string> tables(const std::vector<Rule>& list) {
    std::vector<std::string> names;
    for (const Rule& rule : list)
      if (rule.from_all) names.push_back(rule.table);
    return names;
  }

  std::vector<std::string> for_column(ColumnTreatment treatment) {
    rules.columns = {column("number", treatment)};
    schema = db.build();
    apply_to_tables(schema, rules);
    return tables(rules.columns);
  }

  std::vector<std::string> for_reference(const ReferenceRule& rule) {
    rules.references.push_back(rule);
    schema = db.build();
    apply_to_tables(schema, rules);
    return tables(rules.references);
  }

  using Names = std::vector<std::string>;
};

TEST_F(RulesForAll, ATreatmentIsForColumnsThatItFits) {
  company();
  owned("sales.a").column("number integer");
  owned("sales.b").column("number text");
  owned("sales.c").column("number integer").fk("c_fk", {"number"}, "sales.a");
  owned("sales.d").column("number uuid generated");
  owned("sales.e").column("number integer");
  rules.references = {reference_rule("sales.e", {"number"}, "sales.a")};
  EXPECT_EQ(for_column(ColumnTreatment::kSecret), (Names{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(for_column(ColumnTreatment::kData), (Names{"a", "b", "d"}));
  EXPECT_EQ(for_column(ColumnTreatment::kCounter), (Names{"a", "b", "d"}));
  EXPECT_EQ(for_column(ColumnTreatment::kGroup), (Names{"a"}));
  rules.settings.scope_columns = {"number"};
  EXPECT_EQ(for_column(ColumnTreatment::kData), Names{});
  EXPECT_EQ(for_column(ColumnTreatment::kIdentity), (Names{"a", "b", "c", "d", "e"}));
}

TEST_F(RulesForAll, ARuleForOneTableWins) {
  company();
  owned("sales.a").column("number integer null");
  owned("sales.b").column("number integer null");
  rules.columns = {column("number", ColumnTreatment::kSecret),
                   column_rule("sales.b", "number", "data")};
  discover();
  EXPECT_EQ(column_treatment(rules, schema.tables[at("sales.a")], "number"),
            ColumnTreatment::kSecret);
  EXPECT_EQ(column_treatment(rules, schema.tables[at("sales.b")], "number"),
            ColumnTreatment::kData);
  EXPECT_EQ(findings(), "");
}

TEST_F(RulesForAll, AReferenceIsForColumnsThatFitTheKey) {
  company();
  db.table("sales.person").column("made_by integer");
  owned("sales.a").column("made_by bigint");
  owned("sales.b").column("made_by text");
  owned("sales.c").column("made_by integer[]");
  owned("sales.d").column("made_by integer").fk("d_fk", {"made_by"}, "sales.person");
  owned("sales.e").column("made_by integer generated");
  owned("sales.f").column("made_by integer");
  owned("sales.g").column("made_by integer");
  rules.columns = {column_rule("sales.f", "made_by", "data")};
  rules.references = {reference_rule("sales.g", {"made_by"}, "sales.a")};
  EXPECT_EQ(for_reference(reference({"made_by"}, "sales.person")), (Names{"a", "c", "person"}));
}

TEST_F(RulesForAll, AKeyDoesNotReferToItself) {
  company();
  db.bare_table("sales.person").column("person_id integer").primary({"person_id"});
  owned("sales.a").column("person_id integer");
  EXPECT_EQ(for_reference(reference({"person_id"}, "sales.person")), (Names{"a"}));
}

TEST_F(RulesForAll, EachKindHasItsOwnRule) {
  company();
  owned("sales.a").columns({"about_id integer", "about integer"});
  owned("sales.b").columns({"about_id integer", "about text"});
  owned("sales.c").columns({"about_id integer", "about text generated"});
  owned("sales.d").column("about_id integer");
  owned("sales.e").columns({"about_id integer", "about text"});
  ReferenceRule rule = reference({"about_id"}, "sales.a");
  rule.when_column = "about";
  rule.when_value = "1";
  ReferenceRule own = reference_rule("sales.b", {"about_id"}, "sales.c");
  own.when_column = "about";
  own.when_value = "2";
  rules.references = {own};
  own.table = "e";
  own.when_value = "1";
  rules.references.push_back(own);
  EXPECT_EQ(for_reference(rule), (Names{"a", "b"}));
}

TEST_F(RulesForAll, WhatTheRestOfADocumentIsSaysNothingOfAPath) {
  company();
  for (const char* name : {"sales.a", "sales.b", "sales.c", "sales.d", "sales.e"})
    owned(name).column("doc jsonb");
  ReferenceRule rule = reference({"doc"}, "sales.company");
  rule.json_path = "$.by";
  ReferenceRule own = reference_rule("sales.d", {"doc"}, "sales.a");
  own.json_path = "$.by";
  rules.references = {own};
  own.table = "e";
  own.json_path = "$.at";
  rules.references.push_back(own);
  rules.columns = {column_rule("sales.b", "doc", "data"), column_rule("sales.c", "doc", "secret")};
  EXPECT_EQ(for_reference(rule), (Names{"a", "b", "e"}));
  rules.references.resize(2);
  rules.references.push_back(rule);
  rules.columns = {column("doc", ColumnTreatment::kData)};
  apply_to_tables(schema, rules);
  EXPECT_EQ(tables(rules.columns), (Names{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(tables(rules.references), (Names{"a", "b", "c", "e"}));
}

TEST_F(RulesForAll, TablesOfOthersProveNothing) {
  company();
  owned("sales.a").column("made_by integer");
  owned("sales.b").column("made_by integer");
  owned("sales.c").column("made_by integer");
  schema = db.build();
  for (const char* name : {"sales.b", "sales.c"}) schema.tables[at(name)].outsider = "stranger";
  rules.tables = {table_rule("sales.c", "company")};
  rules.references = {reference({"made_by"}, "sales.company")};
  apply_to_tables(schema, rules);
  EXPECT_EQ(tables(rules.references), (Names{"a", "c"}));
}

TEST_F(RulesForAll, ForeignKeysAndOtherRulesSayOtherwise) {
  company();
  owned("sales.a").column("made_by integer null").fk("a_fk", {"made_by"}, "sales.company");
  owned("sales.b").column("made_by integer null").fk("b_fk", {"made_by"}, "sales.company");
  rules.columns = {column("made_by", ColumnTreatment::kSecret),
                   column_rule("sales.b", "made_by", "data"),
                   column("gone", ColumnTreatment::kData)};
  rules.references = {reference({"made_by"}, "sales.company"), reference({"lost"}, "sales.b"),
                      reference({"made_by"}, "sales.nowhere")};
  discover();
  expect_finding(Severity::kError, "sales.a.made_by", "its foreign key a_fk says");
  EXPECT_EQ(hint_of("sales.a.made_by"),
            "SELECT public.set_column_rule('sales.a', 'made_by', 'secret');");
  expect_finding(Severity::kError, "*.made_by", "a reference rule for all tables says");
  expect_finding(Severity::kError, "*.gone", "that no table has");
  expect_finding(Severity::kError, "*.lost", "that no table has");
  expect_finding(Severity::kError, "sales.nowhere", "does not exist");
  EXPECT_EQ(hint_of("*.gone"), "SELECT public.forget_stale_rules();");
}

TEST_F(RulesForAll, ManyTablesAreFast) {
  company();
  for (int i = 0; i < 1000; ++i) {
    TableBuilder& table = owned("sales.t" + std::to_string(i));
    for (int j = 0; j < 20; ++j) table.column("c" + std::to_string(j) + "_id integer");
  }
  schema = db.build();
  for (int j = 0; j < 10; ++j)
    rules.columns.push_back(column("c" + std::to_string(j) + "_id", ColumnTreatment::kData));
  for (int j = 10; j < 20; ++j)
    rules.references.push_back(reference({"c" + std::to_string(j) + "_id"}, "sales.company"));
  const std::clock_t start = std::clock();  // of the processor: others may be busy, too
  apply_to_tables(schema, rules);
  scope = discover_scope(schema, rules, "public");
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 5.0);  // sanitizers and busy machines are slower
  EXPECT_EQ(findings(), "");
}

}  // namespace
}  // namespace company_backup
