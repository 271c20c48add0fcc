#include "core/manifest.hpp"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace company_backup {

namespace {

using Json = nlohmann::ordered_json;

Json nullable(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json columns_json(const std::vector<ManifestColumn>& columns) {
  Json list = Json::array();
  for (const ManifestColumn& column : columns) {
    Json json = {{"name", column.name}, {"type", column.type}, {"treatment", column.treatment}};
    if (column.files) {
      json["files"] = column.files->count;
      json["bytes"] = column.files->bytes;
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json key_json(const std::vector<ManifestKeyColumn>& key) {
  Json list = Json::array();
  for (const ManifestKeyColumn& part : key) {
    list.push_back({{"column", part.column},
                    {"order", part.order == KeyOrder::kInteger ? "integer" : "text"}});
  }
  return list;
}

Json omitted_json(const std::vector<ManifestOmitted>& omitted) {
  Json list = Json::array();
  for (const ManifestOmitted& column : omitted) {
    list.push_back({{"column", column.column}, {"reason", column.reason}});
  }
  return list;
}

// What follows the beginning that differs between `tables` and `shared`.
void add_content(Json& json, const ManifestTable& table) {
  json["rows"] = table.rows;
  json["bytes"] = table.bytes;
  json["sha256"] = hex(table.sha256);
  json["columns"] = columns_json(table.columns);
  json["key"] = key_json(table.key);
}

Json tables_json(const std::vector<ManifestTable>& tables) {
  Json list = Json::array();
  for (const ManifestTable& table : tables) {
    Json json = {{"name", table.name},
                 {"area", table.area},
                 {"treatment", table.treatment},
                 {"route", table.route}};
    add_content(json, table);
    json["omitted"] = omitted_json(table.omitted);
    list.push_back(std::move(json));
  }
  return list;
}

Json shared_json(const std::vector<ManifestTable>& tables) {
  Json list = Json::array();
  for (const ManifestTable& table : tables) {
    Json json = {{"name", table.name},
                 {"treatment", table.treatment},
                 {"match_columns", table.match_columns}};
    add_content(json, table);
    list.push_back(std::move(json));
  }
  return list;
}

Json excluded_json(const std::vector<ManifestExcluded>& excluded) {
  Json list = Json::array();
  for (const ManifestExcluded& table : excluded) {
    list.push_back(
        {{"name", table.name}, {"treatment", table.treatment}, {"reason", table.reason}});
  }
  return list;
}

Json references_json(const std::vector<ManifestReference>& references) {
  Json list = Json::array();
  for (const ManifestReference& reference : references) {
    list.push_back({{"table", reference.table},
                    {"columns", reference.columns},
                    {"target", reference.target},
                    {"target_columns", reference.target_columns},
                    {"json_path", nullable(reference.json_path)},
                    {"when_column", nullable(reference.when_column)},
                    {"when_value", nullable(reference.when_value)},
                    {"outside", reference.outside}});
  }
  return list;
}

Json problems_json(const std::vector<ManifestProblem>& problems) {
  Json list = Json::array();
  for (const ManifestProblem& problem : problems) {
    list.push_back({{"table", problem.table},
                    {"row_key", problem.row_key},
                    {"reference", problem.reference},
                    {"problem", problem.problem}});
  }
  return list;
}

}  // namespace

std::string Manifest::to_json() const {
  Json json;
  json["format"] = kFormatName;
  json["format_version"] = kFormatVersion;
  json["extension_version"] = extension_version;
  json["server_version"] = server_version;
  json["server_encoding"] = server_encoding;
  json["database"] = {{"identity", database_identity}, {"name", database_name}};
  json["company"] = {{"table", company_table},
                     {"key_column", key_column},
                     {"key", company_key},
                     {"name", nullable(company_name)}};
  json["label"] = nullable(label);
  json["created_at"] = created_at;
  json["created_by"] = created_by;
  json["actor"] = nullable(actor);
  json["include_files"] = include_files;
  json["schema_fingerprint"] = hex(schema_fingerprint);
  json["tables"] = tables_json(tables);
  json["shared"] = shared_json(shared);
  json["excluded"] = excluded_json(excluded);
  json["references"] = references_json(references);
  json["problems"] = problems_json(problems);
  try {
    return json.dump(2) + "\n";
  } catch (const nlohmann::json::exception& error) {
    throw Error(sqlstate::kInternal, "could not write the manifest of a backup")
        .detail(error.what());
  }
}

std::int64_t Manifest::created_at_seconds() const {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0;
  const int fields = std::sscanf(created_at.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u.%6uZ", &year, &month,
                                 &day, &hour, &minute, &second, &micro);
  char again[64];
  std::snprintf(again, sizeof(again), "%04d-%02u-%02uT%02u:%02u:%02u.%06uZ", year, month, day, hour,
                minute, second, micro);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (fields != 7 || created_at != again || year < 1970 || !date.ok() || hour > 23 || minute > 59 ||
      second > 59) {
    throw Error(sqlstate::kBadArchive,
                "the manifest's field \"created_at\" is not a UTC time stamp")
        .detail("It must look like 2026-11-22T01:02:03.123456Z.");
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((std::int64_t{days} * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace company_backup
