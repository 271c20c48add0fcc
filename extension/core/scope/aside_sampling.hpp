// Of which columns values are taken aside: of tables that no foreign key or rule leads from to a
// company all that may hold a key, whatever it is called or looks like; of others what is named
// after a key.
#pragma once

#include <vector>

#include "core/scope/key_names.hpp"
#include "core/scope/scope_sampling.hpp"

namespace company_backup {

class AsideSampling {
 public:
  AsideSampling(const Schema& schema, const Rules& rules, const TableNouns& nouns);

  // Says so of columns that are sampled, and adds others.
  void add(TableIndex table, std::vector<SampledColumn>& sampled) const;

  // See KeyNames.
  bool names_rows(const std::string& name) const { return names_.names_rows(name); }

 private:
  void find_led(const Rules& rules, TableIndex company);
  bool leads_on(const Rules& rules, TableIndex table) const;
  SampledColumn aside(TableIndex table, const Column& column) const;

  const Schema& schema_;
  const TableIndex company_;
  const KeyNames names_;
  std::vector<bool> led_;  // by table: something leads from it to a company
};

}  // namespace company_backup
