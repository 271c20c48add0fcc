#include "pg/load/drift_scan.hpp"

#include <algorithm>
#include <optional>

#include "core/scope/sql.hpp"
#include "core/text/row_composer.hpp"
#include "pg/rows/column_default.hpp"
#include "pg/rows/value_cast.hpp"

namespace company_backup {
namespace {

using Change = DriftColumn::Change;

// One value for all rows: neither may be volatile.
void set_filler(const Table& table, DriftColumn& column) {
  if (column.column == nullptr) return;
  if (column.declared != nullptr) {
    column.filler = ReplacementValues(table, *column.column, *column.declared).next();
  } else if (column.column->not_null && default_of(table, *column.column) == DefaultKind::kOther) {
    column.filler = evaluate_default(table.oid, column.column->name, 1)[0];
  }
}

// The rows of one table.
class TableScan {
 public:
  TableScan(DriftTable& table, const LossObserver& lost)
      : table_(table), lost_(lost), columns_(archived_columns(table)), line_(columns_) {
    for (const ManifestKeyColumn& part : table.archived->key) {
      const auto found =
          std::find_if(columns_.begin(), columns_.end(),
                       [&](const RowColumn& column) { return column.name == part.column; });
      key_.push_back(static_cast<size_t>(found - columns_.begin()));
    }
    casts_.resize(table.columns.size());
    for (size_t i = 0; i < table.columns.size(); ++i) {
      DriftColumn& column = table.columns[i];
      if (column.is_lossy() || column.may_be_null) looked_at_.push_back(i);
      if (column.is_lossy() || column.may_be_null) set_filler(*table.table, column);
      if (column.change == Change::kCast) casts_[i].emplace(*table.table, *column.column);
    }
  }

  void run(RowSource& source) {
    const auto lines = source.lines(table_.shared, table_.number, *table_.archived);
    std::string_view text;
    while (lines->next(text)) {
      if (table_.table == nullptr) {
        lose_row(text);
        continue;
      }
      line_.parse(text);
      for (const size_t position : looked_at_) look_at(position);
    }
  }

 private:
  void look_at(size_t position) {
    DriftColumn& column = table_.columns[position];
    if (line_[position].kind == ValueKind::kNull) {
      if (column.may_be_null) ++column.nulls;
      return;
    }
    ++column.values;
    if (column.change == Change::kDropped) {
      lose(position, sqlstate::kLostValue,
           "column " + display_name(columns_[position].name) + " " + column.difference);
    } else if (column.change == Change::kCast) {
      cast(position);
    }
  }

  void cast(size_t position) {
    DriftColumn& column = table_.columns[position];
    const ManifestColumn& archived = table_.archived->columns[position];
    const ValueCast::Result& result =
        casts_[position]->cast(*archived_text(archived.type, line_[position]));
    if (result.is_same) return;
    const std::string name = "column " + display_name(archived.name) + ": ";
    if (result.text) {
      return lose(position, sqlstate::kLostValue, name + "it became " + shortened(*result.text));
    }
    if (!column.filler && column.column->not_null) ++column.refused;
    lose(position, result.sqlstate,
         name + result.problem + "; it became " +
             (column.filler ? shortened(*column.filler) : std::string("null")));
  }

  static std::string shortened(const std::string& text) {
    constexpr size_t kLongest = 100;
    if (text.size() <= kLongest) return text;
    size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "...";
  }

  void lose(size_t position, const std::string& sqlstate, const std::string& problem) {
    ++table_.columns[position].lost;
    if (!lost_) return;
    std::string data;
    RowComposer({columns_[position]}).append({line_[position]}, data);
    lost_({table_, key_text(), sqlstate, problem, std::move(data)});
  }

  void lose_row(std::string_view text) {
    if (!lost_) return;
    line_.parse(text);
    lost_({table_, key_text(), sqlstate::kLostValue, "the table " + table_.difference,
           std::string(text)});
  }

  std::string key_text() const {
    std::string text;
    for (const size_t position : key_) {
      const RowValue& value = line_[position];
      text += (text.empty() ? "(" : ", ") +
              (value.kind == ValueKind::kNull ? "null" : shortened(std::string(value.text)));
    }
    return text.empty() ? text : text + ")";
  }

  DriftTable& table_;
  const LossObserver& lost_;
  const std::vector<RowColumn> columns_;
  RowLine line_;
  std::vector<size_t> key_;
  std::vector<size_t> looked_at_;
  std::vector<std::optional<ValueCast>> casts_;
};

}  // namespace

std::vector<RowColumn> archived_columns(const DriftTable& table) {
  std::vector<RowColumn> columns;
  for (size_t i = 0; i < table.archived->columns.size(); ++i) {
    const ManifestColumn& archived = table.archived->columns[i];
    const Column* here = table.table == nullptr ? nullptr : table.columns[i].column;
    const bool raw = here != nullptr && here->type == archived.type ? here->type_oid == JSONBOID
                                                                    : archived.type == "jsonb";
    columns.push_back({archived.name, raw});
  }
  return columns;
}

void scan_drift(SchemaDrift& drift, RowSource& source, const LossObserver& lost) {
  for (DriftTable& table : drift.tables) {
    if (!table.is_doubtful()) continue;
    TableScan(table, lost).run(source);
  }
}

}  // namespace company_backup
