// SPDX-License-Identifier: MIT
#include "cpu/reduce_driver.h"

#include <algorithm>
#include <cstddef>

#include "cpu/parallel.h"

namespace adjoint::cpu {
namespace {

constexpr int64_t kGrain = 32768;           // elements, about 2 us of work
constexpr int64_t kOutputBlock = 2048;      // outputs whose accumulators lie on the stack
constexpr int64_t kMaxAccumulators = 2048;  // of all parts

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Into how many parts each output's elements are divided: by the shape alone.
int64_t count_parts(const ReduceLoops& loops) {
  int64_t enough_outputs = loops.rows ? 64 : 1024;
  if (loops.outputs >= enough_outputs || loops.reduced < 2) return 1;
  int64_t parts = loops.outputs * loops.reduced / kGrain;
  return std::clamp(parts, int64_t(1), std::min(kMaxAccumulators / loops.outputs, loops.reduced));
}

/// Calls f(first, last) for ranges of outputs, from several threads.
template <class F>
void for_output_ranges(const ReduceLoops& loops, const F& f) {
  int64_t grain = std::max(int64_t(1), kGrain / std::max(loops.reduced, int64_t(1)));
  if (!loops.rows) grain = ceil_div(grain, 64) * 64;
  if (loops.outputs < 2 * grain) {
    if (loops.outputs > 0) f(int64_t(0), loops.outputs);
  } else {
    parallel_for(0, loops.outputs, grain, f);
  }
}

}  // namespace

void reduce(const TensorIterator& iter, const ReduceFunctions& f) {
  ReduceLoops loops(iter);
  const char* in = static_cast<const char*>(iter.data(1));
  char* out = static_cast<char*>(iter.data(0));
  int64_t parts = count_parts(loops);
  if (parts == 1) {
    for_output_ranges(loops, [&](int64_t first, int64_t last) {
      alignas(64) std::byte accumulators[kOutputBlock * 8];
      for (int64_t o = first; o < last; o += kOutputBlock) {
        int64_t end = std::min(o + kOutputBlock, last);
        f.accumulate(f.context, loops, in, o, end, 0, loops.reduced, accumulators);
        f.finish(f.context, loops, accumulators, o, end, out);
      }
    });
    return;
  }

  alignas(64) std::byte accumulators[kMaxAccumulators * 8];
  auto of_part = [&](int64_t part) {
    return accumulators + part * loops.outputs * f.accumulator_bytes;
  };
  auto begin_of = [&](int64_t part) {
    return loops.reduced / parts * part + std::min(part, loops.reduced % parts);
  };
  parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; ++part) {
      f.accumulate(f.context, loops, in, 0, loops.outputs, begin_of(part), begin_of(part + 1),
                   of_part(part));
    }
  });
  for (int64_t distance = 1; distance < parts; distance *= 2) {
    for (int64_t part = 0; part + distance < parts; part += 2 * distance) {
      f.combine(f.context, of_part(part), of_part(part + distance), loops.outputs);
    }
  }
  f.finish(f.context, loops, accumulators, 0, loops.outputs, out);
}

void for_each_output(const TensorIterator& iter, OutputsFunction* run, const void* context) {
  ReduceLoops loops(iter);
  const char* in = static_cast<const char*>(iter.data(1));
  char* out = static_cast<char*>(iter.data(0));
  for_output_ranges(
      loops, [&](int64_t first, int64_t last) { run(context, loops, in, first, last, out); });
}

}  // namespace adjoint::cpu
