// SPDX-License-Identifier: MIT
// Copies between layouts and dtypes, filling, and ranges of numbers.
#include <cstring>
#include <limits>
#include <type_traits>

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {

struct TransposeTiles {
  static constexpr std::tuple<> kernel_pointers{};
  FastDivider count_x, count_y;  // of tiles
  uint32_t size_x, size_y;
  int64_t in_x, out_y;  // strides in elements
};

namespace {

/// C++'s conversion, and where that has no value the one that x86 gives: the smallest integer.
template <class Out, class In>
__device__ __forceinline__ auto convert(In x) {
  if constexpr (std::is_same_v<Out, bool>) {
    return x != In(0);
  } else if constexpr (std::is_integral_v<Out> && std::is_floating_point_v<In>) {
    // To uint8_t by way of int32_t, so that negative numbers wrap.
    using Wide = std::conditional_t<std::is_same_v<Out, uint8_t>, int32_t, Out>;
    constexpr Wide lowest = std::numeric_limits<Wide>::min();
    return x >= In(lowest) && x < -In(lowest) ? Wide(x) : lowest;
  } else {
    return math::opmath_t<Out>(x);
  }
}
template <class Out>
struct Convert {
  template <class In>
  __device__ __forceinline__ auto operator()(In x) const {
    return convert<Out>(x);
  }
};

struct Same {
  template <class S>
  __device__ __forceinline__ S operator()(S x) const {
    return x;
  }
};

// ---- transposed copies: the output is dense along x, the input along y

inline constexpr int kTile = 32, kTileRows = 8;

template <class S>
__global__ void __launch_bounds__(kTile* kTileRows)
    transpose(Loops batches, TransposeTiles tiles, S* out, const S* in) {
  SHARED_ARRAY(S, tile, kTile * (kTile + 1));
  const uint32_t row = tiles.count_x.divide(blockIdx.x), batch = tiles.count_y.divide(row);
  const uint32_t x0 = tiles.count_x.modulo(blockIdx.x, row) * kTile;
  const uint32_t y0 = tiles.count_y.modulo(row, batch) * kTile;
  uint32_t offsets[2];
  batches.locate(batch, offsets);
  for (uint32_t k = threadIdx.y; k < kTile; k += kTileRows) {
    uint32_t x = x0 + k, y = y0 + threadIdx.x;
    if (x < tiles.size_x && y < tiles.size_y) {
      tile[k * (kTile + 1) + threadIdx.x] = in[offsets[1] + x * tiles.in_x + y];
    }
  }
  __syncthreads();
  for (uint32_t k = threadIdx.y; k < kTile; k += kTileRows) {
    uint32_t x = x0 + threadIdx.x, y = y0 + k;
    if (x < tiles.size_x && y < tiles.size_y) {
      out[offsets[0] + y * tiles.out_y + x] = tile[threadIdx.x * (kTile + 1) + k];
    }
  }
}

/// The loop along which the input of a transposed copy is dense; 0 where `iter` is none.
int transposed_dim(const TensorIterator& iter) {
  const int64_t size = int64_t(elementSize(iter.dtypes[0]));
  if (iter.strides[0][0] != size || iter.strides[1][0] <= size || iter.shape[0] < kTile / 2)
    return 0;
  for (int d = 1; d < iter.ndim; ++d) {
    if (iter.strides[1][d] == size && iter.shape[d] >= kTile / 2) return d;
  }
  return 0;
}

template <class S>
void transpose_along(const Stream& stream, const TensorIterator& iter, int y) {
  struct Call {
    cudaStream_t stream;
    TransposeTiles tiles;
  };
  auto count_of = [](int64_t size) { return uint32_t((size + kTile - 1) / kTile); };
  const uint32_t count_x = count_of(iter.shape[0]), count_y = count_of(iter.shape[y]);
  const int64_t size = int64_t(sizeof(S));
  Call call{raw(stream),
            {FastDivider(count_x), FastDivider(count_y), uint32_t(iter.shape[0]),
             uint32_t(iter.shape[y]), iter.strides[1][0] / size, iter.strides[0][y] / size}};
  // The other loops are left: one tile of each has its beginning where they say.
  TensorIterator batches = iter;
  batches.ndim = 0;
  batches.numel = 1;
  for (int d = 1; d < iter.ndim; ++d) {
    if (d == y) continue;
    batches.shape[batches.ndim] = iter.shape[d];
    batches.numel *= iter.shape[d];
    for (int op = 0; op < 2; ++op) batches.strides[op][batches.ndim] = iter.strides[op][d];
    ++batches.ndim;
  }
  if (batches.ndim == 0) {
    batches.ndim = 1;
    batches.shape[0] = 1;
    batches.strides[0][0] = batches.strides[1][0] = 0;
  }
  for_each_piece(
      batches, 1,
      [](const void* context, const LoopPiece& piece) {
        const Call& c = *static_cast<const Call*>(context);
        unsigned blocks = c.tiles.count_x.divisor * c.tiles.count_y.divisor * piece.loops.count;
        launch<transpose<S>>({dim3(blocks), dim3(kTile, kTileRows), c.stream}, piece.loops, c.tiles,
                             static_cast<S*>(piece.data[0]), static_cast<const S*>(piece.data[1]));
      },
      &call);
}

void copy_kernel(const Stream& stream, const TensorIterator& iter) {
  if (iter.dtypes[0] == iter.dtypes[1]) {
    const int y = iter.numel < INT32_MAX ? transposed_dim(iter) : 0;
    return dispatch_bits(iter.dtypes[0], [&]<class S>() {
      y != 0 ? transpose_along<S>(stream, iter, y) : elementwise<S, S(S)>(stream, iter, Same{});
    });
  }
  dispatch_all(iter.dtypes[1], [&]<class In>() {
    dispatch_all(iter.dtypes[0], [&]<class Out>() {
      if constexpr (!std::is_same_v<In, Out>) {
        elementwise<math::opmath_t<In>, Out(In)>(stream, iter, Convert<Out>{});
      }
    });
  });
}

template <class S>
struct Constant {
  static constexpr std::tuple<> kernel_pointers{};
  S value;
  __device__ __forceinline__ S operator()() const { return value; }
};
void fill_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& value) {
  uint64_t bits = 0;
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    S x = value.to<S>();
    std::memcpy(&bits, &x, sizeof x);
  });
  dispatch_bits(iter.dtypes[0],
                [&]<class S>() { elementwise<S, S()>(stream, iter, Constant<S>{S(bits)}); });
}

