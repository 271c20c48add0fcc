#include "core/ids/id_renewal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <unordered_set>

namespace company_backup {
namespace {

Renewal renewal(IdForm form, uint8_t key = 1) {
  std::array<uint8_t, 32> bytes;
  bytes.fill(key);
  return Renewal(bytes, std::move(form));
}

std::string renewed(const std::string& id, uint8_t key = 1) {
  std::string result;
  EXPECT_TRUE(renewal(form_of(id), key).renew(id, result)) << id;
  return result;
}

std::string renewed_uuid(const std::string& id) {
  std::string result;
  EXPECT_TRUE(renewal({IdShape::kUuid, "", {}}).renew(id, result)) << id;
  return result;
}

// Computed by another program: SHA-256 of 32 bytes 01, one byte 00 and the ID (of a UUID its 16
// bytes), cut into numbers of 64 bits, each giving eight characters, the lowest first.
TEST(Renewal, known_answers) {
  EXPECT_EQ(renewed("550e8400-e29b-41d4-a716-446655440000"),
            "a6736492-6a98-41ce-a5cb-15108a1bc1ec");
  EXPECT_EQ(renewed("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "01ARZ3NDEKKJ2QAY68HQ61PAH9");
  EXPECT_EQ(renewed("V1StGXR8_Z5jdHi6B-myT"), "zf__o3jspANbKP5Q9VK32");
  EXPECT_EQ(renewed("cus_NffrFeUfNV2Hib"), "cus_wDDuJRvQ4hy1ed");
  EXPECT_EQ(renewed("01ARZ3NDEKTSV4RRFFQ69G5FAV    "), "01ARZ3NDEKKJ2QAY68HQ61PAH9    ");
}

TEST(Renewal, same_id_same_key_same_result) {
  const std::string id = "V1StGXR8_Z5jdHi6B-myT";
  EXPECT_EQ(renewed(id), renewed(id));
  EXPECT_NE(renewed(id), id);
  EXPECT_NE(renewed(id), renewed(id, 2));
}

TEST(Renewal, shape_is_kept) {
  for (const char* text : {
           "550e8400-e29b-41d4-a716-446655440000",
           "550E8400-E29B-41D4-A716-446655440000",
           "{550e8400-e29b-41d4-a716-446655440000}",
           "550e8400e29b41d4a716446655440000",
           "ws_550e8400-e29b-41d4-a716-446655440000",
           "01ARZ3NDEKTSV4RRFFQ69G5FAV",
           "01arz3ndektsv4rrffq69g5fav",
           "inv_01HGW2BBN5R1XKCTQ8X2XB1G9A",
           "ckopqwooh000001la8mbi2im9",
           "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
           "V1StGXR8_Z5jdHi6B-myT",
           "tz4a98xxat96iws9zmbrgj3a",
           "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
           "req-9f86d081884c7d659a2feaa0c55ad015",
           "big_4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWDarjtT1zdp7dc",
       }) {
    const std::string id = text;
    const std::string fresh = renewed(id);
    const IdForm form = form_of(id);
    EXPECT_NE(fresh, id);
    EXPECT_EQ(fresh.size(), id.size());
    EXPECT_TRUE(id_payload(form, fresh)) << fresh;
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    EXPECT_EQ(std::any_of(id.begin(), id.end(), upper),
              std::any_of(fresh.begin(), fresh.end(), upper));
    EXPECT_EQ(std::count(fresh.begin(), fresh.end(), '{'), std::count(id.begin(), id.end(), '{'));
  }
}

TEST(Renewal, versions_of_uuids) {
  const auto check = [](const std::string& id, char version, size_t kept) {
    const std::string fresh = renewed_uuid(id);
    EXPECT_EQ(fresh[14], version) << fresh;
    EXPECT_NE(std::string("89ab").find(fresh[19]), std::string::npos) << fresh;
    EXPECT_EQ(fresh.substr(0, kept), id.substr(0, kept));
    EXPECT_NE(fresh.substr(24), id.substr(24));
  };
  check("c232ab00-9414-11ec-b3c8-9f6bdeced846", '1', 18);
  check("1ec9414c-232a-6b00-b3c8-9f6bdeced846", '6', 18);
  check("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", '7', 18);
  check("550e8400-e29b-41d4-a716-446655440000", '4', 0);
  check("5df41881-3aed-3515-88a7-2f4a814cf09e", '4', 0);  // version 3
  check("2ed6657d-e927-568b-95e1-2665a8aea6a2", '4', 0);  // version 5
  check("00000000-0000-0000-0000-000000000000", '4', 0);
  check("00000000-0000-0000-0000-000000000007", '4', 0);
  check("017f22e2-79b0-7cc3-18c4-dc0c0c07398f", '4', 0);  // not the variant that has versions
  EXPECT_NE(renewed_uuid("550e8400-e29b-41d4-a716-446655440000").substr(0, 8), "550e8400");
}

TEST(Renewal, spelling_of_a_uuid_does_not_matter) {
  const std::string plain = renewed_uuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  std::string upper = plain, bare = plain;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  std::erase(bare, '-');
  EXPECT_EQ(renewed_uuid("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), upper);
  EXPECT_EQ(renewed_uuid("017f22e279b07cc398c4dc0c0c07398f"), bare);
  EXPECT_EQ(renewed_uuid("{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}"), "{" + plain + "}");
}

TEST(Renewal, times_are_kept) {
  EXPECT_EQ(renewed("01ARZ3NDEKTSV4RRFFQ69G5FAV").substr(0, 10), "01ARZ3NDEK");
  EXPECT_NE(renewed("01ARZ3NDEKTSV4RRFFQ69G5FAV").substr(10), "TSV4RRFFQ69G5FAV");
  EXPECT_EQ(renewed("ckopqwooh000001la8mbi2im9").substr(0, 9), "ckopqwooh");
  EXPECT_EQ(renewed("0ujtsYcgvSTl8PAuAdqWYSMnLOv").substr(0, 6), "0ujtsY");
}

TEST(Renewal, other_forms_are_left_alone) {
  const Renewal ulids = renewal(form_of("inv_01HGW2BBN5R1XKCTQ8X2XB1G9A"));
  std::string out = "untouched";
  for (const char* text : {"", "inv_", "inv_main", "01HGW2BBN5R1XKCTQ8X2XB1G9A",
                           "pay_01HGW2BBN5R1XKCTQ8X2XB1G9A", "inv_01HGW2BBN5R1XKCTQ8X2XB1G9AX"}) {
    EXPECT_FALSE(ulids.renew(text, out)) << text;
  }
  EXPECT_EQ(out, "untouched");
}

TEST(Renewal, time_ordered_uuids_stay_in_order) {
  std::mt19937_64 random(5);
  std::string last_old, last_new;
  for (uint64_t time = 0x017f22e279b0; time < 0x017f22e279b0 + 2000; ++time) {
    char id[40];
    snprintf(id, sizeof id, "%08x-%04x-7%03x-a%03x-%012llx", static_cast<unsigned>(time >> 16),
             static_cast<unsigned>(time & 0xFFFF), static_cast<unsigned>(random() & 0xFFF),
             static_cast<unsigned>(random() & 0xFFF),
             static_cast<unsigned long long>(random() & 0xFFFFFFFFFFFF));
    const std::string fresh = renewed_uuid(id);
    ASSERT_LT(last_old, id);
    ASSERT_LT(last_new, fresh);
    last_old = id;
    last_new = fresh;
  }
}

// 100,000 IDs that differ as little as they can stay different.
void check_injective(const std::string& first, std::string_view alphabet, size_t varied) {
  const Renewal fresh = renewal(form_of(first));
  std::unordered_set<std::string> seen;
  std::string out;
  for (size_t i = 0; i < 100000; ++i) {
    std::string id = first;
    for (size_t k = 0, rest = i; k < varied; ++k, rest /= alphabet.size()) {
      id[id.size() - 1 - k] = alphabet[rest % alphabet.size()];
    }
    ASSERT_TRUE(fresh.renew(id, out)) << id;
    ASSERT_TRUE(seen.insert(out).second) << id;
  }
}

TEST(Renewal, different_ids_stay_different) {
  check_injective("550e8400-e29b-41d4-a716-446655440000", "0123456789abcdef", 5);
  check_injective("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "0123456789abcdef", 5);
  check_injective("01ARZ3NDEKTSV4RRFFQ69G5FAV", "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4);
  check_injective("ckopqwooh000001la8mbi2im9", "0123456789abcdefghij", 4);
  check_injective("0ujtsYcgvSTl8PAuAdqWYSMnLOv", "0123456789abcdefghijABCDEFGHIJ", 4);
  check_injective("V1StGXR8_Z5jdHi6B-myT", "0123456789abcdefghijABCDEFGHIJ", 4);
  check_injective("tz4a98xxat96iws9zmbrgj3a", "0123456789abcdefghij", 4);
  check_injective("cus_NffrFeUfNV2Hib", "0123456789abcdefghijABCDEFGHIJ", 4);
}

}  // namespace
}  // namespace company_backup
