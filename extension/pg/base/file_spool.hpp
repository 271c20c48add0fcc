// Files of a backup that is not stored, in temporary files of the server: given in any order, taken
// back in that of the archive.
#pragma once

#include <string>
#include <string_view>

#include "core/archive/archive_files.hpp"
#include "pg/base/postgres.hpp"

extern "C" {
#include "utils/tuplesort.h"
}

namespace company_backup {

class FileSpool {
 public:
  // Its memory is the current context's, its temporary files the current resource owner's.
  FileSpool();
  void put(const FileEntry& file, int seq, std::string_view member);
  // After the last put(). False after the last file.
  bool next(FileEntry& file);
  // False after the last member of the file.
  bool next_member(std::string& member);
  void close();

 private:
  bool fetch();
  FileEntry fetched() const;

  Tuplesortstate* sort_;
  TupleTableSlot* slot_;
  bool sorted_ = false;
  bool waiting_ = false;  // the slot holds a member that was not taken
  FileEntry current_;
};

}  // namespace company_backup
