// Lines of an archive with their references translated.
#pragma once

#include <memory>
#include <vector>

#include "core/manifest.hpp"
#include "core/row_line.hpp"
#include "core/row_mapper.hpp"
#include "core/row_merge.hpp"

namespace company_backup {

// `columns`: of the lines; `key`: what they are ordered by, before and after. Lines whose new keys
// stand in another order are sorted, on disk beyond work_mem.
std::unique_ptr<LineSource> translate_lines(std::unique_ptr<LineSource> lines,
                                            const std::vector<RowColumn>& columns, RowMapper mapper,
                                            const std::vector<ManifestKeyColumn>& key);

}  // namespace company_backup
