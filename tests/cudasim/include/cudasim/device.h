// SPDX-License-Identifier: MIT
// What device code sees: where it runs, barriers, exchanges within a warp.
#pragma once

#include <math.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cudasim/atomics.h"
#include "cudasim/intrinsics.h"
#include "cudasim/vector_types.h"

// Of the thread that runs; written when the simulator switches to another.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

namespace cudasim {

enum class Barrier { plain, count, conjunction, disjunction };
enum class Shuffle { index, up, down, exclusive_or };
enum class Vote { ballot, all, any };
enum class Reduce { add, min, max, conjunction, disjunction, exclusive_or };

int sync_threads(Barrier barrier, int predicate);
void sync_warp(unsigned mask);
uint64_t shuffle_bits(Shuffle kind, unsigned mask, uint64_t bits, int argument, int width);
unsigned vote(Vote kind, unsigned mask, int predicate);
int64_t reduce(Reduce kind, unsigned mask, int64_t value);
unsigned match(unsigned mask, uint64_t bits, int* all);
unsigned active_lanes();
[[noreturn]] void trap();
long long clock_ticks();

/// A shuffle of any small type.
template <class T>
T shuffle(Shuffle kind, unsigned mask, T value, int argument, int width) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = shuffle_bits(kind, mask, bits, argument, width);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace cudasim

inline void __syncthreads() { cudasim::sync_threads(cudasim::Barrier::plain, 0); }
inline int __syncthreads_count(int predicate) {
  return cudasim::sync_threads(cudasim::Barrier::count, predicate);
}
inline int __syncthreads_and(int predicate) {
  return cudasim::sync_threads(cudasim::Barrier::conjunction, predicate);
}
inline int __syncthreads_or(int predicate) {
  return cudasim::sync_threads(cudasim::Barrier::disjunction, predicate);
}
inline void __syncwarp(unsigned mask = 0xffffffffu) { cudasim::sync_warp(mask); }

// Threads run one at a time and the host's memory is coherent: nothing to do.
inline void __threadfence_block() {}
inline void __threadfence() {}
inline void __threadfence_system() {}

#define CUDASIM_SHUFFLES(T)                                                             \
  inline T __shfl_sync(unsigned mask, T value, int lane, int width = warpSize) {        \
    return cudasim::shuffle(cudasim::Shuffle::index, mask, value, lane, width);         \
  }                                                                                     \
  inline T __shfl_up_sync(unsigned mask, T value, unsigned n, int width = warpSize) {   \
    return cudasim::shuffle(cudasim::Shuffle::up, mask, value, int(n), width);          \
  }                                                                                     \
  inline T __shfl_down_sync(unsigned mask, T value, unsigned n, int width = warpSize) { \
    return cudasim::shuffle(cudasim::Shuffle::down, mask, value, int(n), width);        \
  }                                                                                     \
  inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = warpSize) {   \
    return cudasim::shuffle(cudasim::Shuffle::exclusive_or, mask, value, lanes, width); \
  }
CUDASIM_SHUFFLES(int)
CUDASIM_SHUFFLES(unsigned)
CUDASIM_SHUFFLES(long)
CUDASIM_SHUFFLES(unsigned long)
CUDASIM_SHUFFLES(long long)
CUDASIM_SHUFFLES(unsigned long long)
CUDASIM_SHUFFLES(float)
CUDASIM_SHUFFLES(double)
#undef CUDASIM_SHUFFLES

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return cudasim::vote(cudasim::Vote::ballot, mask, predicate);
}
inline int __all_sync(unsigned mask, int predicate) {
  return int(cudasim::vote(cudasim::Vote::all, mask, predicate));
}
inline int __any_sync(unsigned mask, int predicate) {
  return int(cudasim::vote(cudasim::Vote::any, mask, predicate));
}

#define CUDASIM_REDUCTION(T, name, kind)                           \
  inline T __reduce_##name##_sync(unsigned mask, T value) {        \
    return T(cudasim::reduce(cudasim::Reduce::kind, mask, value)); \
  }
CUDASIM_REDUCTION(unsigned, add, add)
CUDASIM_REDUCTION(unsigned, min, min)
CUDASIM_REDUCTION(unsigned, max, max)
CUDASIM_REDUCTION(int, add, add)
CUDASIM_REDUCTION(int, min, min)
CUDASIM_REDUCTION(int, max, max)
CUDASIM_REDUCTION(unsigned, and, conjunction)
CUDASIM_REDUCTION(unsigned, or, disjunction)
CUDASIM_REDUCTION(unsigned, xor, exclusive_or)
#undef CUDASIM_REDUCTION

/// The lanes of `mask` that hold the same value.
template <class T>
unsigned __match_any_sync(unsigned mask, T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return cudasim::match(mask, bits, nullptr);
}
/// `mask` where all its lanes hold the same value, else 0; *all says which.
template <class T>
unsigned __match_all_sync(unsigned mask, T value, int* all) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return cudasim::match(mask, bits, all);
}

inline void __trap() { cudasim::trap(); }
inline long long clock64() { return cudasim::clock_ticks(); }
inline void __nanosleep(unsigned) {}
