// SPDX-License-Identifier: MIT
// Losses on classes: nll_loss and cross_entropy.
#include "core/ops/cross_entropy.h"

#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

// All tensors are dense. target is kLong; weight [classes], of input's dtype, may be undefined; a
// target out of range is an IndexError. out is 0-d, or of target's shape for Reduction::None.

/// input [n, classes, *] or [classes]. total_weight, 0-d of the compute dtype, gets the sum of the
/// weights that count.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& total_weight, const Tensor& input,
                  const Tensor& target, const Tensor& weight, const ClassLoss&)>
    nll_loss_op{"nll_loss"};
/// grad is of out's shape.
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad, const Tensor& target,
                  const Tensor& weight, const Tensor& total_weight, const ClassLoss&)>
    nll_loss_backward_op{"nll_loss_backward", {.differentiable = false, .backward_of = "nll_loss"}};
/// nll_loss(log_softmax(input)) of input [n, classes] or [classes]. stats, of the compute dtype, is
/// undefined or gets the largest logit and 1 / sum(exp(logit - largest)) of each row, and last the
/// total weight. grad_input, of input's shape, is undefined or gets what the backward kernel would
/// give for a gradient of 1; not for Reduction::None.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& stats, const Tensor& grad_input,
                  const Tensor& input, const Tensor& target, const Tensor& weight,
                  const ClassLoss&)>
    cross_entropy_op{"cross_entropy"};
/// grad is undefined for 1.
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad, const Tensor& input,
                  const Tensor& target, const Tensor& weight, const Tensor& stats,
                  const ClassLoss&)>
    cross_entropy_backward_op{"cross_entropy_backward",
                              {.differentiable = false, .backward_of = "cross_entropy"}};

ScalarType compute_dtype(ScalarType dtype) { return dtype == kDouble ? kDouble : kFloat; }

int64_t class_dim(const Tensor& input) { return input.dim() == 1 ? 0 : 1; }

/// The node's name by the shape of its input: images are PyTorch's 2d case.
const char* nll_name(const Tensor& input) {
  return input.dim() > 2 ? "NllLoss2DBackward0" : "NllLossBackward0";
}

/// The arguments as kernels take them.
struct ClassArguments {
  Tensor target, weight;
};

ClassArguments check_classes(const OpDef& op, const Tensor& input, const Tensor& target,
                             const Tensor& weight) {
  ADJOINT_CHECK_VALUE(input.dim() >= 1, "Expected 1 or more dimensions (got ", input.dim(), ")");
  check_dtype(op, input.dtype());
  check_same_device(op.name(), input, target);
  ADJOINT_CHECK(target.dtype() == kLong || target.dtype() == kByte,
                "expected target dtype to be Long or Byte, but got ", target.dtype());
  if (input.dim() == 1) {
    ADJOINT_CHECK(target.dim() == 0, "size mismatch (got input: ", input.sizes(),
                  ", target: ", target.sizes(), "): expected one target for one sample");
  } else {
    int64_t batch = target.dim() == 0 ? 1 : target.size(0);
    ADJOINT_CHECK_VALUE(input.size(0) == batch, "Expected input batch_size (", input.size(0),
                        ") to match target batch_size (", batch, ").");
    DimVector expected = input.sizes();
    expected.erase(1);
    ADJOINT_CHECK(input.dim() != 2 || target.dim() == 1,
                  "0D or 1D target tensor expected, multi-target not supported");
    ADJOINT_CHECK(target.sizes() == expected, "Expected target size ", IntArrayRef(expected),
                  ", got ", target.sizes());
  }
  if (weight.defined()) {
    int64_t classes = input.size(class_dim(input));
    check_same_device(op.name(), input, weight);
    ADJOINT_CHECK(weight.dim() == 1 && weight.size(0) == classes,
                  "weight tensor should be defined either for all ", classes,
                  " classes or no classes but got weight tensor of shape: ", weight.sizes());
    ADJOINT_CHECK(weight.dtype() == input.dtype(), op.name(), ": expected weight of dtype ",
                  input.dtype(), " as the input, got ", weight.dtype());
  }
  NoGradGuard no_grad;
  return {cast_input(target, kLong).contiguous(), weight.defined() ? weight.contiguous() : weight};
}

