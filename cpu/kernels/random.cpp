// SPDX-License-Identifier: MIT
// Filling with random numbers.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/loops.h"
#include "cpu/philox.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class C>
inline constexpr int kDrawsOf = int(sizeof(C)) / 4;
template <class C>
using BitsOf =
    Register<typename Wrapping<typename IntOf<int(sizeof(C))>::type>::type, Vec<C>::size>;

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

template <class C>
ADJOINT_ALWAYS_INLINE BitsOf<C> load_bits(const uint32_t* draws) {
  BitsOf<C> bits;
  __builtin_memcpy(&bits, draws, sizeof bits);
  return bits;
}
template <class C, class S>
ADJOINT_ALWAYS_INLINE void store_some(Vec<C> v, S* out, int n) {
  if (n >= Vec<C>::size) {
    v.store(out);
  } else if (n > 0) {
    v.store(out, n);
  }
}

void uniform_kernel(const Stream&, const Tensor& out, double from, double to, PhiloxArgs numbers) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    S* p = static_cast<S*>(out.impl()->data());
    const V start{C(from)}, span{C(to - from)};
    for_each_batch<kDrawsOf<C>>(
        numbers.state, out.impl()->numel(), [&](int64_t first, int n, const uint32_t* draws) {
          for (int i = 0; i < n; i += V::size) {
            V u = uniform_lanes<C, kDigits<S>>(load_bits<C>(draws + i * kDrawsOf<C>));
            store_some(u * span + start, p + first + i, n - i);
          }
        });
  });
}

void normal_kernel(const Stream&, const Tensor& out, double mean, double std, PhiloxArgs numbers) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    constexpr int size = V::size, draws_each = kDrawsOf<C>, digits = kDigits<C>;
    constexpr std::make_integer_sequence<int, size> lanes;
    S* p = static_cast<S*>(out.impl()->data());
    const V m{C(mean)}, s{C(std)};
    for_each_batch<draws_each>(
        numbers.state, out.impl()->numel(), [&](int64_t first, int n, const uint32_t* draws) {
          for (int i = 0; i < n; i += 2 * size) {
            auto a = load_bits<C>(draws + i * draws_each);
            auto b = load_bits<C>(draws + (i + size) * draws_each);
            // Elements 2k and 2k + 1 are a pair.
            math::BoxMuller<V> pair(uniform_lanes<C, digits>(every_other<0>(a, b, lanes)),
                                    uniform_lanes<C, digits>(every_other<1>(a, b, lanes)));
            V lower(interleave<0>(pair.first.v, pair.second.v, lanes));
            V upper(interleave<1>(pair.first.v, pair.second.v, lanes));
            store_some(lower * s + m, p + first + i, n - i);
            store_some(upper * s + m, p + first + i + size, n - i - size);
          }
        });
  });
}

/// f(bits) of kDraws draws for each element, computed in S's compute type.
template <class S, int kDraws, class F>
void fill_each(const Tensor& out, const PhiloxArgs& numbers, const F& f) {
  using C = opmath_t<S>;
  using Bits = typename Wrapping<typename IntOf<4 * kDraws>::type>::type;
  S* p = static_cast<S*>(out.impl()->data());
  for_each_batch<kDraws>(numbers.state, out.impl()->numel(),
                         [&](int64_t first, int n, const uint32_t* draws) {
                           alignas(64) C values[kDrawBatch / kDraws];
                           for (int i = 0; i < kDrawBatch / kDraws; ++i) {
                             Bits bits;
                             __builtin_memcpy(&bits, draws + i * kDraws, sizeof bits);
                             values[i] = f.template operator()<C>(bits);
                           }
                           for (int i = 0; i < n; i += Vec<C>::size) {
                             int count = n - i < Vec<C>::size ? n - i : Vec<C>::size;
                             store_some(Vec<C>::load(values + i, count), p + first + i, count);
                           }
                         });
}

void random_kernel(const Stream&, const Tensor& out, int64_t low, uint64_t range,
                   PhiloxArgs numbers) {
  auto number = [=]<class C>(auto bits) {
    return C(int64_t(uint64_t(low) + math::below(bits, range)));
  };
  dispatch_numeric(out.impl()->dtype(), [&]<class S>() {
    if (range < math::kWideRange) {
      fill_each<S, 1>(out, numbers, number);
    } else {
      fill_each<S, 2>(out, numbers, number);
    }
  });
}

void bernoulli_kernel(const Stream&, const Tensor& out, double p, PhiloxArgs numbers) {
  auto is_one = [=]<class C>(uint32_t bits) { return C(double(math::uniform_from(bits)) < p); };
  dispatch_all(out.impl()->dtype(), [&]<class S>() { fill_each<S, 1>(out, numbers, is_one); });
}

}  // namespace

void register_random_kernels(OpRegistry& registry) {
  registry.set_kernel("uniform", kCPU, uniform_kernel);
  registry.set_kernel("normal", kCPU, normal_kernel);
  registry.set_kernel("random", kCPU, random_kernel);
  registry.set_kernel("bernoulli", kCPU, bernoulli_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
