// The files of one table on their way into a backup: each distinct content of a column once.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "core/archive/manifest.hpp"
#include "pg/backup/chunk_sink.hpp"
#include "pg/base/piece_pipeline.hpp"
#include "pg/rows/row_encoder.hpp"

namespace company_backup {

class FileWriter {
 public:
  // `number`: of the table in the manifest. Counts files and bytes in `manifest`. References must
  // outlive it.
  FileWriter(ChunkSink& sink, size_t number, ManifestTable& manifest)
      : sink_(sink), number_(number), manifest_(manifest), known_(manifest.columns.size()) {}

  // Stores a content of a column that is not known yet. It keeps about 80 bytes for each.
  void add(size_t column, const Sha256Digest& digest, std::string_view content);

 private:
  ChunkSink& sink_;
  size_t number_;
  ManifestTable& manifest_;
  std::vector<std::set<Sha256Digest>> known_;  // by column
  PiecePipeline pipeline_{compress_pieces()};
};

}  // namespace company_backup
