// SPDX-License-Identifier: MIT
// Threads taking turns, where one call of backward may go on from thread to thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/autograd/thread_state.h"

namespace adjoint {

// Note [Turns in a Function's backward]
// Two threads that run one retained graph run its nodes at the same time. The library's own nodes
// only read what they saved; a Function's backward is the user's code and may write to its context,
// so they take turns in it. Who has the turn may need it again: backward may run the graph that it
// is part of. Such a nested call may be continued on another thread (Note [Deep nesting]), so the
// owner is the chain of calls, not the thread; a std::mutex would not do.
class TurnLock {
 public:
  void lock() noexcept {
    const void* self = chain_of_calls();
    if (owner_.load(std::memory_order_relaxed) != self) {
      const void* none = nullptr;
      while (!owner_.compare_exchange_weak(none, self, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
        if (none) owner_.wait(none, std::memory_order_relaxed);
        none = nullptr;
      }
    }
    ++depth_;
  }
  void unlock() noexcept {
    if (--depth_ != 0) return;
    owner_.store(nullptr, std::memory_order_release);
    owner_.notify_one();
  }

  class Guard {
   public:
    explicit Guard(TurnLock& lock) noexcept : lock_(lock) { lock_.lock(); }
    ~Guard() { lock_.unlock(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    TurnLock& lock_;
  };

 private:
  std::atomic<const void*> owner_{nullptr};
  uint32_t depth_ = 0;  // the owner's
};

}  // namespace adjoint
