// SPDX-License-Identifier: MIT
// The bits of integers, and truth values of bools.
#include "adjoint/op_registry.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class F>
void bits_kernel(const TensorIterator& iter, const F& f) {
  dispatch<int64_t, int32_t, uint8_t, bool>(iter.dtypes[0],
                                            [&]<class S>() { elementwise<S, S(S, S)>(iter, f); });
}
void and_kernel(const Stream&, const TensorIterator& iter) {
  bits_kernel(iter, [](auto a, auto b) { return decltype(a)(a.v & b.v); });
}
void or_kernel(const Stream&, const TensorIterator& iter) {
  bits_kernel(iter, [](auto a, auto b) { return decltype(a)(a.v | b.v); });
}
void xor_kernel(const Stream&, const TensorIterator& iter) {
  bits_kernel(iter, [](auto a, auto b) { return decltype(a)(a.v ^ b.v); });
}
void not_kernel(const Stream&, const TensorIterator& iter) {
  dispatch<int64_t, int32_t, uint8_t, bool>(iter.dtypes[0], [&]<class S>() {
    // -1 has all bits set; as a bool it is the lowest alone.
    elementwise<S, S(S)>(iter, [](Vec<S> a) { return Vec<S>(a.v ^ Vec<S>(S(-1)).v); });
  });
}

}  // namespace

void register_bitwise_kernels(OpRegistry& registry) {
  registry.set_kernel("bitwise_not", kCPU, not_kernel);
  registry.set_kernel("bitwise_and", kCPU, and_kernel);
  registry.set_kernel("bitwise_or", kCPU, or_kernel);
  registry.set_kernel("bitwise_xor", kCPU, xor_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
