#include "core/text/json_condition.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "core/text/error.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

using Texts = std::vector<std::string>;

Texts chosen(const std::string& path, std::string_view json) {
  Texts values, others;
  collect_ids(JsonPath::parse(path), json, values, others);
  values.insert(values.end(), others.begin(), others.end());
  return values;
}

// Does the condition hold for the document itself?
bool is_chosen(const std::string& condition, const std::string& json) {
  return !chosen("$ ? (" + condition + ")", "[" + json + "]").empty();
}

std::string with_zeros(const std::string& path, std::string_view json) {
  const JsonPath parsed = JsonPath::parse(path);
  std::string out;
  rewrite_json(
      json, {&parsed},
      [](const auto&, std::string_view old_id, std::string& new_id) {
        new_id = std::string(old_id) + "00";
        return true;
      },
      out);
  return out;
}

TEST(JsonCondition, looks_at_siblings_before_and_behind_the_id) {
  const char* json = R"({"steps": [{"field": "stage", "id": 1}, {"field": "owner", "id": 2},
                         {"id": 3, "field": "stage"}, {"id": 4}, {"id": 5, "field": null}, 6]})";
  EXPECT_EQ(chosen("$.steps[*] ? (@.field == \"stage\").id", json), (Texts{"1", "3"}));
  EXPECT_EQ(chosen("$.steps ? (@.field == \"stage\").id", json), (Texts{"1", "3"}));
  EXPECT_EQ(chosen("$.steps[*] ? (@.field != \"stage\").id", json), (Texts{"2", "5"}));
  EXPECT_EQ(chosen("$.steps[*]?(@.field==null).id", json), Texts{"5"});
  EXPECT_EQ(chosen("$.** ? (@.field == \"owner\").id", json), Texts{"2"});
  EXPECT_EQ(chosen("$.steps[*] ? (@ == 6)", json), Texts{"6"});
}

TEST(JsonCondition, conditions_inside_what_conditions_choose) {
  const char* json = R"([{"rules": [{"id": 1, "on": true}, {"id": 2, "on": false}], "kind": "a"},
                         {"kind": "b", "rules": [{"id": 3, "on": true}]},
                         {"rules": {"on": true, "id": 4}, "kind": ["x", "a"]}])";
  const std::string path = "$[*] ? (@.kind == \"a\").rules[*] ? (@.on == true).id";
  EXPECT_EQ(chosen(path, json), (Texts{"1", "4"}));
  EXPECT_EQ(chosen("$[*] ? (@.rules.id == 3).rules.id ? (@ == 3)", json), Texts{"3"});
  EXPECT_EQ(chosen("$[*] ? (@.kind == \"b\").rules.keys()", R"([{"kind":"b","rules":{"7":1}},
                      {"kind":"c","rules":{"8":1}}])"),
            Texts{"7"});
}

