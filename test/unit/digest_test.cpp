#include "core/text/digest.hpp"

#include <gtest/gtest.h>

namespace company_backup {

namespace {

TEST(Digest, KnownValues) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // An empty key is a key, not the one of the call before.
  EXPECT_EQ(hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, PartsAndReuse) {
  Sha256 state;
  state.update("a");
  state.update("");
  state.update("bc");
  EXPECT_EQ(state.finish(), sha256("abc"));
  state.update("abc");
  EXPECT_EQ(state.finish(), sha256("abc"));
}

TEST(Digest, HexBothWays) {
  const Sha256Digest digest = sha256("abc");
  EXPECT_EQ(parse_hex(hex(digest)), digest);
  EXPECT_FALSE(parse_hex(""));
  EXPECT_FALSE(parse_hex(hex(digest) + "0"));
  EXPECT_FALSE(parse_hex("G" + hex(digest).substr(1)));
  EXPECT_FALSE(parse_hex("BA" + hex(digest).substr(2)));
}

TEST(Digest, Comparison) {
  Sha256Digest other = sha256("abc");
  EXPECT_TRUE(equal_constant_time(other, sha256("abc")));
  other[31] ^= 1;
  EXPECT_FALSE(equal_constant_time(other, sha256("abc")));
}

}  // namespace

}  // namespace company_backup
