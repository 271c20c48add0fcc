#include "pg/check/value_evidence.hpp"

#include <algorithm>

#include "core/scope/aside_sampling.hpp"
#include "core/scope/document_values.hpp"
#include "core/scope/path_folding.hpp"
#include "core/scope/path_rules.hpp"
#include "core/scope/path_sampling.hpp"
#include "core/scope/scope_sampling.hpp"
#include "core/scope/smells.hpp"
#include "core/scope/sql.hpp"
#include "core/text/id_shape.hpp"
#include "core/text/names.hpp"
#include "pg/base/foreign_code.hpp"
#include "pg/base/module.hpp"
#include "pg/check/company_evidence.hpp"
#include "pg/check/kind_evidence.hpp"
#include "pg/check/pair_evidence.hpp"
#include "pg/check/short_cells.hpp"
#include "pg/check/table_reader.hpp"
#include "pg/check/use_evidence.hpp"

namespace company_backup {
namespace {

constexpr size_t kMostKinds = 200;       // of one column
constexpr size_t kMostCounted = 20'000;  // of these, to say how many there are
constexpr size_t kMostPatterns = 1000;   // of one table, see RowEvidence
constexpr size_t kMostCells = 1200;      // of one query; PostgreSQL takes 1664

constexpr uint32_t kLongestDocument = 65536;  // in bytes
constexpr uint32_t kBytesOfUuid = 34;         // the 16 bytes of one, as they are printed
// Longer ones are looked at one by one: so many of a column.
constexpr uint32_t kLongestOfFew = 4'194'304, kLongDocuments = 10;

// Why values of a column could not be looked at, and how often.
struct Unreadable {
  uint32_t too_long = 0, left_out = 0;
};

class Gatherer {
 public:
  Gatherer(const Schema& schema, const Rules& rules)
      : schema_(schema),
        rules_(rules),
        settings_(rules.settings),
        nouns_(schema),
        aside_(schema, rules, nouns_),
        reader_(schema),
        collector_(most_values()) {}

  Evidence gather() {
    reader_.each_table("sampled", [&](TableIndex table) {
      sample(table);
      collector_.end_places();
    });
    if (collector_.places() > 0) {
      reader_.each_table("looked up", [&](TableIndex table) { match(table); });
    }
    std::vector<PairEvidence> pairs = gather_pairs(schema_, reader_);
    Evidence evidence = collector_.finish();
    forget_followers(schema_, evidence);
    tell_kinds(schema_, settings_, reader_, evidence);
    evidence.crowded = crowded();
    evidence.pairs = std::move(pairs);
    tell_unreadable();
    evidence.unread = reader_.unread();
    evidence.rows = std::move(rows_);
    evidence.tables = std::move(tables_);
    evidence.paths = std::move(paths_);
    evidence.has_rows = !evidence.rows.empty() || !evidence.tables.empty();
    evidence.all_keys = all_keys_;
    if (evidence.has_rows) compare_companies(schema_, rules_, reader_, evidence);
    if (evidence.has_rows) evidence.uses = gather_uses(schema_, rules_, reader_, evidence);
    return evidence;
  }

 private:
  // What is read of each row, in this order.
  struct Wanted {
    TableIndex table;
    std::vector<SampledColumn> columns;  // the value, and of which kind it is, if that is said
    std::vector<const Column*> nullable;
    std::vector<CompanyWay> ways;
    std::vector<const Column*> own;  // see own_row()
  };

  // So many of each place that all of them together keep within bounds.
  size_t most_values() const {
    size_t columns = 1;
    for (TableIndex table = 0; table < static_cast<TableIndex>(schema_.tables.size()); ++table) {
      for (const SampledColumn& column : sampled_columns(table))
        columns += 1 + static_cast<size_t>(column.whole && !column.only_aside);
    }
    const size_t share = std::max<size_t>(EvidenceCollector::kMostInAll / columns, 100);
    return std::min(share, static_cast<size_t>(evidence_rows));
  }

  std::vector<SampledColumn> sampled_columns(TableIndex table) const {
    std::vector<SampledColumn> columns = columns_to_sample(schema_, nouns_, table);
    aside_.add(table, columns);
    return columns;
  }

