#include "pg/check/reference_check.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/scope/joins.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/sql.hpp"
#include "core/text/json_path.hpp"
#include "core/text/json_walk.hpp"
#include "pg/base/robust_plan.hpp"
#include "pg/base/server_text.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

constexpr size_t kListedProblems = 10;
constexpr size_t kBatch = 20000;

class Checker {
 public:
  // `copied`: the rows are copies of another company's, which may not lead to what stayed with it.
  // `written`: see RowOrigin.
  Checker(const LiveScope& live, const Company& company, std::vector<ReferenceProblem>& problems,
          bool copied = false, const std::optional<WrittenRows>& written = {})
      : live_(live), company_(company), problems_(problems), copied_(copied), written_(written) {}

  // From here on problems are told of row by row.
  using Found = std::function<void(const DanglingRow&)>;
  void tell(const WrittenRows& since, Found found) {
    since_ = &since;
    found_ = std::move(found);
  }

  void check(const Reference& reference) {
    if (cannot_leave(reference)) return;
    reference_ = &reference;
    target_ = live_.scope.find(reference.target);
    source_ = live_.scope.find(reference.table);
    is_secret_ =
        std::any_of(reference.columns.begin(), reference.columns.end(), [&](int16_t number) {
          return column_treatment(live_.rules, table(), column_of(table(), number).name) ==
                 ColumnTreatment::kSecret;
        });
    if (!reference.json_path.empty() || reference.path) {
      check_inside();
    } else if (is_list(live_.schema, reference)) {
      check_array();
    } else {
      check_scalar();
    }
  }

 private:
  const Table& table() const { return live_.table(reference_->table); }
  const Table& target_table() const { return live_.table(reference_->target); }

  // Proved by the structure: the reference is the only route of its table, or pairs the company
  // columns of both tables. Only a validated key proves anything.
  bool cannot_leave(const Reference& reference) const {
    if (reference.soft) return false;
    if (!is_validated(reference)) return false;
    const ScopedTable* source = live_.scope.find(reference.table);
    const ScopedTable* target = live_.scope.find(reference.target);
    if (target == nullptr || !target->owned()) return true;  // shared, people: the key holds it
    if (!source->own_steps.empty() || !target->own_steps.empty()) return false;
    if (source->routes.size() == 1 && source->routes[0].kind != RouteStep::Kind::kUp &&
        source->routes[0].name == reference.name) {
      return true;
    }
    return pairs_company_columns(reference, *source, *target);
  }

  bool is_validated(const Reference& reference) const {
    for (const ForeignKey& key : live_.schema.foreign_keys) {
      if (key.table == reference.table && key.name == reference.name) return key.validated;
    }
    return false;
  }

