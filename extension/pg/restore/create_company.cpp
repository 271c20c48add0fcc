#include "pg/restore/create_company.hpp"

#include <algorithm>

#include "core/archive/manifest.hpp"
#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/backup/company_origins.hpp"
#include "pg/backup/erased_meanwhile.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/progress.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/check/unplaced_rows.hpp"
#include "pg/load/company_loader.hpp"
#include "pg/load/company_row.hpp"
#include "pg/load/fitted_archive.hpp"
#include "pg/load/free_identity.hpp"
#include "pg/load/target_company.hpp"
#include "pg/restore/company_merge.hpp"
#include "pg/restore/erased_report.hpp"
#include "pg/restore/id_choice.hpp"
#include "pg/restore/restore.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/restore/shared_report.hpp"
#include "pg/rows/copied_rows.hpp"
#include "pg/rows/table_plan.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/operation.hpp"

namespace company_backup {
namespace {

// Where the rows of a new company come from.
struct Origin {
  const Manifest& manifest;
  RowSource& source;
  bool same_database;
  bool source_gone;   // the company that the rows are of does not live under another key, either
  bool source_lives;  // it is known to live
};

// Reads the company; what the archive would say of its tables. Shared rows and people stand for
// themselves: references to them are proved where the rows go, as all others are.
Manifest copy_rows(const LiveScope& live, const Company& company, CopiedRows& rows) {
  Manifest manifest;
  const Table& company_table = live.table(live.scope.company_table);
  manifest.company_table = encode_table_name(company_table.schema, company_table.name);
  manifest.company_key = company.key;
  manifest.include_files = true;
  for (const ScopedTable* scoped : live.travelling()) {
    show_phase("reading", display_table(live.table(scoped->table)));
    TravellingTable table =
        plan_travelling(live, *scoped, company, FilePolicy{.travel = true, .in_rows = true});
    table.manifest.rows = rows.add(manifest.tables.size(), table.query);
    manifest.tables.push_back(std::move(table.manifest));
  }
  return manifest;
}

void require_new(const LiveScope& live, const std::string& key_text) {
  const Table& table = live.table(live.scope.company_table);
  const Column& key = column_of(table, live.scope.company_key);
  const Rows rows = query("SELECT FROM " + from_table(table) + " AS c WHERE " +
                              column_sql("c", key) + " " + key.equality + " $1",
                          {typed_value(key, key_text)}, Access::kWrite);
  if (rows.empty()) return;
  throw Error(sqlstate::kBadAttribute, "company \"" + key_text + "\" exists already")
      .hint("Give the new company another key: attributes => '{\"" + key.name + "\": ...}'.");
}

// Creates the company and loads its rows, under the operation's snapshot, which is closed then.
// Returns the company's key and the number of its rows.
class Creation {
 public:
  Creation(const LiveScope& live, const Origin& origin, const CreateOptions& options)
      : live_(live),
        table_(live.table(live.scope.company_table)),
        origin_(origin),
        wanted_(parse_attributes(table_, options.attributes)),
        transfer_{.same_database = origin.same_database,
                  .same_company = false,
                  .target = nullptr,
                  .source_lives = origin.source_lives},
        ids_(options.ids),
        new_ids_(wants_new_ids(live, origin.manifest, options.ids, transfer_)),
        adopts_(origin.same_database && origin.source_gone && !new_ids_ &&
                !source_lives(live, origin.manifest, transfer_)),
        moved_(find_moved(options.moves)),
        load_(live, origin.manifest, origin.source, match(),
              SharedOptions{.same_database = origin.same_database, .actor = options.actor}) {
    load_.leave_identity(moved_.taken, false);
  }

  bool keeps_ids() const { return !new_ids_; }

  std::string run(Operation& operation, const CompanyIdentity& former) {
    const std::string key = add_company();
    operation.close_snapshot();
    guarded([] { CommandCounterIncrement(); });
    operation.take_snapshot();  // with the company
    const Company company = resolve_company(live_, key);
    require_empty(live_, company);
    identity_ = identity_of_created(live_, company, former);
    returns_ = origin_.same_database && !new_ids_ && former == identity_;
    const bool was_empty = !load_rows(company, operation);
    loader_.prove_references(company);
    if (was_empty) loader_.prove_counts(company);
    advance_sequences(load_.sequences());
    prove_written_references(company);
    operation.close_snapshot();
    refuse_detaching(live_);
    return company.key;
  }

  int64_t id() const { return id_; }  // of the restore that it is recorded as
  int64_t identity() const { return identity_; }
  uint64_t rows() const { return rows_; }
  std::vector<SharedReport> shared_report() const { return load_.shared_report(); }
  const TakenIdentity& left_identity() const { return moved_.taken; }

