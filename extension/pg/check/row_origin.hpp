// Whose rows are written into a company.
#pragma once

namespace company_backup {

struct RowOrigin {
  bool same_database;  // they come from this database
  bool same_company;   // ... and from this company
};

}  // namespace company_backup
