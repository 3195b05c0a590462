// SPDX-License-Identifier: MIT
// What the stand-ins for libraries are made of: each function of a library is a kernel of one
// thread, so that it keeps a stream's order, is captured, and is checked for races as any other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "cuda_runtime.h"
#include "cudasim.h"

namespace cudasim {

struct LibraryFunction {
  const char* name;
  const char* as_kernel;  ///< the name as name_next_launch takes it
};
#define CUDASIM_LIBRARY_FUNCTION(name) \
  ::cudasim::LibraryFunction { name, "[with auto kernel = " name "; ]" }

/// Counts the call, fails where a test wants that, else enqueues the kernel.
template <class... Params, class... Arguments>
cudaError_t launch_library_kernel(const LibraryFunction& function, cudaStream_t stream,
                                  void (*kernel)(Params...), Arguments&&... arguments) {
  const LibraryCall call(function.name);
  if (const cudaError_t fault = api_fault(function.name); fault != cudaSuccess) return fault;
  cudaLaunchConfig_t config{};
  config.gridDim = config.blockDim = dim3(1);
  config.stream = stream;
  name_next_launch(function.as_kernel, function.name, 0);
  return cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...);
}

/// Work memory that a caller provides. A kernel that has it overwrites what it needs.
struct TempStorage {
  void* data;
  size_t bytes;
  static constexpr auto kernel_pointers = std::tuple(&TempStorage::data);

  void use() const { std::memset(data, 0xff, std::min<size_t>(bytes, 4096)); }
};

/// CUB's protocol: without memory a call says how much it needs; with too little it fails. True
/// where the call goes on, with what `temp` says; else *status is its result.
inline bool takes_temp_storage(void* data, size_t& bytes, size_t needed, TempStorage* temp,
                               cudaError_t* status) {
  *temp = {data, needed};
  *status = cudaSuccess;
  if (data == nullptr) {
    bytes = needed;
    return false;
  }
  if (bytes < needed) *status = cudaErrorInvalidValue;
  return bytes >= needed;
}

/// Pointers to what is only read, as kernels must say it; other iterators are themselves.
template <class T>
const T* as_input(T* pointer) {
  return pointer;
}
template <class T>
T as_input(T iterator) {
  return iterator;
}

}  // namespace cudasim
