// What names say: words inside identifiers, singular and plural. Guesses, used only to ask
// questions (findings), never to decide that something travels.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace company_backup {

// "apiKey_v2" -> api, key, v2. Splits at anything but letters and digits and inside camelCase;
// ASCII letters become lower case, bytes above 127 count as letters.
std::vector<std::string> words_of(std::string_view name);

// "order", "items" -> order_items.
std::string joined_words(std::span<const std::string> words);

// The words joined by "_": "OrderItems" and "order_items" are one name.
std::string plain_name(std::string_view name);

// The name itself and everything it could be the plural of: "companies" -> companies, compani,
// companie, company. Two nouns are the same if they have a form in common.
std::vector<std::string> noun_forms(const std::string& noun);

// What a table may be called that a kind of IDs names, as plain_name() has it, the likelier first:
// "Crm::Channel::Api" -> crm_channel_api, channel_api, api; "app.invoice" -> app_invoice, invoice.
std::vector<std::string> nouns_of_kind(std::string_view kind);

// "customer_id", "customerIds", "customer_uuid" -> "customer"; nothing for other names, and for
// "id".
std::optional<std::string> id_stem(std::string_view column_name);

}  // namespace company_backup
