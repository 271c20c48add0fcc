// Checks the lines of one table of an archive while they stream.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/text/line_cutter.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

// Demands that rows ascend strictly by the manifest's key, or, without a key, that lines ascend.
class KeyOrderChecker {
 public:
  explicit KeyOrderChecker(const ManifestTable& table);

  // Error kBadArchive if this row must not follow the last one. The message says what, not where.
  void check(const RowLine& row, std::string_view line);

 private:
  struct Part {
    std::size_t column;
    KeyOrder order;
    std::string last;  // the text of the last row
  };
  void check_line(std::string_view line);

  std::vector<Part> parts_;
  std::string last_line_;
  bool first_ = true;
};

class TableChecker {
 public:
  // `entry` is the entry's name for messages. `sink` gets the checked lines.
  TableChecker(const ManifestTable& table, std::string entry, std::uint64_t max_line,
               unsigned max_depth, LineCutter::Sink sink);

  // Errors kBadArchive, kDamagedArchive, kArchiveLimit, with the entry and the line in DETAIL.
  void feed(std::string_view bytes);
  void finish();

  // After finish(): what the rows mention in their `number`th column of files, ascending.
  std::vector<Sha256Digest> files(std::size_t number) const;

 private:
  // The files of one column.
  struct Files {
    std::size_t column;
    std::set<Sha256Digest> mentioned;
  };
  void check_line(std::string_view line);
  void check_files();
  [[noreturn]] void refuse(const char* sqlstate,
                           const std::string& what) const;  // at the current line

  const ManifestTable& table_;
  std::string entry_;
  std::uint64_t max_line_;
  RowLine row_;
  KeyOrderChecker order_;
  LineCutter cutter_;
  std::vector<Files> files_;
};

}  // namespace company_backup
