#include "pg/restore/id_choice.hpp"

#include "core/archive/manifest.hpp"
#include "core/ids/group_columns.hpp"
#include "core/scope/sql.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/load/free_identity.hpp"
#include "pg/load/id_facts.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/company_merge.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

constexpr size_t kListed = 20;

// The key columns as SQL, expressions included; in the form of an array.
std::string names_of(const UniqueIndex& index) {
  return one_value(query(
      "SELECT ARRAY(SELECT pg_get_indexdef($1, n, true) FROM generate_series(1, $2) n)",
      {Arg::datum(OIDOID, ObjectIdGetDatum(index.oid)), static_cast<int>(index.columns.size())}));
}

// Values for the row of a company that does not exist yet: no other row has them, so keys that
// contain one are unique.
CompanyRow keys_of_new_company(const LiveScope& live, CompanyRow keys) {
  const Table& table = live.table(live.scope.company_table);
  for (auto& [number, value] : keys) {
    if (Text unused = unused_value(table, column_of(table, number))) value = std::move(unused);
  }
  return keys;
}

// Keys that keep their values and that others have: of the company's own row always, of its other
// rows where they keep their IDs.
class TakenByOthers {
 public:
  TakenByOthers(const LiveScope& live, const Transfer& transfer, MatchedArchive& load, bool renews,
                bool source_lives) {
    if (transfer.target != nullptr) {
      const MergePolicy policy{
          .adopts = !renews && transfer.same_database && (transfer.same_company || !source_lives),
          .preview = true};
      CompanyMerge merge(live, *transfer.target, load, policy);
      if (renews) {
        merge.compare_company();
      } else {
        merge.compare();
      }
      for (const ScopedTable* scoped : live.travelling()) {
        for (const TakenKeys::Taken& taken : merge.taken_in(scoped->table)) {
          why_[{scoped->table, taken.index->name}] = taken.text;
        }
      }
    } else if (!renews) {
      ArchiveFacts facts(live, nullptr, load, transfer.same_database && !source_lives);
      for (const MatchedTable& matched : load.tables()) {
        if (matched.scoped->table == live.scope.company_table) continue;
        const auto ask = [&](const UniqueIndex& index, const char* why) {
          if (!facts.is_taken(matched.scoped->table, index, {})) return;
          why_[{matched.scoped->table, index.name}] = why;
        };
        for (const UniqueIndex& index : matched.table->unique_indexes) {
          ask(index, "others have its values");
        }
        for (const UniqueIndex& index : matched.table->exclusions) {
          ask(index, "others have rows that exclude some of these");
        }
      }
    }
  }

  Text why(TableIndex table, const UniqueIndex& index) const {
    const auto found = why_.find({table, index.name});
    return found == why_.end() ? Text() : Text(found->second);
  }

 private:
  std::map<std::pair<TableIndex, std::string>, std::string> why_;
};

}  // namespace

bool source_lives(const LiveScope& live, const Manifest& manifest, const Transfer& transfer) {
  if (!transfer.same_database || transfer.source_lives) return transfer.source_lives;
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  return !query("SELECT FROM " + from_table(table) + " AS c WHERE pg_catalog.concat(" +
                    column_sql("c", key) + ") = $1",
                {manifest.company_key}, Access::kWrite)
              .empty();
}

MergeSource merge_source(const StoredBackup& backup, const Manifest& manifest) {
  MergeSource source{manifest.database_identity, manifest.company_key};
  if (is_of_this_database(backup, manifest)) {
    source.owner = backup.origin == BackupOrigin::kUpload
                       ? identity_at(manifest.company_key, manifest.created_at)
                       : backup.owner;
  }
  return source;
}

bool wants_new_ids(const LiveScope& live, const Manifest& manifest, IdMode ids,
                   const Transfer& transfer) {
  switch (ids) {
    case IdMode::kKeep:
      return false;
    case IdMode::kRemap:
      return true;
    case IdMode::kAuto:
      break;
  }
  if (transfer.same_company) return false;
  if (transfer.target != nullptr && has_rows(live, *transfer.target)) return true;
  return source_lives(live, manifest, transfer);
}

