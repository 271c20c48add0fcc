// Manifest::from_json(): the manifest of an archive is hostile input. It is read in one pass,
// straight into the structures: no tree, whose millions of small objects would take fifty times the
// memory of their text, and nothing that is compared with all that came before it.
#include <simdjson.h>

#include <algorithm>
#include <bitset>
#include <charconv>
#include <functional>
#include <initializer_list>
#include <span>

#include "core/archive/archive_layout.hpp"
#include "core/archive/manifest.hpp"
#include "core/text/error.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_scanner.hpp"
#include "core/text/printable.hpp"
#include "core/text/table_name.hpp"
#include "core/text/words.hpp"

namespace company_backup {

namespace {

constexpr std::size_t kMaxTables = 100'000;
constexpr std::size_t kMaxColumns = 1600;  // PostgreSQL's own limit
// A name has at most 63 bytes in the encoding of its database, and four in UTF-8 for each of these.
constexpr std::size_t kMaxName = 252;
constexpr std::size_t kMaxFolders = 10'000;  // columns with files: each names an entry's folder
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 50;

// Where a value stands, spelled only for messages.
struct Place {
  static constexpr std::size_t kField = static_cast<std::size_t>(-1);

  const Place* outside = nullptr;  // none: the whole
  std::string_view name{};
  std::size_t index = kField;  // of an element

  Place field(std::string_view field_name) const { return {this, field_name}; }
  Place element(std::size_t at) const { return {this, {}, at}; }

  std::string text() const {
    if (outside == nullptr) return "(whole)";
    if (index != kField) return outside->text() + "[" + std::to_string(index) + "]";
    return outside->outside == nullptr ? std::string(name)
                                       : outside->text() + "." + std::string(name);
  }
};

[[noreturn]] void refuse(const std::string& field, const char* why) {
  throw Error(sqlstate::kBadArchive, "the manifest's field " + in_quotes(field) + " " + why);
}

[[noreturn]] void refuse(const Place& place, const char* why) {
  refuse(place.text(), why);
}

[[noreturn]] void not_json(const std::string& why) {
  throw Error(sqlstate::kBadArchive, "the manifest is not valid JSON")
      .detail("Reading stopped because " + why + ".");
}

template <typename Function>
auto grammar(Function function) {
  try {
    return function();
  } catch (const Error& error) {
    not_json(error.message());
  }
}

bool is_json_path(const std::string& text) {
  try {
    const JsonPath path = JsonPath::parse(text);
    return !path.has_conditions() || path.text() == text;
  } catch (const Error&) {
    return false;
  }
}

// Steps through the text: each call takes one value and demands that it is of its kind.
class ValueReader {
 public:
  using Take = std::function<void(const Place&)>;
  struct Field {
    std::string_view name;
    Take take;
    bool optional = false;
  };

  explicit ValueReader(std::string_view text) : scanner_(text, 0) {
    if (!simdjson::validate_utf8(text.data(), text.size())) not_json("the text is not UTF-8");
  }

  // An object with exactly these fields, in any order.
  void object(const Place& place, std::initializer_list<Field> fields) {
    std::bitset<32> seen;
    if (peek() != '{') refuse(place, "is not an object");
    expect('{');
    for (bool more = peek() != '}'; more; more = comma('}')) {
      if (peek() != '"') not_json("an object has a key that is not a string");
      const std::string name = unescaped();
      expect(':');
      const Field* field = std::find_if(fields.begin(), fields.end(),
                                        [&](const Field& f) { return f.name == name; });
      if (field == fields.end()) refuse(place, "has fields that this version does not know");
      const auto number = static_cast<std::size_t>(field - fields.begin());
      if (seen[number]) refuse(place.field(name), "comes twice");
      seen.set(number);
      field->take(place.field(field->name));
    }
    expect('}');
    for (const Field& field : fields) {
      const auto number = static_cast<std::size_t>(&field - fields.begin());
      if (!seen[number] && !field.optional) refuse(place.field(field.name), "is missing");
    }
  }

