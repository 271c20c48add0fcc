#include "pg/restore/outside_return.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "pg/base/fresh_snapshot.hpp"
#include "pg/base/line_spool.hpp"
#include "pg/restore/recorded_table.hpp"
#include "pg/restore/undo.hpp"
#include "pg/rows/key_lookup.hpp"
#include "pg/rows/row_writer.hpp"
#include "pg/rows/table_edits.hpp"
#include "pg/scope/stored_tables.hpp"

namespace company_backup {
namespace {

constexpr size_t kBatchRecords = 1000;
constexpr size_t kBatchSize = 1 << 20;

// A record that waits to be worked on together with others of its table.
struct Waiting {
  size_t ordinal;
  std::string row, now;
};

using Batch = std::vector<Waiting>;

bool has_value(const RowValue& a, const RowValue& b) {
  return (a.kind == ValueKind::kNull) == (b.kind == ValueKind::kNull) && a.text == b.text;
}

// Keys that companies have lost since the restore.
std::vector<std::string> keys_gone_since(int64_t restore) {
  std::vector<std::string> keys;
  for (const Row& row :
       own_query("SELECT DISTINCT c.key FROM company_backup.company c JOIN company_backup.restore r "
                 "ON r.id = $1 AND c.gone_at > r.restored_at",
                 {restore}))
    keys.push_back(*row[0]);
  return keys;
}

class Return {
 public:
  Return(const LiveScope& live, int64_t restore, const MatchedArchive& load)
      : live_(live),
        restore_(restore),
        load_(load),
        members_(undo_members(restore, UndoPart::kOutside)) {
    for (const ForeignKey& key : live.schema.foreign_keys) keys_of_[key.table].push_back(&key);
  }

  uint64_t run() {
    insert_all();
    remove_again(find_strangers(), "its company is gone");
    for (std::set<size_t> dangling = find_dangling(); !dangling.empty();
         dangling = find_dangling()) {
      remove_again(dangling, "what it refers to is gone");
    }
    set_all_back();
    note_left_alone();
    return left_alone_.size();
  }

 private:
  using Records = std::function<void(size_t ordinal, const OutsideRecord&, RecordedTable&)>;

  // In the order in which things were done.
  void each_record(const Records& visit) {
    UndoLines lines(*members_, 0);
    OutsideRecordReader reader;
    std::string_view line;
    for (size_t ordinal = 0; lines.next(line); ++ordinal) {
      const OutsideRecord record = reader.read(line);
      visit(ordinal, record, table_of(record));
    }
  }

  RecordedTable& table_of(const OutsideRecord& record) {
    std::unique_ptr<RecordedTable>& table = tables_[record.table + record.columns];
    if (!table) {
      table = std::make_unique<RecordedTable>(live_, record);
      for (size_t i = 0; i < table->columns().size(); ++i) {
        for (int16_t key : company_keys_in({table->index(), table->columns()[i]->number})) {
          table->translate(i, load_.company_keys(key));
        }
      }
    }
    return *table;
  }

  // Columns of the company table whose values this column holds.
  std::set<int16_t> company_keys_in(const ColumnRoot& column) const {
    std::set<int16_t> keys;
    std::set<ColumnRoot> reached{column};
    std::vector<ColumnRoot> open{column};
    while (!open.empty()) {
      const ColumnRoot next = open.back();
      open.pop_back();
      for (const ColumnRoot& root : load_.roots().of(next.table, next.column)) {
        if (root.table == live_.scope.company_table) keys.insert(root.column);
      }
      const auto keys_of = keys_of_.find(next.table);
      if (keys_of == keys_of_.end()) continue;
      for (const ForeignKey* key : keys_of->second) {
        for (size_t i = 0; i < key->columns.size(); ++i) {
          const ColumnRoot target{key->target, key->target_columns[i]};
          if (key->columns[i] == next.column && reached.insert(target).second)
            open.push_back(target);
        }
      }
    }
    return keys;
  }

  // Gives the records of one table that are `wanted` to `work`, batch by batch.
  template <class Wanted, class Work>
  void in_batches(Wanted&& wanted, Work&& work) {
    Batch batch;
    RecordedTable* table = nullptr;
    size_t size = 0;
    const auto flush = [&] {
      if (!batch.empty()) work(*table, batch);
      batch.clear();
      size = 0;
    };
    each_record([&](size_t ordinal, const OutsideRecord& record, RecordedTable& of) {
      if (!wanted(ordinal, record, of)) return;
      if (&of != table || batch.size() >= kBatchRecords || size >= kBatchSize) flush();
      table = &of;
      size += record.row.size();
      batch.push_back({ordinal, std::string(record.row), {}});
    });
    flush();
  }

