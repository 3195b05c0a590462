// SPDX-License-Identifier: MIT
// Choosing between values by a condition, and bounds.
#include <bit>

#include "adjoint/op_registry.h"
#include "core/math/ternary.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

// Values are moved, not computed with: what counts is their size.
void where_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_bits(iter.dtypes[0], [&]<class S>() {
    elementwise<S, S(bool, S, S)>(stream, iter, Forward<math::Where>{});
  });
}

/// A number, as its bits, where the mask holds.
template <class Bits>
struct MaskedFill {
  Bits value;
  HOST_DEVICE Bits forward(Bits x, bool mask) const { return mask ? value : x; }
};
void masked_fill_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& value) {
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    using Bits = typename detail::Word<sizeof(S)>::type;
    const MaskedFill<Bits> fill{std::bit_cast<Bits>(value.to<S>())};
    elementwise<Bits, Bits(Bits, bool)>(stream, iter, Forward{fill});
  });
}

void clamp_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& lower,
                  const Scalar& upper) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    math::Clamp<C> clamp{lower.to<C>(), upper.to<C>()};
    elementwise<C, S(S)>(stream, iter, Forward{clamp});
  });
}

}  // namespace

void register_select_kernels(OpRegistry& registry) {
  registry.set_kernel("where", kCUDA, where_kernel);
  registry.set_kernel("masked_fill", kCUDA, masked_fill_kernel);
  registry.set_kernel("clamp", kCUDA, clamp_kernel);
}

}  // namespace adjoint::cuda
