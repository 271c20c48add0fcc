#include "pg/restore/lost_values.hpp"

#include <map>

#include "core/scope/sql.hpp"
#include "core/text/table_name.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

const std::vector<RowColumn> kLostColumns{{"oid", false},      {"table", false},   {"key", false},
                                          {"sqlstate", false}, {"problem", false}, {"data", false}};
constexpr size_t kLossesAtOnce = 500;
constexpr size_t kBytesAtOnce = 8 << 20;

std::string display_lost(const DriftTable& table) {
  if (table.table != nullptr) return display_table(*table.table);
  const TableName name = decode_table_name(table.archived->name);
  return display_name(name.schema) + "." + display_name(name.table);
}

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
    if (columns_[0].size() >= kLossesAtOnce || bytes_ >= kBytesAtOnce) flush();
  }

  void flush() {
    if (columns_[0].empty()) return;
    BatchMemory memory;
    own_query(
        "INSERT INTO company_backup.restore_problem (restore, seq, known_table, table_name, "
        "row_key, sqlstate, problem, row_data, in_review) SELECT $1, (SELECT coalesce(max(seq), 0) "
        "FROM company_backup.restore_problem WHERE restore = $1) + r.n, nullif(r.o, '')::bigint, "
        "r.t, r.k, r.s, r.p, r.d::json, true FROM unnest($2::text[], $3::text[], $4::text[], "
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
  std::vector<std::vector<std::string>> columns_{kLostColumns.size()};
  size_t bytes_ = 0;
  std::map<std::string, std::string> known_;
};

}  // namespace

LostValues::LostValues() : composer_(kLostColumns) {}

LossObserver LostValues::observer() {
  return [this](const LostValue& value) { note(value); };
}

void LostValues::note(const LostValue& value) {
  const std::string oid =
      value.table.table == nullptr ? "" : std::to_string(value.table.table->oid);
  const std::string table = display_lost(value.table);
  std::vector<RowValue> values;
  for (const std::string* text :
       {&oid, &table, &value.row_key, &value.sqlstate, &value.problem, &value.data}) {
    values.push_back({ValueKind::kString, *text});
  }
  line_.clear();
  composer_.append(values, line_);
  lines_.put(line_);
  ++count_;
}

void LostValues::record(int64_t restore) {
  if (count_ == 0) return;
  Recorder recorder(restore);
  RowLine line(kLostColumns);
  std::string_view text;
  while (lines_.next(text)) {
    line.parse(text);
    recorder.add(line);
    check_for_interrupts();
  }
  recorder.flush();
  report_problems(restore, count_,
                  "the tables here have no place for " UINT64_FORMAT
                  " value or row of the backup, which is lost",
                  "the tables here have no place for " UINT64_FORMAT
                  " values and rows of the backup, which are lost");
}

std::vector<std::string> loss_notes(const SchemaDrift& drift, const Table& table) {
  std::vector<std::string> notes;
  for (const DriftTable& known : drift.tables) {
    if (known.table != &table) continue;
    for (size_t i = 0; i < known.columns.size(); ++i) {
      const DriftColumn& column = known.columns[i];
      if (column.lost == 0) continue;
      notes.push_back("lost: " + std::to_string(column.lost) +
                      (column.lost == 1 ? " value" : " values") + " of column " +
                      display_name(known.archived->columns[i].name) + ", which " +
                      column.difference);
    }
  }
  return notes;
}

Rows lost_tables(const SchemaDrift& drift) {
  Rows rows;
  for (const DriftTable& table : drift.tables) {
    if (table.table != nullptr || table.archived->rows == 0) continue;
    rows.push_back({table.archived->area, display_lost(table), "0", "0", "0", "0",
                    "lost: " + std::to_string(table.archived->rows) +
                        (table.archived->rows == 1 ? " row" : " rows") + "; the table " +
                        table.difference});
  }
  return rows;
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
