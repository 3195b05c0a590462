// SPDX-License-Identifier: MIT
// The convolution behind cudnn.cpp, as a kernel of one thread.
#pragma once

#include <cstdint>
#include <tuple>

#include "cudasim/library.h"
#include "library_types.h"

namespace cudasim {

enum class ConvolutionPass : uint8_t { kForward, kBackwardData, kBackwardFilter };

/// out, of the pass, from the two others; images are x and y, the filter is w.
struct ConvolutionArguments {
  struct Image {
    int64_t sizes[4], strides[4];
    int64_t extent() const {
      int64_t n = 1;
      for (int d = 0; d < 4; ++d) n += (sizes[d] - 1) * strides[d];
      return n;
    }
  };

  const void* first = nullptr;   // x; y's gradient where that of x is wanted
  const void* second = nullptr;  // w; y's gradient where that of w is wanted
  void* out = nullptr;
  TempStorage workspace = {};  // is overwritten

  Image x, w, y;
  int64_t stride[2], padding[2], dilation[2];
  ConvolutionPass pass = ConvolutionPass::kForward;
  cudaDataType type = CUDA_R_32F;
  bool tf32 = false;  // factors are rounded to 10 bits of mantissa

  static constexpr auto kernel_pointers =
      std::tuple(&ConvolutionArguments::first, &ConvolutionArguments::second,
                 &ConvolutionArguments::out, &ConvolutionArguments::workspace);
};

/// Enqueues. All is multiplied and summed in float.
cudaError_t launch_convolution(const LibraryFunction& function,
                               const ConvolutionArguments& arguments, cudaStream_t stream);

}  // namespace cudasim
