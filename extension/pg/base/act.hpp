// What is noted, while a function of the extension runs, for its line in the log. A function that
// asks for rights leaves one: by its end what it has changed is told in the same transaction; what
// was only looked at, and every refusal and failure, whatever becomes of the transaction
// (log_ring.hpp). What is noted outside of such a function is noted nowhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pg/base/spi.hpp"

namespace company_backup {

// To be called once, when the module is loaded.
void install_log();

// The first says what the line is of: what asks for more rights on the way adds nothing.
void note_action(std::string_view action);
// The same; what it is of leaves no line if it succeeds.
void note_look(std::string_view action);
void note_asked(const Text& company, const Text& actor);
void note_owner(std::optional<int64_t> owner);
void note_backup(int64_t backup);

void note_rows(int64_t rows);

// It changes something; or it only tells something after all.
void note_writing();
void note_telling();

// It leaves no line if it succeeds: one of very many calls, which tell nothing of their own.
void note_trifle();

}  // namespace company_backup
