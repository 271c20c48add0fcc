#include "pg/load/untold_rows.hpp"

#include <algorithm>

#include "core/ids/row_mapper.hpp"
#include "core/scope/padding.hpp"
#include "pg/base/line_spool.hpp"

namespace company_backup {
namespace {

// What stands behind a value among the sorted ones: rows before references to them.
constexpr char kOrigin = '1', kUse = '2';

}  // namespace

UntoldRows::UntoldRows(MatchedArchive& load, const MatchedTable& table,
                       const std::vector<IdFacts::Discriminator>& discriminators) {
  const CompanyRow keys = discriminators.empty() ? CompanyRow() : load.archived_company_keys();
  for (const IdFacts::Discriminator& discriminator : discriminators) {
    const auto position = position_of(table, discriminator.column);
    if (!position) continue;
    Way way{*position,
            std::nullopt,
            discriminator.when_value,
            false,
            key_form(*table.columns[*position]),
            std::nullopt,
            {}};
    if (discriminator.when_column != 0) {
      way.when = position_of(table, discriminator.when_column);
      if (!way.when) continue;
      way.when_padded = column_of(*table.table, discriminator.when_column).is_padded();
    }
    const auto key = keys.find(discriminator.origin.column);
    if (load.is_company_table(discriminator.origin.table)) {
      if (key == keys.end()) continue;
      way.company = key->second;
    } else if (discriminator.origin != ColumnRoot{table.scoped->table, discriminator.column}) {
      find_leaving(load, table, discriminator.origin, way);
    }
    ways_.push_back(std::move(way));
  }
}

void UntoldRows::find_leaving(MatchedArchive& load, const MatchedTable& table,
                              const ColumnRoot& origin, Way& way) const {
  LineSorter sorter;
  const auto put = [&](const MatchedTable& from, size_t position, char what) {
    const KeyForm form = key_form(*from.columns[position]);
    load.read(from, {position}, [&](const std::vector<RowValue>& row) {
      if (row[position].kind == ValueKind::kNull) return;
      sorter.put(std::string(in_form(form, row[position].text)) + what);
    });
  };
  put(table, way.position, kUse);
  for (const MatchedTable& other : load.tables()) {
    if (other.scoped->table != origin.table) continue;
    if (const auto position = position_of(other, origin.column)) put(other, *position, kOrigin);
  }
  sorter.sort();
  std::string row;
  std::string_view line;
  bool any = false;
  while (sorter.next(line)) {
    const std::string_view value = line.substr(0, line.size() - 1);
    if (line.back() == kOrigin) {
      row = value;
      any = true;
    } else if (!any || value != row) {
      way.leaving.add({value});
    }
  }
}

bool UntoldRows::tells_apart(const Way& way, const std::vector<RowValue>& row) const {
  const RowValue& value = row[way.position];
  if (value.kind == ValueKind::kNull) return false;
  if (way.when) {
    const std::string_view kind = row[*way.when].text;
    if (row[*way.when].kind == ValueKind::kNull) return false;
    if ((way.when_padded ? without_padding(kind) : kind) != way.when_value) return false;
  }
  const std::string_view text = in_form(way.form, value.text);
  if (way.company) return text == in_form(way.form, *way.company);
  return !way.leaving.contains({text});
}

bool UntoldRows::has(const std::vector<RowValue>& row) const {
  return std::none_of(ways_.begin(), ways_.end(),
                      [&](const Way& way) { return tells_apart(way, row); });
}

}  // namespace company_backup
