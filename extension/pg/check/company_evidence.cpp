#include "pg/check/company_evidence.hpp"

#include <algorithm>

#include "core/scope/discovery.hpp"
#include "core/scope/same_company.hpp"
#include "core/text/error.hpp"
#include "pg/base/spi.hpp"
#include "pg/check/short_cells.hpp"

namespace company_backup {
namespace {

constexpr int kMostCompared = 300;  // that are compared, of one place

void compare(const Schema& schema, const Scope& scope, TableReader& reader,
             const CompanyComparison& comparison, bool are_several, Evidence& evidence) {
  PlaceEvidence& place = evidence.places[comparison.place];
  const std::string sample =
      reader.from_sample(place.place.table).substr(std::string(" FROM ").size());
  std::vector<CompanyCounter> counters(comparison.matches.size());
  const std::vector<uint32_t> longest(1 + counters.size(), kLongestId);
  CompanyCounter all;
  const auto count = [&](const std::optional<std::string>& without) {
    const std::string sql =
        comparison_query(schema, scope, evidence, comparison, sample, kMostCompared, without);
    read_short_cells(sql, longest, [&](std::span<const Cell> row) {
      if (row[0]) all.add(row[0].text, row[0].text);
      for (size_t i = 0; i < counters.size(); ++i) {
        if (!row[i + 1]) continue;
        if (row[0])
          counters[i].add(row[0].text, row[i + 1].text);
        else
          counters[i].add(row[i + 1].text);
      }
      return !reader.is_late();
    });
  };
  reader.try_to_read(place.place.table, [&] {
    count(std::nullopt);
    // Hardly any but those of one company: the others' are looked for.
    const SameCompany seen = all.count();
    if (seen.rows >= kMostCompared && seen.further_rows < kFewestFurther && !reader.is_late())
      count(all.largest());
  });
  for (size_t i = 0; i < counters.size(); ++i) {
    SameCompany& companies = place.matches[comparison.matches[i]].companies;
    companies = counters[i].count();
    companies.only_one = are_several && counters[i].is_only_one();
  }
}

}  // namespace

bool has_companies(TableReader& reader, TableIndex company) {
  size_t count = 0;
  reader.try_to_read(
      company, [&] { count = query("SELECT" + reader.from_rows(company) + " LIMIT 2").size(); });
  return count > 1;
}

void compare_companies(const Schema& schema, const Rules& rules, TableReader& reader,
                       Evidence& evidence) {
  Scope scope;
  try {
    scope = proved_scope(schema, rules, "", evidence);
  } catch (const Error&) {
    return;  // that none can be found, whoever needs it says
  }
  const std::vector<CompanyComparison> all = company_comparisons(schema, scope, evidence);
  const bool are_several = has_companies(reader, scope.company_table);
  for (size_t i = 0; i < all.size() && !reader.is_late(); ++i) {
    reader.tell("compared", i, all.size());
    const auto is_open = [&](TableIndex table) {
      return reader.is_readable(table) && !reader.is_foreign(table);
    };
    if (std::all_of(all[i].read.begin(), all[i].read.end(), is_open))
      compare(schema, scope, reader, all[i], are_several, evidence);
  }
}

}  // namespace company_backup