TEST(JsonCondition, compares_as_postgresql_does) {
  EXPECT_TRUE(is_chosen("@.a == 1", R"({"a": 1.0})"));
  EXPECT_TRUE(is_chosen("@.a == 100", R"({"a": 1e2})"));
  EXPECT_TRUE(is_chosen("@.a == 0.00150", R"({"a": 15E-4})"));
  EXPECT_TRUE(is_chosen("@.a == 0", R"({"a": -0.0e7})"));
  EXPECT_FALSE(is_chosen("@.a == -1", R"({"a": 1})"));
  EXPECT_FALSE(is_chosen("@.a == 1", R"({"a": 1e99999999999999999999})"));
  EXPECT_TRUE(is_chosen("@.a == 123456789012345678901234567890",
                        R"({"a": 123456789012345678901234567890.0})"));
  EXPECT_FALSE(is_chosen("@.a == 123456789012345678901234567890",
                         R"({"a": 123456789012345678901234567891})"));
  // Of two kinds, neither equal nor unequal; null is.
  EXPECT_FALSE(is_chosen("@.a == \"1\"", R"({"a": 1})"));
  EXPECT_FALSE(is_chosen("@.a != \"1\"", R"({"a": 1})"));
  EXPECT_FALSE(is_chosen("!(@.a == \"1\")", R"({"a": 1})"));
  EXPECT_TRUE(is_chosen("@.a != null", R"({"a": 1})"));
  EXPECT_TRUE(is_chosen("@.a != 1", R"({"a": null})"));
  EXPECT_TRUE(is_chosen("@.a != null", R"({"a": {}})"));
  EXPECT_FALSE(is_chosen("@.a != 1", R"({"a": {}})"));
  // What is not there.
  EXPECT_FALSE(is_chosen("@.b == null", R"({"a": 1})"));
  EXPECT_FALSE(is_chosen("@.b != null", R"({"a": 1})"));
  EXPECT_TRUE(is_chosen("!(@.b == 1)", R"({"a": 1})"));
  EXPECT_TRUE(is_chosen("exists(@.a)", R"({"a": null})"));
  EXPECT_TRUE(is_chosen("!exists (@.b)", R"({"a": null})"));
  // Any of several; arrays are looked into, one level.
  EXPECT_TRUE(is_chosen("@.a == 2 && @.a != 2", R"({"a": [1, 2]})"));
  EXPECT_FALSE(is_chosen("@.a == 2", R"({"a": [[2]]})"));
  EXPECT_TRUE(is_chosen("@.a[*] == 2", R"({"a": [[2]]})"));
  EXPECT_TRUE(is_chosen("@.a.b == 2", R"({"a": [{"b": 1}, {"b": 2}]})"));
  EXPECT_FALSE(is_chosen("@.a.b == 2", R"({"a": [[{"b": 2}]]})"));
  EXPECT_TRUE(is_chosen("@.* == 2", R"({"a": 1, "b": 2})"));
  EXPECT_FALSE(is_chosen("exists(@.a[*])", R"({"a": []})"));
  EXPECT_TRUE(is_chosen("@.\"a b\" == \"\u00e4\\n\\u0041\"", R"({"a\u0020b": "\u00e4\u000aA"})"));
  EXPECT_TRUE(is_chosen("@.a == 2", R"({"a": 1, "a": 2})"));  // json may say it twice
  EXPECT_FALSE(is_chosen("@.a == 1", R"({"a": 1, "a": 2})"));
}

TEST(JsonCondition, joins_parts) {
  const std::string json = R"({"a": 1, "b": "x", "c": true})";
  EXPECT_TRUE(is_chosen("@.a == 2 || @.b == \"x\" && @.c == true", json));
  EXPECT_FALSE(is_chosen("(@.a == 2 || @.b == \"x\") && @.c == false", json));
  EXPECT_TRUE(is_chosen("true == @.c && !(@.a == 2 || @.b == \"y\")", json));
  EXPECT_FALSE(is_chosen("!(@.a == 2 || @.b == 1)", json));  // unknown
  EXPECT_TRUE(is_chosen("@.b == 1 || @.a == 1", json));
  EXPECT_FALSE(is_chosen("@.b == 1 && @.a == 1", json));
  EXPECT_TRUE(is_chosen("!(@.b == 1 && @.a == 2)", json));
}

TEST(JsonCondition, has_one_spelling) {
  const auto text = [](const char* path) { return JsonPath::parse(path).text(); };
  EXPECT_EQ(text(".a[*].**.\"b c\".*.keys()"), "$.a[*].**.\"b c\".*.keys()");
  EXPECT_EQ(text("$.s?( \"x\\u0041\\\"\"==@.f )  .id"), "$.s ? (@.f == \"xA\\\"\").id");
  EXPECT_EQ(text(" ? ((@.a<>1)&&((@==null)&&@.b==true)||!exists(@.\"c-d\"[*].*))"),
            "$ ? ((@.a != 1 && @ == null && @.b == true) || !(exists(@.\"c-d\"[*].*)))");
  EXPECT_EQ(text(".\"caf\\u00e9\".\"a\\\"b\" ? (@.\"d\\u00e9\" == 1).\"x\\ty\""),
            "$.caf\u00e9.\"a\\\"b\" ? (@.d\u00e9 == 1).\"x\\ty\"");
}

