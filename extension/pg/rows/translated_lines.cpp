#include "pg/rows/translated_lines.hpp"

#include "core/text/row_composer.hpp"
#include "pg/rows/sorted_lines.hpp"

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

}  // namespace

std::unique_ptr<LineSource> translate_lines(std::unique_ptr<LineSource> lines,
                                            const std::vector<RowColumn>& columns, RowMapper mapper,
                                            const std::vector<ManifestKeyColumn>& key,
                                            TranslationObserver observer) {
  const std::vector<LineKeyPart> parts = line_key(columns, key);
  std::vector<size_t> positions;
  for (const LineKeyPart& part : parts) positions.push_back(part.position);
  const bool in_order = mapper.keeps_order(positions);
  auto translated = std::make_unique<Translated>(std::move(lines), columns, std::move(mapper),
                                                 std::move(observer));
  if (in_order) return translated;
  auto sorted = std::make_unique<SortedLines>(parts);
  std::string_view line;
  while (translated->next(line)) sorted->put(translated->values(), line);
  sorted->sort();
  return sorted;
}

}  // namespace company_backup
