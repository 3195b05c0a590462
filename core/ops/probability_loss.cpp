// SPDX-License-Identifier: MIT
// binary_cross_entropy, kl_div, poisson_nll_loss: losses of probabilities, of logarithms of such,
// and of counts.
#include <cmath>
#include <numbers>

#include "core/ops/elementwise.h"
#include "core/ops/loss_support.h"

namespace adjoint {
namespace {

constexpr float kSmallestDivisor = 1e-12f;  // a float in every dtype, as PyTorch has it

/// Logarithms are cut off at -100, and the gradient's divisor at 1e-12, so that a target's opposite
/// costs much, but not infinitely much, and pulls.
struct BinaryCrossEntropyBackward final : Node {
  SavedTensor input_, target_;
  const char* name() const override { return "BinaryCrossEntropyBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor x = input_.unpack(*this), t = target_.unpack(*this);
    GradList out(2);
    if (task_should_compute_output(0)) {
      out[0] = grads[0] * (x - t) / ((1 - x) * x).clamp_min(double(kSmallestDivisor));
    }
    if (task_should_compute_output(1)) out[1] = grads[0] * ((1 - x).log() - x.log());
    return out;
  }
  void release_variables() override {
    input_.release();
    target_.release();
  }
};

Tensor element_losses(const Tensor& x, const Tensor& t) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = (t - 1) * (1 - x).log().clamp_min(-100) - t * x.log().clamp_min(-100);
  }
  if (needs_grad(x, t)) {
    auto node = make_node<BinaryCrossEntropyBackward>(x, t);
    node->input_.save(x);
    node->target_.save(t);
    set_history(out, node);
  }
  return out;
}

}  // namespace

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                            Reduction reduction) {
  ADJOINT_CHECK_VALUE(target.sizes() == input.sizes(), "Using a target size (", target.sizes(),
                      ") that is different to the input size (", input.sizes(),
                      ") is deprecated. Please ensure they have the same size.");
  ADJOINT_CHECK_TYPE(input.is_floating_point(),
                     "binary_cross_entropy: expected a floating-point input, got ", input.dtype());
  Tensor losses = element_losses(input, target);
  return reduced(weight.defined() ? losses * weight : losses, reduction);
}

Tensor kl_div(const Tensor& input, const Tensor& target, Reduction reduction, bool log_target) {
  if (log_target) return reduced(target.exp() * (target - input), reduction);
  // 0 log 0 is 0, and so is what the gradient sees there.
  Tensor logarithm = target.masked_fill(target == 0, 1).log();
  return reduced(target * (logarithm - input), reduction);
}

Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, bool log_input, bool full,
                        double eps, Reduction reduction) {
  Tensor loss = log_input ? input.exp() - target * input : input - target * (input + eps).log();
  if (full) {
    // Counts up to 1 have no such term; 1 stands for them, so that no logarithm is infinite.
    Tensor is_small = target <= 1, t = target.masked_fill(is_small, 1);
    Tensor stirling = t * t.log() - t + (t * (2 * std::numbers::pi)).log() * 0.5;
    loss = loss + stirling.masked_fill(is_small, 0);
  }
  return reduced(loss, reduction);
}

}  // namespace adjoint
