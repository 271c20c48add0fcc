// The extension's settings (company_backup.*); only superusers change them.
#pragma once

namespace company_backup {

extern bool strict_scope;       // company_backup.strict
extern int max_expansion;       // company_backup.max_expansion
extern bool require_signature;  // company_backup.require_signature

}  // namespace company_backup
