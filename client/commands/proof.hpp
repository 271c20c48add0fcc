// The proof that whoever deletes a company is the person that they say: a password or a code, which
// a function of the application looks at (set_reauthentication()). It is typed, or comes from a
// file or standard input: arguments can be read by every user of the machine.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

#include "client/base/terminal.hpp"

namespace company_backup::client {

struct ProofOptions {
  bool ask = false;
  std::optional<std::string> file;

  // Adds --proof and --proof-file.
  void add_to(CLI::App& command);
  // What the file holds, without the end of its last line; nothing: there is none. Throws Error
  // 58030.
  std::optional<std::string> from_file() const;
};

// Throws Error if there is no terminal, or nothing was typed.
std::string ask_proof(Terminal& terminal);

}  // namespace company_backup::client
