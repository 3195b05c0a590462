// SPDX-License-Identifier: MIT
// max_pool2d: one thread for each output; one for each input going back, which looks at the windows
// that it is in, in their order.
#include <algorithm>
#include <climits>

#include "adjoint/tensor.h"
#include "core/math/scalar.h"
#include "core/ops/pooling.h"
#include "cuda/dispatch.h"
#include "cuda/fast_divider.cuh"
#include "cuda/portable.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kThreads = 256;

constexpr int max(int a, int b) { return a > b ? a : b; }
constexpr int min(int a, int b) { return a < b ? a : b; }

struct Planes {
  static constexpr std::tuple<> kernel_pointers{};
  int input[2], output[2], kernel[2], stride[2], padding[2], dilation[2];
  FastDivider input_numel, input_columns, output_numel, output_columns, strides[2];
};

/// NaN is larger than any number.
template <class C>
__device__ bool is_larger(C a, C than) {
  return a > than || (a != a && than == than);
}

/// `kTwo`: windows of 2x2 neighbours.
template <class S, bool kTwo>
__global__ void __launch_bounds__(kThreads)
    pool_kernel(S* out, int32_t* indices, const S* __restrict__ in, Planes p, unsigned numel) {
  using C = math::opmath_t<S>;
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= numel) return;
  const unsigned plane = p.output_numel.divide(i), at = p.output_numel.modulo(i, plane);
  const unsigned y = p.output_columns.divide(at), x = p.output_columns.modulo(at, y);
  const int top = int(y) * p.stride[0] - p.padding[0], left = int(x) * p.stride[1] - p.padding[1];
  const int rows = kTwo ? 2 : p.kernel[0], columns = kTwo ? 2 : p.kernel[1];
  const S* const from = in + size_t(plane) * p.input_numel.divisor;
  bool found = false;
  int best = 0;
  C largest = 0;
#pragma unroll(kTwo ? 2 : 1)
  for (int a = 0; a < rows; ++a) {
#pragma unroll(kTwo ? 2 : 4)
    for (int b = 0; b < columns; ++b) {
      const int r = top + a * (kTwo ? 1 : p.dilation[0]), c = left + b * (kTwo ? 1 : p.dilation[1]);
      const bool inside = unsigned(r) < unsigned(p.input[0]) && unsigned(c) < unsigned(p.input[1]);
      const int place = r * p.input[1] + c;
      const C value = inside ? compute_from<C>(from[place]) : C(0);
      if (inside && (!found || is_larger(value, largest))) {
        found = true;
        largest = value;
        best = place;
      }
    }
  }
  out[i] = stored_from<S>(largest);
  indices[i] = best;
}

template <class S>
__global__ void __launch_bounds__(kThreads)
    unpool_kernel(S* grad_input, const S* __restrict__ grad, const int32_t* __restrict__ indices,
                  Planes p, bool accumulate, unsigned numel) {
  using C = math::opmath_t<S>;
  const unsigned i = blockIdx.x * kThreads + threadIdx.x;
  if (i >= numel) return;
  const unsigned plane = p.input_numel.divide(i), at = p.input_numel.modulo(i, plane);
  const unsigned row = p.input_columns.divide(at), column = p.input_columns.modulo(at, row);
  // The windows that may have the place: by their first and last rows and columns.
  const int place[] = {int(row), int(column)};
  int begin[2], end[2];
#pragma unroll
  for (int d = 0; d < 2; ++d) {
    const int padded = place[d] + p.padding[d];
    const int before = padded - (p.kernel[d] - 1) * p.dilation[d];
    begin[d] = int(p.strides[d].divide(unsigned(max(0, before) + p.stride[d] - 1)));
    end[d] = min(p.output[d], int(p.strides[d].divide(unsigned(padded))) + 1);
  }
  C sum = accumulate ? compute_from<C>(grad_input[i]) : C(0);
  const size_t first = size_t(plane) * p.output_numel.divisor;
  // Windows that overlap are few: unrolling would only take registers.
#pragma unroll 1
  for (int y = begin[0]; y < end[0]; ++y) {
#pragma unroll 1
    for (int x = begin[1]; x < end[1]; ++x) {
      const size_t q = first + unsigned(y * p.output[1] + x);
      if (indices[q] == int(at)) sum += compute_from<C>(grad[q]);
    }
  }
  grad_input[i] = stored_from<S>(sum);
}

