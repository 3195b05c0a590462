// SPDX-License-Identifier: MIT
// Reductions: an operation on one element and on two accumulators becomes a kernel for every
// layout.
//
// Note [Reductions on CUDA]
// One launch, in an order that is a function of the shape alone, without float atomics.
//  - Reduced elements that lie side by side (rows) are divided among neighbouring threads, from one
//    to a block of them for an output; otherwise (columns) neighbouring threads have neighbouring
//    outputs, and the block's rows of threads share the elements.
//  - A thread combines a batch of loads as a tree before that joins its one accumulator, so that
//    rounding errors of sums stay those of short chains.
//  - Where outputs are too few to keep the device busy, their elements are divided among blocks,
//    whose accumulators the last block combines (is_last_block).
//
// An operation Op has
//   using C = ...;                       the accumulator: a number, or a struct of them
//   static constexpr bool kVectors;      whether loads of 16 bytes are worth their code
//   static constexpr int kColumnBatch;   loads of a thread at once, where it goes down a column
//   static constexpr bool kIndexed;      whether C has an index, which is a result too
//   C identity() const;                  the accumulator of no elements
//   C map(S x, int64_t i) const;         element i of an output as an accumulator
//   C combine(C a, C b) const;
//   S result(C total) const;
#pragma once

#include "cuda/block_reduce.cuh"
#include "cuda/fast_divider.cuh"
#include "cuda/pack.cuh"
#include "cuda/reduce_plan.h"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {

/// Loops, innermost first, with K sets of strides, in elements.
template <int K>
struct StridedLoops {
  int count;
  FastDivider64 size[kMaxDims];
  int64_t stride[K][kMaxDims];

  StridedLoops(int n, const int64_t* sizes) : count(n) {
    for (int d = 0; d < n; ++d) size[d] = FastDivider64(uint64_t(sizes[d] > 0 ? sizes[d] : 1));
  }
  void set_strides(int k, const int64_t* bytes, size_t element) {
    for (int d = 0; d < count; ++d) stride[k][d] = bytes[d] / int64_t(element);
  }

  /// Where element number `index` is by each set of strides.
  __device__ __forceinline__ void offsets(int64_t index, int64_t (&at)[K]) const {
    for (int k = 0; k < K; ++k) at[k] = 0;
    int d = 0;
    for (; d < count - 1; ++d) {
      const uint64_t quotient = size[d].divide(uint64_t(index));
      const int64_t rest = int64_t(size[d].modulo(uint64_t(index), quotient));
      for (int k = 0; k < K; ++k) at[k] += rest * stride[k][d];
      index = int64_t(quotient);
    }
    for (int k = 0; k < K; ++k) at[k] += index * stride[k][d];
  }
};

/// What the kernels of all layouts need to know.
struct ReduceShape {
  static constexpr std::tuple<> kernel_pointers{};
  StridedLoops<2> kept;  // strides of the input and of the output
  StridedLoops<1> reduced;
  int64_t outputs, elements, part;
  unsigned splits;
  int width;

  ReduceShape(const ReduceLoops& loops, const ReducePlan& plan, size_t in_bytes, size_t out_bytes)
      : kept(loops.num_kept, loops.kept_size),
        reduced(loops.num_reduced, loops.reduced_size),
        outputs(loops.outputs),
        elements(loops.reduced),
        part(plan.part),
        splits(unsigned(plan.splits)),
        width(plan.width) {
    kept.set_strides(0, loops.kept_in, in_bytes);
    kept.set_strides(1, loops.kept_out, out_bytes);
    reduced.set_strides(0, loops.reduced_in, in_bytes);
  }
  __device__ __forceinline__ int64_t element_at(int64_t i) const {
    int64_t at[1];
    reduced.offsets(i, at);
    return at[0];
  }
};

