// SPDX-License-Identifier: MIT
// conv2d and its gradients: which way each goes, cuDNN's (Note [cuDNN]) or ours (Note [Implicit
// products]).
#include "cuda/cudnn/cudnn.h"
#include "cuda/dispatch.h"
#include "cuda/fast_divider.cuh"
#include "cuda/kernels/convolution_tile.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

/// To each of `numel` elements that of its channel.
template <class S>
__global__ void __launch_bounds__(convolution::kThreads)
    add_bias_kernel(S* out, const S* __restrict__ bias, unsigned numel, FastDivider plane,
                    FastDivider channels) {
  using C = math::opmath_t<S>;
  const unsigned step = gridDim.x * convolution::kThreads;
  for (unsigned i = blockIdx.x * convolution::kThreads + threadIdx.x; i < numel; i += step) {
    const unsigned row = plane.divide(i);
    const unsigned channel = channels.modulo(row, channels.divide(row));
    out[i] = stored_from<S>(compute_from<C>(out[i]) + compute_from<C>(bias[channel]));
  }
}

/// `out` has fewer than 2^31 elements.
void add_bias(const Stream& stream, const TensorImpl& out, const TensorImpl& bias) {
  using convolution::kBlocksWanted, convolution::kThreads;
  const unsigned numel = unsigned(out.numel());
  const FastDivider plane(uint32_t(out.sizes()[2] * out.sizes()[3])),
      channels(uint32_t(out.sizes()[1]));
  const unsigned blocks = std::min((numel + kThreads - 1) / kThreads, 16u * kBlocksWanted);
  dispatch_floating(out.dtype(), [&]<class S>() {
    launch<add_bias_kernel<S>>({blocks, kThreads, raw(stream)}, static_cast<S*>(out.data()),
                               static_cast<const S*>(bias.data()), numel, plane, channels);
  });
}

void conv2d_kernel(const Stream& stream, const Tensor& out, const Tensor& input,
                   const Tensor& weight, const Tensor& bias, const Conv2dParams& params) {
  if (!cudnn_convolution(stream, ConvolutionPass::Forward, input, weight, out, params)) {
    convolution_product(stream, out, input, weight, bias, params, false, GradWrite::Overwrite);
  } else if (bias.defined()) {
    add_bias(stream, *out.impl(), *bias.impl());
  }
}

void backward_input_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                           const Tensor& weight, const Conv2dParams& params, GradWrite write) {
  if (write == GradWrite::Overwrite &&
      cudnn_convolution(stream, ConvolutionPass::BackwardInput, grad_input, weight, grad, params)) {
    return;
  }
  convolution_product(stream, grad_input, grad, weight, Tensor(), params, true, write);
}

void backward_weight_kernel(const Stream& stream, const Tensor& grad_weight, const Tensor& grad,
                            const Tensor& input, const Conv2dParams& params, GradWrite write) {
  if (write == GradWrite::Overwrite && cudnn_convolution(stream, ConvolutionPass::BackwardWeight,
                                                         input, grad_weight, grad, params)) {
    return;
  }
  convolution_weight(stream, grad_weight, grad, input, params, write);
}

}  // namespace

void register_convolution_kernels(OpRegistry& registry) {
  registry.set_kernel("conv2d", kCUDA, conv2d_kernel);
  registry.set_kernel("conv2d_backward_input", kCUDA, backward_input_kernel);
  registry.set_kernel("conv2d_backward_weight", kCUDA, backward_weight_kernel);
}

}  // namespace adjoint::cuda
