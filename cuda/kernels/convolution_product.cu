// SPDX-License-Identifier: MIT
// The output and the input's gradient as products: Note [Implicit products].
#include "cuda/dispatch.h"
#include "cuda/kernels/convolution_tile.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

using namespace convolution;

// ---- the output, and the input's gradient

/// One product for each group and phase. `transposed`: of the gradient, with the kernel mirrored.
struct Product {
  static constexpr std::tuple<> kernel_pointers{};
  Images images;  // what is gathered; `count` is also the result's
  bool transposed, accumulate, in_vectors;
  int groups, rows, channels;  // of a group: the result's channels, those summed over
  int size[2];                 // the result's
  int kernel[2], stride[2], padding[2], dilation[2], tap_every[2];
  int weight_group, weight_row, weight_channel;  // steps
  int phases, row_tiles, column_tiles;
};

/// What a phase is in one direction: position i stands at row `step * i` of the image, and belongs
/// to the result's `first + every * i`.
struct Phase {
  int count, step, first, every;
  int taps, tap_first, tap_every, tap_offset;

  __device__ Phase(const Product& p, int d, int remainder) {
    if (!p.transposed) {
      count = p.size[d], step = p.stride[d], first = 0, every = 1;
      taps = p.kernel[d], tap_first = 0, tap_every = 1, tap_offset = -p.padding[d];
      return;
    }
    // The padded positions remainder + stride * i, from the first in the result on.
    const int stride = p.stride[d], begin = p.padding[d] - remainder;
    const int i = begin > 0 ? ceil_div(begin, stride) : -(-begin / stride);
    const int end = begin + p.size[d];
    count = (end > 0 ? ceil_div(end, stride) : -(-end / stride)) - i;
    step = 1, first = stride * i - begin, every = stride;
    tap_first = 0;
    while (tap_first < p.kernel[d] && tap_first * p.dilation[d] % stride != remainder) ++tap_first;
    tap_every = p.tap_every[d];
    taps = tap_first < p.kernel[d] ? (p.kernel[d] - 1 - tap_first) / tap_every + 1 : 0;
    tap_offset = i;
  }
  __device__ int place(int tap) const { return tap_first + tap * tap_every; }
  __device__ int shift(const Product& p, int d, int remainder, int place) const {
    if (!p.transposed) return tap_offset + place * p.dilation[d];
    return tap_offset + (remainder - place * p.dilation[d]) / p.stride[d];
  }
};

