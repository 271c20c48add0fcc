// Looking up the rows that many keys lead to, a batch at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scope/schema.hpp"
#include "core/text/row_line.hpp"
#include "pg/base/spi.hpp"

namespace company_backup {

inline constexpr size_t kKeysPerLookup = 10'000;

// The values of a key as one text, to be put aside; in PostgreSQL's text form, so that none holds a
// NUL byte.
std::string key_line(const std::vector<std::string>& values);

// The same of the columns with these numbers in a row; nullopt if one of them is NULL or not among
// `columns`, where null stands for a column that does not count.
std::optional<std::string> key_line_of(const std::vector<int16_t>& numbers,
                                       const std::vector<const Column*>& columns,
                                       const std::vector<RowValue>& values);

// The values of these columns in a row, so that equal ones are the same text
// (core/scope/padding.hpp); nothing if one of them is NULL or not among `columns`.
std::vector<std::string> comparable_key(const std::vector<int16_t>& numbers,
                                        const std::vector<const Column*>& columns,
                                        const std::vector<RowValue>& values);

// Are equal values of the column printed alike, or made so by comparable_key()?
bool has_one_text(const Table& table, const Column& column);
// The columns of the unique keys of the table that such columns make up, that of pick_key() first.
std::vector<std::vector<int16_t>> exact_keys(const Table& table);

// A value that somebody wrote, as the column's type prints it.
std::string canonical_text(const Column& column, const std::string& text);

// The first of its values, which is taken off.
std::string_view take_value(std::string_view& line);

// A key for messages: (7, north)
std::string shown_key(const std::vector<std::string>& values);

// Keys to be looked up together; none of their values is NULL.
class KeyBatch {
 public:
  // `columns`: whose types the values have. They must outlive the batch.
  explicit KeyBatch(std::vector<const Column*> columns);

  void add(std::string_view line);  // of key_line()
  void clear();
  size_t size() const { return values_[0].size(); }
  bool empty() const { return size() == 0; }
  bool full() const { return size() >= kKeysPerLookup; }
  std::vector<std::string> key(size_t n) const;
  std::string line(size_t n) const;
  std::string text(size_t n) const;  // shown_key()

  // One array per column, in the current memory context.
  std::vector<Arg> arrays() const;
  // The FROM item of these arrays; see below.
  std::string unnested(size_t first = 1) const;

 private:
  std::vector<const Column*> columns_;
  std::vector<std::vector<std::string>> values_;  // by column
};

// The FROM item "u" with columns k0, k1, ... and n, the position from 1 on, of the typed_array()s
// $1, $2... of these columns, or those from $`first` on.
std::string unnested(const std::vector<const Column*>& columns, size_t first = 1);

// True where the row `alias` has that key of "u" in these columns, by their own "=".
std::string equals_key(const std::vector<const Column*>& columns, const std::string& alias);

// True where it has one of the keys in the typed_array()s from $`first` on.
std::string equals_one_of(const std::vector<const Column*>& columns, const std::string& alias,
                          size_t first = 1);

// Columns of a table that keys are compared with.
struct KeyColumns {
  const Table& table;
  const std::vector<int16_t>& columns;
  const std::vector<std::string>& operators;  // column OP value
  Oid only_partition = 0;                     // 0: any
};

enum class RowLock { kNone, kKeyShare };

// Which of the keys a row has: looked up as the table's owner, and taken FOR KEY SHARE on request.
// By position.
std::vector<bool> find_keys(const KeyColumns& columns, const KeyBatch& keys, RowLock lock);

// " AND alias.tableoid ..." that keeps the rows of one partition; "" for 0.
std::string only_in(Oid partition, const std::string& alias);

// For values of a foreign key's columns.
KeyBatch references_of(const Schema& schema, const ForeignKey& key);

// " FROM ..." of the rows `t` that are where the arrays of their tableoid, $`first`, and ctid, the
// next, say.
std::string from_places(const Table& table, size_t first);

// Positions of references that lead nowhere, as far as rows have them for which the foreign key
// holds; what the others lead to is taken FOR KEY SHARE.
std::vector<size_t> missing_references(const Schema& schema, const ForeignKey& key,
                                       const KeyBatch& references);

// Server memory for one batch: current until close(). An error frees it with the context around it.
class BatchMemory {
 public:
  BatchMemory();
  void close();

 private:
  MemoryContext memory_, before_;
};

}  // namespace company_backup
