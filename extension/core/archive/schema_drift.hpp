// How the structure of an archive differs from that of the database it comes to, and the shape that
// its rows are given so that they fit: tables and columns under the names they have here, values of
// the types they have here.
//
// Found by drift_finder.hpp. What depends on the rows (are there values in a column that is gone,
// can those of another type be read?) is counted by pg/load/drift_scan.hpp, before the differences
// are told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// What a difference means for a restore.
enum class DriftEffect {
  kNothing,  // no value is lost, no row fails
  kFilled,   // rows of the archive get a value that it does not have
  kChecked,  // it depends on the rows: one that breaks the new constraint stops the restore
  kLost,     // with schema_drift => 'adapt' values are lost, otherwise it stops the restore
  kRefused,  // the restore is refused
};
const char* to_text(DriftEffect effect);

// A row of compare_schema().
struct SchemaDifference {
  std::string table;   // as it is displayed; its name in the archive if there is none here
  std::string column;  // empty: the table itself
  std::string difference;
  DriftEffect effect = DriftEffect::kNothing;
  std::string settle = {};  // a statement; empty: there is none
  bool stops = false;       // a restore, before it looks at the company's rows
};

// A column of the archive on its way here.
struct DriftColumn {
  enum class Change : uint8_t {
    kNone,
    kRecoded,  // the type here reads every value of the type it was
    kCast,     // its text is read by the type here, which may refuse it
    kDropped,  // there is no such column here
  };
  const Column* column = nullptr;  // null: dropped
  Change change = Change::kNone;
  bool may_be_null = false;               // in the archive, but not here
  std::string difference = {};            // of its type or existence; empty: none
  std::string settle = {};                // what may settle it
  const std::string* declared = nullptr;  // expression of declared_default()
  // What values become that cannot be had, in text form; to be set before the rows are counted.
  std::optional<std::string> filler = {};

  // Counted in the rows.
  uint64_t values = 0;   // not NULL
  uint64_t lost = 0;     // values that are not the same here
  uint64_t refused = 0;  // of these, those that nothing can stand for; and NULLs of the kind
  uint64_t nulls = 0;    // where may_be_null

  bool is_lossy() const { return change == Change::kCast || change == Change::kDropped; }
};

// A table of the archive on its way here.
struct DriftTable {
  bool shared = false;
  size_t number = 0;                        // in the archive
  const ManifestTable* archived = nullptr;  // there
  const Table* table = nullptr;             // null: its rows are dropped
  const ScopedTable* scoped = nullptr;      // null as well
  std::string difference = {};              // why they are
  std::string settle = {};
  std::vector<DriftColumn> columns = {};  // of all columns of the archive
  bool resorted = false;                  // the order of the key is another one here

  // Do lines pass as they are?
  bool passes() const;
  // Must its rows be looked at before it is known what becomes of them?
  bool is_doubtful() const;
};

struct SchemaDrift {
  Manifest manifest;               // as it fits
  std::vector<DriftTable> tables;  // of the archive, in its order; then its shared ones
  std::vector<size_t> kept;        // positions in `tables` of those that `manifest` has, ...
  std::vector<size_t> kept_shared;
  // What does not depend on rows.
  std::vector<SchemaDifference> others;

  // Is the archive as it would be if it were made here?
  bool is_none() const;
  // Must rows be looked at?
  bool is_doubtful() const;
};

// All differences, in the order of the archive, new tables last. After the rows were counted.
std::vector<SchemaDifference> differences_of(const SchemaDrift& drift);

// Error kSchemaDiffers that lists what stops a restore; nothing does if it is not thrown. `adapts`:
// values may be lost.
void require_fitting(const SchemaDrift& drift, bool adapts);

}  // namespace company_backup
