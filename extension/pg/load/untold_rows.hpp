// Rows of a table of the archive that keep, of a unique key, every value that could tell them apart
// from other companies' rows.
#pragma once

#include <optional>
#include <vector>

#include "core/ids/id_plan.hpp"
#include "core/text/key_map.hpp"
#include "pg/load/matched_archive.hpp"

namespace company_backup {

class UntoldRows {
 public:
  // Reads the columns of `discriminators` and those that they follow; nothing, if there are none.
  UntoldRows(MatchedArchive& load, const MatchedTable& table,
             const std::vector<IdFacts::Discriminator>& discriminators);

  // `row`: as the archive has it.
  bool has(const std::vector<RowValue>& row) const;

 private:
  struct Way {
    size_t position;
    std::optional<size_t> when;  // position
    std::string when_value;
    bool when_padded;
    KeyForm form;
    Text company;    // the only value that tells apart
    KeySet leaving;  // else: values that do not
  };
  bool tells_apart(const Way& way, const std::vector<RowValue>& row) const;
  void find_leaving(MatchedArchive& load, const MatchedTable& table, const ColumnRoot& origin,
                    Way& way) const;

  std::vector<Way> ways_;
};

}  // namespace company_backup
