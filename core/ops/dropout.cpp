// SPDX-License-Identifier: MIT
// dropout, feature_dropout, alpha_dropout.
#include <cmath>

#include "core/math/philox_state.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// mask[i] (bool): uniform number i in [0, 1) (core/math/philox.h) is not below p.
/// out = mask ? self * scale : 0. All tensors are dense.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& mask, const Tensor& self,
                  double p, double scale, PhiloxArgs)>
    dropout_op{"dropout"};
/// out, grad, mask: out = mask ? grad * scale : 0.
constinit Op<void(const Stream&, const TensorIterator&, double scale)> dropout_backward_op{
    "dropout_backward", {.differentiable = false, .backward_of = "dropout"}};

Tensor apply_mask(const Tensor& grad, const Tensor& mask, double scale);

/// It is linear: its gradient does the same to the gradient.
struct DropoutBackward final : Node {
  SavedTensor mask_;
  double scale_ = 1;
  const char* name_ = "NativeDropoutBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    return {apply_mask(grads[0], mask_.unpack(*this), scale_)};
  }
  void release_variables() override { mask_.release(); }
};

void record(const Tensor& out, const Tensor& self, const Tensor& mask, double scale,
            const char* name) {
  auto node = make_node<DropoutBackward>(self);
  node->mask_.save(mask);
  node->scale_ = scale;
  node->name_ = name;
  set_history(out, node);
}

Tensor apply_mask(const Tensor& grad, const Tensor& mask, double scale) {
  Tensor out = make_output(grad.sizes(), grad.dtype(), stream_for(grad));
  dropout_backward_op(stream_for(grad), TensorIterator(out, grad, mask), scale);
  if (needs_grad(grad)) record(out, grad, mask, scale, "NativeDropoutBackwardBackward0");
  return out;
}

void check_probability(double p) {
  ADJOINT_CHECK_VALUE(p >= 0 && p <= 1, "dropout probability has to be between 0 and 1, but got ",
                      p);
}

/// One number for each channel.
DimVector channel_sizes(const Tensor& self) {
  ADJOINT_CHECK(self.dim() >= 2,
                "Feature dropout requires at least 2 dimensions in the input, got ", self.dim());
  DimVector sizes(size_t(self.dim()), 1);
  sizes[0] = self.size(0);
  sizes[1] = self.size(1);
  return sizes;
}

Tensor alpha_dropout(const Tensor& self, double p, IntArrayRef mask_sizes) {
  if (p == 1) return self * 0;
  // SELU's value at minus infinity, without its sign.
  constexpr double kAlpha = 1.7580993408473766;
  const double a = 1 / std::sqrt((kAlpha * kAlpha * p + 1) * (1 - p));
  Tensor kept, shift;
  {
    NoGradGuard no_grad;
    kept = empty(mask_sizes, self.options()).bernoulli_(1 - p);
    shift = (kept - (1 - p)) * (kAlpha * a);
  }
  return self * (kept * a) + shift;
}

}  // namespace

void register_dropout_ops(OpRegistry& registry) {
  registry.add(dropout_op);
  registry.add(dropout_backward_op);
}

Tensor dropout(const Tensor& self, double p, bool train) {
  check_probability(p);
  if (p == 0 || !train || self.numel() == 0) return self;
  check_dtype(dropout_op, self.dtype());
  Stream stream = stream_for(self);
  Tensor out = make_output(self.sizes(), self.dtype(), stream);
  Tensor mask = make_output(self.sizes(), kBool, stream);
  double scale = p == 1 ? 0 : 1 / (1 - p);
  {
    NoGradGuard no_grad;
    dropout_op(stream, out, mask, self.contiguous(), p, scale,
               default_generator().reserve(uint64_t(self.numel())));
  }
  if (needs_grad(self)) record(out, self, mask, scale, "NativeDropoutBackward0");
  return out;
}

Tensor feature_dropout(const Tensor& self, double p, bool train) {
  check_probability(p);
  if (p == 0 || !train || self.numel() == 0) return self;
  return self * dropout(ones(channel_sizes(self), self.options()), p, true);
}

Tensor alpha_dropout(const Tensor& self, double p, bool train) {
  check_probability(p);
  return p == 0 || !train || self.numel() == 0 ? self : alpha_dropout(self, p, self.sizes());
}

Tensor feature_alpha_dropout(const Tensor& self, double p, bool train) {
  check_probability(p);
  return p == 0 || !train || self.numel() == 0 ? self : alpha_dropout(self, p, channel_sizes(self));
}

}  // namespace adjoint
