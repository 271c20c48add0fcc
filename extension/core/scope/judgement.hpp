// What evidence means for one place: of which table the values there are keys, or that they are
// data.
#pragma once

#include <optional>
#include <string>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// Are the values, but for a few that may dangle, all among these keys?
bool has_all(const PlaceEvidence& place, const KeyMatch& match);

struct Judgement {
  enum class Kind {
    kUnknown,    // there are no values, or they do not say
    kReference,  // to the column `column` of `table`
    kData,
  };
  Kind kind = Kind::kUnknown;
  TableIndex table = kNoTable;
  int16_t column = 0;
  Confidence confidence = Confidence::kGuess;
  std::string evidence;  // in words; empty: there are no values
};

// `named`: the table that the name of the place is that of, or kNoTable. Generated values prove by
// a match; small numbers are keys of every table, so that the name has to agree.
Judgement judge(const Schema& schema, const Evidence& evidence, const PlaceEvidence& place,
                TableIndex named);

// Of a text made of IDs: are they keys of the table itself, or, if they look generated, of the one
// that `judged` says of them? Small numbers are only if they say which rows stand above each row.
std::optional<Judgement> judge_path(const Schema& schema, const PlaceEvidence& place,
                                    const PathEvidence& path, const Judgement& judged);

}  // namespace company_backup
