#include "core/ids/row_mapper.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/text/array_text.hpp"
#include "core/text/error.hpp"
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

ListedKeys people(UnlistedKeys unlisted) {
  ListedKeys map(1, unlisted, "app.person", sqlstate::kMissingPerson);
  map.add({"1"}, {"5"});
  map.add({"5"}, {"1"});
  return map;
}

TEST(RowMapper, drops_keys_as_they_came) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  KeySet gone, pair;
  gone.add({"5"});
  pair.add({"1", "5"});
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.drop_keys({0}, &gone, {0}, RowMapper::When{2, "x"});
  mapper.drop_keys({0, 1}, &pair, {1});
  mapper.drop_elements(3, &gone);
  EXPECT_FALSE(mapper.empty());
  auto row = row_of({"1", "5", "x", "{1,5,NULL,7}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "5");  // became 5, was none
  EXPECT_EQ(row[1].kind, ValueKind::kNull);
  EXPECT_EQ(row[3].text, "{1,NULL,7}");
  row = row_of({"5", "5", "x", "{5}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
  EXPECT_EQ(row[1].text, "5");
  EXPECT_EQ(row[3].text, "{}");
  row = row_of({"5", nullptr, "y", nullptr});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "1");
  EXPECT_TRUE(mapper.keeps_order({2}));
  const std::vector<size_t> positions = mapper.positions();
  for (const size_t position : {0, 1, 2, 3}) {
    EXPECT_NE(std::find(positions.begin(), positions.end(), position), positions.end());
  }
}

TEST(RowMapper, replaces_keys_that_swap_places) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map);
  auto row = row_of({"1", "5", "1"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "5");
  EXPECT_EQ(row[1].text, "1");
  EXPECT_EQ(row[2].text, "1");
}

TEST(RowMapper, keys_of_padded_columns_are_known_without_their_padding) {
  ListedKeys padded(1, UnlistedKeys::kRefused, "app.currency", sqlstate::kMissingShared);
  padded.set_forms({KeyForm::kPadded});
  padded.add({"eu   "}, {"us   "});
  padded.add({"\u00e4   "}, {"\u00f6   "});
  ListedKeys renewed(1);  // as they are printed
  renewed.add({"a  "}, {"b  "});
  KeySet gone;
  gone.add({"x"});
  RowMapper mapper;
  mapper.set_form(0, KeyForm::kPadded, 3);
  mapper.set_form(2, KeyForm::kPadded, 5);
  mapper.set_form(3, KeyForm::kPadded, 3);
  for (const size_t position : {0, 1}) mapper.map_column(position, &padded);
  mapper.map_array(2, &padded);
  mapper.map_column(3, &renewed);
  mapper.drop_keys({3}, &gone, {3});
  auto row = row_of({"eu ", "eu", "{\"eu   \",\"\u00e4    \"}", "a  "});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "us ");
  EXPECT_EQ(row[1].text, "us");
  EXPECT_EQ(row[2].text, "{\"us   \",\"\u00f6    \"}");
  EXPECT_EQ(row[3].text, "b  ");
  row = row_of({nullptr, "eu   ", nullptr, "x  "});
  mapper.apply(row);
  EXPECT_EQ(row[1].text, "us");
  EXPECT_EQ(row[3].kind, ValueKind::kNull);
  row = row_of({"zz ", nullptr, nullptr, nullptr});
  expect_error(sqlstate::kMissingShared, "zz", [&] { mapper.apply(row); });
}

TEST(RowMapper, numbers_are_known_whatever_their_scale) {
  ListedKeys map(1);
  map.set_forms({KeyForm::kNumeric});
  map.add({"1.00"}, {"4.00"});
  map.add({"100"}, {"200"});
  map.add({"1.50"}, {"2.5"});
  RowMapper mapper;
  for (const size_t position : {0, 1, 2, 3}) {
    mapper.set_form(position, KeyForm::kNumeric);
    mapper.map_column(position, &map);
  }
  auto row = row_of({"1", "1.000", "100.0", "1.5"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "4");
  EXPECT_EQ(row[1].text, "4");
  EXPECT_EQ(row[2].text, "200");
  EXPECT_EQ(row[3].text, "2.5");
  row = row_of({"10", "NaN", "Infinity", "-1"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "10");
  EXPECT_EQ(row[2].text, "Infinity");
}

TEST(RowMapper, leaves_null_and_unknown_keys) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map);
  auto row = row_of({nullptr, "7"});
  mapper.apply(row);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
  EXPECT_EQ(row[1].text, "7");
}

TEST(RowMapper, refuses_unknown_keys_where_all_must_be_known) {
  const ListedKeys map = people(UnlistedKeys::kRefused);
  RowMapper mapper;
  mapper.map_column(0, &map);
  auto row = row_of({"7"});
  expect_error(sqlstate::kMissingPerson, "app.person", [&] { mapper.apply(row); });
}

