// SPDX-License-Identifier: MIT
// conv2d's weight's gradient: Note [Order of sums in convolution].
#include "cpu/kernels/convolution_planes.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

using namespace convolution;

// One tile's sums are of at most so many taps (or one channel's) and channels of the gradient.
constexpr int64_t kTileTaps = 144, kTileRows = 32;
// Units are larger than the blocks of the other operations, since each unit's sums are read and
// written once: one that fits the first cache takes a quarter longer (32 -> 64 channels of 56x56);
// this, together with rows fetched ahead, a tenth less.
constexpr int64_t kUnitBytes = 2 * kBlockBytes;
// Chunks of images whose sums are added at the end.
constexpr int64_t kChunks = 8, kUnitsPerChunk = 16, kPartialBytes = 1 << 22;

template <class T, class S>
struct WeightGradient {
  const Geometry2d g;
  const Images<const S> grads, images;
  int64_t rows, row_blocks, chunks, k;  // k: taps of a group
  int64_t m_block, c_block, m_blocks, c_blocks;
  InputPlanes planes;
  int64_t vectors, pitch;  // of the gradient's rows
  int64_t fill;            // units in work memory at once

  WeightGradient(const Tensor& grad_weight, const Tensor& grad, const Tensor& input,
                 const Conv2dParams& params)
      : g(*input.impl(), *grad.impl(), *grad_weight.impl(), params),
        grads(grad),
        images(input),
        k(g.in * g.kernel()),
        m_block(min(g.out, kTileRows)),
        c_block(min(g.in, max(1, kTileTaps / g.kernel()))),
        m_blocks(ceil_div(g.out, m_block)),
        c_blocks(ceil_div(g.in, c_block)),
        planes(g, 1) {
    const int64_t phases = g.stride[0] * g.stride[1];
    rows = rows_per_block(
        g.output[0], (c_block * phases + m_block) * planes.pitch * int64_t(sizeof(T)), kUnitBytes);
    row_blocks = ceil_div(g.output[0], rows);
    planes.rows = rows + g.places[0].max_shift();
    planes.plane = planes.rows * planes.pitch;
    planes.channel = planes.plane * phases;
    vectors = vectors_for<T>(rows, planes.pitch, g.output[1]);
    pitch = vectors * Vec<T>::size;
    const int64_t bytes = unit_numel() * int64_t(sizeof(T));
    fill = max(1, min(units(), kUnitBytes / bytes));
    chunks = max(1, min(kChunks, units() / kUnitsPerChunk));
    chunks = max(1, min(chunks, kPartialBytes / int64_t(sizeof(T)) / (g.groups * g.out * k)));
  }
  /// A unit is a block of rows of an image.
  int64_t units() const { return g.n * row_blocks; }
  int64_t unit_numel() const { return c_block * planes.channel + m_block * pitch; }

  void fill_unit(int64_t unit, int64_t group, int64_t m0, int64_t m, int64_t c0, int64_t c,
                 T* input, T* grad) const {
    const int64_t image = unit / row_blocks, y0 = unit % row_blocks * rows;
    planes.fill(input, images, image, group * g.in + c0, c, y0);
    // Columns from the output's width on are zeros.
    for (int64_t i = 0; i < m; ++i) {
      const S* from =
          grads.data + image * grads.image_step + (group * g.out + m0 + i) * grads.channel_step;
      T* to = grad + i * pitch;
      for (int64_t y = 0; y < rows; ++y) {
        T* row = to + y * planes.pitch;
        const int64_t columns = min(planes.pitch, pitch - y * planes.pitch);
        const int64_t used = y0 + y < g.output[0] ? g.output[1] : 0;
        copy_row(row, from + (y0 + y) * grads.step[0], grads.step[1], used);
        for (int64_t x = used; x < columns; ++x) row[x] = 0;
      }
      for (int64_t q = rows * planes.pitch; q < pitch; ++q) to[q] = 0;
    }
  }

