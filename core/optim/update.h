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
struct AdamUpdate {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled_weight_decay, maximize;
  double bias_correction1, bias_correction2_sqrt;
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
