// SPDX-License-Identifier: MIT
// The library's own threads: none until first needed, none for small work.
#pragma once

#include <cstdint>

namespace adjoint::cpu {

/// Work on [begin, end).
using RangeFunction = void (*)(void* context, int64_t begin, int64_t end);

/// Calls `f` for disjoint ranges that cover [begin, end), on this thread and the pool's; returns
/// when all are done, and throws the first exception of any. Ranges are at least `grain` long and
/// begin at multiples of it from `begin`, so that work done in blocks of `grain` is divided alike
/// for any number of threads. Inside of a call, and below two grains, everything runs here.
void parallel_for(int64_t begin, int64_t end, int64_t grain, RangeFunction f, void* context);

template <class F>
void parallel_for(int64_t begin, int64_t end, int64_t grain, const F& f) {
  if (end - begin <= grain) {
    if (begin < end) f(begin, end);
    return;
  }
  parallel_for(
      begin, end, grain,
      [](void* context, int64_t from, int64_t to) { (*static_cast<const F*>(context))(from, to); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

/// Element-wise work is divided in pieces of about this many elements.
inline constexpr int64_t kGrainSize = 32768;

}  // namespace adjoint::cpu
