// SPDX-License-Identifier: MIT
// Interpolation, and sums with a product or a quotient.
#include "core/math/ternary.h"

#include "adjoint/op_registry.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

void lerp_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S, S, S)>(
        iter, [](auto a, auto b, auto weight) { return math::Lerp{}.forward(a, b, weight); });
  });
}
void lerp_by_kernel(const Stream&, const TensorIterator& iter, const Scalar& weight) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    math::LerpBy<C> f{weight.to<C>()};
    elementwise<C, S(S, S)>(iter, [f](auto a, auto b) { return f.forward(a, b); });
  });
}
void addcmul_kernel(const Stream&, const TensorIterator& iter, const Scalar& value) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    math::Addcmul<C> f{value.to<C>()};
    elementwise<C, S(S, S, S)>(iter, [f](auto a, auto b, auto c) { return f.forward(a, b, c); });
  });
}
void addcdiv_kernel(const Stream&, const TensorIterator& iter, const Scalar& value) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    math::Addcdiv<C> f{value.to<C>()};
    elementwise<C, S(S, S, S)>(iter, [f](auto a, auto b, auto c) { return f.forward(a, b, c); });
  });
}

}  // namespace

void register_ternary_kernels(OpRegistry& registry) {
  registry.set_kernel("lerp", kCPU, lerp_kernel);
  registry.set_kernel("lerp_by", kCPU, lerp_by_kernel);
  registry.set_kernel("addcmul", kCPU, addcmul_kernel);
  registry.set_kernel("addcdiv", kCPU, addcdiv_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
