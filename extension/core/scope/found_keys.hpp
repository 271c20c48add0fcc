// Columns whose values, taken aside, are those of a key of another table. Internal to scope*.cpp.
#pragma once

#include <optional>
#include <string>

#include "core/scope/key_names.hpp"
#include "core/scope/scope_model.hpp"

namespace company_backup {

inline constexpr uint32_t kLikelyKeys = 5;  // so many different values make it likely

struct FoundKey {
  NamedKey key;
  std::string problem;
  std::string evidence;
  Confidence confidence = Confidence::kGuess;
};

// Is it alone the primary key, of numbers that nothing makes here? They come from elsewhere.
bool is_key_from_elsewhere(const Table& table, const Column& column);

// How many of the values at a place are those of the key; null: too few, or none.
const KeyMatch* match_of(const PlaceEvidence& place, const NamedKey& key);

// "40 of 40 sampled values are values of app.customer.code"
std::string told_match(const Model& model, const PlaceEvidence& place, const KeyMatch& match);

// A key from elsewhere: whose values all are keys of the one table that its table is called after.
std::optional<FoundKey> completed_row(const Model& model, const KeyNames& names, TableIndex table,
                                      const Column& column);

// A column that has the keys of the rows that those of the table were, see KeyNames::kept_by().
std::optional<FoundKey> kept_row(const Model& model, const KeyNames& names, TableIndex table,
                                 const Column& column);

// A column that is named after a key of the company, and has its values; none of the scope columns,
// of which that is known.
std::optional<FoundKey> company_key(const Model& model, const KeyNames& names, TableIndex table,
                                    const Column& column);

// A column that is named after a key whose values a copy gets anew, as a rule says.
std::optional<FoundKey> renewed_key(const Model& model, const KeyNames& names, TableIndex table,
                                    const Column& column);

// One that is named after a key, and whose values are those of it. `company`: after one of this
// table only, by whatever of its names.
std::optional<FoundKey> named_key(const Model& model, const KeyNames& names, TableIndex table,
                                  const Column& column, TableIndex company = kNoTable);

}  // namespace company_backup
