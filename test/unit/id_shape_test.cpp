#include "core/text/id_shape.hpp"

#include <gtest/gtest.h>

#include <random>

namespace company_backup {
namespace {

std::string name_of(const IdForm& form) {
  static const char* const kNames[] = {"none",  "uuid",   "ulid",  "cuid",
                                       "ksuid", "nanoid", "cuid2", "token"};
  return form.prefix + kNames[static_cast<size_t>(form.shape)];
}

std::string guess(const std::vector<std::string>& ids) {
  ShapeGuess shape;
  for (const std::string& id : ids) shape.see(id);
  return name_of(shape.form());
}

TEST(IdShape, generated_ids) {
  const std::pair<const char*, const char*> kKnown[] = {
      {"550e8400-e29b-41d4-a716-446655440000", "uuid"},
      {"550E8400-E29B-41D4-A716-446655440000", "uuid"},
      {"{550e8400-e29b-41d4-a716-446655440000}", "uuid"},
      {"550e8400e29b41d4a716446655440000", "uuid"},
      {"017f22e279b07cc398c4dc0c0c07398f", "uuid"},
      {"00000000-0000-0000-0000-000000000000", "uuid"},
      {"ws_550e8400-e29b-41d4-a716-446655440000", "ws_uuid"},
      {"01ARZ3NDEKTSV4RRFFQ69G5FAV", "ulid"},
      {"01arz3ndektsv4rrffq69g5fav", "ulid"},
      {"inv_01HGW2BBN5R1XKCTQ8X2XB1G9A", "inv_ulid"},
      {"cjld2cjxh0000qzrmn831i7rn", "cuid"},
      {"ckopqwooh000001la8mbi2im9", "cuid"},
      {"0ujtsYcgvSTl8PAuAdqWYSMnLOv", "ksuid"},
      {"1srOrx2ZWZBpBUvZwXKQmoEYga2", "ksuid"},
      {"V1StGXR8_Z5jdHi6B-myT", "nanoid"},
      {"usr_V1StGXR8_Z5jdHi6B-myT", "usr_nanoid"},
      {"tz4a98xxat96iws9zmbrgj3a", "cuid2"},
      {"pfh0haxfpzowht3oi213cqos", "cuid2"},
      {"cus_NffrFeUfNV2Hib", "cus_token"},
      {"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_token"},
      {"req-9f86d081884c7d659a2feaa0c55ad015", "req-token"},
  };
  for (const auto& [id, expected] : kKnown) EXPECT_EQ(name_of(form_of(id)), expected) << id;
}

TEST(IdShape, chosen_ids) {
  for (const char* id : {
           "",
           "1",
           "42",
           "USD",
           "main",
           "acme-corp",
           "INV-2024-0001",
           "INV-2024-000000000001",
           "ORDER-20240101ABC0001",
           "jane.doe@example.com",
           "https://example.com/a",
           "internationalizations",        // 21 letters
           "internationalization1",        // and a digit
           "system-administrators",        // 21 with a dash
           "warehouse_north_00001",        // 21
           "InternationalCustomer",        // 21, both cases
           "ACCOUNTS_RECEIVABLE_1",        // 21 capitals
           "characteristicallydefined",    // 25 that begin with c
           "customers000000000000001",     // 24
           "antidisestablishmentaria",     // 24 letters
           "deadbeefdeadbeefdeadbeef",     // 24 hex digits
           "507f1f77bcf86cd799439011",     // an object ID, of no shape here
           "electroencephalographically",  // 27 letters
           "00000000000000000000000042",   // 26 digits
           "20240131-235959-REPORT-0001",
           "ABCDEFGHJKMNPQRSTVWXYZ0123",
           "d41d8cd98f00b204e9800998ecf8427e",  // a sum that has no version of a UUID
           "9f86d081884c7d659a2feaa0c55ad015",  // one that has, of the year 7500
           "550e8400-e29b-41d4-a716-44665544000",
           "550e8400-e29b-41d4-a716-44665544000g",
           "550e8400e29b-41d4-a716-446655440000-",
           "{550e8400-e29b-41d4-a716-446655440000",
           "de_administratoraccount",
           "usr_00000000000000000017",
           "VIN-1HGCM82633A004352",
           "tax_DE89370400440532013000",
       }) {
    EXPECT_EQ(name_of(form_of(id)), "none") << id;
  }
}

TEST(IdShape, one_that_was_chosen_decides) {
  EXPECT_EQ(guess({"V1StGXR8_Z5jdHi6B-myT", "IRFa-VaY2b1O3xGqTz0_W"}), "nanoid");
  EXPECT_EQ(guess({"V1StGXR8_Z5jdHi6B-myT", "internationalizations"}), "none");
  EXPECT_EQ(guess({"V1StGXR8_Z5jdHi6B-myT", "system-administrators"}), "none");
  EXPECT_EQ(guess({"V1StGXR8_Z5jdHi6B-myT", "system"}), "none");
  EXPECT_EQ(guess({"01ARZ3NDEKTSV4RRFFQ69G5FAV", "550e8400-e29b-41d4-a716-446655440000"}), "none");
  EXPECT_EQ(guess({"inv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "pay_01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "none");
  EXPECT_EQ(guess({"inv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}), "none");
  EXPECT_EQ(guess({"cus_NffrFeUfNV2Hib", "cus_NffrFeUfNV2HibX"}), "none");  // another length
  EXPECT_EQ(guess({"", "550e8400-e29b-41d4-a716-446655440000"}), "none");
  EXPECT_EQ(guess({}), "none");
}

TEST(IdShape, alphabet_of_tokens) {
  const auto alphabet = [](const std::string& id) { return form_of(id).alphabet; };
  EXPECT_EQ(alphabet("req-9f86d081884c7d659a2feaa0c55ad015"), "0123456789abcdef");
  EXPECT_EQ(alphabet("req-9F86D081884C7D659A2FEAA0C55AD015"), "0123456789ABCDEF");
  EXPECT_EQ(alphabet("k_9f8zd0y18x4c7d6"), "0123456789abcdefghijklmnopqrstuvwxyz");
  EXPECT_EQ(alphabet("k_9F8ZD0Y18X4C7D6"), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  EXPECT_EQ(alphabet("cus_NffrFeUfNV2Hib").size(), 62U);
}

std::string random_text(std::mt19937_64& random, std::string_view alphabet, size_t size) {
  std::string text;
  while (text.size() < size) text += alphabet[random() % alphabet.size()];
  return text;
}

// However many random IDs there are, none of them spoils the guess.
TEST(IdShape, many_generated_ids) {
  constexpr std::string_view kAll =
      "_-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::mt19937_64 random(3);
  ShapeGuess nanoid, cuid2, base62, base36;
  for (int i = 0; i < 50000; ++i) {
    nanoid.see(random_text(random, kAll, 21));
    cuid2.see(random_text(random, kBase36.substr(10), 1) + random_text(random, kBase36, 23));
    base62.see("cus_" + random_text(random, kAll.substr(2), 14));
    base36.see("u-" + random_text(random, kBase36, 16));
  }
  EXPECT_EQ(name_of(nanoid.form()), "nanoid");
  EXPECT_EQ(name_of(cuid2.form()), "cuid2");
  EXPECT_EQ(name_of(base62.form()), "cus_token");
  EXPECT_EQ(name_of(base36.form()), "u-token");
}

// One alone is taken for generated nearly always.
TEST(IdShape, single_generated_ids) {
  constexpr std::string_view kAll =
      "_-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::mt19937_64 random(4);
  int nanoids = 0, cuids = 0;
  for (int i = 0; i < 10000; ++i) {
    nanoids += form_of(random_text(random, kAll, 21)) ? 1 : 0;
    cuids += form_of("k" + random_text(random, kBase36, 23)) ? 1 : 0;
  }
  EXPECT_GT(nanoids, 9900);
  EXPECT_GT(cuids, 9700);
}

TEST(IdShape, payload_of_a_form) {
  const IdForm form = form_of("inv_01HGW2BBN5R1XKCTQ8X2XB1G9A");
  EXPECT_EQ(id_payload(form, "inv_01ARZ3NDEKTSV4RRFFQ69G5FAV"), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  EXPECT_EQ(id_payload(form, "inv_main"), std::nullopt);
  EXPECT_EQ(id_payload(form, "01ARZ3NDEKTSV4RRFFQ69G5FAV"), std::nullopt);
  // A column of type uuid may hold anything of that form.
  EXPECT_TRUE(id_payload({IdShape::kUuid, "", {}}, "d41d8cd98f00b204e9800998ecf8427e"));
}

TEST(UuidsInside, BesideSomethingElse) {
  const std::string uuid = "0b0e7e2a-1111-4c3b-9d2e-6f3a2b1c0d10";
  const std::string digits = "0b0e7e2a11114c3b9d2e6f3a2b1c0d10";
  const std::string label = "0b0e7e2a_1111_4c3b_9d2e_6f3a2b1c0d10";
  using Found = std::vector<std::string>;
  EXPECT_EQ(uuids_inside("asset-" + uuid), Found{uuid});
  EXPECT_EQ(uuids_inside("asset" + uuid + "x"), Found{uuid});
  EXPECT_EQ(uuids_inside("/" + uuid + "/" + digits + "/"), (Found{uuid, digits}));
  EXPECT_EQ(uuids_inside("root." + label), Found{uuid}) << "as a label of an ltree";
  EXPECT_EQ(uuids_inside(label), Found{uuid});
  EXPECT_EQ(uuids_inside("a_0b0e7e2a-1111_4c3b-9d2e_6f3a2b1c0d10"), Found());
  EXPECT_EQ(uuids_inside(uuid), Found());
  EXPECT_EQ(uuids_inside(digits + digits), Found());
  EXPECT_EQ(uuids_inside("no id in a text that is as long as one, or longer"), Found());
  EXPECT_EQ(uuids_inside(""), Found());
}

}  // namespace
}  // namespace company_backup
