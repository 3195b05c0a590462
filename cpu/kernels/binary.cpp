// SPDX-License-Identifier: MIT
// Functions of two elements.
#include "core/math/binary.h"

#include "adjoint/op_registry.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

void add_kernel(const Stream&, const TensorIterator& iter, const Scalar& alpha) {
  const bool plain = alpha.toDouble() == 1;
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    if (plain) {
      elementwise<C, S(S, S)>(iter, [](auto a, auto b) { return math::Add{}.forward(a, b); });
    } else {
      math::AddScaled<C> f{alpha.to<C>()};
      elementwise<C, S(S, S)>(iter, [f](auto a, auto b) { return f.forward(a, b); });
    }
  });
}

void mul_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S, S)>(iter,
                                      [](auto a, auto b) { return math::Mul{}.forward(a, b); });
  });
}

void div_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S, S)>(iter,
                                      [](auto a, auto b) { return math::Div{}.forward(a, b); });
  });
}

}  // namespace

void register_binary_kernels(OpRegistry& registry) {
  registry.set_kernel("add", kCPU, add_kernel);
  registry.set_kernel("mul", kCPU, mul_kernel);
  registry.set_kernel("div", kCPU, div_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
