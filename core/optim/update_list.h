// SPDX-License-Identifier: MIT
// The updates of an optimizer's step, gathered so that a kernel sees all parameters at once.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/optim/optimizer.h"
#include "core/autograd/flat_parameters.h"
#include "core/capture/recorder.h"
#include "core/ops/elementwise.h"
#include "core/optim/update_refresher.h"
#include "core/util/denormals.h"
#include "core/util/reused_vector.h"

namespace adjoint {

/// The updates of a step. Adding to them allocates, and may throw, but changes no parameter and no
/// state; running them calls the kernel once for all parameters that are alike. Those that follow
/// each other in a segment, as do their gradients and states, are one long parameter to it.
template <class Tensors, class Update, class State>
class UpdateList {
 public:
  /// The tensors' parameter and gradient are for this to fill in.
  void add(const Tensor& param, const Tensor& grad, State& state, const Update& update,
           Tensors tensors, const optim::OptimizerOptions* options = nullptr) {
    ADJOINT_CHECK(grad.sizes() == param.sizes(), "optimizer: expected a gradient of shape ",
                  param.sizes(), ", got ", grad.sizes());
    check_inplace(param, false);
    tensors.param = param.is_contiguous() ? param : param.detach().contiguous();
    tensors.grad = grad.to(param.dtype()).contiguous();
    const detail::FlatSlot* slot =
        tensors.grad.is_same(param.grad()) ? detail::slot_of_gradient(param) : nullptr;
    tensors_->push_back(std::move(tensors));
    entries_->push_back({&param, &state, options, slot, update});
  }

  /// commit(state, tensors) takes note of an update. They were added with their options, which
  /// UpdateRefresher is given for replays.
  template <class Commit, class Make>
  void run(const UpdateOp<Tensors, Update>& op, Commit commit,
           const std::shared_ptr<bool>& states_are_there, const Make& make) {
    Recorder* const recorder = recorder_of_thread();
    if (recorder) recorder->end_update();
    run(op, commit, [&](size_t begin, size_t end) {
      if (!recorder) [[likely]]
        return;
      using Fresh = UpdateRefresher<Tensors, Update, State, Make>;
      auto fresh = std::make_unique<Fresh>(
          static_cast<typename Fresh::Call&>(recorder->last_call()), states_are_there, make);
      for (size_t i = begin; i < end; ++i)
        fresh->add(*(*entries_)[i].options, *(*entries_)[i].state);
      recorder->refresh_call(std::move(fresh));
    });
  }

 private:
  template <class Commit, class Called>
  void run(const UpdateOp<Tensors, Update>& op, Commit commit, const Called& called) {
    NoGradGuard no_grad;
    FlushDenormalGuard flush_denormals;
    for (size_t begin = 0; begin < entries_->size();) {
      size_t end = gather_alike(begin);
      const Tensor& param = (*tensors_)[begin].param;
      if (param.numel() != 0) {
        const ArrayRef<Tensors> whole = join(begin, end);
        op(stream_for(param), whole, (*entries_)[begin].update, {});
        called(begin, end);
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

  struct Entry {
    const Tensor* param;
    State* state;
    const optim::OptimizerOptions* options;
    const detail::FlatSlot* slot;  // null where the gradient does not lie in it
    Update update;
  };

  /// What the kernel is given for the entries from `begin` to `end`.
  ArrayRef<Tensors> join(size_t begin, size_t end) {
    bool any = false;
    for (size_t i = begin; i + 1 < end && !any; ++i) any = is_followed_by_next(i);
    if (!any) return {tensors_->data() + begin, end - begin};
    joined_->clear();
    for (size_t first = begin; first < end;) {
      size_t last = first;
      while (last + 1 < end && is_followed_by_next(last)) ++last;
      Tensors whole = (*tensors_)[first];
      if (last != first) {
        const detail::FlatSlot &a = *(*entries_)[first].slot, &b = *(*entries_)[last].slot;
        const int64_t numel = b.offset - a.offset + b.grad.numel();
        whole.for_each_operand([numel](Tensor& t) {
          if (t.defined()) t = detail::flat_span(t, numel);
        });
        if (Recorder* recorder = recorder_of_thread()) [[unlikely]] {
          for (size_t i = first; i <= last; ++i) recorder->uses(*(*entries_)[i].param);
        }
      }
      joined_->push_back(std::move(whole));
      first = last + 1;
    }
    return {joined_->data(), joined_->size()};
  }
  /// Whether all that entry i works on lies right before what the next one works on.
  bool is_followed_by_next(size_t i) {
    const detail::FlatSlot *slot = (*entries_)[i].slot, *next = (*entries_)[i + 1].slot;
    if (!slot || !next || !slot->is_followed_by(*next)) return false;
    const int64_t distance = next->offset - slot->offset;
    SmallVector<const Tensor*, 6> here;
    (*tensors_)[i].for_each_operand([&](Tensor& t) { here.push_back(&t); });
    size_t k = 0;
    bool follows = true;
    (*tensors_)[i + 1].for_each_operand([&](Tensor& t) {
      const Tensor& before = *here[k++];
      follows = follows && before.defined() == t.defined() &&
                (!t.defined() ||
                 (before.impl()->storage() == t.impl()->storage() &&
                  t.impl()->storage_offset() - before.impl()->storage_offset() == distance));
    });
    return follows;
  }
  bool alike(size_t a, size_t b) {
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

  struct Joined;
  ReusedVector<Tensors> tensors_;
  ReusedVector<Tensors, Joined> joined_;
  ReusedVector<Entry> entries_;
};

}  // namespace adjoint
