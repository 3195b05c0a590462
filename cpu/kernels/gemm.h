// SPDX-License-Identifier: MIT
// The matrix product on the CPU, for float and double.
//
// Note [Order of sums in gemm]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~~~
// One element of C is summed over k in an order that depends on the shape and the strides of the
// whole product, never on how its rows and columns are divided among register tiles, cache blocks
// or threads: k is never divided among threads, and its blocks (gemm.cpp, kBlockK) start at the
// same indices for all. So the result is the same to the last bit whatever the number of threads.
#pragma once

#include "cpu/isa.h"
#include "cpu/kernels/gemm_args.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// The whole product on the calling thread.
template <class T>
void gemm(const GemmArgs<T>& args);

/// For several threads: C is divided into `gemm_tile_count` tiles, and calls of `gemm_tiles` for
/// disjoint ranges that cover [0, gemm_tile_count) may run at once. Neighbouring tiles share packed
/// operands, so ranges are best long:
///   parallel_for(0, gemm_tile_count(args), gemm_grain(args),
///                [&](int64_t begin, int64_t end) { gemm_tiles(args, begin, end); });
template <class T>
int64_t gemm_tile_count(const GemmArgs<T>& args);
template <class T>
void gemm_tiles(const GemmArgs<T>& args, int64_t begin, int64_t end);

/// The number of tiles whose work is worth handing to another thread.
template <class T>
int64_t gemm_grain(const GemmArgs<T>& args);

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
