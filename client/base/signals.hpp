// SIGINT, SIGTERM and SIGHUP: the first one cancels the statement that runs on the server and lets
// the command clean up; a second one removes the unfinished file and ends the program at once.
#pragma once

#include <libpq-fe.h>

#include <string>

namespace company_backup::client {

// Takes effect from the call on, for the rest of the program. The connection must outlive it.
void catch_signals(PGconn* connection);

// Throws Error if a signal has come. To be asked wherever a command could go on for long.
void check_interrupted();

// Waits until there is something to be read, or a signal comes: then false. Between a question and
// its answer none is missed.
bool wait_for_input(int descriptor);

// The file a second signal removes. Empty: none. Holds one path at a time.
void remember_unfinished(const std::string& path);

}  // namespace company_backup::client