  void sample(TableIndex table) {
    Wanted wanted{table, sampled_columns(table), nullable_columns(schema_, table),
                  company_ways(schema_, settings_, table), own_row(table)};
    std::erase_if(wanted.ways, [&](const CompanyWay& way) {
      return std::any_of(way.keys.begin(), way.keys.end(), [&](const ForeignKey* key) {
        return !reader_.is_readable(key->target) || reader_.is_foreign(key->target);
      });
    });
    if (wanted.columns.empty() && wanted.nullable.empty() && wanted.ways.size() < 2) return;
    samples_.clear();
    reader_.read(table, [&] {
      if (reader_.is_foreign(table)) {
        sample_foreign(wanted);
        return;
      }
      for (const Wanted& part : parts_of(wanted))
        take(reader_.from_sample(table), part, reader_.end());
      sample_long(wanted);
      if (!reader_.is_read_whole(table)) sample_rare(wanted);
    });
    for (const auto& [column, sample] : samples_) {
      const PathEvidence evidence = sample.evidence();
      if (evidence.deep > 0) paths_[{table, column}] = evidence;
    }
  }

  // What a path that the row has may end with: its own key, and then those of the rows above it.
  std::vector<const Column*> own_row(TableIndex table) const {
    const Column* own = own_path_key(schema_.tables[table]);
    if (own == nullptr || !is_own_type(*own)) return {};
    std::vector<const Column*> columns{own};
    for (const Column* parent : parent_columns(schema_, table)) columns.push_back(parent);
    return columns;
  }

  // What one query can read; together it is all. What is seen of whole rows, the first one sees.
  static std::vector<Wanted> parts_of(const Wanted& wanted) {
    constexpr size_t kMostWays = 100, kMostNullable = kMostCells - kMostWays;
    std::vector<Wanted> parts;
    const auto begin = [&] {
      parts.push_back({wanted.table, {}, {}, {}, wanted.own});
      return wanted.own.size();
    };
    size_t cells = begin();
    Wanted& first = parts[0];
    first.nullable = wanted.nullable;
    first.nullable.resize(std::min(first.nullable.size(), kMostNullable));
    first.ways = wanted.ways;
    first.ways.resize(std::min(first.ways.size(), kMostWays));
    cells += first.nullable.size() + first.ways.size();
    for (const SampledColumn& column : wanted.columns) {
      const size_t more = 1 + column.kinds.size();
      if (cells + more > kMostCells) cells = begin();
      cells += more;
      parts.back().columns.push_back(column);
    }
    return parts;
  }

  // Whatever is behind it: only so many rows, and only so long.
  void sample_foreign(const Wanted& wanted) {
    refuse_code_of_types(schema_.tables[wanted.table]);
    for (const Wanted& part : parts_of(wanted))
      take(reader_.from_rows(wanted.table) + " LIMIT " + std::to_string(evidence_rows), part,
           reader_.end());
  }

  // Some of the documents that were too long to be read in numbers.
  void sample_long(const Wanted& wanted) {
    for (const SampledColumn& column : wanted.columns) {
      const auto found = unreadable_.find({wanted.table, column.column->number});
      if (found == unreadable_.end()) continue;
      CellList cells;
      cells.add(column_sql("t", *column.column), kLongestDocument);
      add_cells(cells, column, kLongestOfFew);
      const uint32_t most = std::min(found->second.too_long, kLongDocuments);
      uint32_t count = 0;
      const auto take = [&](std::span<const Cell> row) {
        const bool is_long = row[0].state == Cell::State::kTooLong && may_be_read(column, row[0]);
        if (is_long && row[1]) {
          ++count;
          add(wanted.table, column, row[1].text, row.subspan(2));
        }
        return count < most && !TableReader::is_over(reader_.middle());
      };
      if (most > 0)
        read_short_cells("SELECT " + cells.list + reader_.from_sample(wanted.table), cells.longest,
                         take);
      found->second.too_long -= count;
    }
  }

  // What is nearly everywhere NULL a sample misses. Not beyond half of the time: what is NULL
  // everywhere takes the longest.
  void sample_rare(const Wanted& wanted) {
    Wanted rare{wanted.table, {}, {}, {}, wanted.own};
    for (const SampledColumn& column : wanted.columns) {
      if (rows_.contains({wanted.table, column.column->number})) continue;
      // Of bytes, what is long is left out, as most of it is.
      if (!column.only_aside || !column.column->is_bytea()) rare.columns.push_back(column);
    }
    if (rare.columns.empty()) return;
    bool all = true;
    for (const Wanted& part : parts_of(rare))
      all = take(reader_.from_rows(wanted.table), part, reader_.middle()) && all;
    if (all) return;
    for (const SampledColumn& column : rare.columns) {
      if (rows_.contains({wanted.table, column.column->number})) continue;
      reader_.note_unread({wanted.table, "it is NULL in all rows that there was time to look at",
                           column.column->number});
    }
  }

