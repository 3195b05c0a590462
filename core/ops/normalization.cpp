// SPDX-License-Identifier: MIT
// layer_norm and batch_norm.
//
// Both compute y = (x - mean) * rstd * weight + bias, with rstd = 1 / sqrt(var + eps), over rows or
// over channels. With h = (x - mean) * rstd and averages over what was normalised together,
//   dx = rstd * (g' - average(g') - h * average(g' * h)),  g' = g * weight
//   dweight = sum of g * h,  dbias = sum of g
// where mean and rstd do not depend on x (batch_norm in evaluation), dx = rstd * g'.
#include "core/dispatch/grad_write.h"
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// All dense; input is [rows, n], mean and rstd [rows] of statistics_dtype, weight and bias [n] or
/// undefined.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& mean, const Tensor& rstd,
                  const Tensor& input, const Tensor& weight, const Tensor& bias, double eps)>
    layer_norm_op{"layer_norm"};
/// Undefined outputs are not wanted.
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad_weight,
                  const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                  const Tensor& mean, const Tensor& rstd, const Tensor& weight, GradWrite)>
    layer_norm_backward_op{"layer_norm_backward", {.backward_of = "layer_norm"}};
/// All dense; input is [n, c, l], mean, rstd, weight, bias, running_mean and running_var [c].
/// Writes mean and rstd; when training, they are the input's, and the running ones move.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& mean, const Tensor& rstd,
                  const Tensor& input, const Tensor& weight, const Tensor& bias,
                  const Tensor& running_mean, const Tensor& running_var, bool training,
                  double momentum, double eps)>
    batch_norm_op{"batch_norm"};
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad_weight,
                  const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                  const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool training,
                  GradWrite)>
    batch_norm_backward_op{"batch_norm_backward", {.backward_of = "batch_norm"}};

/// Statistics of 16-bit numbers are kept in float.
ScalarType statistics_dtype(ScalarType t) { return t == kDouble ? kDouble : kFloat; }

Tensor dense(const Tensor& t) { return t.defined() ? t.contiguous() : t; }

/// What both nodes keep; inputs are input, weight (if there is one), bias (if there is one).
struct NormBackward : Node {
  SavedTensor input_, weight_, mean_, rstd_;
  bool has_weight_ = false, has_bias_ = false;
  double eps_ = 0;

  size_t bias_edge() const { return has_weight_ ? 2 : 1; }
  bool wants_weight() const { return has_weight_ && task_should_compute_output(1); }
  bool wants_bias() const { return has_bias_ && task_should_compute_output(bias_edge()); }

  void keep(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& mean,
            const Tensor& rstd, double eps) {
    add_next_edge(gradient_edge(input));
    if (weight.defined()) add_next_edge(gradient_edge(weight));
    if (bias.defined()) add_next_edge(gradient_edge(bias));
    has_weight_ = weight.defined();
    has_bias_ = bias.defined();
    input_.save(input);
    if (has_weight_) weight_.save(weight);
    mean_.save(mean);
    rstd_.save(rstd);
    eps_ = eps;
  }
  GradList gather(Tensor input, Tensor weight, Tensor bias) const {
    GradList out(num_outputs());
    out[0] = std::move(input);
    if (has_weight_) out[1] = std::move(weight);
    if (has_bias_) out[bias_edge()] = std::move(bias);
    return out;
  }
  /// The formulas above. `x` and `g` have the statistics' dtype; `dims` are normalised together,
  /// and `other` are summed for the weight, which broadcasts. mean and rstd are undefined where
  /// they depend on x.
  GradList compose(const Tensor& x, const Tensor& g, const Tensor& weight, const Tensor& mean,
                   const Tensor& rstd, IntArrayRef dims, IntArrayRef other) const {
    bool fixed = mean.defined();
    Tensor centred = x - (fixed ? mean : x.mean(dims, true));
    Tensor scale = fixed ? rstd : ((centred * centred).mean(dims, true) + eps_).rsqrt();
    Tensor h = centred * scale;
    Tensor grad_input, grad_weight, grad_bias;
    if (task_should_compute_output(0)) {
      Tensor scaled = weight.defined() ? g * weight : g;
      grad_input =
          fixed ? scaled * scale
                : scale * (scaled - scaled.mean(dims, true) - h * (scaled * h).mean(dims, true));
    }
    if (wants_weight()) grad_weight = (g * h).sum(other);
    if (wants_bias()) grad_bias = g.sum(other);
    return gather(grad_input, grad_weight, grad_bias);
  }
  void release_variables() final {
    input_.release();
    weight_.release();
    mean_.release();
    rstd_.release();
  }
};

