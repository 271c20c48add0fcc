// Names and texts as SQL and messages have them.
#pragma once

#include <string>
#include <string_view>

namespace company_backup {

std::string quote_name(std::string_view name);     // "a""b"
std::string quote_literal(std::string_view text);  // 'it''s', E'...' where a backslash is in it
std::string display_name(std::string_view name);   // quoted only where needed

// A display name in a message: "sales.invoice", but sales."Invoice" as it is.
std::string quoted_display(const std::string& display);

}  // namespace company_backup
