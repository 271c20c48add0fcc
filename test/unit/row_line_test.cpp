// Writing and reading the values of a row.
#include "core/text/row_line.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/text/json_scanner.hpp"
#include "core/text/json_text.hpp"
#include "expect_error.hpp"

namespace company_backup {

namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out.substr(1, out.size() - 2);
}

std::string decoded(std::string_view text) {
  std::string out = "kept ";
  append_base64_decoded(out, text);
  return out.substr(5);
}

// The value of a line {"v":<json>}.
RowValue value_of(RowLine& row, const std::string& line) {
  row.parse(line);
  return row[0];
}

void expect_refused_line(const std::string& line, const std::string& text,
                         const char* sqlstate = sqlstate::kBadArchive) {
  for (const bool raw : {false, true}) {
    RowLine row({{"v", raw}});
    SCOPED_TRACE(line.substr(0, 100));
    expect_error(sqlstate, text, [&] { row.parse(line); });
  }
}

TEST(RowWriter, EscapesOnlyWhatItMust) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("a/b\x7F\xC3\xA9<>&'"), "\"a/b\x7F\xC3\xA9<>&'\"");
  EXPECT_EQ(json_string("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
  EXPECT_EQ(json_string("\x01\x1f"), "\"\\u0001\\u001f\"");
  EXPECT_EQ(json_key_token("a\"b"), "\"a\\\"b\":");
}

TEST(RowWriter, EveryCharacterAtEveryPlaceComesBack) {
  RowLine row({{"v"}});
  for (int c = 1; c < 0x80; ++c) {
    for (std::size_t before = 0; before < 18; ++before) {
      std::string text(before, 'x');
      text += static_cast<char>(c);
      text += "yz";
      const std::string line = "{\"v\":" + json_string(text) + "}";
      const RowValue value = value_of(row, line);
      EXPECT_EQ(value.kind, ValueKind::kString);
      EXPECT_EQ(value.text, text);
    }
  }
}

TEST(RowWriter, RandomTextComesBack) {
  std::mt19937 random(7);
  const std::string_view parts[] = {"a",
                                    "\"",
                                    "\\",
                                    "\n",
                                    "\x01",
                                    "\xC3\xA9",
                                    "\xE2\x82\xAC",
                                    "\xF0\x9F\x98\x80",
                                    "longer plain text ",
                                    "\\u0041"};
  RowLine row({{"a"}, {"v"}});
  for (int round = 0; round < 2'000; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      for (auto n = random() % 20; n > 0; --n) text += parts[random() % std::size(parts)];
    }
    const std::string line =
        "{\"a\":" + json_string(texts[0]) + ",\"v\":" + json_string(texts[1]) + "}";
    row.parse(line);
    EXPECT_EQ(row[0].text, texts[0]);
    EXPECT_EQ(row[1].text, texts[1]);
  }
}

TEST(RowWriter, Integers) {
  std::string out = "x";
  append_int64(out, 0);
  append_int64(out, std::numeric_limits<std::int64_t>::min());
  append_int64(out, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(out, "x0-92233720368547758089223372036854775807");
}

TEST(Base64, KnownValuesAndRoundTrip) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(decoded(base64(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
}

TEST(Base64, OnlyCanonicalTextIsDecoded) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm 9",
                           "====", "Z===", "Zm-_", "=Zg="}) {
    expect_error(sqlstate::kBadArchive, "base64", [&] { decoded(text); });
  }
}

TEST(RowLine, Kinds) {
  RowLine row({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}});
  const std::string line =
      "{\"a\":null,\"b\":true,\"c\":-1.50e+7,\"d\":\"x\\u00e9\\ud83d\\ude00\",\"e\":{\"k\":[1, 2]},"
      "\"f\":false}";
  row.parse(line);
  EXPECT_EQ(row.size(), 6U);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
  EXPECT_EQ(row[1].kind, ValueKind::kBoolean);
  EXPECT_EQ(row[1].text, "true");
  EXPECT_EQ(row[2].kind, ValueKind::kNumber);
  EXPECT_EQ(row[2].text, "-1.50e+7");
  EXPECT_EQ(row[3].kind, ValueKind::kString);
  EXPECT_EQ(row[3].text, "x\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(row[4].kind, ValueKind::kJson);
  EXPECT_EQ(row[4].text, "{\"k\":[1, 2]}");
  EXPECT_EQ(row[5].text, "false");
}

