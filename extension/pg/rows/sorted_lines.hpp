// Lines in the order of a key; on disk beyond work_mem.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/merge/row_merge.hpp"
#include "core/text/row_line.hpp"
#include "pg/base/line_spool.hpp"

namespace company_backup {

struct LineKeyPart {
  size_t position;
  KeyOrder order;
};

// Where a line with these columns has the key, whose columns are among them.
std::vector<LineKeyPart> line_key(const std::vector<RowColumn>& columns,
                                  const std::vector<ManifestKeyColumn>& key);

class SortedLines : public LineSource {
 public:
  explicit SortedLines(std::vector<LineKeyPart> key) : key_(std::move(key)) {}

  // `values`: of the line.
  void put(const std::vector<RowValue>& values, std::string_view line);
  // To be called once, between the last put() and the first next().
  void sort() { sorter_.sort(); }
  bool next(std::string_view& line) override;

 private:
  std::vector<LineKeyPart> key_;
  LineSorter sorter_;
  std::string text_;
};

}  // namespace company_backup
