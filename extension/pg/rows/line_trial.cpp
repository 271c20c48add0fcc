#include "pg/rows/line_trial.hpp"

#include <utility>

namespace company_backup {

LineTrial::LineTrial(const Table& table, const std::vector<const Column*>& columns,
                     const std::vector<bool>& loaded, ReadBytes read_bytes,
                     const std::vector<Replacement>& replacements, const std::string& row_check)
    : loaded_(loaded_positions(loaded)),
      line_(row_columns(columns)),
      reader_(columns, loaded_, std::move(read_bytes)),
      replacements_(table, replacements),
      rows_(table.oid, given_numbers(columns, loaded_, replacements), row_check) {}

void LineTrial::add(std::string_view line) {
  line_.parse(line);
  row_ = reader_.read(line_.values());
  replacements_.append(row_);
  rows_.add(row_);
}

}  // namespace company_backup