  void leave_alone(size_t ordinal, const std::string& why) { left_alone_.emplace(ordinal, why); }

  bool is_wanted(size_t ordinal, const OutsideRecord& record, const RecordedTable& table,
                 bool to_be_set) {
    if (record.set.has_value() != to_be_set || left_alone_.contains(ordinal)) return false;
    if (!table.exists()) leave_alone(ordinal, "there is no table of its name any more");
    return table.exists();
  }

  // Works on a batch in a subtransaction; if data forbid it, row by row, and notes which.
  template <class Work>
  void try_batch(const Batch& batch, Work&& work) {
    std::string why;
    if (succeeds([&] { work(batch); }, why)) return;
    for (const Waiting& waiting : batch) {
      if (!succeeds([&] { work(Batch{waiting}); }, why)) leave_alone(waiting.ordinal, why);
    }
  }

  template <class Work>
  static bool succeeds(Work&& work, std::string& why) {
    bool done = true;
    try {
      with_subtransaction(work, [&](const CaughtError& error) {
        why = error.message;
        done = false;
        if (error.sqlstate.starts_with("22") || error.sqlstate.starts_with("23")) return;
        const bool lost_race = error.sqlstate.starts_with("40");
        throw Error(lost_race ? sqlstate::kSerializationFailure : sqlstate::kIntegrity,
                    "rows outside the company cannot be brought back")
            .detail(error.message + ".");
      });
    } catch (const Error& error) {
      const std::string state = error.sqlstate();
      if (state == sqlstate::kUniqueViolation) {
        why = "another row has its unique value";
      } else if (state == sqlstate::kBadValue || state == sqlstate::kExcluded) {
        why = error.message();
      } else {
        throw;
      }
      done = false;
    }
    return done;
  }

  void insert_all() {
    in_batches(
        [this](size_t ordinal, const OutsideRecord& record, const RecordedTable& table) {
          return is_wanted(ordinal, record, table, false);
        },
        [this](RecordedTable& table, const Batch& batch) {
          try_batch(batch, [&](const Batch& rows) { insert(table, rows); });
        });
  }

  static void insert(RecordedTable& table, const Batch& batch) {
    RowWriter writer(table.table().oid, table.name(), table.numbers(), table.key_positions(),
                     WriteAs::kOwner);
    for (const Waiting& waiting : batch) writer.add(table.read(table.parse(waiting.row)));
    writer.finish();
  }

  // Inserted rows that refer to what is not there.
  std::set<size_t> find_dangling() {
    struct References {
      KeyBatch keys;
      std::vector<size_t> ordinals;
    };
    std::map<const ForeignKey*, References> all;
    std::set<size_t> dangling;
    FreshSnapshot fresh;
    const auto look = [&](const ForeignKey& key, References& references) {
      for (size_t n : missing_references(live_.schema, key, references.keys))
        dangling.insert(references.ordinals[n]);
      references.keys.clear();
      references.ordinals.clear();
    };
    each_record([&](size_t ordinal, const OutsideRecord& record, RecordedTable& table) {
      if (!is_wanted(ordinal, record, table, false)) return;
      const std::vector<RowValue>& values = table.parse(record.row);
      for (const ForeignKey* key : keys_of_[table.index()]) {
        const auto reference = key_line_of(key->columns, table.columns(), values);
        if (!reference) continue;
        References& references =
            all.try_emplace(key, References{references_of(live_.schema, *key), {}}).first->second;
        references.keys.add(*reference);
        references.ordinals.push_back(ordinal);
        if (references.keys.full()) look(*key, references);
      }
    });
    for (auto& [key, references] : all) look(*key, references);
    fresh.close();
    return dangling;
  }

  // Inserted rows that would be of a company which has the key of one that has gone since the
  // restore.
  std::set<size_t> find_strangers() {
    std::set<size_t> strangers;
    const std::vector<std::string> gone = keys_gone_since(restore_);
    if (gone.empty()) return strangers;
    in_batches(
        [this](size_t ordinal, const OutsideRecord& record, const RecordedTable& table) {
          return is_wanted(ordinal, record, table, false) && is_owned(table.index());
        },
        [&](RecordedTable& table, const Batch& batch) {
          std::multimap<std::string, size_t> wanted;
          std::vector<std::string> identities;
          for (const Waiting& waiting : batch) {
            identities.push_back(table.identity(table.parse(waiting.row)));
            wanted.emplace(identities.back(), waiting.ordinal);
          }
          table.find_owned(
              identities, gone,
              [&](const std::string& identity, const RowVersion&, const std::vector<RowValue>&) {
                const auto [first, last] = wanted.equal_range(identity);
                for (auto at = first; at != last; ++at) strangers.insert(at->second);
              });
        });
    return strangers;
  }

