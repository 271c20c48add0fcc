// Names of columns that say a key of a table without being those of IDs.
#include "core/scope/key_names.hpp"

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

using By = NamedKey::By;

class KeyNamesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    builder_.table("app.firm")
        .column("slug text")
        .column("name text")
        .unique("u", {"slug"})
        .unique("v", {"name"});
    builder_.table("app.customer").column("code text").unique("c", {"code"});
    builder_.table("app.order").column("number integer").unique("n", {"id", "number"});
    builder_.table("app.customer_extra");
    builder_.table("app.ticket");
  }

  // "customer.code" for each, with how it is said.
  std::string keys(const std::string& column) {
    builder_.table("app.at").column(column);
    const Schema schema = builder_.build();
    const TableNouns nouns(schema);
    const KeyNames names(schema, nouns, SchemaBuilder::find(schema, "app.firm"));
    const TableIndex at = SchemaBuilder::find(schema, "app.at");
    std::string text;
    for (const NamedKey& key : names.of(at, schema.tables[at].columns.back())) {
      const Table& table = schema.tables[key.table];
      text += (text.empty() ? "" : " ") + table.name + "." + column_of(table, key.column).name;
      text += key.by == By::kKey    ? ""
              : key.by == By::kRow  ? " (row)"
              : key.by == By::kSame ? " (same)"
                                    : " (part)";
      if (!key.alone) text += " (not alone)";
    }
    return text;
  }

  SchemaBuilder builder_;
};

TEST_F(KeyNamesTest, TableAndColumn) {
  EXPECT_EQ(keys("customer_code text"), "customer.code");
}

TEST_F(KeyNamesTest, TableAlone) {
  EXPECT_EQ(keys("customer integer"), "customer.id (row)");
}

TEST_F(KeyNamesTest, TextsHoldAllKeys) {
  EXPECT_EQ(keys("customer text"), "customer.code (row) customer.id (row)");
}

TEST_F(KeyNamesTest, CompaniesByWhateverWord) {
  EXPECT_EQ(keys("tenant_slug text"), "firm.slug");
}

TEST_F(KeyNamesTest, AnyCompanyHasAName) {
  EXPECT_EQ(keys("company_name text"), "firm.name (part)");
}

TEST_F(KeyNamesTest, TheEndOfAName) {
  EXPECT_EQ(keys("old_customer_code text"), "customer.code (part)");
}

TEST_F(KeyNamesTest, PartOfAKey) {
  EXPECT_EQ(keys("order_number integer"), "order.number (not alone)");
}

TEST_F(KeyNamesTest, NumbersThatCount) {
  EXPECT_EQ(keys("order integer"), "");
}

TEST_F(KeyNamesTest, IdsAreForOthers) {
  EXPECT_EQ(keys("customer_id integer"), "");
}

TEST_F(KeyNamesTest, TheNameOfAKeyAlone) {
  EXPECT_EQ(keys("slug text"), "firm.slug (same)");
}

TEST_F(KeyNamesTest, ANameThatAnyKeyMayHave) {
  EXPECT_EQ(keys("code text"), "");
}

TEST_F(KeyNamesTest, HistoriesHaveTheKeyOfWhatTheyKeep) {
  builder_.table("app.customer_aud").column("rev integer");
  builder_.table("app.historicalcustomer").column("history_id integer");
  const Schema schema = builder_.build();
  const TableNouns nouns(schema);
  const KeyNames names(schema, nouns, kNoTable);
  const auto kept = [&](const char* table, const char* column) {
    const TableIndex index = SchemaBuilder::find(schema, table);
    Schema with = schema;
    with.tables[index].unique_indexes.clear();
    const TableNouns its(with);
    const KeyNames own(with, its, kNoTable);
    return own.kept_by(index, *find_column(with.tables[index], column)).size();
  };
  EXPECT_EQ(kept("app.customer_aud", "id"), 1U);
  EXPECT_EQ(kept("app.historicalcustomer", "id"), 1U);
  EXPECT_EQ(kept("app.customer_aud", "rev"), 0U);
  EXPECT_EQ(kept("app.ticket", "id"), 0U);
  const TableIndex aud = SchemaBuilder::find(schema, "app.customer_aud");
  EXPECT_TRUE(names.kept_by(aud, *find_column(schema.tables[aud], "id")).empty())
      << "what alone tells its own rows apart";
}

TEST_F(KeyNamesTest, TablesThatCompleteOthers) {
  const Schema schema = builder_.build();
  const TableNouns nouns(schema);
  const KeyNames names(schema, nouns, kNoTable);
  const auto completed = [&](const char* table) {
    return names.completed_by(SchemaBuilder::find(schema, table));
  };
  EXPECT_EQ(completed("app.customer_extra"),
            std::vector{SchemaBuilder::find(schema, "app.customer")});
  EXPECT_TRUE(completed("app.ticket").empty());
}

}  // namespace
}  // namespace company_backup
