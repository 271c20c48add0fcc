// Manifest::from_json(): the manifest of an archive is hostile input.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/archive_files.hpp"
#include "core/archive_layout.hpp"
#include "core/error.hpp"
#include "core/manifest.hpp"
#include "core/printable.hpp"
#include "core/table_name.hpp"

namespace company_backup {

namespace {

using Json = nlohmann::json;
using Names = std::initializer_list<std::string_view>;

constexpr int kMaxDepth = 8;
constexpr std::size_t kMaxFields = 64;  // the largest object has fewer
constexpr std::size_t kMaxTables = 100'000;
constexpr std::size_t kMaxColumns = 1600;  // PostgreSQL's own limit
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 50;

[[noreturn]] void refuse(const std::string& field, const char* why) {
  throw Error(sqlstate::kBadArchive, "the manifest's field " + in_quotes(field) + " " + why);
}

// Parses, and refuses what the library would let pass: keys that come twice and deep nesting.
Json parse_strictly(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&keys](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) {
      throw Error(sqlstate::kBadArchive, "the manifest is nested too deeply");
    }
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key &&
        !keys.back().insert(parsed.get_ref<const std::string&>()).second) {
      refuse(parsed.get<std::string>(), "comes twice");
    }
    // Before the library has made a tree of millions of them.
    if (!keys.empty() && keys.back().size() > kMaxFields) {
      throw Error(sqlstate::kBadArchive, "the manifest has an object with too many fields");
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (const Json::exception& error) {
    throw Error(sqlstate::kBadArchive, "the manifest is not valid JSON")
        .detail(printable(error.what()));
  }
}

// An object of the manifest and where it stands. Every field must be asked for; finish() refuses
// those that were not.
class Object {
 public:
  Object(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (!json.is_object()) refuse(path_.empty() ? "(whole)" : path_, "is not an object");
  }

  std::string where(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }

  bool has(std::string_view name) const { return json_.contains(name); }

  const Json& field(std::string_view name) {
    const auto found = json_.find(name);
    if (found == json_.end()) refuse(where(name), "is missing");
    ++asked_;
    return *found;
  }

  std::string text(std::string_view name) { return text_of(field(name), where(name)); }

  std::optional<std::string> optional_text(std::string_view name) {
    const Json& value = field(name);
    if (value.is_null()) return std::nullopt;
    return text_of(value, where(name));
  }

  std::string choice(std::string_view name, Names allowed) {
    std::string value = text(name);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      refuse(where(name), "has an unknown value");
    }
    return value;
  }

  bool boolean(std::string_view name) {
    const Json& value = field(name);
    if (!value.is_boolean()) refuse(where(name), "is not true or false");
    return value.get<bool>();
  }

  std::uint64_t count(std::string_view name) {
    const Json& value = field(name);
    if (!value.is_number_unsigned()) refuse(where(name), "is not a count");
    if (value.get<std::uint64_t>() > kMaxBytes) refuse(where(name), "is impossibly large");
    return value.get<std::uint64_t>();
  }

  Sha256Digest digest(std::string_view name) {
    const auto value = parse_hex(text(name));
    if (!value) refuse(where(name), "is not a SHA-256 digest");
    return *value;
  }

  // An encoded table name.
  std::string table_name(std::string_view name) {
    std::string value = text(name);
    try {
      decode_table_name(value);
    } catch (const Error&) {
      refuse(where(name), "is not a table name");
    }
    return value;
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> list;
    each(name, kMaxColumns, [&](const Json& element, const std::string& path) {
      list.push_back(text_of(element, path));
    });
    refuse_twice(list, where(name));
    return list;
  }

  template <typename Function>
  void each(std::string_view name, std::size_t limit, Function function) {
    const Json& list = field(name);
    if (!list.is_array()) refuse(where(name), "is not an array");
    if (list.size() > limit) refuse(where(name), "has too many elements");
    for (std::size_t i = 0; i < list.size(); ++i) {
      function(list[i], where(name) + "[" + std::to_string(i) + "]");
    }
  }

  void finish() {
    if (asked_ == json_.size()) return;
    refuse(path_.empty() ? "(whole)" : path_, "has fields that this version does not know");
  }

