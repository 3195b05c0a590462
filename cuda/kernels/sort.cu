// SPDX-License-Identifier: MIT
// sort: short lines by a block each, in one launch; long ones all together by radix, their numbers
// above the keys.
#include <algorithm>
#include <bit>
#include <climits>
#include <type_traits>

#include "adjoint/error.h"
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "core/math/sort_key.h"
#include "cuda/block_sort.cuh"
#include "cuda/dispatch.h"
#include "cuda/fast_divider.cuh"
#include "cuda/portable.cuh"
#include "cuda/radix_sort.h"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kThreads = 256, kSortedByBlock = 2048;

unsigned blocks_for(int64_t threads) { return unsigned((threads + kThreads - 1) / kThreads); }

/// The lines of a tensor along a dimension, and where their first elements go.
struct Lines {
  static constexpr std::tuple<> kernel_pointers{};
  int ndim = 0;
  FastDivider sizes[kMaxDims];  // of the other dimensions, the innermost first
  int64_t strides[kMaxDims];
  int64_t along;     // from one element of a line to the next
  int64_t inner;     // the same in the outputs, which are dense
  int length, kept;  // elements of a line; how many of them go to the outputs
  bool descending;

  Lines(const TensorImpl& in, int64_t dim, int64_t count, bool from_the_largest)
      : along(in.strides()[size_t(dim)]),
        inner(1),
        length(int(in.sizes()[size_t(dim)])),
        kept(int(count)),
        descending(from_the_largest) {
    for (int64_t d = in.dim(); d-- > 0;) {
      if (d == dim) continue;
      if (d > dim) inner *= in.sizes()[size_t(d)];
      sizes[ndim] = FastDivider(unsigned(in.sizes()[size_t(d)]));
      strides[ndim++] = in.strides()[size_t(d)];
    }
  }
  __device__ int64_t start(unsigned line) const {
    int64_t at = 0;
    for (int d = 0; d < ndim; ++d) {
      const unsigned above = sizes[d].divide(line);
      at += sizes[d].modulo(line, above) * strides[d];
      line = above;
    }
    return at;
  }
  __device__ int64_t result(unsigned line, int rank) const {
    return line / inner * inner * kept + line % inner + rank * inner;
  }
};

template <class T>
using Key = typename math::SortKey<T>::type;
template <class T>
__device__ Key<T> key_of(T x, bool descending) {
  return Key<T>(math::SortKey<T>::of(x) ^ (descending ? Key<T>(~Key<T>(0)) : Key<T>(0)));
}

/// A key and its place, which decides between equal keys.
struct WideItem {
  uint64_t key;
  uint32_t place_;
  WideItem() = default;
  __device__ WideItem(uint64_t k, uint32_t p) : key(k), place_(p) {}
  __device__ uint32_t place() const { return place_; }
  __device__ bool operator<(const WideItem& o) const {
    return key < o.key || (key == o.key && place_ < o.place_);
  }
};
struct NarrowItem {
  uint64_t both;
  NarrowItem() = default;
  __device__ NarrowItem(uint32_t key, uint32_t p) : both(uint64_t(key) << 32 | p) {}
  __device__ uint32_t place() const { return uint32_t(both); }
  __device__ bool operator<(const NarrowItem& o) const { return both < o.both; }
};
template <class T>
using Item = std::conditional_t<sizeof(T) == 8, WideItem, NarrowItem>;

template <class T>
__global__ void sort_line_kernel(T* values, int64_t* indices, const T* __restrict__ in, Lines lines,
                                 int rounded) {
  using Item = Item<T>;
  DYNAMIC_SHARED(Item, items);
  const T* const line = in + lines.start(blockIdx.x);
  for (int i = int(threadIdx.x); i < rounded; i += int(blockDim.x)) {
    // What fills up the number goes behind all elements.
    items[i] = i < lines.length ? Item(key_of(line[i * lines.along], lines.descending), uint32_t(i))
                                : Item(Key<T>(~Key<T>(0)), UINT32_MAX);
  }
  block_sort(items, rounded);
  for (int i = int(threadIdx.x); i < lines.kept; i += int(blockDim.x)) {
    const uint32_t place = items[i].place();
    const int64_t to = lines.result(blockIdx.x, i);
    values[to] = line[place * lines.along];
    indices[to] = place;
  }
}

/// Keys of the elements of lines [first, first + n / length), below their lines' numbers where
/// `numbered`; places count all these elements.
template <class T, class SortedBy>
__global__ void __launch_bounds__(kThreads)
    make_keys_kernel(SortedBy* keys, int32_t* places, const T* __restrict__ in, Lines lines,
                     FastDivider length, unsigned first, bool numbered, int n) {
  const int i = int(blockIdx.x * kThreads + threadIdx.x);
  if (i >= n) return;
  const unsigned line = length.divide(unsigned(i)), at = length.modulo(unsigned(i), line);
  SortedBy key = key_of(in[lines.start(first + line) + at * lines.along], lines.descending);
  if constexpr (sizeof(SortedBy) > sizeof(T)) {
    if (numbered) key |= SortedBy(line) << (8 * sizeof(T));
  }
  keys[i] = key;
  places[i] = i;
}

