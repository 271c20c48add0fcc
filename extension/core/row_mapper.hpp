// Gives the references in a row of the archive the keys they have here.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/json_path.hpp"
#include "core/row_line.hpp"

namespace company_backup {

// Old key -> new key of one table; a key is the text form of one or more columns.
class KeyMap {
 public:
  // `complete`: a key that is not in the map is an error, not itself. `table`: for that message;
  // `sqlstate`: of that error.
  KeyMap(size_t width, bool complete, std::string table, const char* sqlstate)
      : width_(width), complete_(complete), table_(std::move(table)), sqlstate_(sqlstate) {}

  size_t width() const { return width_; }
  void add(const std::vector<std::string_view>& old_key, std::vector<std::string> new_key);

  // Every key is known to stay what it is.
  bool is_identity() const { return !complete_ && !changes_; }

  // The new key; null: the key stays. Error (see the constructor) for a key that must be known.
  const std::vector<std::string>* find(const std::vector<std::string_view>& old_key) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  static void join(const std::vector<std::string_view>& key, std::string& joined);

  size_t width_;
  bool complete_;
  std::string table_;
  const char* sqlstate_;
  bool changes_ = false;
  std::unordered_map<std::string, std::vector<std::string>, Hash, std::equal_to<>> keys_;
  mutable std::string scratch_;
};

// The maps that apply to the rows of one table. Maps must outlive it.
class RowMapper {
 public:
  struct When {
    size_t position;
    std::string value;  // text form
  };

  // Positions are those of a row's values. All maps look at the row as it came; of several for one
  // position the last wins.
  void map_column(size_t position, const KeyMap* map, std::optional<When> when = {});
  void map_columns(std::vector<size_t> positions, const KeyMap* map, std::optional<When> when = {});
  void map_array(size_t position, const KeyMap* map, std::optional<When> when = {});
  // Inside jsonb nothing is rewritten: Error kIntegrity if a key there would have to change.
  void check_json(size_t position, JsonPath path, const KeyMap* map, const std::string& reference,
                  std::optional<When> when = {});

  bool empty() const { return steps_.empty(); }

  // Replaces values; new texts live until the next call.
  void apply(std::vector<RowValue>& row);

 private:
  enum class Kind { kColumns, kArray, kJson };
  struct Step {
    Kind kind;
    std::vector<size_t> positions;
    const KeyMap* map;
    std::optional<When> when;
    std::optional<JsonPath> path;
    std::string reference;
  };
  void apply_columns(const Step& step, std::vector<RowValue>& row);
  void apply_array(const Step& step, std::vector<RowValue>& row);
  void apply_json(const Step& step) const;

  std::vector<Step> steps_;
  std::vector<RowValue> before_;       // the row as it came
  std::vector<std::string_view> key_;  // scratch
  std::deque<std::string> texts_;      // new texts of this row
};

// The elements of a one-dimensional array in PostgreSQL's text form. An array of
// more dimensions or with bounds of its own gives no elements: nullopt.
std::optional<std::vector<std::optional<std::string>>> parse_array(std::string_view text);
std::string array_text(const std::vector<std::optional<std::string>>& elements);

}  // namespace company_backup