namespace detail {

/// x[0] to x[N - 1], as a tree.
template <int N, class Op>
__device__ __forceinline__ typename Op::C combine_tree(const Op& op, typename Op::C (&x)[N]) {
  for (int distance = 1; distance < N; distance *= 2) {
    for (int i = 0; i + distance < N; i += 2 * distance) x[i] = op.combine(x[i], x[i + distance]);
  }
  return x[0];
}

template <class S, class Op>
__device__ __forceinline__ void store_result(const Op& op, S* out, int64_t* indices, int64_t at,
                                             typename Op::C total) {
  if constexpr (Op::kIndexed) {
    indices[at] = total.index;
    if (out) out[at] = op.result(total);
  } else {
    out[at] = op.result(total);
  }
}

/// Neighbouring elements from number i on, as accumulators, combined.
template <int N, class S, class Op>
__device__ __forceinline__ typename Op::C map_pack(const Op& op, const S* p, int64_t i) {
  const auto pack = Pack<S, N>::load(p);
  typename Op::C x[N];
  for (int v = 0; v < N; ++v) x[v] = op.map(pack.v[v], i + v);
  return combine_tree<N>(op, x);
}

/// In the last block: the parts of all outputs. `shared` has room for a C of each warp.
template <class S, class Op>
__device__ __forceinline__ void finish_parts(const Op& op, const ReduceShape& shape, S* out,
                                             int64_t* indices, const typename Op::C* partials,
                                             typename Op::C* shared) {
  using C = typename Op::C;
  auto combine = [&](C a, C b) { return op.combine(a, b); };
  int width = int(blockDim.x);
  while (width > 1 && (width * shape.outputs > blockDim.x || width / 2 >= int(shape.splits)))
    width /= 2;
  const int rows = int(blockDim.x) / width, row = int(threadIdx.x) / width;
  const unsigned first = threadIdx.x % unsigned(width);
  for (int64_t base = 0; base < shape.outputs; base += rows) {
    const int64_t o = base + row;
    C total = op.identity();
    if (o < shape.outputs) {
      for (unsigned s = first; s < shape.splits; s += width) {
        total = op.combine(total, partials[int64_t(s) * shape.outputs + o]);
      }
    }
    total = combine_threads(total, width, combine, shared);
    if (o < shape.outputs && first == 0) {
      int64_t at[2];
      shape.kept.offsets(o, at);
      store_result(op, out, indices, at[1], total);
    }
  }
}

template <class S, class Op, int kVector>
__global__ void __launch_bounds__(kReduceThreads)
    reduce_rows(const S* in, S* out, int64_t* indices, typename Op::C* partials, unsigned* ticket,
                const __grid_constant__ ReduceShape shape, const __grid_constant__ Op op) {
  using C = typename Op::C;
  constexpr int kBatch = 4;
  SHARED_ARRAY(C, shared, kReduceThreads / kWarp);
  const int rows = int(blockDim.x) / shape.width, lane = int(threadIdx.x) % shape.width;
  const int64_t split = blockIdx.x % shape.splits, group = blockIdx.x / shape.splits;
  const int64_t o = group * rows + int(threadIdx.x) / shape.width;
  const int64_t begin = split * shape.part,
                end = begin + shape.part < shape.elements ? begin + shape.part : shape.elements;
  const int64_t whole = end - end % kVector, step = int64_t(shape.width) * kVector;
  int64_t at[2] = {0, 0};
  C total = op.identity();
  if (o < shape.outputs) {
    shape.kept.offsets(o, at);
    const S* row = in + at[0];
    int64_t i = begin + lane * kVector;
    if (shape.reduced.count == 1) {
      const int64_t stride = shape.reduced.stride[0][0];
      for (; i < whole; i += kBatch * step) {
        C batch[kBatch];
        for (int b = 0; b < kBatch; ++b) {
          const int64_t k = i + b * step;
          batch[b] = k < whole ? map_pack<kVector>(op, row + k * stride, k) : op.identity();
        }
        total = op.combine(total, combine_tree<kBatch>(op, batch));
      }
      for (i = whole + lane; i < end; i += shape.width) {
        total = op.combine(total, op.map(row[i * stride], i));
      }
    } else {
      for (; i < whole; i += step) {
        total = op.combine(total, map_pack<kVector>(op, row + shape.element_at(i), i));
      }
    }
  }
  total = combine_threads(
      total, shape.width, [&](C a, C b) { return op.combine(a, b); }, shared);
  const bool writes = o < shape.outputs && lane == 0;
  if (shape.splits == 1) {
    if (writes) store_result(op, out, indices, at[1], total);
    return;
  }
  if (writes) partials[split * shape.outputs + o] = total;
  if (is_last_block(ticket)) finish_parts(op, shape, out, indices, partials, shared);
}

template <class S, class Op, int kVector>
__global__ void __launch_bounds__(kReduceThreads)
    reduce_columns(const S* in, S* out, int64_t* indices, typename Op::C* partials,
                   unsigned* ticket, const __grid_constant__ ReduceShape shape,
                   const __grid_constant__ Op op) {
  using C = typename Op::C;
  constexpr int kBatch = kVector > 1 ? 4 : Op::kColumnBatch;
  SHARED_ARRAY(C, shared, kReduceThreads * kVector);
  const int column = int(threadIdx.x) % shape.width, row = int(threadIdx.x) / shape.width,
            rows = int(blockDim.x) / shape.width;
  const int64_t split = blockIdx.x % shape.splits, group = blockIdx.x / shape.splits;
  const int64_t o = (group * shape.width + column) * kVector;
  const int64_t begin = split * shape.part,
                end = begin + shape.part < shape.elements ? begin + shape.part : shape.elements;
  int64_t at[2] = {0, 0};
  C total[kVector];
  for (int v = 0; v < kVector; ++v) total[v] = op.identity();
  if (o < shape.outputs) {
    shape.kept.offsets(o, at);
    const S* first = in + at[0];
    int64_t i = begin + row;
    if (shape.reduced.count == 1) {
      const int64_t stride = shape.reduced.stride[0][0];
      for (; i < end; i += kBatch * rows) {
        C batch[kVector][kBatch];
        for (int b = 0; b < kBatch; ++b) {
          const int64_t k = i + b * rows;
          const bool inside = k < end;
          Pack<S, kVector> pack;
          if (inside) pack = Pack<S, kVector>::load(first + k * stride);
          for (int v = 0; v < kVector; ++v) {
            batch[v][b] = inside ? op.map(pack.v[v], k) : op.identity();
          }
        }
        for (int v = 0; v < kVector; ++v) {
          total[v] = op.combine(total[v], combine_tree<kBatch>(op, batch[v]));
        }
      }
    } else {
      for (; i < end; i += rows) {
        const auto pack = Pack<S, kVector>::load(first + shape.element_at(i));
        for (int v = 0; v < kVector; ++v) total[v] = op.combine(total[v], op.map(pack.v[v], i));
      }
    }
  }
  for (int half = rows / 2; half > 0; half /= 2) {
    for (int v = 0; v < kVector; ++v) shared[v * kReduceThreads + threadIdx.x] = total[v];
    __syncthreads();
    if (row < half) {
      for (int v = 0; v < kVector; ++v) {
        total[v] = op.combine(total[v],
                              shared[v * kReduceThreads + int(threadIdx.x) + half * shape.width]);
      }
    }
    __syncthreads();
  }
  const bool writes = o < shape.outputs && row == 0;
  for (int v = 0; v < kVector; ++v) {
    if (!writes) break;
    if (shape.splits == 1) {
      store_result(op, out, indices, at[1] + v * shape.kept.stride[1][0], total[v]);
    } else {
      partials[split * shape.outputs + o + v] = total[v];
    }
  }
  if (shape.splits == 1) return;
  if (is_last_block(ticket)) finish_parts(op, shape, out, indices, partials, shared);
}

template <class S, class Op, int kRowVector, int kColumnVector>
void launch_reduction(const Stream& stream, const ReduceLoops& loops, const ReducePlan& plan,
                      size_t out_bytes, const S* in, S* out, int64_t* indices, const Op& op) {
  const ReduceShape shape(loops, plan, sizeof(S), out_bytes);
  const bool split = plan.splits > 1;
  Scratch scratch(stream, split ? size_t(plan.splits * loops.outputs) * sizeof(typename Op::C) : 0);
  const LaunchConfig where(unsigned(plan.groups * plan.splits), unsigned(plan.threads),
                           raw(stream));
  auto* partials = scratch.template as<typename Op::C>();
  unsigned* blocks_done = split ? ticket(stream) : nullptr;
  if (loops.rows) {
    launch<reduce_rows<S, Op, kRowVector>>(where, in, out, indices, partials, blocks_done, shape,
                                           op);
  } else {
    launch<reduce_columns<S, Op, kColumnVector>>(where, in, out, indices, partials, blocks_done,
                                                 shape, op);
  }
}

}  // namespace detail

