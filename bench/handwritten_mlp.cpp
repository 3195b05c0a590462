// SPDX-License-Identifier: MIT
// The floor that training steps are measured against: the same perceptrons, loss and Adam written
// by hand for one shape, on arrays that are there before the first step. No tensors, no graph, no
// allocation; what can be one pass over memory is one. Its matrix products are the library's, so
// that the ratio to it tells what the runtime costs beside them.
//
// Its rows have the names of those in rows.h, and `bench` starts it as it starts them.
#include <benchmark/benchmark.h>
#include <immintrin.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "cpu/kernels/gemm_isas.h"

// Each is compiled for three instruction sets, of which the loader picks one.
#define FOR_EACH_ISA __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))

namespace {

using adjoint::cpu::GemmArgs;

/// exp(x) for x <= 0 by 2^k times a polynomial: plain arithmetic, which the compiler vectorizes.
inline float exp_of_negative(float x) {
  x = x > -87.0F ? x : -87.0F;
  const float k = std::floor(x * 1.44269504F + 0.5F),
              r = (x - k * 0.693359375F) + k * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const int32_t bits = (int32_t(k) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

/// In place; the products before it have added the bias.
FOR_EACH_ISA void relu(float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = y[i] > 0 ? y[i] : 0;
}

/// dy = y > 0 ? dy : 0, and the sums of its columns.
FOR_EACH_ISA void relu_backward(float* dy, const float* y, float* sums, int64_t rows, int64_t n) {
  for (int64_t c = 0; c < n; ++c) sums[c] = 0;
  for (int64_t r = 0; r < rows; ++r) {
#pragma omp simd
    for (int64_t c = 0; c < n; ++c) {
      const float d = y[r * n + c] > 0 ? dy[r * n + c] : 0;
      dy[r * n + c] = d;
      sums[c] += d;
    }
  }
}

/// The mean loss; its gradient takes the logits' place, and the sums of its columns.
FOR_EACH_ISA float cross_entropy(float* logits, const int64_t* targets, float* sums, int64_t rows,
                                 int64_t n) {
  const float scale = 1 / float(rows);
  float loss = 0;
  for (int64_t c = 0; c < n; ++c) sums[c] = 0;
  for (int64_t r = 0; r < rows; ++r) {
    float* x = logits + r * n;
    float largest = x[0], sum = 0;
    for (int64_t c = 1; c < n; ++c) largest = x[c] > largest ? x[c] : largest;
    const float own = x[targets[r]] - largest;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < n; ++c) {
      x[c] = exp_of_negative(x[c] - largest);
      sum += x[c];
    }
    loss += std::log(sum) - own;
    const float factor = scale / sum;
    for (int64_t c = 0; c < n; ++c) x[c] *= factor;
    x[targets[r]] -= scale;
    for (int64_t c = 0; c < n; ++c) sums[c] += x[c];
  }
  return loss * scale;
}

/// Adam on all parameters at once, by the formulas of D. P. Kingma, J. Ba, Adam (2015).
FOR_EACH_ISA void adam(float* p, const float* g, float* m, float* v, int64_t n, float step_size,
                       float correction) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    m[i] += (g[i] - m[i]) * 0.1F;
    v[i] = v[i] * 0.999F + g[i] * g[i] * 0.001F;
    p[i] -= step_size * m[i] / (std::sqrt(v[i]) * correction + 1e-8F);
  }
}

/// A perceptron with ReLU between its layers, its parameters, gradients and moments in one array
/// each. Weights are [out, in], as nn::Linear's.
class Perceptron {
 public:
  Perceptron(int64_t batch, std::vector<int64_t> widths)
      : batch_(batch),
        widths_(std::move(widths)),
        gemm_(adjoint::cpu::gemm_of_isas<float>().back().gemm) {
    size_t parameters = 0;
    for (size_t l = 0; l + 1 < widths_.size(); ++l) {
      weights_.push_back(parameters);
      parameters += size_t(widths_[l] * widths_[l + 1]);
      biases_.push_back(parameters);
      parameters += size_t(widths_[l + 1]);
    }
    for (std::vector<float>* array : {&parameters_, &gradients_, &first_, &second_})
      array->resize(parameters);
    for (int64_t width : widths_) {
      values_.emplace_back(size_t(batch * width));
      value_gradients_.emplace_back(size_t(batch * width));
    }
    std::mt19937 random(0);
    for (size_t l = 0; l + 1 < widths_.size(); ++l) {
      const float bound = 1 / std::sqrt(float(widths_[l]));
      std::uniform_real_distribution<float> uniform(-bound, bound);
      for (size_t i = weights_[l]; i < biases_[l] + size_t(widths_[l + 1]); ++i)
        parameters_[i] = uniform(random);
    }
    std::normal_distribution<float> normal;
    for (float& x : values_[0]) x = normal(random);
    for (int64_t i = 0; i < batch; ++i)
      targets_.push_back(int64_t(random() % uint64_t(widths_.back())));
  }