 private:
  // With the key and the IDs that it had where it was.
  bool is_same_company() const {
    return origin_.same_database && !new_ids_ && !wanted_.contains(live_.scope.company_key);
  }

  MovedIdentity find_moved(bool moves) const {
    if (!moves || source_lives(live_, origin_.manifest, transfer_)) return {};
    return free_identity(live_, origin_.manifest, origin_.source,
                         {.same_database = origin_.same_database, .adopts = adopts_});
  }

  MatchOptions match() const {
    return {.same_company = is_same_company(),
            .with_files = origin_.manifest.include_files,
            .moved = moved_.moved,
            .left = moved_.left};
  }

  std::string add_company() {
    const CompanyRow changes =
        company_changes(live_, load_.archived_company(), wanted_, load_.roots(), new_ids_,
                        origin_.manifest.company_key);
    CompanyRow keys = load_.archived_company_keys();
    for (auto& [number, value] : keys) {
      const auto changed = changes.find(number);
      if (changed != changes.end()) value = changed->second;
    }
    const Text key = keys[live_.scope.company_key];
    if (!key) {
      throw Error(sqlstate::kBadAttribute, "the key of the new company must not be null");
    }
    lock_company(*key);
    require_new(live_, *key);
    load_.set_company_keys(keys);
    loader_.require_values();
    load_.settle_outside(nullptr);
    load_.outside()->require_possible();
    require_distinct(live_, load_);
    if (new_ids_) {
      renew();
    } else {
      settle_groups();
    }
    CompanyRow row = load_.translated_company();
    for (const auto& [number, value] : changes) row[number] = value;
    loader_.add_replacements(row);
    require_complete(table_, row);
    add_row(row, changes);
    return *key;
  }

  void add_row(const CompanyRow& row, const CompanyRow& given) {
    try {
      loader_.add_company(row, given);
    } catch (const TakenValue& taken) {
      throw Error(sqlstate::kBadAttribute,
                  "the new company would have a value that another one has")
          .detail(taken.detail())
          .hint(
              "Give it another one: attributes => '{\"column\": ...}'. Or say how copies get their "
              "own: set_column_rule(..., 'renew', replacement => $$old || '-' || new_company$$).");
    }
  }

  // True: some rows were there already, and the others were merged with them.
  bool load_rows(const Company& company, const Operation& operation) {
    if (adopts_) {
      CompanyMerge merge(
          live_, company, load_,
          MergePolicy{
              .with_files = origin_.manifest.include_files, .adopts = true, .created = true});
      if (merge.finds_orphans()) {
        adopt(merge, operation);
        return true;
      }
    }
    try {
      rows_ = loader_.load_tables() + 1;
      return false;
    } catch (const TakenValue& taken) {
      refuse_identity(taken);
      if (!renewal_) throw;
      renewal_->refuse(taken);
    }
  }

  // Others have taken it since it was looked for, or the row cannot be without it.
  void refuse_identity(const TakenValue& taken) const {
    const auto& tables = live_.schema.tables;
    const auto table = std::find_if(tables.begin(), tables.end(),
                                    [&](const Table& one) { return one.oid == taken.table; });
    if (table == tables.end()) return;
    for (const UniqueIndex& index : table->unique_indexes) {
      if (index.name != taken.index) continue;
      for (int16_t number : index.used) {
        const Column& column = column_of(*table, number);
        if (column_treatment(live_.rules, *table, column.name) != ColumnTreatment::kIdentity) {
          continue;
        }
        throw Error(sqlstate::kRefusedIds, taken.message())
            .detail(taken.detail())
            .hint(
                "Try again: what others have is left out, if a row can be without it. Else say "
                "what it gets: SELECT set_column_rule(" +
                quote_literal(display_table(*table)) + ", " + quote_literal(column.name) +
                ", 'identity', replacement => ...).");
      }
    }
  }

  // With rows that a company of this key left behind when it was deleted, as a restore does. What
  // was there is noted as for its undo record, and forgotten: there is no review.
  void adopt(CompanyMerge& merge, const Operation& operation) {
    UndoWriter undo(id_);
    rows_ = 1;
    for (const MergeCounts& counts : merge.apply(&undo, nullptr)) {
      rows_ += counts.added + counts.changed + counts.unchanged;
    }
    FreshSnapshot fresh;
    merge.settle_outside(nullptr);
    FormerOrphans orphans(live_, id_);
    merge.look_again(orphans, [&](const auto& body) { operation.look_back(body); });
    merge.prove_written();
    fresh.close();
    forget_undo(id_);
  }

  void prove_written_references(const Company& company) const {
    FreshSnapshot fresh;
    // What led nowhere when the backup was made may lead to somebody's row here. Of a company that
    // comes back to where it was, only what it was like then comes back.
    prove_soft_references(live_, company,
                          {.same_database = origin_.same_database, .same_company = false},
                          [this](const Reference& reference) {
                            return !returns_ || names_company(live_, reference);
                          });
    fresh.close();
  }

