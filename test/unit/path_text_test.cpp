#include "core/text/path_text.hpp"

#include <gtest/gtest.h>

#include "core/text/json_walk.hpp"

namespace company_backup {
namespace {

constexpr const char* kFirst = "0b0e7e2a-1111-4c3b-9d2e-6f3a2b1c0d10";
constexpr const char* kSecond = "1c0e7e2a-2222-4c3b-9d2e-6f3a2b1c0d11";

std::vector<std::string> ids_in(PathIds ids, std::string_view text) {
  std::vector<std::string> found;
  for (const PathElement& element : read_path(ids, text)) {
    EXPECT_LE(element.begin + element.size, text.size());
    found.push_back(element.id);
  }
  return found;
}

using Ids = std::vector<std::string>;

std::string replaced(PathIds ids, std::string_view text, const Ids& new_ids) {
  const std::vector<PathElement> elements = read_path(ids, text);
  EXPECT_EQ(elements.size(), new_ids.size());
  return replace_path_ids(ids, text, elements, new_ids);
}

TEST(PathText, NumbersStandBetweenAllElse) {
  EXPECT_EQ(ids_in(PathIds::kIntegers, "2/3/"), (Ids{"2", "3"}));
  EXPECT_EQ(ids_in(PathIds::kIntegers, "/2/3/"), (Ids{"2", "3"}));
  EXPECT_EQ(ids_in(PathIds::kIntegers, "n2.n3"), (Ids{"2", "3"}));
  EXPECT_EQ(ids_in(PathIds::kIntegers, "0001/0"), (Ids{"0001", "0"}));
  EXPECT_EQ(ids_in(PathIds::kIntegers, ""), Ids());
  EXPECT_EQ(ids_in(PathIds::kIntegers, "//a"), Ids());
  EXPECT_EQ(replaced(PathIds::kIntegers, "/2//30 -> 2", {"70", "8", "70"}), "/70//8 -> 70");
}

TEST(PathText, PositionsArePadded) {
  EXPECT_TRUE(is_padded_number("0001"));
  EXPECT_TRUE(is_padded_number("00"));
  EXPECT_FALSE(is_padded_number("0"));
  EXPECT_FALSE(is_padded_number("10"));
  EXPECT_FALSE(is_padded_number("0a"));
}

TEST(PathText, UuidsInEverySpelling) {
  const std::string first = kFirst, second = kSecond;
  EXPECT_EQ(ids_in(PathIds::kUuids, first + "/" + second), (Ids{first, second}));
  EXPECT_EQ(ids_in(PathIds::kUuids, "root." + first + "-" + second + "_"), (Ids{first, second}));
  EXPECT_EQ(ids_in(PathIds::kUuids, "0B0E7E2A_1111_4C3B_9D2E_6F3A2B1C0D10"), Ids{first});
  EXPECT_EQ(ids_in(PathIds::kUuids, "0b0e7e2a11114c3b9d2e6f3a2b1c0d10"), Ids{first});
  EXPECT_EQ(replaced(PathIds::kUuids, "x/0B0E7E2A_1111_4C3B_9D2E_6F3A2B1C0D10!", {second}),
            "x/1C0E7E2A_2222_4C3B_9D2E_6F3A2B1C0D11!");
  EXPECT_EQ(replaced(PathIds::kUuids, "0b0e7e2a11114c3b9d2e6f3a2b1c0d10", {second}),
            "1c0e7e2a22224c3b9d2e6f3a2b1c0d11");
  // Words are none; what is cut off, or too long, is one that leads nowhere.
  EXPECT_EQ(ids_in(PathIds::kUuids, "face/tree/dead-beef"), Ids());
  EXPECT_EQ(ids_in(PathIds::kUuids, first.substr(0, 35)), Ids{first.substr(0, 35)});
  EXPECT_EQ(ids_in(PathIds::kUuids, first + "0"), Ids{first + "0"});
}

TEST(PathText, TextsHaveLettersDigitsAndDashes) {
  EXPECT_EQ(ids_in(PathIds::kTexts, "/plc_8fK-2n/\u00e4b.c|--|_"),
            (Ids{"plc_8fK-2n", "\u00e4b", "c"}));
  EXPECT_EQ(replaced(PathIds::kTexts, "a.b", {"b", "a"}), "b.a");
}

TEST(PathText, WhatGoesTakesWhatStandsBeforeItAlong) {
  const std::string gone(kNoKey);
  EXPECT_EQ(replaced(PathIds::kIntegers, "/1/2/3/", {gone, "2", "3"}), "/2/3/");
  EXPECT_EQ(replaced(PathIds::kIntegers, "/1/2/3/", {"1", gone, "3"}), "/1/3/");
  EXPECT_EQ(replaced(PathIds::kIntegers, "1.2.3", {"1", "2", gone}), "1.2");
  EXPECT_EQ(replaced(PathIds::kIntegers, "1, 2/3", {"1", gone, gone}), "1");
  EXPECT_EQ(replaced(PathIds::kIntegers, "/1/2/", {gone, gone}), "/");
  EXPECT_EQ(replaced(PathIds::kIntegers, "1/", {gone}), "");
}

}  // namespace
}  // namespace company_backup
