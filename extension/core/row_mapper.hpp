// Gives the references in a row of the archive the keys they have here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_path.hpp"
#include "core/key_map.hpp"
#include "core/row_line.hpp"

namespace company_backup {

// The maps that apply to the rows of one table. Maps must outlive it.
class RowMapper {
 public:
  struct When {
    size_t position;
    std::string value;  // text form
  };

  // Positions are those of a row's values. Every map looks at the row as it came, so that no value
  // is replaced twice. Where several maps know one value they must agree: Error kIntegrity
  // otherwise, since nothing tells which of them is right.
  void map_column(size_t position, const KeyMap* map, std::optional<When> when = {});
  void map_columns(std::vector<size_t> positions, const KeyMap* map, std::optional<When> when = {});
  void map_array(size_t position, const KeyMap* map, std::optional<When> when = {});
  // Inside jsonb nothing is rewritten: Error kIntegrity if a key there would have to change.
  void check_json(size_t position, JsonPath path, const KeyMap* map, const std::string& reference,
                  std::optional<When> when = {});

  bool empty() const { return columns_.empty() && arrays_.empty() && documents_.empty(); }

  // Do rows that came in the order of these columns leave in that order? Not if a map that does not
  // keep the order, or one that leaves out some rows, may replace a value of theirs.
  bool keeps_order(const std::vector<size_t>& key_positions) const;

  // Replaces values; new texts live until the next call.
  void apply(std::vector<RowValue>& row);

 private:
  struct Columns {
    std::vector<size_t> positions;
    const KeyMap* map;
    std::optional<When> when;
    std::vector<std::string> new_key;  // of this row
  };
  struct Rule {
    const KeyMap* map;
    std::optional<When> when;
  };
  // All that applies to the elements of one array.
  struct Array {
    size_t position;
    std::vector<Rule> rules;
    std::string text;  // of this row
  };
  struct Document {
    size_t position;
    const KeyMap* map;
    std::optional<When> when;
    JsonPath path;
    std::string reference;
  };
  bool holds(const std::optional<When>& when) const;
  void apply_columns(Columns& columns, std::vector<RowValue>& row);
  void apply_array(Array& array, std::vector<RowValue>& row);
  void apply_json(const Document& document) const;
  bool find_element(const Array& array, std::string_view element);

  std::vector<Columns> columns_;
  std::vector<Array> arrays_;
  std::vector<Document> documents_;
  std::vector<RowValue> before_;          // the row as it came
  std::vector<std::string_view> key_;     // scratch
  std::vector<std::string> found_, new_;  // scratch: by one map, by all
};

// The elements of a one-dimensional array in PostgreSQL's text form. An array of
// more dimensions or with bounds of its own gives no elements: nullopt.
std::optional<std::vector<std::optional<std::string>>> parse_array(std::string_view text);
std::string array_text(const std::vector<std::optional<std::string>>& elements);

}  // namespace company_backup
