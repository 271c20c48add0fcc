// Inserting rows into a table whose rows live elsewhere: one INSERT per row, as the caller or the
// owner (pg/base/foreign_reader.hpp), with all that an INSERT does there. Plain data, to be used
// inside guarded() only.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

class ForeignWriter {
 public:
  void open(Relation relation, const AttrNumber* given, int given_count);
  // values and nulls are `count` times the table's attributes.
  void insert(Datum* values, bool* nulls, int count);
  void close();

 private:
  template <class Body>
  void as_reader(Body&& body);

  Oid reader_ = InvalidOid;
  SPIPlanPtr plan_ = nullptr;
  AttrNumber* given_ = nullptr;
  int given_count_ = 0;
  int natts_ = 0;
  Datum* row_ = nullptr;  // the given values of one row, as the plan's parameters
  char* row_nulls_ = nullptr;
};

}  // namespace company_backup
