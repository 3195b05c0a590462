// SPDX-License-Identifier: MIT
//
// Note [Orders]
// A barrier that is missing shows in some orders and not in others. When threads run one after the
// other up to their next wait, scratch memory that is overwritten too early shows only where one
// thread is far ahead of the others; memory that is read too early, only where the reader comes
// first. Random priorities do the first: the thread (or warp) of the highest priority runs until it
// waits, at every time; now and then it falls behind all others (Burckhardt et al., "A randomized
// scheduler with probabilistic guarantees of finding bugs"). Uniformly random choices do the
// second. Order::mixed draws for each block: an eighth forward, an eighth reverse, an eighth
// random, the rest priorities.
#include "schedule.h"

#include <bit>
#include <numeric>
#include <utility>

namespace cudasim {
namespace {

constexpr uint32_t kDemotionPeriod = 64;

Order draw(Random& random) {
  switch (random.below(8)) {
    case 0:
      return Order::forward;
    case 1:
      return Order::reverse;
    case 2:
      return Order::random;
    default:
      return Order::priority;
  }
}

}  // namespace

void Schedule::begin(Order order, int threads, uint64_t seed) {
  random_ = Random(seed);
  order_ = order == Order::mixed ? draw(random_) : order;
  threads_ = next_rank_ = threads;
  for (int i = 0; i < threads; ++i) {
    thread_[size_t(i)] = int16_t(order_ == Order::reverse ? threads - 1 - i : i);
  }
  if (order_ == Order::priority) rank_by_priority(random_.below(2) == 0);
  for (int i = 0; i < threads; ++i) rank_[size_t(thread_[size_t(i)])] = int16_t(i);
  until_demotion_ = 1 + random_.below(2 * kDemotionPeriod);
  words_.fill(0);
  summary_ = 0;
  for (int i = 0; i < threads; i += 64) {
    words_[size_t(i / 64)] = ~uint64_t{0} >> (threads - i >= 64 ? 0 : 64 - (threads - i));
    summary_ |= uint64_t{1} << (i / 64);
  }
}

void Schedule::rank_by_priority(bool whole_warps) {
  const int unit = whole_warps ? 32 : 1, units = (threads_ + unit - 1) / unit;
  std::array<int16_t, kMaxThreads> permutation;
  std::iota(permutation.begin(), permutation.begin() + units, int16_t{0});
  for (int i = units - 1; i > 0; --i) {
    std::swap(permutation[size_t(i)], permutation[random_.below(uint32_t(i) + 1)]);
  }
  int rank = 0;
  for (int i = 0; i < units; ++i) {
    const int begin = permutation[size_t(i)] * unit;
    for (int t = begin; t < begin + unit && t < threads_; ++t) thread_[size_t(rank++)] = int16_t(t);
  }
}

// The first thread that can run, at `rank` or behind it.
int Schedule::first_from(int rank) const {
  const uint64_t word = words_[size_t(rank / 64)] >> (rank % 64);
  if (word != 0) return rank + std::countr_zero(word);
  const uint64_t later = summary_ >> (rank / 64 + 1);
  if (later == 0) return -1;
  const int index = rank / 64 + 1 + std::countr_zero(later);
  return index * 64 + std::countr_zero(words_[size_t(index)]);
}

int Schedule::take() {
  if (summary_ == 0) return -1;
  int rank = first_from(0);
  if (order_ == Order::random) {
    const int from = first_from(int(random_.below(uint32_t(threads_))));
    if (from >= 0) rank = from;
  } else if (order_ == Order::priority && --until_demotion_ == 0 && next_rank_ < kRanks) {
    until_demotion_ = 1 + random_.below(2 * kDemotionPeriod);
    const int16_t demoted = thread_[size_t(rank)];
    clear(rank);
    rank = next_rank_++;
    thread_[size_t(rank)] = demoted;
    rank_[size_t(demoted)] = int16_t(rank);
    set(rank);
    rank = first_from(0);
  }
  clear(rank);
  return thread_[size_t(rank)];
}

}  // namespace cudasim
