// What evidence means for one place: of which table the values there are keys, or that they are
// data.
#pragma once

#include <optional>
#include <string>

#include "core/scope/evidence.hpp"
#include "core/scope/scope.hpp"

namespace company_backup {

// How a place's name says that it refers to a table.
enum class Naming {
  kNone,
  kLoose,  // it ends like the table, or plays a part that rows of the table play
  kWhole,  // it is the table's name, or foreign keys of other tables agree
};

// Can all values be these keys? Not if their rows are of any company.
bool has_all(const PlaceEvidence& place, const KeyMatch& match);

// Do they look generated? Others are met twice by chance, and prove nothing by a match.
bool are_generated(const PlaceEvidence& place);

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

// `named`: the table that the place is named after, or kNoTable; `naming`: how. Generated values
// prove by a match; small numbers are keys of every table, so that the name has to agree, and of
// what people make up (phone numbers, IBANs), others have the same. It is sure only if all values
// are keys: of what dangles backups are refused, and it may be of another table.
Judgement judge(const Schema& schema, const Evidence& evidence, const PlaceEvidence& place,
                TableIndex named, Naming naming);

// Of a text made of IDs: are they keys of the table itself, or, if they look generated, of the one
// that `judged` says of them? Small numbers are only if they say which rows stand above each row.
// `named`: the text is called like the path of that other table's rows.
std::optional<Judgement> judge_path(const Schema& schema, const PlaceEvidence& place,
                                    const PathEvidence& path, const Judgement& judged, bool named);

}  // namespace company_backup
