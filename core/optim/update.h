// SPDX-License-Identifier: MIT
// The optimizers' kernels: one pass over parameters, their gradients and their states.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// What a kernel keeps of an update from replay to replay, beside what the host gave it.
struct NothingKept {};

struct SgdUpdate {
  using Kept = NothingKept;
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first_step;
  bool operator==(const SgdUpdate&) const = default;
};

/// The corrections of the step that comes next; of none at first.
struct AdamKept {
  int64_t step;
  double beta1, beta2;
  double first, second;
};
struct AdamUpdate {
  using Kept = AdamKept;
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled_weight_decay, maximize;
  int64_t step;  ///< of its parameters, from 1 on
  bool operator==(const AdamUpdate&) const = default;
};

struct RmspropUpdate {
  using Kept = NothingKept;
  double lr, alpha, eps, weight_decay, momentum;
  bool centered, maximize;
  bool operator==(const RmspropUpdate&) const = default;
};

struct AdagradUpdate {
  using Kept = NothingKept;
  double lr, lr_decay, eps, weight_decay;
  bool maximize;
  int64_t step;  ///< of its parameters, from 1 on
  bool operator==(const AdagradUpdate&) const = default;
};

/// An update in memory of its device (Note [Values of a replay] in core/capture/replay_values.h).
/// The host writes `update`; the kernel counts its steps and writes `kept`, all zero at first.
template <class Update>
struct LiveUpdate {
  Update update;
  typename Update::Kept kept;
};
/// Where a replay finds what the host did not give the kernel as an argument. All null otherwise.
template <class Update>
struct UpdatePlace {
  LiveUpdate<Update>* live = nullptr;  ///< where not null, the update is there
  /// Where not null and the number there is not 0, nothing is updated but this count, by one. The
  /// steps that it has counted are none of `step`.
  const float* found_inf = nullptr;
  int64_t* skipped = nullptr;
};

/// What an update reads and writes of one parameter: dense, of one dtype and shape, not empty.
/// State tensors are undefined where the settings need none.
template <int kStates>
struct UpdateTensors {
  static constexpr int kNumStates = kStates;
  Tensor param, grad, state[kStates];
  template <class F>
  void for_each_operand(const F& f) {
    f(param);
    f(grad);
    for (Tensor& t : state) f(t);
  }
};
// What state[i] is.
namespace sgd_state {
enum { kMomentumBuffer, kCount };
}
namespace adam_state {
enum { kExpAvg, kExpAvgSq, kMaxExpAvgSq, kCount };
}
namespace rmsprop_state {
enum { kSquareAvg, kMomentumBuffer, kGradAvg, kCount };
}
namespace adagrad_state {
enum { kSum, kCount };
}
using SgdTensors = UpdateTensors<sgd_state::kCount>;
using AdamTensors = UpdateTensors<adam_state::kCount>;
using RmspropTensors = UpdateTensors<rmsprop_state::kCount>;
using AdagradTensors = UpdateTensors<adagrad_state::kCount>;

/// One update of several parameters, which have the same dtype and either all or none of them a
/// state tensor.
template <class Tensors, class Update>
using UpdateOp =
    Op<void(const Stream&, ArrayRef<Tensors>, const Update&, const UpdatePlace<Update>&)>;
using SgdOp = UpdateOp<SgdTensors, SgdUpdate>;
using AdamOp = UpdateOp<AdamTensors, AdamUpdate>;
using RmspropOp = UpdateOp<RmspropTensors, RmspropUpdate>;
using AdagradOp = UpdateOp<AdagradTensors, AdagradUpdate>;

}  // namespace adjoint
