// Whether conditions of JSON paths hold for values of one document, as in PostgreSQL's lax mode:
// arrays are looked into, one level, for a key and for what is compared; a condition holds if it
// does for any of the values found; values of two kinds are neither equal nor unequal, unless one
// is null.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/text/json_condition.hpp"
#include "core/text/json_scanner.hpp"

namespace company_backup {

class JsonTester {
 public:
  // The text must outlive it.
  explicit JsonTester(std::string_view json) : json_(json) {}

  // `value`: where it begins in the text; what comes after it there counts, too. Error kBadArchive
  // if the document is malformed. However many values are asked about, one in the other: the time
  // is that of reading the document a fixed number of times.
  bool holds(const JsonCondition& condition, const char* value);

 private:
  enum class Truth { kFalse, kUnknown, kTrue };
  struct Container {
    std::uint32_t begin, end;
  };

  void find_containers();
  JsonScanner scanner_at(const char* value, std::size_t max_depth = 0) const;
  const char* behind(const char* value) const;
  Truth test(const JsonCondition& condition, const char* value) const;
  Truth compare(const JsonCondition& condition, const char* value) const;
  template <typename Take>
  bool each_inside(const char* container, Take take) const;
  template <typename Take>
  bool each_found(const std::vector<JsonStep>& path, std::size_t step, const char* value,
                  bool unwrap, Take& take) const;

  std::string_view json_;
  bool ready_ = false;
  std::vector<Container> containers_;  // in the order of the text, so that they can be skipped
};

}  // namespace company_backup
