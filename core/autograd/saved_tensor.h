// SPDX-License-Identifier: MIT
// A tensor that a node keeps for backward, and that must not have changed since.
#pragma once

#include "adjoint/node.h"

namespace adjoint {

class SavedTensor {
 public:
  /// An input of the operation.
  void save(const Tensor& input);
  /// An output of the operation, after set_history. Kept without its grad_fn, which holds this.
  void save_output(const Tensor& output);
  bool defined() const noexcept { return bool(impl_); }
  /// The tensor; undefined where none was saved. `self` is the node that keeps it. Throws Error
  /// where it was freed by an earlier backward, or changed in place.
  Tensor unpack(Node& self) const;
  void release() noexcept;

 private:
  enum class State : uint8_t { Empty, Input, Output, Released };
  intrusive_ptr<TensorImpl> impl_;
  uint32_t version_ = 0;
  uint32_t output_nr_ = 0;
  State state_ = State::Empty;
};

}  // namespace adjoint
