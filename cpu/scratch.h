// SPDX-License-Identifier: MIT
// Work memory of the calling thread for kernels that pack or transpose operands.
#pragma once

#include <cstddef>

namespace adjoint::cpu {

/// Who uses the memory: calls nest (a convolution calls a matrix product), so each has its own.
enum class Scratch {
  kGemm,
  kGemmResult,
  kOperand,
  kConvolutionInput,
  kConvolutionResult,
  kConvolutionWeights,
  kConvolutionPartials,
  kReduce,
  kSort,
  kDecomposition,
  kCount
};

/// At least `bytes` bytes, aligned to a cache line, that belong to the calling thread until its
/// next call for the same user. The memory is kept from call to call, grows on demand and is freed
/// when the thread ends: a caller bounds what it asks for. Throws std::bad_alloc.
void* scratch(Scratch user, std::size_t bytes);

}  // namespace adjoint::cpu