  static void add_cells(CellList& cells, const SampledColumn& column, uint32_t most) {
    const bool only_uuids = column.only_aside && column.column->is_bytea();
    cells.add(value_sql("t", *column.column), only_uuids ? kBytesOfUuid : most);
    for (const Column* kind : column.kinds) cells.add(column_sql("t", *kind), kLongestKind);
  }

  CellList cells_of(const Wanted& wanted) const {
    CellList cells;
    for (const SampledColumn& column : wanted.columns) add_cells(cells, column, kLongestDocument);
    for (const Column* column : wanted.nullable) {
      cells.add(column_sql("t", *column) + " IS NULL", kLongestKind);
    }
    for (const CompanyWay& way : wanted.ways) cells.add(company_by(way), kLongestId);
    for (const Column* column : wanted.own) cells.add(column_sql("t", *column), kLongestId);
    return cells;
  }

  std::string company_by(const CompanyWay& way, size_t step = 0,
                         const std::string& from = "t") const {
    const ForeignKey& key = *way.keys[step];
    const Column& column = column_of(schema_.tables[key.table], key.columns[0]);
    const std::string value = column_sql(from, column);
    const bool is_last = step + 1 == way.keys.size();
    if (is_last && way.company == nullptr) return value;
    const Table& target = schema_.tables[key.target];
    const std::string name = "w" + std::to_string(step);
    return "(SELECT " +
           (is_last ? column_sql(name, *way.company) : company_by(way, step + 1, name)) + " FROM " +
           from_table(target) + " AS " + name + " WHERE " +
           column_sql(name, column_of(target, key.target_columns[0])) + " " + key.operators[0] +
           " " + value + ")";
  }

  // As far as there is time; false: not all of it.
  bool take(const std::string& from, const Wanted& wanted, TableReader::Time end) {
    const CellList cells = cells_of(wanted);
    return read_short_cells("SELECT " + cells.list + from, cells.longest,
                            [&](std::span<const Cell> row) {
                              take(row, wanted);
                              return !TableReader::is_over(end);
                            });
  }

  void take(std::span<const Cell> row, const Wanted& wanted) {
    size_t cell = 0;
    for (const SampledColumn& column : wanted.columns) {
      const Cell& value = row[cell++];
      const auto kinds = row.subspan(cell, column.kinds.size());
      cell += kinds.size();
      if (value) add(wanted.table, column, value.text, kinds);
      if (value.state == Cell::State::kTooLong && may_be_read(column, value))
        ++unreadable_[{wanted.table, column.column->number}].too_long;
    }
    see_paths(row, wanted);
    if (wanted.nullable.empty() && wanted.ways.empty()) return;
    RowEvidence& evidence = tables_[wanted.table];
    if (evidence.patterns.size() == kMostPatterns) return;
    if (evidence.rows++ == 0) {
      for (const Column* column : wanted.nullable) evidence.columns.push_back(column->number);
    }
    std::string pattern;
    for (size_t i = 0; i < wanted.nullable.size(); ++i)
      pattern += row[cell++].text == "t" ? 'n' : 'v';
    ++evidence.patterns[pattern];
    for (size_t i = 0; i < wanted.ways.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        if (!row[cell + i] || !row[cell + k]) continue;
        const std::pair<int16_t, int16_t> columns =
            std::minmax(wanted.ways[i].column->number, wanted.ways[k].column->number);
        evidence.compared.insert(columns);
        if (row[cell + i].text != row[cell + k].text) evidence.conflicts.insert(columns);
      }
    }
  }

  void see_paths(std::span<const Cell> row, const Wanted& wanted) {
    const size_t first = row.size() - wanted.own.size();
    std::vector<std::string> parents;
    for (size_t i = first + 1; i < row.size(); ++i) {
      if (row[i]) parents.emplace_back(row[i].text);
    }
    const std::string own(wanted.own.empty() ? std::string_view() : row[first].text);
    size_t cell = 0;
    for (const SampledColumn& column : wanted.columns) {
      const Cell& value = row[cell];
      cell += 1 + column.kinds.size();
      if (!value || column.only_aside || !holds_text(*column.column)) continue;
      const int16_t number = column.column->number;
      const auto ids = wanted.own.empty() ? std::nullopt : path_ids(*wanted.own[0]);
      SamplePlace place{.table = wanted.table, .column = number, .separated = true};
      samples_.try_emplace(number, ids, names_path(*column.column))
          .first->second.see(value.text, own, parents,
                             [&](const std::string& id) { collector_.add_value(place, id); });
    }
  }

