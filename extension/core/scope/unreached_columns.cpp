#include "core/scope/unreached_columns.hpp"

#include <algorithm>

#include "core/scope/scope_pairs.hpp"
#include "core/scope/sql.hpp"
#include "core/text/names.hpp"

namespace company_backup {

bool UnreachedColumns::ask_partition_key(TableIndex index) {
  const Table& table = model_.table(index);
  for (const ForeignKey* fk : model_.keys_of[index]) {
    if (fk->only_partition == 0 || routes_.distance[fk->target] < 0) continue;
    model_.error(display_table(table),
                 "the foreign key " + display_name(fk->name) +
                     " leads to a company, but only one partition has it",
                 model_.statements.reference(
                     table, column_names(table, fk->columns), model_.table(fk->target),
                     column_names(model_.table(fk->target), fk->target_columns)));
    return true;
  }
  return false;
}

// Pairs of columns whose values are keys of a table that belongs to companies.
bool UnreachedColumns::ask_column_pairs(TableIndex index) {
  bool asked = false;
  if (model_.table(index).of_extension) return false;
  for (const ProvedPair& proved : proved_pairs(model_, index)) {
    if (routes_.distance[proved.pair->target] < 0) continue;
    model_.error(display_table(model_.table(index)),
                 "values of its columns " + told_pair(model_, *proved.pair) +
                     " together are keys of " + display_table(model_.table(proved.pair->target)) +
                     ", which belongs to companies, but no foreign key says so",
                 pair_reference(model_, *proved.pair));
    model_.support(Confidence::kConfident, proved.evidence);
    asked = true;
  }
  return asked;
}

// Whose values are keys of a table that belongs to companies.
bool UnreachedColumns::ask_single_values(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  bool asked = false;
  for (const Column& column : table.columns) {
    if (is_settled(model_, index, column) || model_.is_scope_column(index, column)) continue;
    for (const auto& [place, judged] : meaning_.proved_places(index, column)) {
      if (routes_.distance[judged.table] < 0) continue;
      if (!place->place.json_path.empty() && column.family != TypeFamily::kJson) continue;
      const ReferenceRule rule = meaning_.reference(place->place, judged);
      model_.error(display_table(table),
                   "values of its column " + display_name(column.name) + " are keys of " +
                       display_table(model_.table(judged.table)) +
                       ", which belongs to companies, but no foreign key says so",
                   model_.statements.reference(rule));
      model_.support(judged.confidence, judged.evidence);
      asked = true;
    }
    if (asked) model_.ask_kinds(index, column);
  }
  return asked;
}

bool UnreachedColumns::ask_company_column(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  for (const Column& column : table.columns) {
    if (!meaning_.company_names().match(column) || is_settled(model_, index, column)) continue;
    const Table& company = model_.table(model_.company);
    model_.error(display_table(table),
                 "the column " + display_name(column.name) +
                     " looks like a company's, but no foreign key or scope column says so" +
                     (can_hold_id(column)
                          ? ""
                          : ", and references cannot be followed in its type, " + column.type),
                 !can_hold_id(column)
                     ? Statement("")
                     : model_.statements.reference(table, {column.name}, company,
                                                   target_columns(model_.company, *model_.key)));
    return true;
  }
  return false;
}

// A foreign table cannot have foreign keys; a column named after a table of the scope is one. That
// it stays where it is, is asked next, once it is known by which way its rows are companies'.
bool UnreachedColumns::ask_foreign_table(TableIndex index) {
  const Table& table = model_.table(index);
  if (!table.foreign || table.of_extension) return false;
  for (const Column& column : table.columns) {
    if (!can_hold_id(column) || is_settled(model_, index, column)) continue;
    const auto stem = id_stem(column.name);
    if (!stem || !names_owned_table(*stem)) continue;
    const TableIndex target = owned_table(*stem, column);
    model_.error(
        display_table(table),
        "it is a foreign table, and its column " + display_name(column.name) +
            " looks like it leads to a company" +
            (target == kNoTable ? "" : "; if it does not, say set_table_rule(..., 'global', ...)"),
        target == kNoTable
            ? model_.statements.table_rule(
                  table, proposed_rule(TableTreatment::kGlobal, "the rows live on another server"))
            : model_.statements.reference(table, {column.name}, model_.table(target)));
    return true;
  }
  return false;
}

// Foreign keys are not inherited.
bool UnreachedColumns::ask_inheritance(TableIndex index) {
  const Table& table = model_.table(index);
  if (!table.is_child) return false;
  for (TableIndex parent = 0; parent < static_cast<TableIndex>(model_.size()); ++parent) {
    const Table& other = model_.table(parent);
    if (routes_.distance[parent] < 0 || !has_all_columns_of(table, other)) continue;
    model_.error(
        display_table(table),
        "it inherits from a table that belongs to companies, " + display_table(other) +
            ", but foreign keys are not inherited, and it has no such key of its own",
        model_.statements.table_rule(
            table, proposed_rule(TableTreatment::kShared, "its rows belong to no company")));
    return true;
  }
  return false;
}

// Rows about rows of any table: (about_type, about_id).
bool UnreachedColumns::ask_pair(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  for (const Column& column : table.columns) {
    if (!can_hold_id(column) || is_settled(model_, index, column)) continue;
    const Column* type = type_column(table, column);
    if (type == nullptr) continue;
    model_.ask_kinds(index, column);
    model_.error(display_table(table),
                 "its column " + display_name(column.name) +
                     " looks like an ID whose table is named by " + display_name(type->name) +
                     "; for each value that means a table of companies' rows, say "
                     "set_reference(..., when_column => " +
                     quote_literal(type->name) +
                     ", when_value => ...); if its rows belong to no company, say "
                     "set_table_rule(..., 'shared', ...)",
                 "");
    return true;
  }
  return false;
}

// An ID that no foreign key explains, named after a table of companies.
bool UnreachedColumns::ask_named_id(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  for (const Column& column : table.columns) {
    if (!can_be_called_id(column) || column.generated || is_settled(model_, index, column))
      continue;
    const auto stem = id_stem(column.name);
    if (!stem || !names_owned_table(*stem) || is_refuted(index, column, *stem)) continue;
    const TableIndex target = can_hold_id(column) ? owned_table(*stem, column) : kNoTable;
    model_.error(display_table(table),
                 "its column " + display_name(column.name) +
                     " looks like an ID of a table of companies' rows, but no foreign key says "
                     "so; if it is not, say set_column_rule(..., 'data')",
                 target == kNoTable
                     ? ""
                     : model_.statements.reference(table, {column.name}, model_.table(target)));
    const Judgement judged = meaning_.judge(index, column);
    if (target != kNoTable && judged.kind == Judgement::Kind::kReference && judged.table == target)
      model_.support(judged.confidence, judged.evidence);
    return true;
  }
  return false;
}

// Its values are no keys, for sure, or are none where no key of such a table has its type.
bool UnreachedColumns::is_refuted(TableIndex index, const Column& column,
                                  const std::string& stem) const {
  if (is_data(index, column)) return true;
  return meaning_.judge(index, column).kind == Judgement::Kind::kData &&
         (!can_hold_id(column) || owned_table(stem, column) == kNoTable);
}

// An ID so named whose values are no keys: backups, which look at none, go by the name.
bool UnreachedColumns::ask_refuted_id(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  for (const Column& column : table.columns) {
    if (!can_be_called_id(column) || column.generated || is_settled(model_, index, column))
      continue;
    const auto stem = id_stem(column.name);
    if (!stem || !names_owned_table(*stem) || !is_refuted(index, column, *stem)) continue;
    const Judgement judged = meaning_.judge(index, column);
    model_.error(display_table(table),
                 "its column " + display_name(column.name) +
                     " looks like an ID of a table of companies' rows, but " + judged.evidence,
                 model_.statements.column_rule(table, column.name, ColumnTreatment::kData, true));
    model_.support(judged.confidence, judged.evidence);
    return true;
  }
  return false;
}

// References in lists and documents do not say whose a row is.
bool UnreachedColumns::ask_list(TableIndex index) {
  for (const SoftReference& soft : model_.soft[index]) {
    if (soft.can_route || routes_.distance[soft.target] < 0) continue;
    const Table& table = model_.table(index);
    model_.error(display_table(table),
                 "its column " + display_name(soft.rule->columns[0]) + " refers to " +
                     display_table(model_.table(soft.target)) +
                     ", which belongs to companies, but nothing says to which one a row belongs; "
                     "if to none, say set_table_rule(..., 'shared', ...)",
                 "");
    return true;
  }
  return false;
}

// Numbers that are keys of many tables, of companies among them, or IDs of which some are: that
// proves nothing, but what might be a company's is nobody's only if somebody says so.
bool UnreachedColumns::ask_unclear(TableIndex index) {
  const Table& table = model_.table(index);
  if (table.of_extension) return false;
  for (const Column& column : table.columns) {
    if (is_settled(model_, index, column)) continue;
    for (const PlaceEvidence& place : model_.evidence.of(index, column.number)) {
      if (place.place.when_column != 0) continue;
      const Judgement judged = meaning_.judge(place);
      if (!may_refer(place, judged)) continue;
      ask_match(place, judged);
      return true;
    }
  }
  return false;
}

bool UnreachedColumns::may_refer(const PlaceEvidence& place, const Judgement& judged) const {
  const auto owned = [this](TableIndex table) { return routes_.distance[table] >= 0; };
  if (judged.kind == Judgement::Kind::kUnknown) return meaning_.is_among_keys(place, owned);
  if (judged.kind != Judgement::Kind::kReference || !owned(judged.table)) return false;
  return judged.confidence != Confidence::kGuess || meaning_.is_among_keys(place, owned);
}

void UnreachedColumns::ask_match(const PlaceEvidence& place, const Judgement& judged) {
  const Table& table = model_.table(place.place.table);
  const Column& column = column_of(table, place.place.column);
  const bool is_reference = judged.kind == Judgement::Kind::kReference &&
                            routes_.distance[judged.table] >= 0 &&
                            (place.place.json_path.empty() || column.family == TypeFamily::kJson);
  model_.error(display_table(table),
               "values of its column " + display_name(column.name) +
                   (place.place.json_path.empty() ? "" : " at " + place.place.json_path) +
                   " may refer to rows of companies: " + judged.evidence +
                   "; if they do, say set_reference(...), if not, set_column_rule(..., 'data')",
               is_reference ? model_.statements.reference(meaning_.reference(place.place, judged))
                            : Statement(""));
  if (is_reference) model_.support(judged.confidence, judged.evidence);
}

// Do the values of a column say that it refers to nothing?
bool UnreachedColumns::is_data(TableIndex index, const Column& column) const {
  const Judgement judged = meaning_.judge(index, column);
  return judged.kind == Judgement::Kind::kData && judged.confidence == Confidence::kConfident;
}

// The target columns a statement has to name: none for the primary key.
std::vector<std::string> UnreachedColumns::target_columns(TableIndex target,
                                                          const Column& key) const {
  for (const UniqueIndex& unique : model_.table(target).unique_indexes)
    if (unique.primary && unique.columns == std::vector<int16_t>{key.number}) return {};
  return {key.name};
}

// The only table of companies of this name whose primary key is one such column; kNoTable: none.
TableIndex UnreachedColumns::owned_table(const std::string& stem, const Column& column) const {
  TableIndex found = kNoTable;
  for (const TableIndex other : meaning_.nouns().tables(stem)) {
    const Table& table = model_.table(other);
    const auto key = pick_key(table);
    if (routes_.distance[other] < 0 || key.size() != 1 ||
        !same_values(column.family, column_of(table, key[0]).family))
      continue;
    if (found != kNoTable) return kNoTable;
    found = other;
  }
  return found;
}

bool UnreachedColumns::names_owned_table(const std::string& stem) const {
  const std::vector<TableIndex> named = meaning_.nouns().tables(stem);
  return std::any_of(named.begin(), named.end(),
                     [this](TableIndex table) { return routes_.distance[table] >= 0; });
}

}  // namespace company_backup
