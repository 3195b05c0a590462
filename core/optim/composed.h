// SPDX-License-Identifier: MIT
// What optimizers that are composed of other operations share.
#pragma once

#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "core/autograd/flat_parameters.h"
#include "core/autograd/record.h"
#include "core/capture/recorder.h"

namespace adjoint::optim {

/// Throws where a step cannot be: before the first parameter is changed.
inline void check_update(const Tensor& param, const Tensor& grad) {
  ADJOINT_CHECK(grad.sizes() == param.sizes(), "optimizer: expected a gradient of shape ",
                param.sizes(), ", got ", grad.sizes());
  check_inplace(param, false);
}

/// The direction that goes down: that of the gradient in the parameter's dtype, turned round to
/// maximize, with the pull of the weight decay.
template <class Options>
Tensor direction(const Tensor& param, const Tensor& grad, const Options& o) {
  Tensor g = grad.detach().to(param.dtype());
  if (o.maximize()) g = -g;
  return o.weight_decay() != 0 ? add(g, param.detach(), o.weight_decay()) : g;
}

/// The parameters of a step, those that follow each other in a segment as one: what an operation
/// does to each element, it does to all of them at once.
template <class State, class Options>
class ComposedSteps {
 public:
  /// The state's tensors are there; options that apply to several parameters are the same object.
  void add(const Tensor& param, State& state, const Options& options) {
    entries_.push_back({&param, &state, &options, detail::slot_of_gradient(param)});
  }
  /// Calls f(param, grad, tensors of the state, steps so far, options), and counts a step.
  template <class F>
  void run(const F& f) {
    NoGradGuard no_grad;
    for (size_t first = 0; first < entries_.size();) {
      size_t last = first;
      while (last + 1 < entries_.size() && is_followed(entries_[last], entries_[last + 1])) ++last;
      const Entry& e = entries_[first];
      if (last == first) {
        f(*e.param, e.param->grad(), e.state->tensors, e.state->step, *e.options);
      } else {
        const detail::FlatSlot& end = *entries_[last].slot;
        const int64_t numel = end.offset - e.slot->offset + end.grad.numel();
        std::vector<Tensor> tensors = e.state->tensors;
        for (Tensor& t : tensors) {
          if (t.defined()) t = detail::flat_span(t, numel);
        }
        f(detail::flat_span(*e.param, numel), detail::flat_span(e.param->grad(), numel), tensors,
          e.state->step, *e.options);
        for (size_t i = first; i <= last; ++i) entries_[i].param->impl()->bump_version();
      }
      for (; first <= last; ++first) ++entries_[first].state->step;
    }
  }

 private:
  struct Entry {
    const Tensor* param;
    State* state;
    const Options* options;
    const detail::FlatSlot* slot;  // null where the gradient does not lie in it
  };
  static bool is_followed(const Entry& a, const Entry& b) {
    if (!a.slot || !b.slot || !a.slot->is_followed_by(*b.slot) || a.options != b.options ||
        a.state->step != b.state->step || !a.param->is_contiguous() || !b.param->is_contiguous()) {
      return false;
    }
    const int64_t distance = b.slot->offset - a.slot->offset;
    for (size_t i = 0; i < a.state->tensors.size(); ++i) {
      const Tensor &t = a.state->tensors[i], &next = b.state->tensors[i];
      if (t.defined() != next.defined()) return false;
      if (t.defined() && (t.impl()->storage() != next.impl()->storage() ||
                          next.storage_offset() - t.storage_offset() != distance)) {
        return false;
      }
    }
    return true;
  }
  std::vector<Entry> entries_;
};

}  // namespace adjoint::optim
