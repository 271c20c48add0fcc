#include "pg/load/company_row.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/replacement.hpp"

namespace company_backup {
namespace {

// A value as its type prints it ('01' of an integer is 1).
Text canonical(const Column& column, const Text& value) {
  return value ? one_row(query("SELECT $1", {typed_value(column, value)}))[0] : value;
}

[[noreturn]] void ask_for(const Table& table, const std::vector<std::string>& columns) {
  std::string list, example;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + column;
    example += (example.empty() ? "\"" : ", \"") + column + "\": ...";
  }
  throw Error(sqlstate::kBadAttribute,
              "the new company has no value for columns that must not be null")
      .detail("Columns of table " + quoted_display(display_table(table)) + ": " + list + ".")
      .hint("Give their values: attributes => '{" + example + "}'.");
}

class Changes {
 public:
  Changes(const LiveScope& live, const CompanyRow& archived, const CompanyRow& wanted,
          const ColumnRoots& roots)
      : live_(live),
        table_(live.table(live.scope.company_table)),
        archived_(archived),
        roots_(roots),
        changes_(wanted) {}

  CompanyRow run(const std::string& from) {
    settle(column_of(table_, live_.scope.company_key));
    for (const Column& column : table_.columns) renew_by_rule(column, from);
    for (const UniqueIndex& index : table_.unique_indexes) {
      if (!is_settled(index) && is_taken(index)) settle_one_of(index);
    }
    if (!asked_.empty()) ask_for(table_, asked_);
    return std::move(changes_);
  }

 private:
  bool is_settled(const UniqueIndex& index) const {
    return std::any_of(index.columns.begin(), index.columns.end(), [this](int16_t number) {
      return number == 0 || changes_.contains(number) || !archived_.contains(number) ||
             is_asked_for(number) || follows_rows(number);
    });
  }

  bool is_asked_for(int16_t number) const {
    const std::string& name = column_of(table_, number).name;
    return std::find(asked_.begin(), asked_.end(), name) != asked_.end();
  }

  // A reference to the company's own rows: if they get new IDs, so does it.
  bool follows_rows(int16_t number) const {
    const TableIndex table = live_.scope.company_table;
    return roots_.is_path({table, number}) ||
           roots_.origins(table, number) != std::vector{ColumnRoot{table, number}};
  }

  // Has a company the values of the archive's one?
  bool is_taken(const UniqueIndex& index) const {
    std::string condition;
    std::vector<Arg> args;
    for (int16_t number : index.columns) {
      const Column& column = column_of(table_, number);
      const Text& value = archived_.at(number);
      if (!value) return false;
      args.push_back(typed_value(column, value));
      condition += (condition.empty() ? "" : " AND ") + column_sql("c", column) + " " +
                   column.equality + " $" + std::to_string(args.size());
    }
    return !query("SELECT FROM " + from_table(table_) + " AS c WHERE " + condition, args,
                  Access::kWrite)
                .empty();
  }

  void renew_by_rule(const Column& column, const std::string& from) {
    const ColumnRule* rule = column_rule(live_.rules, table_, column.name);
    const auto archived = archived_.find(column.number);
    if (rule == nullptr || rule->treatment != ColumnTreatment::kRenew ||
        changes_.contains(column.number))
      return;
    if (archived == archived_.end() || !archived->second) return;
    const auto key = changes_.find(live_.scope.company_key);
    const CompanyChange change{from, key == changes_.end() ? Text() : key->second};
    changes_[column.number] =
        replace_values(table_, column, rule->replacement, {*archived->second}, change)[0];
  }

  bool has_new_values(const Column& column) const {
    const DefaultKind kind = default_of(table_, column);
    return kind == DefaultKind::kSequence || kind == DefaultKind::kVolatile;
  }

  // The value of its default, or NULL; else it is asked for.
  void settle(const Column& column) {
    if (changes_.contains(column.number)) return;
    if (has_new_values(column)) {
      changes_[column.number] = DefaultValues(table_, column).next();
    } else if (!column.not_null) {
      changes_[column.number] = std::nullopt;
    } else {
      asked_.push_back(column.name);
    }
  }

  void settle_one_of(const UniqueIndex& index) {
    const Column* best = nullptr;
    for (int16_t number : index.columns) {
      const Column& column = column_of(table_, number);
      if (has_new_values(column)) return settle(column);
      if (best == nullptr || (best->not_null && !column.not_null)) best = &column;
    }
    settle(*best);
  }

  const LiveScope& live_;
  const Table& table_;
  const CompanyRow& archived_;
  const ColumnRoots& roots_;
  CompanyRow changes_;
  std::vector<std::string> asked_;
};

}  // namespace

CompanyRow parse_attributes(const Table& table, const std::string& attributes) {
  if (one_value(query("SELECT jsonb_typeof($1::jsonb)", {attributes})) != "object") {
    throw Error(sqlstate::kBadAttribute, "attributes must be a JSON object")
        .hint("For example {\"name\": \"Acme\"}.");
  }
  CompanyRow row;
  std::string bad;
  for (const Row& entry :
       query("SELECT key, value::text, value #>> '{}' FROM jsonb_each($1::jsonb) ORDER BY key",
             {attributes})) {
    const Column* column = find_column(table, *entry[0]);
    if (column == nullptr || column->generated) {
      bad += (bad.empty() ? "" : "\n") + *entry[0] +
             (column == nullptr ? " is no column" : " is a generated column") + " of table " +
             display_table(table);
      continue;
    }
    row[column->number] =
        canonical(*column, column->family == TypeFamily::kJson && entry[2] ? entry[1] : entry[2]);
  }
  if (bad.empty()) return row;
  throw Error(sqlstate::kBadAttribute, "attributes name columns that cannot be set").detail(bad);
}

CompanyRow company_changes(const LiveScope& live, const CompanyRow& archived,
                           const CompanyRow& wanted, const ColumnRoots& roots, bool new_ids,
                           const std::string& from) {
  return new_ids ? Changes(live, archived, wanted, roots).run(from) : wanted;
}

void require_complete(const Table& table, const CompanyRow& row) {
  std::vector<std::string> missing;
  for (const Column& column : table.columns) {
    if (row.contains(column.number) || column.generated) continue;
    if (!column.not_null || column.identity || column.has_default) continue;
    missing.push_back(column.name);
  }
  if (!missing.empty()) ask_for(table, missing);
}

}  // namespace company_backup
