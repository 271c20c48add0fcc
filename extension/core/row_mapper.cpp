#include "core/row_mapper.hpp"

#include "core/error.hpp"

namespace company_backup {

void KeyMap::join(const std::vector<std::string_view>& key, std::string& joined) {
  joined.clear();
  for (const std::string_view part : key) {
    if (key.size() > 1) joined += std::to_string(part.size()) + ":";
    joined += part;
  }
}

void KeyMap::add(const std::vector<std::string_view>& old_key, std::vector<std::string> new_key) {
  for (size_t i = 0; i < width_; ++i) changes_ |= old_key[i] != new_key[i];
  join(old_key, scratch_);
  keys_.emplace(scratch_, std::move(new_key));
}

const std::vector<std::string>* KeyMap::find(const std::vector<std::string_view>& old_key) const {
  join(old_key, scratch_);
  const auto found = keys_.find(std::string_view(scratch_));
  if (found != keys_.end()) return &found->second;
  if (!complete_) return nullptr;
  std::string key;
  for (const std::string_view part : old_key) {
    key += key.empty() ? "" : ", ";
    key += part;
  }
  throw Error(sqlstate_, "a row refers to a row of table \"" + table_ +
                             "\" that the archive says nothing about")
      .detail("Its key there is (" + key + ").");
}

void RowMapper::map_column(size_t position, const KeyMap* map, std::optional<When> when) {
  map_columns({position}, map, std::move(when));
}

void RowMapper::map_columns(std::vector<size_t> positions, const KeyMap* map,
                            std::optional<When> when) {
  if (map->is_identity()) return;
  steps_.push_back({Kind::kColumns, std::move(positions), map, std::move(when), {}, {}});
}

void RowMapper::map_array(size_t position, const KeyMap* map, std::optional<When> when) {
  if (map->is_identity()) return;
  steps_.push_back({Kind::kArray, {position}, map, std::move(when), {}, {}});
}

void RowMapper::check_json(size_t position, JsonPath path, const KeyMap* map,
                           const std::string& reference, std::optional<When> when) {
  if (map->is_identity()) return;
  steps_.push_back({Kind::kJson, {position}, map, std::move(when), std::move(path), reference});
}

void RowMapper::apply(std::vector<RowValue>& row) {
  before_ = row;
  texts_.clear();
  for (const Step& step : steps_) {
    if (step.when && before_[step.when->position].text != step.when->value) continue;
    switch (step.kind) {
      case Kind::kColumns:
        apply_columns(step, row);
        break;
      case Kind::kArray:
        apply_array(step, row);
        break;
      case Kind::kJson:
        apply_json(step);
        break;
    }
  }
}

void RowMapper::apply_columns(const Step& step, std::vector<RowValue>& row) {
  key_.clear();
  for (const size_t position : step.positions) {
    if (before_[position].kind == ValueKind::kNull) return;
    key_.push_back(before_[position].text);
  }
  const std::vector<std::string>* found = step.map->find(key_);
  if (found == nullptr) return;
  for (size_t i = 0; i < key_.size(); ++i) row[step.positions[i]].text = (*found)[i];
}

void RowMapper::apply_array(const Step& step, std::vector<RowValue>& row) {
  const RowValue& value = before_[step.positions[0]];
  if (value.kind == ValueKind::kNull) return;
  auto elements = parse_array(value.text);
  if (!elements) {
    throw Error(sqlstate::kIntegrity, "an array of references has more than one dimension")
        .detail("Its value is " + std::string(value.text.substr(0, 100)) + ".");
  }
  for (std::optional<std::string>& element : *elements) {
    if (!element) continue;
    key_.assign(1, *element);
    const std::vector<std::string>* found = step.map->find(key_);
    if (found != nullptr) element = (*found)[0];
  }
  row[step.positions[0]].text = texts_.emplace_back(array_text(*elements));
}

void RowMapper::apply_json(const Step& step) const {
  const RowValue& value = before_[step.positions[0]];
  if (value.kind == ValueKind::kNull) return;
  std::vector<std::string> keys, others;
  step.path->collect(value.text, keys, others);
  for (const std::string& key : keys) {
    const std::vector<std::string>* found = step.map->find({key});
    if (found == nullptr || (*found)[0] == key) continue;
    throw Error(sqlstate::kIntegrity,
                "reference \"" + step.reference + "\" would need new keys inside a document")
        .detail("Key " + key + " is " + (*found)[0] + " here.")
        .hint("References inside jsonb can only be loaded where the keys stay the same.");
  }
}

std::optional<std::vector<std::optional<std::string>>> parse_array(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::optional<std::string>> elements;
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '{') return std::nullopt;
    std::string element;
    const bool quoted = text[at] == '"';
    if (quoted) ++at;
    while (at < text.size() && text[at] != (quoted ? '"' : ',')) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      element += text[at++];
    }
    at += quoted ? 2 : 1;  // the quote and the comma
    if (!quoted && element == "NULL") {
      elements.emplace_back(std::nullopt);
    } else {
      elements.emplace_back(std::move(element));
    }
  }
  return elements;
}

std::string array_text(const std::vector<std::optional<std::string>>& elements) {
  std::string text = "{";
  for (const std::optional<std::string>& element : elements) {
    if (text.size() > 1) text += ',';
    if (!element) {
      text += "NULL";
      continue;
    }
    text += '"';
    for (const char c : *element) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

}  // namespace company_backup
