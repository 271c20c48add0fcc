#include "core/text/json_path.hpp"

#include <gtest/gtest.h>

#include "core/text/error.hpp"
#include "core/text/json_walk.hpp"
#include "core/text/steps.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

using Texts = std::vector<std::string>;

Texts collected(const std::string& path, std::string_view json, Texts* others = nullptr) {
  Texts values, rest;
  collect_ids(JsonPath::parse(path), json, values, others == nullptr ? rest : *others);
  return values;
}

// Every ID that ends in a digit gets "00" behind it.
bool append_zeros(const std::vector<size_t>&, std::string_view old_id, std::string& new_id) {
  if (old_id.empty() || old_id.back() < '0' || old_id.back() > '9') return false;
  new_id = std::string(old_id) + "00";
  return true;
}

std::string rewritten(const std::string& path, std::string_view json) {
  const JsonPath parsed = JsonPath::parse(path);
  std::string out = "what stood there before";
  rewrite_json(json, {&parsed}, append_zeros, out);
  return out;
}

TEST(JsonPath, collects_what_it_leads_to) {
  const char* json = R"({"a": 1, "b": {"a": "x", "c": [2, {"a": 3}]}, "d": [[{"a": 4}], null]})";
  EXPECT_EQ(collected(".a", json), Texts{"1"});
  EXPECT_EQ(collected("$.b.a", json), Texts{"x"});
  EXPECT_EQ(collected(".b.c[*]", json), Texts{"2"});
  EXPECT_EQ(collected(".b.c.a", json), Texts{"3"});   // arrays are looked through for a key
  EXPECT_EQ(collected(".d.a", json), Texts{"4"});     // nested ones too
  EXPECT_EQ(collected(".b[*].a", json), Texts{"x"});  // no array: itself
  EXPECT_EQ(collected(".**.a", json), (Texts{"1", "x", "3", "4"}));
  EXPECT_EQ(collected(".b.**.a", json), (Texts{"x", "3"}));
  EXPECT_EQ(collected(".**.**.a", json), (Texts{"1", "x", "3", "4"}));
  EXPECT_EQ(collected(".*.a", json), (Texts{"x", "4"}));
  EXPECT_EQ(collected("keys()", json), (Texts{"a", "b", "d"}));
  EXPECT_EQ(collected(".b.keys()", json), (Texts{"a", "c"}));
  EXPECT_EQ(collected(".**.keys()", json), (Texts{"a", "b", "a", "c", "a", "d", "a"}));
  EXPECT_EQ(collected(".missing", json), Texts{});
  EXPECT_EQ(collected(".a.a", json), Texts{});
  EXPECT_EQ(collected("", "7"), Texts{"7"});
  EXPECT_EQ(collected("[*]", "\"x\""), Texts{"x"});
  EXPECT_EQ(collected(".*", "[1]"), Texts{});
}

TEST(JsonPath, collects_text_forms) {
  EXPECT_EQ(collected("[*]", R"([12345678901234567890123, -1, "", "a\"\u00e4\n", null])"),
            (Texts{"12345678901234567890123", "-1", "", "a\"\u00e4\n"}));
  EXPECT_EQ(collected(".\"a b\"", R"({"a b": 1, "a\u0020b": 2})"), (Texts{"1", "2"}));
}

TEST(JsonPath, names_what_can_be_no_id) {
  Texts others;
  EXPECT_EQ(collected("[*]", R"([true, {"a": 1}, [2, []], false, {}])", &others), Texts{});
  EXPECT_EQ(others, (Texts{"true", "{\"a\": 1}", "[2, []]", "false", "{}"}));
}