TEST(RowLine, RawKeepsTheExactText) {
  RowLine row({{"v", true}});
  const std::string digits(2'000, '7');
  for (const std::string& json : {std::string("\"a\\u0041\""), digits + "." + digits,
                                  std::string("true"), std::string("{\"a\": [], \"b\": {}}"),
                                  std::string("[]"), std::string("[[1, {\"x\": null}], 1E400]")}) {
    const std::string line = "{\"v\":" + json + "}";
    const RowValue value = value_of(row, line);
    EXPECT_EQ(value.kind, ValueKind::kJson);
    EXPECT_EQ(value.text, json);
  }
  EXPECT_EQ(value_of(row, "{\"v\":null}").kind, ValueKind::kNull);
}

TEST(RowLine, WhiteSpaceAndOtherSpellingsOfKeys) {
  RowLine row({{"\xC3\xA9"}, {"b"}});
  const std::string line = " { \"\\u00e9\" : 1 , \"b\":\t[ 1 ,2 ] } ";
  row.parse(line);
  EXPECT_EQ(row[0].text, "1");
  EXPECT_EQ(row[1].text, "[ 1 ,2 ]");
}

TEST(RowLine, NoColumns) {
  RowLine row({});
  row.parse("{}");
  expect_error(sqlstate::kBadArchive, "missing", [&] { row.parse("{\"a\":1}"); });
}

TEST(RowLine, Malformed) {
  for (const std::string json : {"",
                                 "nul",
                                 "nulL",
                                 "tru",
                                 "falsey",
                                 "+1",
                                 "01",
                                 "1.",
                                 ".5",
                                 "1e",
                                 "1e+",
                                 "-",
                                 "0x1",
                                 "NaN",
                                 "Infinity",
                                 "'a'",
                                 "\"",
                                 "\"a",
                                 "\"\\\"",
                                 "\"\\x\"",
                                 "\"\\u12\"",
                                 "\"\\u12g4\"",
                                 "\"\\ud800\"",
                                 "\"\\ud800\\u0041\"",
                                 "\"\\udc00\"",
                                 "\"\\u0000\"",
                                 "\"\x01\"",
                                 "{",
                                 "[",
                                 "[1",
                                 "[1,",
                                 "[1,]",
                                 "[,1]",
                                 "[1 2]",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{a:1}",
                                 "{1:1}",
                                 "[}",
                                 "{]",
                                 "1,",
                                 "1}}",
                                 "1]",
                                 "\"\\",
                                 "\"\\u",
                                 "[\"\\",
                                 "\xEF\xBB\xBF"
                                 "1"}) {
    expect_refused_line("{\"v\":" + json + "}", "");
  }
  for (const std::string line : {"", "{", "}", "{}", "null", "[]", "{\"v\"", "{\"v\":", "{\"v\":1",
                                 "{\"w\":1}", "{\"v\" 1}", "{v:1}", "{\"v\":1}}", "{\"v\":1}x"}) {
    expect_refused_line(line, "");
  }
  expect_refused_line(std::string("{\"v\":\0}", 7), "");
  expect_refused_line(std::string("{\"v\":\"\\\0\"}", 10), "");
}

TEST(RowLine, InvalidUtf8) {
  for (const std::string bytes : {"\x80", "\xC3", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80",
                                  "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF"}) {
    expect_refused_line("{\"v\":\"" + bytes + "\"}", "UTF-8");
  }
}

TEST(RowLine, DepthIsLimitedWithoutRecursion) {
  const auto nested = [](std::size_t depth) {
    return "{\"v\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  const auto refuse = [](unsigned limit, const std::string& line) {
    RowLine row({{"v"}}, limit);
    expect_error(sqlstate::kArchiveLimit, "nested", [&] { row.parse(line); });
  };
  RowLine row({{"v"}}, 1'000);
  row.parse(nested(999));
  refuse(1'000, nested(1'000));
  refuse(kDeepestJson, nested(100'000));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  refuse(kDeepestJson, "{\"v\":" + objects);
  // Lines of our own have no limit: what a server holds is read.
  RowLine any({{"v"}});
  any.parse(nested(1'000'000));
  RowLine flat({{"v"}}, 1);
  flat.parse("{\"v\":1}");
  expect_error(sqlstate::kArchiveLimit, "nested", [&] { flat.parse("{\"v\":[]}"); });
}

TEST(JsonScanner, DepthIsCounted) {
  const std::pair<const char*, std::size_t> cases[] = {
      {"1", 0}, {"[]", 1}, {"{\"[[[\": \"\\\"[[[\"}", 1}, {"[[], [[]], {}]", 3}, {"[[[[[]]]]]", 4}};
  for (const auto& [json, depth] : cases) EXPECT_EQ(json_depth(json, 4), depth) << json;
}

TEST(RowLine, ScratchSurvivesManyEscapedColumns) {
  std::vector<RowColumn> columns;
  std::string line = "{";
  for (int i = 0; i < 200; ++i) {
    columns.push_back({"c" + std::to_string(i)});
    line += (i > 0 ? "," : "") + json_key_token(columns.back().name) +
            json_string("\n" + std::to_string(i));
  }
  line += "}";
  RowLine row(columns);
  row.parse(line);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(row[i].text, "\n" + std::to_string(i));
}

TEST(Jsonb, WrappedExactlyWhereNeeded) {
  const std::pair<std::string, std::string> cases[] = {
      {"null", "{\"$jsonb\":null}"},
      {"{\"$jsonb\": null}", "{\"$jsonb\":{\"$jsonb\": null}}"},
      {"{\"$jsonb\": [1, {\"a\": 2}]}", "{\"$jsonb\":{\"$jsonb\": [1, {\"a\": 2}]}}"},
      {"{\"$jsonb\":{\"$jsonb\":null}}", "{\"$jsonb\":{\"$jsonb\":{\"$jsonb\":null}}}"},
      {"{\"$jsonb\": 1, \"other\": 2}", "{\"$jsonb\": 1, \"other\": 2}"},
      {"{\"a\": 1, \"$jsonb\": 2}", "{\"a\": 1, \"$jsonb\": 2}"},
      {"{\"a\": {\"$jsonb\": 2}}", "{\"a\": {\"$jsonb\": 2}}"},
      {"[{\"$jsonb\": null}]", "[{\"$jsonb\": null}]"},
      {"{}", "{}"},
      {"\"null\"", "\"null\""},
      {"1.500", "1.500"},
  };
  for (const auto& [json, written] : cases) {
    std::string out;
    append_jsonb(out, json);
    EXPECT_EQ(out, written);
    EXPECT_EQ(unwrap_jsonb(out), json);
  }
}

}  // namespace

}  // namespace company_backup
