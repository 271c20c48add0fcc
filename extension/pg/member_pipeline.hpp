// Compresses pieces on a thread of its own while the backend reads the next rows. The thread blocks
// all signals, touches nothing of PostgreSQL, and is joined by the destructor.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/member.hpp"

namespace company_backup {

class MemberPipeline {
 public:
  // Gets the members in the order of their pieces, on the caller's thread.
  using Sink = std::function<void(std::string_view member)>;

  MemberPipeline();
  ~MemberPipeline();
  MemberPipeline(const MemberPipeline&) = delete;
  MemberPipeline& operator=(const MemberPipeline&) = delete;

  // Queues a piece; gives what is ready to `sink`. Waits when kDepth pieces are under way.
  void push(std::string_view raw, const Sink& sink);
  // Gives everything that is left to `sink`.
  void drain(const Sink& sink);

 private:
  static constexpr size_t kDepth = 4;

  struct Job {
    std::string raw;
    std::string member;
    bool done = false;
  };

  void work() noexcept;
  // Hands over finished jobs from the front while more than `keep` are under way, or any is ready.
  void deliver(size_t keep, const Sink& sink);

  std::mutex mutex_;
  std::condition_variable job_added_, job_done_;
  std::deque<Job> jobs_;  // references stay valid: only the ends change
  size_t next_ = 0;       // index in jobs_ of the first not begun
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace company_backup
