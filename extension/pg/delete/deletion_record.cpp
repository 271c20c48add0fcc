#include "pg/delete/deletion_record.hpp"

#include "core/merge/restore_words.hpp"
#include "core/text/json_object.hpp"
#include "core/text/json_text.hpp"
#include "pg/base/act.hpp"
#include "pg/scope/guard.hpp"

namespace company_backup {
namespace {

// {"deletion": 7, "company": "acme", "status": "deleted"}; as long keys are null as in the
// notifications of restores.
void notify(const DeletionRecord& record) {
  constexpr size_t kLongestKey = 3000;
  std::string key;
  append_json_string(key, record.company);
  const std::string payload = JsonObject()
                                  .add("deletion", record.id)
                                  .add_json("company", key.size() > kLongestKey ? "null" : key)
                                  .add("status", to_text(RestoreEvent::kDeleted))
                                  .text();
  query("SELECT pg_notify('company_backup', $1)", {payload}, Access::kCall);
}

}  // namespace

int64_t next_deletion_id() {
  return std::stoll(
      one_value(own_query("SELECT nextval('company_backup.deletion_id_seq')", {}, Access::kWrite)));
}

void record_deletion(const DeletionRecord& record) {
  note_rows(static_cast<int64_t>(record.removed));
  const Text caller = one_row(query("SELECT current_user"))[0];
  own_query(
      "INSERT INTO company_backup.deletion (id, company, owner, removed, kept, deleted_by, actor, "
      "report, final_backup) VALUES ($1, $2, $3, $4, $5, $6::name, $7, $8::json, $9)",
      {record.id, record.company, record.owner, static_cast<int64_t>(record.removed),
       static_cast<int64_t>(record.kept), caller, record.actor, record.report,
       Arg::optional_number(record.final_backup)},
      Access::kWrite);
  notify(record);
  JsonObject detail;
  detail.add("deletion", record.id)
      .add("removed", static_cast<int64_t>(record.removed))
      .add("kept", static_cast<int64_t>(record.kept));
  if (record.final_backup) detail.add("final_backup", *record.final_backup);
  if (record.actor) detail.add("actor", record.actor);
  run_hook(RestoreEvent::kDeleted, record.company, detail.text());
}

std::optional<DeletedCompany> owner_of_deletion(int64_t deletion) {
  const Rows rows = own_query(
      "SELECT d.company, d.owner, c.key FROM company_backup.deletion d LEFT JOIN "
      "company_backup.company c ON c.id = d.owner AND c.gone_at IS NULL WHERE d.id = $1",
      {deletion}, Access::kCall);
  if (rows.empty()) return std::nullopt;
  return DeletedCompany{*rows[0][0], std::stoll(*rows[0][1]), rows[0][2]};
}

Error unknown_deletion(int64_t deletion) {
  return Error(sqlstate::kUnknownBackup, "deletion " + std::to_string(deletion) + " does not exist")
      .hint("company_deletions() lists the deletions.");
}

Rows read_report(int64_t deletion) {
  return own_query(
      "SELECT l.line->>0, l.line->>1, l.line->>2, l.line->>3 FROM company_backup.deletion d, "
      "json_array_elements(d.report) WITH ORDINALITY l (line, n) WHERE d.id = $1 ORDER BY l.n",
      {deletion}, Access::kCall);
}

}  // namespace company_backup
