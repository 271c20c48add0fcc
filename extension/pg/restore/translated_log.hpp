// What a restore did to the rows of a table (UndoPart::kChanges), with references translated: the
// company may have another key since.
#pragma once

#include <memory>
#include <vector>

#include "core/ids/row_mapper.hpp"
#include "core/merge/row_merge.hpp"
#include "core/text/row_line.hpp"

namespace company_backup {

// `columns`: of a whole line, which `mapper` is for; `key`: what the log is to be ordered by. Reads
// all of `lines`; `keyless`: they are an empty one and rows in no order.
std::unique_ptr<LineSource> translate_log(LineSource& lines, const std::vector<RowColumn>& columns,
                                          const std::vector<MergeKeyPart>& key, bool keyless,
                                          RowMapper mapper);

}  // namespace company_backup
