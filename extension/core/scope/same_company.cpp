#include "core/scope/same_company.hpp"

#include <algorithm>

#include "core/scope/company_lookup.hpp"
#include "core/scope/judgement.hpp"
#include "core/scope/sql.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

constexpr size_t kMostCompared = 12;  // of one place

// A number or a text, or a list of them; a UUID is no key by chance.
bool is_by_chance(const Column& column) {
  return element_family(column.family) != TypeFamily::kUuid && is_own_type(column);
}

bool may_be(const Schema& schema, const PlaceEvidence& place) {
  const SamplePlace& at = place.place;
  const Table& table = schema.tables[at.table];
  return at.json_path.empty() && !at.separated && place.values > 0 &&
         is_by_chance(column_of(table, at.column)) &&
         (at.when_column == 0 || is_own_type(column_of(table, at.when_column)));
}

// Is the value the key? That of a list: an element.
std::string equals_key(const Column& column, const std::string& alias, const Column& key) {
  const std::string left = column_sql(alias, key);
  if (!is_array(column)) return equal(left, key, column_sql("t", column), column);
  if (same_values(element_family(column.family), key.family))
    return left + " OPERATOR(pg_catalog.=) t._company_backup_element";
  return as_text(left, key) + " OPERATOR(pg_catalog.=) t._company_backup_element::pg_catalog.text";
}

// FROM item t: rows that have a value, wherever they stand; of a list each element.
std::string rows_with_values(const Table& table, const SamplePlace& at,
                             const std::set<int16_t>& numbers, const std::string& sample, int most,
                             const std::string& condition) {
  const Column& column = column_of(table, at.column);
  std::string columns;
  for (const int16_t number : numbers)
    columns += (columns.empty() ? "" : ", ") + column_sql("t", column_of(table, number));
  std::string where = column_sql("t", column) + " IS NOT NULL";
  if (at.when_column != 0)
    where += " AND " + has_text("t", column_of(table, at.when_column), at.when_value);
  where += condition;
  const std::string rows = "(SELECT " + columns + " FROM " + sample + " WHERE " + where +
                           " ORDER BY pg_catalog.hashtext(t.ctid::pg_catalog.text) LIMIT " +
                           std::to_string(most) + ") AS t";
  if (!is_array(column)) return rows;
  return "(SELECT t.*, e AS _company_backup_element FROM " + rows + ", pg_catalog.unnest(" +
         column_sql("t", column) + ") AS e) AS t";
}

}  // namespace

std::vector<CompanyComparison> company_comparisons(const Schema& schema, const Scope& scope,
                                                   const Evidence& evidence) {
  CompanyLookup companies(schema, scope);
  std::vector<CompanyComparison> found;
  for (size_t i = 0; i < evidence.places.size(); ++i) {
    const PlaceEvidence& place = evidence.places[i];
    const SamplePlace& at = place.place;
    if (!may_be(schema, place)) continue;
    CompanyComparison comparison{
        .place = i, .is_own_known = companies.is_known_without(at.table, at.column), .matches = {}};
    if (!comparison.is_own_known && are_generated(place)) continue;
    for (size_t k = 0; k < place.matches.size() && comparison.matches.size() < kMostCompared; ++k) {
      const KeyMatch& match = place.matches[k];
      const bool is_itself = match.table == at.table && match.column == at.column;
      if (is_itself || !match.alone || !are_keys(place, match) || companies.steps(match.table) == 0)
        continue;
      comparison.matches.push_back(k);
      companies.add_read(match.table, comparison.read);
    }
    if (comparison.matches.empty()) continue;
    if (comparison.is_own_known)
      companies.add_read(at.table, comparison.read);
    else
      comparison.read.insert(at.table);
    found.push_back(std::move(comparison));
  }
  return found;
}

std::string comparison_query(const Schema& schema, const Scope& scope, const Evidence& evidence,
                             const CompanyComparison& comparison, const std::string& sample,
                             int most, const std::optional<std::string>& without) {
  CompanyLookup companies(schema, scope);
  const PlaceEvidence& place = evidence.places[comparison.place];
  const Table& table = schema.tables[place.place.table];
  const Column& column = column_of(table, place.place.column);
  std::set<int16_t> numbers;
  if (comparison.is_own_known) numbers = companies.columns_read(place.place.table);
  numbers.insert(column.number);
  for (const size_t k : comparison.matches)
    if (place.matches[k].table == place.place.table) numbers.insert(place.matches[k].column);
  std::string list = comparison.is_own_known
                         ? companies.company_of(place.place.table, "t", column.number)
                         : "NULL::pg_catalog.text";
  const std::string condition =
      without ? " AND " + list + " OPERATOR(pg_catalog.<>) " + quote_literal(*without) : "";
  std::string from = rows_with_values(table, place.place, numbers, sample, most, condition);
  for (const size_t k : comparison.matches) {
    const KeyMatch& match = place.matches[k];
    const Table& target = schema.tables[match.table];
    const std::string alias = "u" + std::to_string(k);
    const Column& key = column_of(target, match.column);
    list += ", " + companies.company_of(match.table, alias);
    from += " LEFT JOIN " + from_table(target) + " AS " + alias + " ON " +
            equals_key(column, alias, key);
    // That a row has its own number says nothing of other rows.
    if (match.table == place.place.table)
      from += " AND NOT (" + equal(column_sql(alias, key), key, column_sql("t", key), key) + ")";
  }
  return "SELECT " + list + " FROM " + from;
}

void CompanyCounter::add(std::string_view own, std::string_view other) {
  auto& [all, same] = companies_[std::string(own)];
  ++all;
  same += own == other;
  add(other);
}

std::string CompanyCounter::largest() const {
  const auto found = std::max_element(
      companies_.begin(), companies_.end(),
      [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
  return found == companies_.end() ? "" : found->first;
}

SameCompany CompanyCounter::count() const {
  SameCompany found;
  std::pair<uint32_t, uint32_t> most;
  for (const auto& [company, rows] : companies_) {
    found.rows += rows.first;
    found.same += rows.second;
    most = std::max(most, rows);
  }
  found.further_rows = found.rows - most.first;
  found.further_same = found.same - most.second;
  return found;
}

}  // namespace company_backup
