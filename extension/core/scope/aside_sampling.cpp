#include "core/scope/aside_sampling.hpp"

#include <algorithm>
#include <string_view>

#include "core/scope/found_keys.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/sql.hpp"

namespace company_backup {
namespace {

bool is_nobodys(TableTreatment treatment) {
  return treatment == TableTreatment::kShared || treatment == TableTreatment::kPeople ||
         treatment == TableTreatment::kGlobal;
}

// PostgreSQL's own types that texts can be in, beside those that hold IDs.
bool holds_texts(const Column& column) {
  static constexpr std::string_view kTypes[] = {"xml",      "xml[]",    "json[]", "jsonb[]",
                                                "jsonpath", "tsvector", "tsquery"};
  return is_own_type(column) &&
         std::find(std::begin(kTypes), std::end(kTypes), column.type) != std::end(kTypes);
}

}  // namespace

AsideSampling::AsideSampling(const Schema& schema, const Rules& rules, const TableNouns& nouns)
    : schema_(schema),
      company_(schema.find(rules.settings.company_schema, rules.settings.company_table)),
      names_(schema, nouns, company_),
      led_(schema.tables.size()) {
  if (company_ == kNoTable)
    led_.assign(led_.size(), true);  // nothing is known of what leads where
  else
    find_led(rules, company_);
}

void AsideSampling::find_led(const Rules& rules, TableIndex company) {
  std::vector<bool> stays(led_.size());
  led_[company] = true;
  for (TableIndex table = 0; table < static_cast<TableIndex>(led_.size()); ++table) {
    const TableRule* rule = table_rule(rules, schema_.tables[table]);
    stays[table] = rule != nullptr && is_nobodys(rule->treatment);
    if (rule != nullptr && !stays[table]) led_[table] = true;
  }
  for (bool more = true; more;) {
    more = false;
    for (TableIndex table = 0; table < static_cast<TableIndex>(led_.size()); ++table) {
      if (led_[table] || stays[table] || !leads_on(rules, table)) continue;
      led_[table] = more = true;
    }
  }
}

bool AsideSampling::leads_on(const Rules& rules, TableIndex index) const {
  const Table& table = schema_.tables[index];
  const auto& scope_columns = rules.settings.scope_columns;
  return std::any_of(schema_.foreign_keys.begin(), schema_.foreign_keys.end(),
                     [&](const ForeignKey& key) {
                       return key.table == index && key.only_partition == 0 && led_[key.target];
                     }) ||
         std::any_of(
             scope_columns.begin(), scope_columns.end(),
             [&](const std::string& name) { return find_column(table, name) != nullptr; }) ||
         std::any_of(
             rules.references.begin(), rules.references.end(), [&](const ReferenceRule& rule) {
               if (rule.schema != table.schema || rule.table != table.name) return false;
               const TableIndex target = schema_.find(rule.target_schema, rule.target_table);
               return target != kNoTable && led_[target];
             });
}

SampledColumn AsideSampling::aside(TableIndex table, const Column& column) const {
  SampledColumn sample{&column};
  if (column.generated || column.identity || is_in_key(schema_, table, column.number))
    return sample;
  const bool is_text = element_family(column.family) == TypeFamily::kText;
  sample.only_aside = true;
  if (column.is_enum) {
    sample.whole = !led_[table];
    return sample;
  }
  if (is_key_from_elsewhere(schema_.tables[table], column)) {
    sample.whole = !names_.completed_by(table).empty();
  } else if (can_hold_id(column) && is_own_type(column)) {
    const auto is_key = [&](const NamedKey& key) {
      return key.by == NamedKey::By::kKey ||
             (key.table == company_ && key.by != NamedKey::By::kPart);
    };
    const auto keys = names_.of(table, column);
    sample.whole =
        (led_[table] ? std::any_of(keys.begin(), keys.end(), is_key) : is_text || !keys.empty()) ||
        !names_.kept_by(table, column).empty();
  }
  const bool is_document = column.family == TypeFamily::kJson;
  if (is_document) sample.whole = !led_[table];
  const bool may_hold = (is_text && is_own_type(column)) || is_document || column.is_bytea() ||
                        is_label_tree(column) || holds_texts(column);
  sample.inside = !led_[table] && may_hold;
  return sample;
}

void AsideSampling::add(TableIndex table, std::vector<SampledColumn>& sampled) const {
  for (const Column& column : schema_.tables[table].columns) {
    const SampledColumn more = aside(table, column);
    if (!more.whole && !more.inside) continue;
    const auto known = std::find_if(sampled.begin(), sampled.end(), [&](const SampledColumn& one) {
      return one.column->number == column.number;
    });
    if (known == sampled.end()) {
      sampled.push_back(more);
    } else {
      known->whole = more.whole;
      known->inside = more.inside;
    }
  }
}

}  // namespace company_backup
