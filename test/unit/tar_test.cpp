#include "core/text/tar.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "expect_error.hpp"

namespace company_backup {

namespace {

struct Collector : TarEvents {
  struct Entry {
    std::string name;
    std::uint64_t size;
    std::string data;
    bool ended = false;
  };
  std::vector<Entry> entries;

  void begin_entry(std::string_view name, std::uint64_t size) override {
    entries.push_back({std::string(name), size, {}});
  }
  void entry_data(std::string_view bytes) override { entries.back().data += bytes; }
  void end_entry() override { entries.back().ended = true; }
};

Collector parse(std::string_view tar, std::size_t step) {
  Collector collector;
  TarParser parser(collector);
  for (; !tar.empty(); tar.remove_prefix(std::min(step, tar.size()))) {
    parser.feed(tar.substr(0, step));
  }
  parser.finish();
  return collector;
}

std::string file(std::string_view name, std::string_view data) {
  std::string text = tar_header(name, data.size(), 1'700'000'000) + std::string(data);
  return text.append(tar_padding(data.size()), '\0');
}

const std::string kEnd(kTarEnd, '\0');

// A pax header in front of an entry "x" of three bytes.
std::string with_pax(std::string records) {
  std::string header = tar_header(std::string(101, 'n'), 3, 0);
  // Reuse the pax header block, with its size and checksum made to fit.
  std::string block = header.substr(0, 512);
  std::size_t size = records.size();
  for (std::size_t i = 11; i-- > 0; size >>= 3) block[124 + i] = static_cast<char>('0' + size % 8);
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(block[i]);
  }
  for (std::size_t i = 6; i-- > 0; sum >>= 3) block[148 + i] = static_cast<char>('0' + sum % 8);
  const std::size_t padding = tar_padding(records.size());
  return block + records.append(padding, '\0') + file("x", "abc") + kEnd;
}

TEST(Tar, NamesAndSizesComeBackInEveryCutting) {
  const std::vector<std::string> names = {"a",
                                          std::string(100, 'b'),
                                          std::string(101, 'c'),
                                          std::string(5'000, 'd'),
                                          "with space",
                                          "\xC3\xA9",
                                          std::string(91, 'e'),
                                          std::string(992, 'f')};
  std::string tar;
  for (std::size_t i = 0; i < names.size(); ++i) tar += file(names[i], std::string(i * 511, 'x'));
  tar += kEnd;
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}, tar.size()}) {
    const Collector collector = parse(tar, step);
    ASSERT_EQ(collector.entries.size(), names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(collector.entries[i].name, names[i]);
      EXPECT_EQ(collector.entries[i].size, i * 511);
      EXPECT_EQ(collector.entries[i].data, std::string(i * 511, 'x'));
      EXPECT_TRUE(collector.entries[i].ended);
    }
  }
}

TEST(Tar, HeaderSizes) {
  EXPECT_EQ(tar_header(std::string(100, 'a'), 1, 0).size(), 512U);
  EXPECT_EQ(tar_header(std::string(101, 'a'), 1, 0).size(), 3 * 512U);
  EXPECT_EQ(tar_header("a", (std::uint64_t{8} << 30) - 1, 0).size(), 512U);
  EXPECT_EQ(tar_header("a", std::uint64_t{8} << 30, 0).size(), 3 * 512U);
  EXPECT_EQ(tar_padding(0), 0U);
  EXPECT_EQ(tar_padding(1), 511U);
  EXPECT_EQ(tar_padding(512), 0U);
}

TEST(Tar, LargeSizesComeBack) {
  for (const std::uint64_t size : {std::uint64_t{8} << 30, std::uint64_t{1} << 45}) {
    Collector collector;
    TarParser parser(collector);
    parser.feed(tar_header("a", size, 0));
    ASSERT_EQ(collector.entries.size(), 1U);
    EXPECT_EQ(collector.entries[0].size, size);
  }
}

TEST(Tar, PaxRecords) {
  EXPECT_EQ(parse(with_pax("10 path=y\n"), 1).entries[0].name, "y");
  EXPECT_EQ(parse(with_pax("9 path=\n\n"), 1).entries[0].name, "\n");
  EXPECT_EQ(parse(with_pax("11 mtime=1\n10 path=z\n"), 1).entries[0].name, "z");
  const char* refused[] = {"x",
                           "10 path=y",
                           "11 path=y\n",
                           "8 path=y\n",
                           "0 path=y\n",
                           "99999999999999999999 path=y\n",
                           "-1 path=y\n",
                           "10 path=y\n10 path=y\n",
                           "11 size=-1\n",
                           "8 size=\n",
                           "8 path=\n",
                           "12 linkpath=\n",
                           "16 GNU.sparse=1\n"};
  for (const char* records : refused) {
    SCOPED_TRACE(records);
    EXPECT_THROW(parse(with_pax(records), 100), Error);
  }
  expect_error(sqlstate::kBadArchive, "no proper name",
               [] { parse(with_pax(std::string("11 path=a\0\n", 11)), 100); });
  expect_error(sqlstate::kBadArchive, "not acceptable",
               [] { parse(with_pax(std::string(20'000, 'x')), 100); });
}

TEST(Tar, PaxHeaderNeedsItsEntry) {
  const std::string pax = tar_header(std::string(101, 'n'), 0, 0).substr(0, 1024);
  expect_error(sqlstate::kBadArchive, "before the end", [&] { parse(pax + kEnd, 100); });
  expect_error(sqlstate::kBadArchive, "follows another", [&] { parse(pax + pax, 100); });
}

TEST(Tar, EndIsDemandedAndFinal) {
  const std::string one = file("a", "abc");
  expect_error(sqlstate::kDamagedArchive, "truncated", [&] { parse(one, 100); });
  expect_error(sqlstate::kDamagedArchive, "truncated",
               [&] { parse(one + std::string(512, '\0'), 100); });
  expect_error(sqlstate::kBadArchive, "end block",
               [&] { parse(one + std::string(512, '\0') + one, 100); });
  expect_error(sqlstate::kBadArchive, "follows the end", [&] { parse(one + kEnd + one, 100); });
  EXPECT_EQ(parse(one + kEnd + std::string(9'000, '\0'), 100).entries.size(), 1U);
}

TEST(Tar, PaddingMustBeZero) {
  std::string tar = file("a", "abc") + kEnd;
  tar[1023] = 'x';
  expect_error(sqlstate::kBadArchive, "padding", [&] { parse(tar, 100); });
}

TEST(Tar, SaysFirstThatItIsNone) {
  try {
    parse(std::string(1024, 'x'), 100);
    ADD_FAILURE() << "it was read";
  } catch (const Error& error) {
    EXPECT_STREQ(error.message().c_str(), "archive is not a well-formed tar");
  }
}

}  // namespace

}  // namespace company_backup
