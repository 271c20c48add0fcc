#include "core/text/table_name.hpp"

#include <gtest/gtest.h>

#include "expect_error.hpp"

namespace company_backup {

namespace {

TEST(TableName, Encoding) {
  EXPECT_EQ(encode_table_name("public", "invoice_line-2"), "public.invoice_line-2");
  EXPECT_EQ(encode_table_name("a.b", "../c"), "a%2Eb.%2E%2E%2Fc");
  EXPECT_EQ(encode_table_name("%", "\xC3\xA9 \n"), "%25.%C3%A9%20%0A");
}

TEST(TableName, EveryByteComesBack) {
  for (int byte = 1; byte < 256; ++byte) {
    const TableName name{std::string(1, static_cast<char>(byte)),
                         "x" + std::string(3, static_cast<char>(byte))};
    EXPECT_EQ(decode_table_name(encode_table_name(name.schema, name.table)), name) << byte;
  }
}

TEST(TableName, OnlyTheOneSpellingIsAccepted) {
  for (const std::string name :
       {"", ".", "a", "a.", ".a", "a.b.c", "a.b%", "a.b%2", "a.%2e", "a.%41", "a.%zz", "a.b c",
        "a.%00", "a.b/c", "..", "a..b", "a.\xC3\xA9"}) {
    expect_error(sqlstate::kBadArchive, "malformed table name", [&] { decode_table_name(name); });
  }
}

}  // namespace

}  // namespace company_backup
