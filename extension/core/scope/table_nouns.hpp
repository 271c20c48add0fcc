// Names of columns that say of which table they hold an ID, though they do not end in "_id":
// customerid, id_customer, fk_customer, customer_ref; of numbers also customer itself.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/scope/schema.hpp"

namespace company_backup {

class TableNouns {
 public:
  explicit TableNouns(const Schema& schema);

  // "customer", for these names and for customer_id; nothing for names that say nothing.
  std::optional<std::string> stem(const Column& column) const;
  // The same of names that cannot be those of anything but IDs: not customer, or customer_ref.
  std::optional<std::string> said_stem(const Column& column) const;

  // The tables that are called so, in any form of the noun: "category" are categories.
  std::vector<TableIndex> tables(const std::string& noun) const;

  // Is it called after a table, in whatever part: "other_customer"?
  bool ends_with_table(const std::string& noun) const;

  // The one table that alone has a key of one column of this name, which is not one that any table
  // may have: customer_no, empno. kNoTable: none, or several.
  TableIndex table_of_key(const std::string& column) const;
  // All of them.
  std::vector<TableIndex> tables_of_key(const std::string& column) const;

 private:
  std::optional<std::string> known(const std::string& noun) const;

  std::unordered_map<std::string, std::vector<TableIndex>> tables_;  // by the forms of their names
  std::unordered_map<std::string, std::vector<TableIndex>> keys_;    // by their names
};

}  // namespace company_backup
