// Sequences behind columns: after rows with explicit values came in, they have to be past them.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "pg/postgres.hpp"

namespace company_backup {

// A sequence that feeds a column (identity, serial, DEFAULT nextval) and the furthest of its values
// that was loaded.
class ColumnSequence {
 public:
  int16_t column;  // attribute number
  Oid sequence;
  int64_t increment, minimum, maximum;

  // `text`: a loaded value of the column. What is no integer, or outside the sequence's range, can
  // never collide with a value it gives.
  void see(std::string_view text);

  bool seen = false;
  int64_t furthest = 0;
};

std::vector<ColumnSequence> sequences_of(Oid table);

// How many values nextval() can still give, past what the sequence has seen.
uint64_t values_left(const ColumnSequence& sequence);

// Calls `use` with the next `count` values of the sequence; nobody else gets them. Error kIntegrity
// if it has no value left, or begins anew.
void take_values(const ColumnSequence& sequence, uint64_t count,
                 const std::function<void(int64_t value)>& use);

// Moves the sequences past what they have seen: forward only, without blocking other sessions. Just
// before the end of the transaction, because they are locked against other restores from here on.
// Error kIntegrity if a sequence would have no value left.
void advance_sequences(std::vector<ColumnSequence> sequences);

}  // namespace company_backup
