#include "pg/backup/file_writer.hpp"

namespace company_backup {

void FileWriter::add(size_t column, const Sha256Digest& digest, std::string_view content) {
  if (!known_[column].insert(digest).second) return;
  ManifestFiles& files = *manifest_.columns[column].files;
  ++files.count;
  files.bytes += content.size();
  const FileEntry file{number_, column, digest, content.size()};
  int seq = 0;
  const PiecePipeline::Sink store = [&](std::string_view member) {
    sink_.put_file(file, seq++, member);
  };
  FileCutter cutter([&](std::string_view piece) { pipeline_.push(piece, store); });
  cutter.feed(content);
  cutter.finish();
  pipeline_.drain(store);
}

}  // namespace company_backup
