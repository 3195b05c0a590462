// SPDX-License-Identifier: MIT
// Convolutions by cuDNN, where there is one.
//
// Note [cuDNN]
// ~~~~~~~~~~~~
// cuDNN is never needed, and never linked: its header has to be there where the library is built
// (ADJOINT_CUDNN), and libcudnn.so.9 is looked for at the first convolution that it is wanted for.
// Where it is not found, or has no way to compute something, our own kernels do (Note [Implicit
// products]); nothing is said of it, cuda::cudnn_is_available() tells.
//
// Of its interfaces the graph API is used, not the functions cudnnConvolution*: those are
// deprecated, and see neither an algorithm's numerical notes nor strides. Eleven functions do for
// all operations and will for those of later versions; what an operation is stands in attributes of
// descriptors.
//
// It is asked where it is expected to win: for products that do not end before a launch does
// (kLeastProducts), of float, half and bfloat16. Sizes, dtype and the program's switches decide,
// not where tensors lie: one that is not dense is copied first, so that equal numbers give equal
// bits in every layout. It writes, never adds; the bias is added by a launch of ours.
// Of the engines that its heuristics propose, the first is taken that keeps our promises: no
// Winograd or Fourier transforms, by which a NaN or a large number reaches results that do not
// depend on it; sums in float, factors as they are, the same bits every time. TF32 and engines that
// do not repeat are for programs that ask for them (adjoint/context.h).
//
// A device has one handle, and plans, which cuDNN does not let threads share, are run under its
// lock: only host work is serialised. Workspace is the stream's. Neither handle nor plan is made
// while the stream is captured, since that allocates: what was not run before the capture is
// captured with our kernels.
#pragma once

#include <cstdint>

#include "adjoint/stream.h"

namespace adjoint {
class Tensor;
struct Conv2dParams;
}  // namespace adjoint

namespace adjoint::cuda {

enum class ConvolutionPass : uint8_t { Forward, BackwardInput, BackwardWeight };

/// Computes the output of image * weight, or one of the others from the two: `image` is the input
/// or its gradient, `output` and `weight` likewise. No tensor is empty; the result is dense. False,
/// and nothing is done, where our kernels are to do it. Throws CUDAError with cuDNN's text where it
/// fails.
bool cudnn_convolution(const Stream& stream, ConvolutionPass pass, const Tensor& image,
                       const Tensor& weight, const Tensor& output, const Conv2dParams& params);

/// Whether the library was found; looks for it at the first call.
bool has_cudnn() noexcept;

}  // namespace adjoint::cuda
