// SPDX-License-Identifier: MIT
// Which of a block's threads runs next.
#pragma once

#include <array>
#include <cstdint>

#include "cudasim.h"
#include "random.h"

namespace cudasim {

inline constexpr int kMaxThreads = 1024;

/// The threads that can run, as bits in the order in which they are to run. Nothing is allocated
/// and every step is a few instructions: a thread that never waits costs nanoseconds.
class Schedule {
 public:
  /// All of `threads` can run; Order::mixed draws an order.
  void begin(Order order, int threads, uint64_t seed);
  /// Takes a thread, or gives -1 where none can run.
  int take();
  void add(int thread) { set(rank_[size_t(thread)]); }

 private:
  // Twice the threads: one that is demoted gets a rank of its own behind all others.
  static constexpr int kRanks = 2 * kMaxThreads;

  void set(int rank) {
    words_[size_t(rank / 64)] |= uint64_t{1} << (rank % 64);
    summary_ |= uint64_t{1} << (rank / 64);
  }
  void clear(int rank) {
    uint64_t& word = words_[size_t(rank / 64)];
    word &= ~(uint64_t{1} << (rank % 64));
    if (word == 0) summary_ &= ~(uint64_t{1} << (rank / 64));
  }
  int first_from(int rank) const;
  void rank_by_priority(bool whole_warps);

  Order order_ = Order::forward;
  int threads_ = 0, next_rank_ = 0;
  Random random_{0};
  uint32_t until_demotion_ = 0;
  uint64_t summary_ = 0;
  std::array<uint64_t, kRanks / 64> words_{};
  std::array<int16_t, kMaxThreads> rank_{};
  std::array<int16_t, kRanks> thread_{};
};

}  // namespace cudasim
