// SPDX-License-Identifier: MIT
// Reductions: an operation on registers becomes a kernel for every layout. See Note [Reductions] in
// cpu/reduce_driver.h.
//
// An operation Op has
//   using C = ...;                  the type it accumulates in
//   C identity() const;             the accumulator of no elements
//   Vec<C> map(Vec<C> x) const;     an element as an accumulator
//   Vec<C> combine(Vec<C> a, Vec<C> b) const;
// and a function of Vec<C> makes results of accumulators.
#pragma once

#include "cpu/loops.h"
#include "cpu/reduce_driver.h"
#include "cpu/scratch.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace detail {

inline constexpr int kRowChains = 4;
/// Registers that neighbouring outputs fill while the elements of a column pass.
inline constexpr int kTile = kVectorBytes == 64 ? 8 : 4;
/// A chain of so many combinations at most, per register.
inline constexpr int64_t kChainLength = 16;
/// Enough for 2^32 chains.
inline constexpr int kLevels = 32;

/// Width registers that accumulate in step, each a pairwise combination of chains.
template <class Op, int Width>
class Cascade {
 public:
  using V = Vec<typename Op::C>;
  explicit ADJOINT_ALWAYS_INLINE Cascade(const Op& op) : op_(op) { reset(); }

  /// The chains' heads; whoever extends them counts.
  V chain[Width];
  int64_t room() const { return kChainLength - length_; }
  ADJOINT_ALWAYS_INLINE void extended(int64_t by) {
    length_ += by;
    if (length_ >= kChainLength) flush();
  }
  /// All chains so far, per register.
  ADJOINT_ALWAYS_INLINE void finish() {
    uint64_t blocks = blocks_;
    for (int level = 0; blocks != 0; ++level, blocks >>= 1) {
      if (blocks & 1) {
        for (int w = 0; w < Width; ++w) chain[w] = op_.combine(levels_[level][w], chain[w]);
      }
    }
  }

 private:
  void reset() {
    length_ = 0;
    for (V& c : chain) c = V(op_.identity());
  }
  void flush() {
    int level = 0;
    for (uint64_t blocks = blocks_; blocks & 1; blocks >>= 1, ++level) {
      for (int w = 0; w < Width; ++w) chain[w] = op_.combine(levels_[level][w], chain[w]);
    }
    for (int w = 0; w < Width; ++w) levels_[level][w] = chain[w];
    ++blocks_;
    reset();
  }

  const Op& op_;
  int64_t length_;
  uint64_t blocks_ = 0;
  V levels_[kLevels][Width];
};

/// Calls f(offsets, n) for runs of elements along the innermost of `num_loops` loops that together
/// are elements [begin, end); offsets, in bytes, are those of the run's first by each of the K sets
/// of strides.
template <int K, class F>
ADJOINT_ALWAYS_INLINE void for_each_run(int num_loops, const int64_t* sizes,
                                        const int64_t* const (&strides)[K], int64_t begin,
                                        int64_t end, const F& f) {
  if (begin >= end) return;
  int64_t index[kMaxDims + 1];
  int64_t offsets[K] = {};
  int64_t rest = begin;
  for (int d = 0; d < num_loops; ++d) {
    index[d] = 0;
    if (rest == 0) continue;
    index[d] = rest % sizes[d];
    rest /= sizes[d];
    for (int k = 0; k < K; ++k) offsets[k] += index[d] * strides[k][d];
  }
  for (;;) {
    int64_t n = sizes[0] - index[0];
    if (n > end - begin) n = end - begin;
    f(offsets, n);
    begin += n;
    if (begin == end) return;
    for (int k = 0; k < K; ++k) offsets[k] -= index[0] * strides[k][0];
    index[0] = 0;
    for (int d = 1;; ++d) {
      bool wraps = ++index[d] == sizes[d];
      int64_t steps = wraps ? 1 - sizes[d] : 1;
      for (int k = 0; k < K; ++k) offsets[k] += steps * strides[k][d];
      if (!wraps) break;
      index[d] = 0;
    }
  }
}
/// With one set of strides.
template <class F>
ADJOINT_ALWAYS_INLINE void for_each_run(int num_loops, const int64_t* sizes, const int64_t* strides,
                                        int64_t begin, int64_t end, const F& f) {
  const int64_t* const sets[] = {strides};
  for_each_run<1>(num_loops, sizes, sets, begin, end,
                  [&](const int64_t* offsets, int64_t n) { f(offsets[0], n); });
}

