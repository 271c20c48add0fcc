#include "pg/restore/erased_report.hpp"

#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/restore/restore_record.hpp"

namespace company_backup {
namespace {

// "1 row <singular>" or "3 rows <plural>", if there are any.
void add(std::vector<std::string>& notes, uint64_t count, const std::string& singular,
         const std::string& plural) {
  if (count == 0) return;
  notes.push_back(std::to_string(count) + (count == 1 ? " row " + singular : " rows " + plural));
}

std::vector<std::string> notes_of(const ErasedCounts& counts) {
  std::vector<std::string> notes;
  add(notes, counts.erased, "that was erased, and stays away", "that were erased, and stay away");
  add(notes, counts.needing, "that needs such a row, and stays away, too",
      "that need such rows, and stay away, too");
  add(notes, counts.changed, "that comes without its reference to such a row",
      "that come without their references to such rows");
  return notes;
}

bool is_of(const ManifestTable& archived, const Table& table) {
  return archived.name == encode_table_name(table.schema, table.name);
}

}  // namespace

std::vector<std::string> erased_notes(const FittedArchive& archive, const Table& table) {
  if (archive.erased() == nullptr) return {};
  for (const auto& [number, counts] : archive.erased()->counts())
    if (is_of(archive.manifest().tables[number], table)) return notes_of(counts);
  return {};
}

void note_erased(const LiveScope& live, int64_t restore, const FittedArchive& archive) {
  if (archive.erased() == nullptr) return;
  uint64_t rows = 0;
  for (const auto& [number, counts] : archive.erased()->counts()) {
    rows += counts.erased + counts.needing;
    for (const Table& table : live.schema.tables) {
      if (!is_of(archive.manifest().tables[number], table)) continue;
      for (const std::string& note : notes_of(counts))
        note_problem(restore, table, "", sqlstate::kErased, note);
    }
  }
  report_problems(restore, rows,
                  UINT64_FORMAT " row does not come back: it was erased, or needs a row that was",
                  UINT64_FORMAT " rows do not come back: they were erased, or need rows that were");
}

}  // namespace company_backup
