#include "core/text/words.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/archive/backup_words.hpp"
#include "core/archive/key_order.hpp"
#include "core/ids/id_mode.hpp"
#include "core/ids/id_plan.hpp"
#include "core/merge/restore_words.hpp"
#include "core/scope/scope.hpp"
#include "expect_error.hpp"

namespace company_backup {
namespace {

template <class Word>
class Words : public testing::Test {};

using Enums =
    testing::Types<TableTreatment, ColumnTreatment, OutsidePolicy, DecidedBy, Severity, KeyOrder,
                   BackupOrigin, BackupContents, BackupStatus, IdMode, IdDecision::Kind,
                   RestoreMode, RestoreStatus, RestoreEvent, MissingShared>;
TYPED_TEST_SUITE(Words, Enums);

TYPED_TEST(Words, AreReadAsTheyAreWritten) {
  std::set<std::string> texts;
  for (const TypeParam word : all_words<TypeParam>()) {
    EXPECT_TRUE(texts.insert(to_text(word)).second) << to_text(word);
    EXPECT_EQ(parse_word<TypeParam>(to_text(word)), word);
    EXPECT_EQ(stored_word<TypeParam>(to_text(word)), word);
  }
  EXPECT_GE(texts.size(), 2u);
}

TYPED_TEST(Words, AreNoOthers) {
  for (const char* text : {"", " ", "borrowed", "Company", "company ", "keep\n"}) {
    EXPECT_EQ(parse_word<TypeParam>(text), std::nullopt) << text;
  }
  expect_error(sqlstate::kInternal, "borrowed", [] { stored_word<TypeParam>("borrowed"); });
}

TEST(WordLists, TreatmentsStandInTheOrderOfTheDocumentation) {
  std::string list;
  for (const TableTreatment word : all_words<TableTreatment>())
    list += to_text(word) + std::string(" ");
  EXPECT_EQ(list, "company append_only excluded shared people global ");
  list.clear();
  for (const ColumnTreatment word : all_words<ColumnTreatment>())
    list += to_text(word) + std::string(" ");
  EXPECT_EQ(list, "data secret identity counter file renew group path ");
}

}  // namespace
}  // namespace company_backup
