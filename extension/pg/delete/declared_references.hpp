// References that no foreign key says, but a rule (set_reference(), a scope column), from rows that
// stay to rows of a company which is deleted. As the rule's `outside` says, they become NULL or
// stop the deletion; `keep` leaves them as they are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/text/row_line.hpp"
#include "pg/delete/referred_rows.hpp"
#include "pg/restore/outside_actions.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

class DeclaredReferences {
 public:
  // `work` as of OutsideRows. All must outlive it.
  DeclaredReferences(const LiveScope& live, const Company& company, const OutsideWork& work,
                     const ReferredRows& referred);
  ~DeclaredReferences();
  DeclaredReferences(const DeclaredReferences&) = delete;
  DeclaredReferences& operator=(const DeclaredReferences&) = delete;

  // The columns by which they know rows of the table, of each of which lost() has to tell.
  std::set<int16_t> columns_of(TableIndex table) const;

  // A row is gone. `columns`: of `values`, always the same for a table.
  void lost(TableIndex table, const std::vector<const Column*>& columns,
            const std::vector<RowValue>& values);

  // Looks for the others that rows outside refer to, under a snapshot that still sees them.
  void find_referred();

  // After all rows of the company are gone, under a snapshot that sees it. Errors: kIntegrity lists
  // the rows that stop it; kSerializationFailure if rows were added meanwhile that would have been
  // the company's.
  void settle();

  // For a preview, after all rows: what settle() would stop at, by the table that loses rows.
  std::multimap<TableIndex, std::string> foresee();

  // After settle() or foresee(): rows outside with such references, each of them.
  struct Holders {
    const Reference* reference;
    uint64_t rows;
    uint64_t cleared;
  };
  std::vector<Holders> holders() const;

 private:
  class Held;
  std::vector<std::unique_ptr<Held>> held_;
};

}  // namespace company_backup
