// Archive files: read in pieces, written so that a file of that name is always a whole one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace company_backup::client {

// Reads a file, or stdin for "-". Throws Error (58030) when it cannot be opened or read.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Bytes of the file; 0 for a pipe.
  uint64_t size() const { return size_; }
  // Fills `buffer` as far as it can: fewer bytes than it holds are the end of the file. The view
  // is into `buffer`.
  std::string_view read(std::string& buffer);
  // All that is left to read.
  std::string content();

 private:
  std::string name_;  // for messages
  int descriptor_;
  uint64_t size_ = 0;
};

// A file that appears under its name when commit() is called, whole and on disk; until then its
// bytes are in a temporary file beside it, which goes away with the object. Readable by its owner
// only: an archive is as secret as the tables in it. "-" is stdout; a device or a pipe is written
// as it is. Throws Error (58030; 58P02 when the file exists and `overwrite` is not set).
class OutputFile {
 public:
  OutputFile(const std::string& path, bool overwrite);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  void create_temporary();
  void start_writeback();
  void rename_into_place();
  [[noreturn]] void fail(const char* action) const;

  std::string path_;       // final; "" for stdout
  std::string temporary_;  // "" where there is none
  bool overwrite_;
  int descriptor_ = -1;
  uint64_t written_ = 0;
  uint64_t pushed_ = 0;  // bytes whose way to the disk has begun
};

}  // namespace company_backup::client
