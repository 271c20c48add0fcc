#include "client/commands/help.hpp"

#include <sstream>

namespace company_backup::client {
namespace {

constexpr size_t kNameWidth = 28;
constexpr size_t kTextWidth = 80 - kNameWidth;

// With line ends instead of spaces; CLI11 indents what follows them.
std::string wrap(const std::string& text) {
  std::istringstream words(text);
  std::string out, word;
  size_t column = 0;
  while (words >> word) {
    if (column > 0) {
      const bool fits = column + 1 + word.size() <= kTextWidth;
      out += fits ? ' ' : '\n';
      column = fits ? column + 1 : 0;
    }
    out += word;
    column += word.size();
  }
  return out;
}

// A name, and what it means beside it, or below where the name is too long.
std::string line_of(const std::string& name, const std::string& text) {
  std::string out = "  " + name;
  if (out.size() >= kNameWidth) out += '\n' + std::string(kNameWidth, ' ');
  if (out.size() < kNameWidth) out.resize(kNameWidth, ' ');
  for (const char c : wrap(text)) {
    out += c;
    if (c == '\n') out.append(kNameWidth, ' ');
  }
  return out + '\n';
}

bool is_command(const CLI::App* app) {
  return !app->get_disabled() && !app->get_name().empty();
}

}  // namespace

// Under the names that different versions of CLI11 have for them.
HelpFormatter::HelpFormatter() {
  for (const char* name : {"Positionals", "POSITIONALS"}) label(name, "Arguments");
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string out = "\nUsage: " + name + " [OPTIONS]";
  for (const CLI::Option* argument :
       app->get_options([](const CLI::Option* option) { return option->get_positional(); })) {
    out += ' ' + make_option_usage(argument);
  }
  if (!app->get_subcommands(is_command).empty()) {
    out += app->get_require_subcommand_min() == 0 ? " [COMMAND]" : " COMMAND";
  }
  return out + '\n';
}

// The parts begin and end with blank lines or not, by the version of CLI11: there is one between.
std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  std::string text = make_description(app) + make_usage(app, std::move(name)) +
                     make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
  if (!app->get_footer().empty()) text += '\n' + app->get_footer() + '\n';
  for (size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
  return text;
}

std::string HelpFormatter::make_group(std::string group, bool is_positional,
                                      std::vector<const CLI::Option*> options) const {
  std::string out = '\n' + (group == "OPTIONS" ? "Options" : group) + ":\n";
  for (const CLI::Option* option : options) out += make_option(option, is_positional);
  return out;
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return line_of(command->get_name(), command->get_description());
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return line_of(make_option_name(option, is_positional) + make_option_opts(option),
                 option->get_description());
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0 || option->get_type_name().empty()) return "";
  return " " + option->get_type_name();
}

}  // namespace company_backup::client
