#include "core/scope/smells.hpp"

#include <gtest/gtest.h>

#include "core/text/names.hpp"

namespace company_backup {
namespace {

TEST(Names, AreSplitIntoWords) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(words_of("api_key"), (Words{"api", "key"}));
  EXPECT_EQ(words_of("apiKey2"), (Words{"api", "key2"}));
  EXPECT_EQ(words_of("Order Items"), (Words{"order", "items"}));
  EXPECT_EQ(words_of("HTTPServer"), (Words{"http", "server"}));
  EXPECT_EQ(words_of("customerIDs"), (Words{"customer", "ids"}));
  EXPECT_EQ(words_of("__"), Words{});
  EXPECT_EQ(plain_name("OrderItems"), "order_items");
  EXPECT_EQ(words_of("m\xc3\xbcllerId"), (Words{"m\xc3\xbcller", "id"}));
}

TEST(Names, OfIdColumnsSayOfWhat) {
  EXPECT_EQ(id_stem("customer_id"), "customer");
  EXPECT_EQ(id_stem("customerIds"), "customer");
  EXPECT_EQ(id_stem("billing_address_uuid"), "billing_address");
  EXPECT_EQ(id_stem("id"), std::nullopt);
  EXPECT_EQ(id_stem("paid"), std::nullopt);
  EXPECT_EQ(id_stem("id_card"), std::nullopt);
}

TEST(Smells, OfTables) {
  const auto treatment = [](const std::string& name) -> std::string {
    Table table;
    table.name = name;
    const auto smell = table_smell(table);
    return smell ? to_text(smell->treatment) : "";
  };
  for (const char* name : {"users", "AppUser", "user_account", "people", "person", "userProfiles"})
    EXPECT_EQ(treatment(name), "people") << name;
  for (const char* name : {"company_member", "memberships", "user_roles", "permission", "sessions",
                           "api_keys", "ApiKey", "refresh_token", "invitations", "user_settings"})
    EXPECT_EQ(treatment(name), "excluded") << name;
  for (const char* name : {"event_outbox", "task_queue", "jobs", "webhook", "webhook_delivery",
                           "notifications", "mail_inbox"})
    EXPECT_EQ(treatment(name), "excluded") << name;
  for (const char* name : {"audit_entry", "change_log", "logs", "auditLog", "event_history"})
    EXPECT_EQ(treatment(name), "append_only") << name;
  for (const char* name : {"invoice", "blog", "catalog", "job_line", "delivery_note", "enrolment",
                           "price_history", "journal_entry", "tokenizer"})
    EXPECT_EQ(treatment(name), "") << name;
}

TEST(Smells, OfColumns) {
  const auto secret = [](const std::string& name, const std::string& type = "text") {
    Column column;
    column.name = name;
    column.type = type;
    return looks_like_secret(column);
  };
  for (const char* name : {"password", "password_hash", "passwd", "pwd", "api_key", "apiKey",
                           "apikey", "client_secret", "access_token", "privateKey", "salt",
                           "otp_seed", "totp", "mfa_code", "credentials", "cvv", "encrypted_iban"})
    EXPECT_TRUE(secret(name)) << name;
  for (const char* name : {"name", "key", "hash", "price_key", "tokenized", "public_key"})
    EXPECT_FALSE(secret(name)) << name;
  EXPECT_FALSE(secret("password_expired", "boolean"));
  EXPECT_FALSE(secret("password_changed_at", "timestamp with time zone"));
  EXPECT_FALSE(secret("token_time", "time without time zone"));
}

}  // namespace
}  // namespace company_backup