TEST(JsonPath, refuses_what_is_no_path) {
  for (const char* text :
       {"a", ".", ".a.", ".a[0]", ".a ? (@ > 1)", ".keys().a", ".\"a", ".\"\""}) {
    expect_error(sqlstate::kBadRule, text, [&] { JsonPath::parse(text); });
  }
  std::string longest;
  for (int i = 0; i < 63; ++i) longest += ".a";
  std::string json = "1";
  for (int i = 0; i < 63; ++i) json = "{\"a\":" + json + "}";
  EXPECT_EQ(collected(longest, json), Texts{"1"});
  expect_error(sqlstate::kBadRule, "63 steps", [&] { JsonPath::parse(longest + ".a"); });
  expect_error(sqlstate::kBadRule, "63 steps",
               [&] { JsonPath::parse(longest.substr(2) + " ? (@ == 1)"); });
}

TEST(JsonPath, malformed_documents) {
  for (const char* json : {"", "{", "{\"a\"", "{\"a\":}", "{\"a\":1", "[1,", "[1 2]", "{1:2}",
                           "{\"a\":1]", "{\"a\":x}", "{\"a\":\"", "[tru]"}) {
    expect_error(sqlstate::kBadArchive, "", [&] { collected(".**", json); });
  }
}

TEST(JsonPath, depth_costs_no_stack) {
  const std::string deep(1000000, '[');
  expect_error(sqlstate::kBadArchive, "early", [&] { collected(".**", deep); });
  const std::string closed = deep + "7" + std::string(deep.size(), ']');
  EXPECT_EQ(collected(".**.a", closed), Texts{});
}

TEST(RewriteJson, replaces_and_keeps_every_other_byte) {
  EXPECT_EQ(rewritten(".a", R"({ "a" :1, "b":1.50,  "c": [1 , 2e3]} )"),
            R"({ "a" :100, "b":1.50,  "c": [1 , 2e3]} )");
  EXPECT_EQ(rewritten(".*", R"({"a": "1", "b": -2, "c": "x", "d": null, "e": true})"),
            R"({"a": "100", "b": -200, "c": "x", "d": null, "e": true})");
  EXPECT_EQ(rewritten(".a", R"({"a": [1], "b": 1})"), R"({"a": [1], "b": 1})");
  EXPECT_EQ(rewritten(".a[*]", R"({"a": [1, [2], {"b": 3}]})"), R"({"a": [100, [2], {"b": 3}]})");
  EXPECT_EQ(rewritten(".**.id", R"([{"id":1,"id2":1},{"x":{"id":"2","y":[{"id":3}]}}])"),
            R"([{"id":100,"id2":1},{"x":{"id":"200","y":[{"id":300}]}}])");
  EXPECT_EQ(rewritten("", "7"), "700");
  EXPECT_EQ(rewritten("", " \"7\" "), " \"700\" ");
  EXPECT_EQ(rewritten(".b", R"({"a": "\u00e41"})"), R"({"a": "\u00e41"})");
}

TEST(RewriteJson, escapes_and_kinds) {
  const JsonPath all = JsonPath::parse("[*]");
  const auto to = [&](std::string_view json, const std::string& text) {
    std::string out;
    rewrite_json(
        json, {&all},
        [&](const auto&, std::string_view, std::string& new_id) {
          new_id = text;
          return true;
        },
        out);
    return out;
  };
  EXPECT_EQ(to("[\"\\u0061\", 1]", "q\"\\\n"), R"(["q\"\\\n", "q\"\\\n"])");
  EXPECT_EQ(to("[1, \"1\"]", "-20"), "[-20, \"-20\"]");
  EXPECT_EQ(to("[1]", "007"), "[\"007\"]");
  EXPECT_EQ(to("[1]", "0"), "[0]");
  EXPECT_EQ(to("[1]", "-"), "[\"-\"]");
  EXPECT_EQ(to("[\"\\u0061\"]", "a"), "[\"\\u0061\"]");  // the same: left as it is spelt
}

TEST(RewriteJson, renames_members) {
  EXPECT_EQ(rewritten("keys()", R"({"1": 1, "x": 2, "\u0032": {"3": 3}})"),
            R"({"100": 1, "x": 2, "200": {"3": 3}})");
  EXPECT_EQ(rewritten(".**.keys()", R"({"1": {"2": [{"3": 4}]}})"),
            R"({"100": {"200": [{"300": 4}]}})");
  EXPECT_EQ(rewritten(".a.keys()", R"({"a": [1], "1": 1})"), R"({"a": [1], "1": 1})");
}

