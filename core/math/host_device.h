// SPDX-License-Identifier: MIT
// The marks of functions that both backends compile, and the namespace they live in.
//
// The functors of core/math are templates on the number type T: a vector register in the CPU's
// kernels (whose functions are found by argument-dependent lookup), float or double on CUDA.
// Each holds an operation's forward formula and its derivative together. They are always inlined,
// and their inline namespace is named after the instruction set that is compiled for: see
// Note [One namespace per instruction set] in cpu/isa.h.
#pragma once

#if defined(__CUDACC__)
#define HOST_DEVICE __host__ __device__ __forceinline__
#else
#define HOST_DEVICE inline __attribute__((always_inline))
#endif

#if defined(ADJOINT_CPU_ISA)
#define ADJOINT_MATH_SET ADJOINT_CPU_ISA
#else
#define ADJOINT_MATH_SET generic
#endif
