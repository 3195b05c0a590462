// SPDX-License-Identifier: MIT
// Adding and writing at indices.
//
// Note [Adding at indices, on a GPU]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// Equal indices add to one element, or the last one stays (a Fold says which). Pairs of an index
// and its place are sorted, stably, by the index; one thread adds up what goes to one element, in
// the order of the places. So there are no atomics, results are the same in every run, and the sums
// are the CPU's, bit for bit, but for 16-bit elements, which are added up in float and rounded
// once. Up to kSortedByBlock indices are sorted by each block for itself, in the launch that adds.
// Where many lines of few indices are scattered, nothing is sorted: a thread walks a line.
#include <algorithm>
#include <bit>

#include "adjoint/op_registry.h"
#include "core/math/scalar.h"
#include "cuda/block_sort.cuh"
#include "cuda/dispatch.h"
#include "cuda/kernels/index.cuh"
#include "cuda/radix_sort.h"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

using namespace index;

constexpr int kSortedByBlock = 1024, kShortLine = 4, kWalkedLine = 32;

// A fold makes one element of what was there, in C, and of the elements that come, one after the
// other.

/// Sums of elements T: `C` holds them.
template <class T>
struct ElementSum {
  using Element = T;
  using C = math::opmath_t<T>;
  static __device__ C of(T x) { return compute_from<C>(x); }
  static __device__ C add(C a, T x) { return a + of(x); }
};
/// Integers wrap around.
template <class T, class Wrapping>
struct IntegerSum {
  using Element = T;
  using C = Wrapping;
  static __device__ C of(T x) { return C(x); }
  static __device__ C add(C a, T x) { return a + C(x); }
};
template <>
struct ElementSum<int32_t> : IntegerSum<int32_t, uint32_t> {};
template <>
struct ElementSum<int64_t> : IntegerSum<int64_t, uint64_t> {};
template <>
struct ElementSum<uint8_t> : IntegerSum<uint8_t, uint32_t> {};
template <>
struct ElementSum<bool> {
  using Element = bool;
  using C = bool;
  static __device__ C of(bool x) { return x; }
  static __device__ C add(C a, bool x) { return a | x; }
};
/// The last one.
template <class T>
struct LastElement {
  using Element = T;
  using C = T;
  static __device__ C of(T x) { return x; }
  static __device__ C add(C, T x) { return x; }
};
template <class T>
struct ElementProduct : ElementSum<T> {
  using typename ElementSum<T>::C;
  static __device__ C add(C a, T x) { return a * ElementSum<T>::of(x); }
};
template <class T, bool largest>
struct ElementExtremum {
  using Element = T;
  using C = math::opmath_t<T>;
  static __device__ C of(T x) { return compute_from<C>(x); }
  static __device__ C add(C a, T x) {
    return largest ? math::maximum(a, of(x)) : math::minimum(a, of(x));
  }
};
template <class T>
using ElementMaximum = ElementExtremum<T, true>;
template <class T>
using ElementMinimum = ElementExtremum<T, false>;

// ---- where

/// Where slices are added: key k and column c are an element of `out` [outer, size, inner], place p
/// and column c one of `src` [outer, count, inner].
struct SlicePlaces {
  static constexpr std::tuple<> kernel_pointers{};
  FastDivider inner;
  int64_t size, count, columns;  // columns: outer * inner

  struct Column {
    int64_t first_target, first_source, inner;
    __device__ int64_t target(uint32_t key) const { return first_target + key * inner; }
    __device__ int64_t source(int32_t place) const { return first_source + place * inner; }
  };
  __device__ Column column(unsigned i) const {
    const unsigned outer = inner.divide(i), c = inner.modulo(i, outer);
    const int64_t n = inner.divisor;
    return {outer * size * n + c, outer * count * n + c, n};
  }
};
/// Where elements are scattered: a key is an element of `out`, a place counts src's.
struct ElementPlaces {
  static constexpr std::tuple<> kernel_pointers{};
  Elements elements;
  static constexpr int64_t columns = 1;

  struct Column {
    const Elements& elements;
    __device__ int64_t target(uint32_t key) const { return key; }
    __device__ int64_t source(int32_t place) const {
      int64_t at[3];
      elements.locate(unsigned(place), at);
      return at[2];
    }
  };
  __device__ Column column(unsigned) const { return {elements}; }
};

// ---- kernels

