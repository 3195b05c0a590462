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

/// Where a barrier or an exchange is written.
struct Place {
  const char* file = "";
  int line = 0;
};

enum class Barrier { plain, count, conjunction, disjunction };
enum class Shuffle { index, up, down, exclusive_or };
enum class Vote { ballot, all, any };
enum class Reduce { add, min, max, conjunction, disjunction, exclusive_or };

int sync_threads(Barrier barrier, int predicate, Place place);
void sync_warp(unsigned mask, Place place);
uint64_t shuffle_bits(Shuffle kind, unsigned mask, uint64_t bits, int argument, int width,
                      Place place);
unsigned vote(Vote kind, unsigned mask, int predicate, Place place);
int64_t reduce(Reduce kind, unsigned mask, int64_t value, Place place);
unsigned match(unsigned mask, uint64_t bits, int* all, Place place);
[[noreturn]] void trap();
long long clock_ticks();

/// A shuffle of any small type.
template <class T>
T shuffle(Shuffle kind, unsigned mask, T value, int argument, int width, Place place = {}) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = shuffle_bits(kind, mask, bits, argument, width, place);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace cudasim

#define CUDASIM_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(CUDASIM_PLACE) {
  cudasim::sync_threads(cudasim::Barrier::plain, 0, {file, line});
}
inline int __syncthreads_count(int predicate, CUDASIM_PLACE) {
  return cudasim::sync_threads(cudasim::Barrier::count, predicate, {file, line});
}
inline int __syncthreads_and(int predicate, CUDASIM_PLACE) {
  return cudasim::sync_threads(cudasim::Barrier::conjunction, predicate, {file, line});
}
inline int __syncthreads_or(int predicate, CUDASIM_PLACE) {
  return cudasim::sync_threads(cudasim::Barrier::disjunction, predicate, {file, line});
}
inline void __syncwarp(unsigned mask = 0xffffffffu, CUDASIM_PLACE) {
  cudasim::sync_warp(mask, {file, line});
}

// Threads run one at a time and the host's memory is coherent: nothing to do.
inline void __threadfence_block() {}
inline void __threadfence() {}
inline void __threadfence_system() {}

#define CUDASIM_SHUFFLES(T)                                                                     \
  inline T __shfl_sync(unsigned mask, T value, int lane, int width = warpSize, CUDASIM_PLACE) { \
    return cudasim::shuffle(cudasim::Shuffle::index, mask, value, lane, width, {file, line});   \
  }                                                                                             \
  inline T __shfl_up_sync(unsigned mask, T value, unsigned n, int width = warpSize,             \
                          CUDASIM_PLACE) {                                                      \
    return cudasim::shuffle(cudasim::Shuffle::up, mask, value, int(n), width, {file, line});    \
  }                                                                                             \
  inline T __shfl_down_sync(unsigned mask, T value, unsigned n, int width = warpSize,           \
                            CUDASIM_PLACE) {                                                    \
    return cudasim::shuffle(cudasim::Shuffle::down, mask, value, int(n), width, {file, line});  \
  }                                                                                             \
  inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = warpSize,             \
                           CUDASIM_PLACE) {                                                     \
    return cudasim::shuffle(cudasim::Shuffle::exclusive_or, mask, value, lanes, width,          \
                            {file, line});                                                      \
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

inline unsigned __ballot_sync(unsigned mask, int predicate, CUDASIM_PLACE) {
  return cudasim::vote(cudasim::Vote::ballot, mask, predicate, {file, line});
}
inline int __all_sync(unsigned mask, int predicate, CUDASIM_PLACE) {
  return int(cudasim::vote(cudasim::Vote::all, mask, predicate, {file, line}));
}
inline int __any_sync(unsigned mask, int predicate, CUDASIM_PLACE) {
  return int(cudasim::vote(cudasim::Vote::any, mask, predicate, {file, line}));
}

#define CUDASIM_REDUCTION(T, name, kind)                                         \
  inline T __reduce_##name##_sync(unsigned mask, T value, CUDASIM_PLACE) {       \
    return T(cudasim::reduce(cudasim::Reduce::kind, mask, value, {file, line})); \
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
unsigned __match_any_sync(unsigned mask, T value, CUDASIM_PLACE) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return cudasim::match(mask, bits, nullptr, {file, line});
}
/// `mask` where all its lanes hold the same value, else 0; *all says which.
template <class T>
unsigned __match_all_sync(unsigned mask, T value, int* all, CUDASIM_PLACE) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return cudasim::match(mask, bits, all, {file, line});
}

#undef CUDASIM_PLACE

inline void __trap() { cudasim::trap(); }
inline long long clock64() { return cudasim::clock_ticks(); }
inline void __nanosleep(unsigned) {}
