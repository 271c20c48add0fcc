// Lines of the archive with the references that their rows have here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/row_composer.hpp"
#include "core/row_mapper.hpp"

namespace company_backup {

class LineMapper {
 public:
  // `columns`: of a line. The mapper's maps must outlive it.
  LineMapper(const std::vector<RowColumn>& columns, RowMapper mapper)
      : mapper_(std::move(mapper)), row_(columns), composer_(columns) {}

  // Valid until the next call and as long as `line`. Errors: those of RowLine and RowMapper.
  std::string_view map(std::string_view line);

 private:
  RowMapper mapper_;
  RowLine row_;
  RowComposer composer_;
  std::string mapped_;
};

}  // namespace company_backup