IdRenewal::IdRenewal(const LiveScope& live, const Transfer& transfer, MatchedArchive& load)
    : live_(live), load_(load) {
  ArchiveFacts facts(live, transfer.target, load);
  plan_ = plan_ids(live.schema, live.scope, load.roots(), facts);
}

IdRenewal::IdRenewal(const LiveScope& live, const Transfer& transfer, MatchedArchive& load,
                     const std::vector<TakenGroup>& groups)
    : live_(live), load_(load) {
  ArchiveFacts facts(live, transfer.target, load);
  std::vector<ColumnRoot> columns;
  for (const TakenGroup& group : groups) {
    columns.insert(columns.end(), group.columns.begin(), group.columns.end());
  }
  plan_ = plan_groups(live.schema, live.scope, load.roots(), facts, columns);
}

void IdRenewal::require_possible() const {
  std::string list, hint;
  size_t count = 0;
  for (const IdDecision& decision : plan_.decisions) {
    if (decision.kind != IdDecision::Kind::kRefused) continue;
    if (++count > kListed) continue;
    list += (list.empty() ? "" : "\n") + display_table(live_.table(decision.table)) + ", key " +
            display_name(decision.index->name) + ": " + decision.why;
    if (hint.empty()) hint = decision.hint;
  }
  if (count == 0) return;
  if (count > kListed) list += "\nand " + std::to_string(count - kListed) + " more";
  throw Error(sqlstate::kRefusedIds, std::to_string(count) + (count == 1 ? " key" : " keys") +
                                         " of the backup cannot be taken over by another company")
      .detail(list)
      .hint(hint + " plan_ids() shows the whole plan.");
}

// The transaction is lost: nothing may be asked here but what is known.
void IdRenewal::refuse(const TakenValue& taken) const {
  std::string hint = "Give the copies values of their own: set_column_rule(..., 'renew', ...).";
  const auto& tables = live_.schema.tables;
  for (TableIndex table = 0; table < static_cast<TableIndex>(tables.size()); ++table) {
    if (tables[table].oid != taken.table) continue;
    for (const auto* indexes : {&tables[table].unique_indexes, &tables[table].exclusions}) {
      for (const UniqueIndex& index : *indexes) {
        if (index.name != taken.index) continue;
        hint =
            hint_for_key(live_.schema, load_.roots(), table, index, [](int16_t) { return false; });
      }
    }
  }
  throw Error(sqlstate::kRefusedIds, taken.message()).detail(taken.detail()).hint(hint);
}

std::vector<std::string> IdRenewal::notes_of(TableIndex table) const {
  std::vector<std::string> notes;
  bool renewed = false;
  for (const IdDecision& decision : plan_.decisions) {
    if (decision.table != table) continue;
    renewed |= decision.kind == IdDecision::Kind::kRenewed;
    if (decision.kind != IdDecision::Kind::kRefused) continue;
    notes.push_back("refused: key " + display_name(decision.index->name) + ": " + decision.why);
  }
  if (renewed) notes.insert(notes.begin(), "new IDs");
  if (!plan_.keeps_keys) return notes;
  for (const auto& [column, how] : plan_.renewed) {
    if (column.table != table) continue;
    notes.push_back("new numbers in column " +
                    display_name(column_of(live_.table(table), column.column).name) +
                    ", since others have some of these");
  }
  return notes;
}

void IdRenewal::begin(KeptIds* kept, bool preview) {
  ids_.emplace(live_, load_, plan_, kept, preview);
  load_.set_new_ids(&*ids_);
}

