#include "core/row_mapper.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

using Elements = std::vector<std::optional<std::string>>;

std::vector<RowValue> row_of(const std::vector<const char*>& texts) {
  std::vector<RowValue> row;
  for (const char* text : texts) {
    row.push_back(text == nullptr ? RowValue{} : RowValue{ValueKind::kString, text});
  }
  return row;
}

KeyMap people(bool complete) {
  KeyMap map(1, complete, "app.person", sqlstate::kMissingPerson);
  map.add({"1"}, {"5"});
  map.add({"5"}, {"1"});
  return map;
}

TEST(RowMapper, replaces_keys_that_swap_places) {
  const KeyMap map = people(false);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map);
  auto row = row_of({"1", "5", "1"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "5");
  EXPECT_EQ(row[1].text, "1");
  EXPECT_EQ(row[2].text, "1");
}

TEST(RowMapper, leaves_null_and_unknown_keys) {
  const KeyMap map = people(false);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map);
  auto row = row_of({nullptr, "7"});
  mapper.apply(row);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
  EXPECT_EQ(row[1].text, "7");
}

TEST(RowMapper, refuses_unknown_keys_where_all_must_be_known) {
  const KeyMap map = people(true);
  RowMapper mapper;
  mapper.map_column(0, &map);
  auto row = row_of({"7"});
  expect_error(sqlstate::kMissingPerson, "app.person", [&] { mapper.apply(row); });
}

TEST(RowMapper, composite_keys_are_not_mistaken_for_each_other) {
  KeyMap map(2, false, "app.region", sqlstate::kMissingShared);
  map.add({"a", "bc"}, {"x", "y"});
  RowMapper mapper;
  mapper.map_columns({0, 1}, &map);
  auto row = row_of({"ab", "c"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "ab");
  row = row_of({"a", "bc"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "x");
  EXPECT_EQ(row[1].text, "y");
  row = row_of({"a", nullptr});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "a");
}

TEST(RowMapper, condition_is_asked_of_the_row_as_it_came) {
  const KeyMap map = people(false);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map, RowMapper::When{0, "1"});
  auto row = row_of({"1", "1"});
  mapper.apply(row);
  EXPECT_EQ(row[1].text, "5");
  row = row_of({"5", "1"});
  mapper.apply(row);
  EXPECT_EQ(row[1].text, "1");
}

TEST(RowMapper, arrays_keep_nulls_and_order) {
  const KeyMap map = people(false);
  RowMapper mapper;
  mapper.map_array(0, &map);
  auto row = row_of({"{1,NULL,7,5}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{\"5\",NULL,\"7\",\"1\"}");
  row = row_of({"{{1},{5}}"});
  expect_error(sqlstate::kIntegrity, "dimension", [&] { mapper.apply(row); });
}

TEST(RowMapper, documents_are_refused_only_if_a_key_would_change) {
  const KeyMap map = people(false);
  RowMapper mapper;
  mapper.check_json(0, JsonPath::parse(".author"), &map, "note.meta");
  auto row = row_of({"{\"author\": 7}"});
  mapper.apply(row);
  row = row_of({"{\"author\": 1}"});
  expect_error(sqlstate::kIntegrity, "note.meta", [&] { mapper.apply(row); });
}

TEST(RowMapper, a_map_that_changes_nothing_costs_nothing) {
  KeyMap map(1, false, "app.person", sqlstate::kMissingPerson);
  map.add({"1"}, {"1"});
  EXPECT_TRUE(map.is_identity());
  RowMapper mapper;
  mapper.map_column(0, &map);
  EXPECT_TRUE(mapper.empty());
}

TEST(ParseArray, reads_what_postgresql_writes) {
  EXPECT_EQ(parse_array("{}"), Elements{});
  EXPECT_EQ(parse_array("{a,\"b,c\",NULL,\"NULL\",\"q\\\"\\\\\",\"\"}"),
            (Elements{"a", "b,c", std::nullopt, "NULL", "q\"\\", ""}));
  EXPECT_EQ(parse_array("[2:3]={1,2}"), std::nullopt);
}

TEST(ParseArray, reads_what_it_writes) {
  const Elements elements{"a b", "\"", "\\", std::nullopt, "NULL", ""};
  EXPECT_EQ(parse_array(array_text(elements)), elements);
}

}  // namespace
}  // namespace company_backup
