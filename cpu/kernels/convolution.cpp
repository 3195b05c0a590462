// SPDX-License-Identifier: MIT
// conv2d and its input's gradient, divided among threads by groups, channels, images and rows.
#include "cpu/kernels/convolution_planes.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

using namespace convolution;

// Weights that are packed at once.
constexpr int64_t kWeightBytes = 1 << 20;

/// weights[row * k + ...] as TapProblem wants them; `at(m, k)` points to one.
template <class T, class At>
void pack_weights(T* to, int64_t m, int64_t k, const At& at) {
  for (int64_t row = 0; row < m;) {
    int64_t rows = rows_of_tile(m - row);
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t r = 0; r < rows; ++r) *to++ = read<T>(at(row + r, i));
    }
    row += rows;
  }
}

// ---- forward ---------------------------------------------------------------------------------

template <class T, class S>
void forward(const Tensor& out, const Tensor& input, const Tensor& weight, const Tensor& bias,
             const Conv2dParams& params) {
  const Geometry2d g(*input.impl(), *out.impl(), *weight.impl(), params);
  const Images<const S> images(input);
  const Images<S> results(out);
  const S* weights = static_cast<const S*>(weight.impl()->data());
  const S* biases = bias.defined() ? static_cast<const S*>(bias.impl()->data()) : nullptr;
  const int64_t k = g.in * g.kernel();
  const int64_t m_block = min(
      g.out, max(kTapRows, kWeightBytes / int64_t(sizeof(T)) / max(1, k) / kTapRows * kTapRows));
  const int64_t m_blocks = ceil_div(g.out, m_block);
  const InputPlanes one_row(g, 1);
  const int64_t rows = rows_per_block(g.output[0], (g.in * g.stride[0] * g.stride[1] + m_block) *
                                                       one_row.pitch * int64_t(sizeof(T)));
  const int64_t row_blocks = ceil_div(g.output[0], rows);
  const InputPlanes planes(g, rows);
  const int64_t tasks = g.groups * m_blocks * g.n * row_blocks;
  const int64_t grain = tasks_worth_a_thread(m_block * k * rows * one_row.pitch);

  parallel_for(0, tasks, grain, [&](int64_t begin, int64_t end) {
    const int64_t plane_numel = g.in * planes.channel;
    T* in = work<T>(Scratch::kConvolutionInput, plane_numel + kSlack<T>);
    clear(in + plane_numel, kSlack<T>);
    const int64_t pitch = vectors_for<T>(rows, planes.pitch, g.output[1]) * Vec<T>::size;
    T* result = work<T>(Scratch::kConvolutionResult, m_block * pitch + kSlack<T>);
    int64_t* taps = work<int64_t>(Scratch::kConvolutionWeights, k + (m_block * (k + 1)));
    T* packed = reinterpret_cast<T*>(taps + k);
    T* init = packed + m_block * k;
    planes.taps(taps, g.in);
    int64_t packed_for = -1;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task % row_blocks, image = task / row_blocks % g.n;
      const int64_t part = task / row_blocks / g.n;  // group and block of its channels
      const int64_t group = part / m_blocks, m0 = part % m_blocks * m_block;
      const int64_t m = min(m_block, g.out - m0), first = group * g.out + m0;
      if (part != packed_for) {
        packed_for = part;
        pack_weights(packed, m, k,
                     [&](int64_t row, int64_t i) { return weights + (first + row) * k + i; });
        for (int64_t i = 0; i < m; ++i) init[i] = biases ? read<T>(biases + first + i) : T(0);
      }
      const int64_t y0 = block * rows, y_count = min(rows, g.output[0] - y0);
      planes.fill(in, images, image, group * g.in, g.in, y0);
      const int64_t vectors = vectors_for<T>(y_count, planes.pitch, g.output[1]);
      run_taps(TapProblem<T>{in, taps, packed, init, result, m, k, vectors});
      for (int64_t i = 0; i < m; ++i) {
        S* to = results.data + image * results.image_step + (first + i) * results.channel_step +
                y0 * results.step[0];
        const T* from = result + i * vectors * Vec<T>::size;
        for (int64_t y = 0; y < y_count; ++y) {
          write_row(to + y * results.step[0], 1, from + y * planes.pitch, g.output[1], false);
        }
      }
    }
  });
}

// ---- the input's gradient ----------------------------------------------------------------------

