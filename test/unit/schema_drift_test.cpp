#include "core/archive/drift_finder.hpp"
#include "core/scope/discovery.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/text/error.hpp"
#include "schema_builder.hpp"

namespace company_backup {
namespace {

class SchemaDriftTest : public testing::Test {
 protected:
  SchemaDriftTest() {
    SchemaBuilder builder;
    builder.table("sales.company").column("name text");
    builder.table("sales.item")
        .columns({"company_id integer", "label text null", "price integer null",
                  "twice integer generated"})
        .fk("item_company_fk", {"company_id"}, "sales.company");
    schema_ = builder.build();
    rules_ = sales_rules();
    scope_ = discover_scope(schema_, rules_, "public");
    archive_.company_table = "sales.company";
    archive_.tables.resize(2);
    archive_.tables[0].name = "sales.company";
    archive_.tables[0].columns = {{"id", "integer"}, {"name", "text"}};
    archive_.tables[1].name = "sales.item";
    archive_.tables[1].columns = {
        {"id", "integer"}, {"company_id", "integer"}, {"label", "text"}, {"price", "integer"}};
    for (ManifestTable& table : archive_.tables) {
      table.rows = 2;
      table.key = {{"id", KeyOrder::kInteger}};
    }
  }

  SchemaDrift find() const {
    return find_drift(archive_, schema_, rules_, scope_, facts_, "s", false);
  }

  // "table.column: difference [effect] settle" of each.
  static std::vector<std::string> told(const SchemaDrift& drift) {
    std::vector<std::string> list;
    for (const SchemaDifference& one : differences_of(drift)) {
      list.push_back(one.table + (one.column.empty() ? "" : "." + one.column) + ": " +
                     one.difference + " [" + to_text(one.effect) + "]" +
                     (one.settle.empty() ? "" : " " + one.settle));
    }
    return list;
  }

