// All rows of a company out of their tables, and what becomes of rows outside that refer to them.
//
// Rows are found by their routes and removed by their versions, without triggers and referential
// actions: a version that somebody has changed meanwhile is not there any more. What others refer
// to goes first, and each table is read as of the moment when it is its turn: by then nobody can
// add a row below one that is gone, as its foreign key waits for us. Where no foreign key leads to
// the company, or all is to be as of one snapshot, rows are counted again in the end, as if they
// were still there, to tell whether somebody has added some.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pg/delete/declared_references.hpp"
#include "pg/delete/referred_rows.hpp"
#include "pg/delete/retention.hpp"
#include "pg/restore/outside_rows.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

enum class Removal {
  kOfNow,       // of all rows that are there by then
  kOfSnapshot,  // of those that the active snapshot sees; any others are an error
  kPreview,     // nothing is written: foresee() takes the place of settle()
};

class CompanyRemoval {
 public:
  // In transactions of REPEATABLE READ all is of the snapshot. All must outlive it.
  CompanyRemoval(const LiveScope& live, const Company& company, const Retention& retention,
                 Removal removal);

  // Rows of a table of the company.
  struct TableRows {
    const ScopedTable* scoped;
    uint64_t removed = 0;
  };

  // Error 42501 unless the caller may delete rows of all these tables.
  void require_rights() const;
  // The tables whose rows the caller may not delete.
  std::vector<TableIndex> forbidden() const;

  // Under the snapshot. Errors of TableEdits: 40001 if somebody changed a row meanwhile.
  void remove();

  // Afterwards: what refers to the rows follows or stops the deletion, and there is none that
  // somebody added. Errors of OutsideRows and DeclaredReferences; kSerializationFailure.
  void settle();

  // What settle() would stop at, by the table that loses rows.
  std::multimap<TableIndex, std::string> foresee();

  // After remove(), in the order of the scope.
  std::vector<TableRows> tables() const;
  // Rows of the company that stay, of tables in the order of the scope.
  struct KeptRows {
    const ScopedTable* scoped;
    std::string reason;
    uint64_t rows = 0;
  };
  const std::vector<KeptRows>& kept() const { return kept_; }
  bool is_kept(TableIndex table) const { return work_.retained.contains(table); }

  // After settle() or foresee(): rows outside that followed, or would.
  std::map<TableIndex, FollowedRows> followed() const { return outside_.followed(); }
  std::vector<DeclaredReferences::Holders> holders() const { return declared_.holders(); }

 private:
  std::vector<const Column*> known_columns(TableIndex index) const;
  void remove_table(TableRows& rows);
  void remove_rows(TableRows& rows);
  bool is_complete(const ScopedTable& scoped) const;
  uint64_t count_rows(TableIndex index) const;
  void refuse_added(const TableRows& rows) const;
  void find_referred();
  bool is_way(const ForeignKey& key) const;

  const LiveScope& live_;
  const Company& company_;
  const Removal removal_;
  const OutsideWork work_;
  const uint32_t since_;         // the command from which on rows are gone
  std::vector<TableRows> rows_;  // in the order in which they go
  std::vector<KeptRows> kept_;
  OutsideRows outside_;
  ReferredRows referred_;
  DeclaredReferences declared_;
};

}  // namespace company_backup
