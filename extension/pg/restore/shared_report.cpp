#include "pg/restore/shared_report.hpp"

#include "core/scope/sql.hpp"
#include "pg/load/collapsed_keys.hpp"
#include "pg/restore/restore_record.hpp"

namespace company_backup {
namespace {

constexpr size_t kShown = 5;

std::string counted(uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// "a, b and 3 more"
std::string first_of(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < kShown; ++i) text += (i ? ", " : "") + items[i];
  if (items.size() > kShown) text += " and " + std::to_string(items.size() - kShown) + " more";
  return text;
}

void add_part(std::string& note, const std::string& part) {
  note += (note.empty() ? "" : "; ") + part;
}

}  // namespace

void require_distinct(const LiveScope& live, MatchedArchive& load) {
  std::string list;
  for (const CollapsedKey& clash : find_collapsed_keys(load)) {
    list += (list.empty() ? "" : "\n") + display_table(live.table(clash.table)) + ": " + clash.text;
  }
  if (list.empty()) return;
  throw Error(sqlstate::kCollapsed,
              "several people or shared rows of the backup become one here, and unique keys would "
              "not be unique any more")
      .detail(std::move(list))
      .hint("Create the people who are missing here, so that nobody has to stand for two.");
}

void note_substitutions(const LiveScope& live, int64_t restore,
                        const std::vector<SharedReport>& reports) {
  for (const SharedReport& report : reports) {
    const Table& table = live.table(report.table);
    for (const SharedReport::Substitution& one : report.substitutions) {
      note_problem(restore, table, "(" + one.theirs + ")", sqlstate::kBecame,
                   one.is_actor ? "is not known here: the actor (" + one.ours + ") takes the place"
                                : "is (" + one.ours + ") here");
    }
    for (const std::string& row : report.added) {
      note_problem(restore, table, "", sqlstate::kBecame, "was added: " + row);
    }
  }
}

Text describe(const SharedReport& report) {
  std::string note;
  std::vector<std::string> others, actor;
  for (const SharedReport::Substitution& one : report.substitutions) {
    (one.is_actor ? actor : others).push_back("(" + one.theirs + ") is (" + one.ours + ")");
  }
  if (!others.empty()) add_part(note, first_of(others));
  if (!actor.empty()) {
    add_part(note, "the actor takes the place of " + counted(actor.size(), "person: ", "people: ") +
                       first_of(actor));
  }
  if (!report.added.empty()) add_part(note, "added: " + first_of(report.added));
  if (!report.missing.empty()) add_part(note, "missing: " + first_of(report.missing));
  if (note.empty()) return std::nullopt;
  const std::string all = report.people ? counted(report.rows, "person", "people")
                                        : counted(report.rows, "shared row", "shared rows");
  return all + " referred to; " + note;
}

}  // namespace company_backup
