// SPDX-License-Identifier: MIT
// Comparisons and truth values; outputs are bool.
#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "core/math/unary.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

template <class Functor>
void comparison_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    elementwise<compute_t<S>, bool(S, S)>(stream, iter, Forward<Functor>{});
  });
}
void isnan_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() {
    elementwise<compute_t<S>, bool(S)>(stream, iter, Forward<math::IsNan>{});
  });
}
void logical_not_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    elementwise<compute_t<S>, bool(S)>(stream, iter, Forward<math::LogicalNot>{});
  });
}

}  // namespace

void register_comparison_kernels(OpRegistry& registry) {
  registry.set_kernel("eq", kCUDA, comparison_kernel<math::Eq>);
  registry.set_kernel("ne", kCUDA, comparison_kernel<math::Ne>);
  registry.set_kernel("lt", kCUDA, comparison_kernel<math::Lt>);
  registry.set_kernel("le", kCUDA, comparison_kernel<math::Le>);
  registry.set_kernel("gt", kCUDA, comparison_kernel<math::Gt>);
  registry.set_kernel("ge", kCUDA, comparison_kernel<math::Ge>);
  registry.set_kernel("logical_and", kCUDA, comparison_kernel<math::LogicalAnd>);
  registry.set_kernel("logical_or", kCUDA, comparison_kernel<math::LogicalOr>);
  registry.set_kernel("logical_not", kCUDA, logical_not_kernel);
  registry.set_kernel("isnan", kCUDA, isnan_kernel);
}

}  // namespace adjoint::cuda