/// Not inlined: it is slow anyway, and stands where loops are unrolled.
template <class S, class C>
__attribute__((noinline)) Vec<C> load_strided(const char* p, int64_t stride, int lanes) {
  return Vec<C>::load_strided(reinterpret_cast<const S*>(p), stride, lanes);
}
template <class S, class C>
ADJOINT_ALWAYS_INLINE Vec<C> load_any(const char* p, int64_t stride, int lanes) {
  const S* first = reinterpret_cast<const S*>(p);
  if (stride != int64_t(sizeof(S))) return load_strided<S, C>(p, stride, lanes);
  return lanes == Vec<C>::size ? Vec<C>::load(first) : Vec<C>::load(first, lanes);
}

/// 0, 1, 2, ... below `n`.
template <class C>
ADJOINT_ALWAYS_INLINE typename Vec<C>::mask_type first_lanes(int n) {
  using I = typename IntOf<int(sizeof(C))>::type;
  Vec<I> lane;
  for (int i = 0; i < Vec<I>::size; ++i) lane.v[i] = I(i);
  return lane < Vec<I>(I(n));
}

/// n neighbouring elements of one output.
template <class S, class Op>
ADJOINT_ALWAYS_INLINE void accumulate_run(Cascade<Op, kRowChains>& cascade, const Op& op,
                                          const char* p, int64_t stride, int64_t n) {
  using C = typename Op::C;
  using V = Vec<C>;
  constexpr int64_t size = V::size;
  while (n > 0) {
    int64_t block = cascade.room() * kRowChains * size;
    if (block > n) block = n;
    int64_t i = 0;
    if (stride == int64_t(sizeof(S))) {
      const S* s = reinterpret_cast<const S*>(p);
      for (; i + kRowChains * size <= block; i += kRowChains * size) {
        for (int c = 0; c < kRowChains; ++c) {
          cascade.chain[c] = op.combine(cascade.chain[c], op.map(V::load(s + i + c * size)));
        }
      }
    } else {
      for (; i + kRowChains * size <= block; i += kRowChains * size) {
        for (int c = 0; c < kRowChains; ++c) {
          V x = load_strided<S, C>(p + (i + c * size) * stride, stride, int(size));
          cascade.chain[c] = op.combine(cascade.chain[c], op.map(x));
        }
      }
    }
    for (; i < block; i += size) {
      int lanes = block - i < size ? int(block - i) : int(size);
      V x = op.map(load_any<S, C>(p + i * stride, stride, lanes));
      if (lanes < size) x = where(first_lanes<C>(lanes), x, V(op.identity()));
      cascade.chain[0] = op.combine(cascade.chain[0], x);
    }
    cascade.extended((block + kRowChains * size - 1) / (kRowChains * size));
    p += block * stride;
    n -= block;
  }
}

/// Elements of each output that fill no more than a register.
template <class S, class Op>
ADJOINT_ALWAYS_INLINE void accumulate_short_rows(const Op& op, const char* p, int64_t step,
                                                 int64_t stride, int lanes, int64_t outputs,
                                                 typename Op::C* accumulators) {
  using C = typename Op::C;
  const auto used = first_lanes<C>(lanes);
  for (int64_t o = 0; o < outputs; ++o, p += step) {
    auto x = where(used, op.map(load_any<S, C>(p, stride, lanes)), Vec<C>(op.identity()));
    accumulators[o] = reduce_lanes(x, [&](auto a, auto b) { return op.combine(a, b); });
  }
}

template <class S, class Op>
void accumulate_rows(const Op& op, const ReduceLoops& loops, const char* in, int64_t first,
                     int64_t last, int64_t begin, int64_t end, typename Op::C* accumulators) {
  for_each_run(
      loops.num_kept, loops.kept_size, loops.kept_in, first, last, [&](int64_t offset, int64_t n) {
        for (int64_t o = 0; o < n; ++o, offset += loops.kept_in[0]) {
          Cascade<Op, kRowChains> cascade(op);
          for_each_run(loops.num_reduced, loops.reduced_size, loops.reduced_in, begin, end,
                       [&](int64_t element, int64_t count) {
                         accumulate_run<S>(cascade, op, in + offset + element, loops.reduced_in[0],
                                           count);
                       });
          cascade.finish();
          auto* chain = cascade.chain;
          auto total = op.combine(op.combine(chain[0], chain[1]), op.combine(chain[2], chain[3]));
          *accumulators++ = reduce_lanes(total, [&](auto a, auto b) { return op.combine(a, b); });
        }
      });
}

