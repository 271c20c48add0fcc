#include "pg/delete/stored_things.hpp"

#include "core/text/quoting.hpp"
#include "pg/base/progress.hpp"

namespace company_backup {
namespace {

constexpr const char* kBackups = "company_backup.backup";
constexpr const char* kUploads = "company_backup.upload";
constexpr const char* kRestores = "company_backup.restore";
constexpr const char* kIdMaps = "company_backup.id_map";

uint64_t count_of(const char* sql, const std::vector<Arg>& args) {
  return own_query(sql, args, Access::kWrite).size();
}

}  // namespace

std::vector<StoredThings> count_stored_things(std::optional<int64_t> identity,
                                              const std::string& key) {
  const Row counts = one_row(own_query(
      "SELECT (SELECT count(*) FROM company_backup.backup WHERE owner = $1), (SELECT count(*) FROM "
      "company_backup.upload WHERE owner = $1 OR key = $2), (SELECT count(*) FROM "
      "company_backup.restore WHERE owner = $1), (SELECT count(*) FROM company_backup.id_map WHERE "
      "owner = $1)",
      {Arg::optional_number(identity), key}));
  return {{kBackups, std::stoull(*counts[0])},
          {kUploads, std::stoull(*counts[1])},
          {kRestores, std::stoull(*counts[2])},
          {kIdMaps, std::stoull(*counts[3])}};
}

std::vector<std::string> published_templates(int64_t identity) {
  std::vector<std::string> names;
  for (const Row& row :
       own_query("SELECT t.name FROM company_backup.template t JOIN company_backup.backup b ON "
                 "b.id = t.backup WHERE b.owner = $1 ORDER BY 1",
                 {identity})) {
    names.push_back(*row[0]);
  }
  return names;
}

void refuse_templates(int64_t identity) {
  own_query("SELECT FROM company_backup.backup WHERE owner = $1 ORDER BY id FOR UPDATE", {identity},
            Access::kWrite);
  const std::vector<std::string> names = published_templates(identity);
  if (names.empty()) return;
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  throw Error(sqlstate::kPublished, "backups of the company are templates")
      .detail("New companies are made from: " + list + ".")
      .hint("SELECT unpublish_template(" + quote_literal(names[0]) +
            ") first: then the backup goes with the company.");
}

std::vector<StoredThings> forget_stored_things(int64_t identity, const std::string& key,
                                               std::optional<int64_t> final_backup) {
  const Arg kept = Arg::optional_number(final_backup);
  for (const char* sql : {"DELETE FROM company_backup.backup_chunk WHERE backup IN (SELECT id FROM "
                          "company_backup.backup WHERE owner = $1 AND id IS DISTINCT FROM $2)",
                          "DELETE FROM company_backup.backup_file WHERE backup IN (SELECT id FROM "
                          "company_backup.backup WHERE owner = $1 AND id IS DISTINCT FROM $2)"}) {
    own_query(sql, {identity, kept}, Access::kWrite);
  }
  own_query("DELETE FROM company_backup.job WHERE owner = $1 AND id <> $2",
            {identity, current_job()}, Access::kWrite);
  for (const char* sql :
       {"DELETE FROM company_backup.frozen WHERE company = $1",
        "DELETE FROM company_backup.company_limit WHERE company = $1",
        "DELETE FROM company_backup.backup_made WHERE company = $1",
        "DELETE FROM company_backup.undo_chunk WHERE restore IN (SELECT id FROM "
        "company_backup.restore WHERE owner = $1)",
        "DELETE FROM company_backup.undo WHERE restore IN (SELECT id FROM company_backup.restore "
        "WHERE owner = $1)",
        "DELETE FROM company_backup.restore_problem WHERE restore IN (SELECT id FROM "
        "company_backup.restore WHERE owner = $1)"}) {
    own_query(sql, {identity}, Access::kWrite);
  }
  return {{kBackups, count_of("DELETE FROM company_backup.backup WHERE owner = $1 AND id IS "
                              "DISTINCT FROM $2 RETURNING "
                              "1",
                              {identity, kept})},
          {kUploads,
           count_of("DELETE FROM company_backup.upload WHERE owner = $1 OR key = $2 RETURNING 1",
                    {identity, key})},
          {kRestores,
           count_of("DELETE FROM company_backup.restore WHERE owner = $1 RETURNING 1", {identity})},
          {kIdMaps,
           count_of("DELETE FROM company_backup.id_map WHERE owner = $1 RETURNING 1", {identity})}};
}

}  // namespace company_backup
