// What is kept of merges of one company's rows into another one, so that a later backup of it
// brings only what is new: which new IDs they got, and which rows came.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/ids/kept_pairs.hpp"
#include "core/scope/column_roots.hpp"
#include "core/text/digest.hpp"
#include "core/text/id_shape.hpp"
#include "core/text/sorted_values.hpp"
#include "pg/backup/tombstones.hpp"
#include "pg/scope/company_scope.hpp"

namespace company_backup {

// The company that the rows are of, as a backup says.
struct MergeSource {
  std::string database;                         // its identity
  std::string company;                          // its key
  std::optional<int64_t> owner = std::nullopt;  // its identity, if it is of this database
};

class KeptIds {
 public:
  // `target`: the identity of the company that they come into; none: nothing ever came.
  KeptIds(const LiveScope& live, const MergeSource& source, std::optional<int64_t> target,
          const Manifest& manifest);

  // Did rows come before?
  bool has_earlier() const { return !restores_.empty(); }
  // ... and did the last ones get new IDs?
  bool gave_new_ids() const { return gave_new_ids_; }
  // From which new UUIDs and texts are made, in each merge the same.
  const std::array<uint8_t, 32>& key() const { return key_; }

  // What IDs of the columns, which hold the same, became in earlier merges; null: they had none.
  std::shared_ptr<KeptNumbers> numbers(const std::vector<ColumnRoot>& columns) const;
  std::shared_ptr<ListedKeys> texts(const std::vector<ColumnRoot>& columns, KeyForm form) const;
  // The forms that texts of it had, the oldest first.
  std::vector<IdForm> forms(const ColumnRoot& column) const;

  // Begins to keep what this merge does, as of this restore; else nothing is kept: a preview.
  // `new_ids`: rows get them. All is there after finish().
  void begin(int64_t restore, int64_t target, bool new_ids);
  void finish();

  // What this merge gives.
  void note(const ColumnRoot& column, int64_t old_id, int64_t new_id);
  void note(const ColumnRoot& column, std::string_view old_id, std::string_view new_id);
  void note(const ColumnRoot& column, const IdForm& form);

  // A row with this key (one text) came, here. Did it come before?
  void note_row(TableIndex table, std::string_view key);
  bool came_before(TableIndex table, std::string_view key);

  // Rows that came, by their keys here, and were erased since the backup was made.
  const Tombstones& erased() const { return erased_; }

  // What all IDs of certain columns of certain rows became is noted; `contents` tells both. Was it
  // before?
  void note_contents(std::string_view contents);
  bool knows_contents(std::string_view contents) const;

 private:
  struct Digest {
    uint64_t high, low;
    auto operator<=>(const Digest&) const = default;
  };
  // Where pieces of one column, or of the digests of rows, go.
  struct Place {
    int64_t table = 0;  // of known_table
    std::string column = {};
    int seq = 0;
  };
  struct Pairs {
    Place place;
    std::unique_ptr<KeptPairWriter> writer;
  };
  struct CameRows {
    Place place;
    std::string digests;
  };
  Digest digest_of(std::string_view key);
  std::vector<std::string> pieces(TableIndex table, const std::string& column) const;
  KeptPairWriter* writer(const ColumnRoot& column, KeptAs as);
  const std::string& name_of(const ColumnRoot& column) const;
  Place place_of(TableIndex table, const std::string& column) const;
  void put(Place& place, std::string_view piece) const;

  const LiveScope& live_;
  const MergeSource source_;
  std::vector<int64_t> restores_;  // of earlier merges
  bool gave_new_ids_ = false;
  const Tombstones erased_;
  std::array<uint8_t, 32> key_{};
  std::optional<int64_t> restore_;  // that this one is of
  std::map<ColumnRoot, Pairs> pairs_;
  std::map<TableIndex, CameRows> rows_;
  Sha256 hash_;  // to be used again: making one takes longer than a key
  std::map<TableIndex, SortedValues<Digest>> earlier_rows_;
  // Digests, as hex.
  std::set<std::string> earlier_contents_;
  std::string contents_;
};

// The merge was reverted: its rows did not come.
void forget_kept_ids(int64_t restore);

// Of all merges into the company with this identity, or (`source`) of one company's rows only; but
// not while rows are erased of tables of such a merge: by their new IDs alone they are known.
struct ForgottenMerges {
  int64_t forgotten, kept;
};
ForgottenMerges forget_kept_ids(int64_t target, const std::optional<MergeSource>& source);

}  // namespace company_backup