  template <typename Function>
  void list(const Place& place, std::size_t limit, Function function) {
    if (peek() != '[') refuse(place, "is not an array");
    expect('[');
    std::size_t count = 0;
    for (bool more = peek() != ']'; more; more = comma(']')) {
      if (count == limit) refuse(place, "has too many elements");
      function(place.element(count++));
    }
    expect(']');
  }

  void finish() {
    if (!scanner_.at_end()) not_json("text follows its end");
  }

  std::string read_text(const Place& place) {
    if (peek() != '"') refuse(place, "is not a string");
    return unescaped();
  }

  std::string read_name(const Place& place) {
    std::string name = read_text(place);
    if (name.size() > kMaxName) refuse(place, "is longer than a name can be");
    return name;
  }

  // These give what takes the value of a field to `to`.

  Take text(std::string& to) {
    return [this, &to](const Place& place) { to = read_text(place); };
  }

  Take optional_text(std::optional<std::string>& to) {
    return [this, &to](const Place& place) {
      if (peek() == 'n') {
        grammar([&] { scanner_.literal("null"); });
      } else {
        to = read_text(place);
      }
    };
  }

  // As set_reference() writes it.
  Take json_path(std::optional<std::string>& to) {
    return [take = optional_text(to), &to](const Place& place) {
      take(place);
      if (to && !is_json_path(*to)) refuse(place, "is no JSON path");
    };
  }

  Take name(std::string& to) {
    return [this, &to](const Place& place) { to = read_name(place); };
  }

  // Only one of `allowed`, where not every word may stand here.
  template <class Word>
  Take word(Word& to, std::vector<Word> allowed = all_words<Word>()) {
    return [this, &to, allowed = std::move(allowed)](const Place& place) {
      const std::optional<Word> read = parse_word<Word>(read_text(place));
      if (!read || std::find(allowed.begin(), allowed.end(), *read) == allowed.end()) {
        refuse(place, "has an unknown value");
      }
      to = *read;
    };
  }

  Take boolean(bool& to) {
    return [this, &to](const Place& place) {
      const char c = peek();
      if (c != 't' && c != 'f') refuse(place, "is not true or false");
      grammar([&] { scanner_.literal(c == 't' ? "true" : "false"); });
      to = c == 't';
    };
  }

  Take count(std::uint64_t& to) {
    return [this, &to](const Place& place) {
      const char c = peek();
      if (c != '-' && (c < '0' || c > '9')) refuse(place, "is not a count");
      const std::string_view digits = grammar([&] { return scanner_.number(); });
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
      if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) {
        refuse(place, "is not a count");
      }
      if (error != std::errc() || to > kMaxBytes) refuse(place, "is impossibly large");
    };
  }

  Take digest(Sha256Digest& to) {
    return [this, &to](const Place& place) {
      const auto value = parse_hex(read_text(place));
      if (!value) refuse(place, "is not a SHA-256 digest");
      to = *value;
    };
  }

  // An encoded table name.
  Take table_name(std::string& to) {
    return [this, &to](const Place& place) {
      to = read_text(place);
      try {
        const TableName name = decode_table_name(to);
        if (name.schema.size() <= kMaxName && name.table.size() <= kMaxName) return;
      } catch (const Error&) {
        refuse(place, "is not a table name");
      }
      refuse(place, "is longer than a name can be");
    };
  }

  // Names of columns, all different.
  Take names(std::vector<std::string>& to) {
    return [this, &to](const Place& place) {
      list(place, kMaxColumns, [&](const Place& element) { to.push_back(read_name(element)); });
      refuse_twice({to.begin(), to.end()}, place);
    };
  }

  static void refuse_twice(std::vector<std::string_view> names, const Place& place) {
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
      refuse(place, "has an element twice");
    }
  }