TEST(RewriteJson, refuses_to_merge_members) {
  const JsonPath keys = JsonPath::parse(".**.keys()");
  const auto rename = [&](std::string_view json) {
    std::string out;
    rewrite_json(
        json, {&keys},
        [](const auto&, std::string_view old_id, std::string& new_id) {
          new_id = "2";
          return old_id == "1";
        },
        out);
    return out;
  };
  EXPECT_EQ(rename(R"({"1": {"2": 0}, "3": {"1": 0}})"), R"({"2": {"2": 0}, "3": {"2": 0}})");
  EXPECT_EQ(rename(R"({"1": 0, "1": 0})"), R"({"2": 0, "2": 0})");  // json may say it twice
  expect_error(sqlstate::kIntegrity, "2, 2, 3", [&] { rename(R"({"3": 0, "1": 0, "2": 0})"); });
  expect_error(sqlstate::kIntegrity, "2, 2", [&] { rename(R"([{"a": {"2": 0, "1": 0}}])"); });
}

TEST(CollectIds, escapes_of_no_characters_stop_nothing) {
  const std::string_view json =
      R"({"\ud800": 1, "a": [{"k": "\u0000", "id": 2}, {"k": "p", "id": 3, "x": "\udc00"}, {"id": "\u0000"}]})";
  Texts others;
  EXPECT_EQ(collected(".a.id", json, &others), (Texts{"2", "3"}));
  EXPECT_EQ(others, (Texts{R"("\u0000")"}));
  EXPECT_EQ(collected(".a ? (@.k == \"p\").id", json), (Texts{"3"}));
  EXPECT_EQ(collected(".*", R"({"\ud83d": 1, "b": 2})"), (Texts{"1", "2"}));
  EXPECT_EQ(
      rewritten(".a.id", json),
      R"({"\ud800": 1, "a": [{"k": "\u0000", "id": 200}, {"k": "p", "id": 300, "x": "\udc00"}, {"id": "\u0000"}]})");
  EXPECT_EQ(rewritten("keys()", R"({"\ud83d\u0041": 1, "2": 2})"),
            R"({"\ud83d\u0041": 1, "200": 2})");
}

TEST(CollectIds, looks_up_now_and_then) {
  std::string json = "[";
  for (int i = 0; i < 10000; ++i) json += "{\"a\": 1}, ";
  json += "2]";
  look_up_from_steps = [] { throw Error(sqlstate::kInternal, "stopped"); };
  expect_error(sqlstate::kInternal, "stopped", [&] { collected("[*].b", json); });
  look_up_from_steps = nullptr;
  EXPECT_EQ(collected("[*]", "[2]"), (Texts{"2"}));
}

TEST(RewriteJson, names_may_swap) {
  const JsonPath keys = JsonPath::parse("keys()");
  std::string out;
  rewrite_json(R"({"1": "a", "2": "b"})", {&keys},
               [](const auto&, std::string_view old_id, std::string& new_id) {
                 new_id = old_id == "1" ? "2" : "1";
                 return true;
               },
               out);
  EXPECT_EQ(out, R"({"2": "a", "1": "b"})");
}

TEST(RewriteJson, each_place_is_asked_about_once) {
  const JsonPath some = JsonPath::parse(".a"), all = JsonPath::parse(".*"),
                 names = JsonPath::parse("keys()");
  Texts asked;
  std::string out;
  rewrite_json(R"({"a": 1, "b": 2})", {&some, &all, &names},
               [&](const std::vector<size_t>& paths, std::string_view old_id, std::string&) {
                 asked.emplace_back(old_id);
                 for (const size_t path : paths) asked.back() += "/" + std::to_string(path);
                 return false;
               },
               out);
  EXPECT_EQ(asked, (Texts{"a/2", "1/0/1", "b/2", "2/1"}));
  EXPECT_EQ(out, R"({"a": 1, "b": 2})");
}

}  // namespace
}  // namespace company_backup
