#include "pg/base/piece_pipeline.hpp"

#include <pthread.h>
#include <signal.h>

#include <memory>

#include "core/text/member.hpp"

namespace company_backup {

PiecePipeline::PiecePipeline(Work work) : work_(std::move(work)) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

PiecePipeline::~PiecePipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  job_added_.notify_one();
  thread_.join();
}

void PiecePipeline::push(std::string_view in, const Sink& sink) {
  deliver(kDepth - 1, sink);
  push(std::string(in));
}

void PiecePipeline::push(std::string in) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(in), {}, false});
  }
  job_added_.notify_one();
}

void PiecePipeline::pass(std::string_view out, const Sink& sink) {
  deliver(kDepth - 1, sink);
  const std::lock_guard lock(mutex_);
  jobs_.push_back({{}, std::string(out), true});
}

bool PiecePipeline::take(std::string& out, std::string& in) {
  std::unique_lock lock(mutex_);
  if (jobs_.empty()) return false;
  job_done_.wait(lock, [this] { return jobs_.front().done || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  out = std::move(jobs_.front().out);
  in = std::move(jobs_.front().in);
  jobs_.pop_front();
  if (next_ > 0) --next_;
  return true;
}

void PiecePipeline::drain(const Sink& sink) {
  deliver(0, sink);
}

void PiecePipeline::deliver(size_t keep, const Sink& sink) {
  for (std::string out, in;;) {
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.size() <= keep && !failure_ && (jobs_.empty() || !jobs_.front().done)) return;
    }
    if (!take(out, in)) return;
    sink(out);
  }
}

void PiecePipeline::run() noexcept {
  try {
    std::unique_lock lock(mutex_);
    for (;;) {
      job_added_.wait(lock, [this] { return stopping_ || next_ < jobs_.size(); });
      if (stopping_) return;
      Job& job = jobs_[next_++];
      if (job.done) continue;
      lock.unlock();
      work_(job.in, job.out);
      lock.lock();
      job.done = true;
      job_done_.notify_one();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    job_done_.notify_one();
  }
}

PiecePipeline::Work compress_pieces() {
  auto compressor = std::make_shared<MemberCompressor>();
  return [compressor](std::string_view piece, std::string& member) {
    compressor->compress(piece, member);
  };
}

}  // namespace company_backup
