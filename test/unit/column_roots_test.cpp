#include "core/scope/column_roots.hpp"
#include "core/scope/discovery.hpp"

#include <gtest/gtest.h>

#include "schema_builder.hpp"

namespace company_backup {
namespace {

// company <- customer (company_id, id) <- order; person <- member (excluded) <- order.author
class ColumnRootsTest : public testing::Test {
 protected:
  ColumnRootsTest() {
    SchemaBuilder builder;
    builder.table("sales.company")
        .columns({"code text", "parent integer null"})
        .unique("company_code", {"code"})
        .fk("company_parent_fk", {"parent"}, "sales.company");
    builder.table("sales.person");
    builder.bare_table("sales.member")
        .columns({"company_id integer", "person_id integer"})
        .primary({"company_id", "person_id"})
        .fk("member_company_fk", {"company_id"}, "sales.company")
        .fk("member_person_fk", {"person_id"}, "sales.person");
    builder.bare_table("sales.customer")
        .columns({"company_id integer", "id integer", "company_code text null"})
        .primary({"company_id", "id"})
        .fk("customer_company_fk", {"company_id"}, "sales.company")
        .fk("customer_code_fk", {"company_code"}, "sales.company", {"code"});
    builder.table("sales.order")
        .columns({"company_id integer", "customer_id integer null", "author integer null"})
        .fk("order_customer_fk", {"company_id", "customer_id"}, "sales.customer")
        .fk("order_author_fk", {"company_id", "author"}, "sales.member");
    schema_ = builder.build();
    Rules rules = sales_rules();
    rules.tables = {table_rule("sales.person", "people"), table_rule("sales.member", "excluded"),
                    table_rule("sales.order", "company", {"order_customer_fk"})};
    scope_ = discover_scope(schema_, rules, "public");
  }

  std::vector<ColumnRoot> roots(const std::string& table, const std::string& column) const {
    const TableIndex index = SchemaBuilder::find(schema_, table);
    return ColumnRoots(schema_, scope_)
        .of(index, find_column(schema_.tables[index], column)->number);
  }

  ColumnRoot column(const std::string& table, const std::string& name) const {
    const TableIndex index = SchemaBuilder::find(schema_, table);
    return {index, find_column(schema_.tables[index], name)->number};
  }

  Schema schema_;
  Scope scope_;
};

TEST_F(ColumnRootsTest, company_key_spreads_over_composite_keys) {
  const std::vector<ColumnRoot> key{column("sales.company", "id")};
  EXPECT_EQ(roots("sales.customer", "company_id"), key);
  EXPECT_EQ(roots("sales.order", "company_id"), key);
  EXPECT_EQ(roots("sales.company", "parent"), key);
  EXPECT_EQ(roots("sales.company", "id"), key);
}

TEST_F(ColumnRootsTest, other_unique_columns_of_the_company_are_roots_too) {
  EXPECT_EQ(roots("sales.customer", "company_code"),
            std::vector<ColumnRoot>{column("sales.company", "code")});
}

TEST_F(ColumnRootsTest, people_are_found_through_excluded_tables) {
  EXPECT_EQ(roots("sales.order", "author"), std::vector<ColumnRoot>{column("sales.person", "id")});
}

TEST_F(ColumnRootsTest, keys_of_the_company_s_own_rows_have_no_root) {
  EXPECT_TRUE(roots("sales.order", "customer_id").empty());
  EXPECT_TRUE(roots("sales.order", "id").empty());
}

}  // namespace
}  // namespace company_backup