  /// The sums of a chunk for channels [m0, m0 + m) and [c0, c0 + c) of a group; false where a sum
  /// is NaN.
  template <bool kCareful>
  bool tile(int64_t chunk, int64_t group, int64_t m0, int64_t m, int64_t c0, int64_t c,
            const int64_t* taps, T* partial) const {
    const int64_t tile_k = c * g.kernel();
    T* sums = work<T>(Scratch::kConvolutionResult, m * tile_k * Vec<T>::size + pitch);
    T* valid = sums + m * tile_k * Vec<T>::size;
    clear(sums, m * tile_k * Vec<T>::size + pitch);
    if constexpr (kCareful) {
      for (int64_t y = 0; y < rows; ++y) {
        for (int64_t x = 0; x < g.output[1]; ++x) valid[y * planes.pitch + x] = 1;
      }
    }
    // Neighbouring units' planes stand behind each other, so do their gradients.
    T* input = work<T>(Scratch::kConvolutionInput, fill * unit_numel() + kSlack<T>);
    T* grad = input + fill * c_block * planes.channel + kSlack<T>;
    clear(grad - kSlack<T>, kSlack<T>);
    const int64_t from = units() * chunk / chunks, to = units() * (chunk + 1) / chunks;
    for (int64_t unit = from; unit < to; unit += fill) {
      const int64_t count = min(fill, to - unit);
      for (int64_t u = 0; u < count; ++u) {
        fill_unit(unit + u, group, m0, m, c0, c, input + u * c_block * planes.channel,
                  grad + u * m_block * pitch);
      }
      DotTile<T> t;
      t.grad = grad;
      t.planes = input;
      t.valid = valid;
      t.pitch = pitch;
      t.vectors = vectors;
      t.units = count;
      t.grad_unit = m_block * pitch;
      t.planes_unit = c_block * planes.channel;
      t.taps = taps;
      t.sums = sums;
      run_dots<T, kCareful>(t, m, tile_k);
    }
    bool finite = true;
    for (int64_t i = 0; i < m; ++i) {
      T* row = partial + (group * g.out + m0 + i) * k + c0 * g.kernel();
      for (int64_t j = 0; j < tile_k; ++j) {
        row[j] = reduce_add(Vec<T>::load(sums + (i * tile_k + j) * Vec<T>::size));
        finite = finite && row[j] == row[j];
      }
    }
    return finite;
  }

  void run(T* partials) const {
    const int64_t tiles = g.groups * m_blocks * c_blocks;
    const int64_t work_per_task =
        ceil_div(units(), chunks) * m_block * c_block * g.kernel() * pitch;
    parallel_for(
        0, chunks * tiles, tasks_worth_a_thread(work_per_task), [&](int64_t begin, int64_t end) {
          int64_t* taps = work<int64_t>(Scratch::kConvolutionWeights, c_block * g.kernel());
          planes.taps(taps, c_block);
          for (int64_t task = begin; task < end; ++task) {
            const int64_t chunk = task / tiles, at = task % tiles;
            const int64_t group = at / (m_blocks * c_blocks),
                          m0 = at / c_blocks % m_blocks * m_block, c0 = at % c_blocks * c_block;
            const int64_t m = min(m_block, g.out - m0), c = min(c_block, g.in - c0);
            T* partial = partials + chunk * g.groups * g.out * k;
            if (!tile<false>(chunk, group, m0, m, c0, c, taps, partial)) {
              tile<true>(chunk, group, m0, m, c0, c, taps, partial);
            }
          }
        });
  }
};

template <class T, class S>
void backward_weight(const Tensor& grad_weight, const Tensor& grad, const Tensor& input,
                     const Conv2dParams& params, GradWrite write) {
  const int64_t numel = grad_weight.impl()->numel();
  S* out = static_cast<S*>(grad_weight.impl()->data());
  const bool add = write == GradWrite::Accumulate;
  if (grad.impl()->numel() == 0) {
    if (!add) __builtin_memset(out, 0, size_t(numel) * sizeof(S));
    return;
  }
  const WeightGradient<T, S> problem(grad_weight, grad, input, params);
  T* partials = work<T>(Scratch::kConvolutionPartials, problem.chunks * numel + kSlack<T>);
  problem.run(partials);
  for (int64_t chunk = 1; chunk < problem.chunks; ++chunk) {
    const T* more = partials + chunk * numel;
    for (int64_t i = 0; i < numel; ++i) partials[i] += more[i];
  }
  write_row(out, 1, partials, numel, add);
}

}  // namespace

void conv2d_backward_weight_kernel(const Stream&, const Tensor& grad_weight, const Tensor& grad,
                                   const Tensor& input, const Conv2dParams& p, GradWrite write) {
  switch (grad.impl()->dtype()) {
    case kFloat:
      return backward_weight<float, float>(grad_weight, grad, input, p, write);
    case kDouble:
      return backward_weight<double, double>(grad_weight, grad, input, p, write);
    case kHalf:
      return backward_weight<float, Half>(grad_weight, grad, input, p, write);
    case kBFloat16:
      return backward_weight<float, BFloat16>(grad_weight, grad, input, p, write);
    default:
      return;
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
