// SPDX-License-Identifier: MIT
// The instruction set that a CPU kernel source is compiled for, and the namespace it lives in.
//
// Note [One namespace per instruction set]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// Every source in cpu/kernels/ is compiled once per instruction set, with other compiler flags and
// with -DADJOINT_CPU_ISA=baseline, =avx2 or =avx512; the best set that the processor has is chosen
// at run time. An inline function or a template that several of these objects instantiate under
// one mangled name is emitted in each of them, and the linker keeps one copy, any one. If it keeps
// the copy that was compiled for AVX-512, a processor without AVX-512 meets an illegal instruction
// in code that was compiled for it. The compiler can't see this and a test on a new machine can't
// either, so it is excluded by names:
//  - whatever a kernel source instantiates lives in `namespace adjoint::cpu::ADJOINT_CPU_ISA`;
//  - the functors of core/math live in `namespace adjoint::math` in an inline namespace that is
//    also named after the set (core/math/host_device.h);
//  - from the standard library and from include/ kernels use only what is always inlined or is
//    never emitted: types, constants and plain member access, no containers and no algorithms;
//    memcpy and the like as __builtin_.
// Across the border to the rest of the library only plain function pointers go.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifndef ADJOINT_CPU_ISA
#error "cpu/isa.h: compile with -DADJOINT_CPU_ISA=<name>; the build does so for cpu/kernels/*.cpp"
#endif

#define ADJOINT_ALWAYS_INLINE inline __attribute__((always_inline))

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// Bytes of a vector register.
#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