/// Up to Width registers of neighbouring outputs.
template <int Width, class S, class Op>
ADJOINT_ALWAYS_INLINE void accumulate_tile(const Op& op, const ReduceLoops& loops, const char* in,
                                           int lanes, int64_t begin, int64_t end,
                                           typename Op::C* accumulators) {
  using C = typename Op::C;
  constexpr int size = Vec<C>::size;
  const int64_t across = loops.kept_in[0], along = loops.reduced_in[0];
  Cascade<Op, Width> cascade(op);
  for_each_run(loops.num_reduced, loops.reduced_size, loops.reduced_in, begin, end,
               [&](int64_t offset, int64_t n) {
                 const char* p = in + offset;
                 while (n > 0) {
                   int64_t block = cascade.room() < n ? cascade.room() : n;
                   for (int64_t i = 0; i < block; ++i, p += along) {
                     for (int w = 0; w < Width; ++w) {
                       Vec<C> x = Width > 1 ? Vec<C>::load(reinterpret_cast<const S*>(p) + w * size)
                                            : load_any<S, C>(p, across, lanes);
                       cascade.chain[w] = op.combine(cascade.chain[w], op.map(x));
                     }
                   }
                   cascade.extended(block);
                   n -= block;
                 }
               });
  cascade.finish();
  for (int w = 0; w < Width; ++w)
    cascade.chain[w].store(accumulators + w * size, Width > 1 ? size : lanes);
}

/// Elements of a column that lie further apart than this are not foreseen by the processor.
inline constexpr int64_t kFarBytes = 2048;
/// From so many columns on reading them side by side pays.
inline constexpr int64_t kWideOutputs = 512;

template <class C>
C* levels_for(int64_t outputs, int64_t reduced) {
  const int levels = 64 - __builtin_clzll(uint64_t(reduced / kChainLength + 1));
  return static_cast<C*>(scratch(Scratch::kReduce, size_t(levels * outputs) * sizeof(C)));
}

/// Many columns whose elements are far apart: all columns meet one chain of rows, whose memory is
/// read in long runs, before the next. `levels` has room for n accumulators per level.
template <class S, class Op>
void accumulate_wide(const Op& op, const char* in, int64_t along, int64_t n, int64_t begin,
                     int64_t end, typename Op::C* levels, typename Op::C* accumulators) {
  using C = typename Op::C;
  using V = Vec<C>;
  constexpr int64_t size = V::size;
  auto combine_with = [&](V chain, const C* level) { return op.combine(V::load(level), chain); };
  uint64_t blocks = 0;
  for (int64_t row = begin; row < end; row += kChainLength, ++blocks) {
    const int64_t rows = end - row < kChainLength ? end - row : kChainLength;
    const int level = __builtin_ctzll(~blocks);
    for (int64_t o = 0; o < n; o += kTile * size) {
      const char* p = in + row * along + o * int64_t(sizeof(S));
      V chain[kTile];
      for (V& c : chain) c = V(op.identity());
      for (int64_t i = 0; i < rows; ++i, p += along) {
        for (int w = 0; w < kTile; ++w) {
          V x = op.map(V::load(reinterpret_cast<const S*>(p) + w * size));
          chain[w] = op.combine(chain[w], x);
        }
      }
      for (int l = 0; l < level; ++l) {
        for (int w = 0; w < kTile; ++w) {
          chain[w] = combine_with(chain[w], levels + l * n + o + w * size);
        }
      }
      for (int w = 0; w < kTile; ++w) chain[w].store(levels + level * n + o + w * size);
    }
  }
  for (int64_t o = 0; o < n; o += size) {
    V total(op.identity());
    for (int l = 0; blocks >> l != 0; ++l) {
      if (blocks >> l & 1) total = combine_with(total, levels + l * n + o);
    }
    total.store(accumulators + o);
  }
}

