// A whole archive, written and read: what must work.
#include <gtest/gtest.h>

#include "core/archive/archive_writer.hpp"
#include "core/text/error.hpp"
#include "core/text/json_text.hpp"
#include "core/text/line_cutter.hpp"
#include "expect_error.hpp"
#include "sample_archive.hpp"

namespace company_backup {

namespace {

using sample::Recording;

TEST(Archive, IsReadBackInEveryCutting) {
  const sample::Backup backup = sample::small_backup();
  const std::string archive = sample::archive_of(sample::files_of(backup));
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{7}, std::size_t{512}, archive.size()}) {
    Recording recording;
    EXPECT_TRUE(sample::read(archive, recording, {}, step));
    ASSERT_TRUE(recording.told);
    EXPECT_EQ(recording.told->to_json(), backup.manifest.to_json());
    EXPECT_EQ(recording.shared, backup.shared);
    EXPECT_EQ(recording.tables, backup.tables);
    const std::string one = hex(sha256("one"));
    const std::string empty = hex(sha256(""));
    ASSERT_EQ(recording.files.size(), 3U);
    EXPECT_EQ(recording.files[0].name, "public.document body " + one);
    EXPECT_EQ(recording.files[0].content, "3:one");
    EXPECT_EQ(recording.files[1].name, "public.document body " + empty);
    EXPECT_EQ(recording.files[1].content, "0:");
    EXPECT_EQ(recording.files[2].name, "public.document small picture " + one);
    EXPECT_EQ(recording.ended, backup.shared.size() + backup.tables.size() + 3);
  }
}

TEST(Archive, CompressedAsOneMemberIsRead) {
  const sample::Backup backup = sample::small_backup();
  Recording recording;
  EXPECT_TRUE(sample::read(sample::gzip_of(sample::tar_of(sample::files_of(backup))), recording));
  EXPECT_EQ(recording.tables, backup.tables);
}

TEST(Archive, SameBackupMakesSameBytes) {
  const sample::Files files = sample::files_of(sample::small_backup());
  EXPECT_EQ(sample::archive_of(files), sample::archive_of(files));
}

