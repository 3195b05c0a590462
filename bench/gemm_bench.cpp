// SPDX-License-Identifier: MIT
// Speed of the matrix product at one thread: every instruction set of this build and processor at
// the shapes of small networks' steps. `--benchmark_filter=avx512/float` picks some.
#include <benchmark/benchmark.h>

#include <string>
#include <type_traits>
#include <vector>

#include "cpu/kernels/gemm_isas.h"

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
    {"square", "NN", 128, 128, 128},
    {"square", "NN", 256, 256, 256},
    {"square", "NN", 512, 512, 512},
    {"square", "NN", 1024, 1024, 1024},
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

template <class T>
void add_benchmarks() {
  for (const auto& kernels : adjoint::cpu::gemm_of_isas<T>()) {
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

}  // namespace

int main(int argc, char** argv) {
  add_benchmarks<float>();
  add_benchmarks<double>();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
