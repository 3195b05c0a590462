// SPDX-License-Identifier: MIT
// How an operation takes its place in the graph:
//
//   Tensor out = ...;                                    // run the kernel
//   if (needs_grad(a, b)) {
//     auto node = make_node<MulBackward>(a, b);          // an edge for each input
//     node->self_.save(a);
//     set_history(out, node);                            // in place: rebase_history(self, node)
//   }
#pragma once

#include "adjoint/autograd.h"
#include "core/autograd/anomaly.h"
#include "core/autograd/gradient_edge.h"
#include "core/autograd/mode.h"
#include "core/autograd/saved_tensor.h"

namespace adjoint {

template <class... Tensors>
bool needs_grad(const Tensors&... inputs) {
  return detail::is_recording() && (inputs.requires_grad() || ...);
}
inline bool needs_grad(TensorList inputs) {
  if (!detail::is_recording()) return false;
  for (const Tensor& t : inputs) {
    if (t.requires_grad()) return true;
  }
  return false;
}

template <class N, class... Tensors>
intrusive_ptr<N> make_node(const Tensors&... inputs) {
  auto node = intrusive_ptr<N>::adopt(new N());
  (node->add_next_edge(gradient_edge(inputs)), ...);
  return node;
}

/// `out` is the next output of `node`.
inline void set_history(const Tensor& out, const intrusive_ptr<Node>& node) {
  uint32_t nr = node->add_input_metadata(out);
  out.impl()->set_grad_fn(node, nr);
  constexpr uint32_t kForwardChecks = detail::Watch::kForwardNan | detail::Watch::kForwardInf;
  if (detail::watch.relaxed() & kForwardChecks) [[unlikely]]
    check_forward_output(*node, out);
}

/// Throws Error where `self` cannot be changed in place: where autograd forbids it, and where
/// several of its elements share memory. `requires_grad`: whether self or another input does.
void check_inplace(const Tensor& self, bool requires_grad);
inline void check_inplace(const Tensor& self) { check_inplace(self, self.requires_grad()); }
inline void check_inplace(const Tensor& self, const Tensor& other) {
  check_inplace(self, self.requires_grad() || other.requires_grad());
}
/// As check_inplace, for an operation that may write an element several times.
void check_history_change(const Tensor& self, bool requires_grad);
/// After an in-place operation on `self`: counts the change. Call for every one, recorded or not.
inline void bump_version(const Tensor& self) { self.impl()->bump_version(); }
/// `self` was changed in place by the operation behind `node`, whose first edge is that of `self`
/// before. Where `self` is a view, the history of its base changes.
void rebase_history(const Tensor& self, intrusive_ptr<Node> node);

/// `view` shares the memory of `base`, and in-place changes of the one show in the other's history.
/// `meta` is what the view is while operations are recorded: MultiOutputNode or Default.
void set_view_of(const Tensor& view, const Tensor& base, CreationMeta meta = CreationMeta::Default);

}  // namespace adjoint
