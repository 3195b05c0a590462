// SPDX-License-Identifier: MIT
#include "tsan.h"

#if defined(CUDASIM_TSAN)
namespace cudasim {

void ThreadSanitizer::begin_grid(int threads) {
  caller_ = __tsan_get_current_fiber();
  if (created_ < threads) {
    // A thread comes after what its creator did: the creator is one that has done nothing since the
    // first launch.
    if (root_ == nullptr) root_ = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(root_, kNoSync);
    for (; created_ < threads; ++created_) {
      for (auto& pool : threads_) pool[created_] = __tsan_create_fiber(0);
    }
    __tsan_switch_to_fiber(caller_, kNoSync);
  }
}

void ThreadSanitizer::begin_block() {
  parity_ ^= 1;
  ++block_;
  __tsan_release(&start_);
}

void ThreadSanitizer::end_grid() { __tsan_acquire(&end_); }

void ThreadSanitizer::enter(int thread, bool starts) {
  __tsan_switch_to_fiber(threads_[parity_][thread], kNoSync);
  if (starts) __tsan_acquire(&start_);
}

}  // namespace cudasim
#endif
