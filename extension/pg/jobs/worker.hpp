// The background worker of jobs. It connects as the user of the session that started the job, waits
// until that is committed, and then acts as the role that started it, as a function of that role
// with SECURITY DEFINER would: nobody's code gets from there to the session's user.
//
// It makes three transactions. The first says that the job runs. The second does it and says that
// it is done: both, or nothing. The third is there if the second failed, and says why. After that
// it goes on with what waits for a worker.
#pragma once

#include "pg/base/postgres.hpp"

extern "C" {
PGDLLEXPORT void company_backup_job(Datum argument);
}
