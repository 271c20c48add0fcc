// fuzz_seeds FOLDER: writes a sample archive and the seeds of the fuzzers.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "sample_archive.hpp"

namespace {

namespace sample = company_backup::sample;

void write(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) throw std::runtime_error("could not write " + path.string());
}

void write_archives(const std::filesystem::path& folder) {
  const sample::Backup backup = sample::small_backup();
  const sample::Files files = sample::files_of(backup);
  const std::string archive = sample::archive_of(files);
  const std::string tar = sample::tar_of(files);
  write(folder / "sample.tar.gz", archive);
  // The first byte chooses the layer: see fuzz_archive_reader.cpp.
  write(folder / "archive_reader" / "gzip", std::string(1, '\0') + archive);
  write(folder / "archive_reader" / "tar", std::string(1, '\1') + tar);
  for (std::size_t i = 1; i <= backup.shared.size() + backup.tables.size(); ++i) {
    const char table = static_cast<char>(2 + i);
    write(folder / "archive_reader" / ("table" + std::to_string(i)), table + files[i].content);
  }
  write(folder / "archive_reader" / "manifest", std::string(1, '\2') + files[0].content);
}

void write_lines(const std::filesystem::path& folder) {
  const std::string lines[] = {
      R"({"a":"plain","b":1})",
      R"({"a":"esc\"\\\n\u00e9\ud83d\ude00","b":{"$jsonb":null}})",
      R"({"a":null,"b":[1.5e10,{"k":[true,false,null]},"x"]})",
      R"( { "a" : "Zm9vYg==" , "b" : {"$jsonb": {"$jsonb": 1}} } )",
  };
  int number = 0;
  for (const std::string& line : lines) {
    write(folder / "row_line" / std::to_string(++number), line);
  }
}

// A path, a line end, a document.
void write_paths(const std::filesystem::path& folder) {
  const std::string seeds[] = {
      "$.a.b\n{\"a\": [{\"b\": 1}, {\"b\": \"x\\u00e9\"}], \"b\": 1.50}",
      ".**.\"id\"\n[{\"id\":1,\"x\":{\"id\":[2,{\"id\":null}]}}]",
      ".*[*]\n{\"a\": [1, -2, true], \"b\": \"7\", \"c\": {\"d\": {}}}",
      ".a.keys()\n{\"a\": {\"1\": 0, \"x\": {\"1\": 0}}}",
      ".**.keys()\n{\"1\": {\"2\": [{\"3\": 1e5}]}}",
      "$.s[*] ? (@.f == \"a\" && (@.n != 1.0 || !(exists(@.x[*].*)))).id\n"
      "{\"s\": [{\"id\": 7, \"f\": [\"a\"], \"n\": 10e-1}, {\"f\": \"\\u0061\", \"id\": 8}]}",
      ".** ? (null == @.a ? (@.b <> true).c\n[[{\"a\": null}], {\"b\": false}]",
      ".** ? (@.a.b[*] == -1.50e1).keys()\n[{\"a\": [{\"b\": [1, -15]}], \"9\": {}}, [[1]]]",
  };
  int number = 0;
  for (const std::string& seed : seeds) {
    write(folder / "json_path" / std::to_string(++number), seed);
  }
}

// The first byte chooses the list: see fuzz_manifest.cpp.
void write_manifests(const std::filesystem::path& folder) {
  const std::string digest = company_backup::hex(company_backup::sha256(""));
  const std::string content =
      R"("rows":0,"bytes":0,"sha256":")" + digest + R"(","columns":[],"key":[])";
  const std::string elements[] = {
      R"({"name":"a.b","area":"","treatment":"company","route":"",)" + content +
          R"(,"omitted":[]})",
      R"({"name":"a.b","treatment":"people","match_columns":[],)" + content + "}",
      R"({"name":"c","type":"","treatment":"file","files":0,"bytes":0})",
      R"({"column":"id","order":"text"})",
      R"({"column":"","reason":""})",
      R"({"name":"a.b","treatment":"","reason":"\u00e9"})",
      R"({"table":"a.b","columns":["a"],"target":"a.b","target_columns":[],"json_path":null,)"
      R"("when_column":null,"when_value":"","outside":"keep"})",
      R"("code")",
      R"({"table":"a.b","row_key":"","reference":"","problem":""})",
  };
  for (std::size_t i = 0; i < std::size(elements); ++i) {
    const std::string list(1, static_cast<char>(i));
    write(folder / "manifest" / std::to_string(i), list + elements[i]);
    write(folder / "manifest" / (std::to_string(i) + "_empty"), list + "{}");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  try {
    write_archives(argv[1]);
    write_manifests(argv[1]);
    write_lines(argv[1]);
    write_paths(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