 private:
  char peek() {
    return grammar([this] { return scanner_.peek(); });
  }
  void expect(char c) {
    grammar([=, this] { scanner_.expect(c); });
  }
  // After an element: true if another follows, false before the end.
  bool comma(char close) {
    if (peek() == close) return false;
    expect(',');
    return true;
  }
  // At a quote.
  std::string unescaped() {
    const JsonScanner::String string = grammar([this] { return scanner_.string(); });
    std::string text(string.text);
    if (string.escaped) text.resize(unescape_json(string.text, text.data()));
    return text;
  }

  JsonScanner scanner_;
};

using Field = ValueReader::Field;

const std::vector<ColumnTreatment> kColumnTreatments{
    ColumnTreatment::kData, ColumnTreatment::kIdentity, ColumnTreatment::kCounter,
    ColumnTreatment::kFile};
const std::vector<TableTreatment> kTableTreatments{TableTreatment::kCompany,
                                                   TableTreatment::kAppendOnly};
const std::vector<TableTreatment> kSharedTreatments{TableTreatment::kShared,
                                                    TableTreatment::kPeople};

template <typename Item>
std::vector<std::string_view> names_of(const std::vector<Item>& items, std::string Item::*name) {
  std::vector<std::string_view> names;
  names.reserve(items.size());
  for (const Item& item : items) names.push_back(item.*name);
  return names;
}

class ManifestReader {
 public:
  explicit ManifestReader(std::string_view text) : in_(text) {}

  Manifest read() {
    Manifest& m = manifest_;
    const Place whole;
    std::string format;
    std::uint64_t version = 0;
    const auto list_of = [this](auto member) {
      return [this, member](const Place& place) { (this->*member)(place); };
    };
    in_.object(whole, {{"format", format_name(format)},
                       {"format_version", format_version(version)},
                       {"extension_version", in_.text(m.extension_version)},
                       {"server_version", in_.text(m.server_version)},
                       {"server_encoding", in_.text(m.server_encoding)},
                       {"database", list_of(&ManifestReader::read_database)},
                       {"company", list_of(&ManifestReader::read_company)},
                       {"label", in_.optional_text(m.label)},
                       {"created_at", in_.text(m.created_at)},
                       {"created_by", in_.text(m.created_by)},
                       {"actor", in_.optional_text(m.actor)},
                       {"include_files", in_.boolean(m.include_files)},
                       {"schema_fingerprint", in_.digest(m.schema_fingerprint)},
                       {"tables", list_of(&ManifestReader::read_tables)},
                       {"shared", list_of(&ManifestReader::read_shared)},
                       {"excluded", list_of(&ManifestReader::read_excluded)},
                       {"references", list_of(&ManifestReader::read_references)},
                       {"problems", list_of(&ManifestReader::read_problems)}});
    in_.finish();
    m.created_at_seconds();  // refuses a malformed one
    return std::move(manifest_);
  }

 private:
  ValueReader::Take format_name(std::string& format) {
    return [this, &format](const Place& place) {
      format = in_.read_text(place);
      if (format != kFormatName) {
        refuse(place, "does not say that this is an archive of company_backup");
      }
    };
  }

  ValueReader::Take format_version(std::uint64_t& version) {
    return [this, &version](const Place& place) {
      in_.count(version)(place);
      if (version == static_cast<std::uint64_t>(kFormatVersion)) return;
      throw Error(sqlstate::kBadArchive, "the manifest's field \"format_version\" is " +
                                             std::to_string(version) + ", but only " +
                                             std::to_string(kFormatVersion) + " is supported")
          .hint("A newer version of company_backup may be able to read the archive.");
    };
  }

  void read_database(const Place& place) {
    in_.object(place, {{"identity", in_.text(manifest_.database_identity)},
                       {"name", in_.text(manifest_.database_name)}});
    if (!is_lower_uuid(manifest_.database_identity)) {
      refuse(place.field("identity"), "is not a lower-case uuid");
    }
  }

  void read_company(const Place& place) {
    in_.object(place, {{"table", in_.table_name(manifest_.company_table)},
                       {"key_column", in_.name(manifest_.key_column)},
                       {"key", in_.text(manifest_.company_key)},
                       {"name", in_.optional_text(manifest_.company_name)}});
  }