TEST(JsonCondition, refuses_what_it_does_not_understand) {
  const std::pair<const char*, const char*> texts[] = {
      {".a ? (@ > 1)", "at position 9"},
      {".a ? (@.b == @.c)", "at position 14"},
      {".a ? (@.b == $.c)", "at position 14"},
      {".a ? (@.b like_regex \"x\")", "at position 11"},
      {".a ? (@.b starts with \"x\")", "at position 11"},
      {".a ? (@.size() == 1)", "at position 13"},
      {".a ? (@.**.b == 1)", "at position 9"},
      {".a ? (@.keys() == 1)", "at position 9"},
      {".a ? (@.b[0] == 1)", "at position 10"},
      {".a ? (@.b-1 == 1)", "at position 10"},
      {".a ? (@.b == 01)", "at position 15"},
      {".a ? (@.b == 1 + 1)", "at position 16"},
      {".a ? (@.b == 'x')", "at position 14"},
      {".a ? (@.b == \"x)", "at position 14"},
      {".a ? (@.b == \"\\x41\")", "at position 14"},
      {".a ? (@.b == truely)", "at position 18"},
      {".a ? (@.b == 1", "at position 15"},
      {".a ? (@.b == 1))", "at position 16"},
      {".a ? (@.b == 1 && )", "at position 19"},
      {".a ? (@.b)", "at position 10"},
      {".a ? (!@.b == 1)", "at position 8"},
      {".a ? (exists(1))", "at position 14"},
      {".a ? ((@.b == 1)) is unknown", "at position 19"},
      {".a ? ()", "at position 7"},
      {".a ?", "at position 5"},
      {".a ? @.b == 1", "at position 6"},
      {".\u00e4\u00f6 ? (@.\u00fc > 1)", "at position 12"},
      {".a ? (@.b == 1e10000)", "too many digits"},
      {".a.keys() ? (@ == 1)", "last step"},
  };
  for (const auto& [text, position] : texts) {
    expect_error(sqlstate::kBadRule, position, [&, text = text] { JsonPath::parse(text); });
  }
  std::string many = "@ == 1";
  for (int i = 0; i < 31; ++i) many = "(" + many + ")";
  EXPECT_TRUE(is_chosen(many, "1"));
  expect_error(sqlstate::kBadRule, "parentheses",
               [&] { JsonPath::parse("$ ? (" + std::string(1000000, '(')); });
  expect_error(sqlstate::kBadRule, "parentheses", [&] { JsonPath::parse("$ ? ((" + many + "))"); });
}

TEST(JsonCondition, rewrites_only_what_it_chooses) {
  EXPECT_EQ(with_zeros("$.steps[*] ? (@.field == \"stage\").id",
                       R"({"steps": [ {"id" :1,"field": "stage"}, {"field":"x", "id":1}, 1 ]})"),
            R"({"steps": [ {"id" :100,"field": "stage"}, {"field":"x", "id":1}, 1 ]})");
  // All of it is decided by what stood there before.
  EXPECT_EQ(with_zeros("[*] ? (@.id == 1).*", R"([{"id": 1, "of": 2}, {"of": 3, "id": 100}])"),
            R"([{"id": 100, "of": 200}, {"of": 3, "id": 100}])");
}

TEST(JsonCondition, malformed_documents) {
  for (const char* json : {"[{\"a\": 1]", "[{\"a\"", "[{\"a\": x}]", "[{1: 2}]", "[1 2]"}) {
    expect_error(sqlstate::kBadArchive, "", [&] { chosen(".** ? (@.a == 1)", json); });
  }
}

TEST(JsonCondition, depth_and_width_cost_no_more_than_reading) {
  const std::size_t size = 200'000;
  std::string objects, wide = "[";
  for (std::size_t i = 0; i < size; ++i) objects += "{\"a\":";
  objects += "7" + std::string(size, '}');
  for (std::size_t i = 0; i < size; ++i) wide += "{\"b\": [[1], {\"a\": 1}], \"a\": 2},";
  wide += "7]";
  const std::string arrays = std::string(size, '[') + "7" + std::string(size, ']');
  const std::clock_t start = std::clock();
  EXPECT_EQ(chosen(".** ? (@.a == 7)", objects), Texts{"{\"a\":7}"});
  EXPECT_EQ(chosen(".** ? (@.a.a.a == 7).**.a ? (@ == 7)", objects), Texts{"7"});
  EXPECT_EQ(chosen(".** ? (@[*][*][*].a == 7).a", arrays), Texts{});
  EXPECT_EQ(chosen(".** ? (@ == 7)", arrays), (Texts{"7", "[7]"}));
  EXPECT_EQ(chosen(".** ? (@.b.a == 1).a", wide).size(), size);
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 20);
}

}  // namespace
}  // namespace company_backup
