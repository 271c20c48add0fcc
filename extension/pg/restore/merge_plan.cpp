#include "pg/restore/merge_plan.hpp"

#include <algorithm>

#include "core/archive/key_order.hpp"
#include "core/scope/ownership.hpp"
#include "core/scope/padding.hpp"
#include "core/scope/sql.hpp"
#include "pg/base/typed_value.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/line_values.hpp"
#include "pg/rows/mapped_row_writer.hpp"
#include "pg/rows/table_plan.hpp"

namespace company_backup {
namespace {

using Mode = MergeColumn::Mode;

// May a restore change this column of the company's row?
bool is_company_identity(const LiveScope& live, const Column& column) {
  const auto& identity = live.rules.settings.identity_columns;
  return !identity || std::find(identity->begin(), identity->end(), column.name) != identity->end();
}

Mode mode_of(const LiveScope& live, const MergePlan& plan, const Column& column,
             const MergePolicy& policy) {
  if (plan.is_company && column.number == live.scope.company_key) return Mode::kKept;
  if (policy.exact) return Mode::kCompared;
  if (plan.is_company && is_company_identity(live, column)) return Mode::kKept;
  const std::optional<ColumnTreatment> treatment =
      column_treatment(live.rules, *plan.matched->table, column.name);
  if (treatment == ColumnTreatment::kSecret || treatment == ColumnTreatment::kIdentity)
    return Mode::kKept;
  if (treatment == ColumnTreatment::kFile && !policy.with_files) return Mode::kKept;
  if (treatment == ColumnTreatment::kCounter) return Mode::kGreater;
  return Mode::kCompared;
}

bool is_greater(const Column& column, std::string_view archived, std::string_view current) {
  if (column.family == TypeFamily::kInteger) {
    return compare_keys(KeyOrder::kInteger, archived, current) > 0;
  }
  return one_value(query("SELECT $1 > $2", {typed_value(column, std::string(archived)),
                                            typed_value(column, std::string(current))})) == "t";
}

// By name: partitions have numbers of their own. A generated column is as constrained as what it is
// made of.
std::set<int16_t> constrained_columns(const Table& table) {
  std::set<int16_t> numbers;
  for (const Row& row :
       query("WITH leaf AS (SELECT $1 AS oid UNION SELECT relid FROM pg_partition_tree($1)), "
             "bound AS (SELECT i.indrelid AS oid, i.indexrelid AS index, i.indkey::int2[] AS key "
             "FROM pg_index i JOIN leaf ON i.indrelid = leaf.oid "
             "WHERE i.indisunique OR i.indisexclusion), "
             "used AS (SELECT oid, unnest(key) AS number FROM bound "
             "UNION SELECT b.oid, d.refobjsubid FROM bound b JOIN pg_depend d ON "
             "d.classid = 'pg_class'::regclass AND d.objid = b.index AND "
             "d.refclassid = 'pg_class'::regclass AND d.refobjid = b.oid "
             "UNION SELECT p.partrelid, unnest(p.partattrs::int2[]) FROM pg_partitioned_table p "
             "JOIN leaf ON p.partrelid = leaf.oid "
             "UNION SELECT p.partrelid, d.refobjsubid FROM pg_partitioned_table p JOIN leaf ON "
             "p.partrelid = leaf.oid AND p.partexprs IS NOT NULL JOIN pg_depend d ON "
             "d.classid = 'pg_class'::regclass AND d.objid = p.partrelid AND "
             "d.refobjid = p.partrelid), "
             "made AS (SELECT u.oid, p.refobjsubid FROM used u JOIN pg_attribute a ON "
             "a.attrelid = u.oid AND a.attnum = u.number AND a.attgenerated <> '' "
             "JOIN pg_attrdef d ON d.adrelid = u.oid AND d.adnum = u.number JOIN pg_depend p ON "
             "p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid AND "
             "p.refclassid = 'pg_class'::regclass AND p.refobjid = u.oid) "
             "SELECT DISTINCT root.attnum FROM (TABLE used UNION TABLE made) u "
             "JOIN pg_attribute a ON a.attrelid = u.oid AND a.attnum = u.number "
             "JOIN pg_attribute root ON root.attrelid = $1 AND root.attname = a.attname "
             "WHERE u.number > 0",
             {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid))})) {
    numbers.insert(static_cast<int16_t>(std::stoi(*row[0])));
  }
  return numbers;
}

std::vector<MergeKeyPart> key_parts(const MergePlan& plan) {
  const MatchedTable& matched = *plan.matched;
  std::vector<MergeKeyPart> parts;
  if (matched.archived->key.size() != matched.scoped->key.size()) return {};
  for (size_t i = 0; i < matched.scoped->key.size(); ++i) {
    const Column& column = column_of(*matched.table, matched.scoped->key[i]);
    const ManifestKeyColumn& archived = matched.archived->key[i];
    const auto found = std::find(matched.columns.begin(), matched.columns.end(), &column);
    if (column.name != archived.column || found == matched.columns.end()) return {};
    if (key_order(column) != archived.order) return {};
    parts.push_back({static_cast<size_t>(found - matched.columns.begin()), key_order(column)});
  }
  return parts;
}

// Rows of a keyless table are added and removed, never changed: a value that has to stay would be
// lost.
void require_whole_rows(const MergePlan& plan) {
  const bool keeps = std::any_of(plan.columns.begin(), plan.columns.end(), [](const auto& column) {
    return column.mode == Mode::kKept || column.mode == Mode::kGreater;
  });
  if (plan.matched->scoped->key.empty() || (!keeps && plan.others.empty())) return;
  throw Error(sqlstate::kSchemaDiffers, "the key of table " +
                                            quoted_display(plan.query.table.name) +
                                            " is not the one the archive was made with")
      .detail(
          "Some of its columns keep the values that rows have here, but nothing tells which row is "
          "which.")
      .hint("Give the table the key it had, or make a new backup.");
}