  // Would it be, if it were shorter? No ID is so long, and no prose is a document.
  static bool may_be_read(const SampledColumn& column, const Cell& value) {
    if (column.column->is_bytea()) return false;
    if (column.column->family != TypeFamily::kText) return true;
    return !column.named && may_be_document(value.text);
  }

  static bool may_be_document(std::string_view text) {
    return text.starts_with('{') || text.starts_with('[');
  }

  // `kinds`: of the row, one for each of the column's.
  void add(TableIndex table, const SampledColumn& column, std::string_view value,
           std::span<const Cell> kinds) {
    const SamplePlace place{.table = table, .column = column.column->number};
    ++rows_[{table, column.column->number}];
    add_aside(place, column, value);
    if (column.only_aside) return;
    if (!column.kind_is_said) add(place, column, value);
    for (size_t i = 0; i < column.kinds.size(); ++i) {
      if (!kinds[i]) continue;
      SamplePlace of_kind = place;
      of_kind.when_column = column.kinds[i]->number;
      of_kind.when_value = kinds[i].text;
      if (is_known_or_one_more(of_kind, column.kind_is_said)) add(of_kind, column, value);
    }
  }

  void add(const SamplePlace& place, const SampledColumn& column, std::string_view value) {
    if (column.column->family == TypeFamily::kJson ||
        (column.column->family == TypeFamily::kText && !column.named && may_be_document(value))) {
      add_document(place, value);
    } else if (is_array(*column.column)) {
      for (const std::string& element : parse_text_array(value)) {
        add_value(place, element, column.named);
      }
    } else {
      add_value(place, value, column.named);
    }
  }

  void add_aside(SamplePlace place, const SampledColumn& column, std::string_view value) {
    const bool is_json = column.column->family == TypeFamily::kJson;
    const bool is_text = column.column->family == TypeFamily::kText;
    if (column.whole && (is_json || (is_text && may_be_document(value))))
      add_texts_aside(place, value);
    if (column.whole && !is_json) {
      place.aside = Aside::kWhole;
      for (const std::string& element : elements_of(*column.column, value))
        if (!element.empty() && element.size() <= kLongestId) collector_.add_value(place, element);
    }
    if (!column.inside) return;
    place.aside = Aside::kInside;
    if (column.column->is_bytea()) {
      if (value.size() == kBytesOfUuid && value.starts_with("\\x"))
        collector_.add_value(place, value.substr(2));
      return;
    }
    for (const std::string& uuid : uuids_inside(value)) collector_.add_value(place, uuid);
  }

  // The texts in a document; numbers, which are keys of every table, where they are called after
  // one.
  void add_texts_aside(SamplePlace place, std::string_view json) {
    PathFolder& folder = text_folders_[place];
    place.aside = Aside::kWhole;
    const auto at = [&](const std::string& path) {
      place.json_path = "$" + path;
      return place;
    };
    visit_values(json, [&](const std::string& path, std::string_view value) {
      constexpr std::string_view kDigits = "-0123456789";
      const std::string name = row_name(path);
      if (value.empty() || value.size() > kLongestId || name.empty()) return;
      if (value.find_first_not_of(kDigits) == std::string_view::npos && !names_rows(name)) return;
      folder.count(path);
      const std::optional<std::string> there = folder.place(path);
      for (const auto& [from, to] : folder.take_moved()) collector_.move(at(from), at(to));
      if (there) collector_.add_value(at(*there), value);
    });
  }

  bool names_rows(const std::string& name) {
    const auto [known, added] = row_names_.emplace(name, false);
    if (added) known->second = aside_.names_rows(name);
    return known->second;
  }

  // Of one that is no array: the value.
  static std::vector<std::string> elements_of(const Column& column, std::string_view value) {
    if (is_array(column)) return parse_text_array(value);
    return {std::string(value)};
  }

  // Of one column there are only so many. `said`: they are kinds for sure, and are counted.
  bool is_known_or_one_more(const SamplePlace& kind, bool said) {
    Kinds& kinds = kinds_[{kind.table, kind.column, kind.when_column}];
    kinds.said = said;
    if (kinds.values.contains(kind.when_value)) return kinds.values.size() <= kMostKinds;
    if (kinds.values.size() < (said ? kMostCounted : kMostKinds + 1)) {
      kinds.values.insert(kind.when_value);
    }
    return kinds.values.size() <= kMostKinds;
  }

