#include "core/text/member.hpp"

#include <gtest/gtest.h>

#include <random>

#include "expect_error.hpp"

namespace company_backup {

namespace {

constexpr std::size_t kMega = 1024 * 1024;

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::string compressed(std::string_view raw) {
  std::string member;
  MemberCompressor().compress(raw, member);
  return member;
}

std::string inflated(std::string_view bytes, std::size_t step, const InflateLimits& limits = {}) {
  std::string out;
  MemberStream stream(limits, [&](std::string_view raw) {
    EXPECT_LE(raw.size(), kMega);
    out += raw;
  });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    stream.feed(bytes.substr(0, step));
  }
  stream.finish();
  return out;
}

TEST(Member, RoundTrip) {
  MemberCompressor compressor;
  for (const std::string& raw :
       {std::string(), std::string("x"), std::string(3 * kMega, 'x'), noise(kMega)}) {
    std::string member = "rest of another one";
    std::string again;
    std::string out = "rest of another one";
    compressor.compress(raw, member);
    inflate_member(member, raw.size(), out);
    EXPECT_EQ(out, raw);
    EXPECT_EQ(claimed_raw_size(member), raw.size());
    compressor.compress(raw, again);
    EXPECT_EQ(again, member);
    EXPECT_EQ(member.substr(4, 4), std::string(4, '\0'));  // no time stamp
  }
}

TEST(Member, MovedCompressorWorks) {
  MemberCompressor first;
  MemberCompressor second = std::move(first);
  std::string member;
  second.compress("abc", member);
  EXPECT_EQ(member, compressed("abc"));
}

TEST(Member, ExactlyOneWithinTheLimit) {
  const std::string member = compressed("hello");
  std::string out;
  expect_error(sqlstate::kArchiveLimit, "4 bytes", [&] { inflate_member(member, 4, out); });
  expect_error(sqlstate::kDamagedArchive, "", [&] { inflate_member(member + member, 10, out); });
  expect_error(sqlstate::kDamagedArchive, "", [&] { inflate_member("", 10, out); });
  for (std::size_t size = 0; size < member.size(); ++size) {
    EXPECT_THROW(inflate_member(member.substr(0, size), kMega, out), Error) << size;
  }
}

TEST(Member, EveryBitFlippedIsNoticed) {
  std::string member = compressed("hello hello hello hello");
  for (std::size_t bit = 0; bit < 8 * member.size(); ++bit) {
    const char mask = static_cast<char>(1 << bit % 8);
    member[bit / 8] ^= mask;
    std::string out;
    try {
      inflate_member(member, kMega, out);
      EXPECT_EQ(out, "hello hello hello hello") << bit;  // a bit of the header that says nothing
    } catch (const Error&) {
    }
    member[bit / 8] ^= mask;
  }
}

TEST(MemberStream, ManyMembersInEveryCutting) {
  std::string bytes;
  std::string raw;
  for (int i = 0; i < 40; ++i) {
    const std::string part = i % 10 == 9 ? noise(kMega + 1) : std::string(1'000 * i, 'x');
    raw += part;
    bytes += compressed(part);
  }
  for (const std::size_t step : {std::size_t{17}, std::size_t{100'000}, bytes.size()}) {
    EXPECT_EQ(inflated(bytes, step), raw) << step;
  }
}

TEST(MemberStream, TinyMembersInTinyParts) {
  std::string bytes;
  const std::string empty = compressed("");
  while (bytes.size() < 2 * kMega) bytes += empty;
  EXPECT_EQ(inflated(bytes, 1), "");
}

TEST(MemberStream, PaddingAndRubbish) {
  const std::string member = compressed("hello");
  EXPECT_EQ(inflated(member + std::string(5'000, '\0'), 100), "hello");
  expect_error(sqlstate::kBadArchive, "follows", [&] { inflated(member + "x", 100); });
  expect_error(sqlstate::kBadArchive, "follows",
               [&] { inflated(member + std::string(1, '\0') + member, 1); });
  expect_error(sqlstate::kBadArchive, "gzip", [] { inflated("", 1); });
  expect_error(sqlstate::kBadArchive, "gzip", [] { inflated("PK\x03\x04", 1); });
  expect_error(sqlstate::kBadArchive, "gzip", [] { inflated(std::string(10, '\0'), 1); });
}

TEST(MemberStream, Limits) {
  const std::string bytes = compressed(std::string(4 * kMega, 'x'));
  InflateLimits total;
  total.total_bytes = 4 * kMega - 1;
  expect_error(sqlstate::kArchiveLimit, "larger", [&] { inflated(bytes, 100, total); });
  total.total_bytes = 4 * kMega;
  EXPECT_EQ(inflated(bytes, 100, total).size(), 4 * kMega);
  InflateLimits ratio;
  ratio.ratio_floor = kMega;
  ratio.expansion_ratio = 100;
  expect_error(sqlstate::kArchiveLimit, "expands", [&] { inflated(bytes, bytes.size(), ratio); });
}

}  // namespace

}  // namespace company_backup
