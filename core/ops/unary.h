// SPDX-License-Identifier: MIT
// What functions of one element share: their node, and running them out of place and in place.
#pragma once

#include "core/ops/elementwise.h"

namespace adjoint {

enum class Saves { Nothing, Input, Result };
enum class Result { SameDtype, Floating };

/// A node of one input and one output, which keeps the one or the other.
template <Saves kSaves>
struct UnaryBackward : Node {
  static constexpr Saves kKeeps = kSaves;
  SavedTensor saved_;

  /// The gradient of the input; `saved` is what was kept.
  virtual Tensor derive(const Tensor& grad, const Tensor& saved) = 0;
  GradList apply(GradList&& grads) final { return {derive(grads[0], saved_.unpack(*this))}; }
  void release_variables() final { saved_.release(); }
};

template <class Backward>
Tensor unary(const ElementwiseOp& op, const Tensor& self, Result result) {
  ScalarType dtype = result == Result::Floating ? floating_result(self.dtype()) : self.dtype();
  Tensor out = run_unary(op, self, dtype, dtype);
  if (needs_grad(self)) {
    auto node = make_node<Backward>(self);
    if constexpr (Backward::kKeeps == Saves::Input) node->saved_.save(self);
    set_history(out, node);
    if constexpr (Backward::kKeeps == Saves::Result) node->saved_.save_output(out);
  }
  return out;
}

template <class Backward>
Tensor& unary_(const ElementwiseOp& op, const Tensor& self, Result result) {
  Stream stream = stream_for(self);
  check_inplace(self);
  ADJOINT_CHECK(result == Result::SameDtype || isFloatingType(self.dtype()), "result type ",
                get_default_dtype(), " can't be cast to the desired output type ", self.dtype());
  check_dtype(op, self.dtype());
  bool record = needs_grad(self);
  // The input is overwritten: what backward needs of it is kept aside.
  Tensor before = record && Backward::kKeeps == Saves::Input ? self.clone() : Tensor();
  if (self.numel() != 0) op(stream, TensorIterator(self, self));
  bump_version(self);
  if (record) {
    auto node = make_node<Backward>(self);
    if constexpr (Backward::kKeeps == Saves::Input) node->saved_.save(before);
    Backward* kept = node.get();
    rebase_history(self, std::move(node));
    if constexpr (Backward::kKeeps == Saves::Result) kept->saved_.save_output(self);
  }
  return const_cast<Tensor&>(self);
}

/// Runs `op` on self in place; what backward is to know of self before is returned.
template <class... Args>
Tensor overwrite(const Op<void(const Stream&, const TensorIterator&, Args...)>& op,
                 const Tensor& self, Args... args) {
  check_inplace(self);
  check_dtype(op, self.dtype());
  Tensor before = needs_grad(self) ? self.clone() : self;
  if (self.numel() != 0) op(stream_for(self), TensorIterator(self, self), args...);
  bump_version(self);
  return before;
}

}  // namespace adjoint
