#include "core/ids/leftover_ids.hpp"

#include <gtest/gtest.h>

namespace company_backup {
namespace {

constexpr const char* kUuid = "8f14e45f-ceea-467f-a3d1-0b6a1c9d8e7f";
constexpr const char* kUlid = "01HGW2BBN5K9QX7R3T1V8Y6ZAC";

class LeftoverIdsTest : public testing::Test {
 protected:
  LeftoverIdsTest()
      : uuids_(Renewal({1}, IdForm{IdShape::kUuid, {}, {}})),
        ulids_(Renewal({1}, IdForm{IdShape::kUlid, {}, {}})) {
    uuids_.add(kUuid);
    uuids_.seal();
    ulids_.add(kUlid);
    ulids_.seal();
  }

  HashedIds uuids_, ulids_;
  LeftoverIds leftovers_;
};

TEST_F(LeftoverIdsTest, a_uuid_is_found_wherever_it_stands) {
  leftovers_.watch_uuids(&uuids_);
  const std::string uuid = kUuid;
  for (const std::string& text :
       {uuid, "see " + uuid, "/invoice-" + uuid + "/lines", "{\"a\":[\"x\",\"" + uuid + "\"]}",
        "--------" + uuid, "10000000-0000-4000-8000-000000000000 " + uuid}) {
    EXPECT_EQ(leftovers_.find(text), uuid) << text;
  }
}

TEST_F(LeftoverIdsTest, other_uuids_and_parts_are_not) {
  leftovers_.watch_uuids(&uuids_);
  for (const std::string& text :
       {std::string("10000000-0000-4000-8000-000000000000"), std::string(kUuid).substr(1),
        std::string(kUuid).substr(0, 35), std::string(), std::string(100, '-')}) {
    EXPECT_FALSE(leftovers_.find(text)) << text;
  }
}

TEST_F(LeftoverIdsTest, other_ids_are_found_as_words) {
  leftovers_.watch_texts(&ulids_);
  const std::string ulid = kUlid;
  for (const std::string& text : {ulid, "paid (" + ulid + ")", "{\"id\":\"" + ulid + "\"}"}) {
    EXPECT_EQ(leftovers_.find(text), ulid) << text;
  }
  EXPECT_FALSE(leftovers_.find("x" + ulid));
  EXPECT_FALSE(leftovers_.find(ulid + "-1"));
}

TEST_F(LeftoverIdsTest, nothing_watched_finds_nothing) {
  EXPECT_TRUE(leftovers_.empty());
  EXPECT_FALSE(leftovers_.find(kUuid));
}

}  // namespace
}  // namespace company_backup