template <class S, int RM>
__global__ void __launch_bounds__(kThreads)
    product_kernel(S* out, const S* __restrict__ image, const S* __restrict__ weight,
                   const S* __restrict__ bias, Product p) {
  using C = math::opmath_t<S>;
  constexpr int RN = 4;
  using Tile = BlockTile<C, RM, RN>;
  constexpr int kRowLoads = Tile::kRows / kDepth, kColumnLoads = kDepth * Tile::kColumns / kThreads;
  using Quad = Pack<C, 4>;
  SHARED_ARRAY(Quad, row_memory, kDepth * Tile::kRowPitch / 4);
  SHARED_ARRAY(Quad, column_memory, kDepth * Tile::kColumnPitch / 4);
  SHARED_ARRAY(Tap, taps, 2 * kDepth);
  C* const rows = &row_memory[0].v[0];
  C* const columns = &column_memory[0].v[0];

  const int t = threadIdx.x;
  int block = blockIdx.x;
  const int row0 = block % p.row_tiles * Tile::kRows;
  block /= p.row_tiles;
  const int column0 = block % p.column_tiles * Tile::kColumns;
  block /= p.column_tiles;
  const int remainder[] = {block % p.phases / p.stride[1], block % p.phases % p.stride[1]};
  const int group = block / p.phases;
  const Phase vertical(p, 0, remainder[0]), horizontal(p, 1, remainder[1]);
  const int plane = vertical.count * horizontal.count, positions = p.images.count * plane;
  if (column0 >= positions) return;
  const int kernel = vertical.taps * horizontal.taps, depth = p.channels * kernel;

  auto write_taps = [&](int tile) {
    const int k = tile * kDepth + t;
    if (t >= kDepth) return;
    Tap tap{0, 0, kOutside, 0};
    if (k < depth) {
      const int channel = k / kernel, at = k % kernel;
      const int y = vertical.place(at / horizontal.taps),
                x = horizontal.place(at % horizontal.taps);
      tap.y = vertical.shift(p, 0, remainder[0], y);
      tap.x = horizontal.shift(p, 1, remainder[1], x);
      tap.weight = channel * p.weight_channel + y * p.kernel[1] + x;
      tap.image =
          channel * p.images.channel_step + tap.y * p.images.step[0] + tap.x * p.images.step[1];
    }
    taps[tile % 2 * kDepth + t] = tap;
  };

  // What this thread gathers: some taps of one position, one tap of some rows of weights.
  const int q = column0 + t % Tile::kColumns;
  int y0 = kOutside, x0 = 0;
  const S* at = image;
  if (q < positions) {
    y0 = q % plane / horizontal.count * vertical.step;
    x0 = q % plane % horizontal.count * horizontal.step;
    at += q / plane * p.images.image_step + group * p.channels * p.images.channel_step +
          y0 * p.images.step[0] + x0 * p.images.step[1];
  }
  const S* const weights = weight + group * p.weight_group;
  const int my_k = t / Tile::kColumns, my_tap = t % kDepth, my_row = t / kDepth;
  C next_row[kRowLoads], next_column[kColumnLoads];
  auto gather = [&](int tile) {
    const Tap* const tile_taps = taps + tile % 2 * kDepth;
    const int offset = tile_taps[my_tap].weight;
    const bool is_tap = tile * kDepth + my_tap < depth;
#pragma unroll
    for (int i = 0; i < kRowLoads; ++i) {
      const int row = row0 + my_row + i * (kThreads / kDepth);
      next_row[i] =
          is_tap && row < p.rows ? compute_from<C>(weights[row * p.weight_row + offset]) : C(0);
    }
#pragma unroll
    for (int i = 0; i < kColumnLoads; ++i) {
      const Tap tap = tile_taps[my_k + i * (kThreads / Tile::kColumns)];
      next_column[i] = pixel<C>(at + tap.image, p.images, y0 + tap.y, x0 + tap.x);
    }
  };

  Tile tile;
  const int tiles = ceil_div(depth, kDepth);
  write_taps(0);
  __syncthreads();
  if (tiles > 0) gather(0);
  write_taps(1);
  for (int i = 0; i < tiles; ++i) {
    __syncthreads();
#pragma unroll
    for (int j = 0; j < kRowLoads; ++j) {
      rows[my_tap * Tile::kRowPitch + my_row + j * (kThreads / kDepth)] = next_row[j];
    }
#pragma unroll
    for (int j = 0; j < kColumnLoads; ++j) {
      columns[(my_k + j * (kThreads / Tile::kColumns)) * Tile::kColumnPitch + t % Tile::kColumns] =
          next_column[j];
    }
    __syncthreads();
    if (i + 1 < tiles) gather(i + 1);
    write_taps(i + 2);
    if (row0 + t / 32 * RM < p.rows) tile.multiply(rows, columns, min(kDepth, depth - i * kDepth));
  }

  const int q0 = column0 + t % 32 * RN;
#pragma unroll
  for (int i = 0; i < RM; ++i) {
    const int row = row0 + t / 32 * RM + i;
    if (row >= p.rows || q0 >= positions) break;
    const int channel = group * p.rows + row, size = p.size[0] * p.size[1];
    const C init = bias ? compute_from<C>(bias[channel]) : C(0);
    if (p.in_vectors) {
      auto* to = reinterpret_cast<Pack<S, RN>*>(
          out + (q0 / plane * p.groups * p.rows + channel) * size + q0 % plane);
      Pack<S, RN> result;
      if (p.accumulate) result = *to;
#pragma unroll
      for (int j = 0; j < RN; ++j) {
        C before = p.accumulate ? compute_from<C>(result.v[j]) : init;
        result.v[j] = stored_from<S>(before + tile.sum[i][j]);
      }
      *to = result;
      continue;
    }
#pragma unroll
    for (int j = 0; j < RN; ++j) {
      const int at = q0 + j;
      if (at >= positions) break;
      const int y = vertical.first + at % plane / horizontal.count * vertical.every;
      const int x = horizontal.first + at % plane % horizontal.count * horizontal.every;
      S* to = out + (at / plane * p.groups * p.rows + channel) * size + y * p.size[1] + x;
      C before = p.accumulate ? compute_from<C>(*to) : init;
      *to = stored_from<S>(before + tile.sum[i][j]);
    }
  }
}

