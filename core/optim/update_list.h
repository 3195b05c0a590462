// SPDX-License-Identifier: MIT
// The updates of an optimizer's step, gathered so that a kernel sees all parameters at once.
#pragma once

#include <utility>

#include "adjoint/autograd.h"
#include "core/ops/elementwise.h"
#include "core/optim/update.h"
#include "core/util/reused_vector.h"

namespace adjoint {

/// The updates of a step. Adding to them allocates, and may throw, but changes no parameter and no
/// state; running them calls the kernel once for all parameters that are alike.
template <class Tensors, class Update, class State>
class UpdateList {
 public:
  /// The tensors' parameter and gradient are for this to fill in.
  void add(const Tensor& param, const Tensor& grad, State& state, const Update& update,
           Tensors tensors) {
    ADJOINT_CHECK(grad.sizes() == param.sizes(), "optimizer: expected a gradient of shape ",
                  param.sizes(), ", got ", grad.sizes());
    check_inplace(param, false);
    tensors.param = param.is_contiguous() ? param : param.detach().contiguous();
    tensors.grad = grad.to(param.dtype()).contiguous();
    tensors_->push_back(std::move(tensors));
    entries_->push_back({&param, &state, update});
  }

  /// commit(state, tensors) takes note of an update.
  template <class Commit>
  void run(const Op<void(const Stream&, ArrayRef<Tensors>, const Update&)>& op, Commit commit) {
    NoGradGuard no_grad;
    for (size_t begin = 0; begin < entries_->size();) {
      size_t end = gather_alike(begin);
      const Tensor& param = (*tensors_)[begin].param;
      if (param.numel() != 0) {
        op(stream_for(param), {tensors_->data() + begin, end - begin}, (*entries_)[begin].update);
      }
      begin = end;
    }
    for (size_t i = 0; i < entries_->size(); ++i) {
      const Tensor& param = *(*entries_)[i].param;
      const Tensors& updated = (*tensors_)[i];
      commit(*(*entries_)[i].state, updated);
      if (updated.param.is_same(param)) {
        param.impl()->version().bump();
      } else {
        param.copy_(updated.param);
      }
    }
  }

 private:
  struct Entry {
    const Tensor* param;
    State* state;
    Update update;
  };
  bool alike(size_t a, size_t b) const {
    const Tensor &p = (*tensors_)[a].param, &q = (*tensors_)[b].param;
    return p.dtype() == q.dtype() && p.device() == q.device() &&
           (p.numel() == 0) == (q.numel() == 0) && (*entries_)[a].update == (*entries_)[b].update;
  }
  /// Brings entries like `begin` behind it; the end of them.
  size_t gather_alike(size_t begin) {
    size_t end = begin + 1;
    for (size_t i = end; i < entries_->size(); ++i) {
      if (!alike(begin, i)) continue;
      if (i != end) {
        std::swap((*tensors_)[i], (*tensors_)[end]);
        std::swap((*entries_)[i], (*entries_)[end]);
      }
      ++end;
    }
    return end;
  }

  mutable ReusedVector<Tensors> tensors_;
  mutable ReusedVector<Entry> entries_;
};

}  // namespace adjoint
