// SPDX-License-Identifier: MIT
// What device code is written with: launches, shared memory, the last-block ticket, 16-bit floats.
//
// Note [One source, two devices]
// The sources of cuda/ are compiled by nvcc for a GPU and, unchanged, by the host's compiler for
// the simulated CUDA device of tests/cudasim. This header is the only one that knows of both. The
// rules that follow from it:
//   1. Kernels are launched by launch<kernel<T>>({grid, block, stream, shared_bytes}, args...): no
//      <<<>>>, no overloaded kernels.
//   2. Shared memory is declared by SHARED_ARRAY, SHARED and DYNAMIC_SHARED only.
//   3. Parameters are trivially copyable. `const T*` is read, `T*` is written: the simulated
//   device's
//      race checker goes by that. A struct with pointers lists them:
//        static constexpr auto kernel_pointers = std::tuple(&Args::in, &Args::out);
//      (members may be pointers or arrays of pointers); one without says so by
//        static constexpr std::tuple<> kernel_pointers{};
//      No device pointer lies in device memory.
//   4. A collective names its mask, and all lanes of it arrive; __syncwarp stands between the steps
//   of
//      an exchange through shared memory; no __syncthreads after a return that not all threads
//      take.
//   5. No inline PTX, wmma, cp.async, textures, cooperative groups, __device__ or __constant__
//   globals.
//   6. A thread's local arrays stay below 16 KiB; floats use expf, fmaxf and their like.
//   7. Every call names its stream, which is never the default one; copies and sets are Async.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "adjoint/half.h"
#include "cuda/check.h"

#if defined(ADJOINT_CUDASIM)
#include <cudasim_kernel.h>
#include <cudasim_library.h>
// T name[N], in memory that the threads of a block share.
#define SHARED_ARRAY(T, name, N) \
  T* const name = static_cast<T*>(::cudasim::shared_memory([] {}, sizeof(T) * (N), alignof(T)))
// One T.
#define SHARED(T, name) \
  T& name = *static_cast<T*>(::cudasim::shared_memory([] {}, sizeof(T), alignof(T)))
// T* name: the launch's shared_bytes.
#define DYNAMIC_SHARED(T, name) T* const name = static_cast<T*>(::cudasim::dynamic_shared_memory())
#else
#include <dlfcn.h>
// A kernel_pointers that nobody reads: only the simulated device does. The other compilers tell of
// what is really unused.
#pragma nv_diag_suppress 177
#define SHARED_ARRAY(T, name, N) __shared__ T name[N]
#define SHARED(T, name) __shared__ T name
#define DYNAMIC_SHARED(T, name)                                                 \
  extern __shared__ __align__(16) unsigned char adjoint_dynamic_shared_bytes[]; \
  T* const name = reinterpret_cast<T*>(adjoint_dynamic_shared_bytes)
#endif

namespace adjoint::cuda {

/// Where a kernel runs. `file` and `line` are the launch's, for reports.
struct LaunchConfig {
  dim3 grid, block;
  cudaStream_t stream;
  size_t shared_bytes;
  const char* file;
  int line;
  LaunchConfig(dim3 grid, dim3 block, cudaStream_t stream, size_t shared_bytes = 0,
               const char* file = __builtin_FILE(), int line = __builtin_LINE())
      : grid(grid),
        block(block),
        stream(stream),
        shared_bytes(shared_bytes),
        file(file),
        line(line) {}
};

/// True for a type from elsewhere that has no pointers and cannot say so itself.
template <class T>
inline constexpr bool has_no_pointers = !std::is_class_v<T> || std::is_empty_v<T>;
template <>
inline constexpr bool has_no_pointers<Half> = true;
template <>
inline constexpr bool has_no_pointers<BFloat16> = true;

/// What may be a kernel's parameter: see rule 3 of Note [One source, two devices].
template <class T>
concept KernelParameter = std::is_trivially_copyable_v<T> &&
    (has_no_pointers<T> || requires { T::kernel_pointers; });

/// Enqueues `kernel`; throws CUDAError where that fails. Arguments convert as in a call.
template <auto kernel, KernelParameter... Args>
void launch(const LaunchConfig& where, Args... args) {
  cudaLaunchConfig_t config{};
  config.gridDim = where.grid;
  config.blockDim = where.block;
  config.dynamicSmemBytes = where.shared_bytes;
  config.stream = where.stream;
#if defined(ADJOINT_CUDASIM)
  ::cudasim::name_next_launch(__PRETTY_FUNCTION__, where.file, where.line);
#endif
  check(cudaLaunchKernelEx(&config, kernel, args...), "kernel launch", where.file, where.line);
}

/// Tells the simulated device's checks what a block of the allocator's segments is in use for;
/// `stream` is the one that the block belongs to. Nothing on a GPU.
inline void note_block_allocated([[maybe_unused]] const void* block, [[maybe_unused]] size_t nbytes,
                                 [[maybe_unused]] cudaStream_t stream) {
#if defined(ADJOINT_CUDASIM)
  ::cudasim::block_allocated(block, nbytes, stream);
#endif
}
inline void note_block_freed([[maybe_unused]] const void* block, [[maybe_unused]] size_t nbytes,
                             [[maybe_unused]] cudaStream_t stream) {
#if defined(ADJOINT_CUDASIM)
  ::cudasim::block_freed(block, nbytes, stream);
#endif
}

/// True in the block that comes here last, in all its threads; to be called by all threads of all
/// blocks of a one-dimensional grid, once a launch, after what they wrote to global memory. What
/// the other blocks wrote before is then visible. `ticket` is 0 before the launch and after it.
__device__ inline bool is_last_block(unsigned* ticket) {
  SHARED(bool, is_last);
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0 && threadIdx.y == 0)
    is_last = atomicInc(ticket, gridDim.x - 1) == gridDim.x - 1;
  __syncthreads();
  __threadfence();
  return is_last;
}

// ---- Libraries that are not linked

#if defined(ADJOINT_CUDASIM)
inline constexpr bool kIsSimulated = true;
#else
inline constexpr bool kIsSimulated = false;
#endif

/// Null where there is none. The simulated device has stand-ins for some, by their usual names.
inline void* open_library(const char* name) {
#if defined(ADJOINT_CUDASIM)
  return ::cudasim::open_library(name);
#else
  return dlopen(name, RTLD_NOW | RTLD_LOCAL);
#endif
}
/// A function of the library; null where it has none of that name.
inline void* find_symbol(void* library, const char* name) {
#if defined(ADJOINT_CUDASIM)
  return ::cudasim::find_symbol(library, name);
#else
  return dlsym(library, name);
#endif
}

// ---- 16-bit floating point, by the GPU's own instructions

/// The value of a stored number in the type that is computed with.
template <class C, class S>
__device__ __forceinline__ C compute_from(S x) {
  if constexpr (__is_same(S, Half)) {
    return C(__half2float(std::bit_cast<__half>(x)));
  } else if constexpr (__is_same(S, BFloat16)) {
    return C(__bfloat162float(std::bit_cast<__nv_bfloat16>(x)));
  } else {
    return C(x);
  }
}
/// A computed number as it is stored: rounded to nearest even.
template <class S, class C>
__device__ __forceinline__ S stored_from(C x) {
  if constexpr (__is_same(S, Half)) {
    return std::bit_cast<Half>(__float2half_rn(float(x)));
  } else if constexpr (__is_same(S, BFloat16)) {
    return std::bit_cast<BFloat16>(__float2bfloat16_rn(float(x)));
  } else {
    return S(x);
  }
}

}  // namespace adjoint::cuda
