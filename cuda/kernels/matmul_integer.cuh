// SPDX-License-Identifier: MIT
// Products of integer matrices, which wrap around: counts and adjacencies, not the work of
// networks.
#pragma once

#include "cuda/elements.h"
#include "cuda/fast_divider.cuh"
#include "cuda/portable.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {

inline constexpr int kIntegerThreads = 256;

/// Batches of matrices with any strides.
struct IntegerProduct {
  static constexpr std::tuple<> kernel_pointers{};
  FastDivider64 rows, columns;
  int64_t numel, k;
  int64_t a[3], b[3], c[3];  // strides: batch, row, column
  bool accumulate;
};

template <class T>
__global__ void __launch_bounds__(kIntegerThreads)
    integer_product_kernel(T* out, const T* __restrict__ left, const T* __restrict__ right,
                           const T* bias, IntegerProduct p) {
  const int64_t i = int64_t(blockIdx.x) * kIntegerThreads + threadIdx.x;
  if (i >= p.numel) return;
  const uint64_t line = p.columns.divide(uint64_t(i)), matrix = p.rows.divide(line);
  const int64_t column = int64_t(p.columns.modulo(uint64_t(i), line)),
                row = int64_t(p.rows.modulo(line, matrix)), batch = int64_t(matrix);
  T* const to = out + batch * p.c[0] + row * p.c[1] + column * p.c[2];
  const T* const x = left + batch * p.a[0] + row * p.a[1];
  const T* const y = right + batch * p.b[0] + column * p.b[2];
  uint64_t sum = bias ? uint64_t(bias[column]) : 0;
  if (p.accumulate) sum += uint64_t(*to);
  for (int64_t k = 0; k < p.k; ++k) sum += uint64_t(x[k * p.a[2]]) * uint64_t(y[k * p.b[1]]);
  *to = T(sum);
}

template <class T>
void integer_product(const Stream& stream, const Tensor& out, const Tensor& a, const Tensor& b,
                     const Tensor& bias, bool accumulate) {
  const TensorImpl& c = *out.impl();
  const size_t d = size_t(c.dim()) - 2;
  IntegerProduct p{};
  p.rows = FastDivider64(uint64_t(c.sizes()[d]));
  p.columns = FastDivider64(uint64_t(c.sizes()[d + 1]));
  p.numel = c.numel();
  p.k = a.impl()->sizes()[d + 1];
  auto strides = [d](int64_t(&to)[3], const TensorImpl& t) {
    to[0] = d == 0 ? 0 : t.strides()[0];
    to[1] = t.strides()[d];
    to[2] = t.strides()[d + 1];
  };
  strides(p.a, *a.impl());
  strides(p.b, *b.impl());
  strides(p.c, c);
  p.accumulate = accumulate;
  const unsigned blocks = unsigned((p.numel + kIntegerThreads - 1) / kIntegerThreads);
  launch<integer_product_kernel<T>>({blocks, kIntegerThreads, raw(stream)}, outputs<T>(out),
                                    elements<T>(a), elements<T>(b), elements<T>(bias), p);
}

}  // namespace adjoint::cuda
