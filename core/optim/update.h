// SPDX-License-Identifier: MIT
// The optimizers' kernels: one pass over parameters, their gradients and their states.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

struct SgdUpdate {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first_step;
  bool operator==(const SgdUpdate&) const = default;
};
/// Counts the replays of a captured update in memory of its device, so that nothing has to be sent
/// there for them. All zero at first; the kernel counts.
struct AdamClock {
  int64_t count;
  // What the corrections that are kept are those of.
  int64_t step;
  double beta1, beta2;
  double first, second;
};
struct AdamUpdate {
  using Clock = AdamClock;
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled_weight_decay, maximize;
  /// The update is the step-th of its parameters, from 1 on; with a clock, as many later as the
  /// clock has counted.
  int64_t step;
  AdamClock* clock = nullptr;
  bool operator==(const AdamUpdate&) const = default;
};

/// What an update reads and writes of one parameter: dense, of one dtype and shape, not empty.
/// State tensors are undefined where the settings need none.
struct SgdTensors {
  Tensor param, grad, momentum_buffer;
  template <class F>
  void for_each_operand(const F& f) {
    f(param);
    f(grad);
    f(momentum_buffer);
  }
};
struct AdamTensors {
  Tensor param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq;
  template <class F>
  void for_each_operand(const F& f) {
    f(param);
    f(grad);
    f(exp_avg);
    f(exp_avg_sq);
    f(max_exp_avg_sq);
  }
};

/// One update of several parameters, which have the same dtype and either all or none of them a
/// state tensor.
using SgdOp = Op<void(const Stream&, ArrayRef<SgdTensors>, const SgdUpdate&)>;
using AdamOp = Op<void(const Stream&, ArrayRef<AdamTensors>, const AdamUpdate&)>;

}  // namespace adjoint
