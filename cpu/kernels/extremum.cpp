// SPDX-License-Identifier: MIT
// The largest and the smallest: of two elements, of many, and where they are.
#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "cpu/reduce_ops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class Functor>
void binary_extremum_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S, S)>(iter, [](auto a, auto b) { return Functor{}.forward(a, b); });
  });
}

template <template <class> class Op>
void extremum_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() { reduce_kernel<S, S>(iter, Op<opmath_t<S>>{}); });
}

/// An extremum is searched for in lanes that an index has room in.
template <class S>
struct SearchType {
  using type = opmath_t<S>;
};
template <>
struct SearchType<bool> {
  using type = int32_t;
};
template <>
struct SearchType<uint8_t> {
  using type = int32_t;
};

/// The first extremum of each output's elements; NaN counts as one.
template <class S, template <class> class Op>
struct Search {
  using C = typename SearchType<S>::type;
  using V = Vec<C>;
  using Index = typename IntOf<int(sizeof(C))>::type;
  static constexpr bool kMax = __is_same(Op<C>, Max<C>);

  char* values;  // dense beside the indices; null if not wanted

  static int64_t first_extremum(const char* p, int64_t stride, int64_t n) {
    const Op<C> op;
    auto combine = [&](V a, V b) { return op.combine(a, b); };
    detail::Cascade<Op<C>, detail::kRowChains> cascade(op);
    detail::accumulate_run<S>(cascade, op, p, stride, n);
    cascade.finish();
    V total = cascade.chain[0];
    for (int c = 1; c < detail::kRowChains; ++c) total = combine(total, cascade.chain[c]);
    const V extremum(reduce_lanes(total, combine));
    for (int64_t i = 0; i < n; i += V::size) {
      int lanes = n - i < V::size ? int(n - i) : V::size;
      V x = detail::load_any<S, C>(p + i * stride, stride, lanes);
      auto found = (x == extremum) | (isnan(x) & isnan(extremum));
      if (!any(found)) continue;
      for (int k = 0; k < lanes; ++k) {
        if (found.m[k]) return i + k;
      }
    }
    return 0;
  }

  void store(char* out, int64_t offset, int64_t index, const char* element) const {
    *reinterpret_cast<int64_t*>(out + offset) = index;
    if (values) __builtin_memcpy(values + value_offset(offset), element, sizeof(S));
  }
  static int64_t value_offset(int64_t index_offset) {
    return index_offset / int64_t(sizeof(int64_t)) * int64_t(sizeof(S));
  }

  /// Neighbouring outputs, a lane each.
  ADJOINT_ALWAYS_INLINE void search_columns(const ReduceLoops& loops, const char* in, char* out,
                                            int64_t offset, int lanes) const {
    const int64_t across = loops.kept_in[0], along = loops.reduced_in[0];
    V best = detail::load_any<S, C>(in, across, lanes);
    Vec<Index> index(Index(0));
    for (int64_t i = 1; i < loops.reduced_size[0]; ++i) {
      V x = detail::load_any<S, C>(in + i * along, across, lanes);
      auto better = (kMax ? x > best : x < best) | (isnan(x) & !isnan(best));
      best = where(better, x, best);
      index = where(better, Vec<Index>(Index(i)), index);
    }
    const int64_t stride = loops.kept_out[0];
    for (int k = 0; k < lanes; ++k) {
      *reinterpret_cast<int64_t*>(out + offset + k * stride) = index.v[k];
    }
    if (values) {
      best.store_strided(reinterpret_cast<S*>(values + value_offset(offset)), value_offset(stride),
                         lanes);
    }
  }

  static void run(const void* context, const ReduceLoops& loops, const char* in, int64_t first,
                  int64_t last, char* out) {
    const Search& search = *static_cast<const Search*>(context);
    const int64_t* strides[] = {loops.kept_in, loops.kept_out};
    auto search_run = [&](const int64_t* offsets, int64_t n) {
      const char* p = in + offsets[0];
      int64_t to = offsets[1];
      if (loops.rows) {
        const int64_t along = loops.reduced_in[0];
        for (int64_t o = 0; o < n; ++o, p += loops.kept_in[0], to += loops.kept_out[0]) {
          int64_t index = first_extremum(p, along, loops.reduced_size[0]);
          search.store(out, to, index, p + index * along);
        }
      } else {
        for (int64_t o = 0; o < n; o += V::size) {
          int lanes = n - o < V::size ? int(n - o) : V::size;
          search.search_columns(loops, p + o * loops.kept_in[0], out, to + o * loops.kept_out[0],
                                lanes);
        }
      }
    };
    detail::for_each_run<2>(loops.num_kept, loops.kept_size, strides, first, last, search_run);
  }
};

template <template <class> class Op>
void dim_extremum_kernel(const Stream&, const Tensor& values, const Tensor& indices,
                         const Tensor& self, int64_t) {
  TensorIterator iter = TensorIterator::reduction(indices, self);
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    Search<S, Op> search = {static_cast<char*>(values.impl()->data())};
    for_each_output(iter, Search<S, Op>::run, &search);
  });
}
template <template <class> class Op>
void arg_extremum_kernel(const Stream&, const Tensor& indices, const Tensor& self, int64_t) {
  TensorIterator iter = TensorIterator::reduction(indices, self);
  dispatch_numeric(iter.dtypes[1], [&]<class S>() {
    Search<S, Op> search = {nullptr};
    for_each_output(iter, Search<S, Op>::run, &search);
  });
}

}  // namespace

void register_extremum_kernels(OpRegistry& registry) {
  registry.set_kernel("maximum", kCPU, binary_extremum_kernel<math::Maximum>);
  registry.set_kernel("minimum", kCPU, binary_extremum_kernel<math::Minimum>);
  registry.set_kernel("max", kCPU, extremum_kernel<Max>);
  registry.set_kernel("min", kCPU, extremum_kernel<Min>);
  registry.set_kernel("max_dim", kCPU, dim_extremum_kernel<Max>);
  registry.set_kernel("min_dim", kCPU, dim_extremum_kernel<Min>);
  registry.set_kernel("argmax", kCPU, arg_extremum_kernel<Max>);
  registry.set_kernel("argmin", kCPU, arg_extremum_kernel<Min>);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
