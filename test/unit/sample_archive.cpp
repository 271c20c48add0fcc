#include "sample_archive.hpp"

#include <algorithm>

#include "core/archive/archive_writer.hpp"
#include "core/text/table_name.hpp"
#include "core/text/tar.hpp"

namespace company_backup::sample {

namespace {

void settle_table(ManifestTable& table, const std::string& text) {
  table.rows = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  table.bytes = text.size();
  table.sha256 = sha256(text);
}

ManifestTable table(std::string_view name, std::vector<ManifestColumn> columns,
                    std::vector<ManifestKeyColumn> key) {
  ManifestTable result;
  result.name = encode_table_name("public", name);
  result.area = "sales";
  result.treatment = TableTreatment::kCompany;
  result.route = "company_id";
  result.columns = std::move(columns);
  result.key = std::move(key);
  return result;
}

ManifestTable shared_table() {
  ManifestTable result;
  result.name = "public.currency";
  result.treatment = TableTreatment::kShared;
  result.match_columns = {"code"};
  result.columns = {{"id", "integer", ColumnTreatment::kData},
                    {"code", "text", ColumnTreatment::kData}};
  result.key = {{"id", KeyOrder::kInteger}};
  return result;
}

void describe(Manifest& manifest) {
  manifest.extension_version = "1.0";
  manifest.server_version = "15.20";
  manifest.server_encoding = "UTF8";
  manifest.database_identity = kIdentity;
  manifest.database_name = "erp";
  manifest.company_table = "public.company";
  manifest.key_column = "id";
  manifest.company_key = "1";
  manifest.company_name = "Acme \xC3\xA9";
  manifest.created_at = "2026-11-22T01:02:03.123456Z";
  manifest.created_by = "erp_app";
  manifest.schema_fingerprint = sha256("schema");
  manifest.excluded = {{"public.session", "excluded", "sessions belong to a person"}};
  manifest.references = {{"public.note",
                          {"subject_id"},
                          "public.invoice",
                          {"id"},
                          std::nullopt,
                          "subject_type",
                          "invoice",
                          OutsidePolicy::kRefuse}};
  manifest.problems = {{"public.note", "(1)", "note_fk", "refers to a row of another company"}};
}

void add(Backup& backup, ManifestTable table, std::string text) {
  backup.manifest.tables.push_back(std::move(table));
  backup.tables.push_back(std::move(text));
}

std::string quoted_digest(std::string_view content) {
  return "\"" + hex(sha256(content)) + "\"";
}

// Two columns of files: the same content twice, in both, an empty one, none.
void add_files(Backup& backup) {
  add(backup,
      table("document",
            {{"id", "integer", ColumnTreatment::kData},
             {"body", "bytea", ColumnTreatment::kFile, ManifestFiles{}},
             {"text", "text", ColumnTreatment::kFile},
             {"small picture", "bytea", ColumnTreatment::kFile, ManifestFiles{}}},
            {{"id", KeyOrder::kInteger}}),
      "{\"id\":1,\"body\":" + quoted_digest("one") + ",\"text\":\"t\",\"small picture\":null}\n" +
          "{\"id\":2,\"body\":" + quoted_digest("") + ",\"text\":null,\"small picture\":" +
          quoted_digest("one") + "}\n" + "{\"id\":3,\"body\":" + quoted_digest("one") +
          ",\"text\":null,\"small picture\":null}\n");
  backup.files = {{"", "one"}, {"one"}};
}

}  // namespace

void Backup::settle() {
  for (std::size_t i = 0; i < shared.size(); ++i) settle_table(manifest.shared[i], shared[i]);
  for (std::size_t i = 0; i < tables.size(); ++i) settle_table(manifest.tables[i], tables[i]);
  const std::vector<FileFolder> folders = file_folders(manifest);
  for (std::size_t i = 0; i < folders.size(); ++i) {
    ManifestFiles& told = *manifest.tables[folders[i].table].columns[folders[i].column].files;
    told = {files[i].size(), 0};
    for (const std::string& content : files[i]) told.bytes += content.size();
  }
}

Backup small_backup() {
  Backup backup;
  describe(backup.manifest);
  backup.manifest.shared.push_back(shared_table());
  backup.shared.push_back("{\"id\":9,\"code\":\"EUR\"}\n{\"id\":10,\"code\":\"USD\"}\n");
  add(backup,
      table("invoice",
            {{"id", "bigint", ColumnTreatment::kData}, {"body", "jsonb", ColumnTreatment::kData}},
            {{"id", KeyOrder::kInteger}}),
      "{\"id\":\"-2\",\"body\":null}\n"
      "{\"id\":\"9\",\"body\":{\"a\":[1,{\"b\":1e400}]}}\n"
      "{\"id\":\"10\",\"body\":{\"$jsonb\":null}}\n");
  backup.manifest.tables.back().omitted = {{"password_hash", "secret"}};
  add(backup,
      table("line",
            {{"name", "text", ColumnTreatment::kData},
             {"n", "integer", ColumnTreatment::kCounter},
             {"x", "text", ColumnTreatment::kData}},
            {{"name", KeyOrder::kText}, {"n", KeyOrder::kInteger}}),
      "{\"name\":\"a\",\"n\":2,\"x\":\"\"}\n"
      "{\"name\":\"a\",\"n\":10,\"x\":\"q\\\"\\n\\u001b\"}\n"
      "{\"name\":\"\xC3\xA9\",\"n\":1,\"x\":true}\n");
  add(backup, table("log", {{"what", "text", ColumnTreatment::kData}}, {}),
      "{\"what\":\"a\"}\n{\"what\":\"a\"}\n{\"what\":\"b\"}\n");
  add(backup, table("nothing", {{"id", "uuid", ColumnTreatment::kData}}, {{"id", KeyOrder::kText}}),
      "");
  std::string umlauts;
  for (int i = 0; i < 31; ++i) umlauts += "\xC3\xBC";
  add(backup,
      table(umlauts, {{"id", "bigint", ColumnTreatment::kData}}, {{"id", KeyOrder::kInteger}}),
      "{\"id\":\"1\"}\n");
  add_files(backup);
  backup.settle();
  return backup;
}

File file_of(const FileFolder& folder, const std::string& content) {
  return {folder.name + hex(sha256(content)), content};
}

Files entries_of_files(const Backup& backup) {
  Files files;
  const std::vector<FileFolder> folders = file_folders(backup.manifest);
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const auto first = static_cast<std::ptrdiff_t>(files.size());
    for (const std::string& content : backup.files[i]) {
      files.push_back(file_of(folders[i], content));
    }
    std::sort(files.begin() + first, files.end(),
              [](const File& a, const File& b) { return a.name < b.name; });
  }
  return files;
}