/// Everything of a loss but its input.
struct ClassNode : Node {
  SavedTensor target_, weight_;
  ClassLoss loss_;
  DimVector sizes_;  // of the input

  void save(const ClassArguments& arguments, const ClassLoss& loss, IntArrayRef sizes) {
    target_.save(arguments.target);
    weight_.save(arguments.weight);
    loss_ = loss;
    sizes_ = sizes;
  }
  ClassArguments arguments() { return {target_.unpack(*this), weight_.unpack(*this)}; }
  void release_variables() override {
    target_.release();
    weight_.release();
  }
};

Tensor run_nll_backward(const Tensor& grad, const ClassArguments& arguments,
                        const Tensor& total_weight, const ClassLoss& loss, IntArrayRef sizes);

/// The loss is linear in its input: what its gradient's gradient needs is the loss again.
struct NllBackwardBackward final : ClassNode {
  const char* name() const override { return "NllLossBackwardBackward0"; }
  GradList apply(GradList&& grads) override;
};

struct NllBackward final : ClassNode {
  SavedTensor total_weight_;
  const char* name_ = "";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    return {run_nll_backward(grads[0], arguments(), total_weight_.unpack(*this), loss_, sizes_)};
  }
  void release_variables() override {
    ClassNode::release_variables();
    total_weight_.release();
  }
};

Tensor run_nll(const Tensor& input, const ClassArguments& arguments, const ClassLoss& loss) {
  Stream stream = stream_for(input);
  bool none = loss.reduction == Reduction::None;
  Tensor out = make_output(none ? arguments.target.sizes() : IntArrayRef(), input.dtype(), stream);
  Tensor total_weight = make_output({}, compute_dtype(input.dtype()), stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    nll_loss_op(stream, out, total_weight, input.contiguous(), arguments.target, arguments.weight,
                loss);
  }
  if (needs_grad(input)) {
    auto node = make_node<NllBackward>(input);
    node->name_ = nll_name(input);
    node->save(arguments, loss, input.sizes());
    node->total_weight_.save(total_weight);
    set_history(out, node);
  }
  return out;
}

Tensor run_nll_backward(const Tensor& grad, const ClassArguments& arguments,
                        const Tensor& total_weight, const ClassLoss& loss, IntArrayRef sizes) {
  Stream stream = stream_for(grad);
  Tensor out = make_output(sizes, grad.dtype(), stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    nll_loss_backward_op(stream, out, grad.contiguous(), arguments.target, arguments.weight,
                         total_weight, loss);
  }
  if (needs_grad(grad)) {
    auto node = make_node<NllBackwardBackward>(grad);
    node->save(arguments, loss, sizes);
    set_history(out, node);
  }
  return out;
}

GradList NllBackwardBackward::apply(GradList&& grads) {
  return {run_nll(grads[0], arguments(), loss_)};
}

// Note [The gradient that the loss leaves]
// Most losses are what backward() is called on: their gradient is 1. So the kernel of the loss
// leaves the gradient for that as well, while the row is at hand, and backward has nothing to run.
// For the mean it has to know the total weight first, which each block of a GPU adds up for itself:
// that is cheap up to kMostRows samples. Any other gradient (of a scaled or a summed loss) has its
// kernel, of the same bits: what was left could not be scaled in 16 bits without loss.
constexpr int64_t kMostRows = 4096;

struct CrossEntropyBackward final : ClassNode {
  SavedTensor input_, stats_;
  SavedTensor grad_input_;  // for a gradient of 1; may be undefined
  const char* name() const override { return "NllLossBackward0"; }
  bool takes_undefined_for_one() const noexcept override {
    return loss_.reduction != Reduction::None;
  }
  GradList apply(GradList&& grads) override {
    ClassArguments a = arguments();
    if (!grads[0].defined() && grad_input_.defined()) return {grad_input_.unpack(*this)};
    Tensor input = input_.unpack(*this), stats = stats_.unpack(*this);
    if (!GradMode::is_enabled()) {
      Tensor out = make_output(sizes_, input.dtype(), stream_for(input));
      if (out.numel() != 0) {
        cross_entropy_backward_op(stream_for(input), out,
                                  grads[0].defined() ? grads[0].contiguous() : grads[0],
                                  input.contiguous(), a.target, a.weight, stats, loss_);
      }
      return {out};
    }
    int64_t dim = class_dim(input);
    Tensor total_weight = stats.select(0, stats.numel() - 1);
    Tensor grad = run_nll_backward(grads[0], a, total_weight, loss_, sizes_);
    return {grad - softmax(input, dim) * grad.sum(dim, true)};
  }
  void release_variables() override {
    ClassNode::release_variables();
    input_.release();
    stats_.release();
    grad_input_.release();
  }
};

