#include "pg/backup/backup.hpp"

#include <map>

#include "core/text/printable.hpp"
#include "core/text/quoting.hpp"
#include "core/text/table_name.hpp"
#include "pg/backup/erased_meanwhile.hpp"
#include "pg/backup/file_writer.hpp"
#include "pg/backup/shared_keys.hpp"
#include "pg/base/company_lock.hpp"
#include "pg/base/piece_pipeline.hpp"
#include "pg/base/progress.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/check/unplaced_rows.hpp"
#include "pg/rows/structure_facts.hpp"
#include "pg/rows/table_plan.hpp"
#include "pg/scope/company_identity.hpp"
#include "pg/scope/operation.hpp"
#include "pg/scope/rules.hpp"

namespace company_backup {
namespace {

std::string name_of(const Table& table) {
  return encode_table_name(table.schema, table.name);
}

LineObserver both(LineObserver first, LineObserver second) {
  if (!first) return second;
  if (!second) return first;
  return [first = std::move(first), second = std::move(second)](const std::vector<Span>& spans,
                                                                const std::string& buffer) {
    first(spans, buffer);
    second(spans, buffer);
  };
}

// A manifest is read before anything proves who wrote it: readers bound it, so what goes into it is
// bounded. A million bad references are named up to a number and counted beyond it.
constexpr size_t kLongestText = 1000;
constexpr size_t kProblemsOfEach = 10'000;
constexpr size_t kProblemBytes = size_t{16} << 20;

class ProblemList {
 public:
  ProblemList(std::vector<ManifestProblem>& list, std::string company)
      : list_(list), company_(std::move(company)) {}

  void add(ManifestProblem problem) {
    problem.row_key = shortened(problem.row_key, kLongestText);
    problem.problem = shortened(problem.problem, kLongestText);
    Told& told = told_[{problem.table, problem.reference}];
    if (told.named == kProblemsOfEach || bytes_ > kProblemBytes) {
      ++told.counted;
      return;
    }
    ++told.named;
    bytes_ += problem.table.size() + problem.row_key.size() + problem.reference.size() +
              problem.problem.size();
    list_.push_back(std::move(problem));
  }

  void finish() {
    for (const auto& [place, told] : told_) {
      if (told.counted == 0) continue;
      list_.push_back({place.first, "", place.second,
                       std::to_string(told.counted) + " more; check_company_data(" +
                           quote_literal(company_) + ") lists them"});
    }
  }

 private:
  struct Told {
    size_t named = 0, counted = 0;
  };
  std::vector<ManifestProblem>& list_;
  std::string company_;                                       // its key
  std::map<std::pair<std::string, std::string>, Told> told_;  // by table and reference
  size_t bytes_ = 0;
};

class BackupRun {
 public:
  BackupRun(const LiveScope& live, const Company& company, const BackupOptions& options,
            ChunkSink& sink)
      : live_(live),
        company_(company),
        options_(options),
        sink_(sink),
        shared_(live),
        references_(live) {}

  Manifest run() {
    describe();
    int number = 0;
    for (const ScopedTable* scoped : live_.travelling()) {
      TravellingTable table =
          plan_travelling(live_, *scoped, company_, {options_.include_files, false});
      write(table.query, both(shared_.observe(table), references_.observe(table)), false, number++,
            table.manifest);
      manifest_.tables.push_back(std::move(table.manifest));
    }
    write_shared();
    check();
    return std::move(manifest_);
  }

 private:
  // The rows of a standby are as old as what it has replayed.
  void describe() {
    const Rows rows = query(
        "SELECT current_setting('server_version'), current_setting('server_encoding'), "
        "current_database(), to_char(CASE WHEN pg_is_in_recovery() THEN "
        "coalesce(pg_last_xact_replay_timestamp(), (pg_control_checkpoint()).checkpoint_time) ELSE "
        "clock_timestamp() END AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
        "current_user");
    const Row& row = rows[0];
    manifest_.extension_version = COMPANY_BACKUP_VERSION;
    manifest_.server_version = row[0]->substr(0, row[0]->find(' '));
    manifest_.server_encoding = *row[1];
    manifest_.database_identity = database_identity().identity;
    manifest_.database_name = *row[2];
    manifest_.created_at = *row[3];
    manifest_.created_by = *row[4];
    const Table& company_table = live_.table(live_.scope.company_table);
    manifest_.company_table = name_of(company_table);
    manifest_.key_column = column_of(company_table, live_.scope.company_key).name;
    manifest_.company_key = company_.key;
    if (company_.name && !is_name_secret())
      manifest_.company_name = shortened(*company_.name, kLongestText);
    manifest_.label = options_.label;
    manifest_.actor = options_.actor;
    manifest_.include_files = options_.include_files;
    for (const ScopedTable& scoped : live_.scope.tables) {
      if (scoped.travels()) continue;
      manifest_.excluded.push_back(
          {name_of(live_.table(scoped.table)), to_text(scoped.treatment),
           scoped.reason.empty() ? to_text(scoped.decided_by) : scoped.reason});
    }
    describe_references();
  }