template <class T, class S>
void backward_input(const Tensor& grad_input, const Tensor& grad, const Tensor& weight,
                    const Conv2dParams& params, GradWrite write) {
  const Geometry2d g(*grad_input.impl(), *grad.impl(), *weight.impl(), params);
  const Images<const S> grads(grad);
  const Images<S> results(grad_input);
  const S* weights = static_cast<const S*>(weight.impl()->data());
  const bool add = write == GradWrite::Accumulate;
  const int64_t phases = g.stride[0] * g.stride[1], k_most = g.out * g.kernel();
  const int64_t m_block = min(g.in, max(kTapRows, kWeightBytes / int64_t(sizeof(T)) /
                                                      max(1, k_most) / kTapRows * kTapRows));
  const int64_t m_blocks = ceil_div(g.in, m_block);
  const int64_t shift[] = {g.places[0].max_shift(), g.places[1].max_shift()};
  const int64_t most[] = {ceil_div(g.input[0], g.stride[0]), ceil_div(g.input[1], g.stride[1])};
  const int64_t most_pitch = most[1] + shift[1];
  const int64_t rows = rows_per_block(most[0], (g.out + m_block) * most_pitch * int64_t(sizeof(T)));
  const int64_t row_blocks = ceil_div(most[0], rows);
  const int64_t tasks = g.groups * phases * m_blocks * g.n * row_blocks;
  const int64_t grain = tasks_worth_a_thread(m_block * k_most / phases * rows * most_pitch);

  parallel_for(0, tasks, grain, [&](int64_t begin, int64_t end) {
    T* in = work<T>(Scratch::kConvolutionInput, g.out * (rows + shift[0]) * most_pitch + kSlack<T>);
    const int64_t most_vectors = vectors_for<T>(rows, most_pitch, most[1]);
    T* result =
        work<T>(Scratch::kConvolutionResult, m_block * most_vectors * Vec<T>::size + kSlack<T>);
    int64_t* taps = work<int64_t>(Scratch::kConvolutionWeights, k_most + m_block * k_most);
    T* packed = reinterpret_cast<T*>(taps + k_most);
    int64_t prepared_for = -1, k = 0;
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task % row_blocks, image = task / row_blocks % g.n;
      const int64_t part = task / row_blocks / g.n;
      const int64_t m0 = part % m_blocks * m_block, m = min(m_block, g.in - m0);
      const int64_t phase = part / m_blocks % phases, group = part / m_blocks / phases;
      const int64_t remainder[] = {phase / g.stride[1], phase % g.stride[1]};
      // Positions u = remainder + stride * i of the padded input that lie in the input.
      int64_t first[2], count[2];
      for (int d = 0; d < 2; ++d) {
        first[d] = ceil_div(g.padding[d] - remainder[d], g.stride[d]);
        count[d] = ceil_div(g.padding[d] + g.input[d] - remainder[d], g.stride[d]) - first[d];
      }
      const int64_t i0 = block * rows, i_count = min(rows, count[0] - i0);
      if (i_count <= 0 || count[1] <= 0) continue;
      const int64_t pitch = count[1] + shift[1], plane = (rows + shift[0]) * pitch;
      if (part != prepared_for) {
        prepared_for = part;
        // tap (o, y, x) of this phase is used at shift[] - its own shift.
        k = 0;
        for (int64_t o = 0; o < g.out; ++o) {
          for (int64_t ky = 0; ky < g.places[0].count; ++ky) {
            if (g.places[0].plane(ky) != remainder[0]) continue;
            for (int64_t kx = 0; kx < g.places[1].count; ++kx) {
              if (g.places[1].plane(kx) != remainder[1]) continue;
              // Where the weight of channel 0 is; its place in the planes afterwards.
              taps[k++] = (o * g.in * g.places[0].count + ky) * g.places[1].count + kx;
            }
          }
        }
        const S* group_weights = weights + group * g.out * g.in * g.kernel();
        pack_weights(packed, m, k, [&](int64_t row, int64_t i) {
          return group_weights + taps[i] + (m0 + row) * g.kernel();
        });
        for (int64_t i = 0; i < k; ++i) {
          const int64_t kx = taps[i] % g.places[1].count,
                        ky = taps[i] / g.places[1].count % (g.in * g.places[0].count),
                        o = taps[i] / (g.in * g.kernel());
          taps[i] = o * plane + (shift[0] - g.places[0].shift(ky)) * pitch + shift[1] -
                    g.places[1].shift(kx);
        }
      }
      Window w{{first[0] + i0 - shift[0], first[1] - shift[1]}, {1, 1}, rows + shift[0], pitch};
      for (int64_t o = 0; o < g.out; ++o) {
        fill_plane(in + o * plane, grads, image, group * g.out + o, w);
      }
      clear(in + g.out * plane, kSlack<T>);
      const int64_t vectors = vectors_for<T>(i_count, pitch, count[1]);
      run_taps(TapProblem<T>{in, taps, packed, nullptr, result, m, k, vectors});
      for (int64_t c = 0; c < m; ++c) {
        const T* from = result + c * vectors * Vec<T>::size;
        S* channel = results.data + image * results.image_step +
                     (group * g.in + m0 + c) * results.channel_step;
        for (int64_t i = 0; i < i_count; ++i) {
          const int64_t y = remainder[0] + g.stride[0] * (first[0] + i0 + i) - g.padding[0];
          const int64_t x = remainder[1] + g.stride[1] * first[1] - g.padding[1];
          write_row(channel + y * results.step[0] + x, g.stride[1], from + i * pitch, count[1],
                    add);
        }
      }
    }
  });
}

// ---- by dtype ----------------------------------------------------------------------------------

void conv2d_kernel(const Stream&, const Tensor& out, const Tensor& input, const Tensor& weight,
                   const Tensor& bias, const Conv2dParams& p) {
  switch (out.impl()->dtype()) {
    case kFloat:
      return forward<float, float>(out, input, weight, bias, p);
    case kDouble:
      return forward<double, double>(out, input, weight, bias, p);
    case kHalf:
      return forward<float, Half>(out, input, weight, bias, p);
    case kBFloat16:
      return forward<float, BFloat16>(out, input, weight, bias, p);
    default:
      return;
  }
}

void backward_input_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                           const Tensor& weight, const Conv2dParams& p, GradWrite write) {
  switch (grad.impl()->dtype()) {
    case kFloat:
      return backward_input<float, float>(grad_input, grad, weight, p, write);
    case kDouble:
      return backward_input<double, double>(grad_input, grad, weight, p, write);
    case kHalf:
      return backward_input<float, Half>(grad_input, grad, weight, p, write);
    case kBFloat16:
      return backward_input<float, BFloat16>(grad_input, grad, weight, p, write);
    default:
      return;
  }
}

}  // namespace

void register_convolution_kernels(OpRegistry& registry) {
  registry.set_kernel("conv2d", kCPU, conv2d_kernel);
  registry.set_kernel("conv2d_backward_input", kCPU, backward_input_kernel);
  registry.set_kernel("conv2d_backward_weight", kCPU, conv2d_backward_weight_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