  static void refuse_twice(std::vector<std::string> names, const std::string& path) {
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
      refuse(path, "has an element twice");
    }
  }

 private:
  static std::string text_of(const Json& value, const std::string& path) {
    if (!value.is_string()) refuse(path, "is not a string");
    auto text = value.get<std::string>();
    if (text.find('\0') != text.npos) refuse(path, "has a NUL character");
    return text;
  }

  const Json& json_;
  std::string path_;
  std::size_t asked_ = 0;
};

ManifestFiles read_files(Object& column, const std::string& treatment, std::uint64_t rows) {
  const ManifestFiles files{column.count("files"), column.count("bytes")};
  if (treatment != "file") {
    refuse(column.where("files"), "is there although the column is not treated as a file");
  }
  if (files.count > rows) refuse(column.where("files"), "is more than there are rows");
  if ((files.count == 0 && files.bytes > 0) || files.bytes / kLargestFile > files.count) {
    refuse(column.where("bytes"), "does not fit the number of files");
  }
  return files;
}

std::vector<ManifestColumn> read_columns(Object& table, std::uint64_t rows) {
  std::vector<ManifestColumn> columns;
  std::vector<std::string> names;
  table.each("columns", kMaxColumns, [&](const Json& json, const std::string& path) {
    Object object(json, path);
    ManifestColumn column;
    column.name = object.text("name");
    column.type = object.text("type");
    column.treatment = object.choice("treatment", {"data", "identity", "counter", "file"});
    if (object.has("files") || object.has("bytes"))
      column.files = read_files(object, column.treatment, rows);
    object.finish();
    names.push_back(column.name);
    columns.push_back(std::move(column));
  });
  Object::refuse_twice(std::move(names), table.where("columns"));
  return columns;
}

void require_columns(const ManifestTable& table, const std::vector<std::string>& names,
                     const std::string& path) {
  for (const std::string& name : names) {
    const bool known = std::any_of(table.columns.begin(), table.columns.end(),
                                   [&](const ManifestColumn& c) { return c.name == name; });
    if (!known) refuse(path, "names a column that the table does not have");
  }
}

void read_key(Object& object, ManifestTable& table) {
  std::vector<std::string> names;
  object.each("key", kMaxColumns, [&](const Json& json, const std::string& path) {
    Object part(json, path);
    const std::string column = part.text("column");
    const bool integer = part.choice("order", {"integer", "text"}) == "integer";
    part.finish();
    names.push_back(column);
    table.key.push_back({column, integer ? KeyOrder::kInteger : KeyOrder::kText});
  });
  require_columns(table, names, object.where("key"));
  Object::refuse_twice(std::move(names), object.where("key"));
}

void read_content(Object& object, ManifestTable& table) {
  constexpr std::uint64_t kShortestLine = 3;  // {} and the line end
  table.rows = object.count("rows");
  table.bytes = object.count("bytes");
  table.sha256 = object.digest("sha256");
  if ((table.rows == 0) != (table.bytes == 0) || table.rows > table.bytes / kShortestLine) {
    refuse(object.where("rows"), "does not fit the number of bytes");
  }
  table.columns = read_columns(object, table.rows);
  read_key(object, table);
}

ManifestTable read_table(const Json& json, const std::string& path) {
  Object object(json, path);
  ManifestTable table;
  table.name = object.table_name("name");
  table.area = object.text("area");
  table.treatment = object.choice("treatment", {"company", "append_only"});
  table.route = object.text("route");
  read_content(object, table);
  object.each("omitted", kMaxColumns, [&](const Json& element, const std::string& place) {
    Object omitted(element, place);
    table.omitted.push_back({omitted.text("column"), omitted.text("reason")});
    omitted.finish();
  });
  object.finish();
  return table;
}

ManifestTable read_shared(const Json& json, const std::string& path) {
  Object object(json, path);
  ManifestTable table;
  table.name = object.table_name("name");
  table.treatment = object.choice("treatment", {"shared", "people"});
  table.match_columns = object.texts("match_columns");
  read_content(object, table);
  for (const ManifestColumn& column : table.columns) {
    if (column.files) refuse(object.where("columns"), "has files, which shared rows cannot have");
  }
  require_columns(table, table.match_columns, object.where("match_columns"));
  object.finish();
  return table;
}

