#include "client/base/sql_text.hpp"

#include <strings.h>

namespace company_backup::client {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kSpace);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_name_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         byte >= 0x80;
}

// A name at the beginning of the text, quoted or not; empty: there is none.
std::string_view name_at(std::string_view text) {
  if (text.starts_with('"')) return text.substr(0, quoted_size(text, false));
  size_t size = 0;
  while (size < text.size() && is_name_character(text[size])) ++size;
  return text.substr(0, size);
}

// The size of what stands at the beginning and has to be taken as a whole: a quoted name or string,
// or one character. 0: a comment or a dollar, with which anything could follow.
size_t piece_size(std::string_view text, char before) {
  if (text[0] == '\'') return quoted_size(text, before == 'E' || before == 'e');
  if (text[0] == '"') return quoted_size(text, false);
  if (text[0] == '$' || text.starts_with("--") || text.starts_with("/*")) return 0;
  return 1;
}

// Cuts "(a, 'b')" into what stands between its commas. False: it is not such a list to its end.
bool cut_arguments(std::string_view list, std::vector<std::string_view>& arguments) {
  size_t begin = 1, depth = 0;
  for (size_t at = 0; at < list.size();) {
    const size_t size = piece_size(list.substr(at), at > 0 ? list[at - 1] : ' ');
    if (size == 0) return false;
    const char c = list[at];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (depth == 0 || (c == ',' && depth == 1)) {
      arguments.push_back(trimmed(list.substr(begin, at - begin)));
      begin = at + 1;
    }
    at += size;
    if (depth == 0) return at == list.size();
  }
  return false;
}

}  // namespace

size_t quoted_size(std::string_view sql, bool backslashes) {
  const char quote = sql[0];
  size_t at = 1;
  for (; at < sql.size(); ++at) {
    if (backslashes && sql[at] == '\\') {
      ++at;
    } else if (sql[at] == quote) {
      if (at + 1 == sql.size() || sql[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return sql.size();
}

std::optional<FunctionCall> function_call(std::string_view sql) {
  constexpr std::string_view kSelect = "SELECT";
  sql = trimmed(sql);
  if (sql.ends_with(';')) sql = trimmed(sql.substr(0, sql.size() - 1));
  if (sql.size() <= kSelect.size() || kSpace.find(sql[kSelect.size()]) == kSpace.npos ||
      strncasecmp(sql.data(), kSelect.data(), kSelect.size()) != 0) {
    return std::nullopt;
  }
  sql = trimmed(sql.substr(kSelect.size()));
  std::string_view name = name_at(sql);
  sql.remove_prefix(name.size());
  if (sql.starts_with('.')) {
    name = name_at(sql.substr(1));
    sql.remove_prefix(1 + name.size());
  }
  FunctionCall call{name, {}};
  sql = trimmed(sql);
  if (name.empty() || !sql.starts_with('(') || !cut_arguments(sql, call.arguments)) {
    return std::nullopt;
  }
  return call;
}

}  // namespace company_backup::client
