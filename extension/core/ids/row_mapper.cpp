#include "core/ids/row_mapper.hpp"

#include <algorithm>
#include <cstring>

#include "core/text/array_text.hpp"
#include "core/text/error.hpp"

namespace company_backup {

namespace {

[[noreturn]] void disagree(std::string_view old, std::string_view one, std::string_view other) {
  throw Error(sqlstate::kIntegrity, "two references give one value different keys")
      .detail("Key " + std::string(old) + " would become " + std::string(one) + " and " +
              std::string(other) + ".")
      .hint("Say with when_column of set_reference() which rows each reference is meant for.");
}

}  // namespace

void RowMapper::set_form(size_t position, KeyForm form, size_t width) {
  forms_[position] = {form, width};
}

KeyForm RowMapper::form_of(size_t position) const {
  if (forms_.empty()) return KeyForm::kAsPrinted;
  const auto found = forms_.find(position);
  return found == forms_.end() ? KeyForm::kAsPrinted : found->second.form;
}

void RowMapper::map_column(size_t position, const KeyMap* map, std::optional<When> when) {
  map_columns({position}, map, std::move(when));
}

void RowMapper::map_columns(std::vector<size_t> positions, const KeyMap* map,
                            std::optional<When> when) {
  if (map->is_identity()) return;
  columns_.push_back({std::move(positions), map, std::move(when)});
}

std::vector<RowMapper::Rule>& RowMapper::rules_at(std::vector<Inside>& list, size_t position,
                                                  PathIds ids) {
  for (Inside& inside : list) {
    if (inside.position == position && inside.ids == ids) return inside.rules;
  }
  return list.emplace_back(Inside{position, {}, ids, {}}).rules;
}

void RowMapper::map_array(size_t position, const KeyMap* map, std::optional<When> when) {
  if (map->is_identity()) return;
  rules_at(arrays_, position).push_back({map, std::move(when), {}, nullptr});
}

void RowMapper::map_path(size_t position, PathIds ids, const KeyMap* map,
                         std::optional<When> when) {
  if (map->is_identity()) return;
  rules_at(paths_, position, ids).push_back({map, std::move(when), {}, nullptr});
}

void RowMapper::map_json(size_t position, JsonPath path, const KeyMap* map,
                         std::optional<When> when) {
  if (map->is_identity()) return;
  rules_at(documents_, position).push_back({map, std::move(when), std::move(path), nullptr});
}

void RowMapper::clear_columns(std::vector<size_t> positions, std::optional<When> when,
                              std::optional<Gone> gone) {
  if (!positions.empty()) {
    cleared_.push_back({std::move(positions), std::move(when), std::move(gone)});
  }
}

void RowMapper::drop_keys(std::vector<size_t> positions, const KeySet* keys,
                          std::vector<size_t> cleared, std::optional<When> when) {
  dropped_.push_back({std::move(positions), keys, std::move(cleared), std::move(when)});
}

void RowMapper::drop_elements(size_t position, const KeySet* keys, std::optional<When> when) {
  rules_at(arrays_, position).push_back({nullptr, std::move(when), {}, keys});
}

void RowMapper::drop_from_path(size_t position, PathIds ids, const KeySet* keys,
                               std::optional<When> when) {
  rules_at(paths_, position, ids).push_back({nullptr, std::move(when), {}, keys});
}

std::vector<size_t> RowMapper::positions() const {
  std::vector<size_t> all;
  const auto add = [&](size_t position, const std::optional<When>& when) {
    all.push_back(position);
    if (when) all.push_back(when->position);
  };
  for (const Columns& columns : columns_) {
    for (const size_t position : columns.positions) add(position, columns.when);
  }
  for (const std::vector<Inside>* list : {&arrays_, &paths_, &documents_}) {
    for (const Inside& inside : *list) {
      for (const Rule& rule : inside.rules) add(inside.position, rule.when);
    }
  }
  for (const Cleared& cleared : cleared_) {
    for (const size_t position : cleared.positions) add(position, cleared.when);
    if (cleared.gone) all.insert(all.end(), cleared.gone->key.begin(), cleared.gone->key.end());
  }
  for (const Dropped& dropped : dropped_) {
    for (const size_t position : dropped.positions) add(position, dropped.when);
    for (const size_t position : dropped.cleared) add(position, {});
  }
  return all;
}

bool RowMapper::keeps_order(const std::vector<size_t>& key_positions) const {
  const auto in_key = [&](size_t position) {
    return std::find(key_positions.begin(), key_positions.end(), position) != key_positions.end();
  };
  std::vector<size_t> mapped;
  for (const Columns& columns : columns_) {
    for (const size_t position : columns.positions) {
      if (!in_key(position)) continue;
      const bool again = std::find(mapped.begin(), mapped.end(), position) != mapped.end();
      if (again || columns.when || !columns.map->keeps_order()) return false;
      mapped.push_back(position);
    }
  }
  const auto touches = [&](const Inside& inside) { return in_key(inside.position); };
  return std::none_of(arrays_.begin(), arrays_.end(), touches) &&
         std::none_of(paths_.begin(), paths_.end(), touches) &&
         std::none_of(documents_.begin(), documents_.end(), touches);
}

void RowMapper::apply(std::vector<RowValue>& row) {
  before_ = row;
  if (!cleared_.empty() || !dropped_.empty()) clear(row);
  for (Columns& columns : columns_) apply_columns(columns, row);
  for (Inside& array : arrays_) apply_array(array, row);
  for (Inside& path : paths_) apply_path(path, row);
  for (Inside& document : documents_) apply_document(document, row);
}

// First: a value that is not to be there need not be known to any map.
void RowMapper::clear(std::vector<RowValue>& row) {
  for (const Cleared& cleared : cleared_) {
    if (!holds(cleared.when) || !is_gone(cleared.gone)) continue;
    for (const size_t position : cleared.positions) row[position] = {};
  }
  for (const Dropped& dropped : dropped_) {
    if (!holds(dropped.when) || !read_key(dropped.positions)) continue;
    if (!dropped.keys->contains(key_)) continue;
    for (const size_t position : dropped.cleared) row[position] = {};
  }
  before_ = row;
}

// The key as it came, in its form, into key_; false: a part of it is NULL.
bool RowMapper::read_key(const std::vector<size_t>& positions) {
  key_.clear();
  for (const size_t position : positions) {
    if (before_[position].kind == ValueKind::kNull) return false;
    key_.push_back(in_form(form_of(position), before_[position].text));
  }
  return true;
}

// As char(n) prints it.
void RowMapper::pad(size_t position, std::string& text) const {
  const auto found = forms_.find(position);
  if (found == forms_.end()) return;
  const auto is_start = [](char c) { return (c & 0xC0) != 0x80; };  // of a character
  const auto length = static_cast<size_t>(std::count_if(text.begin(), text.end(), is_start));
  const size_t width = found->second.width;
  if (length < width) text.append(width - length, ' ');
}

bool RowMapper::has_known_all(size_t position, const KeyMap& map) const {
  return std::any_of(columns_.begin(), columns_.end(), [&](const Columns& columns) {
    return columns.map == &map && !columns.when && !columns.has_missed &&
           columns.positions == std::vector<size_t>{position};
  });
}

bool RowMapper::holds(const std::optional<When>& when) const {
  if (!when) return true;
  const std::string_view text = before_[when->position].text;
  return (when->padded ? without_padding(text) : text) == when->value;
}

bool RowMapper::is_gone(const std::optional<Gone>& gone) {
  return !gone || (read_key(gone->key) && gone->map->find(key_, found_));
}

// Maps of hashed IDs know them as they are printed.
bool RowMapper::find(Columns& columns) {
  if (columns.map->find(key_, columns.new_key)) return true;
  bool formed = false;
  for (size_t i = 0; i < key_.size() && !forms_.empty(); ++i) {
    const std::string_view text = before_[columns.positions[i]].text;
    formed |= key_[i].size() != text.size();
    key_[i] = text;
  }
  return formed && columns.map->find(key_, columns.new_key);
}

void RowMapper::apply_columns(Columns& columns, std::vector<RowValue>& row) {
  if (!holds(columns.when) || !read_key(columns.positions)) return;
  if (!find(columns)) {
    columns.has_missed = true;
    return;
  }
  for (size_t i = 0; i < key_.size(); ++i) {
    if (!forms_.empty()) pad(columns.positions[i], columns.new_key[i]);
    std::string_view& text = row[columns.positions[i]].text;
    const bool replaced = text.data() != key_[i].data();
    if (replaced && text != columns.new_key[i]) disagree(key_[i], text, columns.new_key[i]);
    text = columns.new_key[i];
  }
}

// Fills active_, all_ and steps_; false: nothing applies in this row.
bool RowMapper::select(const Inside& inside) {
  active_.clear();
  all_.clear();
  steps_.clear();
  if (before_[inside.position].kind == ValueKind::kNull) return false;
  for (const Rule& rule : inside.rules) {
    if (!holds(rule.when)) continue;
    all_.push_back(active_.size());
    active_.push_back(&rule);
    steps_.push_back(&rule.path);
  }
  return !active_.empty();
}

// Asks these of the active rules; leaves the new key in new_.
bool RowMapper::find(std::string_view key, const std::vector<size_t>& rules) {
  bool known = false;
  key_.assign(1, key);
  for (const size_t rule : rules) {
    const KeyMap* map = active_[rule]->map;
    if (map == nullptr || !map->find(key_, found_)) continue;
    if (known && found_ != new_) disagree(key, new_[0], found_[0]);
    new_.swap(found_);
    known = true;
  }
  return known;
}

bool RowMapper::is_dropped(std::string_view element) {
  key_.assign(1, element);
  return std::any_of(active_.begin(), active_.end(), [this](const Rule* rule) {
    return rule->dropped != nullptr && rule->dropped->contains(key_);
  });
}

namespace {

// What is not to be there is left out, but where that would break the array's form: there it is
// NULL.
void write_array(const ArrayText& elements, std::string_view before, std::string& text) {
  std::vector<std::optional<std::string>> values;
  text.clear();
  size_t done = 0;
  for (const ArrayElement& element : elements.list) {
    const bool is_none = element.value == kNoKey;
    if (elements.plain) {
      if (!is_none) values.push_back(element.value);
      continue;
    }
    text += before.substr(done, element.begin - done);
    append_element(is_none ? std::nullopt : element.value, text);
    done = element.end;
  }
  if (elements.plain) {
    text = array_text(values);
  } else {
    text += before.substr(done);
  }
}

}  // namespace

void RowMapper::apply_array(Inside& array, std::vector<RowValue>& row) {
  if (!select(array)) return;
  const std::string_view text = before_[array.position].text;
  std::optional<ArrayText> elements = read_array(text);
  if (!elements) {
    throw Error(sqlstate::kIntegrity, "an array of references cannot be read")
        .detail("Its value is " + std::string(text.substr(0, 100)) + ".");
  }
  const KeyForm form = form_of(array.position);
  bool changed = false;
  for (ArrayElement& element : elements->list) {
    if (!element.value) continue;
    const std::string key(in_form(form, *element.value));
    const bool formed = form != KeyForm::kAsPrinted;
    if (is_dropped(key)) {
      element.value = std::string(kNoKey);
    } else if (find(key, all_) || (formed && find(*element.value, all_))) {
      if (formed && new_[0] != kNoKey) pad(array.position, new_[0]);
      element.value->swap(new_[0]);
    } else {
      continue;
    }
    changed = true;
  }
  if (!changed) return;
  write_array(*elements, text, array.text);
  row[array.position].text = array.text;
}

void RowMapper::apply_path(Inside& path, std::vector<RowValue>& row) {
  if (!select(path)) return;
  const std::string_view text = before_[path.position].text;
  const std::vector<PathElement> elements = read_path(path.ids, text);
  std::vector<std::string> ids;
  bool changed = false;
  for (const PathElement& element : elements) {
    std::string& id = ids.emplace_back(element.id);
    if (is_dropped(element.id)) {
      id = kNoKey;
    } else if (find(element.id, all_)) {
      id = new_[0] == kNoKey ? new_[0] : std::string(without_padding(new_[0]));
    } else {
      continue;
    }
    changed = true;
  }
  if (!changed) return;
  const bool padded = form_of(path.position) == KeyForm::kPadded;
  path.text = replace_path_ids(path.ids, padded ? without_padding(text) : text, elements, ids);
  if (padded) pad(path.position, path.text);
  std::string_view& value = row[path.position].text;
  if (value.data() != text.data() && value != path.text) disagree(text, value, path.text);
  value = path.text;
}

void RowMapper::apply_document(Inside& document, std::vector<RowValue>& row) {
  if (!select(document)) return;
  const RowValue& value = before_[document.position];
  const auto replace = [this](const std::vector<size_t>& rules, std::string_view old_id,
                              std::string& new_id) {
    if (!find(old_id, rules)) return false;
    new_id = new_[0];
    return true;
  };
  // json is kept as a string with its exact text, jsonb as part of the line.
  const bool part = value.kind == ValueKind::kJson;
  rewrite_json(part ? unwrap_jsonb(value.text) : value.text, steps_, replace, rewritten_);
  document.text.clear();
  if (part) {
    append_jsonb(document.text, rewritten_);
  } else {
    document.text = rewritten_;
  }
  row[document.position].text = document.text;
}

}  // namespace company_backup
