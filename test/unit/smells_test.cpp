#include "core/scope/smells.hpp"

#include <gtest/gtest.h>

#include "core/text/names.hpp"
#include "schema_builder.hpp"

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

TEST(Names, OfKindsSayWhichTables) {
  const auto nouns = [](const char* kind) { return nouns_of_kind(kind); };
  EXPECT_EQ(nouns("Post"), (std::vector<std::string>{"post"}));
  EXPECT_EQ(nouns("Channel::Api"), (std::vector<std::string>{"channel_api", "api"}));
  EXPECT_EQ(nouns("App\\Models\\LineItem"),
            (std::vector<std::string>{"app_models_line_item", "models_line_item", "line_item"}));
  EXPECT_EQ(nouns("Bim::Bcf::Viewpoint"),
            (std::vector<std::string>{"bim_bcf_viewpoint", "bcf_viewpoint", "viewpoint"}));
}

TEST(Names, OfIdColumnsSayOfWhat) {
  EXPECT_EQ(id_stem("customer_id"), "customer");
  EXPECT_EQ(id_stem("customerIds"), "customer");
  EXPECT_EQ(id_stem("billing_address_uuid"), "billing_address");
  EXPECT_EQ(id_stem("id"), std::nullopt);
  EXPECT_EQ(id_stem("paid"), std::nullopt);
  EXPECT_EQ(id_stem("id_card"), std::nullopt);
}

// A table with these columns beside its ID.
Table table_of(const std::string& name, const std::vector<std::string>& columns = {}) {
  SchemaBuilder db;
  db.bare_table("s", name).columns({"id bigint"}).columns(columns).primary({"id"});
  return db.build().tables[0];
}

TEST(Smell, OfADeedIsThePartThatARowPlays) {
  const auto is_deed = [](const char* name) {
    return names_deed(table_of("t", {std::string(name) + " bigint"}).columns.back());
  };
  for (const char* name : {"created_realm_id", "acting_user_id", "default_team_id"})
    EXPECT_TRUE(is_deed(name)) << name;
  for (const char* name : {"realm_id", "feed_item_id", "ring_id", "red_team_id", "king_team_id"})
    EXPECT_FALSE(is_deed(name)) << name;
}

TEST(Smell, ColumnsMakeSureThatItIsALoginOrAQueue) {
  const auto is_sure = [](const std::string& name, const std::vector<std::string>& columns) {
    const auto smell = table_smell(table_of(name, columns));
    return smell && smell->all_columns;
  };
  EXPECT_TRUE(is_sure("access_tokens", {"token_hash text", "expires_at timestamptz"}));
  EXPECT_FALSE(is_sure("access_tokens", {"name text", "expires_at timestamptz"}));
  EXPECT_FALSE(is_sure("invitations", {"token text", "expires_at timestamptz"}));
  EXPECT_TRUE(is_sure("job_queue", {"payload jsonb", "attempts integer", "locked_at timestamptz"}));
  EXPECT_FALSE(is_sure("outbox", {"body text"}));
}

std::string treatment(const std::string& name, const std::vector<std::string>& columns = {}) {
  const auto smell = table_smell(table_of(name, columns));
  return smell ? to_text(smell->treatment) : "";
}

TEST(Smells, OfPeople) {
  for (const char* name :
       {"users", "AppUser", "user_account", "people", "person", "userProfiles", "profiles"})
    EXPECT_EQ(treatment(name), "people") << name;
  EXPECT_EQ(treatment("accounts", {"email text", "password_hash text"}), "people");
  EXPECT_EQ(treatment("accounts", {"email text", "balance numeric"}), "");
  EXPECT_EQ(treatment("member", {"email text", "encrypted_password text"}), "people");
  EXPECT_EQ(treatment("company_user", {"user_id bigint", "email text"}), "people");
  // says which user, and nothing about him
  EXPECT_EQ(treatment("account_users", {"account_id bigint", "user_id bigint", "role integer"}),
            "excluded");
  for (const char* name : {"user_settings", "twitter_profile", "user_story", "user_group"})
    EXPECT_EQ(treatment(name), "") << name;
}

