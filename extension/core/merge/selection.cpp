#include "core/merge/selection.hpp"

#include "core/text/error.hpp"

namespace company_backup {

const char* to_text(Only only) {
  switch (only) {
    case Only::kDeleted:
      return "deleted";
    case Only::kChanged:
      return "changed";
    case Only::kAdded:
      return "added";
  }
  return "";
}

void require_consistent(const Selection& selection, RestoreMode mode) {
  if (!selection.records.empty() && !selection.tables.empty()) {
    throw Error(sqlstate::kInvalidParameter, "records and tables exclude each other")
        .detail("With a record comes all that hangs on it, in whatever table.")
        .hint("Give one of the two.");
  }
  if (!selection.records.empty() && selection.only) {
    throw Error(sqlstate::kInvalidParameter, "records and only exclude each other")
        .hint("mode => 'merge' adds what is missing of the records, and changes nothing.");
  }
  if (mode == RestoreMode::kMerge && selection.only && selection.only != Only::kDeleted) {
    throw Error(sqlstate::kInvalidParameter, std::string("mode => 'merge' and \"only\" => '") +
                                                 to_text(*selection.only) + "' exclude each other")
        .detail("A merge adds rows and leaves all others as they are.")
        .hint("Give mode => 'replace', which is the default.");
  }
}

}  // namespace company_backup
