#include "pg/restore/translated_log.hpp"

#include <cstring>
#include <optional>
#include <utility>

#include "core/archive/key_order.hpp"
#include "core/merge/change_log.hpp"
#include "core/text/row_composer.hpp"
#include "pg/base/line_spool.hpp"

namespace company_backup {
namespace {

// Reads all at once: the new keys may stand in another order.
class TranslatedLog : public LineSource {
 public:
  TranslatedLog(LineSource& lines, const std::vector<RowColumn>& columns,
                const std::vector<MergeKeyPart>& key, bool keyless, RowMapper mapper)
      : columns_(columns),
        key_(key),
        keyless_(keyless),
        mapper_(std::move(mapper)),
        whole_(columns) {
    std::string_view line;
    if (!lines.next(line)) return;
    header_ = line;
    if (!keyless) added_.emplace(first_columns(ChangeLogHeader::parse(line).archived));
    while (lines.next(line)) put(line);
    sorter_.sort();
    filled_ = true;
  }

  bool next(std::string_view& line) override {
    if (!filled_) return false;
    if (!std::exchange(begun_, true)) {
      line = header_;
      return true;
    }
    if (!sorter_.next(line)) return false;
    uint64_t size;
    std::memcpy(&size, line.data() + line.size() - sizeof size, sizeof size);
    line = line.substr(size, line.size() - size - sizeof size);
    return true;
  }

 private:
  std::vector<RowColumn> first_columns(size_t count) const {
    return {columns_.begin(), columns_.begin() + static_cast<ptrdiff_t>(count)};
  }

  // Of added rows the log has the archive's columns only.
  void put(std::string_view line) {
    const std::string what(line.substr(0, keyless_ ? 0 : 1));
    RowLine& row = what == "a" ? *added_ : whole_;
    row.parse(line.substr(what.size()));
    std::vector<RowValue> values = row.values();
    const size_t width = values.size();
    values.resize(columns_.size());
    mapper_.apply(values);
    values.resize(width);
    std::string text;
    for (const MergeKeyPart& part : key_) {
      append_sort_key(part.order, values[part.column].text, text);
    }
    const uint64_t size = text.size();
    text += what;
    RowComposer(first_columns(width)).append(values, text);
    text.append(reinterpret_cast<const char*>(&size), sizeof size);
    sorter_.put(text);
  }

  const std::vector<RowColumn> columns_;
  const std::vector<MergeKeyPart> key_;
  const bool keyless_;
  RowMapper mapper_;
  RowLine whole_;
  std::optional<RowLine> added_;
  std::string header_;
  LineSorter sorter_;
  bool filled_ = false, begun_ = false;
};

}  // namespace

std::unique_ptr<LineSource> translate_log(LineSource& lines, const std::vector<RowColumn>& columns,
                                          const std::vector<MergeKeyPart>& key, bool keyless,
                                          RowMapper mapper) {
  return std::make_unique<TranslatedLog>(lines, columns, key, keyless, std::move(mapper));
}

}  // namespace company_backup
