// Archives that somebody damaged or made up: every one must be refused.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <functional>

#include "core/text/error.hpp"
#include "core/text/tar.hpp"
#include "expect_error.hpp"
#include "sample_archive.hpp"

namespace company_backup {

namespace {

using sample::Backup;
using sample::Files;
using sample::Recording;

bool read_files(const Files& files, const ArchiveLimits& limits = {}) {
  Recording recording;
  return sample::read(sample::gzip_of(sample::tar_of(files)), recording, limits);
}

void expect_refused(const Files& files, const char* sqlstate, const std::string& text) {
  expect_error(sqlstate, text, [&] { read_files(files); });
}

void expect_refused(Backup& backup, const char* sqlstate, const std::string& text) {
  backup.settle();
  expect_refused(sample::files_of(backup), sqlstate, text);
}

// Of all places in an archive each one so far from the last is tried: 5, or what HOSTILE_EVERY says.
std::size_t places() {
  const char* const every = std::getenv("HOSTILE_EVERY");
  return every == nullptr ? 5 : std::stoul(every);
}

// Refused, or exactly what it was: nothing else may come of a changed byte.
void expect_refused_or_same(const std::string& archive, const Backup& backup, std::size_t where) {
  Recording recording;
  try {
    if (!sample::read(archive, recording)) return;  // not signed by us any more
  } catch (const Error&) {
    return;
  }
  EXPECT_EQ(recording.told->to_json(), backup.manifest.to_json()) << where;
  EXPECT_EQ(recording.shared, backup.shared) << where;
  EXPECT_EQ(recording.tables, backup.tables) << where;
  EXPECT_EQ(recording.files.size(), 3U) << where;
}

TEST(HostileArchive, TruncatedAnywhere) {
  const std::string archive = sample::archive_of(sample::files_of(sample::small_backup()));
  for (std::size_t size = 0; size < archive.size(); size += places()) {
    Recording recording;
    EXPECT_THROW(sample::read(archive.substr(0, size), recording), Error) << size;
  }
}

TEST(HostileArchive, TruncatedAnywhereInsideTheTar) {
  const std::string tar = sample::tar_of(sample::files_of(sample::small_backup()));
  for (std::size_t size = 0; size < tar.size(); size += places()) {
    Recording recording;
    EXPECT_THROW(sample::read(sample::gzip_of(tar.substr(0, size)), recording), Error) << size;
  }
}

TEST(HostileArchive, EveryBitFlipped) {
  const Backup backup = sample::small_backup();
  std::string archive = sample::archive_of(sample::files_of(backup));
  for (std::size_t bit = 0; bit < 8 * archive.size(); bit += places()) {
    const char mask = static_cast<char>(1 << bit % 8);
    archive[bit / 8] ^= mask;
    expect_refused_or_same(archive, backup, bit);
    archive[bit / 8] ^= mask;
  }
}

TEST(HostileArchive, EveryByteChangedInsideTheTar) {
  const Backup backup = sample::small_backup();
  std::string tar = sample::tar_of(sample::files_of(backup));
  for (std::size_t at = 0; at < tar.size(); at += places()) {
    const char mask = static_cast<char>(1 << at % 7);
    tar[at] ^= mask;
    expect_refused_or_same(sample::gzip_of(tar), backup, at);
    tar[at] ^= mask;
  }
}

TEST(HostileArchive, NotAnArchive) {
  Recording recording;
  expect_error(sqlstate::kBadArchive, "not compressed with gzip",
               [&] { sample::read("hello", recording); });
  expect_error(sqlstate::kBadArchive, "not a company_backup archive",
               [&] { sample::read("", recording); });
  expect_error(sqlstate::kBadArchive, "not a company_backup archive", [&] {
    read_files({{"readme.txt", "hello"}});
  });
  expect_error(sqlstate::kBadArchive, "POSIX",
               [&] { sample::read(sample::gzip_of(std::string(512, 'x')), recording); });
}

TEST(HostileArchive, EntryMissing) {
  const Files whole = sample::files_of(sample::small_backup());
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    Files files = whole;
    files.erase(files.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THROW(read_files(files), Error) << whole[i].name;
    if (i + 2 < whole.size()) sample::seal(files);
    EXPECT_THROW(read_files(files), Error) << whole[i].name;
  }
  Files files = whole;
  files.resize(files.size() - 2);
  expect_refused(files, sqlstate::kBadArchive, "\"SHA256SUMS\" is missing");
}

TEST(HostileArchive, EntryTwice) {
  const Files whole = sample::files_of(sample::small_backup());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Files files = whole;
    files.insert(files.begin() + static_cast<std::ptrdiff_t>(i), whole[i]);
    expect_refused(files, sqlstate::kBadArchive, "\"" + whole[i].name + "\"");
  }
}

TEST(HostileArchive, EntriesReordered) {
  const Files whole = sample::files_of(sample::small_backup());
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    Files files = whole;
    std::swap(files[i], files[i + 1]);
    expect_refused(files, sqlstate::kBadArchive, "entry");
  }
}

