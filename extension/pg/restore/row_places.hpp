// Versions of rows of one table, put aside to be looked up where they stand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/merge/row_merge.hpp"
#include "core/scope/schema.hpp"
#include "pg/base/line_spool.hpp"

namespace company_backup {

// Rows for a message: the keys of the first of them, and how many there are.
struct NamedRows {
  uint64_t count = 0;
  std::string keys;  // "(7), (8), ..."
};

class RowPlaces {
 public:
  void put(const RowVersion& version);
  bool empty() const { return places_.empty(); }
  // Those that the active snapshot sees, and for which `condition`, " AND ..." about "t", is true.
  // To be called once.
  NamedRows look_up(const Table& table, const std::vector<int16_t>& key,
                    const std::string& condition);

 private:
  LineSpool places_;
};

// A version as one text, the same for the same one, and back.
std::string place_text(const RowVersion& version);
RowVersion parse_place(std::string_view text);

}  // namespace company_backup
