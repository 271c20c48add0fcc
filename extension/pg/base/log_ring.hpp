// Lines of the log that wait in shared memory until a worker writes them into their table: those
// that must stay whatever becomes of the caller's transaction.
#pragma once

#include <cstdint>
#include <vector>

#include "pg/base/log_entry.hpp"

namespace company_backup {

// All of the current database.

enum class IfFull { kDrop, kRefuse };

// Puts it there and sees to it that a worker comes. False: there is no room, and nothing was done.
// kDrop: the line is counted as lost instead. Inside guarded() only.
bool put_into_ring(const LogEntry& entry, IfFull if_full);

// What waits.
std::vector<LogEntry> waiting_entries();

// How many lines found no room, and were not told of yet. Inside guarded() only.
int64_t lost_lines();

// What the worker has written and committed: entries up to this number, and how many were lost.
struct WrittenLines {
  int64_t last, lost;
};
// Inside guarded() only.
void remove_written(const WrittenLines& written);

// Has nobody pruned the table for an hour? Then a worker is called. Inside guarded() only.
void call_pruner();

// For the worker, which calls it when it begins, and when it ends. Inside guarded() only.
enum class Worker { kHere, kGone };
void note_worker(Oid database, Worker worker);

}  // namespace company_backup