/// Adds up what goes to one column of the key at `begin`, if it is the key's first.
/// `key(i)` and `place(i)` are the sorted pairs; from `valid` on, keys are left out.
template <class Sum, class T, class Places, class Key, class Place>
__device__ void add_run(T* out, const T* src, const Places& places, const Key& key,
                        const Place& place, int n, uint32_t valid, int begin, unsigned column) {
  const uint32_t mine = key(begin);
  if (mine >= valid || (begin > 0 && key(begin - 1) == mine)) return;
  constexpr int kAhead = 8;
  const typename Places::Column at = places.column(column);
  T* const to = out + at.target(mine);
  typename Sum::C sum = Sum::of(*to);
  int i = begin;
  for (; i + kAhead <= n && key(i + kAhead - 1) == mine; i += kAhead) {
    T next[kAhead];
#pragma unroll
    for (int j = 0; j < kAhead; ++j) next[j] = src[at.source(place(i + j))];
#pragma unroll
    for (int j = 0; j < kAhead; ++j) sum = Sum::add(sum, next[j]);
  }
  for (; i < n && key(i) == mine; ++i) sum = Sum::add(sum, src[at.source(place(i))]);
  *to = stored_from<T>(sum);
}

/// The key of the i-th index: `valid` if it is to be left out.
struct SliceKeys {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t index_step, skip_row;
  __device__ uint32_t operator()(const Indices& indices, int i, uint32_t valid) const {
    const int64_t row = indices(i * index_step);
    return row < 0 || row == skip_row ? valid : uint32_t(row);
  }
};
struct ElementKeys {
  static constexpr std::tuple<> kernel_pointers{};
  Elements elements;
  int64_t along;
  __device__ uint32_t operator()(const Indices& indices, int i, uint32_t valid) const {
    int64_t at[3];
    elements.locate(unsigned(i), at);
    const int64_t index = indices(at[0]);
    return index < 0 ? valid : uint32_t(at[1] + index * along);
  }
};

/// Sorts and adds, in every block all of at most kSortedByBlock pairs.
template <class Fold, class Keys, class Places>
__global__ void __launch_bounds__(kThreads)
    add_few_kernel(typename Fold::Element* out, const typename Fold::Element* __restrict__ src,
                   Indices indices, Keys keys, Places places, int n, int rounded, uint32_t valid) {
  SHARED_ARRAY(uint64_t, pairs, kSortedByBlock);
  for (int i = int(threadIdx.x); i < rounded; i += int(blockDim.x)) {
    const uint32_t key = i < n ? keys(indices, i, valid) : valid;
    pairs[i] = uint64_t(key) << 32 | uint32_t(i);
  }
  block_sort(pairs, rounded);
  const unsigned work = unsigned(n) * unsigned(places.columns);
  auto key = [&](int i) { return uint32_t(pairs[i] >> 32); };
  auto place = [&](int i) { return int32_t(pairs[i]); };
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < work; i += gridDim.x * blockDim.x) {
    const unsigned begin = i / unsigned(places.columns);
    add_run<Fold>(out, src, places, key, place, n, valid, int(begin),
                  i - begin * unsigned(places.columns));
  }
}

template <class Keys>
__global__ void __launch_bounds__(kThreads)
    make_keys_kernel(uint32_t* sorted_by, int32_t* places, Indices indices, Keys keys, int n,
                     uint32_t valid) {
  const int i = int(blockIdx.x * kThreads + threadIdx.x);
  if (i >= n) return;
  sorted_by[i] = keys(indices, i, valid);
  places[i] = i;
}

/// Adds sorted pairs: a block takes a pair's columns, or, where there are few, several pairs.
template <class Fold, class Places>
__global__ void __launch_bounds__(kThreads)
    add_sorted_kernel(typename Fold::Element* out, const typename Fold::Element* __restrict__ src,
                      const uint32_t* __restrict__ keys, const int32_t* __restrict__ places_of_keys,
                      Places places, int n, uint32_t valid, FastDivider columns) {
  auto key = [&](int i) { return keys[i]; };
  auto place = [&](int i) { return places_of_keys[i]; };
  const unsigned pairs = blockDim.y;
  const int begin = int(blockIdx.x * pairs + threadIdx.y);
  if (begin >= n) return;
  for (unsigned column = blockIdx.y * blockDim.x + threadIdx.x; column < columns.divisor;
       column += gridDim.y * blockDim.x) {
    add_run<Fold>(out, src, places, key, place, n, valid, begin, column);
  }
}

