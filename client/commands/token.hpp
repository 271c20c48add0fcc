// The token of a link (request_download(), request_upload()). It comes from a file or from standard
// input: arguments can be read by every user of the machine.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace company_backup::client {

// --token FILE
CLI::Option* add_token_option(CLI::App& app, std::optional<std::string>& file,
                              const std::string& instead_of);

// What the file holds, without the line's end. Errors kInvalidParameter if that is nothing; 58030.
std::string read_token(const std::string& file);

}  // namespace company_backup::client
