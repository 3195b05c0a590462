// SPDX-License-Identifier: MIT
#include "cuda/reduce_plan.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace adjoint::cuda {
namespace {

constexpr int64_t kVectorBytes = 16;
/// Loads of a thread that are under way at once, as in reduce.cuh.
constexpr int64_t kRowBatch = 4, kColumnBatch = 8;
/// Enough to keep the largest GPUs busy; their accumulators are few enough for one block.
constexpr int64_t kManyBlocks = 512;
constexpr int kWarp = 32;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t power_of_two_from(int64_t n) {
  return int64_t(std::bit_ceil(uint64_t(std::max<int64_t>(n, 1))));
}

/// Whether loads of whole vectors at multiples of `vector` of the innermost loop are aligned.
bool aligned(const ReduceLoops& loops, const void* in) {
  bool all = reinterpret_cast<uintptr_t>(in) % kVectorBytes == 0;
  for (int d = loops.rows ? 0 : 1; d < loops.num_kept; ++d)
    all = all && loops.kept_in[d] % kVectorBytes == 0;
  for (int d = loops.rows ? 1 : 0; d < loops.num_reduced; ++d)
    all = all && loops.reduced_in[d] % kVectorBytes == 0;
  return all;
}

/// So many parts that there are many blocks, each with enough to do.
void split(ReducePlan& plan, int64_t reduced, int64_t least, int64_t multiple) {
  int64_t splits =
      std::clamp(reduced / least, int64_t(1), std::max<int64_t>(kManyBlocks / plan.groups, 1));
  plan.part = ceil_div(ceil_div(reduced, splits), multiple) * multiple;
  plan.splits = std::max<int64_t>(ceil_div(reduced, std::max<int64_t>(plan.part, 1)), 1);
}

void plan_rows(ReducePlan& plan, const ReduceLoops& loops) {
  const int64_t loads = ceil_div(loops.reduced, plan.vector);
  plan.width =
      int(std::min<int64_t>(power_of_two_from(ceil_div(loads, kRowBatch)), kReduceThreads));
  const int64_t wanted =
      power_of_two_from(std::min<int64_t>(loops.outputs, kReduceThreads) * plan.width);
  plan.threads = std::max(int(std::clamp<int64_t>(wanted, kWarp, kReduceThreads / 2)), plan.width);
  plan.groups = ceil_div(loops.outputs, plan.threads / plan.width);
  const int64_t batch = plan.width * kRowBatch * plan.vector;
  if (plan.width == kReduceThreads) {
    split(plan, loops.reduced, batch, batch);
  } else {
    plan.part = loops.reduced;
  }
}

void plan_columns(ReducePlan& plan, const ReduceLoops& loops) {
  const int64_t loads = loops.outputs / plan.vector;
  plan.width = int(std::min<int64_t>(power_of_two_from(loads), kWarp));
  const int64_t rows = std::min<int64_t>(power_of_two_from(ceil_div(loops.reduced, kColumnBatch)),
                                         kReduceThreads / plan.width);
  plan.threads = int(std::max<int64_t>(rows * plan.width, kWarp));
  plan.groups = ceil_div(loads, plan.width);
  split(plan, loops.reduced, 2 * kColumnBatch * (plan.threads / plan.width), 1);
}

}  // namespace

ReducePlan plan_reduction(const ReduceLoops& loops, const void* in, size_t element_bytes,
                          bool may_load_vectors) {
  ReducePlan plan;
  const int64_t element = int64_t(element_bytes);
  if (may_load_vectors && aligned(loops, in)) {
    if (loops.rows) {
      // The elements behind the last whole vector are met only where they are the row's last.
      const int vector = row_vector(element_bytes);
      if (loops.reduced_in[0] == element &&
          (loops.num_reduced == 1 || loops.reduced_size[0] % vector == 0))
        plan.vector = vector;
    } else {
      // Fewer outputs would leave multiprocessors without any.
      const int vector = column_vector(element_bytes);
      if (loops.kept_in[0] == element && loops.kept_size[0] % vector == 0 &&
          loops.outputs >= kManyBlocks / 4 * kWarp * vector)
        plan.vector = vector;
    }
  }
  loops.rows ? plan_rows(plan, loops) : plan_columns(plan, loops);
  return plan;
}

}  // namespace adjoint::cuda
