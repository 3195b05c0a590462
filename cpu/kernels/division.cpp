// SPDX-License-Identifier: MIT
// Rounded quotients and what they leave.
#include "core/math/division.h"

#include <atomic>

#include "adjoint/op_registry.h"
#include "cpu/by_lane.h"
#include "cpu/index_error.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

struct Found {
  std::atomic<bool>* found;
};

template <class S>
void check_divisors(const TensorIterator& iter) {
  std::atomic<bool> found = false;
  const Found context{&found};
  for_each_row(
      iter,
      [](const void* context, char* const* data, const int64_t* strides, int64_t n) {
        bool any = false;
        for (int64_t i = 0; i < n; ++i) {
          any |= *reinterpret_cast<const S*>(data[2] + i * strides[2]) == S(0);
        }
        if (any) static_cast<const Found*>(context)->found->store(true, std::memory_order_relaxed);
      },
      &context, kCheapGrain);
  if (found) throw_zero_division();
}

template <class Functor>
void division_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    if constexpr (S(0.5f) == S(0.f)) check_divisors<S>(iter);
    map_by_lane<S>(
        iter, +[](C a, C b) -> C { return Functor{}.forward(a, b); });
  });
}

}  // namespace

void register_division_kernels(OpRegistry& registry) {
  registry.set_kernel("fmod", kCPU, division_kernel<math::Fmod>);
  registry.set_kernel("remainder", kCPU, division_kernel<math::Remainder>);
  registry.set_kernel("div_trunc", kCPU, division_kernel<math::DivTrunc>);
  registry.set_kernel("div_floor", kCPU, division_kernel<math::DivFloor>);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