  Schema schema_;
  Rules rules_;
  Scope scope_;
  Manifest archive_;
  StructureFacts facts_;
};

using List = std::vector<std::string>;

TEST_F(SchemaDriftTest, the_same_structure) {
  const SchemaDrift drift = find();
  EXPECT_TRUE(drift.is_none());
  EXPECT_FALSE(drift.is_doubtful());
  EXPECT_EQ(told(drift), List{});
}

TEST_F(SchemaDriftTest, what_is_gone_may_have_another_name) {
  archive_.tables[1].columns[2].name = "title";
  SchemaDrift drift = find();
  EXPECT_TRUE(drift.is_doubtful());
  EXPECT_EQ(told(drift), (List{"sales.item.title: does not exist here [nothing]",
                               "sales.item.label: is new here [nothing]"}));
  drift.tables[1].columns[2].lost = 1;
  EXPECT_EQ(told(drift)[0],
            "sales.item.title: does not exist here: 1 value [lost with adapt] SELECT "
            "s.set_column_rename('sales.item', 'title', 'label');");
  EXPECT_THROW(require_fitting(drift, false), Error);
  EXPECT_NO_THROW(require_fitting(drift, true));
  rules_.column_renames = {{"sales", "item", "title", "caption"},
                           {"sales", "item", "caption", "label"}};
  drift = find();
  EXPECT_FALSE(drift.is_doubtful());
  EXPECT_EQ(told(drift), (List{"sales.item.title: is called label here [nothing]"}));
  EXPECT_EQ(drift.manifest.tables[1].columns[2].name, "label");
}

TEST_F(SchemaDriftTest, renames_are_for_archives_from_before) {
  rules_.table_renames = {{"sales", "item", "sales", "thing"}};
  archive_.tables.push_back(archive_.tables[1]);
  archive_.tables[2].name = "sales.thing";
  const SchemaDrift drift = find();
  EXPECT_EQ(told(drift), (List{"sales.thing: does not exist here: 2 rows [lost with adapt]"}));
  EXPECT_EQ(drift.kept, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(drift.manifest.tables.size(), 2u);
}

TEST_F(SchemaDriftTest, two_tables_cannot_become_one) {
  rules_.table_renames = {{"sales", "article", "sales", "thing"},
                          {"sales", "part", "sales", "thing"}};
  archive_.tables[1].name = "sales.article";
  archive_.tables.push_back(archive_.tables[1]);
  archive_.tables[2].name = "sales.part";
  rules_.table_renames[0].table = rules_.table_renames[1].table = "item";
  EXPECT_EQ(told(find())[0],
            "sales.part: is the same table here as sales.article: 2 rows [lost with adapt]");
}

TEST_F(SchemaDriftTest, another_type) {
  archive_.tables[1].columns[0].type = "smallint";
  archive_.tables[1].columns[2].type = "character varying(10)";
  archive_.tables[1].columns[3].type = "bigint";
  const SchemaDrift drift = find();
  using Change = DriftColumn::Change;
  EXPECT_EQ(drift.tables[1].columns[0].change, Change::kRecoded);
  EXPECT_EQ(drift.tables[1].columns[2].change, Change::kRecoded);
  EXPECT_EQ(drift.tables[1].columns[3].change, Change::kCast);
  EXPECT_FALSE(drift.tables[1].resorted);
  EXPECT_EQ(drift.manifest.tables[1].columns[3].type, "integer");
}

TEST_F(SchemaDriftTest, another_key) {
  archive_.tables[1].key = {{"label", KeyOrder::kText}};
  SchemaDrift drift = find();
  EXPECT_TRUE(drift.tables[1].resorted);
  EXPECT_EQ(drift.manifest.tables[1].key[0].column, "id");
  EXPECT_EQ(told(drift),
            (List{"sales.item: has the key (label) in the archive, (id) here [nothing]"}));
  archive_.tables[1].columns[0].name = "number";
  drift = find();
  EXPECT_EQ(drift.manifest.tables[1].key[0].column, "label");
}

TEST_F(SchemaDriftTest, column_that_must_have_a_value) {
  archive_.tables[1].columns.erase(archive_.tables[1].columns.begin() + 3);
  schema_.tables[1].columns[3].not_null = true;
  EXPECT_EQ(told(find()),
            (List{"sales.item.price: is new here, must not be null and has no default [refused] "
                  "SELECT s.set_column_default('sales.item', 'price', '0');"}));
  rules_.column_defaults = {{"sales", "item", "price", "7"}};
  EXPECT_EQ(told(find()), (List{"sales.item.price: is new here [filled]"}));
}

TEST_F(SchemaDriftTest, constraints_and_values_of_enums) {
  archive_.tables[1].constraints = std::vector<ManifestConstraint>{{"a", "CHECK (x)"}};
  facts_.constraints[1] = {{"b", "CHECK (x)"}, {"c", "UNIQUE (y)"}};
  const int16_t label = schema_.tables[1].columns[2].number;
  facts_.labels[{1, label}] = {"a", "b"};
  archive_.tables[1].columns[2].labels = {"b", "c", "a"};
  archive_.tables[1].columns[3].not_null = false;
  schema_.tables[1].columns[3].not_null = true;
  SchemaDrift drift = find();
  EXPECT_TRUE(drift.tables[1].columns[3].may_be_null);
  EXPECT_EQ(told(drift), (List{"sales.item.label: has no value 'c' here [nothing]",
                               "sales.item: has a new constraint c: UNIQUE (y) [checked]"}));
  archive_.tables[1].columns[3].not_null = true;
  EXPECT_FALSE(find().tables[1].columns[3].may_be_null);
}

TEST_F(SchemaDriftTest, another_company_table) {
  archive_.company_table = "sales.tenant";
  try {
    require_fitting(find(), true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.sqlstate(), sqlstate::kSchemaDiffers);
    EXPECT_EQ(error.detail(),
              "table sales.tenant is the company table in the archive; here that is "
              "sales.company");
  }
}

TEST_F(SchemaDriftTest, a_list_of_differences_is_bounded) {
  for (int i = 0; i < 3000; ++i) {
    archive_.tables.push_back(archive_.tables[1]);
    archive_.tables.back().name = "sales.gone" + std::to_string(i);
  }
  try {
    require_fitting(find(), false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.message().ends_with("in 3000 places"));
    EXPECT_LT(std::count(error.detail().begin(), error.detail().end(), '\n'), 1001);
    EXPECT_TRUE(error.detail().ends_with(" more"));
  }
}

}  // namespace
}  // namespace company_backup
