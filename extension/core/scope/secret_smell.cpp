// Columns that hold secrets.
#include <algorithm>

#include "core/scope/smell_words.hpp"
#include "core/scope/smells.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

// Numbers, flags and times are no secrets, whatever they are called.
bool can_hold_secret(const Column& column) {
  if (column.generated) return false;
  switch (column.family) {
    case TypeFamily::kText:
    case TypeFamily::kTextArray:
    case TypeFamily::kUuid:
    case TypeFamily::kUuidArray:
    case TypeFamily::kJson:
      return true;
    default:
      return column.is_bytea() || column.type.ends_with("hstore");
  }
}

// "is_encrypted"
bool is_flag(const Words& words) {
  return is_word(words[0], {"is", "has", "had", "can", "should", "use", "allow", "require",
                            "enable", "skip", "show", "hide"});
}

// What a name ends in that is about a secret: which one, when, how many, where from.
bool is_about_secret(const Words& words) {
  return ends_in(words,
                 {"id",       "sid",         "uuid",       "guid",        "name",     "type",
                  "kind",     "at",          "on",         "date",        "time",     "timestamp",
                  "expiry",   "expiration",  "expires",    "ttl",         "lifetime", "duration",
                  "age",      "day",         "hour",       "minute",      "second",   "interval",
                  "count",    "counter",     "limit",      "quota",       "number",   "num",
                  "length",   "size",        "budget",     "price",       "cost",     "rate",
                  "used",     "use",         "usage",      "max",         "min",      "total",
                  "url",      "uri",         "endpoint",   "host",        "path",     "ip",
                  "prefix",   "suffix",      "hint",       "last4",       "mask",     "preview",
                  "version",  "algorithm",   "alg",        "encoding",    "format",   "method",
                  "strategy", "policy",      "scope",      "status",      "state",    "enabled",
                  "required", "label",       "title",      "description", "note",     "comment",
                  "provider", "issuer",      "source",     "origin",      "index",    "position",
                  "channel",  "fingerprint", "thumbprint", "owner",       "user",     "group",
                  "table",    "column",      "field",      "header",      "param",    "parameter",
                  "template", "audience",    "location",   "rule",        "pattern",  "permission",
                  "symbol",   "address",     "config",     "setting",     "iv",       "tag",
                  "nonce",    "by"});
}

// Of tokens those that are counted, or parts of texts and designs.
bool counts_tokens(const Words& words) {
  return has_pair(words,
                  {"max", "min", "prompt", "completion", "total", "input", "output", "num", "used",
                   "cached", "cache", "reasoning", "context", "design", "search", "text", "stop"},
                  {"token"});
}

bool names_secret_key(const Words& words) {
  return has_pair(words,
                  {"api",       "access",    "private",   "signing",    "signature", "encryption",
                   "hmac",      "secret",    "symmetric", "shared",     "master",    "root",
                   "data",      "auth",      "session",   "license",    "webhook",   "hashed",
                   "encrypted", "protected", "service",   "decryption", "jwt"},
                  {"key"}) ||
         (has_pair(words, {"service"}, {"account"}) && has_pair(words, {"account"}, {"key"}));
}

// What is sent to somebody to show that it is he.
bool names_proof(const Words& words) {
  return has_pair(words,
                  {"confirmation", "activation", "verification", "reset", "invitation", "invite",
                   "backup", "recovery", "login"},
                  {"key", "code", "hash"});
}

// `secrets_are_rows`: a table of secrets, whose columns are called after them.
bool names_secret(const Words& words, bool secrets_are_rows) {
  if (counts_tokens(words)) return false;
  if (has_word(words, {"password", "passwd", "pwd", "passphrase", "passcode", "token", "apikey",
                       "otp", "totp", "mfa", "credential", "cvv", "cvc", "jwt", "hmac"}))
    return true;
  const bool named_after_rows = secrets_are_rows && is_word(words[0], {"secret"}) &&
                                !ends_in(words, {"secret", "hash", "digest"});
  if (!named_after_rows && (has_word(words, {"secret"}) || names_secret_key(words))) return true;
  return ends_in(words, {"salt", "mnemonic"}) || (words.size() > 1 && ends_in(words, {"pass"})) ||
         names_proof(words) || has_pair(words, {"connection"}, {"string"});
}

bool is_ciphertext(const Words& words) {
  return has_word(words, {"encrypted", "ciphertext"}) || has_pair(words, {"cipher"}, {"text"});
}

// What people keep in an application that encrypts what it keeps.
bool is_content(const Words& words) {
  return has_word(
      words, {"value", "comment", "content", "body", "message", "note", "text", "title",
              "description", "certificate", "cert", "chain", "crl", "file", "document", "answer"});
}

// A table whose rows are each a key or a token: its "key", "hash" or "value" is that.
bool holds_keys(const Table& table) {
  const Words words = words_of_table(table);
  return ends_in(words, {"credential", "token", "apikey"}) ||
         ends_in_pair(words, {"api", "access", "secret", "signing"}, {"key"}) ||
         ends_in_pair(words, {"otp", "totp", "phone", "factor", "authenticator"}, {"device"});
}

std::optional<Confidence> smell_of_name(const Table& table, const Words& words) {
  if (words.empty() || is_flag(words) || is_about_secret(words)) return std::nullopt;
  if (has_pair(words, {"public"}, {"key"}) ||
      has_word(words, {"display", "displayed", "masked", "redacted", "obfuscated"}))
    return std::nullopt;
  const bool secrets_are_rows = has_word(words_of_table(table), {"secret"});
  if (names_secret(words, secrets_are_rows)) return Confidence::kLikely;
  if (is_ciphertext(words) && !secrets_are_rows && !is_content(words)) return Confidence::kGuess;
  if (words.size() == 1 && is_word(words[0], {"key", "hash", "value", "code"}) && holds_keys(table))
    return Confidence::kLikely;
  return std::nullopt;
}

// What is encrypted, or the secret itself: "client secret" of "encryptedClientSecret".
Words without_encryption(Words words) {
  std::erase_if(words, [](const std::string& word) {
    return word == "encrypted" || word == "ciphertext" || word == "cipher" || word == "text";
  });
  return words;
}

// What an encrypted value is read with: its initialization vector and its tag. They are of use only
// with the value beside them.
bool is_part_of_secret(const Table& table, Words words) {
  if (!ends_in(words, {"iv", "tag", "nonce"}) || words.back().ends_with("s")) return false;
  words.pop_back();
  if (ends_in(words, {"auth"})) words.pop_back();
  const Words whole = without_encryption(words);
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& other) {
    const Words its = words_of(other.name);
    if (!can_hold_secret(other) || !smell_of_name(table, its)) return false;
    return whole.empty() ? is_ciphertext(its) && has_column(table, {"iv", "nonce"})
                         : without_encryption(its) == whole;
  });
}

}  // namespace

std::optional<Confidence> secret_smell(const Table& table, const Column& column) {
  if (!can_hold_secret(column)) return std::nullopt;
  const Words words = words_of(column.name);
  if (const auto smell = smell_of_name(table, words)) return smell;
  if (is_part_of_secret(table, words)) return Confidence::kGuess;
  return std::nullopt;
}

bool looks_like_secret(const Table& table, const Column& column) {
  return secret_smell(table, column).has_value();
}

}  // namespace company_backup