Tensor in_shape(const Tensor& t, IntArrayRef sizes) { return t.defined() ? t.reshape(sizes) : t; }

struct LayerNormBackward final : NormBackward {
  DimVector normalized_;
  const char* name() const override { return "NativeLayerNormBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor input = input_.unpack(*this), weight = weight_.unpack(*this);
    Tensor mean = mean_.unpack(*this), rstd = rstd_.unpack(*this);
    const int64_t rows = mean.size(0), n = numel_of(normalized_);
    const DimVector sizes = input.sizes();
    if (GradMode::is_enabled()) {
      ScalarType dtype = mean.dtype();
      Tensor w = weight.defined() ? weight.to(dtype).reshape({n}) : weight;
      GradList out =
          compose(input.to(dtype).reshape({rows, n}), grads[0].to(dtype).reshape({rows, n}), w,
                  Tensor(), Tensor(), {1}, {0});
      return gather(in_shape(out[0], sizes), has_weight_ ? in_shape(out[1], normalized_) : Tensor(),
                    has_bias_ ? in_shape(out[bias_edge()], normalized_) : Tensor());
    }
    Stream stream = stream_for(grads[0]);
    auto output = [&](bool wanted, IntArrayRef shape) {
      return wanted ? make_output(shape, input.dtype(), stream) : Tensor();
    };
    Tensor grad_input = output(task_should_compute_output(0), sizes);
    Tensor grad_weight = output(wants_weight(), normalized_);
    Tensor grad_bias = output(wants_bias(), normalized_);
    if (n != 0) {
      layer_norm_backward_op(stream, grad_input, grad_weight, grad_bias, dense(grads[0]),
                             dense(input), mean, rstd, dense(weight), GradWrite::Overwrite);
    }
    return gather(grad_input, grad_weight, grad_bias);
  }
};

/// [n, c, *] as [n, c, l].
Tensor three_dims(const Tensor& t) {
  return t.dim() == 3 ? t : t.reshape({t.size(0), t.size(1), t.numel() == 0 ? 0 : -1});
}

struct BatchNormBackward final : NormBackward {
  bool training_ = true;
  const char* name() const override { return "NativeBatchNormBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor input = input_.unpack(*this), weight = weight_.unpack(*this);
    Tensor mean = mean_.unpack(*this), rstd = rstd_.unpack(*this);
    const DimVector sizes = input.sizes();
    const int64_t c = sizes[1];
    if (GradMode::is_enabled() && input.numel() != 0) {
      ScalarType dtype = mean.dtype();
      auto spread = [&](const Tensor& t) {
        return t.defined() ? t.to(dtype).reshape({1, c, 1}) : t;
      };
      GradList out = compose(three_dims(input.to(dtype)), three_dims(grads[0].to(dtype)),
                             spread(weight), training_ ? Tensor() : spread(mean),
                             training_ ? Tensor() : spread(rstd), {0, 2}, {0, 2});
      out[0] = in_shape(out[0], sizes);
      return out;
    }
    Stream stream = stream_for(grads[0]);
    auto output = [&](bool wanted, IntArrayRef shape) {
      return wanted ? make_output(shape, input.dtype(), stream) : Tensor();
    };
    Tensor grad_input = output(task_should_compute_output(0), sizes);
    Tensor grad_weight = output(wants_weight(), {c});
    Tensor grad_bias = output(wants_bias(), {c});
    if (c != 0) {
      batch_norm_backward_op(stream, grad_input, grad_weight, grad_bias, dense(grads[0]),
                             dense(input), mean, rstd, dense(weight), training_,
                             GradWrite::Overwrite);
    }
    return gather(grad_input, grad_weight, grad_bias);
  }
};

void check_like_input(const char* op, const Tensor& input, const Tensor& t) {
  if (!t.defined()) return;
  check_same_device(op, input, t);
  ADJOINT_CHECK(t.dtype() == input.dtype(), op, ": expected scalar type ", input.dtype(),
                " but found ", t.dtype());
}

}  // namespace

void register_normalization_ops(OpRegistry& registry) {
  registry.add(layer_norm_op);
  registry.add(layer_norm_backward_op);
  registry.add(batch_norm_op);
  registry.add(batch_norm_backward_op);
}

