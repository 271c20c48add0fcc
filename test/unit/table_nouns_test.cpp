// Names of columns that say of which table they hold an ID.
#include "core/scope/table_nouns.hpp"

#include "core/text/names.hpp"
#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class TableNounsTest : public ScopeTest {
 protected:
  TableNounsTest() {
    company();
    owned("sales.customers").column("customer_no text").unique("no", {"customer_no"});
    owned("sales.position");
    db.table("sales.letter")
        .columns({"customerid integer", "id_customer integer", "customer_fk text",
                  "customer_ref integer", "customer integer", "customers integer[]",
                  "from_customer integer", "customer_name text", "customer_count integer",
                  "position integer", "placid integer"});
    schema = db.build();
  }

  std::string stem(const std::string& column, bool said = false) const {
    const TableNouns nouns(schema);
    const Table& table = schema.tables[schema.find("sales", "letter")];
    for (const Column& one : table.columns)
      if (one.name == column) return (said ? nouns.said_stem(one) : nouns.stem(one)).value_or("-");
    return "none";
  }
};

TEST_F(TableNounsTest, NamesThatSayIt) {
  for (const char* column : {"customerid", "id_customer", "customer_fk"})
    EXPECT_EQ(stem(column, true), "customer") << column;
}

TEST_F(TableNounsTest, NumbersThatAreCalledLikeTheTable) {
  for (const char* column : {"customer_ref", "customer", "from_customer"}) {
    EXPECT_EQ(stem(column), "customer") << column;
    EXPECT_EQ(stem(column, true), "-") << column;
  }
  EXPECT_EQ(stem("customers"), "customers");
}

TEST_F(TableNounsTest, TextsAndWhatCountsOrOrdersSayNothing) {
  for (const char* column : {"customer_name", "customer_count", "position", "placid"})
    EXPECT_EQ(stem(column), "-") << column;
}

TEST_F(TableNounsTest, KeysThatOneTableHas) {
  const TableNouns nouns(schema);
  EXPECT_EQ(nouns.table_of_key("customer_no"), schema.find("sales", "customers"));
  EXPECT_EQ(nouns.table_of_key("id"), kNoTable);
  EXPECT_EQ(nouns.table_of_key("letter_no"), kNoTable);
}

TEST(TableNouns, KeysOfOneWordUnlessAnyTableMayHaveThem) {
  SchemaBuilder builder;
  builder.table("app.emp")
      .columns({"empno integer", "position integer"})
      .unique("e", {"empno"})
      .unique("p", {"position"});
  builder.table("app.page").column("slug text").unique("s", {"slug"});
  builder.table("app.theme").column("slug text").unique("t", {"slug"});
  const Schema built = builder.build();
  const TableNouns nouns(built);
  EXPECT_EQ(nouns.table_of_key("empno"), SchemaBuilder::find(built, "app.emp"));
  EXPECT_EQ(nouns.table_of_key("position"), kNoTable);
  EXPECT_EQ(nouns.table_of_key("slug"), kNoTable) << "of several";
  EXPECT_EQ(nouns.tables_of_key("slug").size(), 2U);
}

TEST(TableNouns, WithoutWhatMostTablesBeginWith) {
  SchemaBuilder builder;
  for (const char* table :
       {"a.app_customer", "a.app_order", "a.app_item", "a.app_site", "b.my_page"})
    builder.table(table);
  const Schema built = builder.build();
  const TableNouns nouns(built);
  EXPECT_EQ(nouns.tables("customer"), std::vector{SchemaBuilder::find(built, "a.app_customer")});
  EXPECT_TRUE(nouns.tables("page").empty()) << "of few tables it is part of the name";
}

TEST(NounForms, IrregularPlurals) {
  const auto has = [](const std::string& plural, const std::string& singular) {
    const auto forms = noun_forms(plural);
    return std::find(forms.begin(), forms.end(), singular) != forms.end();
  };
  for (const auto& [plural, singular] :
       {std::pair("quizzes", "quiz"), std::pair("analyses", "analysis"),
        std::pair("shelves", "shelf"), std::pair("indices", "index"),
        std::pair("matrices", "matrix"), std::pair("people", "person"),
        std::pair("sales_people", "sales_person"), std::pair("criteria", "criterion"),
        std::pair("grandchildren", "x")})
    EXPECT_EQ(has(plural, singular), std::string(singular) != "x") << plural;
}

}  // namespace
}  // namespace company_backup
