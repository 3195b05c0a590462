// SPDX-License-Identifier: MIT
// An optimizer's update in replays: its options and states as they are then.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/backend.h"
#include "adjoint/optim/optimizer.h"
#include "core/capture/recorder.h"
#include "core/capture/replay_values.h"
#include "core/optim/found_inf.h"
#include "core/optim/update.h"

namespace adjoint {

/// Sets the update of a recorded call anew in every replay: in its arguments or, on a device, in
/// memory of it (Note [Values of a replay]). `make(options, state, tensors, update)` says whether
/// they still fit the call's tensors.
template <class Tensors, class Update, class State, class Make>
class UpdateRefresher final : public Refresher {
 public:
  using Call = detail::RecordedCallOf<ArrayRef<Tensors>, const Update&, const UpdatePlace<Update>&>;

  UpdateRefresher(Call& call, std::shared_ptr<bool> states_are_there, const Make& make)
      : call_(call), states_are_there_(std::move(states_are_there)), make_(make) {
    detail::UnrecordedScope own_work;
    NoGradGuard no_grad;
    const TensorOptions words = dtype(kLong).device(call.stream.device());
    UpdatePlace<Update>& place = std::get<2>(call_.args).get();
    if (const Tensor* found_inf = FoundInfScope::use()) {
      found_inf_ = *found_inf;
      skipped_ = zeros({1}, words);
      place.found_inf = static_cast<const float*>(found_inf_.data_ptr());
      place.skipped = static_cast<int64_t*>(skipped_.data_ptr());
    }
    if (get_backend(call.stream.device().type()).single_stream()) return;
    live_ = zeros({int64_t(sizeof(LiveUpdate<Update>) / sizeof(int64_t))}, words);
    place.live = static_cast<LiveUpdate<Update>*>(live_.data_ptr());
  }
  /// Before the states have counted the call that was recorded.
  void add(const optim::OptimizerOptions& options, State& state) {
    states_.push_back(&state);
    for (const Source& s : sources_) {
      if (s.options == &options && s.state->step == state.step) return;
    }
    sources_.push_back({&options, &state});
  }
  bool refresh() override {
    if (!*states_are_there_) return false;
    const ArrayRef<Tensors> tensors = std::get<0>(call_.args).get();
    Update now{};
    for (size_t i = 0; i < sources_.size(); ++i) {
      Update fresh{};
      if (!make_(*sources_[i].options, *sources_[i].state, tensors[0], fresh)) return false;
      if (i != 0 && !(fresh == now)) return false;
      now = fresh;
    }
    if (!live_.defined()) {
      std::get<1>(call_.args).get() = now;
    } else if (!is_known_ || !(now == expected_)) {
      is_known_ = false;
      expected_ = now;
      write_values(live_, &expected_, sizeof expected_);
    }
    return true;
  }
  void commit() override {
    for (State* state : states_) {
      ++state->step;
      if (skipped_.defined()) note_skips(*state);
    }
    if constexpr (requires { expected_.step; }) ++expected_.step;
    is_known_ = true;
  }

 private:
  struct Source {
    const optim::OptimizerOptions* options;
    State* state;
  };
  /// Has the state know where those of its steps are counted that were none.
  void note_skips(State& state) const {
    const bool known = std::any_of(state.skipped.begin(), state.skipped.end(),
                                   [&](const Tensor& t) { return t.is_same(skipped_); });
    if (!known) state.skipped.push_back(skipped_);
  }

  Call& call_;
  const std::shared_ptr<bool> states_are_there_;
  const Make make_;
  std::vector<State*> states_;
  std::vector<Source> sources_;  // those that may differ
  Tensor found_inf_, skipped_;   // undefined where every step is taken
  Tensor live_;                  // a LiveUpdate; undefined where the host has the update
  Update expected_{};            // there
  bool is_known_ = false;        // whether that is there
};

}  // namespace adjoint
