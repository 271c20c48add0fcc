// Places in documents of which there are too many to be told apart.
#include "core/scope/path_folding.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/scope/column_pairs.hpp"
#include "schema_builder.hpp"

namespace company_backup {
namespace {

std::string numbered(const char* name, size_t number) {
  return "." + std::string(name) + std::to_string(number);
}

TEST(PathFolder, FewPathsStayAsTheyAre) {
  PathFolder folder;
  for (const char* path : {".a", ".\"b.c[*]\"[*].d", "[*].a.*.keys()", ".**.x", ""}) {
    EXPECT_EQ(folder.place(path), path);
    folder.count(path);
  }
  EXPECT_TRUE(folder.folded().empty());
  EXPECT_TRUE(folder.take_moved().empty());
  EXPECT_EQ(folder.paths(), 5u);
}

TEST(PathFolder, ManyMembersAreOnePlace) {
  PathFolder folder;
  for (size_t i = 0; i < PathFolder::kMostNames; ++i) {
    const std::string path = ".users.\"a. " + std::to_string(i) + "\".name";
    EXPECT_EQ(folder.place(path), path);
  }
  EXPECT_EQ(folder.place(".users.x.name"), ".users.*.name");
  EXPECT_EQ(folder.take_moved().size(), PathFolder::kMostNames + 1);
  EXPECT_EQ(folder.place(".users.y.name"), ".users.*.name");
  EXPECT_EQ(folder.place(".users.y.other"), ".users.*.other");
  EXPECT_EQ(folder.place(".others.y.name"), ".others.y.name");
  EXPECT_EQ(folder.folded(), std::vector<std::string>{"$.users"});
  EXPECT_FALSE(folder.has_left_out());
}

TEST(PathFolder, WhatHasTheMostMembersGivesRoomFirst) {
  PathFolder folder;
  size_t places = 0;
  for (size_t i = 0; i < 1000; ++i) {
    const auto place = folder.place(numbered("a", i % 90) + numbered("b", i % 25));
    places += place.has_value();
  }
  EXPECT_EQ(places, 1000u);
  EXPECT_EQ(folder.folded().at(0), "$");
  EXPECT_FALSE(folder.has_left_out());
}

TEST(PathFolder, WhatCannotBeFoldedIsLeftOut) {
  PathFolder folder;
  std::string deep;
  for (size_t i = 0; i < 300; ++i) {
    deep = numbered("x", i % 5) + numbered("y", i / 5 % 5) + numbered("z", i / 25 % 5) +
           numbered("w", i / 125 % 5);
    folder.place(deep);
  }
  EXPECT_TRUE(folder.has_left_out());
  EXPECT_EQ(folder.place(deep), std::nullopt);
  EXPECT_EQ(folder.place(".x0.y0.z0.w0"), ".x0.y0.z0.w0");
}

TEST(PathFolder, NoPathIsLongerThanARuleCanBe) {
  PathFolder folder;
  EXPECT_EQ(folder.place("." + std::string(PathFolder::kLongestPath, 'a')), std::nullopt);
  EXPECT_TRUE(folder.has_left_out());
}

TEST(PathFolder, CountsOnlySoFar) {
  PathFolder folder;
  for (size_t i = 0; i < PathFolder::kMostCounted + 10; ++i) folder.count(numbered("a", i));
  EXPECT_EQ(folder.paths(), PathFolder::kMostCounted);
  EXPECT_FALSE(folder.counted_all());
}

TEST(ColumnPairs, AreNamedLikeAKey) {
  SchemaBuilder builder;
  builder.bare_table("a.task").columns({"id bigint", "at uuid"}).primary({"id", "at"});
  builder.bare_table("a.event").columns({"id bigint", "at uuid"}).primary({"id", "at"});
  builder.bare_table("a.site")
      .columns({"company_id bigint", "no bigint"})
      .primary({"company_id", "no"});
  builder.bare_table("a.step").columns({"task_id bigint", "task_at uuid", "site_no bigint",
                                        "old_id bigint", "old_at uuid", "company_id bigint",
                                        "some_no bigint", "half_id bigint"});
  const Schema schema = builder.build();
  std::set<std::string> found;
  for (const ColumnPair& pair : column_pairs(schema)) {
    const Table& table = schema.tables[pair.table];
    std::string text = table.name + (pair.named ? " named" : "");
    for (const std::string& name : column_names(table, pair.columns)) text += " " + name;
    found.insert(text + " > " + schema.tables[pair.target].name);
  }
  EXPECT_EQ(found, (std::set<std::string>{
                       "step named task_id task_at > task", "step named company_id site_no > site",
                       "step old_id old_at > task", "step old_id old_at > event"}));
}

}  // namespace
}  // namespace company_backup