  float step() {
    const size_t layers = widths_.size() - 1;
    for (size_t l = 0; l < layers; ++l) {
      multiply(values_[l].data(), false, &parameters_[weights_[l]], true, values_[l + 1].data(),
               batch_, widths_[l + 1], widths_[l], &parameters_[biases_[l]]);
      if (l + 1 < layers) relu(values_[l + 1].data(), batch_ * widths_[l + 1]);
    }
    const float loss = cross_entropy(values_[layers].data(), targets_.data(),
                                     &gradients_[biases_[layers - 1]], batch_, widths_[layers]);
    const float* grad = values_[layers].data();
    for (size_t l = layers; l-- > 0;) {
      multiply(grad, true, values_[l].data(), false, &gradients_[weights_[l]], widths_[l + 1],
               widths_[l], batch_, nullptr);
      if (l == 0) break;
      multiply(grad, false, &parameters_[weights_[l]], false, value_gradients_[l].data(), batch_,
               widths_[l], widths_[l + 1], nullptr);
      relu_backward(value_gradients_[l].data(), values_[l].data(), &gradients_[biases_[l - 1]],
                    batch_, widths_[l]);
      grad = value_gradients_[l].data();
    }
    first_power_ *= 0.9;
    second_power_ *= 0.999;
    adam(parameters_.data(), gradients_.data(), first_.data(), second_.data(),
         int64_t(parameters_.size()), float(1e-3 / (1 - first_power_)),
         float(1 / std::sqrt(1 - second_power_)));
    return loss;
  }

 private:
  /// c [m, n] = a x b + bias; `a_turned`: a is [k, m] in memory, `b_turned`: b is [n, k].
  void multiply(const float* a, bool a_turned, const float* b, bool b_turned, float* c, int64_t m,
                int64_t n, int64_t k, const float* bias) const {
    GemmArgs<float> args{};
    args.m = m, args.n = n, args.k = k;
    args.a = a, args.a_row = a_turned ? 1 : k, args.a_col = a_turned ? m : 1;
    args.b = b, args.b_row = b_turned ? 1 : n, args.b_col = b_turned ? k : 1;
    args.c = c, args.c_row = n;
    args.bias = bias;
    gemm_(args);
  }

  int64_t batch_;
  std::vector<int64_t> widths_;
  void (*gemm_)(const GemmArgs<float>&);
  std::vector<size_t> weights_, biases_;  // where each layer's are
  std::vector<float> parameters_, gradients_, first_, second_;
  std::vector<std::vector<float>> values_, value_gradients_;
  std::vector<int64_t> targets_;
  double first_power_ = 1, second_power_ = 1;
};

void row(const char* name, int64_t batch, const std::vector<int64_t>& widths) {
  benchmark::RegisterBenchmark(name, [batch, widths](benchmark::State& state) {
    const unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040);  // denormals are zero: a trained network's gradients vanish
    Perceptron network(batch, widths);
    float loss = 0;
    for (auto _ : state) benchmark::DoNotOptimize(loss = network.step());
    state.counters["loss"] = double(loss);  // near 0: it learns its batch by heart
    _mm_setcsr(mode);
  });
}

}  // namespace

/// Arguments as of the other programs of rows; it runs on one thread of the CPU whatever they say.
int main(int argc, char** argv) {
  if (argc < 3 || std::string(argv[2]) != "cpu") return 2;
  argv[2] = argv[0];
  int rest = argc - 2;
  benchmark::Initialize(&rest, argv + 2);
  if (benchmark::ReportUnrecognizedArguments(rest, argv + 2)) return 2;
  benchmark::AddCustomContext("library", "written by hand, one thread");
  row("step/1x16-32-32-4", 1, {16, 32, 32, 4});
  row("step/32x64-32-32-10", 32, {64, 32, 32, 10});
  row("step/64x784-128-128-10", 64, {784, 128, 128, 10});
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
