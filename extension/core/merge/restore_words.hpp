// What is stored and told of restores.
#pragma once

namespace company_backup {

enum class RestoreMode { kReplace, kMerge, kCreate, kClone };

enum class RestoreStatus { kReview, kKept, kReverted };

// What hooks are called for.
enum class RestoreEvent { kRestored, kReverted, kKept, kCloned, kCreated, kDeleted };

// What becomes of shared rows of a backup that are not found here.
enum class MissingShared { kRefuse, kAdd };

// What becomes of rows of a backup that the tables here refuse.
enum class OnError { kAbort, kSkip };

const char* to_text(RestoreMode mode);
const char* to_text(RestoreStatus status);
const char* to_text(RestoreEvent event);
const char* to_text(MissingShared missing);
const char* to_text(OnError on_error);

}  // namespace company_backup
