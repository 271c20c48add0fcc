// How the new IDs of a column are made, of the old ones.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids/id_map.hpp"
#include "core/ids/merged_ids.hpp"
#include "core/text/id_shape.hpp"
#include "pg/rows/sequences.hpp"

namespace company_backup {

using NextId = std::function<std::string()>;

// Integers that nobody has.
class FreshNumbers {
 public:
  using Use = std::function<void(int64_t)>;
  virtual ~FreshNumbers() = default;
  virtual void take(uint64_t count, const Use& use) = 0;
};

class SequenceNumbers : public FreshNumbers {
 public:
  explicit SequenceNumbers(const ColumnSequence& sequence) : sequence_(sequence) {
    advance_sequences({sequence_});
  }
  void take(uint64_t count, const Use& use) override { take_values(sequence_, count, use); }

 private:
  ColumnSequence sequence_;
};

// Error kIntegrity if there are not enough left.
class NextNumbers : public FreshNumbers {
 public:
  explicit NextNumbers(int64_t last,
                       int64_t greatest_possible = std::numeric_limits<int64_t>::max())
      : last_(last), greatest_possible_(greatest_possible) {}
  void take(uint64_t count, const Use& use) override;

 private:
  int64_t last_;
  const int64_t greatest_possible_;
};

// Makes the new IDs of one column. What earlier merges gave is not given again.
class Maker {
 public:
  virtual ~Maker() = default;
  virtual void see(std::string_view old_id) = 0;
  virtual MadeIds finish() = 0;
  // Must it see those that earlier merges gave an ID, too?
  virtual bool sees_known() const { return false; }
};

// Of integers, which keep their order. Error kBadArchive.
class IntegerMaker : public Maker {
 public:
  using Note = std::function<void(int64_t old_id, int64_t new_id)>;
  // `earlier` and `note`, which gets what is given, may be null.
  IntegerMaker(std::unique_ptr<FreshNumbers> numbers, std::shared_ptr<const KeptNumbers> earlier,
               Note note)
      : numbers_(std::move(numbers)), earlier_(std::move(earlier)), note_(std::move(note)) {}
  void see(std::string_view old_id) override;
  MadeIds finish() override;

 private:
  std::unique_ptr<FreshNumbers> numbers_;
  std::shared_ptr<const KeptNumbers> earlier_;
  Note note_;
  std::shared_ptr<IntegerIds> ids_ = std::make_shared<IntegerIds>();
};

// An ID is made from the old one, in the first of these forms that it has.
class HashedMaker : public Maker {
 public:
  explicit HashedMaker(std::vector<Renewal> renewals) {
    for (Renewal& renewal : renewals)
      ids_.push_back(std::make_shared<HashedIds>(std::move(renewal)));
  }
  void see(std::string_view old_id) override;
  bool sees_known() const override { return true; }
  MadeIds finish() override;

 private:
  std::vector<std::shared_ptr<HashedIds>> ids_;
};

// Pairs that are kept one by one.
class PairMaker : public Maker {
 public:
  using Note = std::function<void(std::string_view old_id, std::string_view new_id)>;

 protected:
  // `earlier` and `note` may be null.
  PairMaker(std::shared_ptr<const ListedKeys> earlier, KeyForm form, Note note)
      : earlier_(std::move(earlier)), note_(std::move(note)) {
    ids_->set_forms({form});
  }
  bool is_known(std::string_view old_id) {
    return (earlier_ && earlier_->find({old_id}, found_)) || ids_->find({old_id}, found_);
  }
  void add(std::string_view old_id, const std::string& new_id) {
    ids_->add({old_id}, {new_id});
    if (note_) note_(old_id, new_id);
  }
  MadeIds made() const { return {ids_, earlier_}; }

 private:
  std::shared_ptr<const ListedKeys> earlier_;
  Note note_;
  std::shared_ptr<ListedKeys> ids_ = std::make_shared<ListedKeys>(1);
  std::vector<std::string> found_;
};

// Values of a default: nothing tells them from the old ones.
class DefaultMaker : public PairMaker {
 public:
  DefaultMaker(NextId next, std::shared_ptr<const ListedKeys> earlier, KeyForm form, Note note)
      : PairMaker(std::move(earlier), form, std::move(note)), next_(std::move(next)) {}
  void see(std::string_view old_id) override {
    if (!is_known(old_id)) add(old_id, next_());
  }
  MadeIds finish() override { return made(); }

 private:
  NextId next_;
};

// What a column rule makes of the values, each once.
class RuleMaker : public PairMaker {
 public:
  using Replace = std::function<std::vector<std::string>(const std::vector<std::string>&)>;
  RuleMaker(Replace replace, std::shared_ptr<const ListedKeys> earlier, KeyForm form, Note note)
      : PairMaker(std::move(earlier), form, std::move(note)), replace_(std::move(replace)) {}
  void see(std::string_view old_value) override {
    if (!is_known(old_value)) values_.emplace(old_value);
  }
  MadeIds finish() override;

 private:
  Replace replace_;
  std::set<std::string> values_;
};

}  // namespace company_backup