  bool is_name_secret() const {
    return column_treatment(live_.rules, live_.table(live_.scope.company_table),
                            live_.rules.settings.name_column) == ColumnTreatment::kSecret;
  }

  void describe_references() {
    const auto names = [&](TableIndex table, const std::vector<int16_t>& numbers) {
      return column_names(live_.table(table), numbers);
    };
    const auto optional = [](const std::string& text) {
      return text.empty() ? std::nullopt : std::optional<std::string>(text);
    };
    for (const Reference& reference : live_.scope.references) {
      if (!reference.soft && reference.outside == OutsidePolicy::kRefuse) continue;
      manifest_.references.push_back(
          {name_of(live_.table(reference.table)), names(reference.table, reference.columns),
           name_of(live_.table(reference.target)),
           names(reference.target, reference.target_columns), optional(reference.json_path),
           optional(reference.when_column),
           reference.when_column.empty() ? std::nullopt
                                         : std::optional<std::string>(reference.when_value),
           reference.outside});
    }
  }

  void write(const TableQuery& table, const LineObserver& observer, bool shared, int number,
             ManifestTable& manifest) {
    int seq = 0;
    show_phase("reading", table.name);
    const PiecePipeline::Sink store = [&](std::string_view member) {
      count_bytes(member.size());
      sink_.put(shared, number, seq++, member);
    };
    LineCutter lines([&](std::string_view piece) { pipeline_.push(piece, store); });
    std::optional<FileWriter> files;
    FileTaker taker;
    if (!table.files.empty()) {
      files.emplace(sink_, number, manifest);
      taker = [&](size_t column, const Sha256Digest& digest, std::string_view content) {
        files->add(column, digest, content);
      };
    }
    read_lines(table, lines, observer, taker);
    const LineTotals totals = lines.finish();
    pipeline_.drain(store);
    manifest.rows = totals.rows;
    manifest.bytes = totals.bytes;
    manifest.sha256 = totals.sha256;
  }

  void write_shared() {
    int number = 0;
    for (SharedKeys::SharedTable& table : shared_.plan()) {
      write(table.query, shared_.mark_found(table), true, number++, table.manifest);
      for (const std::string& value : shared_.missing(table)) {
        missing_.push_back({table.manifest.name, "(" + value + ")", "shared row",
                            "is referred to, but no row of " + table.query.name + " has this key"});
      }
      manifest_.shared.push_back(std::move(table.manifest));
    }
  }

  void check() {
    show_phase("checking");
    const std::vector<ReferenceProblem> problems = check_references(live_, company_, &references_);
    if (!problems.empty() && !options_.record_problems) {
      refuse_references(live_, company_, problems);
    }
    ProblemList list(manifest_.problems, company_.key);
    for (const ReferenceProblem& problem : problems) {
      list.add({name_of(live_.table(problem.table)), problem.row_key, problem.reference,
                problem.problem});
    }
    for (ManifestProblem& problem : missing_) {
      if (!options_.record_problems) {
        throw Error(sqlstate::kBadReference,
                    "company \"" + company_.key + "\" refers to a shared row that does not exist")
            .detail(problem.table + " " + problem.row_key + ": " + problem.problem)
            .hint("Repair the reference, or make the backup with on_error => 'record'.");
      }
      list.add(std::move(problem));
    }
    list.finish();
  }

  const LiveScope& live_;
  const Company& company_;
  const BackupOptions& options_;
  ChunkSink& sink_;
  SharedKeys shared_;
  ReferenceSets references_;
  PiecePipeline pipeline_{compress_pieces()};
  Manifest manifest_;
  std::vector<ManifestProblem> missing_;
};

// What the tables of the scope look like, as one digest.
Sha256Digest fingerprint(const LiveScope& live) {
  Sha256 digest;
  for (const ScopedTable& scoped : live.scope.tables) {
    const Table& table = live.table(scoped.table);
    digest.update(name_of(table) + " " + to_text(scoped.treatment) + "\n");
    for (const Column& column : table.columns) {
      digest.update("  " + column.name + " " + column.type + (column.not_null ? " not null" : "") +
                    (column.generated ? " generated" : "") + "\n");
    }
  }
  return digest.finish();
}

}  // namespace

Manifest back_up(const LiveScope& live, const Company& company, const BackupOptions& options,
                 ChunkSink& sink) {
  require_placed_rows(live, company);
  Manifest manifest = BackupRun(live, company, options, sink).run();
  add_structure(live, manifest);
  manifest.schema_fingerprint = fingerprint(live);
  return manifest;
}

Manifest take_backup(LiveScope live, const AskedCompany& asked, const BackupOptions& options,
                     ChunkSink& sink) {
  Operation operation(std::move(live), OperationKind::kRead);
  wait_for_erasures(asked.key());
  operation.take_snapshot();
  const Company company = asked.resolve(operation.live());
  Manifest manifest = back_up(operation.live(), company, options, sink);
  refuse_erased_meanwhile(company.key, manifest.created_at);
  operation.close_snapshot();
  operation.close();
  return manifest;
}

}  // namespace company_backup