Tensor layer_norm(const Tensor& input, IntArrayRef normalized_shape, const Tensor& weight,
                  const Tensor& bias, double eps) {
  ADJOINT_CHECK(!normalized_shape.empty(),
                "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least "
                "one element, but got normalized_shape = ",
                normalized_shape);
  ADJOINT_CHECK(!weight.defined() || weight.sizes() == normalized_shape,
                "Expected weight to be of same shape as normalized_shape, but got weight of shape ",
                weight.sizes(), " and normalized_shape = ", normalized_shape);
  ADJOINT_CHECK(!bias.defined() || bias.sizes() == normalized_shape,
                "Expected bias to be of same shape as normalized_shape, but got bias of shape ",
                bias.sizes(), " and normalized_shape = ", normalized_shape);
  int64_t kept = input.dim() - int64_t(normalized_shape.size());
  std::string wanted = "[*";
  for (int64_t n : normalized_shape) wanted += ", " + std::to_string(n);
  ADJOINT_CHECK(
      kept >= 0 && input.sizes().slice(size_t(kept), normalized_shape.size()) == normalized_shape,
      "Given normalized_shape=", normalized_shape, ", expected input with shape ", wanted,
      "], but got input of size", input.sizes());
  check_like_input("layer_norm", input, weight);
  check_like_input("layer_norm", input, bias);
  check_dtype(layer_norm_op, input.dtype());
  Stream stream = stream_for(input);
  int64_t rows = numel_of(input.sizes().slice(0, size_t(kept)));
  Tensor out = make_output(input.sizes(), input.dtype(), stream);
  Tensor mean = make_output({rows}, statistics_dtype(input.dtype()), stream);
  Tensor rstd = make_output({rows}, statistics_dtype(input.dtype()), stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    layer_norm_op(stream, out, mean, rstd, input.contiguous(), dense(weight), dense(bias), eps);
  }
  if (needs_grad(input, weight, bias)) {
    auto node = make_node<LayerNormBackward>();
    node->keep(input, weight, bias, mean, rstd, eps);
    node->normalized_ = normalized_shape;
    set_history(out, node);
  }
  return out;
}

Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias,
                  const Tensor& running_mean, const Tensor& running_var, bool training,
                  double momentum, double eps) {
  ADJOINT_CHECK_VALUE(input.dim() >= 2, "batch_norm: expected 2D or more input (got ", input.dim(),
                      "D input)");
  int64_t c = input.size(1), values = c == 0 ? 0 : input.numel() / c;
  ADJOINT_CHECK_VALUE(!training || values > 1 || c == 0,
                      "Expected more than 1 value per channel when training, got input size ",
                      input.sizes());
  auto check = [&](const Tensor& t, const char* name) {
    ADJOINT_CHECK(!t.defined() || t.numel() == c, name, " should contain ", c, " elements not ",
                  t.numel());
    if (t.defined()) check_same_device("batch_norm", input, t);
  };
  check(running_mean, "running_mean");
  check(running_var, "running_var");
  check(weight, "weight");
  check(bias, "bias");
  check_like_input("batch_norm", input, weight);
  check_like_input("batch_norm", input, bias);
  check_dtype(batch_norm_op, input.dtype());
  ADJOINT_CHECK(
      training || (running_mean.defined() && running_var.defined()),
      "batch_norm: Expected running_mean and running_var to be defined when training=False");
  ADJOINT_CHECK(running_mean.defined() == running_var.defined(),
                "batch_norm: expected running_mean and running_var to be both defined or neither");
  Stream stream = stream_for(input);
  ScalarType dtype = statistics_dtype(input.dtype());
  Tensor out = make_output(input.sizes(), input.dtype(), stream);
  Tensor mean = make_output({c}, dtype, stream), rstd = make_output({c}, dtype, stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    Tensor now_mean, now_var;  // in the kernel's dtype and layout
    if (running_mean.defined()) {
      now_mean = running_mean.detach().to(dtype).contiguous();
      now_var = running_var.detach().to(dtype).contiguous();
    }
    batch_norm_op(stream, out, mean, rstd, input.contiguous(), dense(weight), dense(bias), now_mean,
                  now_var, training, momentum, eps);
    if (training && running_mean.defined()) {
      if (now_mean.data_ptr() != running_mean.data_ptr()) running_mean.detach().copy_(now_mean);
      if (now_var.data_ptr() != running_var.data_ptr()) running_var.detach().copy_(now_var);
      bump_version(running_mean);
      bump_version(running_var);
    }
  } else {
    NoGradGuard no_grad;
    mean.zero_();
    rstd.zero_();
  }
  if (needs_grad(input, weight, bias)) {
    auto node = make_node<BatchNormBackward>();
    node->keep(input, weight, bias, mean, rstd, eps);
    node->training_ = training;
    set_history(out, node);
  }
  return out;
}

}  // namespace adjoint
