#include "pg/member_pipeline.hpp"

#include <pthread.h>
#include <signal.h>

namespace company_backup {

MemberPipeline::MemberPipeline() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { work(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MemberPipeline::~MemberPipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  job_added_.notify_one();
  thread_.join();
}

void MemberPipeline::push(std::string_view raw, const Sink& sink) {
  deliver(kDepth - 1, sink);
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::string(raw), {}, false});
  }
  job_added_.notify_one();
}

void MemberPipeline::drain(const Sink& sink) {
  deliver(0, sink);
}

void MemberPipeline::deliver(size_t keep, const Sink& sink) {
  for (;;) {
    std::string member;
    {
      std::unique_lock lock(mutex_);
      if (jobs_.empty()) return;
      if (jobs_.size() <= keep && !jobs_.front().done && !failure_) return;
      job_done_.wait(lock, [this] { return jobs_.front().done || failure_; });
      if (failure_) std::rethrow_exception(failure_);
      member = std::move(jobs_.front().member);
      jobs_.pop_front();
      --next_;
    }
    sink(member);
  }
}

void MemberPipeline::work() noexcept {
  try {
    MemberCompressor compressor;
    std::unique_lock lock(mutex_);
    for (;;) {
      job_added_.wait(lock, [this] { return stopping_ || next_ < jobs_.size(); });
      if (stopping_) return;
      Job& job = jobs_[next_++];
      lock.unlock();
      compressor.compress(job.raw, job.member);
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

}  // namespace company_backup
