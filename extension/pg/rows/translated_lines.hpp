// Lines of an archive with their references translated.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/archive/manifest.hpp"
#include "core/ids/row_mapper.hpp"
#include "core/merge/row_merge.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

// Sees a row as the archive has it and as it is translated.
using TranslationObserver = std::function<void(const std::vector<RowValue>& archived,
                                               const std::vector<RowValue>& translated)>;

// `columns`: of the lines; `key`: what they are ordered by, before and after. Lines whose new keys
// stand in another order are sorted, on disk beyond work_mem. `observer` may be empty.
std::unique_ptr<LineSource> translate_lines(std::unique_ptr<LineSource> lines,
                                            const std::vector<RowColumn>& columns, RowMapper mapper,
                                            const std::vector<ManifestKeyColumn>& key,
                                            TranslationObserver observer = {});

}  // namespace company_backup