TEST(Smells, OfAccess) {
  for (const char* name :
       {"company_member", "memberships", "user_roles", "permission", "role_permissions",
        "permission_group", "org_role_mappings", "AttributeToUser"})
    EXPECT_EQ(treatment(name), "excluded") << name;
}

TEST(Smells, OfLogins) {
  for (const char* name : {"api_keys", "ApiKey", "refresh_token", "scim_tokens", "pushdevicetoken",
                           "credentials", "password_resets", "user_password", "passkeys",
                           "oauth_access_grant", "login_attempts", "webauthn_key"})
    EXPECT_EQ(treatment(name), "excluded") << name;
  for (const char* name : {"password_policy", "oauth_clients", "login_settings", "tokenizer"})
    EXPECT_EQ(treatment(name), "") << name;
  const std::string ends = "expires_at timestamptz";
  EXPECT_EQ(treatment("sessions", {"token text", ends}), "excluded");
  EXPECT_EQ(treatment("Session", {"sessionToken text", "userId bigint", "expires timestamptz"}),
            "excluded");
  EXPECT_EQ(
      treatment("sessions", {"session_key text", "session_data text", "expire_date timestamptz"}),
      "excluded");
  EXPECT_EQ(treatment("user_session", {"ip text", "user_agent text"}), "excluded");
  EXPECT_EQ(treatment("invitations", {"email text", "token text"}), "excluded");
  EXPECT_EQ(treatment("email_verification", {"token_hash text", ends}), "excluded");
  EXPECT_EQ(treatment("confirmation", {"confirmation_key text", "expiry_date timestamptz"}),
            "excluded");
  EXPECT_EQ(treatment("AccessCode", {"code text", "expiresAt timestamptz"}), "excluded");
  EXPECT_EQ(treatment("remotepushdevice"), "excluded");
  EXPECT_EQ(treatment("user_device", {"fcm_token text"}), "excluded");
  EXPECT_EQ(treatment("magic_links", {"token text", ends}), "excluded");
  EXPECT_EQ(treatment("Credential", {"type text", "key jsonb"}), "excluded");
  // what companies work with
  EXPECT_EQ(treatment("shared_credentials", {"credentialsId bigint", "role text"}), "");
  EXPECT_EQ(treatment("share_links", {"token text", ends}), "");
  EXPECT_EQ(treatment("trace_session", {"project_id bigint", "bookmarked boolean"}), "");
  EXPECT_EQ(treatment("chat_session", {"user_id bigint", "title text", "ip text"}), "");
  EXPECT_EQ(treatment("training_session", {"starts_at timestamptz", "room text"}), "");
  EXPECT_EQ(treatment("event_invitation", {"email text", "status text"}), "");
  EXPECT_EQ(treatment("order_confirmation", {"sent_at timestamptz"}), "");
  EXPECT_EQ(treatment("discount_code", {"code text", ends}), "");
  EXPECT_EQ(treatment("device", {"serial text", "token text"}), "");
}

