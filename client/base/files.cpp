#include "client/base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "client/base/signals.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIoError = "58030";
constexpr const char* kDuplicateFile = "58P02";
constexpr uint64_t kPushSize = 8 << 20;

[[noreturn]] void fail_with(const std::string& action, const std::string& name, int error) {
  throw Error(kIoError, "could not " + action + " " + name + ": " + std::strerror(error));
}

std::string file_name(const std::string& path) {
  return "file \"" + path + "\"";
}

[[noreturn]] void already_exists(const std::string& path) {
  throw Error(kDuplicateFile, file_name(path) + " already exists")
      .hint("Choose another name, or overwrite it with --force.");
}

}  // namespace

InputFile::InputFile(const std::string& path)
    : name_(path == "-" ? "standard input" : file_name(path)) {
  descriptor_ = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_with("open", name_, errno);
  struct stat status = {};
  if (fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<uint64_t>(status.st_size);
  }
}

InputFile::~InputFile() {
  if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

std::string_view InputFile::read(std::string& buffer) {
  size_t filled = 0;
  while (filled < buffer.size()) {
    check_interrupted();
    const ssize_t count = ::read(descriptor_, buffer.data() + filled, buffer.size() - filled);
    if (count == 0) break;
    if (count > 0) {
      filled += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      fail_with("read", name_, errno);
    }
  }
  return std::string_view(buffer).substr(0, filled);
}

std::string InputFile::content() {
  std::string content, buffer(64 << 10, '\0');
  for (;;) {
    const std::string_view piece = read(buffer);
    content += piece;
    if (piece.size() < buffer.size()) return content;
  }
}

OutputFile::OutputFile(const std::string& path, bool overwrite) : overwrite_(overwrite) {
  if (path == "-") {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  path_ = path;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status) || fs::is_regular_file(status)) {
    if (fs::exists(status)) {
      if (!overwrite) already_exists(path);
      path_ = fs::canonical(path).string();  // what a symbolic link points at, not the link
    }
    create_temporary();
    return;
  }
  descriptor_ = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail("open");
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) close(descriptor_);
  if (temporary_.empty()) return;
  unlink(temporary_.c_str());
  remember_unfinished("");
}

void OutputFile::create_temporary() {
  fs::path pattern = fs::path(path_).parent_path() / ".";
  pattern += fs::path(path_).filename();
  pattern += ".XXXXXX";
  std::string name = pattern.string();
  descriptor_ = mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail("create");
  temporary_ = name;
  remember_unfinished(temporary_);
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    check_interrupted();
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) fail("write");
    if (count <= 0) continue;
    bytes.remove_prefix(static_cast<size_t>(count));
    written_ += static_cast<uint64_t>(count);
  }
  start_writeback();
}

// The disk works while the data still comes in, so that the fsync() at the end has little to do.
void OutputFile::start_writeback() {
#ifdef SYNC_FILE_RANGE_WRITE
  if (temporary_.empty() || written_ - pushed_ < kPushSize) return;
  sync_file_range(descriptor_, static_cast<off_t>(pushed_), static_cast<off_t>(written_ - pushed_),
                  SYNC_FILE_RANGE_WRITE);
  pushed_ = written_;
#endif
}

void OutputFile::commit() {
  if (temporary_.empty()) return;
  if (fsync(descriptor_) != 0) fail("write");
  check_interrupted();
  rename_into_place();
  temporary_.clear();
  remember_unfinished("");
}

void OutputFile::rename_into_place() {
  if (overwrite_) {
    if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("create");
  } else if (link(temporary_.c_str(), path_.c_str()) == 0) {  // unlike rename(), never replaces
    unlink(temporary_.c_str());
  } else if (errno == EEXIST) {
    already_exists(path_);
  } else if (fs::exists(path_)) {  // a file system without hard links
    already_exists(path_);
  } else if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail("create");
  }
  const fs::path folder = fs::path(path_).parent_path();
  const int directory = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory < 0) return;  // it need not be readable for us
  fsync(directory);
  close(directory);
}

void OutputFile::fail(const char* action) const {
  const int error = errno;
  fail_with(action, path_.empty() ? "standard output" : file_name(path_), error);
}

}  // namespace company_backup::client
