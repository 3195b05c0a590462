// SPDX-License-Identifier: MIT
// Speed of the matrix product at one thread: every instruction set of this build and processor at
// the shapes of small networks' steps, beside the processor's peak and, where they were found,
// oneDNN and OpenBLAS (OMP_NUM_THREADS=1). `--benchmark_filter=avx512/float` picks some.
#include <benchmark/benchmark.h>

#include <string>
#include <type_traits>
#include <vector>

#include "cpu/kernels/gemm_isas.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#ifdef BENCH_ONEDNN
#include <dnnl.h>
#endif
#ifdef BENCH_OPENBLAS
#include <cblas.h>
#endif

namespace {

using adjoint::cpu::GemmArgs;
using adjoint::cpu::GemmOfIsa;

struct Shape {
  const char* name;
  const char* layout;  // of A and B: N by rows, T by columns
  int64_t m, n, k;
};
constexpr Shape kShapes[] = {
    {"linear_forward", "NT", 32, 32, 64},
    {"linear_forward", "NT", 32, 10, 32},
    {"linear_forward", "NT", 64, 128, 784},
    {"linear_forward", "NT", 64, 128, 128},
    {"linear_forward", "NT", 64, 10, 128},
    {"linear_forward", "NT", 1, 32, 16},
    {"linear_forward", "NT", 1, 4, 32},
    {"linear_weight", "TN", 32, 64, 32},
    {"linear_weight", "TN", 10, 32, 32},
    {"linear_weight", "TN", 128, 784, 64},
    {"linear_weight", "TN", 128, 128, 64},
    {"linear_weight", "TN", 32, 16, 1},
    {"linear_input", "NN", 32, 32, 10},
    {"linear_input", "NN", 64, 128, 128},
    {"linear_input", "NN", 64, 128, 10},
    {"linear_input", "NN", 1, 32, 4},
    {"conv_forward", "NN", 16, 784, 9},
    {"conv_forward", "NN", 32, 196, 144},
    {"conv_forward", "NN", 64, 49, 288},
    {"conv_weight", "NT", 16, 9, 784},
    {"conv_weight", "NT", 32, 144, 196},
    {"conv_weight", "NT", 64, 288, 49},
    {"conv_input", "TN", 144, 196, 32},
    {"conv_input", "TN", 288, 49, 64},
    {"square", "NN", 4, 4, 4},
    {"square", "NN", 16, 16, 16},
    {"square", "NN", 64, 64, 64},
    {"square", "NT", 64, 64, 64},
    {"square", "NN", 96, 96, 96},
    {"square", "NN", 128, 128, 128},
    {"square", "NN", 192, 192, 192},
    {"square", "NN", 256, 256, 256},
    {"square", "NN", 384, 384, 384},
    {"square", "NN", 512, 512, 512},
    {"square", "NN", 1024, 1024, 1024},
    {"square", "NT", 1024, 1024, 1024},
    {"square", "NN", 2048, 2048, 2048},
};

template <class T>
void measure(benchmark::State& state, const GemmOfIsa<T>& kernels, const Shape& s) {
  std::vector<T> a(static_cast<size_t>(s.m * s.k), T(0.5));
  std::vector<T> b(static_cast<size_t>(s.k * s.n), T(0.25));
  std::vector<T> c(static_cast<size_t>(s.m * s.n));
  const bool a_in_rows = s.layout[0] == 'N', b_in_rows = s.layout[1] == 'N';
  GemmArgs<T> args{};
  args.m = s.m, args.n = s.n, args.k = s.k;
  args.a = a.data(), args.a_row = a_in_rows ? s.k : 1, args.a_col = a_in_rows ? 1 : s.m;
  args.b = b.data(), args.b_row = b_in_rows ? s.n : 1, args.b_col = b_in_rows ? 1 : s.k;
  args.c = c.data(), args.c_row = s.n;
  for (auto _ : state) {
    kernels.gemm(args);
    benchmark::ClobberMemory();
  }
  const auto flop = static_cast<double>(2 * s.m * s.n * s.k);
  state.counters["FLOP/s"] =
      benchmark::Counter(flop, benchmark::Counter::kIsIterationInvariantRate);
}

#ifdef BENCH_ONEDNN
void multiply_by_onednn(const GemmArgs<float>& g) {
  const bool a_in_rows = g.a_col == 1, b_in_rows = g.b_col == 1;
  dnnl_sgemm(a_in_rows ? 'N' : 'T', b_in_rows ? 'N' : 'T', g.m, g.n, g.k, 1, g.a,
             a_in_rows ? g.a_row : g.a_col, g.b, b_in_rows ? g.b_row : g.b_col, 0, g.c, g.c_row);
}
#endif
#ifdef BENCH_OPENBLAS
void multiply_by_openblas(const GemmArgs<float>& g) {
  const bool a_in_rows = g.a_col == 1, b_in_rows = g.b_col == 1;
  cblas_sgemm(CblasRowMajor, a_in_rows ? CblasNoTrans : CblasTrans,
              b_in_rows ? CblasNoTrans : CblasTrans, int(g.m), int(g.n), int(g.k), 1, g.a,
              int(a_in_rows ? g.a_row : g.a_col), g.b, int(b_in_rows ? g.b_row : g.b_col), 0, g.c,
              int(g.c_row));
}
#endif

template <class T>
void add_benchmarks() {
  auto all = adjoint::cpu::gemm_of_isas<T>();
  if constexpr (std::is_same_v<T, float>) {
#ifdef BENCH_ONEDNN
    all.push_back({"onednn", multiply_by_onednn, nullptr, nullptr, nullptr});
#endif
#ifdef BENCH_OPENBLAS
    all.push_back({"openblas", multiply_by_openblas, nullptr, nullptr, nullptr});
#endif
  }
  for (const auto& kernels : all) {
    for (const Shape& s : kShapes) {
      const std::string name = std::string("gemm/") + kernels.isa + "/" +
                               (std::is_same_v<T, float> ? "float" : "double") + "/" + s.name +
                               "/" + s.layout + "/" + std::to_string(s.m) + "x" +
                               std::to_string(s.n) + "x" + std::to_string(s.k);
      benchmark::RegisterBenchmark(
          name.c_str(), [kernels, s](benchmark::State& state) { measure<T>(state, kernels, s); });
    }
  }
}

#if defined(__x86_64__)
/// Multiplies and adds in registers alone, which no product can be faster than.
[[gnu::target("avx512f")]] void measure_peak(benchmark::State& state) {
  constexpr int kChains = 12, kSteps = 1000;
  __m512 sums[kChains], x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(0.25f);
  for (__m512& sum : sums) sum = y;
  for (auto _ : state) {
    for (int i = 0; i < kSteps; ++i) {
#pragma GCC unroll 12
      for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, x, y);
    }
    benchmark::DoNotOptimize(sums);
  }
  state.counters["FLOP/s"] = benchmark::Counter(2.0 * 16 * kChains * kSteps,
                                                benchmark::Counter::kIsIterationInvariantRate);
}
void add_peak() {
  if (__builtin_cpu_supports("avx512f"))
    benchmark::RegisterBenchmark("peak/avx512/float", measure_peak);
}
#else
void add_peak() {}
#endif

}  // namespace

int main(int argc, char** argv) {
  add_peak();
  add_benchmarks<float>();
  add_benchmarks<double>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
