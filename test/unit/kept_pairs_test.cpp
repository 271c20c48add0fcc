#include "core/ids/kept_pairs.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/ids/merged_ids.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

std::string kept(const KeyMap& map, std::string_view old_id) {
  std::vector<std::string> key;
  return map.find({old_id}, key) ? key.at(0) : "(stays)";
}

std::vector<std::string> pieces_of(const std::vector<std::pair<int64_t, int64_t>>& pairs) {
  std::vector<std::string> pieces;
  KeptPairWriter writer(KeptAs::kNumbers,
                        [&](std::string_view piece) { pieces.emplace_back(piece); });
  for (const auto& [old_id, new_id] : pairs) writer.add(old_id, new_id);
  writer.finish();
  return pieces;
}

KeptNumbers numbers_of(const std::vector<std::pair<int64_t, int64_t>>& pairs) {
  KeptNumbers numbers;
  for (const std::string& piece : pieces_of(pairs)) numbers.read(piece);
  numbers.seal();
  return numbers;
}

TEST(KeptNumbers, AllComeBack) {
  const KeptNumbers numbers =
      numbers_of({{7, 107}, {-1, 5}, {kLeast, kMost}, {kMost, kLeast}, {0, 0}});
  EXPECT_EQ(kept(numbers, "7"), "107");
  EXPECT_EQ(kept(numbers, "-1"), "5");
  EXPECT_EQ(kept(numbers, std::to_string(kLeast)), std::to_string(kMost));
  EXPECT_EQ(kept(numbers, std::to_string(kMost)), std::to_string(kLeast));
  EXPECT_EQ(kept(numbers, "0"), "0");
  EXPECT_EQ(kept(numbers, "07"), "(stays)") << "that is no key";
  EXPECT_EQ(kept(numbers, "8"), "(stays)");
  EXPECT_TRUE(numbers.contains(7));
  EXPECT_FALSE(numbers.contains(8));
  EXPECT_FALSE(numbers.keeps_order());
  EXPECT_EQ(numbers.greatest_old(), kMost);
  EXPECT_EQ(numbers.greatest_new(), kMost);
}

TEST(KeptNumbers, EachPieceCanBeReadAlone) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (int64_t n = 0; n < 100'000; ++n) pairs.emplace_back(3 * n, 1'000'000 + 2 * n);
  const std::vector<std::string> pieces = pieces_of(pairs);
  ASSERT_GT(pieces.size(), 1U);
  size_t bytes = 0;
  KeptNumbers numbers;
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    numbers.read(*piece);
    bytes += piece->size();
  }
  numbers.seal();
  EXPECT_LE(bytes, 2 * pairs.size() + 100) << "two bytes a pair";
  EXPECT_TRUE(numbers.keeps_order());
  for (const auto& [old_id, new_id] : pairs)
    ASSERT_EQ(kept(numbers, std::to_string(old_id)), std::to_string(new_id));
  EXPECT_EQ(kept(numbers, "1"), "(stays)");
}

TEST(KeptNumbers, WhatIsDamagedIsRefused) {
  const std::string whole = pieces_of({{1, 2}, {100'000, 200'000}}).at(0);
  KeptNumbers numbers;
  expect_error(sqlstate::kInternal, "damaged", [&] { numbers.read(""); });
  expect_error(sqlstate::kInternal, "damaged", [&] { numbers.read("t" + whole.substr(1)); });
  expect_error(sqlstate::kInternal, "damaged",
               [&] { numbers.read(whole.substr(0, whole.size() - 1)); });
  expect_error(sqlstate::kInternal, "damaged",
               [&] { numbers.read("n" + std::string(11, '\xff')); });
}

TEST(KeptTexts, AllComeBack) {
  std::string whole;
  KeptPairWriter writer(KeptAs::kTexts, [&](std::string_view piece) { whole = piece; });
  writer.add("a", "b");
  writer.add("", std::string(300, 'x'));
  writer.finish();
  ListedKeys texts(1);
  read_kept_texts(whole, texts);
  EXPECT_EQ(kept(texts, "a"), "b");
  EXPECT_EQ(kept(texts, ""), std::string(300, 'x'));
  expect_error(sqlstate::kInternal, "damaged",
               [&] { read_kept_texts(whole.substr(0, whole.size() - 1), texts); });
}

TEST(MergedIds, WhatIsHereComesFirstThenWhatCameBefore) {
  const auto earlier = std::make_shared<KeptNumbers>(numbers_of({{1, 101}, {2, 102}}));
  const auto given = std::make_shared<IntegerIds>();
  for (const int64_t id : {3, 4}) given->add(id);
  given->seal();
  for (const int64_t id : {203, 204}) given->append_new(id);
  MergedIds ids(earlier, given, true);
  EXPECT_EQ(kept(ids, "1"), "101");
  EXPECT_EQ(kept(ids, "4"), "204");
  EXPECT_EQ(kept(ids, "5"), "(stays)");
  EXPECT_TRUE(ids.keeps_order());
  ids.bind("2", "9");
  EXPECT_EQ(kept(ids, "2"), "9");
  EXPECT_FALSE(ids.keeps_order());
  EXPECT_FALSE(MergedIds(earlier, given, false).keeps_order());
  EXPECT_TRUE(MergedIds(nullptr, nullptr, true).is_identity());
}

TEST(IntegerIds, visit_gives_every_pair) {
  for (const int64_t step : {1, 1000}) {
    IntegerIds ids;
    std::vector<std::pair<int64_t, int64_t>> wanted, seen;
    for (int64_t n = 200; n-- > 0;) ids.add(n * step);
    ids.seal();
    for (int64_t n = 0; n < 200; ++n) {
      ids.append_new(5000 - n);
      wanted.emplace_back(n * step, 5000 - 199 + n);
    }
    ids.visit([&](int64_t old_id, int64_t new_id) { seen.emplace_back(old_id, new_id); });
    EXPECT_EQ(seen, wanted) << step;
  }
}

}  // namespace
}  // namespace company_backup