  void add_value(const SamplePlace& place, std::string_view value, bool named) {
    if (named || looks_generated(value)) collector_.add_value(place, value);
  }

  void add_document(const SamplePlace& place, std::string_view json) {
    PathFolder& folder = folders_[place];
    const auto at = [&](const std::string& path) {
      SamplePlace there = place;
      there.json_path = "$" + path;
      return there;
    };
    const auto add = [&](const std::string& path, std::string_view value) {
      folder.count(path);
      if (!looks_generated(value) && !id_stem(last_name(path))) return;
      const std::optional<std::string> there = folder.place(path);
      for (const auto& [from, to] : folder.take_moved()) collector_.move(at(from), at(to));
      if (there) collector_.add_value(at(*there), value);
    };
    // A text that is none only looks like a document.
    if (visit_values(json, add) == DocumentRead::kInPart)
      ++unreadable_[{place.table, place.column}].left_out;
  }

  void tell_unreadable() {
    for (const auto& [at, times] : unreadable_) {
      if (times.too_long > 0)
        reader_.note_unread({at.first,
                             std::to_string(times.too_long) +
                                 " of its values in the sample are too long to be looked at",
                             at.second});
      if (times.left_out > 0)
        reader_.note_unread({at.first,
                             std::to_string(times.left_out) +
                                 " of its documents in the sample have values where no path leads "
                                 "to: beneath names that are empty, too long or have a NUL "
                                 "character, or too deep",
                             at.second});
    }
  }

  void match(TableIndex table) {
    const std::vector<KeyColumn> keys = keys_to_match(schema_, table);
    if (keys.empty()) return;
    for (const KeyColumn& key : keys) {
      reader_.read(table, [&] {
        collector_.begin_key(table, key.column->number, key.alone);
        reader_.scan("SELECT " + value_sql("t", *key.column) + reader_.from_rows(table), kLongestId,
                     collector_);
      });
    }
    all_keys_ = all_keys_ && reader_.is_readable(table);
  }

  // What of the columns is told apart by more than is looked at.
  std::vector<CrowdedColumn> crowded() const {
    std::vector<CrowdedColumn> all;
    for (const auto& [place, folder] : folders_) {
      if (folder.folded().empty() && !folder.has_left_out() &&
          folder.paths() <= PathFolder::kMostPlaces)
        continue;
      all.push_back({.table = place.table,
                     .column = place.column,
                     .count = folder.paths(),
                     .counted_all = folder.counted_all(),
                     .left_out = folder.has_left_out(),
                     .folded = folder.folded()});
    }
    for (const auto& [where, kinds] : kinds_) {
      const auto& [table, column, when_column] = where;
      if (!kinds.said || kinds.values.size() <= kMostKinds) continue;
      all.push_back({.table = table,
                     .column = column,
                     .when_column = when_column,
                     .count = kinds.values.size(),
                     .counted_all = kinds.values.size() < kMostCounted,
                     .left_out = true});
    }
    return all;
  }

  const Schema& schema_;
  const Rules& rules_;
  const Settings& settings_;
  const TableNouns nouns_;
  const AsideSampling aside_;
  TableReader reader_;
  EvidenceCollector collector_;
  std::map<TableIndex, RowEvidence> tables_;
  std::map<std::pair<TableIndex, int16_t>, uint32_t> rows_;  // see Evidence
  std::map<std::pair<TableIndex, int16_t>, PathEvidence> paths_;
  std::map<int16_t, PathSample> samples_;           // of the columns of one table
  std::map<SamplePlace, PathFolder> folders_;       // of columns with documents
  std::map<SamplePlace, PathFolder> text_folders_;  // of their texts that are taken aside
  std::map<std::string, bool> row_names_;           // see AsideSampling::names_rows()
  struct Kinds {
    std::set<std::string> values = {};
    bool said = false;
  };
  std::map<std::tuple<TableIndex, int16_t, int16_t>, Kinds> kinds_;
  std::map<std::pair<TableIndex, int16_t>, Unreadable> unreadable_;
  bool all_keys_ = true;
};

}  // namespace

Evidence gather_evidence(const Schema& schema, const Rules& rules) {
  if (evidence_time == 0) return {};
  return Gatherer(schema, rules).gather();
}

}  // namespace company_backup
