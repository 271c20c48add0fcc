// Asking for a password on the terminal.
#pragma once

#include <string>

namespace company_backup::client {

// Asks on /dev/tty without echo, else on stderr and stdin. Throws Error when nothing can be read.
std::string ask_password(const std::string& prompt);

}  // namespace company_backup::client
