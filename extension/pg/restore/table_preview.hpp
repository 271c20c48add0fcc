// What a restore would do to one table, and what it would stop at. Nothing is written.
#pragma once

#include <optional>
#include <vector>

#include "pg/restore/conflict_search.hpp"
#include "pg/restore/missing_targets.hpp"
#include "pg/restore/repeated_values.hpp"
#include "pg/restore/table_merge.hpp"
#include "pg/restore/taken_keys.hpp"

namespace company_backup {

class TablePreview : public TableMerge {
 public:
  TablePreview(MergeWork& work, const MatchedTable& matched, OrphanRows* orphans);

  // After run(): keys that others have.
  const std::vector<TakenKeys::Taken>& taken() const { return taken_in_; }

 protected:
  void add(std::string_view line) override;
  void remove(const CurrentRow& row, const std::vector<RowValue>& values) override;
  void change(const CurrentRow& row, const std::vector<RowValue>& current,
              const std::vector<RowValue>& archived, const std::vector<size_t>& columns) override;
  void finish() override;

 private:
  void refuse_taken();

  const bool foresees_;  // what rows outside the company would do
  WatchedKeys* watched() const;
  std::unique_ptr<TakenKeys> taken_;
  // In a merge, and where refused rows are left out.
  std::unique_ptr<ConflictSearch> conflicts_;
  bool leaves_out_ = false;  // rows that meet others
  // Where refused rows are left out.
  std::unique_ptr<MissingTargets> missing_;
  std::unique_ptr<RepeatedValues> repeated_;
  std::vector<TakenKeys::Taken> taken_in_;
};

}  // namespace company_backup
