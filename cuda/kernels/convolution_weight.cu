// SPDX-License-Identifier: MIT
// conv2d's weight's gradient: Note [Implicit products].
#include "cuda/dispatch.h"
#include "cuda/kernels/convolution_tile.cuh"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

using namespace convolution;

struct WeightProduct {
  static constexpr std::tuple<> kernel_pointers{};
  Images grads, images;
  bool accumulate, sum_here;
  int groups, rows, channels;  // of a group: the gradient's channels, the image's
  int kernel[2], stride[2], padding[2], dilation[2];
  int row_tiles, column_tiles, parts, part_tiles;  // of kDepth positions each
};

/// Adds up the parts' sums of the elements [first, numel), every `step`-th.
template <class S, class C>
__device__ void sum_parts(S* out, const C* partials, int numel, int parts, bool accumulate,
                          int first, int step) {
  for (int i = first; i < numel; i += step) {
    C sum = partials[i];
#pragma unroll 8
    for (int part = 1; part < parts; ++part) sum += partials[int64_t(part) * numel + i];
    out[i] = stored_from<S>(accumulate ? compute_from<C>(out[i]) + sum : sum);
  }
}

template <class S, class C>
__global__ void __launch_bounds__(kThreads)
    sum_parts_kernel(S* out, const C* partials, int numel, int parts, bool accumulate) {
  sum_parts(out, partials, numel, parts, accumulate, blockIdx.x * kThreads + threadIdx.x,
            gridDim.x * kThreads);
}

template <class S, int RM, int RN>
__global__ void __launch_bounds__(kThreads, 2)
    weight_kernel(S* out, math::opmath_t<S>* partials, unsigned* ticket, const S* __restrict__ grad,
                  const S* __restrict__ image, WeightProduct p) {
  using C = math::opmath_t<S>;
  using Tile = BlockTile<C, RM, RN>;
  constexpr int kStep = kThreads / kDepth, kRowLoads = Tile::kRows / kStep,
                kColumnLoads = Tile::kColumns / kStep;
  using Quad = Pack<C, 4>;
  SHARED_ARRAY(Quad, row_memory, kDepth * Tile::kRowPitch / 4);
  SHARED_ARRAY(Quad, column_memory, kDepth * Tile::kColumnPitch / 4);
  SHARED_ARRAY(Tap, taps, Tile::kColumns);
  C* const rows = &row_memory[0].v[0];
  C* const columns = &column_memory[0].v[0];

  const int t = threadIdx.x;
  int block = blockIdx.x;
  const int row0 = block % p.row_tiles * Tile::kRows;
  block /= p.row_tiles;
  const int column0 = block % p.column_tiles * Tile::kColumns;
  block /= p.column_tiles;
  const int part = block % p.parts, group = block / p.parts;
  const int kernel = p.kernel[0] * p.kernel[1], width = p.channels * kernel;
  if (t < Tile::kColumns) {
    Tap tap{0, 0, kOutside, 0};
    const int column = column0 + t;
    if (column < width) {
      const int channel = group * p.channels + column / kernel, at = column % kernel;
      tap.y = at / p.kernel[1] * p.dilation[0] - p.padding[0];
      tap.x = at % p.kernel[1] * p.dilation[1] - p.padding[1];
      tap.image =
          channel * p.images.channel_step + tap.y * p.images.step[0] + tap.x * p.images.step[1];
    }
    taps[t] = tap;
  }
  __syncthreads();

  const int plane = p.grads.size[0] * p.grads.size[1], positions = p.grads.count * plane;
  const int begin = part * p.part_tiles * kDepth,
            end = min(positions, begin + p.part_tiles * kDepth);
  const int my_k = t % kDepth, mine = t / kDepth;
  const S* const grads = grad + (group * p.rows + row0 + mine) * p.grads.channel_step;
  C next_row[kRowLoads], next_column[kColumnLoads];
  auto gather = [&](int first) {
    const int q = first + my_k;
    const bool valid = q < end;
    const int n = q / plane, y = q % plane / p.grads.size[1], x = q % plane % p.grads.size[1];
    const S* const g = grads + n * p.grads.image_step + y * p.grads.step[0] + x * p.grads.step[1];
#pragma unroll
    for (int i = 0; i < kRowLoads; ++i) {
      next_row[i] = valid && row0 + mine + i * kStep < p.rows
                        ? compute_from<C>(g[i * kStep * p.grads.channel_step])
                        : C(0);
    }
    const int y0 = valid ? y * p.stride[0] : kOutside, x0 = x * p.stride[1];
    const S* const at = image + n * p.images.image_step + y * p.stride[0] * p.images.step[0] +
                        x0 * p.images.step[1];
#pragma unroll
    for (int i = 0; i < kColumnLoads; ++i) {
      const Tap tap = taps[mine + i * kStep];
      next_column[i] = pixel<C>(at + tap.image, p.images, y0 + tap.y, x0 + tap.x);
    }
  };

  Tile tile;
  if (begin < end) gather(begin);
  for (int first = begin; first < end; first += kDepth) {
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kRowLoads; ++i) {
      rows[my_k * Tile::kRowPitch + mine + i * kStep] = next_row[i];
    }
#pragma unroll
    for (int i = 0; i < kColumnLoads; ++i) {
      columns[my_k * Tile::kColumnPitch + mine + i * kStep] = next_column[i];
    }
    __syncthreads();
    if (first + kDepth < end) gather(first + kDepth);
    if (row0 + t / 32 * RM < p.rows) tile.multiply(rows, columns, min(kDepth, end - first));
  }

  const int numel = p.groups * p.rows * width;
