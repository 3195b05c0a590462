// SPDX-License-Identifier: MIT
#include "cpu/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "adjoint/error.h"
#include "adjoint/ops.h"
#include "core/util/denormals.h"

namespace adjoint {
namespace cpu {
namespace {

constinit thread_local bool inside_parallel_region = false;

struct Job {
  RangeFunction function;
  void* context;
  int64_t begin, end, grain;
  int parts;
  FloatingPointMode mode;  // the caller's, also for the workers
  std::atomic<int> next_part{0};
  std::mutex error_mutex;
  std::exception_ptr error;

  // Parts are runs of whole grains, as equal as can be.
  void run_part(int part) {
    int64_t grains = (end - begin + grain - 1) / grain;
    int64_t from = begin + grains * part / parts * grain;
    int64_t to = std::min(end, begin + grains * (part + 1) / parts * grain);
    try {
      if (from < to) function(context, from, to);
    } catch (...) {
      std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  }
  /// Runs parts until none is left to start.
  void help() {
    inside_parallel_region = true;
    for (int part; (part = next_part.fetch_add(1, std::memory_order_relaxed)) < parts;) {
      run_part(part);
    }
    inside_parallel_region = false;
  }
};

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// One job at a time; a caller that finds the pool busy works alone. Workers look for work for a
// short while after each job and then sleep.
class Pool {
 public:
  explicit Pool(int workers) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Pool() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
  }

  void run(Job& job) {
    {
      std::lock_guard lock(mutex_);
      job_ = &job;
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load(std::memory_order_acquire) != 0) wake_.notify_all();
    job.help();
    {
      std::lock_guard lock(mutex_);
      job_ = nullptr;  // who has not come yet need not come any more
    }
    // The workers that did come must have let go of the job, which lives on the caller's stack.
    while (active_.load(std::memory_order_acquire) != 0) relax();
  }

 private:
  void work() {
    uint64_t seen = 0;
    while (true) {
      for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen;
           ++spin)
        relax();
      Job* job;
      {
        std::unique_lock lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_acq_rel);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
        sleeping_.fetch_sub(1, std::memory_order_acq_rel);
        if (stop_) return;
        seen = generation_.load(std::memory_order_relaxed);
        job = job_;
        if (!job) continue;
        active_.fetch_add(1, std::memory_order_relaxed);
      }
      set_floating_point_mode(job->mode);
      job->help();
      active_.fetch_sub(1, std::memory_order_acq_rel);
    }
  }

  static constexpr int kSpins = 2000;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleeping_{0};
  std::atomic<int> active_{0};
  Job* job_ = nullptr;
  bool stop_ = false;
};

constinit std::atomic<int> num_threads{0};

int default_num_threads() {
  static const int n = std::max(1, int(std::thread::hardware_concurrency()));
  return n;
}

// The pool of the present number of threads. Held until the job is done: set_num_threads waits.
std::mutex pool_mutex;
Pool* pool = nullptr;

}  // namespace

void parallel_for(int64_t begin, int64_t end, int64_t grain, RangeFunction f, void* context) {
  if (begin >= end) return;
  grain = std::max<int64_t>(grain, 1);
  int64_t grains = (end - begin + grain - 1) / grain;
  int parts = int(std::min<int64_t>(get_num_threads(), grains));
  std::unique_lock lock(pool_mutex, std::defer_lock);
  if (parts < 2 || inside_parallel_region || !lock.try_lock()) {
    f(context, begin, end);
    return;
  }
  if (!pool) pool = new Pool(get_num_threads() - 1);
  Job job{f, context, begin, end, grain, parts, floating_point_mode(), {}, {}, {}};
  pool->run(job);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace cpu

void set_num_threads(int n) {
  ADJOINT_CHECK_VALUE(n >= 1, "set_num_threads: expected a positive number of threads, got ", n);
  std::lock_guard lock(cpu::pool_mutex);
  cpu::num_threads.store(n, std::memory_order_relaxed);
  delete cpu::pool;
  cpu::pool = nullptr;
}

int get_num_threads() {
  int n = cpu::num_threads.load(std::memory_order_relaxed);
  return n != 0 ? n : cpu::default_num_threads();
}

}  // namespace adjoint