Files files_of(const Backup& backup) {
  Files files{{std::string(kManifestEntry), backup.manifest.to_json()}};
  for (std::size_t i = 0; i < backup.shared.size(); ++i) {
    files.push_back(
        {table_entry_name(Section::kShared, backup.manifest.shared[i]), backup.shared[i]});
  }
  for (std::size_t i = 0; i < backup.tables.size(); ++i) {
    files.push_back(
        {table_entry_name(Section::kTables, backup.manifest.tables[i]), backup.tables[i]});
  }
  for (File& file : entries_of_files(backup)) files.push_back(std::move(file));
  files.resize(files.size() + 2);
  seal(files);
  return files;
}

void seal(Files& files) {
  files.resize(files.size() - 2);
  std::vector<ArchiveEntry> entries;
  for (const File& file : files) {
    entries.push_back({file.name, file.content.size(), sha256(file.content)});
  }
  std::string text;
  const std::vector<FileFolder> no_folders;
  for (SumsLines sums(entries, no_folders); sums.next(text);) continue;
  files.push_back({std::string(kSumsEntry), text});
  files.push_back({std::string(kSignatureEntry),
                   signature_text({std::string(kIdentity), hmac_sha256(kKey, text)})});
}

std::string tar_of(const Files& files) {
  std::string tar;
  for (const File& file : files) {
    tar += tar_header(file.name, file.content.size(), 0) + file.content;
    tar.append(tar_padding(file.content.size()), '\0');
  }
  return tar.append(kTarEnd, '\0');
}

std::string gzip_of(std::string_view raw) {
  std::string member;
  MemberCompressor().compress(raw, member);
  return member;
}

std::string archive_of(const Files& files) {
  std::string archive;
  ArchiveWriter writer(0, [&](std::string_view bytes) { archive += bytes; });
  for (std::size_t i = 0; i + 2 < files.size(); ++i) {
    writer.begin_entry(files[i].name, files[i].content.size());
    const std::size_t half = files[i].content.size() / 2;
    writer.add_member(gzip_of(files[i].content.substr(0, half)));
    writer.add_member(gzip_of(files[i].content.substr(half)));
    writer.end_entry();
  }
  writer.add_file(kSumsEntry, files[files.size() - 2].content);
  writer.finish(files.back().content);
  return archive;
}

void Recording::manifest(const Manifest& manifest) {
  told = manifest;
  shared.resize(manifest.shared.size());
  tables.resize(manifest.tables.size());
}

void Recording::begin_table(Section section, std::size_t index) {
  current_ = section == Section::kShared ? &shared.at(index) : &tables.at(index);
}

void Recording::lines(std::string_view piece) {
  current_->append(piece);
  pieces.emplace_back(piece);
}

void Recording::end_table() {
  ++ended;
}

void Recording::begin_file(const FileEntry& file) {
  const ManifestTable& table = told->tables.at(file.table);
  files.push_back({table.name + " " + table.columns.at(file.column).name + " " + hex(file.sha256),
                   std::to_string(file.bytes) + ":"});
}

void Recording::file_data(std::string_view piece) {
  files.back().content += piece;
  pieces.emplace_back(piece);
}

void Recording::end_file() {
  ++ended;
}

bool read(std::string_view archive, Recording& recording, const ArchiveLimits& limits,
          std::size_t step) {
  ArchiveReader reader(recording, limits);
  while (!archive.empty()) {
    const std::string_view part = archive.substr(0, step);
    reader.feed(part);
    archive.remove_prefix(part.size());
  }
  reader.finish();
  return reader.check_signature(kKey);
}

}  // namespace company_backup::sample
