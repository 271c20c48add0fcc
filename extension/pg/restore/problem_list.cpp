#include "pg/restore/problem_list.hpp"

#include <map>

#include "pg/rows/key_lookup.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

const std::vector<RowColumn> kProblemColumns{{"oid", false},     {"table", false},
                                             {"key", false},     {"sqlstate", false},
                                             {"problem", false}, {"data", false}};
constexpr size_t kProblemsAtOnce = 500;
constexpr size_t kBytesAtOnce = 8 << 20;

// Writes them a batch at a time.
class Recorder {
 public:
  explicit Recorder(int64_t restore) : restore_(restore) {}

  void add(const RowLine& line) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      columns_[i].emplace_back(line[i].text);
      bytes_ += line[i].text.size();
    }
    columns_[0].back() = known(columns_[0].back());
    if (columns_[0].size() >= kProblemsAtOnce || bytes_ >= kBytesAtOnce) flush();
  }

  void flush() {
    if (columns_[0].empty()) return;
    BatchMemory memory;
    own_query(
        "INSERT INTO company_backup.restore_problem (restore, seq, known_table, table_name, "
        "row_key, sqlstate, problem, row_data, in_review) SELECT $1, (SELECT coalesce(max(seq), 0) "
        "FROM company_backup.restore_problem WHERE restore = $1) + r.n, nullif(r.o, '')::bigint, "
        "r.t, r.k, r.s, r.p, nullif(r.d, '')::json, true FROM unnest($2::text[], $3::text[], "
        "$4::text[], "
        "$5::text[], $6::text[], $7::text[]) WITH ORDINALITY r (o, t, k, s, p, d, n)",
        {restore_, text_array(columns_[0]), text_array(columns_[1]), text_array(columns_[2]),
         text_array(columns_[3]), text_array(columns_[4]), text_array(columns_[5])},
        Access::kWrite);
    memory.close();
    for (std::vector<std::string>& column : columns_) column.clear();
    bytes_ = 0;
  }

 private:
  // The number of a table by its OID; nothing if it is gone.
  const std::string& known(const std::string& oid) {
    const auto [found, is_new] = known_.emplace(oid, "");
    if (is_new && !oid.empty()) {
      found->second = std::to_string(remember_table(static_cast<Oid>(std::stoul(oid))));
    }
    return found->second;
  }

  const int64_t restore_;
  std::vector<std::vector<std::string>> columns_{kProblemColumns.size()};
  size_t bytes_ = 0;
  std::map<std::string, std::string> known_;
};

}  // namespace

ProblemList::ProblemList() : composer_(kProblemColumns) {}

void ProblemList::add(const Problem& problem) {
  const std::string oid = problem.table == nullptr ? "" : std::to_string(problem.table->oid);
  std::vector<RowValue> values;
  for (const std::string_view text :
       {std::string_view(oid), std::string_view(problem.table_name),
        std::string_view(problem.row_key), std::string_view(problem.sqlstate),
        std::string_view(problem.problem), std::string_view(problem.data)}) {
    values.push_back({ValueKind::kString, text});
  }
  line_.clear();
  composer_.append(values, line_);
  lines_.put(line_);
  ++count_;
}

void ProblemList::record(int64_t restore) {
  if (count_ == 0) return;
  Recorder recorder(restore);
  RowLine line(kProblemColumns);
  std::string_view text;
  while (lines_.next(text)) {
    line.parse(text);
    recorder.add(line);
    check_for_interrupts();
  }
  recorder.flush();
}

void read_problems(int64_t restore, const std::function<void(const Row& row)>& row) {
  for (int64_t last = 0;;) {
    BatchMemory memory;
    const Rows problems = own_query(
        "SELECT table_name, row_key, sqlstate, problem, row_data, seq FROM "
        "company_backup.restore_problem WHERE restore = $1 AND seq > $2 ORDER BY seq LIMIT 100",
        {restore, last});
    memory.close();
    if (problems.empty()) return;
    for (const Row& problem : problems) {
      row({problem.begin(), problem.end() - 1});
      last = std::stoll(*problem.back());
    }
  }
}

}  // namespace company_backup