// ---- on the host

int gcd(int a, int b) { return b == 0 ? a : gcd(b, a % b); }

template <class S, int RM>
void launch_product(const Stream& stream, S* out, const S* image, const S* weight, const S* bias,
                    Product p, int most_positions) {
  using C = math::opmath_t<S>;
  const int rows = BlockTile<C, RM, 4>::kRows, columns = BlockTile<C, RM, 4>::kColumns;
  p.row_tiles = ceil_div(p.rows, rows);
  p.column_tiles = ceil_div(most_positions, columns);
  const unsigned blocks = unsigned(p.row_tiles) * p.column_tiles * p.phases * p.groups;
  launch<product_kernel<S, RM>>({blocks, kThreads, raw(stream)}, out, image, weight, bias, p);
}

}  // namespace

void convolution_product(const Stream& stream, const Tensor& out, const Tensor& image,
                         const Tensor& weight, const Tensor& bias, const Conv2dParams& params,
                         bool transposed, GradWrite write) {
  const TensorImpl &to = *out.impl(), &from = *image.impl(), &w = *weight.impl();
  Product p{};
  p.images = images_of(from);
  p.transposed = transposed;
  p.accumulate = write == GradWrite::Accumulate;
  p.groups = int(params.groups);
  p.rows = int(to.sizes()[1] / params.groups);
  p.channels = int(from.sizes()[1] / params.groups);
  copy_params(params, p.stride, p.padding, p.dilation);
  const int kernel = int(w.sizes()[2] * w.sizes()[3]);
  int most = 1;  // positions of one image in the largest phase
  p.phases = 1;
  for (int d = 0; d < 2; ++d) {
    p.size[d] = int(to.sizes()[size_t(2 + d)]);
    p.kernel[d] = int(w.sizes()[size_t(2 + d)]);
    p.tap_every[d] = p.stride[d] / gcd(p.stride[d], p.dilation[d]);
    if (transposed) p.phases *= p.stride[d];
    most *= transposed ? ceil_div(p.size[d], p.stride[d]) : p.size[d];
  }
  p.weight_row = transposed ? kernel : p.channels * kernel;
  p.weight_channel = transposed ? p.rows * kernel : kernel;
  p.weight_group = p.channels * p.rows * kernel;

  const int64_t at_once = images_at_once(from, to), count = to.sizes()[0];
  const int64_t out_image = to.sizes()[1] * to.sizes()[2] * to.sizes()[3];
  dispatch_floating(to.dtype(), [&]<class S>() {
    p.in_vectors = (!transposed || p.phases == 1) && p.size[0] * p.size[1] % 4 == 0 &&
                   reinterpret_cast<uintptr_t>(to.data()) % sizeof(Pack<S, 4>) == 0;
    const S* biases = bias.defined() ? static_cast<const S*>(bias.impl()->data()) : nullptr;
    for (int64_t n = 0; n < count; n += at_once) {
      p.images.count = int(std::min(at_once, count - n));
      const int positions = p.images.count * most;
      auto blocks = [&](int rows) {
        return int64_t(ceil_div(p.rows, rows)) * ceil_div(positions, 128) * p.phases * p.groups;
      };
      int rm = p.rows > 32 && !__is_same(S, double) ? 8 : p.rows > 16 ? 4 : 2;
      while (rm > 2 && blocks(kWarps * rm) < kBlocksWanted) rm /= 2;
      const S* weights = static_cast<const S*>(w.data());
      // Images without pixels have no memory: none of it is read, but its address is moved.
      const S* pixels = from.numel() != 0 ? image_of<S>(from, n) : weights;
      auto run = [&]<int RM>() {
        launch_product<S, RM>(stream, static_cast<S*>(to.data()) + n * out_image, pixels, weights,
                              biases, p, positions);
      };
      if constexpr (!__is_same(S, double)) {
        if (rm == 8) {
          run.template operator()<8>();
          continue;
        }
      }
      rm == 4 ? run.template operator()<4>() : run.template operator()<2>();
    }
  });
}

}  // namespace adjoint::cuda
