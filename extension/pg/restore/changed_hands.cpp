#include "pg/restore/changed_hands.hpp"

#include "pg/check/row_origin.hpp"
#include "pg/rows/current_rows.hpp"

namespace company_backup {
namespace {

// In the order of their place.
class SortedPlaces {
 public:
  void read(const OwnedRows& rows) {
    find_versions("SELECT t.tableoid, t.ctid, t.xmin, t.cmin" + rows.from, rows.args, rows.since,
                  [this](const RowVersion& version) { sorter_.put(place_text(version)); });
  }
  void sort() {
    sorter_.sort();
    advance();
  }
  bool has_row() const { return has_row_; }
  const std::string& place() const { return place_; }
  void advance() {
    std::string_view text;
    has_row_ = sorter_.next(text);
    if (has_row_) place_ = text;
  }

 private:
  LineSorter sorter_;
  std::string place_;
  bool has_row_ = false;
};

}  // namespace

ChangedHands find_changed_hands(const OwnedRows& rows, const LookBack& look_back) {
  SortedPlaces before, now;
  look_back([&] { before.read(rows); });
  now.read(rows);
  before.sort();
  now.sort();
  RowPlaces gone, come;
  uint64_t came = 0;
  while (before.has_row() || now.has_row()) {
    if (!now.has_row() || (before.has_row() && before.place() < now.place())) {
      gone.put(parse_place(before.place()));
      before.advance();
    } else if (!before.has_row() || now.place() < before.place()) {
      come.put(parse_place(now.place()));
      ++came;
      now.advance();
    } else {
      before.advance();
      now.advance();
    }
  }
  ChangedHands found;
  found.left = gone.look_up(rows.table, rows.key, "");
  look_back([&] { found.joined = come.look_up(rows.table, rows.key, ""); });
  found.by_others = found.joined.count < came || found.left.count + found.joined.count == 0;
  return found;
}

}  // namespace company_backup
