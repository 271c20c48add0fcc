#include "core/scope/row_uses.hpp"

#include <algorithm>

#include "core/scope/company_lookup.hpp"
#include "core/scope/joins.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/quoting.hpp"

namespace company_backup {
namespace {

constexpr int kUsesOfRow = 10;

// Rows that nobody has said anything of, and that are not people.
bool is_wanted(const Schema& schema, const Rules& rules, const Scope& scope, TableIndex index) {
  const Table& table = schema.tables[index];
  const ScopedTable* scoped = scope.find(index);
  if (scoped != nullptr && scoped->treatment != TableTreatment::kShared) return false;
  return !table.foreign && !table.of_extension && table.outsider.empty() &&
         !looks_like_people(table) && table_rule(rules, table) == nullptr;
}

}  // namespace

std::vector<RowUse> row_uses(const Schema& schema, const Rules& rules, const Scope& scope) {
  CompanyLookup companies(schema, scope);
  std::vector<RowUse> uses;
  for (const Reference& reference : scope.references) {
    if (reference.path || !reference.json_path.empty() || reference.only_partition != 0 ||
        is_list(schema, reference) || reference.table == reference.target ||
        !is_wanted(schema, rules, scope, reference.target) || companies.steps(reference.table) == 0)
      continue;
    const Table& from = schema.tables[reference.table];
    RowUse use{.table = reference.target,
               .by = reference.table,
               .step = {.kind = RouteStep::Kind::kDown,
                        .name = reference.name,
                        .target = reference.target,
                        .columns = reference.columns,
                        .target_columns = reference.target_columns,
                        .operators = reference.operators,
                        .when_column = 0,
                        .when_value = reference.when_value}};
    if (!reference.when_column.empty())
      use.step.when_column = find_column(from, reference.when_column)->number;
    for (size_t i = 0; reference.soft && i < use.step.columns.size(); ++i)
      use.step.operators.push_back(
          common_equality(column_of(schema.tables[use.table], use.step.target_columns[i]),
                          column_of(from, use.step.columns[i])));
    if (!companies.is_quick(use.by, use.step)) continue;
    use.read.insert(use.table);
    companies.add_read(use.by, use.read);
    uses.push_back(std::move(use));
  }
  return uses;
}

std::string uses_query(const Schema& schema, const Scope& scope, const RowUse& use,
                       const std::string& sample, int most) {
  const Table& by = schema.tables[use.by];
  const auto text_of = [&](int16_t number) {
    return as_text(column_sql("t", column_of(by, number)), column_of(by, number));
  };
  CompanyLookup companies(schema, scope);
  std::set<int16_t> numbers = companies.columns_read(use.by);
  numbers.insert(use.step.columns.begin(), use.step.columns.end());
  if (use.step.when_column != 0) numbers.insert(use.step.when_column);
  std::string columns, value, parts;
  for (const int16_t number : numbers)
    columns += "t." + quote_name(column_of(by, number).name) + ", ";
  for (const int16_t number : use.step.columns) {
    value += (value.empty() ? ""
                            : " OPERATOR(pg_catalog.||) pg_catalog.chr(31) "
                              "OPERATOR(pg_catalog.||) ") +
             text_of(number);
    parts += (parts.empty() ? "" : ", ") + column_sql("t", column_of(by, number));
  }
  const std::string by_value = "pg_catalog.hashtext(" + value + ")";
  const std::string by_place = "pg_catalog.hashtext(t.ctid::pg_catalog.text)";
  std::string where = "NOT " + is_any_null(by, use.step.columns, "t");
  if (use.step.when_column != 0)
    where += " AND " + has_text("t", column_of(by, use.step.when_column), use.step.when_value);
  const std::string numbered =
      "SELECT " + columns + by_value +
      " AS _company_backup_value, pg_catalog.row_number() OVER (PARTITION BY " + parts +
      " ORDER BY " + by_place + ") AS _company_backup_number FROM " + sample + " WHERE " + where;
  const std::string chosen = "SELECT * FROM (" + numbered +
                             ") AS n WHERE n._company_backup_number OPERATOR(pg_catalog.<=) " +
                             std::to_string(kUsesOfRow) +
                             " ORDER BY n._company_backup_value LIMIT " + std::to_string(most);
  return "SELECT used.tableoid::pg_catalog.text OPERATOR(pg_catalog.||) "
         "used.ctid::pg_catalog.text, " +
         companies.company_of(use.by, "u") + " FROM (" + chosen + ") AS u JOIN " +
         from_table(schema.tables[use.table]) + " AS used ON " +
         step_join(schema, use.step, use.by, "u", "used");
}

void UseCounter::add(std::string_view row, std::string_view company) {
  ++rows_[std::string(row)][std::string(company)];
}

UseEvidence UseCounter::count(uint64_t rows) const {
  UseEvidence evidence;
  std::map<std::string_view, double> of_company;  // the rows that each uses
  double uses = 0, further = 0;
  for (const auto& [row, companies] : rows_) {
    uint32_t times = 0;
    for (const auto& [company, number] : companies) {
      times += number;
      ++of_company[company];
      ++uses;
    }
    further += times - 1;
    ++evidence.used_rows;
    evidence.shared_rows += companies.size() > 1;
    evidence.again_rows += times > 1;
  }
  evidence.companies = static_cast<uint32_t>(of_company.size());
  double different = 1;  // how likely two uses are of different companies
  for (const auto& [company, number] : of_company) different -= (number / uses) * (number / uses);
  const double pairs = rows == 0 ? 0 : uses * (uses - 1) / 2 / static_cast<double>(rows);
  evidence.expected = different * std::max(further, pairs);
  return evidence;
}

UseJudgement judge_uses(const UseEvidence* table) {
  constexpr uint32_t kFewest = 10;  // rows that are used
  constexpr double kSurely = 5;     // so many are not missed by chance: once in 150 times
  if (table == nullptr || table->companies < 2) return {};
  const std::string used = std::to_string(table->used_rows) + " used rows";
  if (table->shared_rows == 0) {
    if (table->used_rows < kFewest || table->expected < kSurely) return {};
    return {UseJudgement::Kind::kApart, Confidence::kGuess,
            "each of " + used + " is used by one company alone, though " +
                std::to_string(table->companies) + " companies use some"};
  }
  const bool few = table->shared_rows * 4 < table->used_rows;
  if (few && table->used_rows >= kFewest && table->expected >= kSurely &&
      table->shared_rows * 2 <= table->expected)
    return {UseJudgement::Kind::kMostlyApart, Confidence::kGuess,
            std::to_string(table->used_rows - table->shared_rows) + " of " + used +
                " are used by one company alone, and " + std::to_string(table->shared_rows) +
                " by several"};
  UseJudgement judged{UseJudgement::Kind::kShared, Confidence::kGuess,
                      std::to_string(table->shared_rows) + " of " + used +
                          " are used by several "
                          "companies"};
  // A single row may be a mistake: one company's that another one refers to. And of those that are
  // used once nothing is known: a few rows that are everybody's may stand among companies' own.
  const bool most = table->shared_rows * 2 >= table->again_rows;
  if (most && table->shared_rows > 1 && table->shared_rows * 2 >= table->used_rows)
    judged.confidence = Confidence::kConfident;
  else if (most && table->shared_rows * 4 >= table->used_rows)
    judged.confidence = Confidence::kLikely;
  return judged;
}

}  // namespace company_backup
