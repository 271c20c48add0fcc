#include "client/commands/proof.hpp"

#include "client/base/files.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {

void ProofOptions::add_to(CLI::App& command) {
  CLI::Option* typed = command.add_flag(
      "--proof", ask, "Ask on the terminal for the proof that the application wants");
  command
      .add_option("--proof-file", file,
                  "The file with that proof; \"-\": standard input, \"/dev/fd/3\": descriptor 3")
      ->type_name("FILE")
      ->excludes(typed);
}

std::optional<std::string> ProofOptions::from_file() const {
  if (!file) return std::nullopt;
  std::string proof = InputFile(*file).content();
  for (const char end : {'\n', '\r'}) {
    if (!proof.empty() && proof.back() == end) proof.pop_back();
  }
  return proof;
}

std::string ask_proof(Terminal& terminal) {
  constexpr const char* kNothing = "nothing was deleted: ";
  if (!terminal.exists()) {
    throw Error("57014", std::string(kNothing) + "there is no terminal to ask for the proof on")
        .hint("Give --proof-file instead of --proof.");
  }
  const std::optional<std::string> proof = terminal.ask_unseen("Proof: ");
  if (!proof) throw Error("57014", std::string(kNothing) + "no proof was typed");
  return *proof;
}

}  // namespace company_backup::client
