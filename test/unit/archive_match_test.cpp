#include "core/archive/archive_match.hpp"
#include "core/scope/discovery.hpp"

#include <gtest/gtest.h>

#include "core/text/error.hpp"
#include "schema_builder.hpp"

namespace company_backup {
namespace {

class ArchiveMatchTest : public testing::Test {
 protected:
  ArchiveMatchTest() {
    SchemaBuilder builder;
    builder.table("sales.company").column("name text");
    builder.table("sales.item")
        .columns({"company_id integer", "key text null", "slug text null", "photo text null",
                  "twice integer generated"})
        .fk("item_company_fk", {"company_id"}, "sales.company");
    schema_ = builder.build();
    rules_ = sales_rules();
    rules_.columns = {column_rule("sales.item", "key", "secret"),
                      column_rule("sales.item", "slug", "identity"),
                      column_rule("sales.item", "photo", "file")};
    scope_ = discover_scope(schema_, rules_, "public");
    manifest_.company_table = "sales.company";
    manifest_.tables.resize(1);
    manifest_.tables[0].name = "sales.item";
    manifest_.tables[0].columns = {{"id", "integer"},
                                   {"company_id", "integer"},
                                   {"key", "text"},
                                   {"slug", "text"},
                                   {"photo", "text"}};
  }

  std::vector<MatchedTable> match(const MatchOptions& options = {}) const {
    return match_archive(manifest_, schema_, rules_, scope_, options);
  }

  std::string differences() const {
    try {
      match();
    } catch (const Error& error) {
      EXPECT_STREQ(error.sqlstate(), sqlstate::kSchemaDiffers);
      return error.detail();
    }
    return "none";
  }

  Schema schema_;
  Rules rules_;
  Scope scope_;
  Manifest manifest_;
};

TEST_F(ArchiveMatchTest, treatment_here_decides_what_is_loaded) {
  using Loaded = std::vector<bool>;
  EXPECT_EQ(match()[0].loaded, (Loaded{true, true, false, false, false}));
  EXPECT_EQ(match({true, false})[0].loaded, (Loaded{true, true, false, true, false}));
  EXPECT_EQ(match({false, true})[0].loaded, (Loaded{true, true, false, false, true}));
  const Column& slug = *find_column(schema_.tables[1], "slug");
  EXPECT_TRUE(match()[0].moved.empty());
  const std::vector<MatchedTable> moved = match({.moved = {{1, slug.number}}});
  EXPECT_EQ(moved[0].loaded, (Loaded{true, true, false, true, false}));
  EXPECT_EQ(moved[0].moved, std::vector{slug.number});
}

TEST_F(ArchiveMatchTest, lists_every_difference) {
  manifest_.tables[0].columns[0].type = "bigint";
  manifest_.tables[0].columns[1].name = "tenant";
  manifest_.tables[0].columns.push_back({"twice", "integer"});
  manifest_.tables.push_back({});
  manifest_.tables[1].name = "sales.gone";
  EXPECT_EQ(differences(),
            "column sales.item.id is bigint in the archive, integer here\n"
            "column sales.item.tenant does not exist here\n"
            "column sales.item.twice is generated here\n"
            "table sales.gone does not exist here");
}

TEST_F(ArchiveMatchTest, value_that_a_row_cannot_be_without) {
  const auto names = [](const std::vector<const Column*>& columns) {
    std::string list;
    for (const Column* column : columns) list += column->name + " ";
    return list;
  };
  EXPECT_EQ(names(match()[0].gaps), "");
  Table& item = schema_.tables[1];
  for (Column& column : item.columns) column.not_null = true;
  // What is not to travel does where nothing else gives a value; a secret is in no archive.
  EXPECT_EQ(names(match()[0].gaps), "key ");
  EXPECT_EQ(match()[0].loaded, (std::vector<bool>{true, true, false, true, true}));
  manifest_.tables[0].columns.erase(manifest_.tables[0].columns.begin() + 1);
  EXPECT_EQ(names(match()[0].gaps), "company_id key ");
  item.columns[1].has_default = true;
  for (ColumnRule& rule : rules_.columns) rule.replacement = "'x'";
  const std::vector<MatchedTable> replaced = match();
  EXPECT_EQ(names(replaced[0].gaps), "");
  ASSERT_EQ(replaced[0].replacements.size(), 3u);
  EXPECT_EQ(replaced[0].replacements[1].column->name, "slug");
  EXPECT_EQ(replaced[0].loaded, (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(match({true, true})[0].replacements.size(), 1u);
}

TEST_F(ArchiveMatchTest, table_that_does_not_travel_here) {
  rules_.tables = {table_rule("sales.item", "excluded")};
  scope_ = discover_scope(schema_, rules_, "public");
  EXPECT_EQ(differences(), "table sales.item does not travel with a company here: it is excluded");
}

TEST_F(ArchiveMatchTest, another_company_table) {
  manifest_.company_table = "sales.tenant";
  EXPECT_EQ(differences(), "the company table is sales.tenant in the archive, sales.company here");
}

}  // namespace
}  // namespace company_backup
