// SPDX-License-Identifier: MIT
// A tensor that a node keeps for backward, and that must not have changed since.
#pragma once

#include <memory>

#include "adjoint/node.h"
#include "adjoint/saved_tensor_hooks.h"

namespace adjoint {

class SavedTensor {
 public:
  /// An input of the operation.
  void save(const Tensor& input);
  /// An output of the operation, after set_history. Kept without its grad_fn, which holds this.
  void save_output(const Tensor& output);
  bool defined() const noexcept { return impl_ || packed_; }
  /// The tensor; undefined where none was saved. `self` is the node that keeps it. Throws Error
  /// where it was freed by an earlier backward, or changed in place.
  Tensor unpack(Node& self) const { return unpack_for(&self); }
  /// As above, for what is kept outside of nodes, saved by save().
  Tensor unpack() const { return unpack_for(nullptr); }
  void release() noexcept;

 private:
  enum class State : uint8_t { Empty, Input, Output, Released };
  /// In the place of the tensor, where hooks took it. A place of its own in the graph, so that the
  /// tensor need not be kept for it.
  struct Packed {
    std::unique_ptr<autograd::SavedVariableHooks> hooks;
    InputMetadata metadata;
    Edge edge;  // of an input
  };
  void pack(const Tensor& t, Edge edge);
  Tensor unpack_for(Node* self) const;
  Tensor unpack_packed(Node* self) const;

  intrusive_ptr<TensorImpl> impl_;
  std::unique_ptr<Packed> packed_;
  uint32_t version_ = 0;
  uint32_t output_nr_ = 0;
  State state_ = State::Empty;
};

/// Throws the Error of a graph whose saved tensors a backward has freed.
[[noreturn]] void fail_released();

}  // namespace adjoint
