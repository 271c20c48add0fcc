// Whose rows are written into a company.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/scope/schema.hpp"

namespace company_backup {

// Rows that this transaction has written since one of its commands.
class WrittenRows {
 public:
  explicit WrittenRows(uint32_t since);

  // " AND alias.xmin ..."; empty for foreign tables, of which nothing tells who wrote a row.
  std::string condition(const Table& table, const std::string& alias) const;

 private:
  uint32_t writer_, since_;
};

struct RowOrigin {
  bool same_database;  // they come from this database
  bool same_company;   // ... and from this company
  // Only these are looked at; none: all rows that the company has.
  std::optional<WrittenRows> written = std::nullopt;
};

}  // namespace company_backup
