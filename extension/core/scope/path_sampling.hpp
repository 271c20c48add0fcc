// Looks at a text column's values row by row: are they made of IDs?
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scope/evidence.hpp"
#include "core/text/path_text.hpp"

namespace company_backup {

class PathSample {
 public:
  using TakeId = std::function<void(const std::string& id)>;

  // `own`: how the keys of the table itself would stand in it; nothing: they could not. `named`: is
  // the column called like a path?
  explicit PathSample(std::optional<PathIds> own, bool named = false) : own_(own), named_(named) {}

  // A row's value, its own key and those of the rows above it; empty: it has none. Gives `take` the
  // IDs that are worth looking up: those that look generated, of a row that agrees, and of any row
  // if the column is called so.
  void see(std::string_view text, const std::string& own, const std::vector<std::string>& parents,
           const TakeId& take);

  // Of all rows that were seen.
  PathEvidence evidence() const;

 private:
  struct Seen {
    std::vector<std::string> ids;
    bool with_own;  // the last is the row's own, else its parent's
  };
  bool is_bad(const Seen& seen, bool& is_chained) const;

  std::optional<PathIds> own_;
  bool named_;
  PathEvidence evidence_;
  std::map<std::string, Seen> rows_;  // that agree, by their own key
};

}  // namespace company_backup