  void read_tables(const Place& place) {
    in_.list(place, kMaxTables, [&](const Place& element) {
      ManifestTable table;
      in_.object(element, {{"name", in_.table_name(table.name)},
                           {"area", in_.text(table.area)},
                           {"treatment", in_.word(table.treatment, kTableTreatments)},
                           {"route", in_.text(table.route)},
                           {"rows", in_.count(table.rows)},
                           {"bytes", in_.count(table.bytes)},
                           {"sha256", in_.digest(table.sha256)},
                           {"columns", columns(table)},
                           {"key", key(table)},
                           {"omitted", omitted(table)},
                           {"constraints", constraints(table), true}});
      check_content(table, element);
      manifest_.tables.push_back(std::move(table));
    });
    in_.refuse_twice(names_of(manifest_.tables, &ManifestTable::name), place);
  }

  void read_shared(const Place& place) {
    in_.list(place, kMaxTables, [&](const Place& element) {
      ManifestTable table;
      in_.object(element, {{"name", in_.table_name(table.name)},
                           {"treatment", in_.word(table.treatment, kSharedTreatments)},
                           {"match_columns", in_.names(table.match_columns)},
                           {"rows", in_.count(table.rows)},
                           {"bytes", in_.count(table.bytes)},
                           {"sha256", in_.digest(table.sha256)},
                           {"columns", columns(table)},
                           {"key", key(table)}});
      check_content(table, element);
      for (const ManifestColumn& column : table.columns) {
        if (!column.files) continue;
        refuse(element.field("columns"), "has files, which shared rows cannot have");
      }
      require_columns(table, {table.match_columns.begin(), table.match_columns.end()},
                      element.field("match_columns"));
      manifest_.shared.push_back(std::move(table));
    });
    in_.refuse_twice(names_of(manifest_.shared, &ManifestTable::name), place);
  }

  ValueReader::Take columns(ManifestTable& table) {
    return [this, &table](const Place& place) {
      in_.list(place, kMaxColumns,
               [&](const Place& element) { table.columns.push_back(read_column(element)); });
      in_.refuse_twice(names_of(table.columns, &ManifestColumn::name), place);
    };
  }

  ManifestColumn read_column(const Place& place) {
    ManifestColumn column;
    ManifestFiles files;
    bool not_null = false;
    bool has_not_null = false;
    bool has_count = false, has_bytes = false;
    const auto noted = [](bool& flag, ValueReader::Take take) {
      return [&flag, take = std::move(take)](const Place& field) {
        flag = true;
        take(field);
      };
    };
    in_.object(place, {{"name", in_.name(column.name)},
                       {"type", in_.text(column.type)},
                       {"treatment", in_.word(column.treatment, kColumnTreatments)},
                       {"not_null", noted(has_not_null, in_.boolean(not_null)), true},
                       {"labels", in_.names(column.labels), true},
                       {"files", noted(has_count, in_.count(files.count)), true},
                       {"bytes", noted(has_bytes, in_.count(files.bytes)), true}});
    if (has_not_null) column.not_null = not_null;
    if (!has_count && !has_bytes) return column;
    if (!has_count) refuse(place.field("files"), "is missing");
    if (!has_bytes) refuse(place.field("bytes"), "is missing");
    if (column.treatment != ColumnTreatment::kFile) {
      refuse(place.field("files"), "is present, but the column is not treated as a file");
    }
    if (++folders_ > kMaxFolders) refuse(place.field("files"), "is present in too many columns");
    column.files = files;
    return column;
  }

  ValueReader::Take key(ManifestTable& table) {
    return [this, &table](const Place& place) {
      in_.list(place, kMaxColumns, [&](const Place& element) {
        ManifestKeyColumn part;
        in_.object(element, {{"column", in_.name(part.column)}, {"order", in_.word(part.order)}});
        table.key.push_back(std::move(part));
      });
      in_.refuse_twice(names_of(table.key, &ManifestKeyColumn::column), place);
    };
  }