template <class Fold, class Keys, class Places>
void add_at(const Stream& stream, typename Fold::Element* out, const typename Fold::Element* src,
            const Indices& indices, const Keys& keys, const Places& places, int n,
            int64_t num_keys) {
  ADJOINT_CHECK(num_keys < int64_t(UINT32_MAX) && places.columns <= INT_MAX,
                "adding at indices: expected fewer than 2^32 places to add to, got ", num_keys);
  const uint32_t valid = uint32_t(num_keys);
  if (n <= kSortedByBlock && places.columns <= INT_MAX / kSortedByBlock) {
    const int rounded = int(std::bit_ceil(unsigned(std::max(n, 2))));
    const int64_t work = n * places.columns;
    const unsigned threads = unsigned(std::clamp<int64_t>((work + 31) / 32 * 32, 32, kThreads));
    const unsigned blocks = unsigned(std::min<int64_t>((work + threads - 1) / threads, 256));
    launch<add_few_kernel<Fold, Keys, Places>>({blocks, threads, raw(stream)}, out, src, indices,
                                               keys, places, n, rounded, valid);
    return;
  }
  const size_t count = size_t(n);
  Scratch work(stream, 4 * count * sizeof(uint32_t));
  uint32_t* keys_in = work.as<uint32_t>();
  uint32_t* sorted = keys_in + count;
  int32_t* places_in = reinterpret_cast<int32_t*>(sorted + count);
  int32_t* sorted_places = places_in + count;
  launch<make_keys_kernel<Keys>>({blocks_for(n), kThreads, raw(stream)}, keys_in, places_in,
                                 indices, keys, n, valid);
  radix_sort(stream, keys_in, places_in, sorted, sorted_places, n, std::bit_width(valid));
  const unsigned columns = unsigned(places.columns);
  const unsigned wide = std::min(unsigned(kThreads), std::bit_ceil(columns));
  const unsigned deep = kThreads / wide;
  const dim3 grid{unsigned((n + int(deep) - 1) / int(deep)),
                  std::min((columns + wide - 1) / wide, 1024u)};
  launch<add_sorted_kernel<Fold, Places>>({grid, {wide, deep}, raw(stream)}, out, src, sorted,
                                          sorted_places, places, n, valid, FastDivider(columns));
}

/// Lines of few indices, a thread each.
template <class Fold>
__global__ void __launch_bounds__(kThreads)
    scatter_lines_kernel(typename Fold::Element* out,
                         const typename Fold::Element* __restrict__ src, Indices indices,
                         Elements lines, int length, int64_t index_along, int64_t out_along,
                         int64_t src_along, unsigned num_lines) {
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= num_lines) return;
  using T = typename Fold::Element;
  int64_t at[3];
  lines.locate(i, at);
  for (int k = 0; k < length; ++k) {
    const int64_t index = indices(at[0] + k * index_along);
    if (index < 0) continue;
    T* const to = out + at[1] + index * out_along;
    *to = stored_from<T>(Fold::add(Fold::of(*to), src[at[2] + k * src_along]));
  }
}

// ---- index_add, index_copy, embedding's gradient

/// With a Fold of the elements' dtype.
template <template <class> class Fold, class F>
void with_fold(ScalarType dtype, const F& f) {
  dispatch_all(dtype, [&]<class T>() { f.template operator()<Fold<T>>(); });
}
template <class F>
void with_last(ScalarType dtype, const F& f) {
  dispatch_bits(dtype, [&]<class T>() { f.template operator()<LastElement<T>>(); });
}

struct SliceWrite {
  const Stream& stream;
  const TensorImpl &out, &src, &index;
  int64_t dim, index_step;
  IndexOp name;
  int64_t skip_row;

  template <class Fold>
  void operator()() const {
    using T = typename Fold::Element;
    const Slices s(out, dim);
    const Indices indices(stream, index, name, dim, s.size);
    const int n = int(checked_numel("index_add", index));
    ADJOINT_CHECK(s.inner <= INT_MAX,
                  "index_add: expected slices of fewer than 2^31 elements, got ", out.sizes());
    const SlicePlaces places{FastDivider(unsigned(s.inner)), s.size, n, s.outer * s.inner};
    add_at<Fold>(stream, static_cast<T*>(out.data()), static_cast<const T*>(src.data()), indices,
                 SliceKeys{index_step, skip_row}, places, n, s.size);
  }
};

