#include "pg/restore/homeless_rows.hpp"

#include <algorithm>
#include <optional>

#include "pg/restore/row_selection.hpp"
#include "pg/rows/key_lookup.hpp"

namespace company_backup {
namespace {

// Behind a key: somebody refers to it, before the row that has it.
constexpr char kOwner = 'a', kRow = 'b';

// Texts in the order of their bytes, if there are any.
class Sorted {
 public:
  void put(std::string_view line) {
    if (!lines_) lines_.emplace();
    lines_->put(line);
  }
  template <class Visit>
  void each(Visit&& visit) {
    if (!lines_) return;
    lines_->sort();
    for (std::string_view line; lines_->next(line);) visit(line);
    lines_.reset();
  }
  // A transaction that was rolled back has freed them.
  void forget() { lines_.reset(); }

 private:
  std::optional<LineSorter> lines_;
};

}  // namespace

struct HomelessRows::Way {
  const RouteStep* step;
  Sorted lines{};  // key line, kOwner; or key line, kRow, identity
};

struct HomelessRows::Owned {
  TableIndex table;
  std::vector<const RouteStep*> others{};  // that lead elsewhere than up
  std::vector<Way> ways{};
  Sorted rows{};  // identity, '\0', kOwner or kRow
};

namespace {

// Does a foreign key hold, and are equal values of both sides the same text?
bool can_be_watched(const LiveScope& live, TableIndex table, const RouteStep& step) {
  if (step.operators.empty()) return false;
  for (size_t i = 0; i < step.columns.size(); ++i) {
    if (!has_same_text(column_of(live.table(table), step.columns[i]),
                       column_of(live.table(step.target), step.target_columns[i])))
      return false;
  }
  return true;
}

}  // namespace

HomelessRows::HomelessRows(const LiveScope& live) : live_(live) {
  for (const ScopedTable* scoped : live.travelling()) {
    auto owned = std::make_unique<Owned>(Owned{scoped->table});
    bool all_known = true;
    for (const std::vector<RouteStep>* steps : {&scoped->routes, &scoped->own_steps}) {
      for (const RouteStep& step : *steps) {
        if (step.kind != RouteStep::Kind::kUp) {
          owned->others.push_back(&step);
        } else if (can_be_watched(live, scoped->table, step)) {
          owned->ways.push_back({&step});
        } else {
          all_known = false;
        }
      }
    }
    if (all_known && !owned->ways.empty()) owned_.push_back(std::move(owned));
  }
}

HomelessRows::~HomelessRows() = default;

void HomelessRows::begin_again() {
  for (const auto& owned : owned_) {
    owned->rows.forget();
    for (Way& way : owned->ways) way.lines.forget();
  }
}

void HomelessRows::came(const MatchedTable& matched, const std::vector<RowValue>& row,
                        const std::string& identity) {
  const TableIndex table = matched.scoped->table;
  for (const auto& owned : owned_) {
    for (Way& way : owned->ways) {
      if (way.step->target != table) continue;
      const auto key = key_line_of(way.step->target_columns, matched.columns, row);
      if (key) way.lines.put(*key + kOwner);
    }
    if (owned->table != table) continue;
    const bool is_led =
        std::any_of(owned->others.begin(), owned->others.end(), [&](const RouteStep* step) {
          return key_line_of(step->columns, matched.columns, row).has_value();
        });
    if (is_led) continue;
    owned->rows.put(identity + '\0' + kRow);
    for (Way& way : owned->ways) {
      const auto key = key_line_of(way.step->columns, matched.columns, row);
      if (key) way.lines.put(*key + kRow + identity);
    }
  }
}

bool HomelessRows::find() {
  bool more = false;
  for (const auto& owned : owned_) {
    for (Way& way : owned->ways) {
      const size_t width = way.step->columns.size();
      std::string owner;
      way.lines.each([&](std::string_view line) {
        std::string_view rest = line;
        for (size_t i = 0; i < width; ++i) take_value(rest);
        const std::string_view key = line.substr(0, line.size() - rest.size());
        if (rest[0] == kOwner) {
          owner = key;
        } else if (owner == key) {
          owned->rows.put(std::string(rest.substr(1)) + '\0' + kOwner);
        }
      });
    }
    std::string owner;
    owned->rows.each([&](std::string_view line) {
      const std::string_view identity = line.substr(0, line.size() - 2);
      if (line.back() == kOwner) {
        owner = identity;
      } else if (owner != identity) {
        more |= known_[owned->table].emplace(identity).second;
      }
    });
  }
  return more;
}

bool HomelessRows::is_homeless(TableIndex table, const std::string& identity) const {
  const auto rows = known_.find(table);
  return rows != known_.end() && rows->second.contains(identity);
}

}  // namespace company_backup
