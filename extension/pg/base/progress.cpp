#include "pg/base/progress.hpp"

#include <algorithm>
#include <atomic>

#include "pg/base/boundary.hpp"
#include "pg/base/shared_memory.hpp"
#include "pg/base/short_text.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace company_backup {

namespace progress {
uint64_t rows = 0;
uint64_t bytes = 0;
}  // namespace progress

namespace {

constexpr int kActSlots = 64;
constexpr int kReadings = 100;  // of a slot that changes meanwhile, before it is left out

struct Texts {
  ShortText<16> action;
  ShortText<16> phase;
  ShortText<144> company;
  ShortText<144> table;
  bool has_company;
  uint64_t company_hash;
  int64_t job;
  TimestampTz started_at;
};

// Only the session that has it writes to it.
struct ActSlot {
  std::atomic<int> pid;  // 0: free
  Oid database;
  std::atomic<uint32_t> version;  // of `texts`; odd while they are being written
  Texts texts;
  std::atomic<uint64_t> rows_done, rows_total, bytes_done;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);  // so it works between processes

struct ActSlots {
  LWLock lock;  // to take a slot
  ActSlot slots[kActSlots];
};

ActSlot* own = nullptr;
int64_t own_job = 0;
uint64_t rows_before = 0;  // that were counted before the ones of this phase

// Inside guarded() only.
ActSlots* act_slots() {
  return shared_memory<ActSlots>("company_backup progress");
}

uint64_t hash_of(std::string_view text) {
  return hash_bytes_extended(reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), 0);
}

template <class Write>
void write_texts(ActSlot& slot, Write&& write) {
  slot.version.fetch_add(1);
  std::atomic_thread_fence(std::memory_order_release);
  write(slot.texts);
  slot.version.fetch_add(1, std::memory_order_release);
}

void leave_slot() {
  if (own == nullptr) return;
  own->pid = 0;
  own = nullptr;
}

// Inside guarded() only. nullptr: all are taken.
ActSlot* take_slot() {
  static bool leaves_at_exit = false;
  if (!leaves_at_exit) {
    before_shmem_exit([](int, Datum) { leave_slot(); }, 0);
    leaves_at_exit = true;
  }
  ActSlots* memory = act_slots();
  ActSlot* taken = nullptr;
  LWLockAcquire(&memory->lock, LW_EXCLUSIVE);
  for (ActSlot& slot : memory->slots) {
    if (slot.pid != 0) continue;
    taken = &slot;
    slot.database = MyDatabaseId;
    slot.rows_done = slot.rows_total = slot.bytes_done = 0;
    write_texts(slot, [](Texts& texts) { texts = Texts{}; });
    slot.pid = MyProcPid;
    break;
  }
  LWLockRelease(&memory->lock);
  return taken;
}

bool begin_act(std::string_view action, const Text& company, int64_t job) {
  if (job != 0) own_job = job;
  if (own != nullptr) return false;
  own = guarded([] { return take_slot(); });
  if (own == nullptr) return false;
  progress::rows = progress::bytes = rows_before = 0;
  write_texts(*own, [&](Texts& texts) {
    texts.action.set(action);
    texts.company.set(company.value_or(""));
    texts.has_company = company.has_value();
    texts.company_hash = hash_of(company.value_or(""));
    texts.job = job;
    texts.started_at = GetCurrentTimestamp();
  });
  return true;
}

// A copy that is whole; false: the slot is free, or changes all the time.
bool read_texts(ActSlot& slot, int& pid, Texts& texts) {
  for (int i = 0; i < kReadings; ++i) {
    pid = slot.pid;
    if (pid == 0 || slot.database != MyDatabaseId) return false;
    const uint32_t version = slot.version.load(std::memory_order_acquire);
    texts = slot.texts;
    std::atomic_thread_fence(std::memory_order_acquire);
    if (version % 2 == 0 && slot.version == version && slot.pid == pid) return true;
  }
  return false;
}

}  // namespace

Progress::Progress(std::string_view action, const Text& company, int64_t job)
    : job_(job), is_shown_(begin_act(action, company, job)) {}

Progress::~Progress() {
  if (is_shown_) leave_slot();
  if (job_ != 0) own_job = 0;
}

int64_t current_job() {
  return own_job;
}

void show_phase(std::string_view phase, std::string_view table) {
  if (own == nullptr) return;
  progress::publish();
  write_texts(*own, [&](Texts& texts) {
    texts.phase.set(phase);
    texts.table.set(table);
  });
}

void expect_rows(uint64_t rows) {
  rows_before = progress::rows;
  if (own == nullptr) return;
  own->rows_total = rows;
  progress::publish();
}

void progress::publish() {
  if (own == nullptr) return;
  own->rows_done.store(rows - rows_before, std::memory_order_relaxed);
  own->bytes_done.store(bytes, std::memory_order_relaxed);
}

bool ShownProgress::is_of(std::string_view key) const {
  return has_company && company_hash == hash_of(key);
}

std::vector<ShownProgress> all_progress() {
  ActSlots* const memory = guarded([] { return act_slots(); });
  std::vector<ShownProgress> all;
  for (ActSlot& slot : memory->slots) {
    int pid = 0;
    Texts texts;
    if (!read_texts(slot, pid, texts)) continue;
    all.push_back({pid, texts.job, texts.action.bytes, texts.company.bytes, texts.phase.bytes,
                   texts.table.bytes, texts.has_company, texts.company_hash, slot.rows_done,
                   slot.rows_total, slot.bytes_done, texts.started_at});
  }
  return all;
}

}  // namespace company_backup