void index_add_kernel(const Stream& stream, const Tensor& out, int64_t dim, const Tensor& index,
                      const Tensor& src) {
  static const IndexOp name = name_index_op("index_add");
  const TensorImpl& i = *index.impl();
  with_fold<ElementSum>(out.impl()->dtype(), SliceWrite{stream, *out.impl(), *src.impl(), i, dim,
                                                        i.strides()[0], name, -1});
}

void index_copy_kernel(const Stream& stream, const Tensor& out, int64_t dim, const Tensor& index,
                       const Tensor& src) {
  static const IndexOp name = name_index_op("index_copy");
  const TensorImpl& i = *index.impl();
  with_last(out.impl()->dtype(),
            SliceWrite{stream, *out.impl(), *src.impl(), i, dim, i.strides()[0], name, -1});
}

void embedding_backward_kernel(const Stream& stream, const Tensor& out, const Tensor& grad,
                               const Tensor& indices, int64_t skip_row) {
  with_fold<ElementSum>(out.impl()->dtype(),
                        SliceWrite{stream, *out.impl(), *grad.impl(), *indices.impl(), 0, 1,
                                   embedding_name(), skip_row});
}

// ---- scatter, scatter_add, scatter_reduce

struct ElementWrite {
  const Stream& stream;
  const TensorImpl &to, &from, &index;
  int64_t dim;
  IndexOp name;

  template <class Fold>
  void operator()() const {
    using T = typename Fold::Element;
    const unsigned numel = checked_numel("scatter", index);
    const size_t d = size_t(dim);
    const int64_t length = index.sizes()[d], along = to.strides()[d];
    const Indices indices(stream, index, name, dim, to.sizes()[d]);
    const int inner_dim = int(index.dim() - 1 - dim);
    const Elements elements(index, to, from);
    T* const data = static_cast<T*>(to.data());
    const T* const values = static_cast<const T*>(from.data());
    if (length <= kShortLine || (length <= kWalkedLine && numel > kSortedByBlock)) {
      Elements lines = elements;
      lines.drop(inner_dim);
      const unsigned num_lines = numel / unsigned(length);
      launch<scatter_lines_kernel<Fold>>({blocks_for(num_lines), kThreads, raw(stream)}, data,
                                         values, indices, lines, int(length), index.strides()[d],
                                         along, from.strides()[d], num_lines);
      return;
    }
    ElementKeys keys{elements, along};
    keys.elements.strides[1][inner_dim] = 0;
    add_at<Fold>(stream, data, values, indices, keys, ElementPlaces{elements}, int(numel),
                 to.numel());
  }
};

void scatter_kernel(const Stream& stream, const Tensor& out, int64_t dim, const Tensor& index,
                    const Tensor& src) {
  static const IndexOp name = name_index_op("scatter");
  with_last(out.impl()->dtype(),
            ElementWrite{stream, *out.impl(), *src.impl(), *index.impl(), dim, name});
}

void scatter_add_kernel(const Stream& stream, const Tensor& out, int64_t dim, const Tensor& index,
                        const Tensor& src) {
  static const IndexOp name = name_index_op("scatter_add");
  with_fold<ElementSum>(out.impl()->dtype(),
                        ElementWrite{stream, *out.impl(), *src.impl(), *index.impl(), dim, name});
}

template <template <class> class Fold>
void scatter_reduce_kernel(const Stream& stream, const Tensor& out, int64_t dim,
                           const Tensor& index, const Tensor& src) {
  static const IndexOp name = name_index_op("scatter_reduce");
  const ElementWrite write{stream, *out.impl(), *src.impl(), *index.impl(), dim, name};
  dispatch_numeric(out.impl()->dtype(), [&]<class T>() { write.operator()<Fold<T>>(); });
}

}  // namespace

void register_index_add_kernels(OpRegistry& registry) {
  registry.set_kernel("index_add", kCUDA, index_add_kernel);
  registry.set_kernel("index_copy", kCUDA, index_copy_kernel);
  registry.set_kernel("scatter", kCUDA, scatter_kernel);
  registry.set_kernel("scatter_prod", kCUDA, scatter_reduce_kernel<ElementProduct>);
  registry.set_kernel("scatter_amax", kCUDA, scatter_reduce_kernel<ElementMaximum>);
  registry.set_kernel("scatter_amin", kCUDA, scatter_reduce_kernel<ElementMinimum>);
  registry.set_kernel("scatter_add", kCUDA, scatter_add_kernel);
  registry.set_kernel("embedding_backward", kCUDA, embedding_backward_kernel);
}

}  // namespace adjoint::cuda
