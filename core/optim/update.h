// SPDX-License-Identifier: MIT
// The optimizers' kernels: one pass over a parameter, its gradient and its state.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

struct SgdUpdate {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first_step;
};
struct AdamUpdate {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled_weight_decay, maximize;
  double bias_correction1, bias_correction2_sqrt;
};

/// All dense, of one dtype and shape; state tensors may be undefined where the settings need none.
using SgdOp = Op<void(const Stream&, const Tensor& param, const Tensor& grad,
                      const Tensor& momentum_buffer, const SgdUpdate&)>;
using AdamOp =
    Op<void(const Stream&, const Tensor& param, const Tensor& grad, const Tensor& exp_avg,
            const Tensor& exp_avg_sq, const Tensor& max_exp_avg_sq, const AdamUpdate&)>;

/// Runs `update(param, grad)` on dense tensors of the parameter's dtype: on copies where the
/// parameter's own memory is not dense. Counts the change of the parameter.
template <class F>
void update_parameter(const Tensor& param, const Tensor& grad, F update) {
  ADJOINT_CHECK(grad.sizes() == param.sizes(), "optimizer: expected a gradient of shape ",
                param.sizes(), ", got ", grad.sizes());
  Tensor dense_grad = grad.to(param.dtype()).contiguous();
  if (param.is_contiguous()) {
    if (param.numel() != 0) update(param, dense_grad);
    param.impl()->version().bump();
  } else {
    Tensor dense = param.detach().contiguous();
    if (param.numel() != 0) update(dense, dense_grad);
    param.copy_(dense);
  }
}

}  // namespace adjoint
