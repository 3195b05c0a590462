// SPDX-License-Identifier: MIT
// What ThreadSanitizer is told of the threads of a kernel.
//
// Note [Threads for ThreadSanitizer]
// To it each CUDA thread is a thread of its own (a fiber, in its words), and only barriers and
// __syncwarp order one after another: it sees every race of a kernel, whatever the order in which
// the threads ran. A stack belongs to one such thread for good, since two that used it by turns
// would race for it: in this build no thread starts on another's fiber. The threads of neighbouring
// blocks are different ones, or blocks would be ordered. The launch comes after what the calling
// host thread did before, and before what it does next; races between streams are for the race
// checker (hb.h).
#pragma once

#include "schedule.h"

#if defined(CUDASIM_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace cudasim {

#if defined(CUDASIM_TSAN)
inline constexpr bool kThreadSanitizer = true;

class ThreadSanitizer {
 public:
  void begin_grid(int threads);
  void begin_block();
  void end_grid();
  /// The running thread from here on; `starts`: it has not run in this block before.
  void enter(int thread, bool starts);
  void leave_thread() { __tsan_release(&end_); }
  /// Back to the thread that launched.
  void leave_block() { __tsan_switch_to_fiber(caller_, kNoSync); }
  /// At a barrier: of the block (0), or of warp w (w + 1). Who departs comes after all who arrived.
  void arrive(size_t barrier, unsigned generation) { __tsan_release(place(barrier, generation)); }
  void depart(size_t barrier, unsigned generation) { __tsan_acquire(place(barrier, generation)); }
  int parity() const { return parity_; }

 private:
  static constexpr unsigned kNoSync = __tsan_switch_to_fiber_no_sync;
  static constexpr size_t kBarriers = 1 + kMaxThreads / 32, kBlocks = 1024;
  static constexpr unsigned kGenerations = 8;  // parts of a warp that wait at one time

  char* place(size_t barrier, unsigned generation) {
    return &places_[block_ % kBlocks][barrier][generation % kGenerations];
  }

  void* root_ = nullptr;
  void* caller_ = nullptr;
  void* threads_[2][kMaxThreads] = {};
  int created_ = 0, parity_ = 0;
  size_t block_ = 0;
  char start_ = 0, end_ = 0;
  // A block orders by its own, not by an earlier one's.
  char places_[kBlocks][kBarriers][kGenerations] = {};
};
#else
inline constexpr bool kThreadSanitizer = false;

class ThreadSanitizer {
 public:
  void begin_grid(int) {}
  void begin_block() {}
  void end_grid() {}
  void enter(int, bool) {}
  void leave_thread() {}
  void leave_block() {}
  void arrive(size_t, unsigned) {}
  void depart(size_t, unsigned) {}
  int parity() const { return 0; }
};
#endif

}  // namespace cudasim