/// Integers exactly, floating point from doubles.
template <class S, class W>
__global__ void __launch_bounds__(kThreads) fill_range(S* out, int64_t n, W start, W step) {
  for (int64_t i = blockIdx.x * int64_t(blockDim.x) + threadIdx.x; i < n;
       i += int64_t(gridDim.x) * blockDim.x) {
    out[i] = stored_from<S>(compute_t<S>(start + W(i) * step));
  }
}
void arange_kernel(const Stream& stream, const Tensor& out, const Scalar& start,
                   const Scalar& step) {
  TensorIterator iter(out);
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    constexpr bool integral = std::is_integral_v<S>;
    using W = std::conditional_t<integral, uint64_t, double>;
    using Given = std::conditional_t<integral, int64_t, double>;
    launch<fill_range<S, W>>(launch_config(iter.numel, raw(stream)), static_cast<S*>(iter.data(0)),
                             iter.numel, W(start.to<Given>()), W(step.to<Given>()));
  });
}

}  // namespace

void register_copy_kernels(OpRegistry& registry) {
  registry.set_kernel("copy", kCUDA, copy_kernel);
  registry.set_kernel("fill", kCUDA, fill_kernel);
  registry.set_kernel("arange", kCUDA, arange_kernel);
}

}  // namespace adjoint::cuda
