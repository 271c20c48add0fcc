// The extension's settings (company_backup.*). Only superusers change what bounds others.
#pragma once

namespace company_backup {

extern bool strict_scope;           // company_backup.strict
extern int max_expansion;           // company_backup.max_expansion
extern bool require_signature;      // company_backup.require_signature
extern int evidence_time;           // company_backup.evidence_time, in seconds
extern int final_backup_retention;  // company_backup.final_backup_retention, in minutes
extern int proof_attempts;          // company_backup.proof_attempts
extern int proof_block;             // company_backup.proof_block, in seconds
extern int max_jobs;                // company_backup.max_jobs
extern int job_retention;           // company_backup.job_retention, in minutes
extern int log_retention;           // company_backup.log_retention, in minutes
extern int evidence_rows;           // company_backup.evidence_rows
extern char* actor_name;            // company_backup.actor, as the server has it; may be null

}  // namespace company_backup
