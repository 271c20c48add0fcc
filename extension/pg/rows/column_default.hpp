// What a column gets when nobody gives it a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/scope/schema.hpp"
#include "pg/base/spi.hpp"
#include "pg/rows/sequences.hpp"

namespace company_backup {

enum class DefaultKind {
  kNone,
  kSequence,  // the next value of a sequence, by itself: identity, serial
  kVolatile,  // another value each time, as far as PostgreSQL knows
  kOther,
};

DefaultKind default_of(const Table& table, const Column& column);

// Of kSequence. Error kInternal if it is not among the table's sequences.
ColumnSequence feeding_sequence(const Table& table, const Column& column);

// The values of a column's replacement (ColumnRule, ColumnDefault), one after the other, each in
// text form: evaluated as a DEFAULT of the column would be, as the table's owner.
class ReplacementValues {
 public:
  // All references must outlive it. Error kForeignCode, see require_own_replacement().
  ReplacementValues(const Table& table, const Column& column, std::string expression);
  Text next();

 private:
  const Table& table_;
  const Column& column_;
  std::string expression_;
  int batch_ = 1;
  std::vector<Text> values_;
  size_t at_ = 0;
};

// Error kForeignCode unless the role that set this expression for the column may act as the table's
// owner, as whom it is evaluated.
void require_own_replacement(const Table& table, const Column& column,
                             const std::string& expression);

// Could it be a DEFAULT of the column? Error kBadRule.
void require_replacement(Oid table, const std::string& column, const std::string& expression);

// The same, and does it give the same value each time, which the column takes? Error kBadRule.
void require_constant(Oid table, const std::string& column, const std::string& expression);

// `count` values that the default of a column of the table or partition gives, in text form; NULLs
// without a default. Evaluated as the owner of the code on it, see pg/base/code_owner.hpp.
std::vector<Text> evaluate_default(uint32_t table, const std::string& column, int count);

// The values that the default gives, one after the other, each in text form.
// Not for kNone.
class DefaultValues {
 public:
  // All references must outlive it.
  DefaultValues(const Table& table, const Column& column);
  Text next();

 private:
  void fetch(int count);

  const Table& table_;
  const Column& column_;
  bool is_sequence_;
  int batch_ = 1;  // one value may be all that is wanted
  std::vector<Text> values_;
  size_t at_ = 0;
};

}  // namespace company_backup
