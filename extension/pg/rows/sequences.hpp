// Sequences behind columns: after rows with explicit values came in, they have to be past them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "pg/base/postgres.hpp"

namespace company_backup {

// A sequence that feeds a column (identity, serial, DEFAULT nextval) and the furthest of its values
// that was loaded.
class ColumnSequence {
 public:
  int16_t column;  // attribute number
  Oid sequence;
  int64_t increment, minimum, maximum;  // of the values that the column's type holds, too
  // The column owns the sequence, or the owner of its table might call setval() or nextval(): a
  // DEFAULT can name anybody's sequence.
  bool may_move, may_take;

  // `text`: a loaded value of the column. What is no integer, or outside the sequence's range, can
  // never collide with a value it gives.
  void see(std::string_view text);

  bool seen = false;
  int64_t furthest = 0;
  // The nearest value that a row has beyond what the sequence may be moved to.
  std::optional<int64_t> taken;
};

std::vector<ColumnSequence> sequences_of(Oid table);

// The furthest value that the sequence may be moved to (a move is not rolled back with the
// transaction): it leaves others a tenth of all values, or nine tenths of what is left.
int64_t furthest_allowed(const ColumnSequence& sequence);

// How many values nextval() can still give, past what the sequence has seen and before what is
// taken.
uint64_t values_left(const ColumnSequence& sequence);

// Calls `use` with the next `count` values of the sequence; nobody else gets them. Error kIntegrity
// if it has no value left, or begins anew; kInsufficientPrivilege unless may_take.
void take_values(const ColumnSequence& sequence, uint64_t count,
                 const std::function<void(int64_t value)>& use);

// Moves the sequences past what they have seen: forward only, and without a lock that others would
// wait for until the end of the transaction. One that may not be moved is left where it is, with a
// WARNING. Error kIntegrity, before any is moved, if one would go further than allowed.
void advance_sequences(const std::vector<ColumnSequence>& sequences);

// The same for rows that were here before: a sequence that they did not move then, because they
// were too far away, is left where it is.
void advance_sequences_back(const std::vector<ColumnSequence>& sequences);

}  // namespace company_backup
