// Whether values lead to rows of the same company: what is counted, and what it says.
#include "core/scope/same_company.hpp"

#include <gtest/gtest.h>

namespace company_backup {
namespace {

// Rows of each company: how many there are, and how many lead to a row of the same one.
SameCompany counted(std::vector<std::pair<int, int>> companies) {
  CompanyCounter counter;
  for (size_t company = 0; company < companies.size(); ++company) {
    for (int row = 0; row < companies[company].first; ++row) {
      const std::string own = std::to_string(company);
      counter.add(own, row < companies[company].second ? own : own + "0");
    }
  }
  return counter.count();
}

TEST(SameCompany, RowsAreCountedByCompany) {
  const SameCompany found = counted({{10, 9}, {30, 30}, {5, 1}});
  EXPECT_EQ(found.rows, 45U);
  EXPECT_EQ(found.same, 40U);
  EXPECT_EQ(found.further_rows, 15U);  // without the company that has the most
  EXPECT_EQ(found.further_same, 10U);
  EXPECT_EQ(CompanyCounter().count().rows, 0U);
}

TEST(SameCompany, BelongingIsThatOfTheRowsOfSeveralCompanies) {
  EXPECT_EQ(belonging_of(counted({{10, 10}, {10, 10}})), Belonging::kSame);
  EXPECT_EQ(belonging_of(counted({{100, 99}, {100, 99}})), Belonging::kSame)
      << "a few may be wrong";
  EXPECT_EQ(belonging_of(counted({{10, 8}, {10, 8}})), Belonging::kMixed);
  EXPECT_EQ(belonging_of(counted({{10, 4}, {10, 4}})), Belonging::kOther);
}

TEST(SameCompany, OneCompanyAloneSaysLittle) {
  EXPECT_EQ(belonging_of(counted({})), Belonging::kUnknown);
  EXPECT_EQ(belonging_of(counted({{2, 2}, {2, 2}})), Belonging::kUnknown) << "too few rows";
  EXPECT_EQ(belonging_of(counted({{50, 50}})), Belonging::kUnknown);
  EXPECT_EQ(belonging_of(counted({{50, 50}, {3, 3}})), Belonging::kUnknown);
  EXPECT_EQ(belonging_of(counted({{50, 3}})), Belonging::kOther) << "but it may speak against it";
}

TEST(SameCompany, FewRowsThatDisagreeContradict) {
  EXPECT_FALSE(is_contradicted(counted({})));
  EXPECT_FALSE(is_contradicted(counted({{50, 50}, {3, 3}})));
  EXPECT_TRUE(is_contradicted(counted({{300, 299}, {3, 0}})));
  EXPECT_TRUE(is_contradicted(counted({{2, 1}, {1, 1}})));
}

TEST(SameCompany, RowsOfOneCompanyOnly) {
  CompanyCounter counter;
  EXPECT_FALSE(counter.is_only_one());
  counter.add("1");
  counter.add("2", "1");
  EXPECT_TRUE(counter.is_only_one());
  counter.add("3");
  EXPECT_FALSE(counter.is_only_one());
}

TEST(SameCompany, TheLargestIsThatOfMostRows) {
  CompanyCounter counter;
  EXPECT_EQ(counter.largest(), "");
  for (const char* company : {"1", "2", "2"}) counter.add(company, company);
  EXPECT_EQ(counter.largest(), "2");
}

TEST(SameCompany, ALargeCompanyDoesNotSpeakForSmallOnes) {
  // Small numbers are keys of the first company's rows: nearly all rows agree by chance.
  EXPECT_EQ(belonging_of(counted({{960, 960}, {40, 0}})), Belonging::kOther);
  EXPECT_EQ(belonging_of(counted({{960, 960}, {40, 30}})), Belonging::kMixed);
}

}  // namespace
}  // namespace company_backup
