#include "client/commands/token.hpp"

#include "client/base/files.hpp"
#include "core/text/error.hpp"

namespace company_backup::client {

CLI::Option* add_token_option(CLI::App& app, std::optional<std::string>& file,
                              const std::string& instead_of) {
  return app
      .add_option(
          "--token", file,
          "Instead of " + instead_of + ": the file with the token of a link; \"-\": standard input")
      ->type_name("FILE");
}

std::string read_token(const std::string& file) {
  constexpr const char* kBlanks = " \t\r\n";
  const std::string text = InputFile(file).content();
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) throw Error(sqlstate::kInvalidParameter, "there is no token");
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace company_backup::client