template <typename Reader>
std::vector<ManifestTable> read_tables(Object& object, std::string_view name, Reader reader) {
  std::vector<ManifestTable> tables;
  std::vector<std::string> names;
  object.each(name, kMaxTables, [&](const Json& json, const std::string& path) {
    tables.push_back(reader(json, path));
    names.push_back(tables.back().name);
  });
  Object::refuse_twice(std::move(names), object.where(name));
  return tables;
}

void read_excluded(Object& object, Manifest& manifest) {
  object.each("excluded", kMaxTables, [&](const Json& json, const std::string& path) {
    Object table(json, path);
    manifest.excluded.push_back(
        {table.table_name("name"), table.text("treatment"), table.text("reason")});
    table.finish();
  });
}

void read_references(Object& object, Manifest& manifest) {
  object.each("references", kMaxTables, [&](const Json& json, const std::string& path) {
    Object source(json, path);
    ManifestReference reference;
    reference.table = source.table_name("table");
    reference.columns = source.texts("columns");
    reference.target = source.table_name("target");
    reference.target_columns = source.texts("target_columns");
    reference.json_path = source.optional_text("json_path");
    reference.when_column = source.optional_text("when_column");
    reference.when_value = source.optional_text("when_value");
    reference.outside = source.choice("outside", {"refuse", "keep", "null"});
    source.finish();
    manifest.references.push_back(std::move(reference));
  });
}

void read_problems(Object& object, Manifest& manifest) {
  const std::size_t unlimited = static_cast<std::size_t>(-1);
  object.each("problems", unlimited, [&](const Json& json, const std::string& path) {
    Object problem(json, path);
    manifest.problems.push_back({problem.table_name("table"), problem.text("row_key"),
                                 problem.text("reference"), problem.text("problem")});
    problem.finish();
  });
}

void check_format(Object& object) {
  if (object.text("format") != kFormatName) {
    refuse("format", "does not say that this is an archive of company_backup");
  }
  const std::uint64_t version = object.count("format_version");
  if (version != static_cast<std::uint64_t>(kFormatVersion)) {
    throw Error(sqlstate::kBadArchive, "the manifest's field \"format_version\" is " +
                                           std::to_string(version) + ", but only " +
                                           std::to_string(kFormatVersion) + " is supported")
        .hint("A newer version of company_backup may be able to read the archive.");
  }
}

void read_database(Object& object, Manifest& manifest) {
  Object database(object.field("database"), "database");
  manifest.database_identity = database.text("identity");
  if (!is_lower_uuid(manifest.database_identity)) {
    refuse("database.identity", "is not a lower-case uuid");
  }
  manifest.database_name = database.text("name");
  database.finish();
}

void read_company(Object& object, Manifest& manifest) {
  Object company(object.field("company"), "company");
  manifest.company_table = company.table_name("table");
  manifest.key_column = company.text("key_column");
  manifest.company_key = company.text("key");
  manifest.company_name = company.optional_text("name");
  company.finish();
}

}  // namespace

Manifest Manifest::from_json(std::string_view text) {
  const Json json = parse_strictly(text);
  Object object(json, "");
  Manifest manifest;
  check_format(object);
  manifest.extension_version = object.text("extension_version");
  manifest.server_version = object.text("server_version");
  manifest.server_encoding = object.text("server_encoding");
  read_database(object, manifest);
  read_company(object, manifest);
  manifest.label = object.optional_text("label");
  manifest.created_at = object.text("created_at");
  manifest.created_at_seconds();  // refuses a malformed one
  manifest.created_by = object.text("created_by");
  manifest.actor = object.optional_text("actor");
  manifest.include_files = object.boolean("include_files");
  manifest.schema_fingerprint = object.digest("schema_fingerprint");
  manifest.tables = read_tables(object, "tables", read_table);
  manifest.shared = read_tables(object, "shared", read_shared);
  read_excluded(object, manifest);
  read_references(object, manifest);
  read_problems(object, manifest);
  object.finish();
  return manifest;
}

}  // namespace company_backup
