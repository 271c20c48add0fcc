// Evidence: the forms of values, looking values up among keys, values in documents, and what all of
// that means for the proposals.
#include "core/scope/evidence.hpp"

#include <set>

#include "core/scope/document_values.hpp"
#include "core/scope/judgement.hpp"
#include "core/text/json_text.hpp"
#include "core/text/json_walk.hpp"
#include "scope_fixture.hpp"

namespace company_backup {
namespace {

constexpr const char* kUuid = "0b0e7e2a-1111-4c3b-9d2e-6f3a2b1c0d";  // and two digits

std::string uuid(int number) {
  return kUuid + std::to_string(number + 10);
}

TEST(LooksGenerated, WhatIsMetTwiceByChanceDoesNot) {
  EXPECT_TRUE(looks_generated(uuid(1)));
  EXPECT_TRUE(looks_generated("1234567890123456"));
  EXPECT_TRUE(looks_generated("cus_9s6XKzkNRiz8i3"));
  EXPECT_TRUE(looks_generated("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  for (const char* value :
       {"", "42", "12345678", "open", "documents.create", "a-long-word-with-dashes",
        "ann@example.com", "2024-01-01 10:00", "{\"a\": 12345678901}"}) {
    EXPECT_FALSE(looks_generated(value)) << value;
  }
}

TEST(LooksRandom, SecretsAndNoAddressesOrWords) {
  EXPECT_TRUE(looks_random("pbkdf2_sha256$600000$0aB3xY7z$Qm9v+/c="));
  EXPECT_TRUE(looks_random("8f14e45fceea167a5a36dedd4bea2543"));
  for (const char* value :
       {"", "hunter2", "correct horse battery staple", "/app/secrets/prod1/key2",
        "https://example.com/a1b2c3", "ann.smith42@example.com"}) {
    EXPECT_FALSE(looks_random(value)) << value;
  }
}

TEST(LooksRandom, BytesThatAreNoFile) {
  EXPECT_TRUE(looks_random("\\x8f14e45fceea167a5a36dedd4bea2543"));
  for (const char* value : {"\\x", "\\x1234", "\\x00000000000000000000000000000000",
                            "\\x89504e470d0a1a0a5a36dedd4bea2543"}) {
    EXPECT_FALSE(looks_random(value)) << value;
  }
}

TEST(EvidenceCollector, KeepsApartWhatIsTakenAside) {
  EvidenceCollector collector(100);
  const SamplePlace whole{.table = 1, .column = 2, .aside = Aside::kWhole};
  for (const char* value : {"a", "b"}) collector.add_value(whole, value);
  collector.begin_key(5, 1);
  collector.add_key("a");
  const Evidence evidence = collector.finish();
  EXPECT_EQ(evidence.find(1, 2), nullptr);
  EXPECT_EQ(evidence.find_aside(1, 2, Aside::kInside), nullptr);
  const PlaceEvidence* found = evidence.find_aside(1, 2, Aside::kWhole);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->values, 2U);
  ASSERT_EQ(found->matches.size(), 1U);
  EXPECT_EQ(found->matches[0].values, 1U);
}

TEST(EvidenceCollector, CountsDifferentValuesAndThoseThatAreKeys) {
  EvidenceCollector collector(100);
  const SamplePlace first{.table = 1, .column = 2}, second{.table = 1, .column = 3};
  for (const char* value : {"1", "2", "2", "9"}) collector.add_value(first, value);
  collector.add_value(second, "2");
  collector.begin_key(5, 1);
  for (const char* value : {"1", "2", "3"}) collector.add_key(value);
  collector.begin_key(4, 1);
  collector.add_key("9");
  const Evidence evidence = collector.finish();
  const PlaceEvidence* found = evidence.find(1, 2);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->values, 3U);
  ASSERT_EQ(found->matches.size(), 2U);
  EXPECT_EQ(found->matches[0].table, 5);
  EXPECT_EQ(found->matches[0].values, 2U);
  EXPECT_EQ(found->matches[1].table, 4);
  ASSERT_EQ(evidence.find(1, 3)->matches.size(), 1U);
  EXPECT_EQ(evidence.find(1, 4), nullptr);
  EXPECT_EQ(evidence.of(1, 2).size(), 1U);
}

TEST(EvidenceCollector, KnowsUuidsInEverySpelling) {
  EvidenceCollector collector(100);
  const SamplePlace place{.table = 1, .column = 2};
  collector.add_value(place, "0B0E7E2A-1111-4C3B-9D2E-6F3A2B1C0D10");
  collector.add_value(place, "0b0e7e2a11114c3b9d2e6f3a2b1c0d10");
  collector.begin_key(5, 1);
  collector.add_key("0b0e7e2a-1111-4c3b-9d2e-6f3a2b1c0d10");
  const Evidence evidence = collector.finish();
  EXPECT_EQ(evidence.find(1, 2)->values, 1U);
  EXPECT_EQ(evidence.find(1, 2)->matches.at(0).values, 1U);
}

TEST(EvidenceCollector, PartsOfKeysRepeat) {
  EvidenceCollector collector(100);
  collector.add_value({.table = 1, .column = 2}, "1");
  collector.begin_key(5, 1, false);
  for (const char* value : {"1", "1", "1"}) collector.add_key(value);
  const Evidence evidence = collector.finish();
  ASSERT_EQ(evidence.find(1, 2)->matches.size(), 1U);
  EXPECT_EQ(evidence.find(1, 2)->matches[0].values, 1U);
  EXPECT_FALSE(evidence.find(1, 2)->matches[0].alone);
}

TEST(EvidenceCollector, KeepsNoMoreThanItMay) {
  EvidenceCollector collector(2);
  for (const char* value : {"1", "2", "3"}) collector.add_value({.table = 0, .column = 1}, value);
  collector.begin_key(0, 1);
  for (const char* value : {"1", "2", "3"}) collector.add_key(value);
  EXPECT_EQ(collector.finish().find(0, 1)->matches.at(0).values, 2U);
}

// However they are sorted in the table, the same values are kept.
TEST(EvidenceCollector, KeepsValuesFromEverywhere) {
  const auto number = [](int i) { return std::to_string(1'000'000'000'000'000 + i); };
  const auto matches = [&](bool backwards) {
    EvidenceCollector collector(100);
    for (int i = 0; i < 2000; ++i) {
      const int n = backwards ? 1999 - i : i;
      for (int times = 0; times < 3; ++times)
        collector.add_value({.table = 0, .column = 1}, number(n));
    }
    collector.end_places();
    collector.begin_key(1, 1);
    for (int i = 0; i < 1000; ++i) collector.add_key(number(i));
    const Evidence evidence = collector.finish();
    EXPECT_EQ(evidence.find(0, 1)->values, 100U);
    EXPECT_EQ(evidence.find(0, 1)->generated, 100U);
    return evidence.find(0, 1)->matches.at(0).values;
  };
  EXPECT_GT(matches(false), 25U);
  EXPECT_LT(matches(false), 75U);
  EXPECT_EQ(matches(false), matches(true));
}

// What is moved keeps what it looks like, and counts once.
TEST(EvidenceCollector, MovesValuesToOtherPlaces) {
  const SamplePlace from{.table = 0, .column = 1, .json_path = "$.a"};
  const SamplePlace to{.table = 0, .column = 1, .json_path = "$.*"};
  constexpr const char* kPrinted = "00000000-0000-4000-8000-0000000000ab";
  EvidenceCollector collector(100);
  collector.add_value(to, kPrinted);
  collector.add_value(from, "00000000-0000-4000-8000-0000000000AB");
  collector.add_value(from, "gid://app/Item/7");
  collector.move(from, to);
  EXPECT_FALSE(collector.knows(from));
  collector.end_places();
  collector.begin_key(1, 1);
  collector.add_key(kPrinted);
  const Evidence evidence = collector.finish();
  ASSERT_EQ(evidence.places.size(), 1U);
  const PlaceEvidence& place = evidence.places[0];
  EXPECT_EQ(place.place, to);
  EXPECT_EQ(place.values, 2U);
  EXPECT_EQ(place.respelt, 1U);
  EXPECT_EQ(place.composed, 1U);
  ASSERT_EQ(place.matches.size(), 1U);
  EXPECT_EQ(place.matches[0].values, 1U);
  EXPECT_FALSE(place.matches[0].respelt);
}

TEST(RowEvidence, CountsRowsWithoutAValue) {
  RowEvidence evidence;
  evidence.columns = {2, 3};
  evidence.patterns = {{"nv", 4}, {"vn", 2}, {"nn", 1}};
  EXPECT_EQ(evidence.rows_without({2, 3}), 1U);
  EXPECT_EQ(evidence.rows_without({2}), 5U);
  EXPECT_EQ(evidence.rows_without({7}), 7U);
}

std::multiset<std::string> values_in(const std::string& json) {
  std::multiset<std::string> found;
  EXPECT_EQ(visit_values(json,
                         [&](const std::string& path, std::string_view value) {
                           found.insert(path + "=" + std::string(value));
                         }),
            DocumentRead::kWhole);
  return found;
}

TEST(DocumentValues, HaveThePathsOfSetReference) {
  EXPECT_EQ(values_in(R"({"a": {"b c": ["x", 7, null, true, 1.5]}})"),
            (std::multiset<std::string>{".a.\"b c\"[*]=x", ".a.\"b c\"[*]=7"}));
  EXPECT_EQ(values_in(R"("alone")"), (std::multiset<std::string>{"=alone"}));
  EXPECT_EQ(values_in("[{\"id\": 1}, {\"id\": 2}]"),
            (std::multiset<std::string>{"[*].id=1", "[*].id=2"}));
}

TEST(DocumentValues, AreAnywhereInATree) {
  EXPECT_EQ(values_in(R"({"content": [{"content": [{"attrs": {"id": "x"}}]}]})"),
            (std::multiset<std::string>{".**.attrs.id=x"}));
}

TEST(DocumentValues, KnowNamesThatAreIds) {
  const std::string name = uuid(1);
  EXPECT_EQ(values_in("{\"by\": {\"" + name + "\": {\"n\": 3}}}"),
            (std::multiset<std::string>{".by.keys()=" + name, ".by.*.n=3"}));
}

TEST(DocumentValues, MalformedAndDeepOnesDoNoHarm) {
  const FoundValue ignore = [](const std::string&, std::string_view) {};
  for (const char* json : {"{\"a\": ", "", "{\"a\": 1,}", "[1,]", "[1 2]", "1 2", "[1", "{1: 2}",
                           "]", "{\"a\" 1}", "[01]", "\"\x01\""}) {
    EXPECT_EQ(visit_values(json, ignore), DocumentRead::kNot) << json;
  }
  const std::string deep = std::string(100000, '[') + "1" + std::string(100000, ']');
  EXPECT_EQ(visit_values(deep, [](const std::string&, std::string_view) { FAIL(); }),
            DocumentRead::kWhole);
}

TEST(DocumentValues, AreReadAsTypeJsonHasThem) {
  EXPECT_EQ(values_in(R"({"big": 1e400, "item_id": 5, "n": -0, "e": {}, "l": [[], 9]})"),
            (std::multiset<std::string>{".item_id=5", ".n=-0", ".l[*]=9"}));
  EXPECT_EQ(values_in(R"({"a": "\u0000", "b": "\ud800", "c": "\u00e9"})"),
            (std::multiset<std::string>{".c=\u00e9"}));
  EXPECT_EQ(values_in("[123456789012345678901234567890]"),
            (std::multiset<std::string>{"[*]=123456789012345678901234567890"}));
}

TEST(DocumentValues, OfWhatNoPathLeadsToItIsSaid) {
  const auto read = [](const std::string& json) {
    return visit_values(json, [](const std::string& path, std::string_view value) {
      EXPECT_EQ(path + "=" + std::string(value), ".x=1");
    });
  };
  const std::string deep = std::string(40, '[') + "\"" + uuid(1) + "\"" + std::string(40, ']');
  for (const std::string& json :
       {std::string(R"({"x": 1, "a\u0000b": "y"})"), std::string(R"({"x": 1, "\ud800": {"z": 2}})"),
        std::string(R"({"x": 1, "": [3]})"), "{\"x\": 1, \"" + std::string(5000, 'n') + "\": 4}",
        "{\"x\": 1, \"d\": " + deep + "}"}) {
    EXPECT_EQ(read(json), DocumentRead::kInPart) << json;
  }
  EXPECT_EQ(read(R"({"x": 1, "": null, "a\u0000b": [true]})"), DocumentRead::kWhole);
}

TEST(DocumentValues, PathsOfOddNamesArePaths) {
  for (const char* name : {"\"", "\\", "a\"b_id", "'", "$", "*", "**", "keys()", "a.b", "[*]",
                           "\n\x01", "-", "@", "?"}) {
    std::string json = "{";
    append_json_string(json, name);
    json += ": {\"item_id\": 5}}";
    bool found = false;
    EXPECT_EQ(visit_values(json,
                           [&](const std::string& path, std::string_view) {
                             found = true;
                             EXPECT_TRUE(covers_path("$" + path, "$" + path));
                             EXPECT_EQ(last_name(path), "item_id");
                             std::vector<std::string> values, others;
                             collect_ids(JsonPath::parse("$" + path), json, values, others);
                             EXPECT_EQ(values, std::vector<std::string>{"5"}) << path;
                           }),
              DocumentRead::kWhole);
    EXPECT_TRUE(found) << json;
  }
  EXPECT_EQ(last_name(".\"a\\\"b_id\"[*]"), "a\"b_id");
}

TEST(DocumentValues, RulesCoverPaths) {
  EXPECT_TRUE(covers_path("$.a[*].id", "$.a[*].id"));
  EXPECT_TRUE(covers_path(".a[*].id", "$.a[*].id"));
  EXPECT_TRUE(covers_path("$.**.attrs.id", "$.content[*].attrs.id"));
  EXPECT_FALSE(covers_path("$.a[*].id", "$.b[*].id"));
  EXPECT_FALSE(covers_path("", "$.a"));
  EXPECT_EQ(last_name("$.a[*].\"b c\"[*]"), "b c");
  EXPECT_EQ(last_name("$.user_ids[*]"), "user_ids");
  EXPECT_EQ(last_name("$"), "");
}

TEST(DocumentValues, WhatRowsAreCalledInDocuments) {
  EXPECT_EQ(row_name("$.project"), "project");
  EXPECT_EQ(row_name("$.project.id"), "project");
  EXPECT_EQ(row_name("$.projects[*].uuid"), "projects");
  EXPECT_EQ(row_name("$[*].id"), "id");
  EXPECT_EQ(row_name("$"), "");
}

// sales.customer and sales.task of companies, and columns of sales.note whose values are known.
class EvidenceTest : public ScopeTest {
 protected:
  Evidence evidence;

  void build(const std::vector<std::string>& columns) {
    company();
    owned("sales.customer");
    owned("sales.task");
    owned("sales.note").columns(columns);
    schema = db.build();
    evidence.has_rows = true;
  }

  int16_t column(const std::string& name) {
    return find_column(schema.tables[at("sales.note")], name)->number;
  }

  // So many values, `generated` of them; of which so many are keys of the tables.
  void values(const std::string& name, uint32_t count, uint32_t generated,
              const std::vector<std::pair<std::string, uint32_t>>& keys, std::string path = {}) {
    PlaceEvidence place{.place = {at("sales.note"), column(name), std::move(path), 0, {}},
                        .values = count,
                        .generated = generated,
                        .random = generated};
    for (const auto& [table, matched] : keys) place.matches.push_back({at(table), 1, matched});
    evidence.places.push_back(place);
    evidence.rows[{at("sales.note"), column(name)}] = count;
    std::sort(evidence.places.begin(), evidence.places.end(),
              [](const auto& a, const auto& b) { return a.place < b.place; });
  }

  // "confidence statement", without what all statements have in common.
  std::vector<std::string> proposed() {
    std::vector<std::string> found;
    for (const Proposal& proposal : propose_rules(schema, rules, "public", evidence)) {
      found.push_back(std::string(to_text(proposal.confidence)) + " " +
                      proposal.statement.substr(std::string("SELECT public.").size()));
    }
    return found;
  }
};

TEST_F(EvidenceTest, SmallNumbersNeedTheName) {
  build({"customer_id integer null", "thing_id integer null"});
  values("customer_id", 20, 0, {{"sales.customer", 20}, {"sales.task", 20}});
  values("thing_id", 20, 0, {{"sales.customer", 20}, {"sales.task", 20}});
  EXPECT_EQ(proposed(),
            (std::vector<std::string>{"confident set_reference('sales.note', '{customer_id}', "
                                      "'sales.customer');"}))
      << "for thing_id there is no statement";
  scope = discover_scope(schema, rules, "public", evidence);
  expect_finding(Severity::kError, "sales.note.thing_id", "20 of 20 sampled values are keys of");
}

TEST_F(EvidenceTest, NumbersOfAnyCompanyAreNoReferences) {
  build({"customer_id integer null", "thing_id integer null", "last_customer_id integer null",
         "first_task_id integer null"});
  constexpr SameCompany kSame{40, 40, 20, 20}, kOther{40, 10, 20, 5};
  // Of each column: what its values are keys of, and whether of the same companies.
  const auto companies = [&](const std::string& name, SameCompany customer, SameCompany task) {
    values(name, 20, 0, {{"sales.customer", 20}, {"sales.task", 20}});
    for (PlaceEvidence& place : evidence.places) {
      if (place.place.column != column(name)) continue;
      place.matches[0].companies = customer;
      place.matches[1].companies = task;
    }
  };
  companies("customer_id", kOther, kSame);
  companies("thing_id", kOther, kOther);
  companies("last_customer_id", kSame, kOther);
  companies("first_task_id", kSame, kSame);
  EXPECT_EQ(proposed(),
            (std::vector<std::string>{
                "confident set_reference('sales.note', '{last_customer_id}', 'sales.customer');",
                "likely set_reference('sales.note', '{first_task_id}', 'sales.task');",
                "guess set_column_rule('sales.note', 'thing_id', 'data', evidence => true);"}))
      << "a name that is contradicted is asked about";
  scope = discover_scope(schema, rules, "public", evidence);
  expect_finding(Severity::kError, "sales.note.customer_id",
                 "20 of 20 sampled values are keys of sales.customer, but only 10 of 40 lead to a "
                 "row of their own company");
}

TEST_F(EvidenceTest, GeneratedValuesProveByAMatch) {
  build({"subject uuid null"});
  values("subject", 20, 20, {{"sales.task", 20}, {"sales.customer", 0}});
  EXPECT_EQ(proposed(), (std::vector<std::string>{
                            "confident set_reference('sales.note', '{subject}', 'sales.task');"}));
}

TEST_F(EvidenceTest, WhatIsNoKeyIsData) {
  build({"external_id text null", "customer_id uuid null"});
  values("external_id", 20, 20, {});
  values("customer_id", 20, 20, {});
  EXPECT_EQ(proposed(),
            (std::vector<std::string>{
                "confident set_column_rule('sales.note', 'external_id', 'data', evidence => true);",
                "guess set_column_rule('sales.note', 'customer_id', 'data', evidence => true);"}))
      << "a name that names a table is not settled for good";
}

TEST_F(EvidenceTest, PartOfAKeyIsNoDataEither) {
  build({"thing_id uuid null"});
  values("thing_id", 20, 20, {{"sales.task", 20}});
  evidence.places[0].matches[0].alone = false;
  EXPECT_TRUE(proposed().empty());
  scope = discover_scope(schema, rules, "public", evidence);
  expect_finding(Severity::kError, "sales.note.thing_id", "by part of its key, id");
}

TEST_F(EvidenceTest, KeysThatWereNotLookedAtLeaveItOpen) {
  build({"thing_id text null"});
  values("thing_id", 20, 20, {});
  evidence.all_keys = false;
  EXPECT_TRUE(proposed().empty());
  scope = discover_scope(schema, rules, "public", evidence);
  expect_finding(Severity::kError, "sales.note.thing_id", "none of 20 sampled values");
}

TEST_F(EvidenceTest, DocumentsAreAskedAboutByTheirValues) {
  build({"doc jsonb null", "settings jsonb null"});
  values("doc", 12, 12, {{"sales.customer", 12}}, "$.items[*].id");
  evidence.rows[{at("sales.note"), column("settings")}] = 12;
  EXPECT_EQ(proposed(), (std::vector<std::string>{
                            "confident set_reference('sales.note', '{doc}', 'sales.customer', "
                            "json_path => '$.items[*].id');"}));
}

TEST_F(EvidenceTest, WithoutRowsNamesAloneDecide) {
  build({"customer_id integer null", "thing_id integer null"});
  evidence = {};
  EXPECT_EQ(proposed(),
            (std::vector<std::string>{
                "likely set_reference('sales.note', '{customer_id}', 'sales.customer');",
                "guess set_column_rule('sales.note', 'thing_id', 'data');"}));
}

TEST_F(EvidenceTest, SecretsLookRandom) {
  build({"api_token text null", "password text null"});
  values("api_token", 20, 20, {});
  values("password", 20, 0, {});
  EXPECT_EQ(proposed(), (std::vector<std::string>{
                            "confident set_column_rule('sales.note', 'api_token', 'secret');",
                            "likely set_column_rule('sales.note', 'password', 'data');"}));
}

TEST_F(EvidenceTest, RowsTellWhichNullableColumnsDecide) {
  attachment();
  schema = db.build();
  evidence.has_rows = true;
  RowEvidence& rows = evidence.tables[at("sales.attachment")];
  rows = {.rows = 5,
          .columns = {2, 3},
          .patterns = {{"nv", 3}, {"vn", 2}},
          .conflicts = {},
          .compared = {}};
  ASSERT_EQ(proposed().at(0).substr(0, 9), "confident");
  rows.patterns["nn"] = 1;
  EXPECT_EQ(proposed().at(0).substr(0, 5), "guess") << "a row that may be nobody's";
  rows.patterns.erase("nn");
  rows.conflicts = {{2, 3}};
  EXPECT_EQ(proposed().at(0).substr(0, 5), "guess") << "two columns, two companies";
}

}  // namespace
}  // namespace company_backup
