#include "pg/load/id_makers.hpp"

#include <algorithm>
#include <charconv>

namespace company_backup {

void NextNumbers::take(uint64_t count, const Use& use) {
  if (last_ > greatest_possible_ ||
      count > static_cast<uint64_t>(greatest_possible_) - static_cast<uint64_t>(last_)) {
    throw Error(sqlstate::kIntegrity, "there are not enough numbers left for new IDs")
        .detail("The greatest one so far is " + std::to_string(last_) + ", the greatest possible " +
                std::to_string(greatest_possible_) + ".")
        .hint("Give the rows with the greatest numbers smaller ones, or the column a wider type.");
  }
  while (count-- > 0) use(++last_);
}

void IntegerMaker::see(std::string_view old_id) {
  int64_t value;
  const auto [end, error] = std::from_chars(old_id.begin(), old_id.end(), value);
  if (error != std::errc{} || end != old_id.end()) {
    throw Error(sqlstate::kBadArchive, "an integer key is not an integer");
  }
  if (earlier_ && earlier_->contains(value)) return;
  ids_->add(value);
}

MadeIds IntegerMaker::finish() {
  ids_->seal();
  int64_t least_new = std::numeric_limits<int64_t>::max();
  numbers_->take(ids_->size(), [&](int64_t value) {
    ids_->append_new(value);
    least_new = std::min(least_new, value);
  });
  if (note_) ids_->visit(note_);
  const bool ascends =
      !earlier_ || ids_->size() == 0 ||
      (ids_->min() > earlier_->greatest_old() && least_new > earlier_->greatest_new());
  return {ids_, earlier_, ascends};
}

void HashedMaker::see(std::string_view old_id) {
  for (size_t i = 0; i + 1 < ids_.size(); ++i)
    if (ids_[i]->try_add(old_id)) return;
  ids_.back()->add(old_id);
}

MadeIds HashedMaker::finish() {
  MadeIds made;
  for (const auto& ids : ids_) {
    ids->seal();
    made.hashed.push_back(ids.get());
    if (made.given)
      made.given = std::make_shared<MergedIds>(made.given, ids, false);
    else
      made.given = ids;
  }
  return made;
}

MadeIds RuleMaker::finish() {
  const std::vector<std::string> before(values_.begin(), values_.end());
  const std::vector<std::string> after = replace_(before);
  for (size_t i = 0; i < before.size(); ++i) add(before[i], after[i]);
  return made();
}

}  // namespace company_backup