  bool is_owned(TableIndex table) const {
    const ScopedTable* scoped = live_.scope.find(table);
    return scoped != nullptr && scoped->owned();
  }

  void remove_again(const std::set<size_t>& dangling, const char* why) {
    if (dangling.empty()) return;
    in_batches([&](size_t ordinal, const OutsideRecord&,
                   const RecordedTable&) { return dangling.contains(ordinal); },
               [&](RecordedTable& table, const Batch& batch) {
                 TableEdits edits(table.table().oid, table.name(), WriteAs::kOwner);
                 std::multiset<std::string> wanted;
                 for (const Waiting& waiting : batch) {
                   wanted.insert(table.identity(table.parse(waiting.row)));
                   leave_alone(waiting.ordinal, why);
                 }
                 table.find({wanted.begin(), wanted.end()},
                            [&](const std::string& identity, const RowVersion& version,
                                const std::vector<RowValue>&) {
                              const auto found = wanted.find(identity);
                              if (found == wanted.end()) return;
                              wanted.erase(found);
                              edits.remove(version);
                            });
                 edits.finish();
               });
  }

  // The other way round: a row may have been set more than once.
  void set_all_back() {
    LineSorter sorter;
    each_record([&](size_t ordinal, const OutsideRecord& record, RecordedTable& table) {
      if (!is_wanted(ordinal, record, table, true)) return;
      char prefix[32];
      std::snprintf(prefix, sizeof prefix, "%020llu",
                    static_cast<unsigned long long>(SIZE_MAX / 2 - ordinal));
      std::string line = prefix;
      append_record(record, line);
      sorter.put(line);
    });
    sorter.sort();
    OutsideRecordReader reader;
    Batch batch;
    std::string set;
    RecordedTable* table = nullptr;
    size_t size = 0;
    const auto flush = [&] {
      if (!batch.empty()) set_back(*table, set, batch);
      batch.clear();
      size = 0;
    };
    std::string_view line;
    while (sorter.next(line)) {
      const size_t ordinal = SIZE_MAX / 2 - std::stoull(std::string(line.substr(0, 20)));
      const OutsideRecord record = reader.read(line.substr(20));
      RecordedTable& of = table_of(record);
      if (&of != table || set != *record.set || batch.size() >= kBatchRecords ||
          size >= kBatchSize) {
        flush();
      }
      table = &of;
      set = *record.set;
      size += record.row.size();
      batch.push_back({ordinal, std::string(record.row), std::string(record.now)});
    }
    flush();
  }

  void set_back(RecordedTable& table, const std::string& set, const Batch& batch) {
    std::vector<size_t> positions;
    const std::vector<std::string> names = parse_text_array(set);
    for (const std::string& name : names) {
      for (size_t i = 0; i < table.columns().size(); ++i) {
        if (table.columns()[i]->name == name) positions.push_back(i);
      }
    }
    if (positions.size() != names.size()) {
      for (const Waiting& waiting : batch) leave_alone(waiting.ordinal, "there is no column of its name any more");
      return;
    }
    const std::vector<const ForeignKey*> keys = keys_with(table, positions);
    Batch rest;
    const std::set<size_t> dangling = find_dangling(table, keys, batch);
    for (const Waiting& waiting : batch) {
      if (dangling.contains(waiting.ordinal)) {
        leave_alone(waiting.ordinal, "what it referred to is gone");
      } else {
        rest.push_back(waiting);
      }
    }
    std::map<size_t, std::string> others;
    try_batch(rest, [&](const Batch& rows) { update(table, positions, keys, rows, others); });
    for (const auto& [ordinal, why] : others) leave_alone(ordinal, why);
  }

  // Foreign keys with one of these columns.
  std::vector<const ForeignKey*> keys_with(const RecordedTable& table,
                                           const std::vector<size_t>& positions) {
    std::vector<const ForeignKey*> keys;
    for (const ForeignKey* key : keys_of_[table.index()]) {
      const bool concerned = std::any_of(positions.begin(), positions.end(), [&](size_t position) {
        return std::find(key->columns.begin(), key->columns.end(),
                         table.columns()[position]->number) != key->columns.end();
      });
      if (concerned) keys.push_back(key);
    }
    return keys;
  }