  bool pairs_company_columns(const Reference& reference, const ScopedTable& source,
                             const ScopedTable& target) const {
    if (source.routes.size() != 1 || target.routes.size() != 1) return false;
    const RouteStep& from = source.routes[0];
    const RouteStep& to = target.routes[0];
    if (from.kind != RouteStep::Kind::kCompany || to.kind != RouteStep::Kind::kCompany)
      return false;
    if (from.columns.size() != 1 || from.target_columns != to.target_columns) return false;
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      if (reference.columns[i] == from.columns[0] && reference.target_columns[i] == to.columns[0]) {
        return true;
      }
    }
    return false;
  }

  std::string own_rows(const std::string& columns, const std::string& more_tables = "") const {
    return "SELECT " + row_key_expression(table(), source_->key, "t") + ", " + columns +
           told_columns() + " FROM " + from_table(table()) + " AS t" + more_tables + " WHERE " +
           owned_by(live_.schema, live_.scope, reference_->table, "t", "$1") +
           (written_ ? written_->condition(table(), "t") : "");
  }

  // What is told of a row besides.
  std::string told_columns() const {
    if (!found_) return {};
    std::string list = ", (true" + since_->condition(table(), "t") + ")";
    for (const Column* column : columns_of(table(), source_->key))
      list += ", " + as_text(column_sql("t", *column), *column);
    return list;
  }

  // A row that was read: its key, and behind `width` columns what is told of it.
  struct Holder {
    std::string row_key;
    bool written = false;
    std::vector<std::string> key{};
  };
  Holder holder_of(const Row& row, size_t width) const {
    Holder holder{*row[0]};
    if (!found_) return holder;
    holder.written = *row[width] == "t";
    for (size_t i = width + 1; i < row.size(); ++i) holder.key.push_back(row[i].value_or(""));
    return holder;
  }

  // A row the reference may lead to: of the company, of nobody, or of a table outside the scope.
  std::string acceptable_target() const {
    if (target_ == nullptr || !target_->owned()) return "true";
    return "(" + owned_by(live_.schema, live_.scope, reference_->target, "r", "$1") + " OR " +
           belongs_to_nobody(live_.schema, live_.scope, target_->table, "r") + ")";
  }

  std::string when_condition() const {
    if (reference_->when_column.empty()) return {};
    const Column& when = *find_column(table(), reference_->when_column);
    return " AND " + as_text(column_sql("t", when), when) + " OPERATOR(pg_catalog.=) " +
           quote_literal(reference_->when_value);
  }

  std::string value_expression() const {
    std::string values;
    for (int16_t number : reference_->columns) {
      values += ", t." + quote_name(column_of(table(), number).name);
    }
    return "pg_catalog.concat_ws(', '" + values + ")";
  }

  void check_scalar() {
    std::string present;
    for (int16_t number : reference_->columns) {
      present += " AND t." + quote_name(column_of(table(), number).name) + " IS NOT NULL";
    }
    const std::string join = reference_join(live_.schema, *reference_, "t", "r");
    const std::string from = " FROM " + from_table(target_table()) + " AS r WHERE " + join;
    const std::string sql = own_rows(value_expression() + ", EXISTS (SELECT 1" + from + ")") +
                            present + when_condition() + " AND NOT EXISTS (SELECT 1" + from +
                            " AND " + acceptable_target() + ")";
    add_all(sql);
  }

  void add_all(const std::string& sql) {
    Cursor cursor(sql, {company_.arg()});
    for (Rows rows = cursor.fetch(1000); !rows.empty(); rows = cursor.fetch(1000)) {
      for (const Row& row : rows) add(holder_of(row, 3), *row[1], *row[2] == "t");
    }
    cursor.close();
  }

  void check_array() {
    const std::string array = "t." + quote_name(column_of(table(), reference_->columns[0]).name);
    const std::string key = key_text("r");
    const std::string from =
        " FROM " + from_table(target_table()) + " AS r WHERE " + key + " = v.value";
    const std::string sql =
        own_rows("v.value, EXISTS (SELECT 1" + from + ")",
                 ", LATERAL (SELECT e AS value FROM pg_catalog.unnest(" + array +
                     "::pg_catalog.text[]) AS e WHERE e IS NOT NULL) AS v") +
        when_condition() + " AND NOT EXISTS (SELECT 1" + from + " AND " + acceptable_target() + ")";
    add_all(sql);
  }

  std::string key_text(const std::string& alias) const {
    const Column& key = column_of(target_table(), reference_->target_columns[0]);
    return as_text(column_sql(alias, key), key);
  }

  // What a document or a path has at the places that are meant.
  class Inside {
   public:
    Inside(const Schema& schema, const Reference& reference) {
      if (reference.path) {
        ids_ = path_ids(schema, reference);
      } else {
        path_ = JsonPath::parse(reference.json_path);
      }
    }

    void collect(const std::string& text, std::vector<std::string>& values,
                 std::vector<std::string>& others) const {
      if (!ids_) return collect_storable_ids(*path_, text, values, others);
      for (PathElement& element : read_path(*ids_, text)) values.push_back(std::move(element.id));
    }

   private:
    std::optional<PathIds> ids_;
    std::optional<JsonPath> path_;
  };

  // Rows are read in batches; what is inside is taken out here, the values are looked up at once.
  void check_inside() {
    const Inside inside(live_.schema, *reference_);
    const Column& column = column_of(table(), reference_->columns[0]);
    const std::string document = column_sql("t", column);
    const std::string sql = own_rows(as_text(document, column)) + " AND " + document +
                            " IS NOT NULL" + when_condition();
    Cursor cursor(sql, {company_.arg()});
    Seen seen;
    size_t held = 0;
    std::vector<std::string> values, others;
    for (Rows rows = cursor.fetch(1000); !rows.empty(); rows = cursor.fetch(1000)) {
      for (const Row& row : rows) {
        values.clear();
        others.clear();
        inside.collect(*row[1], values, others);
        const Holder holder = holder_of(row, 2);
        for (const std::string& value : values) {
          std::vector<Holder>& holders = seen[value];
          if (!holders.empty() && !found_) continue;
          holders.push_back(holder);
          ++held;
        }
        for (const std::string& other : others)
          put(holder, other, "expected an ID, found " + shown(other.substr(0, 60)));
      }
      if (held >= kBatch) look_up(seen);
      if (seen.empty()) held = 0;
    }
    look_up(seen);
    cursor.close();
  }

  // Values, and the rows that hold them: the first one, unless all are told of.
  using Seen = std::unordered_map<std::string, std::vector<Holder>>;

  void look_up(Seen& seen) {
    if (seen.empty()) return;
    std::vector<std::string> values;
    for (const auto& entry : seen) values.push_back(entry.first);
    std::sort(values.begin(), values.end());
    const std::string from =
        " FROM " + from_table(target_table()) + " AS r WHERE " + key_text("r") + " = v.value";
    const std::string sql = "SELECT v.value, EXISTS (SELECT 1" + from +
                            ") FROM pg_catalog.unnest($2::text[]) AS v(value) WHERE NOT EXISTS "
                            "(SELECT 1" +
                            from + " AND " + acceptable_target() + ") AND $1 IS NOT NULL";
    for (const Row& row : query(sql, {company_.arg(), text_array(values)})) {
      for (const Holder& holder : seen.at(*row[0])) add(holder, *row[0], *row[1] == "t");
    }
    seen.clear();
  }

  void add(const Holder& holder, const std::string& value, bool exists) {
    const bool stays = target_ == nullptr || !target_->owned() || target_->travels() || !copied_;
    if (exists && reference_->outside != OutsidePolicy::kRefuse && stays) return;
    put(holder, value,
        (exists ? "leads to a row of another company in " : "leads nowhere: no row of ") +
            display_table(target_table()) + (exists ? ": " : " has ") + shown(value));
  }

  void put(const Holder& holder, const std::string& value, std::string problem) {
    if (!found_) {
      problems_.push_back(
          {reference_->table, holder.row_key, reference_->name, std::move(problem)});
      return;
    }
    found_({*reference_, holder.row_key, holder.written, holder.key, shown(value),
            std::move(problem)});
  }

  // What is said of references may go into a manifest, and secrets go into none.
  std::string shown(const std::string& value) const {
    return is_secret_ ? "what column " + value_columns() + " holds" : value;
  }

  std::string value_columns() const {
    std::string names;
    for (const std::string& name : column_names(table(), reference_->columns))
      names += (names.empty() ? "" : ", ") + display_name(name);
    return names;
  }

  const LiveScope& live_;
  const Company& company_;
  std::vector<ReferenceProblem>& problems_;
  const bool copied_;
  const std::optional<WrittenRows> written_;
  const WrittenRows* since_ = nullptr;
  Found found_;  // empty: all are put into problems_
  const Reference* reference_ = nullptr;
  const ScopedTable* source_ = nullptr;
  const ScopedTable* target_ = nullptr;
  bool is_secret_ = false;
};

}  // namespace

