#include "pg/restore/left_dangling.hpp"

#include <string>

#include "core/text/table_name.hpp"
#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/check/reference_check.hpp"
#include "pg/restore/restore_record.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

// Behind what says which reference it is: it led nowhere before, it does now.
constexpr char kBefore = '1', kNow = '2';

}  // namespace

bool is_of_log(const LiveScope& live, const Reference& reference) {
  return reference.soft &&
         live.scope.find(reference.table)->treatment == TableTreatment::kAppendOnly;
}

void LeftDangling::find(const LiveScope& live, const Company& company, const WrittenRows& written,
                        const std::function<bool(const Reference&)>& wanted) {
  LineSorter rows;
  bool any = false;
  const auto put = [&](const DanglingRow& row, char when) {
    any = true;
    rows.put(key_line({std::to_string(row.reference.table), row.reference.name, row.row_key,
                       row.value}) +
             when + row.problem);
  };
  const RowOrigin origin{.same_database = true, .same_company = true};
  FreshSnapshot fresh;
  find_dangling(live, company, origin, written, wanted, [&](const DanglingRow& row) {
    if (!row.written) put(row, kNow);
  });
  fresh.close();
  if (!any) return;
  find_dangling(live, company, origin, written, wanted,
                [&](const DanglingRow& row) { put(row, kBefore); });
  rows.sort();
  std::string last;
  std::string_view line;
  while (rows.next(line)) {
    const std::string_view all = line;
    const TableIndex index = static_cast<TableIndex>(std::stoul(std::string(take_value(line))));
    const std::string reference(take_value(line)), key(take_value(line));
    take_value(line);
    const std::string_view which = all.substr(0, all.size() - line.size());
    if (which == last) continue;
    last = which;
    if (line[0] == kBefore) continue;
    const Table& table = live.table(index);
    problems_.add({&table, display_table(table), key, sqlstate::kBadReference,
                   "its reference " + display_name(reference) + " " + std::string(line.substr(1)),
                   ""});
  }
}

void LeftDangling::record(int64_t restore) {
  problems_.record(restore);
  report_problems(restore, problems_.count(),
                  UINT64_FORMAT " reference of a row that stays leads nowhere now",
                  UINT64_FORMAT " references of rows that stay lead nowhere now");
}

}  // namespace company_backup
