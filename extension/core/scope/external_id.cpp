// IDs of other people's systems.
#include "core/scope/smell_words.hpp"
#include "core/scope/smells.hpp"
#include "core/text/names.hpp"

namespace company_backup {
namespace {

bool ends_like_id(const Words& words) {
  return ends_in(words, {"id", "uuid", "guid", "sid", "ref", "reference", "key", "arn", "number"});
}

bool says_elsewhere(const Words& words) {
  return has_word(words,
                  {"external", "ext", "remote", "foreign", "upstream", "thirdparty", "vendor",
                   "legacy", "idp", "scim", "saml", "sso", "ldap", "oidc", "crm", "erp"}) ||
         has_pair(words, {"third", "3rd"}, {"party"}) || has_pair(words, {"in"}, {"reply"});
}

bool names_vendor(const Words& words) {
  return has_word(
      words, {"stripe",    "paypal",     "braintree",   "adyen",      "paddle",     "chargebee",
              "recurly",   "gocardless", "razorpay",    "mollie",     "quickbooks", "xero",
              "netsuite",  "avalara",    "google",      "gmail",      "gcp",        "gcal",
              "github",    "gitlab",     "bitbucket",   "microsoft",  "azure",      "office365",
              "outlook",   "msteams",    "okta",        "auth0",      "workos",     "clerk",
              "cognito",   "firebase",   "supabase",    "keycloak",   "apple",      "ios",
              "android",   "apns",       "fcm",         "expo",       "onesignal",  "facebook",
              "fb",        "instagram",  "whatsapp",    "meta",       "twitter",    "linkedin",
              "tiktok",    "youtube",    "telegram",    "discord",    "slack",      "zoom",
              "webex",     "twilio",     "sendgrid",    "mailgun",    "mailchimp",  "postmark",
              "ses",       "vonage",     "plivo",       "hubspot",    "salesforce", "sfdc",
              "pipedrive", "zendesk",    "intercom",    "freshdesk",  "jira",       "confluence",
              "atlassian", "asana",      "trello",      "linear",     "notion",     "clickup",
              "airtable",  "shopify",    "woocommerce", "magento",    "ebay",       "etsy",
              "amazon",    "aws",        "s3",          "cloudflare", "vercel",     "netlify",
              "heroku",    "docker",     "sentry",      "datadog",    "pagerduty",  "opsgenie",
              "segment",   "mixpanel",   "amplitude",   "posthog",    "plaid",      "dropbox",
              "onedrive",  "sharepoint", "figma",       "zapier",     "calendly",   "caldav",
              "docusign",  "pandadoc",   "openai",      "anthropic"});
}

// "Message-ID" of a mail; "message_id" alone is a row of messages.
bool is_id_of_mail(const Words& words) {
  return ends_in_pair(words, {"message"}, {"id"}) &&
         has_word(words, {"email", "mail", "smtp", "imap", "internet", "rfc822", "mime"});
}

}  // namespace

bool names_external_id(const std::string& column) {
  const Words words = words_of(column);
  if (words.size() < 2 || !ends_like_id(words)) return false;
  return says_elsewhere(words) || names_vendor(words) || is_id_of_mail(words);
}

}  // namespace company_backup