class Planner {
 public:
  Planner(const LiveScope& live, const MatchedTable& matched, const Company& company,
          const MergePolicy& policy)
      : live_(live), matched_(matched), policy_(policy) {
    plan_.matched = &matched;
    plan_.is_company = matched.scoped->table == live.scope.company_table;
    const bool append_only =
        !policy.exact && matched.scoped->treatment == TableTreatment::kAppendOnly;
    if (append_only || policy.merges) plan_.changes = plan_.removes = false;
    plan_.raises_counters = policy.merges && !append_only;
    if (policy.selected != nullptr) restrict_to(*policy.selected);
    plan_.query.table.name = display_table(*matched.table);
    plan_.query.table.args = {company.arg()};
    plan_.query.foreign = matched.table->foreign;
  }

  MergePlan run() {
    for (const Column* column : matched_.columns) add_archived(*column);
    for (const Column& column : matched_.table->columns) {
      const auto& archived = matched_.columns;
      if (column.generated) continue;
      if (std::find(archived.begin(), archived.end(), &column) != archived.end()) continue;
      plan_.others.push_back({column.name, column.type_oid == JSONBOID});
      plan_.current.push_back(&column);
    }
    if (!plan_.is_company) plan_.key = key_parts(plan_);
    write_query();
    if (plan_.is_keyless()) require_whole_rows(plan_);
    plan_.constrained = constrained_columns(*matched_.table);
    return std::move(plan_);
  }

 private:
  void restrict_to(const RowSelection& selected) {
    const bool any = selected.of(matched_.scoped->table) != nullptr;
    plan_.adds = any && selected.adds;
    plan_.changes = plan_.changes && any && selected.changes;
    plan_.removes = plan_.removes && any && selected.removes;
    plan_.raises_counters = plan_.raises_counters && any && selected.changes;
  }

  void add_archived(const Column& column) {
    MergeColumn merged{
        {column.name, column.type_oid == JSONBOID}, mode_of(live_, plan_, column, policy_), {}};
    merged.is_file = matched_.archived->columns[plan_.columns.size()].files.has_value();
    if (merged.mode == Mode::kGreater) {
      merged.wins = [&column](std::string_view archived, std::string_view current) {
        return is_greater(column, archived, current);
      };
    }
    plan_.columns.push_back(std::move(merged));
    plan_.current.push_back(&column);
  }

  void write_query() {
    TableQuery& table = plan_.query.table;
    std::string select;
    for (const Column* column : plan_.current) {
      select += (select.empty() ? "t." : ", t.") + quote_name(column->name);
      table.columns.push_back(*column);
    }
    if (!plan_.query.foreign) {
      select += (select.empty() ? "" : ", ") + std::string("t.tableoid, t.ctid, t.xmin");
    }
    plan_.select = "SELECT " + select + " FROM " + from_table(*matched_.table) + " AS t WHERE ";
    table.sql =
        plan_.select + owned_by(live_.schema, live_.scope, matched_.scoped->table, "t", "$1");
    if (const SelectedTable* const selected = policy_.selected_of(matched_.scoped->table)) {
      table.sql += selected->condition(*matched_.table, "t", table.args.size() + 1);
      for (const Arg& arg : selected->arguments(*matched_.table)) table.args.push_back(arg);
    }
    for (const MergeKeyPart& part : plan_.key) table.key.push_back(part.column);
    if (plan_.key.empty()) return;
    table.sql += " ORDER BY " + order_terms(*matched_.table, matched_.scoped->key, "t");
  }

  const LiveScope& live_;
  const MatchedTable& matched_;
  const MergePolicy& policy_;
  MergePlan plan_;
};

}  // namespace

std::string MergePlan::key_text(const std::vector<RowValue>& values) const {
  std::vector<std::string> texts;
  const auto add = [&](size_t position) {
    texts.push_back(text_form(*current[position], values[position]).value_or(""));
  };
  for (const MergeKeyPart& part : key) add(part.column);
  if (is_company && matched->scoped->key.size() == 1) {
    const auto position = position_of(*matched, matched->scoped->key[0]);
    if (position) add(*position);
  }
  return texts.empty() ? "" : shown_key(texts);
}

std::string MergePlan::identity_of(const std::vector<RowValue>& row) const {
  if (is_keyless()) return comparable(columns, row, true);
  return key_line_of(matched->scoped->key, matched->columns, row).value_or("");
}

std::string refused_key(const MatchedTable& matched, const std::vector<std::string>& key) {
  std::vector<std::string> formed;
  for (size_t i = 0; i < key.size(); ++i) {
    const Column& column = column_of(*matched.table, matched.scoped->key[i]);
    formed.emplace_back(in_form(key_form(column), key[i]));
  }
  return key_line(formed);
}

std::string MergePlan::refusal_key(const std::vector<RowValue>& row) const {
  if (is_keyless()) return identity_of(row);
  std::vector<std::string> values;
  for (const int16_t number : matched->scoped->key) {
    const auto position = position_of(*matched, number);
    const Text text = position ? text_form(*current[*position], row[*position]) : Text();
    values.push_back(text.value_or(""));
  }
  return refused_key(*matched, values);
}

MergePlan plan_merge(const LiveScope& live, const MatchedTable& matched, const Company& company,
                     const MergePolicy& policy) {
  return Planner(live, matched, company, policy).run();
}

}  // namespace company_backup