TEST(RowMapper, composite_keys_are_not_mistaken_for_each_other) {
  ListedKeys map(2);
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
  const ListedKeys map = people(UnlistedKeys::kKept);
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
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_array(0, &map);
  auto row = row_of({"{1,NULL,7,5}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{5,NULL,7,1}");
  row = row_of({"{{1,7},{5,NULL}}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{{5,7},{1,NULL}}");
  row = row_of({"[0:1]={1,5}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "[0:1]={5,1}");
  row = row_of({"no array"});
  expect_error(sqlstate::kIntegrity, "cannot be read", [&] { mapper.apply(row); });
}

TEST(RowMapper, arrays_keep_their_form_without_elements) {
  KeySet gone;
  gone.add({"5"});
  RowMapper mapper;
  mapper.drop_elements(0, &gone);
  auto row = row_of({"{1,5,\"5\",7}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{1,7}");
  row = row_of({"{{1,5},{5,7}}"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{{1,NULL},{NULL,7}}");
}

// Adds 100 to one key; as good as its word about order.
class Shift final : public KeyMap {
 public:
  Shift(std::string key, std::string to, bool ordered = true)
      : key_(std::move(key)), to_(std::move(to)), ordered_(ordered) {}
  size_t width() const override { return 1; }
  bool is_identity() const override { return false; }
  bool keeps_order() const override { return ordered_; }
  bool find(const std::vector<std::string_view>& old_key,
            std::vector<std::string>& new_key) const override {
    if (old_key[0] != key_) return false;
    new_key.assign(1, to_);
    return true;
  }

 private:
  std::string key_, to_;
  bool ordered_;
};

TEST(RowMapper, several_maps_fill_one_array) {
  const Shift one("1", "101"), two("101", "7");
  RowMapper mapper;
  mapper.map_array(0, &one);
  mapper.map_array(0, &two, RowMapper::When{1, "b"});
  auto row = row_of({"{1,101,3}", "b"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{101,7,3}");
  row = row_of({"{1,101,3}", "a"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{101,101,3}");
  row = row_of({"{3,NULL}", "b"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{3,NULL}");
}

TEST(RowMapper, maps_that_disagree_are_refused) {
  const Shift one("1", "101"), same("1", "101"), other("1", "201");
  RowMapper agreeing, columns, arrays;
  agreeing.map_column(0, &one);
  agreeing.map_column(0, &same);
  auto row = row_of({"1"});
  agreeing.apply(row);
  EXPECT_EQ(row[0].text, "101");
  columns.map_column(0, &one);
  columns.map_column(0, &other);
  row = row_of({"1"});
  expect_error(sqlstate::kIntegrity, "Key 1 would become 101 and 201.",
               [&] { columns.apply(row); });
  row = row_of({"2"});
  columns.apply(row);
  EXPECT_EQ(row[0].text, "2");
  arrays.map_array(0, &one);
  arrays.map_array(0, &other);
  row = row_of({"{2,1}"});
  expect_error(sqlstate::kIntegrity, "Key 1 would become 101 and 201.", [&] { arrays.apply(row); });
}

TEST(RowMapper, new_texts_of_different_columns_do_not_share_memory) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map);
  RowMapper moved = std::move(mapper);
  for (const char* text : {"1", "5", "1"}) {
    auto row = row_of({text, "5"});
    moved.apply(row);
    EXPECT_EQ(row[0].text, std::string_view(text) == "1" ? "5" : "1");
    EXPECT_EQ(row[1].text, "1");
  }
}

TEST(RowMapper, knows_whether_rows_stay_in_order) {
  const Shift ordered("1", "2"), unordered("1", "2", false);
  const ListedKeys listed = people(UnlistedKeys::kKept);
  RowMapper mapper;
  EXPECT_TRUE(mapper.keeps_order({0, 1}));
  mapper.map_column(0, &ordered);
  mapper.map_column(1, &unordered);
  mapper.map_column(2, &ordered, RowMapper::When{5, "x"});
  mapper.map_array(3, &ordered);
  mapper.map_columns({4}, &listed);
  mapper.map_json(6, JsonPath::parse(".a"), &ordered);
  EXPECT_TRUE(mapper.keeps_order({0}));
  EXPECT_TRUE(mapper.keeps_order({0, 5}));
  for (const size_t position : {1U, 2U, 3U, 4U, 6U}) {
    EXPECT_FALSE(mapper.keeps_order({5, position})) << position;
  }
  mapper.map_column(0, &ordered);
  EXPECT_FALSE(mapper.keeps_order({0}));
}

RowValue document(const char* json) {
  return {ValueKind::kJson, json};
}

TEST(RowMapper, documents_are_rewritten) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_json(0, JsonPath::parse(".author"), &map);
  mapper.map_json(1, JsonPath::parse(".*"), &map);
  std::vector<RowValue> row{document("{\"author\": 1, \"n\": 1}"),
                            {ValueKind::kString, "{ \"a\" :\"5\", \"b\":7}"}};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{\"author\": 5, \"n\": 1}");
  EXPECT_EQ(row[1].text, "{ \"a\" :\"1\", \"b\":7}");
  row = {RowValue{}, RowValue{}};
  mapper.apply(row);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
}

TEST(RowMapper, a_wrapped_document_stays_wrapped) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_json(0, JsonPath::parse(".\"$jsonb\""), &map);
  std::vector<RowValue> row{document("{\"$jsonb\":{\"$jsonb\": 1}}")};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{\"$jsonb\":{\"$jsonb\": 5}}");
}

TEST(RowMapper, no_place_in_a_document_is_mapped_twice) {
  // What 1 becomes is an old key of the other map.
  const Shift one("1", "101"), two("101", "201");
  RowMapper mapper;
  mapper.map_json(0, JsonPath::parse(".a"), &one);
  mapper.map_json(0, JsonPath::parse(".*"), &two);
  mapper.map_json(0, JsonPath::parse(".b"), &one, RowMapper::When{1, "x"});
  std::vector<RowValue> row{document("{\"a\": 1, \"b\": 1, \"c\": 101}"), {}};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{\"a\": 101, \"b\": 1, \"c\": 201}");
  row = {document("{\"b\": 1}"), {ValueKind::kString, "x"}};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{\"b\": 101}");
}

TEST(RowMapper, maps_that_disagree_about_a_document_are_refused) {
  const Shift one("1", "101"), other("1", "201");
  RowMapper mapper;
  mapper.map_json(0, JsonPath::parse(".a"), &one);
  mapper.map_json(0, JsonPath::parse(".*"), &other);
  std::vector<RowValue> row{document("{\"b\": 1}")};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{\"b\": 201}");
  row = {document("{\"a\": 1}")};
  expect_error(sqlstate::kIntegrity, "Key 1 would become 101 and 201.", [&] { mapper.apply(row); });
}

TEST(RowMapper, says_whether_a_map_knew_every_value) {
  const ListedKeys map = people(UnlistedKeys::kKept), other = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_column(0, &map);
  mapper.map_column(1, &map);
  mapper.map_column(2, &map, RowMapper::When{0, "1"});
  mapper.map_columns({0, 1}, &other);
  auto known = row_of({"1", nullptr, "5"});
  mapper.apply(known);
  EXPECT_TRUE(mapper.has_known_all(0, map));
  EXPECT_TRUE(mapper.has_known_all(1, map)) << "NULL does not count";
  EXPECT_FALSE(mapper.has_known_all(2, map)) << "other rows were not asked about";
  EXPECT_FALSE(mapper.has_known_all(0, other)) << "as one of several columns only";
  auto unknown = row_of({"1", "7", "5"});
  mapper.apply(unknown);
  mapper.apply(known);
  EXPECT_TRUE(mapper.has_known_all(0, map));
  EXPECT_FALSE(mapper.has_known_all(1, map)) << "once missed is missed";
}

TEST(RowMapper, tells_what_it_looks_at) {
  const ListedKeys map = people(UnlistedKeys::kKept);
  RowMapper mapper;
  mapper.map_columns({3, 1}, &map);
  mapper.map_array(4, &map, RowMapper::When{7, "x"});
  mapper.map_json(5, JsonPath::parse("$.a"), &map);
  mapper.clear_columns({6}, RowMapper::When{2, "y"}, RowMapper::Gone{{8}, &map});
  auto positions = mapper.positions();
  std::sort(positions.begin(), positions.end());
  EXPECT_EQ(positions, (std::vector<size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(RowMapper, clears_what_is_gone) {
  ListedKeys gone(1);
  gone.add({"7"}, {""});
  RowMapper mapper;
  mapper.clear_columns({0, 1}, {}, RowMapper::Gone{{1}, &gone});
  auto there = row_of({"1", "8"});
  mapper.apply(there);
  EXPECT_EQ(there[1].text, "8");
  auto row = row_of({"1", "7"});
  mapper.apply(row);
  EXPECT_EQ(row[0].kind, ValueKind::kNull);
  EXPECT_EQ(row[1].kind, ValueKind::kNull);
  row = row_of({"1", "2"});
  row[1] = {};
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "1") << "NULL refers to nothing";
}

TEST(RowMapper, leaves_out_of_arrays_and_documents_what_cannot_be_there) {
  const NoKeys none;
  RowMapper mapper;
  mapper.map_array(0, &none);
  mapper.map_json(1, JsonPath::parse("$.a"), &none);
  auto row = row_of({"{1,NULL,\"NULL\"}", R"({"a": 5, "b": 5})"});
  mapper.apply(row);
  EXPECT_EQ(row[0].text, "{NULL}");
  EXPECT_EQ(row[1].text, R"({"a": null, "b": 5})");
}

TEST(RowMapper, a_map_that_changes_nothing_costs_nothing) {
  ListedKeys map(1);
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
  EXPECT_EQ(parse_array("[2:3]={1,2}"), (Elements{"1", "2"}));
  EXPECT_EQ(parse_array("{{1,NULL},{\"a}\",2}}"), (Elements{"1", std::nullopt, "a}", "2"}));
  EXPECT_EQ(parse_array("1"), std::nullopt);
}

TEST(ParseArray, reads_what_it_writes) {
  const Elements elements{"a b", "\"", "\\", std::nullopt, "NULL", ""};
  EXPECT_EQ(parse_array(array_text(elements)), elements);
}

}  // namespace
}  // namespace company_backup
