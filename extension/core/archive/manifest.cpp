#include "core/archive/manifest.hpp"

#include <simdjson.h>

#include <chrono>
#include <cstdio>

#include "core/text/error.hpp"
#include "core/text/json_text.hpp"

namespace company_backup {

namespace {

// Writes pretty-printed JSON straight into a text: a tree of it would take many times its memory.
class Printer {
 public:
  void begin(char open) {
    text_ += open;
    open_.push_back(open == '{' ? '}' : ']');
    empty_ = true;
  }

  void end() {
    const char close = open_.back();
    open_.pop_back();
    if (!empty_) break_line();
    text_ += close;
    empty_ = false;
  }

  // Begins an element, or with a name a field.
  void element() {
    if (!empty_) text_ += ',';
    empty_ = false;
    break_line();
  }
  void name(std::string_view name) {
    element();
    append_json_string(text_, name);
    text_ += ": ";
  }

  void text(std::string_view value) { append_json_string(text_, value); }
  void literal(std::string_view value) { text_ += value; }

  void field(std::string_view field_name, std::string_view value) {
    name(field_name);
    text(value);
  }
  void field(std::string_view field_name, const std::string& value) {
    field(field_name, std::string_view(value));
  }
  void field(std::string_view field_name, const std::optional<std::string>& value) {
    name(field_name);
    value ? text(*value) : literal("null");
  }
  void field(std::string_view field_name, std::uint64_t value) {
    name(field_name);
    literal(std::to_string(value));
  }
  void field(std::string_view field_name, const std::vector<std::string>& values) {
    list(field_name, values, [this](const std::string& value) { text(value); });
  }

  template <typename Function>
  void object(Function function) {
    begin('{');
    function();
    end();
  }

  template <typename Item, typename Function>
  void list(std::string_view list_name, const std::vector<Item>& items, Function function) {
    name(list_name);
    begin('[');
    for (const Item& item : items) {
      element();
      function(item);
    }
    end();
  }

  std::string finish() {
    text_ += '\n';
    return std::move(text_);
  }

 private:
  void break_line() {
    text_ += '\n';
    text_.append(2 * open_.size(), ' ');
  }