/// The loops of `iter`, which is TensorIterator::reduction's. Of an indexed operation operand 0 is
/// the indices, and `values`, dense as they are, may be null.
template <class S, class Op>
void reduce(const Stream& stream, const TensorIterator& iter, const Op& op, S* values = nullptr) {
  const ReduceLoops loops(iter);
  const ReducePlan plan = plan_reduction(loops, iter.data(1), sizeof(S), Op::kVectors);
  const auto* in = static_cast<const S*>(iter.data(1));
  S* out = Op::kIndexed ? values : static_cast<S*>(iter.data(0));
  auto* indices = Op::kIndexed ? static_cast<int64_t*>(iter.data(0)) : nullptr;
  constexpr size_t out_bytes = Op::kIndexed ? sizeof(int64_t) : sizeof(S);
  if (Op::kVectors && plan.vector > 1) {
    constexpr int row = Op::kVectors ? row_vector(sizeof(S)) : 1,
                  column = Op::kVectors ? column_vector(sizeof(S)) : 1;
    detail::launch_reduction<S, Op, row, column>(stream, loops, plan, out_bytes, in, out, indices,
                                                 op);
  } else {
    detail::launch_reduction<S, Op, 1, 1>(stream, loops, plan, out_bytes, in, out, indices, op);
  }
}

}  // namespace adjoint::cuda
