#include <map>
#include <utility>

#include "core/scope/sql.hpp"
#include "core/text/quoting.hpp"
#include "pg/check/unplaced_rows.hpp"
#include "pg/delete/company_removal.hpp"
#include "pg/delete/confirmation.hpp"
#include "pg/delete/deletion.hpp"
#include "pg/delete/stored_things.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

constexpr const char* kOwnArea = "company_backup";

void append(Text& list, const std::string& text) {
  list = (list ? *list + "; " : "") + text;
}

// The rows of preview_delete().
class Preview {
 public:
  explicit Preview(const LiveScope& live) : live_(live) {}

  struct Line {
    uint64_t removed = 0, changed = 0, kept = 0;
    Text note, in_the_way;
  };
  Line& of(TableIndex table) { return lines_[table]; }
  // About the company as a whole.
  void stands_in_the_way(const std::string& what) {
    append(of(live_.scope.company_table).in_the_way, what);
  }
  void add_stored(const StoredThings& things) {
    if (things.count > 0) {
      stored_.push_back({kOwnArea, things.table, std::to_string(things.count), "0", "0", {}, {}});
    }
  }

  Rows rows() const {
    Rows rows;
    for (const auto& [table, line] : lines_) {
      rows.push_back({area_of(table), display_table(live_.table(table)),
                      std::to_string(line.removed), std::to_string(line.changed),
                      std::to_string(line.kept), line.note, line.in_the_way});
    }
    rows.insert(rows.end(), stored_.begin(), stored_.end());
    return rows;
  }

 private:
  std::string area_of(TableIndex table) const {
    if (const ScopedTable* scoped = live_.scope.find(table)) return scoped->area;
    for (const OtherTable& other : live_.scope.others) {
      if (other.table == table) return other.area;
    }
    return live_.table(table).schema;
  }

  const LiveScope& live_;
  std::map<TableIndex, Line> lines_;
  Rows stored_;
};

void find_obstacles(const LiveScope& live, const Company& company, const Text& actor,
                    Preview& preview) {
  if (takes_proof()) append(preview.of(live.scope.company_table).note, "takes a proof");
  for (const std::string& message : unmet_preconditions(company.key, actor)) {
    preview.stands_in_the_way(message);
  }
  if (live.scope.undecided()) {
    preview.stands_in_the_way("the scope is undecided: check_company_scope() says where");
  }
  const std::vector<std::string> unplaced = unplaced_rows(live, company);
  if (!unplaced.empty()) {
    preview.stands_in_the_way(std::to_string(unplaced.size()) +
                              (unplaced.size() == 1
                                   ? " row is of no company though it leads to this one: "
                                   : " rows are of no company though they lead to this one: ") +
                              unplaced[0]);
  }
  const CompanyIdentity identity = identity_of_key(company.key);
  for (const StoredThings& things : count_stored_things(identity, company.key)) {
    preview.add_stored(things);
  }
  if (!identity) return;
  for (const std::string& name : published_templates(*identity)) {
    preview.stands_in_the_way("a backup is the template " + quoted_display(name));
  }
  for (const Row& row :
       own_query("SELECT id FROM company_backup.restore WHERE owner = $1 AND status = 'review'",
                 {*identity})) {
    preview.stands_in_the_way("restore " + *row[0] + " is in review");
  }
}

void find_rows(const LiveScope& live, const Company& company, Preview& preview) {
  const Retention retention = load_retention(live);
  for (const KeptNeed& need : needs_of_kept(live, company, retention)) {
    append(preview.of(need.table).in_the_way, need.what);
  }
  CompanyRemoval removal(live, company, retention, Removal::kPreview);
  for (const TableIndex table : removal.forbidden()) {
    append(preview.of(table).in_the_way, "permission denied to delete rows");
  }
  removal.remove();
  for (const CompanyRemoval::TableRows& rows : removal.tables()) {
    preview.of(rows.scoped->table).removed += rows.removed;
  }
  for (const CompanyRemoval::KeptRows& rows : removal.kept()) {
    preview.of(rows.scoped->table).kept += rows.rows;
    append(preview.of(rows.scoped->table).note, "kept: " + rows.reason);
  }
  for (const auto& [table, what] : removal.foresee()) {
    constexpr std::string_view kRefused = "refused: ";
    append(preview.of(table).in_the_way,
           what.starts_with(kRefused) ? what.substr(kRefused.size()) : what);
  }
  for (const DeclaredReferences::Holders& held : removal.holders()) {
    if (held.cleared == 0) continue;
    Preview::Line& line = preview.of(held.reference->table);
    line.changed += held.cleared;
    append(line.note, std::to_string(held.cleared) + (held.cleared == 1 ? " row" : " rows") +
                          " of others or of nobody, in which " + held.reference->name +
                          " becomes null");
  }
  for (const auto& [table, followed] : removal.followed()) {
    Preview::Line& line = preview.of(table);
    line.removed += followed.removed;
    line.changed += followed.changed;
    const uint64_t rows = followed.removed + followed.changed;
    append(line.note, std::to_string(rows) + (rows == 1 ? " row" : " rows") +
                          " of others or of nobody, which " + (rows == 1 ? "follows" : "follow") +
                          " a foreign key");
  }
}

}  // namespace

Rows preview_delete(LiveScope scope, const AskedCompany& target, const Text& actor) {
  Operation operation(std::move(scope), OperationKind::kLook);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  const Company company = target.resolve(live);
  Preview preview(live);
  find_obstacles(live, company, actor, preview);
  find_rows(live, company, preview);
  target.require_same_now();
  operation.close_snapshot();
  operation.close();
  return preview.rows();
}

}  // namespace company_backup
