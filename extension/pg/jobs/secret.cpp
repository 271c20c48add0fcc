#include "pg/jobs/secret.hpp"

#include <cstring>

#include "pg/base/boundary.hpp"

extern "C" {
#include "storage/dsm.h"
}

namespace company_backup {

static_assert(sizeof(SecretHandle) == sizeof(dsm_handle) && kNoSecret == DSM_HANDLE_INVALID);

SecretHandle leave_secret(std::string_view text) {
  return guarded([text] {
    dsm_segment* const segment = dsm_create(sizeof(uint64) + text.size(), 0);
    char* const memory = static_cast<char*>(dsm_segment_address(segment));
    const uint64 size = text.size();
    memcpy(memory, &size, sizeof(size));
    memcpy(memory + sizeof(size), text.data(), text.size());
    const SecretHandle handle = dsm_segment_handle(segment);
    dsm_pin_segment(segment);
    dsm_detach(segment);
    return handle;
  });
}

void forget_secret(SecretHandle handle) {
  if (handle == kNoSecret) return;
  guarded([handle] { dsm_unpin_segment(handle); });
}

std::string take_secret(SecretHandle handle) {
  dsm_segment* const segment = guarded([handle] { return dsm_attach(handle); });
  if (segment == nullptr) throw Error(sqlstate::kInternal, "the secret of a job is gone");
  char* const memory = static_cast<char*>(dsm_segment_address(segment));
  uint64 size;
  memcpy(&size, memory, sizeof(size));
  std::string text(memory + sizeof(size), size);
  memset(memory, 0, sizeof(size) + size);
  guarded([=] {
    dsm_unpin_segment(handle);
    dsm_detach(segment);
  });
  return text;
}

}  // namespace company_backup
