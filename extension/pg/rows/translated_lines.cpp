#include "pg/rows/translated_lines.hpp"

#include <algorithm>
#include <cstring>

#include "core/archive/key_order.hpp"
#include "core/text/row_composer.hpp"
#include "pg/base/line_spool.hpp"

namespace company_backup {
namespace {

class Translated : public LineSource {
 public:
  Translated(std::unique_ptr<LineSource> lines, const std::vector<RowColumn>& columns,
             RowMapper mapper, TranslationObserver observer)
      : lines_(std::move(lines)),
        row_(columns),
        mapper_(std::move(mapper)),
        composer_(columns),
        observer_(std::move(observer)) {}

  bool next(std::string_view& line) override {
    if (!lines_->next(line)) return false;
    row_.parse(line);
    values_ = row_.values();
    mapper_.apply(values_);
    if (observer_) observer_(row_.values(), values_);
    text_.clear();
    composer_.append(values_, text_);
    line = text_;
    return true;
  }

  // Of the line that next() gave.
  const std::vector<RowValue>& values() const { return values_; }

 private:
  std::unique_ptr<LineSource> lines_;
  RowLine row_;
  RowMapper mapper_;
  RowComposer composer_;
  TranslationObserver observer_;
  std::vector<RowValue> values_;
  std::string text_;
};

struct KeyPart {
  size_t position;
  KeyOrder order;
};

class Sorted : public LineSource {
 public:
  Sorted(Translated& lines, const std::vector<KeyPart>& key) {
    std::string_view line;
    std::string text;
    while (lines.next(line)) {
      text.clear();
      for (const KeyPart& part : key) {
        append_sort_key(part.order, lines.values()[part.position].text, text);
      }
      const uint64_t size = text.size();
      text += line;
      text.append(reinterpret_cast<const char*>(&size), sizeof size);
      sorter_.put(text);
    }
    sorter_.sort();
  }

  bool next(std::string_view& line) override {
    if (!sorter_.next(line)) return false;
    uint64_t size;
    std::memcpy(&size, line.data() + line.size() - sizeof size, sizeof size);
    line = line.substr(size, line.size() - size - sizeof size);
    return true;
  }

 private:
  LineSorter sorter_;
};

std::vector<KeyPart> key_parts(const std::vector<RowColumn>& columns,
                               const std::vector<ManifestKeyColumn>& key) {
  std::vector<KeyPart> parts;
  for (const ManifestKeyColumn& wanted : key) {
    const std::string& name = wanted.column;
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const RowColumn& column) { return column.name == name; });
    parts.push_back({static_cast<size_t>(found - columns.begin()), wanted.order});
  }
  return parts;
}

}  // namespace

std::unique_ptr<LineSource> translate_lines(std::unique_ptr<LineSource> lines,
                                            const std::vector<RowColumn>& columns, RowMapper mapper,
                                            const std::vector<ManifestKeyColumn>& key,
                                            TranslationObserver observer) {
  const std::vector<KeyPart> parts = key_parts(columns, key);
  std::vector<size_t> positions;
  for (const KeyPart& part : parts) positions.push_back(part.position);
  const bool in_order = mapper.keeps_order(positions);
  auto translated = std::make_unique<Translated>(std::move(lines), columns, std::move(mapper),
                                                 std::move(observer));
  if (in_order) return translated;
  return std::make_unique<Sorted>(*translated, parts);
}

}  // namespace company_backup