TEST(Smells, OfQueues) {
  EXPECT_EQ(treatment("event_outbox"), "excluded");
  EXPECT_EQ(treatment("delayed_jobs", {"attempts integer", "run_at timestamptz", "handler text"}),
            "excluded");
  EXPECT_EQ(treatment("job", {"status text", "payload jsonb"}), "excluded");
  EXPECT_EQ(treatment("task_queue", {"args jsonb", "priority integer"}), "excluded");
  EXPECT_EQ(treatment("task", {"payload text", "maxAttempts integer", "lastError text null"}),
            "excluded");
  EXPECT_EQ(treatment("saga", {"locked_by text", "retry_count integer", "run_at timestamptz"}),
            "excluded");
  EXPECT_EQ(treatment("webhook_deliveries", {"url text", "responseBody text", "status text"}),
            "excluded");
  EXPECT_EQ(treatment("WebhookCall", {"responseCode integer", "requestBody jsonb"}), "excluded");
  EXPECT_EQ(treatment("webhooks", {"payload jsonb", "retries integer", "status text"}), "excluded");
  EXPECT_EQ(treatment("notification", {"attempts integer", "sent_at timestamptz"}), "excluded");
  EXPECT_EQ(treatment("scheduledemail", {"data text", "scheduled_timestamp timestamptz"}),
            "excluded");
  // what companies work with
  EXPECT_EQ(treatment("job", {"status text", "priority integer", "scheduled_at timestamptz"}), "");
  EXPECT_EQ(treatment("job_posting", {"title text", "status text"}), "");
  EXPECT_EQ(treatment("purchase_order_delivery", {"delivered_at timestamptz", "status text"}), "");
  EXPECT_EQ(treatment("delivery", {"status text", "attempts integer", "address text"}), "");
  EXPECT_EQ(treatment("annotation_queue", {"name text", "description text"}), "");
  EXPECT_EQ(treatment("task", {"status text", "priority integer", "lock_version integer"}), "");
  EXPECT_EQ(treatment("webhook", {"url text", "events text[]", "secret text"}), "");
  EXPECT_EQ(treatment("webhook", {"url text", "status text", "max_retries integer"}), "");
  for (const char* name : {"notification_template", "notification_preference", "inbox", "import"})
    EXPECT_EQ(treatment(name, {"name text", "status text"}), "") << name;
  EXPECT_EQ(treatment("notifications", {"user_id bigint", "read_at timestamptz", "data jsonb"}),
            "");
}

TEST(Smells, OfAuditTrails) {
  for (const char* name : {"audit_entry", "audit_logs", "auditLog", "realmauditlog"})
    EXPECT_EQ(treatment(name), "append_only") << name;
  EXPECT_EQ(treatment("audits", {"action text", "auditable_type text"}), "append_only");
  EXPECT_EQ(treatment("change_log", {"changes jsonb", "user_id bigint"}), "append_only");
  EXPECT_EQ(treatment("logs", {"level text", "message text"}), "append_only");
  EXPECT_EQ(treatment("history", {"operation text", "table_name text"}), "append_only");
  EXPECT_EQ(treatment("events", {"changes json", "actorId uuid", "ip text"}), "append_only");
  EXPECT_EQ(treatment("audit", {"site text", "score integer"}), "");
  EXPECT_EQ(treatment("time_log", {"user_id bigint", "activity text", "hours numeric"}), "");
  EXPECT_EQ(treatment("call_log", {"user_id bigint", "data jsonb"}), "");
  EXPECT_EQ(treatment("event", {"name text", "starts_at timestamptz"}), "");
  for (const char* name :
       {"invoice", "blog", "catalog", "price_history", "journal_entry", "audit_log_stream"})
    EXPECT_EQ(treatment(name), "") << name;
}

bool secret(const std::string& name, const std::string& type = "text",
            const std::string& table = "things", const std::vector<std::string>& beside = {}) {
  std::vector<std::string> columns{name + " " + type};
  columns.insert(columns.end(), beside.begin(), beside.end());
  const Table built = table_of(table, columns);
  return looks_like_secret(built, built.columns[1]);
}