TEST(HostileArchive, EntryExtra) {
  const Files whole = sample::files_of(sample::small_backup());
  for (const std::string name :
       {"../evil", "/etc/passwd", "tables/../x", "tables/public.z.ndjson"}) {
    for (std::size_t i = 0; i <= whole.size(); ++i) {
      Files files = whole;
      files.insert(files.begin() + static_cast<std::ptrdiff_t>(i), {name, "x"});
      expect_refused(files, sqlstate::kBadArchive, i == 0 ? "first entry" : name);
    }
  }
}

TEST(HostileArchive, TableNamesThatArePaths) {
  for (const std::string name : {"../x", "public./x", "public.a/../b", "public", ".a", "public.%2f",
                                 "public.%41", "public.a.b", "public.%00"}) {
    Backup backup = sample::small_backup();
    backup.manifest.tables[0].name = name;
    expect_refused(backup, sqlstate::kBadArchive, "\"tables[0].name\" is not a table name");
  }
}

TEST(HostileArchive, DataAfterTheEnd) {
  const std::string tar = sample::tar_of(sample::files_of(sample::small_backup()));
  Recording recording;
  expect_error(sqlstate::kBadArchive, "follows",
               [&] { sample::read(sample::gzip_of(tar) + sample::gzip_of("more"), recording); });
  expect_error(sqlstate::kBadArchive, "follows",
               [&] { sample::read(sample::gzip_of(tar) + "more", recording); });
  const std::string padded = sample::gzip_of(tar) + std::string(100, '\0');
  expect_error(sqlstate::kBadArchive, "follows",
               [&] { sample::read(padded + sample::gzip_of("more"), recording); });
}

TEST(HostileArchive, OnlyRegularFiles) {
  Files files = sample::files_of(sample::small_backup());
  for (const char type : {'1', '2', '3', '5', '6', 'g', 'L', 'K', '\0'}) {
    std::string tar = sample::tar_of(files);
    tar[156] = type;
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) {
      sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(tar[i]);
    }
    for (std::size_t i = 6; i-- > 0; sum >>= 3) tar[148 + i] = static_cast<char>('0' + sum % 8);
    Recording recording;
    expect_error(sqlstate::kBadArchive, "not a regular file",
                 [&] { sample::read(sample::gzip_of(tar), recording); });
  }
}

TEST(HostileArchive, WrongCountsWithFittingDigests) {
  for (const int change : {-1, 1}) {
    Backup backup = sample::small_backup();
    backup.manifest.tables[0].rows += static_cast<std::uint64_t>(change);
    expect_refused(sample::files_of(backup), sqlstate::kDamagedArchive, "public.invoice.ndjson");
  }
  Backup backup = sample::small_backup();
  backup.manifest.tables[0].bytes += 1;
  expect_refused(sample::files_of(backup), sqlstate::kDamagedArchive, "bytes");
}

TEST(HostileArchive, WrongDigestInTheManifest) {
  Backup backup = sample::small_backup();
  backup.manifest.tables[0].sha256[5] ^= 1;
  expect_refused(sample::files_of(backup), sqlstate::kDamagedArchive, "digest");
}

TEST(HostileArchive, WrongSums) {
  Files files = sample::files_of(sample::small_backup());
  std::string& sums = files[files.size() - 2].content;
  sums[sums.find('\n') + 1] ^= 1;
  expect_refused(files, sqlstate::kDamagedArchive, "Line 2 of entry \"SHA256SUMS\"");
}

TEST(HostileArchive, EditedAndSealedAgainIsNotSigned) {
  Backup backup = sample::small_backup();
  std::string& text = backup.tables[2];
  text.replace(text.find("\"b\""), 3, "\"c\"");
  backup.settle();
  Files files = sample::files_of(backup);
  const std::string signature = sample::files_of(sample::small_backup()).back().content;
  files.back().content = signature;
  EXPECT_FALSE(read_files(files));
}

