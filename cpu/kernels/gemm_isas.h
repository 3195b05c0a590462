// SPDX-License-Identifier: MIT
// The matrix products of all instruction sets, for tests and benchmarks that compare them.
#pragma once

#include <vector>

#include "cpu/kernels/gemm_args.h"

namespace adjoint::cpu {

#define ADJOINT_DECLARE_GEMM(isa)                        \
  namespace isa {                                        \
  template <class T>                                     \
  void gemm(const GemmArgs<T>&);                         \
  template <class T>                                     \
  int64_t gemm_tile_count(const GemmArgs<T>&);           \
  template <class T>                                     \
  void gemm_tiles(const GemmArgs<T>&, int64_t, int64_t); \
  template <class T>                                     \
  int64_t gemm_grain(const GemmArgs<T>&);                \
  }
#ifdef ADJOINT_HAVE_BASELINE
ADJOINT_DECLARE_GEMM(baseline)
#endif
#ifdef ADJOINT_HAVE_AVX2
ADJOINT_DECLARE_GEMM(avx2)
#endif
#ifdef ADJOINT_HAVE_AVX512
ADJOINT_DECLARE_GEMM(avx512)
#endif
#undef ADJOINT_DECLARE_GEMM

template <class T>
struct GemmOfIsa {
  const char* isa;
  void (*gemm)(const GemmArgs<T>&);
  int64_t (*tile_count)(const GemmArgs<T>&);
  void (*tiles)(const GemmArgs<T>&, int64_t, int64_t);
  int64_t (*grain)(const GemmArgs<T>&);
};

/// Those that this build has and this processor can run, the narrowest vectors first.
template <class T>
std::vector<GemmOfIsa<T>> gemm_of_isas() {
  std::vector<GemmOfIsa<T>> all;
#define ADJOINT_GEMM_OF(isa) \
  {#isa, isa::gemm<T>, isa::gemm_tile_count<T>, isa::gemm_tiles<T>, isa::gemm_grain<T>}
#ifdef ADJOINT_HAVE_BASELINE
  all.push_back(ADJOINT_GEMM_OF(baseline));
#endif
#ifdef ADJOINT_HAVE_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    all.push_back(ADJOINT_GEMM_OF(avx2));
  }
#endif
#ifdef ADJOINT_HAVE_AVX512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    all.push_back(ADJOINT_GEMM_OF(avx512));
  }
#endif
#undef ADJOINT_GEMM_OF
  return all;
}

}  // namespace adjoint::cpu
