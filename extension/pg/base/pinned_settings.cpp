#include "pg/base/pinned_settings.hpp"

#include <algorithm>
#include <cstdio>

#include "pg/base/boundary.hpp"

namespace company_backup {

namespace {

// max_stack_depth, in kB; plain data.
struct StackDepth {
  char text[16];
};

// All that the process has, as the setting's own check allows it, or what is set if that is more.
StackDepth deepest_stack() {
  constexpr long kEnough = 64L << 20;  // where the system sets no limit
  const long possible = std::min(get_stack_depth_rlimit() - STACK_DEPTH_SLOP, kEnough) / 1024;
  StackDepth depth;
  std::snprintf(depth.text, sizeof depth.text, "%ld", std::max<long>(possible, max_stack_depth));
  return depth;
}

}  // namespace

PinnedSettings::PinnedSettings() {
  nest_level_ = guarded([] {
    const StackDepth stack = deepest_stack();
    const char* const settings[][2] = {
        {"DateStyle", "ISO, YMD"},
        {"IntervalStyle", "postgres"},
        {"TimeZone", "UTC"},
        {"extra_float_digits", "1"},
        {"bytea_output", "hex"},
        {"lc_monetary", "C"},
        {"xmloption", "content"},
        {"row_security", "off"},
        {"array_nulls", "on"},
        {"standard_conforming_strings", "on"},
        {"quote_all_identifiers", "off"},
        {"transform_null_equals", "off"},
        {"gin_fuzzy_search_limit", "0"},  // else an index gives some of the rows
        // values may be as deep as any session could store, and are read at the end of a long call
        {"max_stack_depth", stack.text},
        // chunks are written while rows are read, which a parallel plan forbids
        {"max_parallel_workers_per_gather", "0"}};
    const int level = NewGUCNestLevel();
    for (const auto& setting : settings) {
      set_config_option(setting[0], setting[1], PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                        false);
    }
    return level;
  });
}

void PinnedSettings::close() {
  guarded([this] { AtEOXact_GUC(false, nest_level_); });
  note_closed();
}

}  // namespace company_backup
