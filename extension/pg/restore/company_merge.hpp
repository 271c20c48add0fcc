// Brings the rows of a company to what an archive says: one scan of the current rows feeds the undo
// record and the comparison, and only differences are written. Table by table it is
// table_preview.hpp or table_restore.hpp; what concerns the whole company is here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/load/taken_groups.hpp"
#include "pg/restore/changed_hands.hpp"
#include "pg/restore/table_preview.hpp"
#include "pg/restore/table_restore.hpp"

namespace company_backup {

// Does a foreign key lead out of what travels? A revert brings the company's own rows back exactly,
// but what is outside of them may have changed meanwhile.
bool leads_out(const LiveScope& live, const Reference& reference);

// Numbers of groups that others had, too, before the restore with this undo record: a revert may
// make it so again. `all`: none had to be left out of the record.
struct SharedNumbers {
  GroupNumbers numbers;
  bool all = true;
};
SharedNumbers recorded_numbers(const Manifest& record);

class CompanyMerge {
 public:
  // All references must outlive it. `load` is of the same archive.
  CompanyMerge(const LiveScope& live, const Company& company, MatchedArchive& load,
               const MergePolicy& policy);

  // The archive's rows are another company's: what comes is noted there, what came before and is
  // gone stays away. To be called before the rest.
  void keep_ids(KeptIds& kept) { work_.kept = &kept; }

  // Rows are only added: those that would be nobody's stay away. To be called before the rest.
  void leave_homeless(HomelessRows& homeless) { work_.homeless = &homeless; }
  // After compare(): more of them were found, and it has to be done again.
  bool found_homeless() const { return found_homeless_; }

  // Rows that are refused are left out and given to these, instead of being errors. To be called
  // before the rest.
  void leave_out(Refusals& refusals) { work_.refusals = &refusals; }
  // After apply(): the same for rows whose foreign keys are not proved, under a snapshot that sees
  // them. False: there are such rows that cannot be left out.
  bool find_unproved_rows(const RowOrigin& origin,
                          const std::function<bool(const Reference&)>& wanted);

  // The same of references that no foreign key says: what cannot be left out stays.
  void find_dangling_rows(const RowOrigin& origin,
                          const std::function<bool(const Reference&)>& wanted);

  // Are there rows to adopt? May be asked before the rest.
  bool finds_orphans();

  // What apply() would do, table by table; nothing is written. Only with MergePolicy::preview.
  std::vector<MergeCounts> compare();

  // The same of the company's own row only.
  void compare_company();

  // Gives `listing` the rows that apply() would write, in the order in which it writes tables;
  // looks at no further table once it is full.
  void list(RowListing& listing);

  // Writes the differences. `undo`: what was there and what was done to it goes there; may be null.
  // `edits`: gets the rows that are not as an earlier restore left them; may be null. Rows that
  // stay and that written rows refer to are taken FOR KEY SHARE.
  // Errors: kSchemaDiffers, kMissingValue, kSerializationFailure, and those of RowChanges; throws
  // Refusals::Incomplete, also where rows are only added and some would be nobody's.
  std::vector<MergeCounts> apply(UndoWriter* undo, DiscardedEdits* edits);

  // After compare(): what apply() would stop at, for the table's row of a preview; and of that the
  // keys that others have.
  std::vector<std::string> notes_of(TableIndex table) const;
  std::vector<TakenKeys::Taken> taken_in(TableIndex table) const;

  // After apply(): what completes the undo record.
  const Manifest& record() const { return record_; }

  // Rows outside the company that pointed at removed rows follow or stop the restore.
  void settle_outside(UndoWriter* undo) { work_.outside.settle(undo); }

  // The rows that it writes.
  WrittenRows written_rows() const { return WrittenRows{since_}; }

  // After apply(): was there any difference?
  bool has_written() const;

  // Has apply() removed rows of the table, or given them other keys?
  bool has_lost(TableIndex table) const;

  // Has apply() or settle_outside() written anything that the foreign key is about?
  bool is_affected(const Reference& reference) const;

  // References to rows outside the company that a revert would bring back, and that lead nowhere
  // already, and numbers of groups that others have already: for the undo record. After apply(),
  // under the snapshot it read with.
  void record_problems();

  // With a fresh look at every table: nobody else changed the company since. Errors
  // kSerializationFailure; kIntegrity if append-only rows would be left to nobody, or if rows
  // written by the merge took others out of the company or into it. `orphans`: of this restore, or
  // of the one that is reverted.
  void look_again(FormerOrphans& orphans, const LookBack& look_back);
  // After look_again(): what was written or adopted belongs to the company; after a revert the
  // orphans may be orphans again. Error kIntegrity.
  void prove_written() const;

 private:
  void expect() const;  // shows how many rows are to come
  OrphanRows* orphans_of(const MatchedTable& matched) const;
  // The numbers of tables() in the undo record.
  std::map<TableIndex, size_t> record_numbers() const;
  std::vector<const MatchedTable*> tables() const;
  void begin_tables();
  void find_needed(bool written);
  void prove_doubted();
  void find_false_checks();
  std::vector<MergeCounts> in_order_of_archive(std::vector<MergeCounts> counts) const;
  MergeCounts preview(const MatchedTable& matched);
  MergeCounts write(const MatchedTable& matched, UndoWriter* undo, DiscardedEdits* edits);
  void record_keyless_tables(const std::vector<MergeCounts>& counts, UndoWriter& undo) const;
  void refuse_unknown_rows() const;
  void refuse_left_rows(WrittenTable& done) const;
  OwnedRows owned_rows(TableIndex index, const WrittenTable& done) const;
  void refuse_changed_hands(TableIndex index, const WrittenTable& done,
                            const LookBack& look_back) const;
  bool is_unchanged(TableIndex index, WrittenTable& done, FormerOrphans& orphans) const;
  void prove_written(TableIndex index) const;
  bool has_changed(const WrittenTable& source, const Reference& reference) const;
  // May rows that were written refer, by this foreign key, to rows of the company that were not?
  bool refers_to_kept(const Reference& reference) const;
  bool is_partial(TableIndex table) const;  // are only some of its rows selected?
  void lock_targets() const;
  bool leads_nowhere(const Reference& reference) const;

  MergeWork work_;
  std::map<TableIndex, std::vector<TakenKeys::Taken>> taken_;
  std::multimap<TableIndex, std::string> foreseen_;  // notes
  std::optional<Orphans> orphans_;
  Manifest record_;
  std::map<TableIndex, size_t> numbers_;  // in record_
  std::map<TableIndex, WrittenTable> done_;
  bool found_homeless_ = false;
  uint32_t since_;  // the command the merge began in
};

}  // namespace company_backup
