#include "core/merge/restore_words.hpp"

namespace company_backup {

const char* to_text(RestoreMode mode) {
  switch (mode) {
    case RestoreMode::kReplace:
      return "replace";
    case RestoreMode::kMerge:
      return "merge";
    case RestoreMode::kCreate:
      return "create";
    case RestoreMode::kClone:
      return "clone";
  }
  return "";
}

const char* to_text(RestoreStatus status) {
  switch (status) {
    case RestoreStatus::kReview:
      return "review";
    case RestoreStatus::kKept:
      return "kept";
    case RestoreStatus::kReverted:
      return "reverted";
  }
  return "";
}

const char* to_text(RestoreEvent event) {
  switch (event) {
    case RestoreEvent::kRestored:
      return "restored";
    case RestoreEvent::kReverted:
      return "reverted";
    case RestoreEvent::kKept:
      return "kept";
    case RestoreEvent::kCloned:
      return "cloned";
    case RestoreEvent::kCreated:
      return "created";
    case RestoreEvent::kDeleted:
      return "deleted";
  }
  return "";
}

const char* to_text(MissingShared missing) {
  switch (missing) {
    case MissingShared::kRefuse:
      return "refuse";
    case MissingShared::kAdd:
      return "add";
  }
  return "";
}

const char* to_text(OnError on_error) {
  switch (on_error) {
    case OnError::kAbort:
      return "abort";
    case OnError::kSkip:
      return "skip";
  }
  return "";
}

}  // namespace company_backup
