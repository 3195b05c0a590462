// SPDX-License-Identifier: MIT
// The place of a parameter, and of its gradient, in segments that it shares with others.
//
// Note [Flat parameters]
// ~~~~~~~~~~~~~~~~~~~~~~
// nn::utils::flatten_parameters lays parameters of one device and dtype one after the other in one
// storage, each at a multiple of 64 bytes, and makes a storage of the same layout for their
// gradients. What lies between two of them is zero at first and belongs to nobody, so that an
// update, element by element, may run over it. A parameter has a FlatSlot as long as it lies in its
// segment: set_data ends that.
//
// The slot has the tensor that the gradient is to be, its place. Where grad() is undefined and
// nobody holds the place, the operation that computes the gradient writes it there
// (claim_gradient_place), or else accumulate_grad copies it. A program that still holds the last
// gradient keeps its values, and the new one is a tensor of its own, as without a segment. Whoever
// works on several parameters looks whether they, their gradients and states follow each other in
// their segments (is_followed_by), every time anew, and works on each where they do not.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "adjoint/node.h"
#include "adjoint/tensor.h"
#include "core/util/reused_vector.h"

namespace adjoint::detail {

struct FlatSegment {
  int64_t numel;  ///< of a storage with this layout
};

struct FlatSlot {
  std::shared_ptr<const FlatSegment> segment;
  size_t index;    ///< among the segment's parameters
  int64_t offset;  ///< in elements
  Tensor grad;     ///< the place of the gradient

  /// Whether the parameter of `next` lies right behind that of this slot, and so its gradient.
  bool is_followed_by(const FlatSlot& next) const noexcept {
    return next.segment == segment && next.index == index + 1;
  }
};

/// Null where the parameter lies in no segment.
const FlatSlot* flat_slot(const Tensor& parameter) noexcept;
void set_flat_slot(const Tensor& parameter, std::unique_ptr<FlatSlot> slot);

/// The slot whose place is the parameter's gradient; null where there is none.
const FlatSlot* slot_of_gradient(const Tensor& parameter) noexcept;

/// The place of the gradient, where it is free and work on the current stream may write it; else an
/// undefined tensor.
Tensor free_gradient_place(const Tensor& parameter);
/// As above, of the leaf that output i of `node`, which is being applied, goes to: what is written
/// there becomes its gradient unless more is added.
Tensor claim_gradient_place(const Node& node, size_t i);

/// `numel` elements of the storage of `first`, from its first element on.
Tensor flat_span(const Tensor& first, int64_t numel);

/// The gradients of parameters that have one: those that follow each other in a segment are one
/// long tensor.
class GradientRuns {
 public:
  explicit GradientRuns(const std::vector<Tensor>& parameters);
  const std::vector<Tensor>& all() { return *runs_; }

 private:
  ReusedVector<Tensor, GradientRuns> runs_;
};

/// Tensors of zeros with parameters' shapes; those of flattened ones share segments.
class FlatStates {
 public:
  /// `kind`: which of an optimizer's states.
  Tensor zeros_like(const Tensor& parameter, int kind);

 private:
  struct Made {
    const FlatSegment* segment;
    int kind;
    Tensor all;
  };
  std::vector<Made> made_;
};

}  // namespace adjoint::detail