/// The line of each place.
__global__ void __launch_bounds__(kThreads)
    number_lines_kernel(uint32_t* keys, const int32_t* __restrict__ places, FastDivider length,
                        int n) {
  const int i = int(blockIdx.x * kThreads + threadIdx.x);
  if (i < n) keys[i] = length.divide(unsigned(places[i]));
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    take_sorted_kernel(T* values, int64_t* indices, const T* __restrict__ in,
                       const int32_t* __restrict__ places, Lines lines, FastDivider kept,
                       unsigned first, unsigned numel) {
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= numel) return;
  const unsigned line = kept.divide(i), rank = kept.modulo(i, line);
  const int64_t base = int64_t(line) * lines.length;
  const int64_t at = places[base + rank] - base;
  const int64_t to = lines.result(first + line, int(rank));
  values[to] = in[lines.start(first + line) + at * lines.along];
  indices[to] = at;
}

/// Sorts `count` lines from `first` on; `places` and the other three are of n elements each.
template <class T>
void sort_by_radix(const Stream& stream, T* values, int64_t* indices, const T* in,
                   const Lines& lines, unsigned first, unsigned count) {
  constexpr int kKeyBits = 8 * sizeof(T);
  const int n = int(count) * lines.length;
  const size_t numel = size_t(n);
  const int line_bits = int(std::bit_width(count - 1));
  const FastDivider length(unsigned(lines.length));
  Scratch work(stream, numel * 2 * (sizeof(uint64_t) + sizeof(int32_t)));
  uint64_t* const wide = work.as<uint64_t>();
  int32_t* places = reinterpret_cast<int32_t*>(wide + 2 * numel);
  int32_t* sorted_places = places + numel;
  const LaunchConfig where{blocks_for(n), kThreads, raw(stream)};
  auto sort_keys = [&]<class SortedBy>(int end_bit) {
    SortedBy* const keys = reinterpret_cast<SortedBy*>(wide);
    launch<make_keys_kernel<T, SortedBy>>(where, keys, places, in, lines, length, first,
                                          end_bit > kKeyBits, n);
    radix_sort(stream, keys, places, keys + numel, sorted_places, n, end_bit);
  };
  if constexpr (sizeof(T) == 8) {
    sort_keys.template operator()<uint64_t>(kKeyBits);
    if (count > 1) {
      uint32_t* const keys = reinterpret_cast<uint32_t*>(wide);
      launch<number_lines_kernel>(where, keys, sorted_places, length, n);
      std::swap(places, sorted_places);
      radix_sort(stream, keys, places, keys + numel, sorted_places, n, line_bits);
    }
  } else if (kKeyBits + line_bits <= 32) {
    sort_keys.template operator()<uint32_t>(kKeyBits + line_bits);
  } else {
    sort_keys.template operator()<uint64_t>(kKeyBits + line_bits);
  }
  const unsigned taken = count * unsigned(lines.kept);
  launch<take_sorted_kernel<T>>({blocks_for(taken), kThreads, raw(stream)}, values, indices, in,
                                sorted_places, lines, FastDivider(unsigned(lines.kept)), first,
                                taken);
}

void sort_kernel(const Stream& stream, const Tensor& values, const Tensor& indices,
                 const Tensor& self, int64_t dim, bool descending) {
  const TensorImpl& s = *self.impl();
  const int64_t kept = values.impl()->sizes()[size_t(dim)], n = s.sizes()[size_t(dim)];
  const int64_t num_lines = values.impl()->numel() / kept;
  ADJOINT_CHECK(num_lines <= INT_MAX, "sort: expected fewer than 2^31 lines, got ", s.sizes());
  const Lines lines(s, dim, kept, descending);
  dispatch_all(s.dtype(), [&]<class Element>() {
    using T = std::conditional_t<std::is_same_v<Element, bool>, uint8_t, Element>;
    T* const out = static_cast<T*>(values.impl()->data());
    int64_t* const places = static_cast<int64_t*>(indices.impl()->data());
    const T* const in = static_cast<const T*>(s.data());
    if (n <= kSortedByBlock) {
      const unsigned rounded = std::bit_ceil(unsigned(std::max<int64_t>(n, 2)));
      const unsigned threads = std::clamp(rounded / 2, 32u, 512u);
      launch<sort_line_kernel<T>>(
          {unsigned(num_lines), threads, raw(stream), rounded * sizeof(Item<T>)}, out, places, in,
          lines, int(rounded));
      return;
    }
    const int64_t at_once = INT_MAX / n;
    for (int64_t first = 0; first < num_lines; first += at_once) {
      sort_by_radix(stream, out, places, in, lines, unsigned(first),
                    unsigned(std::min(at_once, num_lines - first)));
    }
  });
}

}  // namespace

void register_sort_kernels(OpRegistry& registry) {
  registry.set_kernel("sort", kCUDA, sort_kernel);
}

}  // namespace adjoint::cuda
