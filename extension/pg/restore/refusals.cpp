#include "pg/restore/refusals.hpp"

#include <utility>

#include "core/scope/sql.hpp"
#include "core/text/printable.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedRefusals = 1000;
constexpr size_t kLongestReason = 500;  // code on a table may say anything

}  // namespace

bool KnownRefusals::add(TableIndex table, const std::string& row, const Refusal& why) {
  const auto [number, is_new] =
      numbers_.emplace(key_line({why.sqlstate, why.problem}), reasons_.size());
  if (is_new) reasons_.push_back(why);
  return rows_[table].emplace(row, number->second).second;
}

const Refusal* KnownRefusals::find(TableIndex table, const std::string& row) const {
  const auto rows = rows_.find(table);
  if (rows == rows_.end()) return nullptr;
  const auto found = rows->second.find(row);
  return found == rows->second.end() ? nullptr : &reasons_[found->second];
}

void Refusals::list(const MatchedTable& matched, const std::string& key, const Refusal& why) {
  if (++count_ > kListedRefusals) return;
  listed_.push_back("table " + display_table(*matched.table) + ", " +
                    (key.empty() ? "a row" : "row " + key) + ": " +
                    shortened(why.problem, kLongestReason));
}

void Refusals::leave_out(const MatchedTable& matched, const std::string& key, const Refusal& why,
                         std::string_view line) {
  list(matched, key, why);
  if (!keeps_problems_) return;
  problems_.add({matched.table, display_table(*matched.table), key, why.sqlstate, why.problem,
                 std::string(line)});
}

void Refusals::lose(const MatchedTable& matched, const std::string& key, const std::string& problem,
                    std::string data) {
  if (!keeps_problems_) return;
  problems_.add({matched.table, display_table(*matched.table), key, sqlstate::kLostValue, problem,
                 std::move(data)});
}

void Refusals::find_late(const MatchedTable& matched, const std::string& row,
                         const std::string& key, const Refusal& why) {
  if (!known_.add(matched.scoped->table, row, why)) return;
  list(matched, key, why);
  incomplete_ = true;
}

void Refusals::need(const Reference& reference, const std::vector<std::string>& key) {
  if (known_.needed().refers(reference, key)) incomplete_ = true;
}

void Refusals::record(int64_t restore) {
  problems_.record(restore);
  report_problems(restore, count_,
                  "the tables here refuse " UINT64_FORMAT
                  " row of the backup, or what it needs: it is left out",
                  "the tables here refuse " UINT64_FORMAT
                  " rows of the backup, or what they need: they are left out");
}

std::string Refusals::listed() const {
  std::string text;
  for (const std::string& one : listed_) text += (text.empty() ? "" : "\n") + one;
  const uint64_t more = count_ - listed_.size();
  return text + (more == 0 ? "" : "\nand " + std::to_string(more) + " more");
}

}  // namespace company_backup