#pragma unroll
  for (int i = 0; i < RM; ++i) {
#pragma unroll
    for (int j = 0; j < RN; ++j) {
      const int row = row0 + t / 32 * RM + i, column = column0 + t % 32 * RN + j;
      if (row >= p.rows || column >= width) continue;
      const int at = (group * p.rows + row) * width + column;
      if (p.parts > 1) {
        partials[int64_t(part) * numel + at] = tile.sum[i][j];
      } else {
        C before = p.accumulate ? compute_from<C>(out[at]) : C(0);
        out[at] = stored_from<S>(before + tile.sum[i][j]);
      }
    }
  }
  if (p.sum_here && is_last_block(ticket)) {
    sum_parts(out, partials, numel, p.parts, p.accumulate, t, kThreads);
  }
}

// Parts have at least this many tiles of positions; a last block adds up to so many sums itself.
constexpr int kTilesPerPart = 16, kSumsOfOneBlock = 1 << 15;

template <class S, int RM, int RN>
void launch_weight(const Stream& stream, S* out, const S* grad, const S* image, WeightProduct p) {
  using C = math::opmath_t<S>;
  const int width = p.channels * p.kernel[0] * p.kernel[1];
  const int numel = p.groups * p.rows * width;
  p.row_tiles = ceil_div(p.rows, BlockTile<C, RM, RN>::kRows);
  p.column_tiles = ceil_div(width, BlockTile<C, RM, RN>::kColumns);
  const int positions = p.grads.count * p.grads.size[0] * p.grads.size[1];
  const int tiles = ceil_div(positions, kDepth), blocks = p.row_tiles * p.column_tiles * p.groups;
  const int parts = std::max(1, std::min(2 * kBlocksWanted / blocks, tiles / kTilesPerPart));
  p.part_tiles = ceil_div(tiles, parts);
  p.parts = std::max(1, ceil_div(tiles, std::max(1, p.part_tiles)));
  p.sum_here = p.parts > 1 && int64_t(p.parts) * numel <= kSumsOfOneBlock;
  Scratch partials(stream, p.parts > 1 ? size_t(p.parts) * size_t(numel) * sizeof(C) : 0);
  launch<weight_kernel<S, RM, RN>>({unsigned(blocks) * p.parts, kThreads, raw(stream)}, out,
                                   partials.as<C>(), p.sum_here ? ticket(stream) : nullptr, grad,
                                   image, p);
  if (p.parts > 1 && !p.sum_here) {
    launch<sum_parts_kernel<S, C>>(
        {unsigned(std::min(ceil_div(numel, kThreads), 8 * kBlocksWanted)), kThreads, raw(stream)},
        out, partials.as<C>(), numel, p.parts, p.accumulate);
  }
}

}  // namespace

void convolution_weight(const Stream& stream, const Tensor& grad_weight, const Tensor& grad,
                        const Tensor& input, const Conv2dParams& params, GradWrite write) {
  const TensorImpl &to = *grad_weight.impl(), &g = *grad.impl(), &x = *input.impl();
  WeightProduct p{};
  p.grads = images_of(g);
  p.images = images_of(x);
  p.groups = int(params.groups);
  p.rows = int(to.sizes()[0] / params.groups);
  p.channels = int(to.sizes()[1]);
  copy_params(params, p.stride, p.padding, p.dilation);
  for (int d = 0; d < 2; ++d) p.kernel[d] = int(to.sizes()[size_t(2 + d)]);
  const int width = p.channels * p.kernel[0] * p.kernel[1];
  const int64_t at_once = std::max(int64_t(1), images_at_once(g, x)), count = g.sizes()[0];
  dispatch_floating(to.dtype(), [&]<class S>() {
    S* out = static_cast<S*>(to.data());
    for (int64_t n = 0; n == 0 || n < count; n += at_once) {
      p.grads.count = p.images.count = int(std::min(at_once, count - n));
      p.accumulate = n > 0 || write == GradWrite::Accumulate;
      const S* grads = image_of<S>(g, n);
      const S* images = image_of<S>(x, n);
      if constexpr (!__is_same(S, double)) {
        if (p.rows > 32 && width > 64) {
          launch_weight<S, 8, 4>(stream, out, grads, images, p);
          continue;
        }
      }
      if (p.rows > 16 || width > 32) {
        launch_weight<S, 4, 2>(stream, out, grads, images, p);
      } else {
        launch_weight<S, 2, 1>(stream, out, grads, images, p);
      }
    }
  });
}

}  // namespace adjoint::cuda
