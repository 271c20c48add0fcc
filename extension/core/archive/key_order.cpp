#include "core/archive/key_order.hpp"

#include <algorithm>
#include <cstdio>

#include "core/text/error.hpp"

namespace company_backup {
namespace {

struct Integer {
  bool negative = false;
  std::string_view digits;  // without leading zeros
};

Integer parse_integer(std::string_view text) {
  Integer value;
  value.negative = text.starts_with('-');
  if (value.negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) {
    throw Error(sqlstate::kBadArchive, "an integer key is not an integer");
  }
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  value.digits = text;
  if (text.empty()) value.negative = false;
  return value;
}

int compare_integers(std::string_view a_text, std::string_view b_text) {
  const Integer a = parse_integer(a_text);
  const Integer b = parse_integer(b_text);
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int order = a.digits.compare(b.digits);
  if (a.digits.size() != b.digits.size()) order = a.digits.size() < b.digits.size() ? -1 : 1;
  return a.negative ? -order : order;
}

}  // namespace

KeyOrder key_order(const Column& column) {
  return column.family == TypeFamily::kInteger ? KeyOrder::kInteger : KeyOrder::kText;
}

const char* to_text(KeyOrder order) {
  switch (order) {
    case KeyOrder::kInteger:
      return "integer";
    case KeyOrder::kText:
      return "text";
  }
  return "";
}

int compare_keys(KeyOrder order, std::string_view a, std::string_view b) {
  return order == KeyOrder::kInteger ? compare_integers(a, b) : a.compare(b);
}

void append_sort_key(KeyOrder order, std::string_view text, std::string& key) {
  if (order != KeyOrder::kInteger) {
    key += text;
    key += '\0';
    return;
  }
  const Integer value = parse_integer(text);
  char length[21];
  std::snprintf(length, sizeof length, "%020zu", value.digits.size());
  const size_t start = key.size();
  key += length;
  key += value.digits;
  if (value.negative) {  // the longer, the smaller
    std::for_each(key.begin() + static_cast<ptrdiff_t>(start), key.end(),
                  [](char& digit) { digit = static_cast<char>('0' + '9' - digit); });
  }
  key.insert(start, 1, value.negative ? '-' : '0');
}

void check_key(KeyOrder order, std::string_view text) {
  if (order == KeyOrder::kInteger) parse_integer(text);
}

}  // namespace company_backup