/// input [n, classes] or [classes]
Tensor run_cross_entropy(const Tensor& input, const ClassArguments& arguments,
                         const ClassLoss& loss) {
  Stream stream = stream_for(input);
  bool none = loss.reduction == Reduction::None, record = needs_grad(input);
  Tensor out = make_output(none ? arguments.target.sizes() : IntArrayRef(), input.dtype(), stream);
  Tensor stats, grad_input;
  if (record) {
    stats = make_output({2 * arguments.target.numel() + 1}, compute_dtype(input.dtype()), stream);
    if (!none && arguments.target.numel() <= kMostRows) {
      grad_input = make_output(input.sizes(), input.dtype(), stream);
    }
  }
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    cross_entropy_op(stream, out, stats, grad_input, input.contiguous(), arguments.target,
                     arguments.weight, loss);
  }
  if (record) {
    auto node = make_node<CrossEntropyBackward>(input);
    node->save(arguments, loss, input.sizes());
    node->input_.save(input);
    node->stats_.save(stats);
    if (grad_input.defined()) node->grad_input_.save(grad_input);
    set_history(out, node);
  }
  return out;
}

Tensor cross_entropy_of_probabilities(const Tensor& input, const Tensor& target,
                                      const Tensor& weight, const ClassLoss& loss) {
  ADJOINT_CHECK(isFloatingType(target.dtype()),
                "Expected floating point type for target with class probabilities, got ",
                target.dtype());
  ADJOINT_CHECK(loss.ignore_index < 0, "ignore_index is not supported for floating point target");
  int64_t dim = class_dim(input), classes = input.size(dim);
  Tensor probabilities = target;
  if (loss.label_smoothing > 0) {
    probabilities = target * (1 - loss.label_smoothing) + loss.label_smoothing / double(classes);
  }
  Tensor weighted = log_softmax(input, dim) * probabilities;
  if (weight.defined()) {
    ADJOINT_CHECK(weight.dim() == 1 && weight.size(0) == classes,
                  "cross_entropy: weight tensor should be defined either for all ", classes,
                  " classes or no classes but got weight tensor of shape: ", weight.sizes());
    DimVector sizes(size_t(input.dim()), 1);
    sizes[size_t(dim)] = classes;
    weighted = weighted * weight.view(sizes);
  }
  if (loss.reduction == Reduction::None) return -weighted.sum(dim);
  if (loss.reduction == Reduction::Sum) return -weighted.sum();
  return -weighted.sum() / (double(input.numel()) / double(classes));
}

}  // namespace

void register_cross_entropy_ops(OpRegistry& registry) {
  registry.add(nll_loss_op);
  registry.add(nll_loss_backward_op);
  registry.add(cross_entropy_op);
  registry.add(cross_entropy_backward_op);
}

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight,
                Reduction reduction, int64_t ignore_index) {
  return run_nll(input, check_classes(nll_loss_op, input, target, weight),
                 {reduction, ignore_index, 0});
}

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                     Reduction reduction, int64_t ignore_index, double label_smoothing) {
  ADJOINT_CHECK(label_smoothing >= 0 && label_smoothing <= 1,
                "label_smoothing must be between 0.0 and 1.0. Got: ", label_smoothing);
  ClassLoss loss{reduction, ignore_index, label_smoothing};
  if (input.dim() > 0 && input.sizes() == target.sizes()) {
    return cross_entropy_of_probabilities(input, target, weight, loss);
  }
  ClassArguments arguments = check_classes(cross_entropy_op, input, target, weight);
  if (input.dim() <= 2) return run_cross_entropy(input, arguments, loss);
  return run_nll(log_softmax(input, 1), arguments, loss);
}

}  // namespace adjoint