  std::set<size_t> find_dangling(RecordedTable& table, const std::vector<const ForeignKey*>& keys,
                                 const Batch& batch) const {
    std::set<size_t> dangling;
    FreshSnapshot fresh;
    for (const ForeignKey* key : keys) {
      KeyBatch references = references_of(live_.schema, *key);
      std::vector<size_t> ordinals;
      for (const Waiting& waiting : batch) {
        const auto reference = key_line_of(key->columns, table.columns(), table.parse(waiting.row));
        if (!reference) continue;
        references.add(*reference);
        ordinals.push_back(waiting.ordinal);
      }
      for (size_t n : missing_references(live_.schema, *key, references))
        dangling.insert(ordinals[n]);
    }
    fresh.close();
    return dangling;
  }

  // `others`: gets the rows that are not as the restore left them.
  static void update(RecordedTable& table, const std::vector<size_t>& positions,
                     const std::vector<const ForeignKey*>& keys, const Batch& batch,
                     std::map<size_t, std::string>& others) {
    std::vector<RowColumn> set_columns;
    for (size_t position : positions) {
      const Column& column = *table.columns()[position];
      set_columns.push_back({column.name, column.type_oid == JSONBOID});
    }
    RowLine now(set_columns);
    const auto as_left = [&](const Waiting& waiting) {
      std::vector<RowValue> values = table.parse(waiting.row);
      now.parse(waiting.now);
      for (size_t i = 0; i < positions.size(); ++i) values[positions[i]] = now[i];
      return values;
    };
    std::set<size_t> watched(positions.begin(), positions.end());
    for (const ForeignKey* key : keys) {
      for (size_t i = 0; i < table.columns().size(); ++i) {
        const auto& numbers = key->columns;
        if (std::find(numbers.begin(), numbers.end(), table.columns()[i]->number) != numbers.end())
          watched.insert(i);
      }
    }
    std::multimap<std::string, const Waiting*> wanted;
    std::vector<std::string> identities;
    for (const Waiting& waiting : batch) {
      others[waiting.ordinal] = "somebody has removed it";
      identities.push_back(table.identity(as_left(waiting)));
      wanted.emplace(identities.back(), &waiting);
    }
    TableEdits edits(table.table().oid, table.name(), WriteAs::kOwner);
    table.find(identities, [&](const std::string& identity, const RowVersion& version,
                               const std::vector<RowValue>& current) {
      const auto found = wanted.find(identity);
      if (found == wanted.end()) return;
      const Waiting& waiting = *found->second;
      wanted.erase(found);
      const std::vector<RowValue> expected = as_left(waiting);
      const bool same = std::all_of(watched.begin(), watched.end(), [&](size_t position) {
        return has_value(expected[position], current[position]);
      });
      others[waiting.ordinal] = "somebody has changed it";
      if (!same) return;
      others.erase(waiting.ordinal);
      const std::vector<LoadValue>& values = table.read(table.parse(waiting.row));
      std::vector<NewValue> old;
      for (size_t position : positions) {
        old.push_back({table.columns()[position]->number, values[position]});
      }
      edits.update(version, old);
    });
    edits.finish();
  }

  void note_left_alone() {
    if (left_alone_.empty()) return;
    int64_t seq = std::stoll(one_value(own_query(
        "SELECT coalesce(max(seq), 0) FROM company_backup.restore_problem WHERE restore = $1",
        {restore_})));
    each_record([&](size_t ordinal, const OutsideRecord& record, RecordedTable& table) {
      const auto found = left_alone_.find(ordinal);
      if (found == left_alone_.end()) return;
      const std::string key = table.row_key(table.parse(record.row));
      const std::optional<int64_t> known =
          table.exists() ? std::optional(remember_table(table.table().oid)) : std::nullopt;
      own_query(
          "INSERT INTO company_backup.restore_problem VALUES ($1, $2, $3, $4, $5, $6, NULL, $7)",
          {restore_, ++seq, table.name(), key, sqlstate::kOutsideRow,
           (record.set ? "changed by the restore, and left so by the revert: "
                       : "deleted by the restore, and left so by the revert: ") +
               found->second,
           Arg::optional_number(known)},
          Access::kWrite);
    });
  }

  const LiveScope& live_;
  int64_t restore_;
  const MatchedArchive& load_;
  std::unique_ptr<MemberSource> members_;
  std::map<TableIndex, std::vector<const ForeignKey*>> keys_of_;
  std::map<std::string, std::unique_ptr<RecordedTable>> tables_;
  std::map<size_t, std::string> left_alone_;  // by ordinal: why
};

}  // namespace

uint64_t bring_back_outside_rows(const LiveScope& live, int64_t restore,
                                 const MatchedArchive& load) {
  return Return(live, restore, load).run();
}

}  // namespace company_backup
