#include "core/ids/id_map.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "core/text/error.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

std::string found(const KeyMap& map, std::string_view old_id) {
  std::vector<std::string> key;
  return map.find({old_id}, key) ? key.at(0) : "(stays)";
}

IntegerIds ids_of(const std::vector<int64_t>& old_ids, const std::vector<int64_t>& new_ids) {
  IntegerIds ids;
  for (const int64_t id : old_ids) ids.add(id);
  ids.seal();
  for (const int64_t id : new_ids) ids.append_new(id);
  return ids;
}

TEST(IntegerIds, new_ids_follow_the_order_of_the_old_ones) {
  const IntegerIds ids = ids_of({30, 10, 20, 10, 30}, {101, 102, 103});
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(ids.min(), 10);
  EXPECT_EQ(ids.max(), 30);
  EXPECT_EQ(found(ids, "10"), "101");
  EXPECT_EQ(found(ids, "20"), "102");
  EXPECT_EQ(found(ids, "30"), "103");
  EXPECT_TRUE(ids.keeps_order());
  EXPECT_FALSE(ids.is_identity());
}

TEST(IntegerIds, other_texts_stay) {
  const IntegerIds ids = ids_of({-7, 0, 7}, {1, 2, 3});
  EXPECT_EQ(found(ids, "-7"), "1");
  EXPECT_EQ(found(ids, "0"), "2");
  EXPECT_EQ(found(ids, "7"), "3");
  for (const char* text : {"", "-", "+7", "07", "-0", "-07", "7.0", " 7", "7 ", "8", "-8", "x",
                           "7x", "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(found(ids, text), "(stays)") << text;
  }
}

TEST(IntegerIds, none) {
  const IntegerIds ids = ids_of({}, {});
  EXPECT_EQ(ids.size(), 0U);
  EXPECT_TRUE(ids.is_identity());
  EXPECT_EQ(found(ids, "1"), "(stays)");
}

TEST(IntegerIds, the_widest_range) {
  const IntegerIds ids = ids_of({kMost, 0, kLeast}, {kLeast, 5, kMost});
  EXPECT_EQ(found(ids, "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(found(ids, "0"), "5");
  EXPECT_EQ(found(ids, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(found(ids, "1"), "(stays)");
  const IntegerIds down = ids_of({1, 2, 3}, {kMost, 0, kLeast});
  EXPECT_EQ(found(down, "1"), "-9223372036854775808");
  EXPECT_EQ(found(down, "3"), "9223372036854775807");
}

TEST(IntegerIds, keep_their_order_where_a_sequence_counts_down) {
  const IntegerIds ids = ids_of({1, 2, 3}, {-10, -12, -14});
  EXPECT_EQ(found(ids, "1"), "-14");
  EXPECT_EQ(found(ids, "2"), "-12");
  EXPECT_EQ(found(ids, "3"), "-10");
  EXPECT_TRUE(ids.keeps_order());
}

TEST(IntegerIds, refuses_new_ids_that_are_no_sequence) {
  expect_error(sqlstate::kInternal, "out of order", [] { ids_of({1, 2, 3}, {5, 6, 6}); });
  expect_error(sqlstate::kInternal, "out of order", [] { ids_of({1, 2, 3}, {5, 6, 4}); });
  expect_error(sqlstate::kInternal, "out of order", [] { ids_of({1, 2, 3}, {5, 4, 6}); });
  expect_error(sqlstate::kInternal, "too many", [] { ids_of({1}, {5, 6}); });
  const IntegerIds ids = ids_of({1, 2}, {5});
  expect_error(sqlstate::kInternal, "no new one", [&] { found(ids, "2"); });
}

// Old IDs at random distances up to `gap`, in random order and partly twice; new ones in runs.
void check_many(size_t count, int64_t gap, int64_t first) {
  std::mt19937_64 random(count + static_cast<size_t>(gap));
  std::vector<int64_t> old_ids, new_ids;
  int64_t old_id = first, new_id = 1000000;
  for (size_t i = 0; i < count; ++i) {
    old_id += 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(gap));
    new_id += random() % 50 == 0 ? 1 + static_cast<int64_t>(random() % 1000) : 2;
    old_ids.push_back(old_id);
    new_ids.push_back(new_id);
  }
  std::vector<int64_t> shuffled = old_ids;
  for (size_t i = 0; i < count; i += 2) shuffled.push_back(old_ids[i]);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  const IntegerIds ids = ids_of(shuffled, new_ids);
  ASSERT_EQ(ids.size(), count);
  EXPECT_EQ(ids.min(), old_ids.front());
  EXPECT_EQ(ids.max(), old_ids.back());
  const std::set<int64_t> known(old_ids.begin(), old_ids.end());
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(found(ids, std::to_string(old_ids[i])), std::to_string(new_ids[i]));
    const int64_t next = old_ids[i] + 1;
    if (known.contains(next)) continue;
    ASSERT_EQ(found(ids, std::to_string(next)), "(stays)");
  }
  EXPECT_EQ(found(ids, std::to_string(old_ids.front() - 1)), "(stays)");
}

TEST(IntegerIds, many_side_by_side) {
  check_many(100000, 1, -500);
}
TEST(IntegerIds, many_with_gaps) {
  check_many(100000, 30, 12345678901);
}
TEST(IntegerIds, many_far_apart) {
  check_many(100000, 1000000, -40000000000);
}

Renewal renewal_of(IdShape shape, std::string prefix = "") {
  std::array<uint8_t, 32> key;
  key.fill(7);
  return Renewal(key, {shape, std::move(prefix), {}});
}

TEST(HashedIds, knows_its_own_in_every_spelling) {
  HashedIds ids(renewal_of(IdShape::kUuid));
  ids.add("0a000000-0000-4000-8000-00000000000b");
  ids.add("ffffffff-ffff-4fff-bfff-ffffffffffff");
  ids.add("0a000000-0000-4000-8000-00000000000b");
  ids.seal();
  EXPECT_EQ(ids.size(), 2U);
  std::string expected;
  renewal_of(IdShape::kUuid).renew("0a000000-0000-4000-8000-00000000000b", expected);
  EXPECT_EQ(found(ids, "0a000000-0000-4000-8000-00000000000b"), expected);
  std::string upper = expected;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(found(ids, "0A000000-0000-4000-8000-00000000000B"), upper);
  EXPECT_EQ(found(ids, "0a000000-0000-4000-8000-00000000000c"), "(stays)");
  EXPECT_EQ(found(ids, "nobody"), "(stays)");
  EXPECT_FALSE(ids.keeps_order());
  EXPECT_FALSE(ids.is_identity());
}

TEST(HashedIds, texts) {
  HashedIds ids(renewal_of(IdShape::kUlid, "inv_"));
  ids.seal();
  EXPECT_TRUE(ids.is_identity());
  HashedIds some(renewal_of(IdShape::kUlid, "inv_"));
  some.add("inv_01HGW2BBN5R1XKCTQ8X2XB1G9A");
  some.seal();
  EXPECT_EQ(found(some, "inv_01HGW2BBN5R1XKCTQ8X2XB1G9A").substr(0, 14), "inv_01HGW2BBN5");
  EXPECT_EQ(found(some, "inv_01HGW2BBN5R1XKCTQ8X2XB1G9B"), "(stays)");
  EXPECT_EQ(found(some, "01HGW2BBN5R1XKCTQ8X2XB1G9A"), "(stays)");
  expect_error(sqlstate::kIntegrity, "main-warehouse", [&] { some.add("main-warehouse"); });
}

TEST(HashedIds, many) {
  HashedIds ids(renewal_of(IdShape::kNanoid));
  std::mt19937_64 random(1);
  std::vector<std::string> members, others;
  for (int i = 0; i < 40000; ++i) {
    std::string id;
    for (int k = 0; k < 21; ++k) id += "abcdefgXYZ-_0123"[random() % 16];
    (i % 2 == 0 ? members : others).push_back(id);
  }
  for (const std::string& id : members) ids.add(id);
  for (const std::string& id : members) ids.add(id);
  ids.seal();
  EXPECT_EQ(ids.size(), members.size());
  for (const std::string& id : members) ASSERT_NE(found(ids, id), "(stays)");
  for (const std::string& id : others) ASSERT_EQ(found(ids, id), "(stays)");
}

}  // namespace
}  // namespace company_backup