TEST(HostileArchive, MalformedSignature) {
  for (const std::string text : {"", "\n", "x", "hmac-sha256 a b\n"}) {
    Files files = sample::files_of(sample::small_backup());
    files.back().content = text;
    expect_refused(files, sqlstate::kBadArchive, "signature");
  }
  Files files = sample::files_of(sample::small_backup());
  files.back().content += files.back().content;
  EXPECT_THROW(read_files(files), Error);
}

struct BadRows {
  std::size_t table;
  std::string text;
  const char* sqlstate;
  std::string expected;
};

TEST(HostileArchive, RowsThatCannotBe) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::vector<BadRows> cases = {
      {0, "{\"id\":1,\"body\":1}\n{\"id\":1,\"body\":2}\n", sqlstate::kBadArchive, "line 2: a key"},
      {0, "{\"id\":\"1\",\"body\":1}\n{\"id\":\"01\",\"body\":2}\n", sqlstate::kBadArchive,
       "twice"},
      {0, "{\"id\":10,\"body\":1}\n{\"id\":9,\"body\":2}\n", sqlstate::kBadArchive, "order"},
      {0, "{\"id\":-1,\"body\":1}\n{\"id\":-2,\"body\":2}\n", sqlstate::kBadArchive, "order"},
      {0, "{\"id\":0,\"body\":1}\n{\"id\":\"-0\",\"body\":2}\n", sqlstate::kBadArchive, "twice"},
      {0, "{\"id\":null,\"body\":1}\n", sqlstate::kBadArchive, "null"},
      {0, "{\"id\":\"x\",\"body\":1}\n", sqlstate::kBadArchive, "not an integer"},
      {0, "{\"id\":1.5,\"body\":1}\n", sqlstate::kBadArchive, "not an integer"},
      {0, "{\"id\":1,\"body\":" + deep + "}\n", sqlstate::kArchiveLimit, "nested"},
      {0, "{\"id\":1}\n", sqlstate::kBadArchive, "\"body\""},
      {0, "{\"body\":1,\"id\":1}\n", sqlstate::kBadArchive, "\"id\""},
      {0, "{\"id\":1,\"id\":1,\"body\":1}\n", sqlstate::kBadArchive, "\"body\""},
      {0, "{\"id\":1,\"body\":1,\"x\":1}\n", sqlstate::kBadArchive, "missing"},
      {0, "{\"id\":1,\"body\":1} {}\n", sqlstate::kBadArchive, "follows"},
      {0, "[1,1]\n", sqlstate::kBadArchive, "line 1"},
      {0, "  \n", sqlstate::kBadArchive, "line 1"},
      {0, "{\"id\":1,\"body\":\"\xFF\"}\n", sqlstate::kBadArchive, "UTF-8"},
      {0, "{\"id\":1,\"body\":\"\\u0000\"}\n", sqlstate::kBadArchive, "NUL"},
      {0, "{\"id\":1,\"body\":\"\t\"}\n", sqlstate::kBadArchive, "control"},
      {1, "{\"name\":\"a\",\"n\":2,\"x\":1}\n{\"name\":\"a\",\"n\":2,\"x\":2}\n",
       sqlstate::kBadArchive, "twice"},
      {1, "{\"name\":\"b\",\"n\":1,\"x\":1}\n{\"name\":\"a\",\"n\":2,\"x\":2}\n",
       sqlstate::kBadArchive, "order"},
      {2, "{\"what\":\"b\"}\n{\"what\":\"a\"}\n", sqlstate::kBadArchive, "order"},
  };
  for (const BadRows& bad : cases) {
    SCOPED_TRACE(bad.text.substr(0, 100));
    Backup backup = sample::small_backup();
    backup.tables[bad.table] = bad.text;
    expect_refused(backup, bad.sqlstate, bad.expected);
  }
}

struct BadFiles {
  std::string what;
  std::function<void(Files&, const std::vector<FileFolder>&)> change;
  const char* sqlstate;
  std::string expected;
};

