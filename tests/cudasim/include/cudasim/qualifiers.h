// SPDX-License-Identifier: MIT
// CUDA's function and variable qualifiers, as the host's compiler takes them. `__shared__` is
// missing on purpose: shared memory is declared by the macros of cuda/portable.cuh. `__noinline__`
// is missing because the standard library's headers spell an attribute that way.
#pragma once

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))
#define __builtin_align__(n) __align__(n)
#define CUDART_CB
#define CUDARTAPI
