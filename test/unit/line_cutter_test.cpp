#include "core/text/line_cutter.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "expect_error.hpp"

namespace company_backup {

namespace {

struct Cut {
  std::vector<std::string> pieces;
  LineTotals totals;
};

Cut cut(const std::vector<std::string>& lines) {
  Cut result;
  LineCutter cutter([&](std::string_view piece) { result.pieces.emplace_back(piece); });
  for (const std::string& line : lines) {
    EXPECT_LE(cutter.line_start(), cutter.buffer().size());
    cutter.buffer() += line;
    cutter.end_line();
  }
  EXPECT_EQ(cutter.rows(), lines.size());
  result.totals = cutter.finish();
  return result;
}

std::string joined(const std::vector<std::string>& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::string());
}

std::vector<std::string> split(const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  LineSplitter splitter;
  std::string_view line;
  for (const std::string& piece : pieces) {
    splitter.feed(piece);
    while (splitter.next(line)) lines.emplace_back(line);
  }
  splitter.finish();
  return lines;
}

TEST(LineCutter, Nothing) {
  const Cut result = cut({});
  EXPECT_TRUE(result.pieces.empty());
  EXPECT_EQ(result.totals.rows, 0U);
  EXPECT_EQ(result.totals.bytes, 0U);
  EXPECT_EQ(result.totals.sha256, sha256(""));
}

TEST(LineCutter, PiecesEndAtLines) {
  const std::vector<std::string> lines(10'000, std::string(99, 'x'));
  const Cut result = cut(lines);
  EXPECT_EQ(result.pieces.size(), 4U);
  for (const std::string& piece : result.pieces) {
    EXPECT_EQ(piece.back(), '\n');
    EXPECT_LE(piece.size(), kMaxPieceSize);
  }
  EXPECT_EQ(result.totals.rows, 10'000U);
  EXPECT_EQ(result.totals.bytes, 1'000'000U);
  EXPECT_EQ(result.totals.sha256, sha256(joined(result.pieces)));
  EXPECT_EQ(split(result.pieces), lines);
}

TEST(LineCutter, LongLinesAreSplitAndPutTogether) {
  for (const std::size_t size : {kPieceSize - 2, kPieceSize - 1, kPieceSize, kPieceSize + 1,
                                 2 * kPieceSize - 1, 2 * kPieceSize, 10 * kPieceSize + 7}) {
    const std::vector<std::string> lines = {"a", std::string(size, 'x'), "", "b"};
    const Cut result = cut(lines);
    EXPECT_EQ(split(result.pieces), lines) << size;
    for (const std::string& piece : result.pieces) EXPECT_LE(piece.size(), kMaxPieceSize);
    if (size >= kPieceSize) {
      EXPECT_EQ(result.pieces.front(), "a\n");
      EXPECT_EQ(result.pieces.back(), "\nb\n");
    }
  }
}

TEST(LineCutter, IsAsNewAfterFinish) {
  LineCutter cutter([](std::string_view) {});
  cutter.buffer() += "a";
  cutter.end_line();
  EXPECT_EQ(cutter.finish().rows, 1U);
  EXPECT_EQ(cutter.finish().sha256, sha256(""));
}

TEST(LineSplitter, LastLineNeedsItsEnd) {
  expect_error(sqlstate::kDamagedArchive, "no end", [] { split({"a\nb"}); });
  EXPECT_EQ(split({"a\n", "b", "c\n", "\n"}), (std::vector<std::string>{"a", "bc", ""}));
}

}  // namespace

}  // namespace company_backup
