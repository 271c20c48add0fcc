#include "pg/base/sorted_row.hpp"

#include <cstring>

namespace company_backup {
namespace {

// Field by field: a struct has bytes between them, and the same row has to give the same text.
template <class T>
void put(std::string& text, T value) {
  text.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The last one put.
template <class T>
void take(std::string_view& text, T& value) {
  std::memcpy(&value, text.data() + text.size() - sizeof value, sizeof value);
  text.remove_suffix(sizeof value);
}

}  // namespace

std::string sorted_text(const SortedRow& row) {
  std::string text(row.key);
  text += static_cast<char>(row.whose);
  text += row.line;
  put(text, row.version.relation);
  put(text, row.version.block);
  put(text, row.version.offset);
  put(text, row.xmin);
  put(text, row.key.size());
  return text;
}

SortedRow parse_sorted(std::string_view text) {
  SortedRow row{};
  size_t key_size;
  take(text, key_size);
  take(text, row.xmin);
  take(text, row.version.offset);
  take(text, row.version.block);
  take(text, row.version.relation);
  row.key = text.substr(0, key_size);
  row.whose = static_cast<SortedRow::Whose>(text[key_size]);
  text.remove_prefix(key_size + 1);
  row.line = text;
  return row;
}

CurrentRow current_row(const SortedRow& row) {
  return {row.line, row.version};
}

}  // namespace company_backup