TEST(HostileArchive, FilesThatCannotBe) {
  // After the manifest, one shared table and six tables: body (one, empty), small picture (one).
  constexpr std::size_t kFirst = 8;
  const std::string one = hex(sha256("one"));
  const std::vector<BadFiles> cases = {
      {"another content", [&](Files& files, auto&) { files[kFirst].content = "two"; },
       sqlstate::kDamagedArchive, "does not have the SHA-256 of its name"},
      {"a longer content", [&](Files& files, auto&) { files[kFirst].content = "one more"; },
       sqlstate::kDamagedArchive, "does not have the SHA-256 of its name"},
      {"missing", [&](Files& files, auto&) { files.erase(files.begin() + kFirst); },
       sqlstate::kBadArchive, "stands where \"files/public.document/body/" + one},
      {"the last is missing", [&](Files& files, auto&) { files.erase(files.begin() + kFirst + 2); },
       sqlstate::kBadArchive, "stands where \"files/public.document/small%20picture/" + one},
      {"twice", [&](Files& files, auto&) { files.insert(files.begin() + kFirst, files[kFirst]); },
       sqlstate::kBadArchive, "\"files/public.document/body/" + one + "\" stands where"},
      {"in another order",
       [&](Files& files, auto&) { std::swap(files[kFirst], files[kFirst + 1]); },
       sqlstate::kBadArchive, "stands where"},
      {"in another column",
       [&](Files& files, auto&) { std::swap(files[kFirst], files[kFirst + 2]); },
       sqlstate::kBadArchive, "stands where"},
      {"that no row mentions",
       [&](Files& files, auto& folders) {
         files.insert(files.begin() + kFirst + 3, sample::file_of(folders[1], "three"));
       },
       sqlstate::kBadArchive, "stands where \"SHA256SUMS\""},
      {"under another name", [&](Files& files, auto&) { files[kFirst].name += "/../x"; },
       sqlstate::kBadArchive, "/../x"},
      {"outside", [&](Files& files, auto&) { files[kFirst].name = "../" + one; },
       sqlstate::kBadArchive, "../"},
      {"in upper case",
       [&](Files& files, auto&) {
         std::string& name = files[kFirst].name;
         for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
       },
       sqlstate::kBadArchive, "stands where"},
      {"before the tables",
       [&](Files& files, auto&) { std::swap(files[kFirst - 1], files[kFirst]); },
       sqlstate::kBadArchive, "stands where"},
  };
  const Backup backup = sample::small_backup();
  const std::vector<FileFolder> folders = file_folders(backup.manifest);
  ASSERT_EQ(sample::files_of(backup)[kFirst].content, "one");
  for (const BadFiles& bad : cases) {
    SCOPED_TRACE(bad.what);
    Files files = sample::files_of(backup);
    bad.change(files, folders);
    sample::seal(files);
    expect_refused(files, bad.sqlstate, bad.expected);
  }
}

TEST(HostileArchive, FilesThatTheManifestMiscounts) {
  for (const bool bytes : {false, true}) {
    for (const int change : {-1, 1}) {
      SCOPED_TRACE(change);
      Backup backup = sample::small_backup();
      ManifestFiles& told = *backup.manifest.tables[5].columns[1].files;
      (bytes ? told.bytes : told.count) += static_cast<std::uint64_t>(change);
      expect_refused(sample::files_of(backup),
                     !bytes && change < 0 ? sqlstate::kBadArchive : sqlstate::kDamagedArchive,
                     bytes        ? "\"files/public.document/body/\" has 3 bytes"
                     : change < 0 ? "line 2: there are more files than the manifest says"
                                  : "mention 2 in column \"body\"");
    }
  }
  const std::vector<std::pair<ManifestFiles, std::string>> impossible = {
      {{4, 3}, "\"tables[5].columns[1].files\" is more than there are rows"},
      {{0, 1}, "\"tables[5].columns[1].bytes\" does not fit"},
      {{1, std::uint64_t{1} << 40}, "\"tables[5].columns[1].bytes\" does not fit"}};
  for (const auto& [files, expected] : impossible) {
    Backup backup = sample::small_backup();
    backup.manifest.tables[5].columns[1].files = files;
    expect_refused(sample::files_of(backup), sqlstate::kBadArchive, expected);
  }
  Backup data = sample::small_backup();
  data.manifest.tables[5].columns[1].treatment = ColumnTreatment::kData;
  expect_refused(sample::files_of(data), sqlstate::kBadArchive, "is not treated as a file");
  Backup shared = sample::small_backup();
  shared.manifest.shared[0].columns[0] = {"id", "integer", ColumnTreatment::kFile, ManifestFiles{}};
  expect_refused(sample::files_of(shared), sqlstate::kBadArchive, "shared rows cannot have");
}

