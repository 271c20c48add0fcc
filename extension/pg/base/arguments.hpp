// Arguments of SQL functions as C++ values, and their results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/text/words.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

// Error kInvalidParameter "... must not be null" where a value is required.
Oid required_oid(FunctionCallInfo fcinfo, int index, const char* name);
int64_t required_int64(FunctionCallInfo fcinfo, int index, const char* name);
std::string required_text(FunctionCallInfo fcinfo, int index, const char* name);  // text or name
std::string required_bytes(FunctionCallInfo fcinfo, int index, const char* name);
std::string required_jsonb(FunctionCallInfo fcinfo, int index, const char* name);  // as text
Text optional_text(FunctionCallInfo fcinfo, int index);
// The company that a function is called for: text, or what its overloads take.
Text company_argument(FunctionCallInfo fcinfo, int index);
// The same of a text that goes into manifests, whose readers bound it: at most 10,000 bytes.
Text short_text(FunctionCallInfo fcinfo, int index, const char* name);
Text require_short(Text text, const char* name);
// Did the call leave the argument out? What it wrote itself has a place in its text.
bool is_default_argument(FunctionCallInfo fcinfo, int index);
std::optional<std::vector<std::string>> optional_names(FunctionCallInfo fcinfo, int index);

template <class Word>
std::vector<std::string> texts_of(const std::vector<Word>& words) {
  std::vector<std::string> texts;
  for (const Word word : words) texts.push_back(to_text(word));
  return texts;
}

// Error kInvalidParameter: `value` is none of the words that are possible.
[[noreturn]] void refuse_word(const std::string& what, const std::string& value,
                              const std::vector<std::string>& possible);

// One of an enum's words (core/text/words.hpp).
template <class Word>
Word required_word(FunctionCallInfo fcinfo, int index, const char* name) {
  const std::string value = required_text(fcinfo, index, name);
  const std::optional<Word> word = parse_word<Word>(value);
  if (!word) refuse_word(name, value, texts_of(all_words<Word>()));
  return *word;
}

Datum return_text(const std::string& text);

// The result set of a function that RETURNS TABLE, on disk beyond work_mem; each cell goes through
// the input function of its column.
class ResultRows {
 public:
  explicit ResultRows(FunctionCallInfo fcinfo);
  void put(const Row& row);

 private:
  ReturnSetInfo* result_;
  AttInMetadata* inputs_;
  const char** cells_;
  MemoryContext memory_;  // of one row
};

// Returns `rows` that way.
Datum return_rows(FunctionCallInfo fcinfo, const Rows& rows);

}  // namespace company_backup
