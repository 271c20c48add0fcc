// Columns of tables that no route reaches, which may lead to a company all the same. Internal to
// scope*.cpp.
#pragma once

#include <string>
#include <vector>

#include "core/scope/scope_meaning.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/unreached_keys.hpp"

namespace company_backup {

// Each adds a finding for what it asks, and says whether there was anything.
class UnreachedColumns {
 public:
  UnreachedColumns(Model& model, const Routes& routes, const ColumnMeaning& meaning)
      : model_(model), routes_(routes), meaning_(meaning), keys_(model, routes, meaning) {}

  // Those that lead to a company as likely as not.
  bool ask_surest(TableIndex index) {
    return ask_partition_key(index) || ask_values(index) || ask_company_column(index) ||
           ask_foreign_table(index) || ask_inheritance(index);
  }
  // By what they are called, or by values that may be another table's.
  bool ask_others(TableIndex index) {
    return ask_pair(index) || ask_named_id(index) || ask_list(index) || ask_unclear(index) ||
           keys_.ask(index) || ask_refuted_id(index);
  }
  // Those whose values are keys of a table that belongs to companies.
  bool ask_values(TableIndex index) { return ask_column_pairs(index) || ask_single_values(index); }

 private:
  bool ask_partition_key(TableIndex index);
  bool ask_column_pairs(TableIndex index);
  bool ask_single_values(TableIndex index);
  bool ask_company_column(TableIndex index);
  bool ask_foreign_table(TableIndex index);
  bool ask_inheritance(TableIndex index);
  bool ask_pair(TableIndex index);
  bool ask_named_id(TableIndex index);
  bool is_refuted(TableIndex index, const Column& column, const std::string& stem) const;
  bool ask_refuted_id(TableIndex index);
  bool ask_list(TableIndex index);
  bool ask_unclear(TableIndex index);
  bool may_refer(const PlaceEvidence& place, const Judgement& judged) const;
  void ask_match(const PlaceEvidence& place, const Judgement& judged);
  bool is_data(TableIndex index, const Column& column) const;
  std::vector<std::string> target_columns(TableIndex target, const Column& key) const;
  TableIndex owned_table(const std::string& stem, const Column& column) const;
  bool names_owned_table(const std::string& stem) const;

  Model& model_;
  const Routes& routes_;
  const ColumnMeaning& meaning_;
  UnreachedKeys keys_;
};

}  // namespace company_backup