std::vector<ReferenceProblem> check_references(const LiveScope& live, const Company& company,
                                               const ReferenceSets* proved) {
  std::vector<ReferenceProblem> problems;
  Checker checker(live, company, problems);
  for (const Reference& reference : live.scope.references) {
    check_for_interrupts();
    if (proved != nullptr && proved->proves(reference)) continue;
    checker.check(reference);
  }
  return problems;
}

std::string problem_text(const LiveScope& live, const ReferenceProblem& problem) {
  return display_table(live.table(problem.table)) + " " + problem.row_key + ", " +
         problem.reference + ": " + problem.problem;
}

namespace {

std::string first_problems(const LiveScope& live, const std::vector<ReferenceProblem>& problems) {
  std::string detail;
  for (size_t i = 0; i < std::min(problems.size(), kListedProblems); ++i) {
    detail += (i > 0 ? "\n" : "") + problem_text(live, problems[i]);
  }
  if (problems.size() > kListedProblems) {
    detail += "\nand " + std::to_string(problems.size() - kListedProblems) + " more";
  }
  return detail;
}

std::string count_of(const std::vector<ReferenceProblem>& problems) {
  return std::to_string(problems.size()) +
         (problems.size() == 1 ? " reference that leads" : " references that lead") +
         " nowhere or to another company";
}

}  // namespace

bool names_company(const LiveScope& live, const Reference& reference) {
  return reference.target == live.scope.company_table &&
         reference.outside == OutsidePolicy::kRefuse;
}

void prove_soft_references(const LiveScope& live, const Company& company, const RowOrigin& origin,
                           const std::function<bool(const Reference&)>& wanted) {
  std::vector<ReferenceProblem> problems;
  Checker checker(live, company, problems, !origin.same_company, origin.written);
  const RobustPlans plans;
  for (const Reference& reference : live.scope.references) {
    if (reference.soft && wanted(reference)) checker.check(reference);
  }
  plans.close();
  if (problems.empty()) return;
  throw Error(sqlstate::kIntegrity,
              "company \"" + company.key + "\" would have " + count_of(problems))
      .detail(first_problems(live, problems))
      .hint(
          "Repair them where the backup was made, or say with set_reference(..., outside => 'null' "
          "or 'keep') what becomes of references to another company. A copy cannot refer to rows "
          "that do not travel: for these only 'null' helps.");
}

void find_dangling(const LiveScope& live, const Company& company, const RowOrigin& origin,
                   const WrittenRows& since, const std::function<bool(const Reference&)>& wanted,
                   const std::function<void(const DanglingRow&)>& found) {
  std::vector<ReferenceProblem> none;
  Checker checker(live, company, none, !origin.same_company, origin.written);
  checker.tell(since, found);
  const RobustPlans plans;
  for (const Reference& reference : live.scope.references) {
    check_for_interrupts();
    if (reference.soft && wanted(reference)) checker.check(reference);
  }
  plans.close();
}

void refuse_references(const LiveScope& live, const Company& company,
                       const std::vector<ReferenceProblem>& problems) {
  throw Error(sqlstate::kBadReference, "company \"" + company.key + "\" has " + count_of(problems))
      .detail(first_problems(live, problems))
      .hint("SELECT * FROM " + functions_schema() + ".check_company_data(" +
            quote_literal(company.key) +
            ") lists them all. Repair them, allow them with set_reference(..., "
            "outside => 'keep'), or make the backup with on_error => 'record'.");
}

}  // namespace company_backup