namespace {

const TakenGroup* find_taken(const std::vector<TakenGroup>& taken, const ColumnRoot& column) {
  for (const TakenGroup& group : taken) {
    if (find_group({group.columns}, column) != nullptr) return &group;
  }
  return nullptr;
}

// What becomes of groups. `kept`: why they stay; empty: all IDs are new. `refuses`: where others
// have their numbers, which are renewed else.
void show_groups(const LiveScope& live, const IdPlan& plan, const std::vector<TakenGroup>& taken,
                 const std::string& kept, bool refuses, Rows& rows) {
  const auto groups = group_columns(live.schema, live.rules, live.scope);
  for (const auto& [column, how] : plan.renewed) {
    if (find_group(groups, column) == nullptr) continue;
    const Table& table = live.table(column.table);
    auto kind = IdDecision::Kind::kRenewed;
    std::string why = way_of(how.kind);
    if (const TakenGroup* others = find_taken(taken, column)) {
      if (refuses) kind = IdDecision::Kind::kRefused;
      why = others->why() + (refuses ? "" : "; all get " + why);
    } else if (!kept.empty()) {
      kind = IdDecision::Kind::kKept;
      why = kept;
    }
    rows.push_back({display_table(table),
                    text_array({display_name(column_of(table, column.column).name)}), to_text(kind),
                    why});
  }
}

}  // namespace

Rows show_id_plan(LiveScope scope, const std::optional<AskedCompany>& target,
                  const StoredBackup& backup) {
  Operation operation(std::move(scope), OperationKind::kRead);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  std::optional<Company> company;
  if (target) company = target->resolve(live);
  FittedArchive archive(live, backup, DriftPolicy::kRefuse);
  const Manifest& manifest = archive.manifest();
  RowSource& source = archive.source();
  const bool same_database = is_of_this_database(backup, manifest);
  const Transfer transfer{.same_database = same_database,
                          .same_company = company && is_own_backup(backup, manifest, company->key),
                          .target = company ? &*company : nullptr,
                          .source_lives = does_source_live(backup, manifest)};
  const SharedOptions shared{.same_database = same_database, .preview = true};
  MatchOptions match{.same_company = transfer.same_company};
  MovedIdentity moved;
  if (!company && !source_lives(live, manifest, transfer)) {
    moved = free_identity(
        live, manifest, source,
        {.same_database = same_database, .adopts = same_database && !backup.owner_key});
  }
  match.moved = moved.moved;
  match.left = moved.left;
  MatchedArchive load(live, manifest, source, match, shared);
  load.leave_identity(moved.taken, true);
  load.set_company_keys(company ? read_company(live, *company, load.company_key_columns())
                                : keys_of_new_company(live, load.archived_company_keys()));
  load.settle_outside(company ? &*company : nullptr);
  const bool renews = wants_new_ids(live, manifest, IdMode::kAuto, transfer);
  Rows rows;
  const IdRenewal renewal(live, transfer, load);
  const bool lives = backup.owner_key || source_lives(live, manifest, transfer);
  const TakenByOthers taken(live, transfer, load, renews, lives);
  const std::string kept =
      transfer.same_company ? "it is the company's own backup" : "the company is empty";
  for (const IdDecision& decision : renewal.plan().decisions) {
    const Text refused = taken.why(decision.table, *decision.index);
    if (refused) {
      rows.push_back({display_table(live.table(decision.table)), names_of(*decision.index),
                      to_text(IdDecision::Kind::kRefused), refused});
      continue;
    }
    rows.push_back({display_table(live.table(decision.table)), names_of(*decision.index),
                    to_text(renews ? decision.kind : IdDecision::Kind::kKept),
                    renews ? decision.why : kept});
  }
  const Table& company_table = live.table(live.scope.company_table);
  for (const auto* indexes : {&company_table.unique_indexes, &company_table.exclusions}) {
    for (const UniqueIndex& index : *indexes) {
      const Text refused = taken.why(live.scope.company_table, index);
      if (!refused) continue;
      rows.push_back({display_table(company_table), names_of(index),
                      to_text(IdDecision::Kind::kRefused), refused});
    }
  }
  const bool adopts = same_database && (transfer.same_company || !lives);
  const auto groups = renews ? std::vector<TakenGroup>()
                             : taken_groups(live, load, {transfer.target, adopts, false});
  show_groups(live, renewal.plan(), groups, renews ? "" : kept, transfer.same_company, rows);
  if (target) target->require_same_now();
  operation.close_snapshot();
  operation.close();
  return rows;
}

}  // namespace company_backup
