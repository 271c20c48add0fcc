// Columns whose values are keys of several tables, as another column tells.
#include "core/scope/told_kinds.hpp"

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

using Keys = std::vector<std::pair<std::string, uint32_t>>;

// sales.note, whose `ref` means rows of sales.customer, sales.task and sales.tag.
class ToldKindsTest : public ScopeTest {
 protected:
  Evidence evidence, kinds;

  void build(const std::vector<std::string>& columns) {
    company();
    for (const char* name : {"sales.customer", "sales.task", "sales.tag"}) owned(name);
    owned("sales.note").column("ref uuid null").columns(columns);
    schema = db.build();
    evidence.has_rows = true;
    evidence.rows[{at("sales.note"), column("ref")}] = 90;
    evidence.places = {place("", "", 60, {{"customer", 30}, {"task", 20}, {"tag", 10}})};
  }

  int16_t column(const std::string& name) {
    return find_column(schema.tables[at("sales.note")], name)->number;
  }

  PlaceEvidence place(const std::string& when, const std::string& value, uint32_t count,
                      const Keys& keys) {
    PlaceEvidence found{.place = {.table = at("sales.note"),
                                  .column = column("ref"),
                                  .when_column = when.empty() ? int16_t{0} : column(when),
                                  .when_value = value},
                        .values = count,
                        .generated = count};
    for (const auto& [table, matched] : keys)
      found.matches.push_back({at("sales." + table), 1, matched});
    return found;
  }

  // So many values where the column `when` has this one; of which so many are keys of the tables.
  void kind(const std::string& when, const std::string& value, uint32_t count, const Keys& keys) {
    kinds.places.push_back(place(when, value, count, keys));
    std::sort(kinds.places.begin(), kinds.places.end(),
              [](const auto& a, const auto& b) { return a.place < b.place; });
  }

  void three_kinds(const std::string& when) {
    kind(when, "a", 30, {{"customer", 30}});
    kind(when, "b", 20, {{"task", 20}});
    kind(when, "c", 10, {{"tag", 10}});
  }

  // The names of the columns that tell.
  std::vector<std::string> told() {
    add_told_kinds(schema, evidence, kinds);
    std::vector<std::string> names;
    for (const ToldKinds& one : evidence.told)
      for (const int16_t by : one.by)
        names.push_back(column_of(schema.tables[at("sales.note")], by).name);
    return names;
  }

  std::vector<std::string> candidates() {
    std::vector<std::string> names;
    for (const MixedColumn& mixed : mixed_columns(schema, rules.settings, evidence))
      for (const Column* one : mixed.kinds) names.push_back(mixed.column->name + " " + one->name);
    return names;
  }

  // "confidence table value".
  std::vector<std::string> proposed() {
    std::vector<std::string> found;
    for (const Proposal& proposal : propose_rules(schema, rules, "public", evidence)) {
      if (proposal.statement.find("set_reference('sales.note'") == std::string::npos) continue;
      const size_t table = proposal.statement.find("'sales.", proposal.statement.find('}'));
      found.push_back(std::string(to_text(proposal.confidence)) + " " +
                      proposal.statement.substr(table));
    }
    return found;
  }
};

using Names = std::vector<std::string>;

TEST_F(ToldKindsTest, WhatMayTellIsShort) {
  build({"field text", "label varchar", "sort smallint", "up boolean", "body jsonb", "other uuid",
         "gone text generated", "seq integer identity"});
  EXPECT_EQ(candidates(), (Names{"ref field", "ref label", "ref sort"}))
      << "not the company's column, which has a foreign key";
}

TEST_F(ToldKindsTest, OnlyGeneratedKeysOfSeveralTablesAreMixed) {
  build({"field text"});
  PlaceEvidence& whole = evidence.places[0];
  EXPECT_EQ(candidates(), Names{"ref field"});
  whole.generated = 0;
  EXPECT_TRUE(candidates().empty()) << "small numbers";
  whole = place("", "", 60, {{"customer", 60}, {"task", 20}});
  EXPECT_TRUE(candidates().empty()) << "one table has them all";
  whole = place("", "", 60, {{"customer", 50}});
  EXPECT_TRUE(candidates().empty()) << "one table has some";
  whole = place("", "", 60, {{"customer", 50}, {"task", 50}});
  EXPECT_TRUE(candidates().empty()) << "keys of two tables each";
  whole = place("", "", 60, {{"customer", 10}, {"task", 10}});
  EXPECT_TRUE(candidates().empty()) << "most are no keys";
}