Planes planes_of(const TensorImpl& in, const TensorImpl& out, const Pool2dParams& params) {
  Planes p;
  for (int d = 0; d < 2; ++d) {
    p.input[d] = int(in.sizes()[size_t(2 + d)]);
    p.output[d] = int(out.sizes()[size_t(2 + d)]);
    p.kernel[d] = int(params.kernel[d]);
    p.stride[d] = int(params.stride[d]);
    p.padding[d] = int(params.padding[d]);
    p.dilation[d] = int(params.dilation[d]);
    p.strides[d] = FastDivider(unsigned(p.stride[d]));
  }
  p.input_numel = FastDivider(unsigned(p.input[0] * p.input[1]));
  p.input_columns = FastDivider(unsigned(p.input[1]));
  p.output_numel = FastDivider(unsigned(p.output[0] * p.output[1]));
  p.output_columns = FastDivider(unsigned(p.output[1]));
  return p;
}

/// f(first plane, number of planes), for as many planes at a time as 32 bits count the elements of.
template <class F>
void for_planes(const TensorImpl& in, const TensorImpl& out, const F& f) {
  const int64_t count = in.sizes()[0] * in.sizes()[1];
  const int64_t numel = std::max(in.sizes()[2] * in.sizes()[3], out.sizes()[2] * out.sizes()[3]);
  const int64_t at_once = std::max(int64_t(1), INT_MAX / 2 / numel);
  for (int64_t first = 0; first < count; first += at_once)
    f(first, std::min(at_once, count - first));
}

unsigned blocks_for(unsigned numel) { return (numel + kThreads - 1) / kThreads; }

void max_pool2d_kernel(const Stream& stream, const Tensor& out, const Tensor& indices,
                       const Tensor& input, const Pool2dParams& params) {
  const TensorImpl &in = *input.impl(), &to = *out.impl();
  const Planes p = planes_of(in, to, params);
  const bool two = p.kernel[0] == 2 && p.kernel[1] == 2 && p.dilation[0] == 1 && p.dilation[1] == 1;
  dispatch_floating(to.dtype(), [&]<class S>() {
    for_planes(in, to, [&](int64_t first, int64_t count) {
      const unsigned numel = unsigned(count) * p.output_numel.divisor;
      const LaunchConfig where{blocks_for(numel), kThreads, raw(stream)};
      S* values = static_cast<S*>(to.data()) + first * p.output_numel.divisor;
      int32_t* places =
          static_cast<int32_t*>(indices.impl()->data()) + first * p.output_numel.divisor;
      const S* from = static_cast<const S*>(in.data()) + first * p.input_numel.divisor;
      if (two) {
        launch<pool_kernel<S, true>>(where, values, places, from, p, numel);
      } else {
        launch<pool_kernel<S, false>>(where, values, places, from, p, numel);
      }
    });
  });
}

void max_pool2d_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                                const Tensor& indices, const Pool2dParams& params,
                                GradWrite write) {
  const TensorImpl &to = *grad_input.impl(), &g = *grad.impl();
  const Planes p = planes_of(to, g, params);
  dispatch_floating(to.dtype(), [&]<class S>() {
    for_planes(to, g, [&](int64_t first, int64_t count) {
      const unsigned numel = unsigned(count) * p.input_numel.divisor;
      launch<unpool_kernel<S>>(
          {blocks_for(numel), kThreads, raw(stream)},
          static_cast<S*>(to.data()) + first * p.input_numel.divisor,
          static_cast<const S*>(g.data()) + first * p.output_numel.divisor,
          static_cast<const int32_t*>(indices.impl()->data()) + first * p.output_numel.divisor, p,
          write == GradWrite::Accumulate, numel);
    });
  });
}

}  // namespace

void register_pooling_kernels(OpRegistry& registry) {
  registry.set_kernel("max_pool2d", kCUDA, max_pool2d_kernel);
  registry.set_kernel("max_pool2d_backward", kCUDA, max_pool2d_backward_kernel);
}

}  // namespace adjoint::cuda