TEST(Archive, GzipPaddingIsAccepted) {
  std::string archive = sample::archive_of(sample::files_of(sample::small_backup()));
  archive.append(10'000, '\0');
  Recording recording;
  EXPECT_TRUE(sample::read(archive, recording));
}

TEST(Archive, WithoutSignatureIsUnsigned) {
  sample::Files files = sample::files_of(sample::small_backup());
  files.pop_back();
  Recording recording;
  ArchiveReader reader(recording);
  reader.feed(sample::gzip_of(sample::tar_of(files)));
  reader.finish();
  EXPECT_FALSE(reader.signature());
  EXPECT_FALSE(reader.check_signature(sample::kKey));
  EXPECT_EQ(reader.manifest_text(), files.front().content);
}

TEST(Archive, SignatureNamesTheDatabaseAndFitsOnlyItsKey) {
  Recording recording;
  ArchiveReader reader(recording);
  reader.feed(sample::archive_of(sample::files_of(sample::small_backup())));
  reader.finish();
  ASSERT_TRUE(reader.signature());
  EXPECT_EQ(reader.signature()->identity, sample::kIdentity);
  EXPECT_TRUE(reader.check_signature(sample::kKey));
  EXPECT_FALSE(reader.check_signature("another key"));
  EXPECT_FALSE(reader.check_signature(""));
}

TEST(Archive, WithoutAnyTableIsRead) {
  sample::Backup backup = sample::small_backup();
  backup.manifest.tables.clear();
  backup.manifest.shared.clear();
  backup.tables.clear();
  backup.shared.clear();
  backup.files.clear();
  Recording recording;
  EXPECT_TRUE(sample::read(sample::archive_of(sample::files_of(backup)), recording));
  EXPECT_EQ(recording.ended, 0U);
}

// Short lines, then one of 3 MB, then short ones: the pieces are those of LineCutter, however the
// input was cut and compressed.
TEST(Archive, PiecesDoNotDependOnTheCutting) {
  sample::Backup backup = sample::small_backup();
  std::string& text = backup.tables[0];
  std::vector<std::string> pieces;
  LineCutter cutter([&](std::string_view piece) { pieces.emplace_back(piece); });
  text.clear();
  for (int i = 0; i < 20'000; ++i) {
    std::string line = "{\"id\":" + std::to_string(i) + ",\"body\":";
    append_json_string(line, std::string(i == 7'000 ? 3'000'000 : 30, 'x'));
    line += "}";
    text += line + "\n";
    cutter.buffer() += line;
    cutter.end_line();
  }
  const LineTotals totals = cutter.finish();
  backup.settle();
  EXPECT_EQ(totals.rows, 20'000U);
  EXPECT_EQ(totals.bytes, text.size());
  EXPECT_EQ(totals.sha256, sha256(text));

  const std::string archive = sample::gzip_of(sample::tar_of(sample::files_of(backup)));
  for (const std::size_t step : {std::size_t{1'000}, archive.size()}) {
    Recording recording;
    EXPECT_TRUE(sample::read(archive, recording, {}, step));
    ASSERT_GT(recording.pieces.size(), pieces.size());
    const auto first = recording.pieces.begin() + 1;  // after the shared table's only piece
    EXPECT_TRUE(std::equal(pieces.begin(), pieces.end(), first));
  }
}

// Pieces of a file are those of FileCutter, too.
TEST(Archive, FilesAreCutAlike) {
  sample::Backup backup = sample::small_backup();
  std::string content;
  for (std::size_t i = 0; i < 2 * kPieceSize + 1; ++i) content.push_back(static_cast<char>(i * i));
  for (const std::size_t size : {2 * kPieceSize + 1, 2 * kPieceSize, kPieceSize - 1}) {
    content.resize(size);
    std::vector<std::string> pieces;
    FileCutter cutter([&](std::string_view piece) { pieces.emplace_back(piece); });
    cutter.feed(content);
    cutter.finish();
    EXPECT_EQ(pieces.size(), size / kPieceSize + (size % kPieceSize == 0 ? 0 : 1));
    backup.files[0] = {content};
    backup.tables[5] = "{\"id\":1,\"body\":\"" + hex(sha256(content)) +
                       "\",\"text\":null,\"small picture\":null}\n";
    backup.files[1].clear();
    backup.settle();
    const std::string archive = sample::gzip_of(sample::tar_of(sample::files_of(backup)));
    for (const std::size_t step : {std::size_t{1'000}, archive.size()}) {
      Recording recording;
      EXPECT_TRUE(sample::read(archive, recording, {}, step));
      ASSERT_GT(recording.pieces.size(), pieces.size());
      EXPECT_TRUE(std::equal(pieces.rbegin(), pieces.rend(), recording.pieces.rbegin()));
    }
  }
}

TEST(FileSequence, StoredFilesAreThoseOfTheManifest) {
  const Manifest manifest = sample::small_backup().manifest;  // body: 2 files, small picture: 1
  const FileEntry empty{5, 1, sha256(""), 0}, one{5, 1, sha256("one"), 3};
  const FileEntry picture{5, 3, sha256("one"), 3};
  ASSERT_LT(one.sha256, empty.sha256);
  const auto write = [&](const std::vector<FileEntry>& files) {
    FileSequence sequence(manifest);
    std::string names;
    for (const FileEntry& file : files) names += sequence.add(file) + "\n";
    sequence.finish();
    return names;
  };
  EXPECT_EQ(write({one, empty, picture}), "files/public.document/body/" + hex(one.sha256) +
                                              "\nfiles/public.document/body/" + hex(empty.sha256) +
                                              "\nfiles/public.document/small%20picture/" +
                                              hex(one.sha256) + "\n");
  FileEntry large = one, small = one, elsewhere = one;
  large.bytes = 4;
  small.bytes = 2;
  elsewhere.column = 2;
  for (const std::vector<FileEntry>& files :
       std::vector<std::vector<FileEntry>>{{},
                                           {one, empty},
                                           {one, picture},
                                           {empty, one, picture},
                                           {one, one, picture},
                                           {one, empty, picture, picture},
                                           {one, picture, empty},
                                           {large, empty, picture},
                                           {small, empty, picture},
                                           {elsewhere, empty, picture}}) {
    expect_error(sqlstate::kDamagedArchive, "a stored backup is damaged", [&] { write(files); });
  }
}

TEST(SumsLines, TellsItsSize) {
  const sample::Backup backup = sample::small_backup();
  const std::vector<ArchiveEntry> entries = archive_entries(backup.manifest, "manifest");
  std::vector<FileFolder> folders = file_folders(backup.manifest);
  folders[1].digests = {sha256("a"), sha256("b")};
  SumsLines sums(entries, folders);
  std::string text;
  while (sums.next(text)) continue;
  EXPECT_EQ(text.size(), sums.size());
  const std::string line =
      hex(sha256("b")) + "  files/public.document/small%20picture/" + hex(sha256("b")) + "\n";
  EXPECT_TRUE(text.ends_with(line)) << text;
  EXPECT_EQ(hmac_of("key", {entries, folders}), hmac_sha256("key", text));
}

TEST(ArchiveWriter, RefusesMembersThatDoNotSumUp) {
  ArchiveWriter writer(0, [](std::string_view) {});
  writer.begin_entry("tables/public.a.ndjson", 10);
  writer.add_member(sample::gzip_of("123456789"));
  expect_error(sqlstate::kDamagedArchive, "9 are stored", [&] { writer.end_entry(); });
}

}  // namespace

}  // namespace company_backup
