// SPDX-License-Identifier: MIT
// cuDNN's functions, found when the program runs: Note [cuDNN].
#pragma once

#include <cudnn.h>

namespace adjoint::cuda {

#define ADJOINT_CUDNN_FUNCTIONS(FUNCTION) \
  FUNCTION(cudnnGetVersion)               \
  FUNCTION(cudnnGetErrorString)           \
  FUNCTION(cudnnGetLastErrorString)       \
  FUNCTION(cudnnCreate)                   \
  FUNCTION(cudnnSetStream)                \
  FUNCTION(cudnnBackendCreateDescriptor)  \
  FUNCTION(cudnnBackendDestroyDescriptor) \
  FUNCTION(cudnnBackendSetAttribute)      \
  FUNCTION(cudnnBackendGetAttribute)      \
  FUNCTION(cudnnBackendFinalize)          \
  FUNCTION(cudnnBackendExecute)

struct CudnnFunctions {
#define ADJOINT_CUDNN_MEMBER(name) decltype(&::name) name;
  ADJOINT_CUDNN_FUNCTIONS(ADJOINT_CUDNN_MEMBER)
#undef ADJOINT_CUDNN_MEMBER
};

/// Null where no library of this major version was found. ADJOINT_CUDNN_LIBRARY in the environment
/// names another file than libcudnn.so.9, which is looked for as the linker does.
const CudnnFunctions* cudnn_functions() noexcept;

}  // namespace adjoint::cuda
