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

TEST(Padding, says_the_forms_of_columns) {
  Table table;
  table.columns = {column(1, "text", 25), column(2, "character(5)", 1042),
                   column(3, "numeric(9,2)", 1700), column(4, "numeric[]", 1231)};
  EXPECT_EQ(key_forms(table, {2, 1}),
            (std::vector<KeyForm>{KeyForm::kPadded, KeyForm::kAsPrinted}));
  EXPECT_TRUE(key_forms(table, {1}).empty());
  EXPECT_EQ(key_forms(table, {3, 4}), (std::vector<KeyForm>{KeyForm::kNumeric, KeyForm::kNumeric}));
}

}  // namespace
}  // namespace company_backup
