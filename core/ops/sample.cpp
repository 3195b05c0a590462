// SPDX-License-Identifier: MIT
// Random numbers of given distributions, composed of uniform and normal ones.
#include <limits>

#include "adjoint/ops/order.h"
#include "adjoint/ops/random.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// Results that do not depend on the input's values smoothly.
struct BernoulliBackward final : Node {
  const char* name() const override { return "BernoulliBackward0"; }
  GradList apply(GradList&& grads) override { return {zeros_like(grads[0])}; }
};

TensorOptions random_options(const Tensor& self, const TensorOptions& options) {
  return TensorOptions(options.dtype_opt().value_or(self.dtype()))
      .device(options.device_opt().value_or(self.device()))
      .requires_grad(options.requires_grad());
}

void check_std(double std) {
  ADJOINT_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
}

/// Numbers of a uniform distribution, none of which is 0.
Tensor positive_uniform(IntArrayRef sizes, const TensorOptions& options, Generator* generator) {
  return 1 - rand(sizes, options, generator);
}

}  // namespace

Tensor bernoulli(const Tensor& self, Generator* generator) {
  ADJOINT_CHECK_WITH(NotImplementedError, self.is_floating_point(),
                     "\"bernoulli\" not implemented for '", self.dtype(), "'");
  Tensor out;
  {
    NoGradGuard no_grad;
    // Of float's digits at least: few of 16 bits would make small probabilities wrong.
    const ScalarType dtype = self.dtype() == kDouble ? kDouble : kFloat;
    Tensor u = rand(self.sizes(), self.options().dtype(dtype), generator);
    out = lt(u, self.to(dtype)).to(self.dtype());
  }
  if (needs_grad(self)) set_history(out, make_node<BernoulliBackward>(self));
  return out;
}

// Without replacement: the largest of p / e with exponential e. P. S. Efraimidis, P. G. Spirakis,
// Weighted random sampling with a reservoir (2006).
Tensor multinomial(const Tensor& self, int64_t num_samples, bool replacement,
                   Generator* generator) {
  NoGradGuard no_grad;
  ADJOINT_CHECK(self.dim() == 1 || self.dim() == 2, "prob_dist must be 1 or 2 dim, got ",
                self.dim());
  ADJOINT_CHECK(self.is_floating_point(),
                "multinomial only supports floating-point dtypes for input, got: ", self.dtype());
  ADJOINT_CHECK(num_samples > 0, "cannot sample n_sample <= 0 samples, got ", num_samples);
  ADJOINT_CHECK(replacement || num_samples <= self.size(-1),
                "cannot sample n_sample > prob_dist.size(-1) samples without replacement: got ",
                num_samples, " > ", self.size(-1));
  const ScalarType dtype = self.dtype() == kDouble ? kDouble : kFloat;
  const TensorOptions options = self.options().dtype(dtype);
  Tensor p = self.to(dtype);
  if (p.numel() != 0) {
    ADJOINT_CHECK(logical_and(isfinite(p), p.ge(0)).all().item().to<bool>(),
                  "probability tensor contains either `inf`, `nan` or element < 0");
    ADJOINT_CHECK(p.sum({-1}).gt(0).all().item().to<bool>(),
                  "invalid multinomial distribution (sum of probabilities <= 0)");
  }
  if (!replacement) {
    Tensor exponential = log(positive_uniform(p.sizes(), options, generator)).neg();
    Tensor keys = p / exponential.clamp_min(std::numeric_limits<float>::min());
    return std::get<1>(topk(keys, num_samples, -1));
  }
  DimVector sizes = self.sizes();
  sizes[sizes.size() - 1] = num_samples;
  Tensor sums = p.cumsum(-1), total = sums.narrow(-1, self.size(-1) - 1, 1);
  Tensor u = rand(sizes, options, generator) * total;
  // Rounding may bring u to the total: no later than at the first index that has it.
  Tensor last = searchsorted(sums, total.contiguous());
  return minimum(searchsorted(sums, u, false, true), last);
}

Tensor normal(const Tensor& mean, const Tensor& std, Generator* generator) {
  NoGradGuard no_grad;
  DimVector sizes = broadcast_shapes(mean.sizes(), std.sizes());
  return randn(sizes, mean.options(), generator) * std + mean;
}
Tensor normal(const Tensor& mean, double std, Generator* generator) {
  check_std(std);
  NoGradGuard no_grad;
  return randn(mean.sizes(), mean.options(), generator) * std + mean;
}
Tensor normal(double mean, const Tensor& std, Generator* generator) {
  NoGradGuard no_grad;
  return randn(std.sizes(), std.options(), generator) * std + mean;
}
Tensor normal(double mean, double std, IntArrayRef sizes, const TensorOptions& options,
              Generator* generator) {
  check_std(std);
  Tensor out = randn(sizes, options.requires_grad(false), generator).mul_(std).add_(mean);
  return options.requires_grad() ? out.requires_grad_() : out;
}

Tensor randint_like(const Tensor& self, int64_t low, int64_t high, const TensorOptions& options) {
  return randint(low, high, self.sizes(), random_options(self, options));
}
Tensor randint_like(const Tensor& self, int64_t high, const TensorOptions& options) {
  return randint_like(self, 0, high, options);
}

}  // namespace adjoint