template <class S, class Op>
void accumulate_columns(const Op& op, const ReduceLoops& loops, const char* in, int64_t first,
                        int64_t last, int64_t begin, int64_t end, typename Op::C* accumulators) {
  constexpr int64_t size = Vec<typename Op::C>::size;
  const int64_t across = loops.kept_in[0];
  for_each_run(
      loops.num_kept, loops.kept_size, loops.kept_in, first, last, [&](int64_t offset, int64_t n) {
        int64_t o = 0;
        if (across == int64_t(sizeof(S))) {
          const int64_t whole = n - n % (kTile * size);
          if (loops.num_reduced == 1 && loops.reduced_in[0] >= kFarBytes && whole >= kWideOutputs) {
            accumulate_wide<S>(op, in + offset, loops.reduced_in[0], whole, begin, end,
                               levels_for<typename Op::C>(whole, end - begin), accumulators);
            o = whole;
          }
          for (; o + kTile * size <= n; o += kTile * size) {
            accumulate_tile<kTile, S>(op, loops, in + offset + o * across, int(size), begin, end,
                                      accumulators + o);
          }
        }
        for (; o < n; o += size) {
          int lanes = n - o < size ? int(n - o) : int(size);
          accumulate_tile<1, S>(op, loops, in + offset + o * across, lanes, begin, end,
                                accumulators + o);
        }
        accumulators += n;
      });
}

template <class Op, class Finish>
struct ReduceContext {
  Op op;  // first: what accumulates is compiled for the operation alone
  Finish finish;
};

template <class S, class Op>
struct Accumulate {
  using C = typename Op::C;
  using V = Vec<C>;
  static_assert(sizeof(C) <= 8);

  static void accumulate(const void* context, const ReduceLoops& loops, const char* in,
                         int64_t first, int64_t last, int64_t begin, int64_t end,
                         void* accumulators) {
    const Op& op = *static_cast<const Op*>(context);
    C* to = static_cast<C*>(accumulators);
    if (loops.rows) {
      accumulate_rows<S>(op, loops, in, first, last, begin, end, to);
    } else {
      accumulate_columns<S>(op, loops, in, first, last, begin, end, to);
    }
  }

  static void combine(const void* context, void* accumulators, const void* others, int64_t n) {
    const Op& op = *static_cast<const Op*>(context);
    C* a = static_cast<C*>(accumulators);
    const C* b = static_cast<const C*>(others);
    for (int64_t i = 0; i < n; i += V::size) {
      int lanes = n - i < V::size ? int(n - i) : V::size;
      op.combine(V::load(a + i, lanes), V::load(b + i, lanes)).store(a + i, lanes);
    }
  }
};

template <class Out, class Op, class Finish>
void finish_outputs(const void* context, const ReduceLoops& loops, void* accumulators,
                    int64_t first, int64_t last, char* out) {
  using V = Vec<typename Op::C>;
  const Finish& finish = static_cast<const ReduceContext<Op, Finish>*>(context)->finish;
  const auto* from = static_cast<const typename Op::C*>(accumulators);
  for_each_run(
      loops.num_kept, loops.kept_size, loops.kept_out, first, last, [&](int64_t offset, int64_t n) {
        int64_t stride = loops.kept_out[0];
        for (int64_t i = 0; i < n; i += V::size) {
          int lanes = n - i < V::size ? int(n - i) : V::size;
          finish(V::load(from + i, lanes))
              .store_strided(reinterpret_cast<Out*>(out + offset + i * stride), stride, lanes);
        }
        from += n;
      });
}

}  // namespace detail

/// Elements stored as S, results as Out.
template <class S, class Out, class Op, class Finish>
void reduce_kernel(const TensorIterator& iter, const Op& op, const Finish& finish) {
  detail::ReduceContext<Op, Finish> context{op, finish};
  using A = detail::Accumulate<S, Op>;
  reduce(iter, {&context, int(sizeof(typename Op::C)), A::accumulate, A::combine,
                detail::finish_outputs<Out, Op, Finish>});
}
template <class S, class Out, class Op>
void reduce_kernel(const TensorIterator& iter, const Op& op) {
  reduce_kernel<S, Out>(iter, op, [](auto total) { return total; });
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