  void renew() {
    renewal_.emplace(live_, transfer_, load_);
    renewal_->require_possible();
    renewal_->begin(nullptr, false);
  }

  // The rows keep their IDs, but a group must not become one with another's.
  void settle_groups() {
    const std::vector<TakenGroup> taken =
        taken_groups(live_, load_, {.target = nullptr, .adopts = adopts_, .locks = true});
    if (taken.empty()) return;
    if (ids_ == IdMode::kKeep) {
      refuse_groups(live_, taken, "Without ids => 'keep', groups get new numbers.");
    }
    new_groups_.emplace(live_, transfer_, load_, taken);
    new_groups_->begin(nullptr, false);
  }

  const LiveScope& live_;
  const Table& table_;
  const Origin& origin_;
  const CompanyRow wanted_;
  const Transfer transfer_;
  const IdMode ids_;
  const bool new_ids_;
  const bool adopts_;
  const int64_t id_ = next_restore_id();
  const MovedIdentity moved_;
  MatchedArchive load_;
  CompanyLoader loader_{live_, load_};
  std::optional<IdRenewal> renewal_;
  std::optional<IdRenewal> new_groups_;  // where the rows keep their IDs
  int64_t identity_ = 0;
  bool returns_ = false;  // the company that the rows are of, with their own IDs
  uint64_t rows_ = 0;
};

// What the company was, and is not here.
void note_left_identity(const LiveScope& live, int64_t restore, const TakenIdentity& left) {
  uint64_t count = 0;
  for (const auto& [place, values] : left) {
    const Table& table = live.table(place.first);
    for (const std::string& value : values) {
      note_problem(
          restore, table, "", sqlstate::kLeftIdentity,
          "column " + display_name(column_of(table, place.second).name) + ": others have " + value);
    }
    count += values.size();
  }
  report_problems(
      restore, count,
      "the company does not get " UINT64_FORMAT " value of its identity, which others have",
      "the company does not get " UINT64_FORMAT " values of its identity, which others have");
}

void record_creation(const LiveScope& live, RestoreRecord record, const Creation& creation,
                     const CreateOptions& options, RestoreEvent event) {
  record.added = creation.rows();
  record.actor = options.actor;
  note_substitutions(live, record.id, creation.shared_report());
  note_left_identity(live, record.id, creation.left_identity());
  record_restore(live, record, event);
}

}  // namespace

std::string create_from(LiveScope scope, const StoredBackup& backup, const CreateOptions& options) {
  Operation operation(std::move(scope), OperationKind::kWrite);
  const LiveScope& live = operation.live();
  operation.take_snapshot();
  FittedArchive archive(live, backup, DriftPolicy::kRefuse);
  const Manifest& manifest = archive.manifest();
  const Origin origin{.manifest = manifest,
                      .source = archive.source(),
                      .same_database = is_of_this_database(backup, manifest),
                      .source_gone = !backup.owner_key,
                      .source_lives = does_source_live(backup, manifest)};
  Creation creation(live, origin, options);
  // It comes back only if it had gone when the guard was asked.
  const std::string key = creation.run(operation, backup.owner_key ? std::nullopt : backup.owner);
  operation.close();
  if (creation.keeps_ids()) note_origin(creation.identity(), backup, manifest);
  note_erased(live, creation.id(), archive);
  record_creation(live,
                  {creation.id(), key, creation.identity(), backup.id, RestoreMode::kCreate,
                   RestoreStatus::kKept},
                  creation, options, RestoreEvent::kCreated);
  give_to(backup.id, creation.identity());
  return key;
}

std::string clone_company(LiveScope scope, const AskedCompany& source,
                          const CreateOptions& options) {
  Operation operation(std::move(scope), OperationKind::kWrite);
  const LiveScope& live = operation.live();
  wait_for_erasures(source.key());
  operation.take_snapshot();
  CopiedRows rows;
  const Company company = source.resolve(live);
  require_placed_rows(live, company);
  const Manifest manifest = copy_rows(live, company, rows);
  refuse_erased_meanwhile(company.key, "infinity");
  const Origin origin{.manifest = manifest,
                      .source = rows,
                      .same_database = true,
                      .source_gone = false,
                      .source_lives = true};
  CreateOptions renewing = options;
  renewing.ids = IdMode::kRemap;
  Creation creation(live, origin, renewing);
  const std::string key = creation.run(operation, std::nullopt);
  rows.close();
  operation.close();
  record_creation(live,
                  {creation.id(), key, creation.identity(), std::nullopt, RestoreMode::kClone,
                   RestoreStatus::kKept},
                  creation, options, RestoreEvent::kCloned);
  return key;
}

}  // namespace company_backup