  std::string text_;
  std::string open_;   // what ends the open containers
  bool empty_ = true;  // the innermost has nothing yet
};

void print_columns(Printer& out, const std::vector<ManifestColumn>& columns) {
  out.list("columns", columns, [&](const ManifestColumn& column) {
    out.object([&] {
      out.field("name", column.name);
      out.field("type", column.type);
      out.field("treatment", std::string_view(to_text(column.treatment)));
      if (column.not_null) {
        out.name("not_null");
        out.literal(*column.not_null ? "true" : "false");
      }
      if (!column.labels.empty()) out.field("labels", column.labels);
      if (!column.files) return;
      out.field("files", column.files->count);
      out.field("bytes", column.files->bytes);
    });
  });
}

// What follows the beginning that differs between `tables` and `shared`.
void print_content(Printer& out, const ManifestTable& table) {
  out.field("rows", table.rows);
  out.field("bytes", table.bytes);
  out.field("sha256", hex(table.sha256));
  print_columns(out, table.columns);
  out.list("key", table.key, [&](const ManifestKeyColumn& part) {
    out.object([&] {
      out.field("column", part.column);
      out.field("order", std::string_view(to_text(part.order)));
    });
  });
}

void print_tables(Printer& out, const std::vector<ManifestTable>& tables) {
  out.list("tables", tables, [&](const ManifestTable& table) {
    out.object([&] {
      out.field("name", table.name);
      out.field("area", table.area);
      out.field("treatment", std::string_view(to_text(table.treatment)));
      out.field("route", table.route);
      print_content(out, table);
      out.list("omitted", table.omitted, [&](const ManifestOmitted& column) {
        out.object([&] {
          out.field("column", column.column);
          out.field("reason", column.reason);
        });
      });
      if (!table.constraints) return;
      out.list("constraints", *table.constraints, [&](const ManifestConstraint& constraint) {
        out.object([&] {
          out.field("name", constraint.name);
          out.field("definition", constraint.definition);
        });
      });
    });
  });
}

void print_shared(Printer& out, const std::vector<ManifestTable>& tables) {
  out.list("shared", tables, [&](const ManifestTable& table) {
    out.object([&] {
      out.field("name", table.name);
      out.field("treatment", std::string_view(to_text(table.treatment)));
      out.field("match_columns", table.match_columns);
      print_content(out, table);
    });
  });
}

void print_excluded(Printer& out, const std::vector<ManifestExcluded>& excluded) {
  out.list("excluded", excluded, [&](const ManifestExcluded& table) {
    out.object([&] {
      out.field("name", table.name);
      out.field("treatment", table.treatment);
      out.field("reason", table.reason);
    });
  });
}

void print_references(Printer& out, const std::vector<ManifestReference>& references) {
  out.list("references", references, [&](const ManifestReference& reference) {
    out.object([&] {
      out.field("table", reference.table);
      out.field("columns", reference.columns);
      out.field("target", reference.target);
      out.field("target_columns", reference.target_columns);
      out.field("json_path", reference.json_path);
      out.field("when_column", reference.when_column);
      out.field("when_value", reference.when_value);
      out.field("outside", std::string_view(to_text(reference.outside)));
    });
  });
}

void print_problems(Printer& out, const std::vector<ManifestProblem>& problems) {
  out.list("problems", problems, [&](const ManifestProblem& problem) {
    out.object([&] {
      out.field("table", problem.table);
      out.field("row_key", problem.row_key);
      out.field("reference", problem.reference);
      out.field("problem", problem.problem);
    });
  });
}

}  // namespace

std::string Manifest::to_json() const {
  Printer out;
  out.begin('{');
  out.field("format", std::string_view(kFormatName));
  out.field("format_version", std::uint64_t{kFormatVersion});
  out.field("extension_version", extension_version);
  out.field("server_version", server_version);
  out.field("server_encoding", server_encoding);
  out.name("database");
  out.object([&] {
    out.field("identity", database_identity);
    out.field("name", database_name);
  });
  out.name("company");
  out.object([&] {
    out.field("table", company_table);
    out.field("key_column", key_column);
    out.field("key", company_key);
    out.field("name", company_name);
  });
  out.field("label", label);
  out.field("created_at", created_at);
  out.field("created_by", created_by);
  out.field("actor", actor);
  out.name("include_files");
  out.literal(include_files ? "true" : "false");
  out.field("schema_fingerprint", hex(schema_fingerprint));
  print_tables(out, tables);
  print_shared(out, shared);
  print_excluded(out, excluded);
  print_references(out, references);
  print_problems(out, problems);
  out.end();
  std::string text = out.finish();
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    throw Error(sqlstate::kInternal, "could not write the manifest of a backup")
        .detail("It contains text that is not UTF-8.");
  }
  return text;
}

ManifestFiles total_files(const Manifest& manifest) {
  ManifestFiles total;
  for (const ManifestTable& table : manifest.tables) {
    for (const ManifestColumn& column : table.columns) {
      if (!column.files) continue;
      total.count += column.files->count;
      total.bytes += column.files->bytes;
    }
  }
  return total;
}

std::string Manifest::to_readable_json() const {
  constexpr const char* kMessage = "a backup with this manifest could not be read again";
  std::string text = to_json();
  if (text.size() > kLargestManifest) {
    throw Error(sqlstate::kUnreadable, kMessage)
        .detail("The manifest has " + std::to_string(text.size()) + " bytes; the limit is " +
                std::to_string(kLargestManifest) + ".");
  }
  if (const std::uint64_t files = total_files(*this).count; files > kMostFiles) {
    throw Error(sqlstate::kUnreadable, kMessage)
        .detail("The backup has " + std::to_string(files) + " files; the limit is " +
                std::to_string(kMostFiles) + ".");
  }
  try {
    from_json(text);
  } catch (const Error& error) {
    throw Error(sqlstate::kUnreadable, kMessage)
        .detail("Reading it would fail: " + error.message() + ".");
  }
  return text;
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
