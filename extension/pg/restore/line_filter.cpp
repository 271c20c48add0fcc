#include "pg/restore/line_filter.hpp"

#include <algorithm>
#include <cstring>

#include "core/text/json_text.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"

namespace company_backup {

LineFilter::LineFilter(const MatchedTable& matched, const std::vector<RowColumn>& names,
                       const SelectedTable& selected)
    : matched_(matched), names_(names), selected_(selected) {
  read_keys();
}

size_t LineFilter::key_count() const {
  size_t count = 0;
  for (const RowKeys& rows : selected_.rows) count += rows.keys.size();
  return count;
}

// Of a key of several columns the one that tells most rows apart.
void LineFilter::read_keys() {
  read_ = key_count();
  wanted_.clear();
  passes_all_ = selected_.whole;
  for (const RowKeys& rows : selected_.rows) {
    std::vector<std::unordered_set<std::string>> values(rows.columns.size());
    for (const std::string& key : rows.keys) {
      std::string_view left = key;
      for (std::unordered_set<std::string>& column : values) column.emplace(take_value(left));
    }
    const auto best =
        std::max_element(values.begin(), values.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    const auto position =
        position_of(matched_, rows.columns[static_cast<size_t>(best - values.begin())]);
    if (!position) continue;  // no line has such a key
    const Column& column = *matched_.columns[*position];
    if (column.type_oid == JSONBOID || column.is_bytea()) passes_all_ = true;
    wanted_.push_back({json_key_token(names_[*position].name), std::move(*best)});
  }
}

// `line` begins behind the token.
bool LineFilter::has_value(const Wanted& wanted, std::string_view line) {
  const bool quoted = !line.empty() && line[0] == '"';
  if (quoted) line.remove_prefix(1);
  const std::string_view value = line.substr(0, line.find_first_of(quoted ? "\"" : ",}"));
  return value.find('\\') != std::string_view::npos || wanted.values.contains(std::string(value));
}

// The token may stand inside a document as well: any of them counts.
bool LineFilter::passes(std::string_view line) {
  if (key_count() > 2 * read_) read_keys();
  if (passes_all_) return true;
  for (const Wanted& wanted : wanted_) {
    std::string_view left = line;
    while (const void* const found =
               memmem(left.data(), left.size(), wanted.token.data(), wanted.token.size())) {
      const auto at = static_cast<size_t>(static_cast<const char*>(found) - left.data());
      left.remove_prefix(at + wanted.token.size());
      if (has_value(wanted, left)) return true;
    }
  }
  return false;
}

namespace {

class SelectedLines : public LineSource {
 public:
  SelectedLines(std::unique_ptr<LineSource> lines, const MatchedTable& matched,
                const SelectedTable& selected)
      : lines_(std::move(lines)),
        matched_(matched),
        selected_(selected),
        row_(row_columns(matched.columns)),
        filter_(matched, row_columns(matched.columns), selected) {}

  bool next(std::string_view& line) override {
    while (lines_->next(line)) {
      if (!filter_.passes(line)) continue;
      row_.parse(line);
      if (selected_.has(matched_.columns, row_.values())) return true;
    }
    return false;
  }

 private:
  std::unique_ptr<LineSource> lines_;
  const MatchedTable& matched_;
  const SelectedTable& selected_;
  RowLine row_;
  LineFilter filter_;
};

class KnownLines : public LineSource {
 public:
  explicit KnownLines(std::shared_ptr<const std::vector<std::string>> lines)
      : lines_(std::move(lines)) {}

  bool next(std::string_view& line) override {
    if (next_ == lines_->size()) return false;
    line = (*lines_)[next_++];
    return true;
  }

 private:
  std::shared_ptr<const std::vector<std::string>> lines_;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<LineSource> known_lines(std::shared_ptr<const std::vector<std::string>> lines) {
  return std::make_unique<KnownLines>(std::move(lines));
}

std::unique_ptr<LineSource> select_lines(std::unique_ptr<LineSource> lines,
                                         const MatchedTable& matched,
                                         const SelectedTable* selected) {
  if (selected == nullptr || selected->whole) return lines;
  return std::make_unique<SelectedLines>(std::move(lines), matched, *selected);
}

namespace {

class DistinctLines : public LineSource {
 public:
  DistinctLines(std::unique_ptr<LineSource> lines, const MatchedTable& matched)
      : lines_(std::move(lines)), matched_(matched), row_(row_columns(matched.columns)) {}

  bool next(std::string_view& line) override {
    while (lines_->next(line)) {
      row_.parse(line);
      auto key = key_line_of(matched_.scoped->key, matched_.columns, row_.values());
      if (key && key == last_) continue;
      last_ = std::move(key);
      return true;
    }
    return false;
  }
  std::string_view member_of(std::string_view piece) const override {
    return lines_->member_of(piece);
  }

 private:
  const std::unique_ptr<LineSource> lines_;
  const MatchedTable& matched_;
  RowLine row_;
  std::optional<std::string> last_;
};

}  // namespace

std::unique_ptr<LineSource> distinct_lines(std::unique_ptr<LineSource> lines,
                                           const MatchedTable& matched) {
  return std::make_unique<DistinctLines>(std::move(lines), matched);
}

}  // namespace company_backup
