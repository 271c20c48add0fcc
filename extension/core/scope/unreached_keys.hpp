// Columns of tables that no route reaches which lead to a company by what is taken aside: by names
// that say a key (key_names.hpp), by texts that are all keys, by UUIDs inside of texts. Internal to
// scope*.cpp.
#pragma once

#include <string>
#include <vector>

#include "core/scope/key_names.hpp"
#include "core/scope/scope_meaning.hpp"
#include "core/scope/scope_model.hpp"

namespace company_backup {

class UnreachedKeys {
 public:
  UnreachedKeys(Model& model, const Routes& routes, const ColumnMeaning& meaning)
      : model_(model),
        routes_(routes),
        meaning_(meaning),
        names_(model.schema, meaning.nouns(), model.company) {}

  // Adds a finding for what it asks first, and says whether there was anything.
  bool ask(TableIndex index);

 private:
  bool ask_named(TableIndex index, const Column& column);
  bool ask_others(TableIndex index, const Column& column);
  bool ask_completed(TableIndex index, const Column& column);
  bool ask_history(TableIndex index, const Column& column);
  void ask_no_key(TableIndex index, const Column& column, const PlaceEvidence& place,
                  const KeyMatch& most);
  static KeyMatch match_or_none(const PlaceEvidence& place, TableIndex table, int16_t column);
  bool ask_texts(TableIndex index, const Column& column);
  bool ask_documents(TableIndex index, const Column& column);
  bool ask_document(TableIndex index, const Column& column, const PlaceEvidence& place);
  const KeyMatch* named_in_document(TableIndex index, const Column& column,
                                    const PlaceEvidence& place) const;
  const KeyMatch* keyed_by(TableIndex index, const PlaceEvidence& place, size_t& count) const;
  bool ask_inside(TableIndex index, const Column& column);
  bool is_owned(TableIndex table) const { return routes_.distance[table] >= 0; }
  const PlaceEvidence* values_of(TableIndex index, const Column& column) const;
  bool is_said(const Column& column, const NamedKey& key) const;
  bool is_companys(const Column& column, const NamedKey& key) const;
  bool can_be(const Column& column, const NamedKey& key, const PlaceEvidence* place) const;
  void ask_key(TableIndex index, const Column& column, const NamedKey& key,
               const PlaceEvidence* place);
  Statement reference(TableIndex index, const Column& column, const NamedKey& key) const;

  Model& model_;
  const Routes& routes_;
  const ColumnMeaning& meaning_;
  const KeyNames names_;
};

}  // namespace company_backup
