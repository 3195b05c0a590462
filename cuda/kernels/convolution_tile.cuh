// SPDX-License-Identifier: MIT
// What conv2d's kernels have in common: images, and products of tiles in shared memory.
//
// Note [Implicit products]
// ~~~~~~~~~~~~~~~~~~~~~~~~
// A result of the group's channel m at position q is a sum over k = (channel, place in the kernel)
// of weight[m][k] * image[k, q], where image[k, q] stands one tap's offset from where q stands, or
// in the padding, and is 0. Blocks gather tiles of it into shared memory, by a table of the tile's
// taps, and multiply them like any matrices, each element summed by one thread in the order of k.
// The gradient of the input is the same sum over the gradient's image. With a stride, the input's
// positions of one remainder modulo the stride (a phase) meet every stride-th tap: each phase is a
// product of its own, so that nothing is multiplied by the zeros between.
// The gradient of the weight sums over positions: weight_kernel gathers the same image, k and q
// having changed places. The positions are cut into parts, by the shape alone, and the parts' sums
// are added in their order.
#pragma once

#include <algorithm>
#include <climits>

#include "adjoint/error.h"
#include "adjoint/tensor.h"
#include "core/math/scalar.h"
#include "core/ops/convolution.h"
#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// `out` (dense) from the gathered `image`, `weight` (dense) and `bias` (dense or undefined);
/// `transposed`: the input's gradient, from that of the output.
void convolution_product(const Stream& stream, const Tensor& out, const Tensor& image,
                         const Tensor& weight, const Tensor& bias, const Conv2dParams& params,
                         bool transposed, GradWrite write);
/// The weight's gradient.
void convolution_weight(const Stream& stream, const Tensor& grad_weight, const Tensor& grad,
                        const Tensor& input, const Conv2dParams& params, GradWrite write);

namespace convolution {

constexpr int kThreads = 256, kWarps = kThreads / 32, kDepth = 16;
/// As many blocks as large GPUs run at once; a number, so that results do not depend on the GPU.
constexpr int kBlocksWanted = 128;
/// Far outside of every image, and twice that still is an int.
constexpr int kOutside = -(1 << 30);

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr int min(int a, int b) { return a < b ? a : b; }

template <class T, int N>
struct alignas(N * sizeof(T) < 16 ? N * sizeof(T) : 16) Pack {
  T v[N];
};

// The compiler makes none of its own (cuda/CMakeLists.txt).
__device__ inline float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
__device__ inline double fma(double a, double b, double c) { return ::fma(a, b, c); }

/// A block's share of a product: 8 warps with RM rows each, 32 lanes with RN columns each.
template <class C, int RM, int RN>
struct BlockTile {
  static constexpr int kRows = kWarps * RM, kColumns = 32 * RN;
  static constexpr int kRowPitch = kRows + 4, kColumnPitch = kColumns + 4;

  C sum[RM][RN] = {};

  /// `rows` and `columns`: [depth][pitch].
  __device__ void multiply(const C* rows, const C* columns, int depth) {
    const C* a = rows + threadIdx.x / 32 * RM;
    const C* b = columns + threadIdx.x % 32 * RN;
#pragma unroll 8
    for (int k = 0; k < depth; ++k, a += kRowPitch, b += kColumnPitch) {
      const Pack<C, RM> x = *reinterpret_cast<const Pack<C, RM>*>(a);
      const Pack<C, RN> y = *reinterpret_cast<const Pack<C, RN>*>(b);
#pragma unroll
      for (int i = 0; i < RM; ++i) {
#pragma unroll
        for (int j = 0; j < RN; ++j) sum[i][j] = fma(x.v[i], y.v[j], sum[i][j]);
      }
    }
  }
};

/// Images of any strides.
struct Images {
  int count, size[2];
  int image_step, channel_step, step[2];
};

/// A place in the kernel, and a channel.
struct alignas(16) Tap {
  int weight;  // offset in the weights
  int image;   // offset in the image, from where a position stands
  int y, x;    // the same as rows and columns
};

template <class C, class S>
__device__ C pixel(const S* at, const Images& images, int y, int x) {
  bool inside = unsigned(y) < unsigned(images.size[0]) && unsigned(x) < unsigned(images.size[1]);
  return inside ? compute_from<C>(*at) : C(0);
}

// ---- on the host

inline Images images_of(const TensorImpl& t) {
  return {int(t.sizes()[0]),
          {int(t.sizes()[2]), int(t.sizes()[3])},
          int(t.strides()[0]),
          int(t.strides()[1]),
          {int(t.strides()[2]), int(t.strides()[3])}};
}

/// Image n; null where a tensor, whose place then means nothing, has no elements.
template <class S>
const S* image_of(const TensorImpl& t, int64_t n) {
  return t.numel() == 0 ? nullptr : static_cast<const S*>(t.data()) + n * t.strides()[0];
}

/// How many images of both a kernel can reach with 32-bit offsets; at least one.
inline int64_t images_at_once(const TensorImpl& a, const TensorImpl& b) {
  int64_t count = a.sizes()[0];
  for (const TensorImpl* t : {&a, &b}) {
    int64_t reach = 1;
    for (size_t d = 1; d < 4; ++d) reach += (t->sizes()[d] - 1) * t->strides()[d];
    ADJOINT_CHECK(reach <= INT_MAX / 2, "conv2d: expected images of fewer than 2^30 elements, got ",
                  t->sizes());
    const int64_t numel = t->sizes()[1] * t->sizes()[2] * t->sizes()[3];
    const int64_t step = std::max({t->strides()[0], numel, int64_t(1)});
    count = std::min(count, std::max(int64_t(1), (INT_MAX - reach) / step));
  }
  return count;
}

inline void copy_params(const Conv2dParams& from, int* stride, int* padding, int* dilation) {
  for (int d = 0; d < 2; ++d) {
    stride[d] = int(from.stride[d]);
    padding[d] = int(from.padding[d]);
    dilation[d] = int(from.dilation[d]);
  }
}

}  // namespace convolution
}  // namespace adjoint::cuda
