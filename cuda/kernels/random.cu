// SPDX-License-Identifier: MIT
// Filling with random numbers.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cuda/philox.cuh"

namespace adjoint::cuda {
namespace {

template <class C>
inline constexpr int kDrawsOf = int(sizeof(C)) / 4;

/// Digits of a number below 1 that is stored as S, so that no rounding makes it 1.
template <class S>
inline constexpr int kDigits = 0;
template <>
inline constexpr int kDigits<double> = 53;
template <>
inline constexpr int kDigits<float> = 24;
template <>
inline constexpr int kDigits<Half> = 11;
template <>
inline constexpr int kDigits<BFloat16> = 8;

template <int kDraws, class S, class F>
__global__ void __launch_bounds__(kThreads)
    fill_random(Draws draws, int64_t numel, bool aligned, F f, S* out) {
  constexpr int each = kElementsOfBlock<kDraws>;
  for_each_block<kDraws>(draws, numel, [&](int64_t first, int n, const math::PhiloxBlock& block) {
    Pack<S, each> values;
    f(block, values);
    if (aligned && n == each) {
      values.store(out + first);
    } else {
      values.store(out + first, n);
    }
  });
}
/// f(block, values) makes the elements of a block, of kDraws draws each.
template <int kDraws, class S, class F>
void fill_with(const Stream& stream, const Tensor& out, const PhiloxArgs& numbers, const F& f) {
  S* p = static_cast<S*>(out.impl()->data());
  const int64_t numel = out.impl()->numel();
  launch<fill_random<kDraws, S, F>>(draws_config<kDraws>(numel, stream), Draws(numbers, stream),
                                    numel, is_aligned<kElementsOfBlock<kDraws>>(p), f, p);
}

template <class S>
struct Uniform {
  static constexpr std::tuple<> kernel_pointers{};
  using C = compute_t<S>;
  C start, span;
  template <int N>
  __device__ __forceinline__ void operator()(const math::PhiloxBlock& block,
                                             Pack<S, N>& values) const {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      C u = uniform<kDigits<S>>(bits_of<kDrawsOf<C>>(block, k));
      values.v[k] = stored_from<S>(u * span + start);
    }
  }
};
void uniform_kernel(const Stream& stream, const Tensor& out, double from, double to,
                    PhiloxArgs numbers) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    fill_with<kDrawsOf<C>, S>(stream, out, numbers, Uniform<S>{C(from), C(to - from)});
  });
}

/// Elements 2k and 2k + 1 are a pair.
template <class S>
struct Normal {
  static constexpr std::tuple<> kernel_pointers{};
  using C = compute_t<S>;
  C mean, std;
  template <int N>
  __device__ __forceinline__ void operator()(const math::PhiloxBlock& block,
                                             Pack<S, N>& values) const {
    constexpr int draws = kDrawsOf<C>, digits = kDigits<C>;
#pragma unroll
    for (int k = 0; k < N; k += 2) {
      math::BoxMuller<C> pair(uniform<digits>(bits_of<draws>(block, k)),
                              uniform<digits>(bits_of<draws>(block, k + 1)));
      values.v[k] = stored_from<S>(pair.first * std + mean);
      values.v[k + 1] = stored_from<S>(pair.second * std + mean);
    }
  }
};
void normal_kernel(const Stream& stream, const Tensor& out, double mean, double std,
                   PhiloxArgs numbers) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    fill_with<kDrawsOf<C>, S>(stream, out, numbers, Normal<S>{C(mean), C(std)});
  });
}

template <class S, int kDraws>
struct Below {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t low;
  uint64_t range;
  template <int N>
  __device__ __forceinline__ void operator()(const math::PhiloxBlock& block,
                                             Pack<S, N>& values) const {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      uint64_t number = uint64_t(low) + math::below(bits_of<kDraws>(block, k), range);
      values.v[k] = stored_from<S>(compute_t<S>(int64_t(number)));
    }
  }
};
void random_kernel(const Stream& stream, const Tensor& out, int64_t low, uint64_t range,
                   PhiloxArgs numbers) {
  dispatch_numeric(out.impl()->dtype(), [&]<class S>() {
    if (range < math::kWideRange) {
      fill_with<1, S>(stream, out, numbers, Below<S, 1>{low, range});
    } else {
      fill_with<2, S>(stream, out, numbers, Below<S, 2>{low, range});
    }
  });
}

template <class S>
struct Bernoulli {
  static constexpr std::tuple<> kernel_pointers{};
  double p;
  template <int N>
  __device__ __forceinline__ void operator()(const math::PhiloxBlock& block,
                                             Pack<S, N>& values) const {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      values.v[k] = stored_from<S>(compute_t<S>(double(uniform<24>(block.words[k])) < p));
    }
  }
};
void bernoulli_kernel(const Stream& stream, const Tensor& out, double p, PhiloxArgs numbers) {
  dispatch_all(out.impl()->dtype(),
               [&]<class S>() { fill_with<1, S>(stream, out, numbers, Bernoulli<S>{p}); });
}

}  // namespace

void register_random_kernels(OpRegistry& registry) {
  registry.set_kernel("uniform", kCUDA, uniform_kernel);
  registry.set_kernel("normal", kCUDA, normal_kernel);
  registry.set_kernel("random", kCUDA, random_kernel);
  registry.set_kernel("bernoulli", kCUDA, bernoulli_kernel);
}

}  // namespace adjoint::cuda
