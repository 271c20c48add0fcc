#include "core/archive/archive_match.hpp"

#include <algorithm>

#include "core/scope/sql.hpp"
#include "core/text/error.hpp"
#include "core/text/table_name.hpp"

namespace company_backup {
namespace {

class Matcher {
 public:
  Matcher(const Manifest& manifest, const Schema& schema, const Rules& rules, const Scope& scope,
          const MatchOptions& options)
      : manifest_(manifest), schema_(schema), rules_(rules), scope_(scope), options_(options) {}

  std::vector<MatchedTable> run() {
    const Table& company = schema_.tables[scope_.company_table];
    if (manifest_.company_table != encode_table_name(company.schema, company.name)) {
      differ("the company table is " + manifest_.company_table + " in the archive, " +
             display_table(company) + " here");
    }
    for (size_t i = 0; i < manifest_.tables.size(); ++i) match(i, manifest_.tables[i]);
    if (!differences_.empty()) refuse();
    return std::move(matched_);
  }

 private:
  void differ(std::string difference) { differences_.push_back(std::move(difference)); }

  void match(size_t number, const ManifestTable& archived) {
    const TableName name = decode_table_name(archived.name);
    const TableIndex index = schema_.find(name.schema, name.table);
    if (index == kNoTable) {
      differ("table " + archived.name + " does not exist here");
      return;
    }
    MatchedTable matched{number, &archived, scope_.find(index), &schema_.tables[index]};
    if (matched.scoped == nullptr || !matched.scoped->travels()) {
      differ("table " + display_table(*matched.table) + " does not travel with a company here" +
             (matched.scoped == nullptr
                  ? ""
                  : std::string(": it is ") + to_text(matched.scoped->treatment)));
      return;
    }
    for (const ManifestColumn& column : archived.columns) match_column(matched, column);
    fill_gaps(matched);
    matched_.push_back(std::move(matched));
  }

  void match_column(MatchedTable& matched, const ManifestColumn& archived) {
    const std::string name = display_table(*matched.table) + "." + display_name(archived.name);
    const Column* column = find_column(*matched.table, archived.name);
    if (column == nullptr) {
      differ("column " + name + " does not exist here");
    } else if (column->type != archived.type) {
      differ("column " + name + " is " + archived.type + " in the archive, " + column->type +
             " here");
    } else if (archived.files && !column->is_bytea()) {
      differ("column " + name + " has files in the archive, but is not bytea here");
    } else if (column->generated) {
      differ("column " + name + " is generated here");
    }
    matched.columns.push_back(column);
    const bool moves = column != nullptr && is_moved(matched, *column);
    if (moves) matched.moved.push_back(column->number);
    matched.loaded.push_back(moves || (column != nullptr && is_loaded(matched, *column)));
  }

  bool is_moved(const MatchedTable& matched, const Column& column) const {
    return options_.moved.contains({matched.scoped->table, column.number});
  }

  bool is_left(const MatchedTable& matched, const Column& column) const {
    return options_.left.contains({matched.scoped->table, column.number});
  }

  bool is_loaded(const MatchedTable& matched, const Column& column) const {
    if (options_.everything) return true;
    const ColumnRule* rule = column_rule(rules_, *matched.table, column.name);
    if (rule == nullptr) return true;
    if (rule->treatment == ColumnTreatment::kSecret) return false;
    const bool stays = (rule->treatment == ColumnTreatment::kIdentity &&
                        (!options_.same_company || is_left(matched, column))) ||
                       (rule->treatment == ColumnTreatment::kFile && !options_.with_files);
    if (!stays) return true;
    return needs_value(column) && rule->replacement.empty();
  }

  static bool needs_value(const Column& column) {
    return column.not_null && !column.has_default && !column.identity && !column.generated;
  }

  // What the columns here get that the archive gives no value, and what its rows must meet.
  void fill_gaps(MatchedTable& matched) const {
    if (!options_.everything) matched.row_check = row_check_of(rules_, *matched.table);
    for (const Column& column : matched.table->columns) {
      const auto found = std::find(matched.columns.begin(), matched.columns.end(), &column);
      const auto at = static_cast<size_t>(found - matched.columns.begin());
      if (found != matched.columns.end() && matched.loaded[at]) continue;
      const ColumnRule* rule = column_rule(rules_, *matched.table, column.name);
      if (rule != nullptr && !rule->replacement.empty() && !column.generated) {
        matched.replacements.push_back({&column, rule->replacement});
      } else if (const std::string* given = declared_default(rules_, *matched.table, column);
                 given != nullptr && !column.generated) {
        matched.replacements.push_back({&column, *given});
      } else if (needs_value(column)) {
        matched.gaps.push_back(&column);
      }
    }
  }

  [[noreturn]] void refuse() const {
    std::string list;
    for (const std::string& difference : differences_) {
      list += (list.empty() ? "" : "\n") + difference;
    }
    throw Error(sqlstate::kSchemaDiffers,
                "the archive does not fit the structure of this database in " +
                    std::to_string(differences_.size()) +
                    (differences_.size() == 1 ? " place" : " places"))
        .detail(list)
        .hint(
            "Bring the database to the structure the backup was made under, or make a new "
            "backup.");
  }

  const Manifest& manifest_;
  const Schema& schema_;
  const Rules& rules_;
  const Scope& scope_;
  const MatchOptions& options_;
  std::vector<MatchedTable> matched_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<MatchedTable> match_archive(const Manifest& manifest, const Schema& schema,
                                        const Rules& rules, const Scope& scope,
                                        const MatchOptions& options) {
  return Matcher(manifest, schema, rules, scope, options).run();
}

std::optional<size_t> position_of(const MatchedTable& table, int16_t number) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i]->number == number) return i;
  }
  return std::nullopt;
}

}  // namespace company_backup
