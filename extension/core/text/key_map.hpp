// Old key -> new key of one table; a key is the text form of one or more columns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/text/error.hpp"

namespace company_backup {

// Values of these types are equal if their forms are, however they are printed.
enum class KeyForm : uint8_t {
  kAsPrinted,
  kPadded,  // char(n): trailing blanks do not count
  kNumeric  // numeric: zeros at the end of the fraction do not
};

inline std::string_view without_padding(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

inline std::string_view in_form(KeyForm form, std::string_view text) {
  switch (form) {
    case KeyForm::kAsPrinted:
      break;
    case KeyForm::kPadded:
      return without_padding(text);
    case KeyForm::kNumeric:
      if (text.find('.') == std::string_view::npos) break;
      text = text.substr(0, text.find_last_not_of('0') + 1);
      return text.substr(0, text.size() - (text.ends_with('.') ? 1 : 0));
  }
  return text;
}

// A key of one or more columns as one text.
void join_key(const std::vector<std::string_view>& key, std::string& joined);

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class KeySet {
 public:
  void add(const std::vector<std::string_view>& key);
  bool contains(const std::vector<std::string_view>& key) const;
  bool empty() const { return keys_.empty(); }

 private:
  std::unordered_set<std::string, TextHash, std::equal_to<>> keys_;
  mutable std::string scratch_;
};

class KeyMap {
 public:
  virtual ~KeyMap() = default;

  virtual size_t width() const = 0;

  // Every key is known to stay what it is.
  virtual bool is_identity() const = 0;

  // Writes the new key (width() texts, whose memory is reused); false: the key stays. Error for a
  // key that must be known and is not.
  virtual bool find(const std::vector<std::string_view>& old_key,
                    std::vector<std::string>& new_key) const = 0;

  // Do the keys of this map stand in the same order after as before, as the archive orders keys?
  virtual bool keeps_order() const { return is_identity(); }
};

enum class UnlistedKeys { kKept, kRefused };

// Pairs of keys, one by one: the company's own keys, shared rows, people.
class ListedKeys final : public KeyMap {
 public:
  // `table`: for the message where a key is refused; `sqlstate`: of that error.
  ListedKeys(size_t width, UnlistedKeys unlisted, std::string table, const char* sqlstate)
      : width_(width), unlisted_(unlisted), table_(std::move(table)), sqlstate_(sqlstate) {}
  // Unlisted keys are kept.
  explicit ListedKeys(size_t width)
      : ListedKeys(width, UnlistedKeys::kKept, std::string(), sqlstate::kInternal) {}

  // Of the key's columns: values are listed, asked for and given in them. Empty: all as they are
  // printed. Before the first add().
  void set_forms(std::vector<KeyForm> forms) { forms_ = std::move(forms); }

  void add(const std::vector<std::string_view>& old_key, std::vector<std::string> new_key);

  size_t width() const override { return width_; }
  bool is_identity() const override { return unlisted_ == UnlistedKeys::kKept && !changes_; }
  bool find(const std::vector<std::string_view>& old_key,
            std::vector<std::string>& new_key) const override;

 private:
  void join(const std::vector<std::string_view>& key) const;

  size_t width_;
  UnlistedKeys unlisted_;
  std::vector<KeyForm> forms_;
  std::string table_;
  const char* sqlstate_;
  bool changes_ = false;
  std::unordered_map<std::string, std::vector<std::string>, TextHash, std::equal_to<>> keys_;
  mutable std::string scratch_;
};

}  // namespace company_backup