TEST(Smells, OfSecrets) {
  for (const char* name : {"password",
                           "password_hash",
                           "crypted_password",
                           "passwd",
                           "pwd",
                           "smtp_pass",
                           "api_key",
                           "apiKey",
                           "apikey",
                           "client_secret",
                           "access_token",
                           "refresh_token",
                           "privateKey",
                           "salt",
                           "otp_seed",
                           "totp",
                           "mfa_code",
                           "credentials",
                           "cvv",
                           "encrypted_iban",
                           "ssn_encrypted",
                           "hmac_key",
                           "signing_key",
                           "webhook_secret",
                           "secret_key",
                           "tokens",
                           "clientSecretHash",
                           "connection_string",
                           "serviceAccountKey",
                           "recovery_codes",
                           "confirmation_key"})
    EXPECT_TRUE(secret(name)) << name;
  for (const char* name : {"name",
                           "key",
                           "hash",
                           "price_key",
                           "tokenized",
                           "public_key",
                           "account_key",
                           "bypass",
                           "max_tokens",
                           "token_count",
                           "tokens_used",
                           "prompt_tokens",
                           "token_limit",
                           "token_type",
                           "token_name",
                           "secret_name",
                           "key_id",
                           "key_name",
                           "api_key_id",
                           "token_url",
                           "secret_path",
                           "password_changed_at",
                           "reset_password_sent_at",
                           "is_encrypted",
                           "encrypted_content",
                           "encryptedCertificate",
                           "token_prefix",
                           "access_token_ttl",
                           "design_tokens"})
    EXPECT_FALSE(secret(name)) << name;
  for (const char* type : {"integer", "bigint", "boolean", "timestamptz", "numeric"})
    EXPECT_FALSE(secret("password_token", type)) << type;
  EXPECT_TRUE(secret("zoom_token", "jsonb"));
}

TEST(Smells, OfSecretsGoByTheTable) {
  // each row is a key
  EXPECT_TRUE(secret("key", "text", "api_keys"));
  EXPECT_TRUE(secret("hash", "text", "apiKeys"));
  EXPECT_TRUE(secret("value", "text", "tokens"));
  EXPECT_TRUE(secret("key", "jsonb", "credentials"));
  EXPECT_TRUE(secret("key", "text", "totpdevice"));
  EXPECT_FALSE(secret("key", "text", "device"));
  // each row is a secret that customers keep
  EXPECT_FALSE(secret("secretKey", "text", "secret_references"));
  EXPECT_FALSE(secret("encryptedValue", "text", "secrets"));
  EXPECT_TRUE(secret("secret", "text", "secrets"));
  EXPECT_TRUE(secret("clientSecretHash", "text", "client_secrets"));
  // only of use with what they decipher
  EXPECT_TRUE(secret("clientSecretIV", "text", "things", {"encryptedClientSecret text"}));
  EXPECT_TRUE(secret("tag", "text", "things", {"encryptedKey text", "iv text"}));
  EXPECT_FALSE(secret("tag", "text", "things", {"client_secret text"}));
  EXPECT_FALSE(secret("headersIV", "text", "things", {"encryptedClientSecret text"}));
  const Table things = table_of("things", {"ssn_encrypted text", "password text"});
  EXPECT_EQ(secret_smell(things, things.columns[1]), Confidence::kGuess);
  EXPECT_EQ(secret_smell(things, things.columns[2]), Confidence::kLikely);
}

TEST(Smells, OfIdsOfOtherSystems) {
  for (const char* name :
       {"stripe_customer_id", "external_id", "externalDocumentId", "remote_id",
        "google_calendar_id", "github_repo_id", "email_message_id", "slackTeamId", "legacy_id",
        "third_party_id", "twilio_sid", "external_ref"})
    EXPECT_TRUE(names_external_id(name)) << name;
  for (const char* name : {"customer_id", "id", "external", "message_id", "project_id", "stripe",
                           "google_enabled", "parent_id", "owner_uuid"})
    EXPECT_FALSE(names_external_id(name)) << name;
}

TEST(Smells, NaturalKeysBesideTheCompany) {
  SchemaBuilder db;
  db.table("s.tag")
      .columns({"company_id bigint null", "name text", "code text", "token text", "n bigint"})
      .unique("tag_code", {"company_id", "code", "name"})
      .unique("tag_name", {"company_id", "name"})
      .unique("tag_n", {"company_id", "n"})
      .unique("tag_token", {"token"});
  const Table tag = db.build().tables[0];
  EXPECT_EQ(natural_key_beside(tag, {2}), (std::vector<std::string>{"name"}));
  EXPECT_EQ(natural_key(tag), std::vector<std::string>{});
  EXPECT_EQ(natural_key_beside(tag, {2, 3}), (std::vector<std::string>{"code"}));
}

}  // namespace
}  // namespace company_backup
