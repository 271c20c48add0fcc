// manifest.json: what a backup is, and what its archive must hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive/key_order.hpp"
#include "core/scope/treatment.hpp"
#include "core/text/digest.hpp"

namespace company_backup {

inline constexpr const char* kFormatName = "company_backup";
inline constexpr int kFormatVersion = 1;
// No reader takes a longer manifest, so none is written.
inline constexpr std::uint64_t kLargestManifest = std::uint64_t{32} << 20;

// A longer file could not be restored over: an undo record holds files in base64, inside lines.
inline constexpr std::uint64_t kLargestFile = (std::uint64_t{3} << 28) - (std::uint64_t{64} << 10);

// A reader keeps the digests of all files of an archive.
inline constexpr std::uint64_t kMostFiles = 5'000'000;

// The distinct contents of a column.
struct ManifestFiles {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

struct ManifestColumn {
  std::string name;                                    // plain
  std::string type;                                    // as format_type() writes it
  ColumnTreatment treatment = ColumnTreatment::kData;  // or kIdentity, kCounter, kFile
  // Of a column whose lines hold digests, and whose contents are entries under files/. Only where
  // the treatment is kFile.
  std::optional<ManifestFiles> files = std::nullopt;
  // Of `tables`; none: an archive of before they were noted.
  std::optional<bool> not_null = std::nullopt;
  std::vector<std::string> labels = {};  // of an enum
};

struct ManifestConstraint {
  std::string name;
  std::string definition;  // as PostgreSQL prints it
};

struct ManifestKeyColumn {
  std::string column;
  KeyOrder order = KeyOrder::kText;
};

struct ManifestOmitted {
  std::string column;
  std::string reason;
};

// A table whose rows are in the archive: an element of `tables` or of `shared`.
struct ManifestTable {
  std::string name;  // encode_table_name()
  std::string area;  // `tables` only
  // `tables`: kCompany, kAppendOnly; `shared`: kShared, kPeople.
  TableTreatment treatment = TableTreatment::kCompany;
  std::string route;                       // `tables` only; for readers
  std::vector<std::string> match_columns;  // `shared` only
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;              // uncompressed, line ends included
  Sha256Digest sha256{};                // of these bytes
  std::vector<ManifestColumn> columns;  // in the order of the keys of every line
  // Lines ascend strictly by it. Empty: the table has no key, whole lines ascend, equal ones
  // allowed.
  std::vector<ManifestKeyColumn> key;
  std::vector<ManifestOmitted> omitted;  // `tables` only
  // `tables` only: CHECKs, foreign keys, unique and exclusion constraints, other unique indexes.
  // None: an archive of before they were noted.
  std::optional<std::vector<ManifestConstraint>> constraints = std::nullopt;
};

struct ManifestExcluded {
  std::string name;       // encode_table_name()
  std::string treatment;  // for readers
  std::string reason;
};

// A reference that no foreign key says, or that may lead to other companies: what is not in the
// archive then is theirs.
struct ManifestReference {
  std::string table;  // encode_table_name()
  std::vector<std::string> columns;
  std::string target;  // encode_table_name()
  std::vector<std::string> target_columns;
  std::optional<std::string> json_path;
  std::optional<std::string> when_column;
  std::optional<std::string> when_value;
  OutsidePolicy outside = OutsidePolicy::kRefuse;
};

struct ManifestProblem {
  std::string table;  // encode_table_name()
  std::string row_key;
  std::string reference;
  std::string problem;
};

struct Manifest {
  std::string extension_version;
  std::string server_version;
  std::string server_encoding;
  std::string database_identity;  // a lower-case uuid
  std::string database_name;
  std::string company_table;  // encode_table_name()
  std::string key_column;
  std::string company_key;
  std::optional<std::string> company_name;
  std::optional<std::string> label;
  std::string created_at;  // 2026-11-22T01:02:03.123456Z
  std::string created_by;
  std::optional<std::string> actor;
  bool include_files = false;
  Sha256Digest schema_fingerprint{};
  std::vector<ManifestTable> tables;
  std::vector<ManifestTable> shared;
  std::vector<ManifestExcluded> excluded;
  std::vector<ManifestReference> references;
  std::vector<ManifestProblem> problems;

  // Pretty-printed, two spaces, fields in a fixed order, a line end at the end. Error kInternal if
  // a string is not UTF-8.
  std::string to_json() const;

  // The same, proved to be what from_json() reads. Error kUnreadable if it is not.
  std::string to_readable_json() const;

  // Time and memory in proportion to the text. Strict: Error kBadArchive that names the field if
  // one is missing, unknown, twice, of the wrong type or cannot be true (counts, names, digests,
  // key columns that are no columns).
  static Manifest from_json(std::string_view text);

  // created_at in whole seconds since 1970: the time of every entry of the archive. Error
  // kBadArchive if created_at is malformed.
  std::int64_t created_at_seconds() const;
};

// How many files, and how many bytes in them, all folders have according to the manifest.
ManifestFiles total_files(const Manifest& manifest);

}  // namespace company_backup
