#include "core/scope/load_order.hpp"

#include <gtest/gtest.h>

#include "schema_builder.hpp"

namespace company_backup {
namespace {

class LoadOrderTest : public testing::Test {
 protected:
  TableBuilder& table(const std::string& name) {
    TableBuilder& table = builder_.table(name);
    if (name != "sales.company") table.column("company_id integer");
    return table;
  }

  std::string order() {
    Schema schema = builder_.build();
    Scope scope;
    std::vector<TableIndex> tables;
    for (TableIndex i = 0; i < static_cast<TableIndex>(schema.tables.size()); ++i) {
      tables.push_back(i);
    }
    for (const ForeignKey& key : schema.foreign_keys) {
      Reference reference;
      reference.table = key.table;
      reference.target = key.target;
      reference.columns = key.columns;
      scope.references.push_back(reference);
    }
    std::string names;
    for (const size_t position : load_order(schema, scope, tables)) {
      names += (names.empty() ? "" : " ") + schema.tables[position].name;
    }
    return names;
  }

  SchemaBuilder builder_;
};

TEST_F(LoadOrderTest, what_is_referred_to_comes_first) {
  table("sales.a").column("z_id integer null").fk("a_z", {"z_id"}, "sales.z");
  table("sales.b").column("a_id integer").fk("b_a", {"a_id"}, "sales.a");
  table("sales.c").column("c_id integer null").fk("c_c", {"c_id"}, "sales.c");
  table("sales.z");
  EXPECT_EQ(order(), "z a b c");
}

TEST_F(LoadOrderTest, circles_stay_together_by_what_cannot_be_null) {
  // a needs b, b may name a: b first. What leads into the circle comes after it.
  table("sales.a").column("b_id integer").fk("a_b", {"b_id"}, "sales.b");
  table("sales.aa").column("a_id integer").fk("aa_a", {"a_id"}, "sales.a");
  table("sales.b")
      .columns({"a_id integer null", "z_id integer"})
      .fk("b_a", {"a_id"}, "sales.a")
      .fk("b_z", {"z_id"}, "sales.z");
  table("sales.z");
  EXPECT_EQ(order(), "z b a aa");
}

TEST_F(LoadOrderTest, circle_of_what_cannot_be_null) {
  table("sales.a").column("b_id integer").fk("a_b", {"b_id"}, "sales.b");
  table("sales.b").column("a_id integer").fk("b_a", {"a_id"}, "sales.a");
  EXPECT_EQ(order(), "a b");
}

}  // namespace
}  // namespace company_backup
