// SPDX-License-Identifier: MIT
// The product of column-major matrices behind cublas.cpp and cublaslt.cpp, as a kernel of one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "cublas_api.h"
#include "cuda_runtime.h"
#include "cudasim/library.h"

namespace cudasim {

/// A matrix as it lies in memory, before it is transposed.
struct GemmOperand {
  cudaDataType type = CUDA_R_32F;
  bool transposed = false;
  int64_t leading_dimension = 1;
  int64_t batch_stride = 0;
};

enum class Activation : uint8_t { kNone, kRelu, kGelu };

/// d = activation(alpha * op(a) * op(b) + beta * c + bias), batch_count times.
struct GemmArguments {
  const void* a = nullptr;
  const void* b = nullptr;
  const void* c = nullptr;  // null where beta is 0: it is not read
  void* d = nullptr;
  const void* device_alpha = nullptr;  // of type `scale_type`; null: alpha counts
  const void* device_beta = nullptr;
  const void* bias = nullptr;           // m numbers
  void* gradient_of_rows = nullptr;     // m sums of op(a) over k
  void* gradient_of_columns = nullptr;  // n sums of op(b) over k
  TempStorage workspace = {};           // is overwritten

  int64_t m = 0, n = 0, k = 0;
  int64_t batch_count = 1;
  double alpha = 1, beta = 0;
  GemmOperand a_layout, b_layout, c_layout, d_layout;
  cudaDataType scale_type = CUDA_R_32F;
  cudaDataType bias_type = CUDA_R_32F;  // of gradients, too
  int64_t bias_batch_stride = 0;
  bool tf32 = false;  // factors are rounded to 10 bits of mantissa
  Activation activation = Activation::kNone;

  /// From a library's pointers, which lead to numbers of scale_type.
  void set_scales(const void* alpha_pointer, const void* beta_pointer, const void* c_pointer,
                  bool on_device);

  static constexpr auto kernel_pointers =
      std::tuple(&GemmArguments::a, &GemmArguments::b, &GemmArguments::c, &GemmArguments::d,
                 &GemmArguments::device_alpha, &GemmArguments::device_beta, &GemmArguments::bias,
                 &GemmArguments::gradient_of_rows, &GemmArguments::gradient_of_columns,
                 &GemmArguments::workspace);
};

/// Enqueues. Doubles are multiplied in double, all else in float.
cublasStatus_t launch_gemm(const LibraryFunction& function, const GemmArguments& arguments,
                           cudaStream_t stream);

cublasStatus_t to_cublas_status(cudaError_t status);

}  // namespace cudasim
