// Columns that are texts made of IDs: what rules say of them, what rows say, and what is proposed.
#include "core/scope/path_rules.hpp"

#include <gtest/gtest.h>

#include "core/ids/row_mapper.hpp"
#include "core/scope/judgement.hpp"
#include "core/scope/path_sampling.hpp"
#include "core/text/error.hpp"
#include "expect_error.hpp"
#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class PathRules : public ScopeTest {
 protected:
  void SetUp() override {
    company();
    owned("sales.page").columns({"path text null", "number integer"});
    owned("sales.link").columns({"pages text null", "kind text null"});
    rules.columns = {column_rule("sales.page", "path", "path")};
  }

  const Reference* path_of(const std::string& table) const {
    for (const Reference& reference : scope.references)
      if (reference.path && reference.table == at(table)) return &reference;
    return nullptr;
  }
};

TEST_F(PathRules, AreOfTheirOwnTableUnlessARuleSaysOtherwise) {
  rules.columns.push_back(column_rule("sales.link", "pages", "path"));
  rules.references = {reference_rule("sales.link", {"pages"}, "sales.page")};
  discover();
  expect_no_errors();
  ASSERT_NE(path_of("sales.page"), nullptr);
  EXPECT_EQ(path_of("sales.page")->target, at("sales.page"));
  EXPECT_TRUE(is_list(schema, *path_of("sales.page")));
  EXPECT_EQ(path_ids(schema, *path_of("sales.page")), PathIds::kIntegers);
  EXPECT_EQ(path_of("sales.link")->target, at("sales.page"));
  EXPECT_EQ(scoped("sales.link")->routes.size(), 1U);
}

TEST_F(PathRules, WhatCannotBeOne) {
  rules.columns.push_back(column_rule("sales.page", "number", "path"));
  rules.columns.push_back(column_rule("sales.link", "pages", "path"));
  rules.references = {reference_rule("sales.link", {"pages"}, "sales.page")};
  rules.references[0].json_path = "$.a";
  discover();
  expect_finding(Severity::kError, "sales.page.number", "its type is integer");
  expect_finding(Severity::kError, "sales.link.pages", "names a json_path");
}

TEST_F(PathRules, ForAllTablesWhereTheyFit) {
  rules.columns = {column_rule("sales.page", "number", "data")};
  rules.columns.push_back({"", "", "path", ColumnTreatment::kPath});
  owned("sales.odd").column("path integer");
  discover();
  expect_no_errors();
  EXPECT_NE(path_of("sales.page"), nullptr);
  EXPECT_EQ(path_of("sales.odd"), nullptr);
}

TEST(RowMapper, replaces_ids_in_paths) {
  ListedKeys map(1);
  map.add({"1"}, {"71"});
  map.add({"2"}, {"1"});
  KeySet gone;
  gone.add({"9"});
  RowMapper mapper;
  mapper.map_path(0, PathIds::kIntegers, &map);
  mapper.drop_from_path(0, PathIds::kIntegers, &gone);
  mapper.map_path(1, PathIds::kIntegers, &map);
  mapper.set_form(1, KeyForm::kPadded, 8);
  EXPECT_FALSE(mapper.empty());
  EXPECT_FALSE(mapper.keeps_order({0}));
  std::vector<RowValue> row{{ValueKind::kString, "/1/9/2/3/1/"}, {ValueKind::kString, "1/2   "}};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "/71/1/3/71/");
  EXPECT_EQ(row[1].text, "71/1    ");
  row = {{}, {ValueKind::kString, "-"}};
  mapper.apply(row);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
  EXPECT_EQ(row[1].text, "-");
}

struct SeenRow {
  const char* path;
  const char* own;
  std::vector<std::string> parents;
};

PathEvidence seen(const std::vector<SeenRow>& rows, std::optional<PathIds> own) {
  PathSample sample(own);
  for (const SeenRow& row : rows) sample.see(row.path, row.own, row.parents, [](const auto&) {});
  return sample.evidence();
}

TEST(PathSample, TellsPathsFromNumbersWithSomethingBetween) {
  const PathEvidence paths = seen(
      {{"1/", "1", {}}, {"1/2/", "2", {}}, {"1/2/3/", "3", {}}, {"", "4", {}}}, PathIds::kIntegers);
  EXPECT_EQ(paths.rows, 3U);
  EXPECT_EQ(paths.agreeing, 3U);
  EXPECT_EQ(paths.chained, 2U);
  const PathEvidence above =
      seen({{"", "1", {}}, {"1", "2", {"1"}}, {"1.2", "3", {"2"}}}, PathIds::kIntegers);
  EXPECT_EQ(above.agreeing, 2U);
  EXPECT_EQ(above.chained, 1U);
  const PathEvidence numbers = seen(
      {{"2024-1", "1", {}}, {"2024-2", "2", {}}, {"2024-2024", "2024", {}}}, PathIds::kIntegers);
  EXPECT_EQ(numbers.agreeing, 0U);
  EXPECT_EQ(seen({{"1.2.3", "7", {}}}, PathIds::kIntegers).paths, 0U);
  EXPECT_EQ(seen({{"site/1", "1", {}}}, PathIds::kIntegers).paths, 0U);
  EXPECT_EQ(seen({{"1/2", "2", {}}}, std::nullopt).paths, 0U);
  PathSample named(PathIds::kIntegers, true);
  named.see("1/2", "9", {}, [](const auto&) {});
  EXPECT_EQ(named.evidence().paths, 1U);
  EXPECT_EQ(named.evidence().agreeing, 0U);
}

TEST_F(PathRules, AreProposedWhereEachRowSaysSo) {
  schema = db.build();
  rules.columns.clear();
  Evidence evidence;
  const TableIndex page = at("sales.page");
  const int16_t path = find_column(schema.tables[page], "path")->number;
  const int16_t id = find_column(schema.tables[page], "id")->number;
  evidence.has_rows = true;
  evidence.rows[{page, path}] = 9;
  evidence.places.push_back({.place = {.table = page, .column = path, .separated = true},
                             .values = 9,
                             .matches = {{page, id, 9, true}}});
  evidence.paths[{page, path}] = {.rows = 9, .paths = 9, .deep = 6, .agreeing = 9, .chained = 6};
  const auto proposed = [&] {
    std::string text;
    for (const Proposal& proposal : propose_rules(schema, rules, "public", evidence))
      if (proposal.statement.find("'path'") != std::string::npos)
        text += std::string(to_text(proposal.confidence)) + " " + proposal.statement + "\n";
    return text;
  };
  EXPECT_EQ(proposed(), "confident SELECT public.set_column_rule('sales.page', 'path', 'path');\n");
  // Else its name alone speaks for it.
  evidence.paths[{page, path}].agreeing = 4;
  EXPECT_EQ(proposed(), "likely SELECT public.set_column_rule('sales.page', 'path', 'path');\n");
  evidence.paths[{page, path}].agreeing = 9;
  evidence.places[0].matches[0].values = 3;
  EXPECT_EQ(proposed(), "");
}

}  // namespace
}  // namespace company_backup
