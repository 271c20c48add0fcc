#include "core/archive/manifest.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/archive/archive_files.hpp"
#include "expect_error.hpp"
#include "sample_archive.hpp"

namespace company_backup {

namespace {

using Json = nlohmann::ordered_json;

Json sample_json() {
  return Json::parse(sample::small_backup().manifest.to_json());
}

void expect_refused_manifest(const Json& json, const std::string& text) {
  expect_error(sqlstate::kBadArchive, text, [&] { Manifest::from_json(json.dump()); });
}

TEST(Manifest, RoundTrip) {
  const std::string text = sample::small_backup().manifest.to_json();
  EXPECT_EQ(Manifest::from_json(text).to_json(), text);
  EXPECT_EQ(text.rfind("{\n  \"format\": \"company_backup\",\n  \"format_version\": 1,\n", 0), 0U);
}

TEST(Manifest, EveryFieldIsDemandedAndTyped) {
  const Json whole = sample_json();
  const Json flat = whole.flatten();
  std::size_t tried = 0;
  for (const auto& [path, value] : flat.items()) {
    const Json::json_pointer pointer(path);
    Json wrong = whole;
    wrong[pointer] = 1.5;
    expect_refused_manifest(wrong, "the manifest's field");
    // An element of a list may be absent, a field may not.
    if (whole[pointer.parent_pointer()].is_array()) continue;
    Json missing = whole;
    missing[pointer.parent_pointer()].erase(pointer.back());
    expect_refused_manifest(missing, "is missing");
    Json extra = whole;
    extra[pointer.parent_pointer()]["unknown"] = 1;
    expect_refused_manifest(extra, "does not know");
    ++tried;
  }
  EXPECT_GT(tried, 80U);
}

TEST(Manifest, NullOnlyWhereItMayBe) {
  for (const char* path : {"/label", "/actor", "/company/name", "/references/0/json_path",
                           "/references/0/when_column", "/references/0/when_value"}) {
    Json json = sample_json();
    json[Json::json_pointer(path)] = nullptr;
    EXPECT_EQ(Json::parse(Manifest::from_json(json.dump()).to_json()), json);
  }
  Json json = sample_json();
  json["created_by"] = nullptr;
  expect_refused_manifest(json, "\"created_by\" is not a string");
}

struct Change {
  const char* path;
  Json value;
  const char* expected;
};

TEST(Manifest, ValuesThatCannotBe) {
  const Change changes[] = {
      {"/format", "other", "\"format\""},
      {"/format_version", 2, "\"format_version\" is 2"},
      {"/format_version", -1, "\"format_version\" is not a count"},
      {"/database/identity", "x", "uuid"},
      {"/database/identity", "0D3F9A52-5A3C-4C39-8F0E-7B1F6F0E2A11", "uuid"},
      {"/company/table", "company", "table name"},
      {"/created_at", "2026-11-22 01:02:03", "created_at"},
      {"/created_at", "2026-02-30T01:02:03.123456Z", "created_at"},
      {"/created_at", "2026-11-22T24:02:03.123456Z", "created_at"},
      {"/include_files", 0, "include_files"},
      {"/schema_fingerprint", "00", "schema_fingerprint"},
      {"/tables", nullptr, "\"tables\" is not an array"},
      {"/tables/0", 1, "\"tables[0]\" is not an object"},
      {"/tables/0/rows", -1, "\"tables[0].rows\" is not a count"},
      {"/tables/0/rows", 1e3, "\"tables[0].rows\" is not a count"},
      {"/tables/0/rows", 0, "does not fit"},
      {"/tables/0/rows", 1'000'000, "does not fit"},
      {"/tables/0/bytes", std::uint64_t{1} << 62, "impossibly large"},
      {"/tables/0/treatment", "shared", "unknown value"},
      {"/tables/0/columns/0/treatment", "secret", "unknown value"},
      {"/tables/0/columns/0/name", "body", "twice"},
      {"/tables/0/key/0/column", "nothing", "does not have"},
      {"/tables/0/key/0/order", "random", "unknown value"},
      {"/tables/0/name", "public.line", "\"tables\" has an element twice"},
      {"/tables/1/key/1/column", "name", "twice"},
      {"/shared/0/treatment", "company", "unknown value"},
      {"/shared/0/match_columns", {"nothing"}, "does not have"},
      {"/references/0/outside", "ignore", "unknown value"},
      {"/label", std::string("a\0b", 3), "NUL"},
  };
  for (const Change& change : changes) {
    SCOPED_TRACE(change.path);
    Json json = sample_json();
    json[Json::json_pointer(change.path)] = change.value;
    expect_refused_manifest(json, change.expected);
  }
}

TEST(Manifest, TextThatCannotBe) {
  for (const std::string text : {"", "[]", "1", "{", "{}x", "{\"format\":\"\xFF\"}"}) {
    expect_error(sqlstate::kBadArchive, "manifest", [&] { Manifest::from_json(text); });
  }
  std::string twice = sample::small_backup().manifest.to_json();
  twice.insert(1, "\"label\": null,");
  expect_error(sqlstate::kBadArchive, "\"label\" comes twice", [&] { Manifest::from_json(twice); });
  const std::string deep(100'000, '[');
  expect_error(sqlstate::kBadArchive, "is not an object", [&] { Manifest::from_json(deep); });
  expect_error(sqlstate::kBadArchive, "\"label\" is not a string",
               [&] { Manifest::from_json("{\"label\":" + deep); });
}

TEST(Manifest, NamesAreAsLongAsNamesCanBe) {
  const std::string longest(252, 'n');
  for (const char* path : {"/company/key_column", "/tables/0/columns/0/name",
                           "/references/0/columns/0", "/tables/0/omitted/0/column"}) {
    Json json = sample_json();
    json[Json::json_pointer(path)] = longest + "n";
    expect_refused_manifest(json, "is longer than a name can be");
  }
  Json json = sample_json();
  json["excluded"][0]["name"] = longest + "." + longest;
  EXPECT_EQ(Manifest::from_json(json.dump()).excluded[0].name, longest + "." + longest);
  json["excluded"][0]["name"] = "public." + longest + "n";
  expect_refused_manifest(json, "\"excluded[0].name\" is longer than a name can be");
}

// Whatever many small objects a manifest is made of: refused or read in a time that its size
// explains. A reader that compares each with all before it takes minutes.
TEST(Manifest, ManySmallObjects) {
  const std::string digest = hex(sha256(""));
  const auto many = [](const std::string& element, std::size_t size) {
    std::string text = "[" + element;
    while (text.size() < size) text += "," + element;
    return text + "]";
  };
  const std::pair<const char*, std::string> elements[] = {
      {"excluded", "{}"},
      {"tables", "{}"},
      {"tables", "[]"},
      {"excluded", R"({"name":"a.b","treatment":"","reason":""})"},
      {"problems", R"({"table":"a.b","row_key":"","reference":"","problem":""})"},
      {"references", R"({"table":"a.b","columns":[],"target":"a.b","target_columns":[],)"
                     R"("json_path":null,"when_column":null,"when_value":null,"outside":"null"})"},
  };
  Json rest = sample_json();
  const std::clock_t start = std::clock();
  for (const auto& [list, element] : elements) {
    SCOPED_TRACE(element);
    Json json = rest;
    json.erase(list);
    std::string text = json.dump();
    text.insert(1, "\"" + std::string(list) + "\":" + many(element, 8 << 20) + ",");
    try {
      Manifest::from_json(text);
    } catch (const Error& error) {
      EXPECT_STREQ(error.sqlstate(), sqlstate::kBadArchive);
    }
  }
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 30);
}

// As many columns as there may be, in the key, too, table after table.
TEST(Manifest, ManyWideTables) {
  Manifest manifest = sample::small_backup().manifest;
  ManifestTable wide = manifest.tables[3];
  wide.columns.clear();
  wide.key.clear();
  for (int i = 0; i < 1'600; ++i) {
    wide.columns.push_back(
        {"column number " + std::to_string(1'000 + i), "text", ColumnTreatment::kData});
    wide.key.push_back({wide.columns.back().name, KeyOrder::kText});
  }
  std::reverse(wide.key.begin(), wide.key.end());
  for (int i = 0; i < 50; ++i) {
    wide.name = "wide.t" + std::to_string(i);
    manifest.tables.push_back(wide);
  }
  const std::string text = manifest.to_json();
  const std::clock_t start = std::clock();
  EXPECT_EQ(Manifest::from_json(text).tables.size(), manifest.tables.size());
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 10);
}

TEST(Manifest, WhatCannotBeReadIsNotWritten) {
  const Manifest good = sample::small_backup().manifest;
  EXPECT_EQ(good.to_readable_json(), good.to_json());
  Manifest manifest = good;
  manifest.label = std::string(kLargestManifest, 'x');
  expect_error(sqlstate::kUnreadable, "the limit is 33554432",
               [&] { manifest.to_readable_json(); });
  manifest = good;
  manifest.excluded.assign(100'001, {"public.x", "excluded", "reason"});
  expect_error(sqlstate::kUnreadable, "\"excluded\" has too many elements",
               [&] { manifest.to_readable_json(); });
  manifest = good;
  manifest.tables[5].rows = 20'000'000;
  manifest.tables[5].bytes = std::uint64_t{1} << 40;
  manifest.tables[5].columns[1].files = ManifestFiles{kMostFiles + 1, 1};
  expect_error(sqlstate::kUnreadable, "files; the limit is 5000000",
               [&] { manifest.to_readable_json(); });
}

TEST(Manifest, ManyColumns) {
  Manifest manifest = sample::small_backup().manifest;
  auto& columns = manifest.tables[3].columns;
  for (int i = 1; i < 1'600; ++i)
    columns.push_back({"c" + std::to_string(i), "text", ColumnTreatment::kData});
  EXPECT_EQ(Manifest::from_json(manifest.to_json()).tables[3].columns.size(), 1'600U);
  columns.push_back({"one too many", "text", ColumnTreatment::kData});
  expect_error(sqlstate::kBadArchive, "too many", [&] { Manifest::from_json(manifest.to_json()); });
}

TEST(Manifest, Seconds) {
  Manifest manifest;
  manifest.created_at = "1970-01-01T00:00:00.999999Z";
  EXPECT_EQ(manifest.created_at_seconds(), 0);
  manifest.created_at = "2026-11-22T01:02:03.123456Z";
  EXPECT_EQ(manifest.created_at_seconds(), 1'795'309'323);
}

TEST(Manifest, NotUtf8IsNotWritten) {
  Manifest manifest = sample::small_backup().manifest;
  manifest.label = "\xFF";
  expect_error(sqlstate::kInternal, "manifest", [&] { manifest.to_json(); });
}

}  // namespace

}  // namespace company_backup
