#include "core/text/path_text.hpp"

#include <algorithm>

#include "core/text/ascii.hpp"
#include "core/text/json_walk.hpp"

namespace company_backup {
namespace {

constexpr size_t kHalfUuid = 16;  // digits: what has as many is no word

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_dash(char c) {
  return c == '-' || c == '_';
}

bool is_dash_place(size_t digits) {
  return digits == 8 || digits == 12 || digits == 16 || digits == 20;
}

// Of other alphabets as well.
bool is_word_letter(char c) {
  return is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool is_in_id(PathIds ids, char c) {
  switch (ids) {
    case PathIds::kIntegers:
      return is_digit(c);
    case PathIds::kUuids:
      return is_hex(c) || is_dash(c);
    case PathIds::kTexts:
      return is_word_letter(c) || is_dash(c);
  }
  return false;
}

// The length of the UUID that the text begins with; 0: with none.
size_t uuid_size(std::string_view text) {
  constexpr size_t kUuidDigits = 32;
  const bool dashes = text.size() > 8 && is_dash(text[8]);
  size_t at = 0;
  for (size_t digits = 0; digits < kUuidDigits; ++digits, ++at) {
    if (dashes && is_dash_place(digits)) {
      if (at == text.size() || !is_dash(text[at])) return 0;
      ++at;
    }
    if (at == text.size() || !is_hex(text[at])) return 0;
  }
  return at < text.size() && is_hex(text[at]) ? 0 : at;
}

std::string printed_uuid(std::string_view text) {
  std::string uuid;
  size_t digits = 0;
  for (const char c : text) {
    if (is_dash(c)) continue;
    if (is_dash_place(digits++)) uuid += '-';
    uuid += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return uuid;
}

std::string spelt_like(std::string_view before, std::string_view uuid) {
  const bool upper = std::any_of(before.begin(), before.end(), is_upper);
  const size_t dash = before.find_first_of("-_");
  std::string text;
  for (const char c : uuid) {
    if (c == '-') {
      if (dash != before.npos) text += before[dash];
    } else {
      text += upper && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return text;
}

// In a run of digits and dashes.
void read_uuids(std::string_view run, size_t begin, std::vector<PathElement>& elements) {
  bool found = false;
  for (size_t at = 0; at < run.size();) {
    const size_t size = at == 0 || is_dash(run[at - 1]) ? uuid_size(run.substr(at)) : 0;
    if (size == 0) {
      ++at;
      continue;
    }
    elements.push_back({printed_uuid(run.substr(at, size)), begin + at, size});
    found = true;
    at += size;
  }
  const auto digits = static_cast<size_t>(std::count_if(run.begin(), run.end(), is_hex));
  if (!found && digits >= kHalfUuid) elements.push_back({std::string(run), begin, run.size()});
}

}  // namespace

std::vector<PathElement> read_path(PathIds ids, std::string_view text) {
  std::vector<PathElement> elements;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && is_in_id(ids, text[end])) ++end;
    const std::string_view run = text.substr(begin, end - begin);
    if (ids == PathIds::kUuids) {
      read_uuids(run, begin, elements);
    } else if (std::any_of(run.begin(), run.end(), is_word_letter)) {
      elements.push_back({std::string(run), begin, run.size()});
    }
    begin = end + 1;
  }
  return elements;
}

bool is_padded_number(std::string_view id) {
  return id.size() > 1 && id[0] == '0' && std::all_of(id.begin(), id.end(), is_digit);
}

std::string replace_path_ids(PathIds ids, std::string_view text,
                             const std::vector<PathElement>& elements,
                             const std::vector<std::string>& new_ids) {
  if (elements.empty()) return std::string(text);
  std::string replaced(text.substr(0, elements[0].begin));
  size_t done = elements[0].begin;
  bool any = false;
  for (size_t i = 0; i < elements.size(); ++i) {
    const PathElement& element = elements[i];
    if (new_ids[i] != kNoKey) {
      // The first that stays stands where the first stood.
      if (any) replaced += text.substr(done, element.begin - done);
      const std::string_view before = text.substr(element.begin, element.size);
      replaced += ids == PathIds::kUuids ? spelt_like(before, new_ids[i]) : new_ids[i];
      any = true;
    }
    done = element.begin + element.size;
  }
  if (any) replaced += text.substr(done);
  return replaced;
}

}  // namespace company_backup
