#include "core/scope/padding.hpp"

#include <gtest/gtest.h>

namespace company_backup {
namespace {

Column column(int16_t number, const char* type, uint32_t type_oid) {
  Column column;
  column.number = number;
  column.name = "c" + std::to_string(number);
  column.type = type;
  column.type_oid = type_oid;
  return column;
}

TEST(Padding, knows_widths) {
  EXPECT_EQ(padded_width(column(1, "character(5)", 1042)), 5U);
  EXPECT_EQ(padded_width(column(1, "character(12)[]", 1014)), 12U);
  EXPECT_EQ(padded_width(column(1, "bpchar", 1042)), 0U);
  EXPECT_EQ(padded_width(column(1, "app.code", 1042)), 0U);  // a domain
  EXPECT_EQ(padded_width(column(1, "character varying(5)", 1043)), std::nullopt);
}

TEST(Padding, says_which_columns) {
  Table table;
  table.columns = {column(1, "text", 25), column(2, "character(5)", 1042)};
  EXPECT_EQ(are_padded(table, {2, 1}), (std::vector<bool>{true, false}));
  EXPECT_TRUE(are_padded(table, {1}).empty());
}

}  // namespace
}  // namespace company_backup
