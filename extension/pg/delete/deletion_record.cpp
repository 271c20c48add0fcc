#include "pg/delete/deletion_record.hpp"

#include "core/merge/restore_words.hpp"
#include "core/text/json_object.hpp"
#include "core/text/json_text.hpp"
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
  const Text caller = one_row(query("SELECT current_user"))[0];
  own_query(
      "INSERT INTO company_backup.deletion (id, company, owner, removed, deleted_by, actor) VALUES "
      "($1, $2, $3, $4, $5::name, $6)",
      {record.id, record.company, record.owner, static_cast<int64_t>(record.removed), caller,
       record.actor},
      Access::kWrite);
  notify(record);
  JsonObject detail;
  detail.add("deletion", record.id).add("removed", static_cast<int64_t>(record.removed));
  if (record.actor) detail.add("actor", record.actor);
  run_hook(RestoreEvent::kDeleted, record.company, detail.text());
}

}  // namespace company_backup