TEST_F(ToldKindsTest, ATypeColumnTellsAlready) {
  build({"field text", "ref_type text"});
  EXPECT_EQ(candidates(), (Names{"ref field", "ref ref_type"})) << "ref is no name of an ID";
  for (Column& one : schema.tables[at("sales.note")].columns)
    if (one.name == "ref") one.name = "ref_id";
  EXPECT_TRUE(candidates().empty());
}

TEST_F(ToldKindsTest, EachKindIsOfOneTable) {
  build({"field text"});
  three_kinds("field");
  EXPECT_EQ(told(), Names{"field"});
  EXPECT_EQ(proposed(),
            (Names{"confident 'sales.customer', when_column => 'field', when_value => 'a');",
                   "confident 'sales.task', when_column => 'field', when_value => 'b');",
                   "confident 'sales.tag', when_column => 'field', when_value => 'c');"}));
}

TEST_F(ToldKindsTest, KindsWhoseValuesAreNoKeysAreLeftOut) {
  build({"field text"});
  three_kinds("field");
  kind("field", "d", 12, {});
  kind("field", "e", 1, {{"task", 1}});
  EXPECT_EQ(told(), Names{"field"});
  const Names found = proposed();
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[3], "likely 'sales.task', when_column => 'field', when_value => 'e');")
      << "of one value it is likely";
}

TEST_F(ToldKindsTest, OneKindThatIsNotClearSpoilsThemAll) {
  build({"field text"});
  three_kinds("field");
  kind("field", "d", 12, {{"customer", 6}, {"task", 6}});
  EXPECT_TRUE(told().empty());
  kinds.places.pop_back();
  kind("field", "d", 40, {{"customer", 39}, {"task", 1}});
  EXPECT_TRUE(told().empty()) << "one is of another table";
  kinds.places.pop_back();
  kind("field", "d", 12, {{"customer", 6}});
  EXPECT_TRUE(told().empty()) << "half of them";
  kinds.places.pop_back();
  kind("field", "d", 12, {});
  kinds.places.back().generated = 6;
  EXPECT_TRUE(told().empty()) << "words among them";
}

TEST_F(ToldKindsTest, WhatAgreesByChanceTellsNothing) {
  build({"field text"});
  for (int i = 0; i < 30; ++i)
    kind("field", std::to_string(i), 1, {{i % 2 == 0 ? "customer" : "task", 1}});
  EXPECT_TRUE(told().empty()) << "a value for each";
  kinds.places.clear();
  kind("field", "a", 5, {{"customer", 5}});
  kind("field", "b", 5, {{"task", 5}});
  EXPECT_TRUE(told().empty()) << "a few";
  kinds.places.clear();
  kind("field", "a", 30, {{"customer", 30}});
  kind("field", "b", 12, {{"customer", 12}});
  EXPECT_TRUE(told().empty()) << "no two tables";
  kinds.places.clear();
  for (size_t i = 0; i <= kMostToldKinds; ++i)
    kind("field", std::to_string(i), 9, {{i % 2 == 0 ? "customer" : "task", 9}});
  EXPECT_TRUE(told().empty()) << "too many";
}

TEST_F(ToldKindsTest, SeveralThatTellAlikeAreNamedInTheQuestion) {
  build({"field text", "label text"});
  three_kinds("field");
  three_kinds("label");
  EXPECT_EQ(told(), (Names{"field", "label"}));
  EXPECT_TRUE(proposed().empty());
  scope = discover_scope(schema, rules, "public", evidence);
  expect_finding(Severity::kError, "sales.note.ref",
                 "of which table each is, field and label tell alike (when_column)");
}

TEST_F(ToldKindsTest, TheOneThatIsClearTells) {
  build({"field text", "verb text"});
  three_kinds("field");
  kind("verb", "add", 30, {{"customer", 12}, {"task", 12}, {"tag", 6}});
  kind("verb", "drop", 30, {{"customer", 18}, {"task", 8}, {"tag", 4}});
  EXPECT_EQ(told(), Names{"field"});
  EXPECT_EQ(evidence.of(at("sales.note"), column("ref")).size(), 4U)
      << "of the others nothing is kept";
}

}  // namespace
}  // namespace company_backup
