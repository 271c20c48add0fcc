#include "pg/backup/manifest_text.hpp"

#include "core/text/table_name.hpp"
#include "pg/base/server_text.hpp"

namespace company_backup {
namespace {

using Recode = std::string (*)(std::string_view);

class Texts {
 public:
  explicit Texts(Recode recode) : recode_(recode) {}

  void recode(Manifest& manifest) const {
    for (std::string* text : {&manifest.database_name, &manifest.key_column, &manifest.company_key,
                              &manifest.created_by})
      plain(*text);
    table_name(manifest.company_table);
    for (auto* text : {&manifest.company_name, &manifest.label, &manifest.actor}) optional(*text);
    for (ManifestTable& one : manifest.tables) table(one);
    for (ManifestTable& one : manifest.shared) table(one);
    for (ManifestExcluded& excluded : manifest.excluded) {
      table_name(excluded.name);
      plain(excluded.reason);
    }
    for (ManifestReference& one : manifest.references) reference(one);
    for (ManifestProblem& problem : manifest.problems) {
      table_name(problem.table);
      for (std::string* text : {&problem.row_key, &problem.reference, &problem.problem})
        plain(*text);
    }
  }

 private:
  void plain(std::string& text) const { text = recode_(text); }
  void optional(std::optional<std::string>& text) const {
    if (text) plain(*text);
  }
  void all(std::vector<std::string>& texts) const {
    for (std::string& text : texts) plain(text);
  }
  void table_name(std::string& name) const {
    const TableName parts = decode_table_name(name);
    name = encode_table_name(recode_(parts.schema), recode_(parts.table));
  }

  void table(ManifestTable& table) const {
    table_name(table.name);
    plain(table.area);
    plain(table.route);
    all(table.match_columns);
    for (ManifestColumn& column : table.columns) {
      plain(column.name);
      plain(column.type);
    }
    for (ManifestKeyColumn& column : table.key) plain(column.column);
    for (ManifestOmitted& omitted : table.omitted) plain(omitted.column);
  }

  void reference(ManifestReference& reference) const {
    table_name(reference.table);
    table_name(reference.target);
    all(reference.columns);
    all(reference.target_columns);
    for (auto* text : {&reference.json_path, &reference.when_column, &reference.when_value})
      optional(*text);
  }

  Recode recode_;
};

}  // namespace

std::string write_manifest(Manifest manifest) {
  if (has_other_encoding()) Texts(utf8_of).recode(manifest);
  return storable_json(manifest.to_readable_json());
}

Manifest read_manifest(const std::string& json) {
  Manifest manifest = Manifest::from_json(json);
  if (has_other_encoding()) Texts(server_text).recode(manifest);
  return manifest;
}

}  // namespace company_backup
