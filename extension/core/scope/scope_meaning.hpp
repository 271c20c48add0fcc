// What a column without a foreign key means: what its name says, and what its values do. Internal
// to scope*.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/scope/judgement.hpp"
#include "core/scope/scope_model.hpp"
#include "core/scope/table_nouns.hpp"

namespace company_backup {

class ColumnMeaning {
 public:
  explicit ColumnMeaning(const Model& model);

  // Can the column hold the key?
  using Fits = bool (*)(const Column& column, const Column& key);
  static bool same_family(const Column& column, const Column& key);
  // As numbers or as texts.
  static bool holds_numbers(const Column& column, const Column& key);

  const CompanyNames& company_names() const { return company_names_; }

  const TableNouns& nouns() const { return nouns_; }

  // Is it the ID of another system? "github_pull_request_id" is not, where that is a table.
  bool is_external(const std::string& column) const;

  // The one table that the column is named after, with a key of one column that fits. What stands
  // before it says the part it plays: "received_on_bill_id" is a bill. kNoTable: none, or several.
  TableIndex named_table(TableIndex table, const Column& column, Fits fits) const;

  // What the values at this place are.
  Judgement judge(const PlaceEvidence& place) const;
  // Those of the column as a whole.
  Judgement judge(TableIndex table, const Column& column) const;

  // Are all values at the place keys of the table, as far as samples go?
  bool holds_all(const PlaceEvidence& place, TableIndex table) const;

  // Are values at the place keys of some of these tables? Of small numbers all of them have to be
  // of one, in a column that is named like an ID.
  bool is_among_keys(const PlaceEvidence& place,
                     const std::function<bool(TableIndex)>& counts) const;

  // "parent_id": a row of the table itself, as the name says.
  static bool names_row_of_its_own(const std::string& column);

  // The places in a column that are references for sure, with what they refer to: the column as a
  // whole, or else by kinds, if these tell them all apart; and paths in documents.
  struct ProvedPlace {
    const PlaceEvidence* place;
    Judgement judgement;
  };
  std::vector<ProvedPlace> proved_places(TableIndex table, const Column& column) const;

  // A text made of IDs, if its values prove it: of the table's own rows, or of others that it is
  // said to refer to. Nothing: they do not.
  std::optional<Judgement> judge_path(TableIndex table, const Column& column) const;

  // The rule for a place that was judged to be a reference.
  ReferenceRule reference(const SamplePlace& place, const Judgement& judgement) const;
  // Target columns as set_reference needs them: none for the primary key.
  std::vector<std::string> named_columns(TableIndex target, const std::vector<int16_t>& key) const;

 private:
  std::string told_alike(const PlaceEvidence& place) const;
  std::vector<ProvedPlace> told_places(const ToldKinds& told) const;
  TableIndex table_named(TableIndex near, const std::string& name, const Column* column,
                         Fits fits) const;
  std::vector<TableIndex> tables_named(TableIndex near, const std::string& noun,
                                       const Column* column, Fits fits) const;
  TableIndex namesake_target(const std::string& column) const;
  TableIndex suggested(const PlaceEvidence& place) const;
  Naming naming_of(const PlaceEvidence& place, TableIndex named) const;
  bool names_composite(const std::string& column) const;
  TableIndex people_among(const PlaceEvidence& place) const;
  TableIndex ending_among(const PlaceEvidence& place, const std::string& name) const;
  TableIndex only_ending_in(const PlaceEvidence& place, const std::string& ending) const;
  bool ends_like_others(const PlaceEvidence& place, const std::string& name,
                        TableIndex table) const;
  TableIndex table_of_path(TableIndex table, const Column& column) const;
  TableIndex kept_table(TableIndex index) const;
  TableIndex kept_target(const PlaceEvidence& place, const Column& column) const;
  TableIndex kind_of_own(const SamplePlace& at) const;
  bool tells_of(TableIndex index, int16_t kind, const Column& column) const;
  bool tells_kinds(const SamplePlace& place) const;
  bool names_itself(const PlaceEvidence& place, const std::string& name) const;
  const Column* only_key(TableIndex target) const;

  const Model& model_;
  CompanyNames company_names_;
  // What foreign keys on columns of this name refer to; kNoTable: to different tables.
  std::unordered_map<std::string, TableIndex> targets_by_name_;
  std::unordered_map<std::string, int> keys_by_name_;  // how many of them there are
  const TableNouns nouns_;
};

}  // namespace company_backup
