// Works on pieces (compresses or inflates them) on a thread of its own while the backend goes on.
// The thread blocks all signals, touches nothing of PostgreSQL, and is joined by the destructor.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace company_backup {

class PiecePipeline {
 public:
  // Replaces `out` by what is made of `in`; runs on the thread. What it throws, the next call of
  // push(), drain() or take() throws.
  using Work = std::function<void(std::string_view in, std::string& out)>;
  // Gets the results in the order of their pieces, on the caller's thread.
  using Sink = std::function<void(std::string_view out)>;

  explicit PiecePipeline(Work work);
  ~PiecePipeline();
  PiecePipeline(const PiecePipeline&) = delete;
  PiecePipeline& operator=(const PiecePipeline&) = delete;

  // Queues a piece; gives what is ready to `sink`. Waits when kDepth pieces are under way.
  void push(std::string_view in, const Sink& sink);
  // The same for a piece of which is known what is made.
  void pass(std::string_view out, const Sink& sink);
  // Gives everything that is left to `sink`.
  void drain(const Sink& sink);

  // The same for who pulls: queues a piece while has_room(), takes results one by one.
  bool has_room() const { return jobs_.size() < kDepth; }
  void push(std::string in);
  // The next result, waited for, and its piece; false if nothing is under way.
  bool take(std::string& out, std::string& in);

 private:
  static constexpr size_t kDepth = 4;

  struct Job {
    std::string in;
    std::string out;
    bool done = false;
  };

  void run() noexcept;
  // Hands over finished jobs from the front while more than `keep` are under way, or any is ready.
  void deliver(size_t keep, const Sink& sink);

  Work work_;
  std::mutex mutex_;
  std::condition_variable job_added_, job_done_;
  std::deque<Job> jobs_;  // references stay valid: only the ends change
  size_t next_ = 0;       // index in jobs_ of the first that the thread has not come to
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

// The work of a backup: members of pieces.
PiecePipeline::Work compress_pieces();

}  // namespace company_backup
