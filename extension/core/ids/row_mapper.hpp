// Gives the references in a row of the archive the keys they have here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "core/text/key_map.hpp"
#include "core/text/path_text.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

// Every key becomes kNoKey.
class NoKeys final : public KeyMap {
 public:
  size_t width() const override { return 1; }
  bool is_identity() const override { return false; }
  bool find(const std::vector<std::string_view>&,
            std::vector<std::string>& new_key) const override {
    new_key.assign(1, std::string(kNoKey));
    return true;
  }
};

// Every key of a set does.
class DroppedKeys final : public KeyMap {
 public:
  explicit DroppedKeys(const KeySet* keys) : keys_(keys) {}
  size_t width() const override { return 1; }
  bool is_identity() const override { return keys_->empty(); }
  bool find(const std::vector<std::string_view>& key,
            std::vector<std::string>& new_key) const override {
    if (!keys_->contains(key)) return false;
    new_key.assign(1, std::string(kNoKey));
    return true;
  }

 private:
  const KeySet* keys_;
};

// The maps that apply to the rows of one table. Maps must outlive it.
class RowMapper {
 public:
  struct When {
    size_t position;
    std::string value;    // text form
    bool padded = false;  // of char(n): trailing blanks do not count
  };

  // In which maps and sets are asked for values of a column, or elements of its arrays. What
  // replaces a value of char(width) is padded; 0: there is no width.
  void set_form(size_t position, KeyForm form, size_t width = 0);

  // Positions are those of a row's values. Every map looks at the row as it came, so that no value
  // is replaced twice. Where several maps know one value they must agree: Error kIntegrity
  // otherwise, since nothing tells which of them is right.
  void map_column(size_t position, const KeyMap* map, std::optional<When> when = {});
  void map_columns(std::vector<size_t> positions, const KeyMap* map, std::optional<When> when = {});
  void map_array(size_t position, const KeyMap* map, std::optional<When> when = {});
  // Of a text made of such IDs; see core/text/path_text.hpp.
  void map_path(size_t position, PathIds ids, const KeyMap* map, std::optional<When> when = {});
  // Of a jsonb or json column; see rewrite_json().
  void map_json(size_t position, JsonPath path, const KeyMap* map, std::optional<When> when = {});

  // These values become NULL, whatever else is said of them. With `gone` (of the values at `key`,
  // as they came) only where it knows the key.
  struct Gone {
    std::vector<size_t> key;
    const KeyMap* map;
  };
  void clear_columns(std::vector<size_t> positions, std::optional<When> when = {},
                     std::optional<Gone> gone = {});

  // The values at `cleared` become NULL where the key at `positions` is one of `keys`, which must
  // outlive it; elements of an array or path go.
  void drop_keys(std::vector<size_t> positions, const KeySet* keys, std::vector<size_t> cleared,
                 std::optional<When> when = {});
  void drop_elements(size_t position, const KeySet* keys, std::optional<When> when = {});
  void drop_from_path(size_t position, PathIds ids, const KeySet* keys,
                      std::optional<When> when = {});

  bool empty() const {
    return columns_.empty() && arrays_.empty() && paths_.empty() && documents_.empty() &&
           cleared_.empty() && dropped_.empty();
  }

  // Of values that are looked at or replaced; some may be there more than once.
  std::vector<size_t> positions() const;

  // Do rows that came in the order of these columns leave in that order? Not if a map that does not
  // keep the order, or one that leaves out some rows, may replace a value of theirs.
  bool keeps_order(const std::vector<size_t>& key_positions) const;

  // Replaces values; new texts live until the next call.
  void apply(std::vector<RowValue>& row);

  // Did this map, which map_column() was given without a condition, know every value at this
  // position so far? NULL does not count.
  bool has_known_all(size_t position, const KeyMap& map) const;

 private:
  struct Columns {
    std::vector<size_t> positions;
    const KeyMap* map;
    std::optional<When> when;
    std::vector<std::string> new_key{};  // of this row
    bool has_missed = false;             // the map did not know a key
  };
  struct Rule {
    const KeyMap* map;  // null: `dropped`
    std::optional<When> when;
    JsonPath path;  // of documents
    const KeySet* dropped = nullptr;
  };
  struct Dropped {
    std::vector<size_t> positions;
    const KeySet* keys;
    std::vector<size_t> cleared;
    std::optional<When> when;
  };
  struct Cleared {
    std::vector<size_t> positions;
    std::optional<When> when;
    std::optional<Gone> gone;
  };
  // All that applies inside one array, path or document.
  struct Inside {
    size_t position;
    std::vector<Rule> rules;
    PathIds ids;       // of paths
    std::string text;  // of this row
  };
  static std::vector<Rule>& rules_at(std::vector<Inside>& list, size_t position, PathIds ids = {});
  bool holds(const std::optional<When>& when) const;
  bool is_gone(const std::optional<Gone>& gone);
  void clear(std::vector<RowValue>& row);
  bool select(const Inside& inside);
  bool find(std::string_view key, const std::vector<size_t>& rules);
  bool is_dropped(std::string_view element);
  bool read_key(const std::vector<size_t>& positions);
  bool find(Columns& columns);
  void pad(size_t position, std::string& text) const;
  void apply_columns(Columns& columns, std::vector<RowValue>& row);
  void apply_array(Inside& array, std::vector<RowValue>& row);
  void apply_path(Inside& path, std::vector<RowValue>& row);
  void apply_document(Inside& document, std::vector<RowValue>& row);

  struct Form {
    KeyForm form;
    size_t width;
  };
  KeyForm form_of(size_t position) const;

  std::unordered_map<size_t, Form> forms_;  // by position; of others: as they are printed
  std::vector<Columns> columns_;
  std::vector<Inside> arrays_;
  std::vector<Inside> paths_;
  std::vector<Inside> documents_;
  std::vector<Cleared> cleared_;
  std::vector<Dropped> dropped_;
  std::vector<RowValue> before_;          // the row as it came
  std::vector<const Rule*> active_;       // of an array, path or document, in this row
  std::vector<size_t> all_;               // positions in active_
  std::vector<const JsonPath*> steps_;    // of active_
  std::vector<std::string_view> key_;     // scratch
  std::vector<std::string> found_, new_;  // scratch: by one map, by all
  std::string rewritten_;                 // scratch
};

}  // namespace company_backup
