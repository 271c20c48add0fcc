// Lines of an archive as if its files were in them: so they can be compared with current rows, put
// into an undo record's place and loaded like all others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/archive_match.hpp"
#include "core/row_line.hpp"
#include "core/row_merge.hpp"
#include "pg/archive_source.hpp"

namespace company_backup {

class InlinedFiles : public LineSource {
 public:
  // Columns of files become base64 where they are loaded, null where not. Memory: one line, and one
  // file. The references must outlive it.
  InlinedFiles(std::unique_ptr<LineSource> lines, MemberSource& source, const MatchedTable& table);

  // Errors: those of `lines` and of MemberSource::read_file().
  bool next(std::string_view& line) override;

 private:
  void append_file(size_t column, std::string_view name);

  std::unique_ptr<LineSource> lines_;
  MemberSource& source_;
  const MatchedTable& table_;
  std::vector<size_t> files_;  // columns
  RowLine row_;
  std::string line_, content_;
};

}  // namespace company_backup