  ValueReader::Take omitted(ManifestTable& table) {
    return [this, &table](const Place& place) {
      in_.list(place, kMaxColumns, [&](const Place& element) {
        ManifestOmitted left_out;
        in_.object(element,
                   {{"column", in_.name(left_out.column)}, {"reason", in_.text(left_out.reason)}});
        table.omitted.push_back(std::move(left_out));
      });
    };
  }

  ValueReader::Take constraints(ManifestTable& table) {
    return [this, &table](const Place& place) {
      std::vector<ManifestConstraint>& list = table.constraints.emplace();
      in_.list(place, kMaxTables, [&](const Place& element) {
        ManifestConstraint constraint;
        in_.object(element, {{"name", in_.text(constraint.name)},
                             {"definition", in_.text(constraint.definition)}});
        list.push_back(std::move(constraint));
      });
    };
  }

  // What the fields say together.
  static void check_content(const ManifestTable& table, const Place& place) {
    constexpr std::uint64_t kShortestLine = 3;  // {} and the line end
    if ((table.rows == 0) != (table.bytes == 0) || table.rows > table.bytes / kShortestLine) {
      refuse(place.field("rows"), "does not fit the number of bytes");
    }
    require_columns(table, names_of(table.key, &ManifestKeyColumn::column), place.field("key"));
    const Place columns = place.field("columns");
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].files) {
        check_files(*table.columns[i].files, table.rows, columns.element(i));
      }
    }
  }

  static void check_files(const ManifestFiles& files, std::uint64_t rows, const Place& column) {
    if (files.count > rows) refuse(column.field("files"), "is more than there are rows");
    if ((files.count == 0 && files.bytes > 0) || files.bytes / kLargestFile > files.count) {
      refuse(column.field("bytes"), "does not fit the number of files");
    }
  }

  static void require_columns(const ManifestTable& table,
                              const std::vector<std::string_view>& wanted, const Place& place) {
    if (wanted.empty()) return;
    std::vector<std::string_view> names = names_of(table.columns, &ManifestColumn::name);
    std::sort(names.begin(), names.end());
    for (const std::string_view name : wanted) {
      if (std::binary_search(names.begin(), names.end(), name)) continue;
      refuse(place, "names a column that the table does not have");
    }
  }

  void read_excluded(const Place& place) {
    in_.list(place, kMaxTables, [&](const Place& element) {
      ManifestExcluded table;
      in_.object(element, {{"name", in_.table_name(table.name)},
                           {"treatment", in_.text(table.treatment)},
                           {"reason", in_.text(table.reason)}});
      manifest_.excluded.push_back(std::move(table));
    });
  }

  void read_references(const Place& place) {
    in_.list(place, kMaxTables, [&](const Place& element) {
      ManifestReference reference;
      in_.object(element, {{"table", in_.table_name(reference.table)},
                           {"columns", in_.names(reference.columns)},
                           {"target", in_.table_name(reference.target)},
                           {"target_columns", in_.names(reference.target_columns)},
                           {"json_path", in_.json_path(reference.json_path)},
                           {"when_column", in_.optional_text(reference.when_column)},
                           {"when_value", in_.optional_text(reference.when_value)},
                           {"outside", in_.word(reference.outside)}});
      manifest_.references.push_back(std::move(reference));
    });
  }

  void read_problems(const Place& place) {
    const std::size_t unlimited = static_cast<std::size_t>(-1);
    in_.list(place, unlimited, [&](const Place& element) {
      ManifestProblem problem;
      in_.object(element, {{"table", in_.table_name(problem.table)},
                           {"row_key", in_.text(problem.row_key)},
                           {"reference", in_.text(problem.reference)},
                           {"problem", in_.text(problem.problem)}});
      manifest_.problems.push_back(std::move(problem));
    });
  }

  ValueReader in_;
  Manifest manifest_;
  std::size_t folders_ = 0;
};

}  // namespace

Manifest Manifest::from_json(std::string_view text) {
  return ManifestReader(text).read();
}

}  // namespace company_backup