TEST(HostileArchive, RowsThatDoNotNameFiles) {
  const std::string one = hex(sha256("one"));
  for (const std::string& value :
       {std::string("1"), std::string("\"b25l\""), "\"" + one + "0\"", "\"" + one.substr(1) + "\"",
        "[\"" + one + "\"]", "\"" + one.substr(1) + "G\"", "\"\\\\" + one.substr(1) + "\""}) {
    SCOPED_TRACE(value);
    Backup backup = sample::small_backup();
    backup.tables[5] = "{\"id\":1,\"body\":" + value + ",\"text\":null,\"small picture\":null}\n";
    backup.settle();
    backup.manifest.tables[5].columns[1].files = ManifestFiles{1, 3};
    backup.manifest.tables[5].columns[3].files = ManifestFiles{0, 0};
    expect_refused(sample::files_of(backup), sqlstate::kBadArchive,
                   "line 1: a reference to a file is not a SHA-256 digest");
  }
}

TEST(HostileArchive, LimitsOfFiles) {
  const Files files = sample::files_of(sample::small_backup());
  ArchiveLimits size;
  size.file_bytes = 2;
  expect_error(sqlstate::kArchiveLimit, "3 bytes; the limit is 2",
               [&] { read_files(files, size); });
  ArchiveLimits count;
  count.files = 2;
  expect_error(sqlstate::kArchiveLimit, "It has 3; the limit is 2",
               [&] { read_files(files, count); });
}

TEST(HostileArchive, LastLineWithoutEnd) {
  Backup backup = sample::small_backup();
  backup.tables[0] = "{\"id\":1,\"body\":1}\n{\"id\":2,\"body\":2}";
  backup.settle();
  backup.manifest.tables[0].rows = 2;
  expect_refused(sample::files_of(backup), sqlstate::kBadArchive, "line 2: the line has no end");
}

TEST(HostileArchive, Limits) {
  Backup backup = sample::small_backup();
  backup.tables[0] = "{\"id\":1,\"body\":\"" + std::string(100'000, 'x') + "\"}\n";
  backup.settle();
  const Files files = sample::files_of(backup);
  EXPECT_TRUE(read_files(files));

  ArchiveLimits line;
  line.line_bytes = 100'000;
  expect_error(sqlstate::kArchiveLimit, "line 1", [&] { read_files(files, line); });
  ArchiveLimits manifest;
  manifest.manifest_bytes = 1'000;
  expect_error(sqlstate::kArchiveLimit, "manifest.json", [&] { read_files(files, manifest); });
  ArchiveLimits total;
  total.inflate.total_bytes = 100'000;
  expect_error(sqlstate::kArchiveLimit, "100000", [&] { read_files(files, total); });
  ArchiveLimits ratio;
  ratio.inflate.ratio_floor = 10'000;
  ratio.inflate.expansion_ratio = 20;
  expect_error(sqlstate::kArchiveLimit, "20 uncompressed", [&] { read_files(files, ratio); });
}

// 256 MiB of zeros in 256 kB: stopped at the floor of the expansion ratio.
TEST(HostileArchive, Bomb) {
  std::string bomb = sample::gzip_of(tar_header(kManifestEntry, 30 << 20, 0));
  const std::string zeros = sample::gzip_of(std::string(16 << 20, '\0'));
  for (int i = 0; i < 16; ++i) bomb += zeros;
  Recording recording;
  EXPECT_THROW(sample::read(bomb, recording), Error);

  Backup backup = sample::small_backup();
  backup.manifest.tables[0].bytes = std::uint64_t{1} << 40;
  std::string table_bomb = sample::gzip_of(
      tar_header(kManifestEntry, backup.manifest.to_json().size(), 0) + backup.manifest.to_json() +
      std::string(tar_padding(backup.manifest.to_json().size()), '\0') +
      tar_header("shared/public.currency.ndjson", backup.shared[0].size(), 0) + backup.shared[0] +
      std::string(tar_padding(backup.shared[0].size()), '\0') +
      tar_header("tables/public.invoice.ndjson", std::uint64_t{1} << 40, 0));
  const std::string spaces = sample::gzip_of(std::string(16 << 20, ' '));
  for (int i = 0; i < 72; ++i) table_bomb += spaces;
  expect_error(sqlstate::kArchiveLimit, "expands more than allowed",
               [&] { sample::read(table_bomb, recording); });
}

}  // namespace

}  // namespace company_backup
