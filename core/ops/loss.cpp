// SPDX-License-Identifier: MIT
// Losses of one element each: mse_loss, binary_cross_entropy_with_logits.
#include "core/ops/elementwise.h"
#include "core/ops/loss_support.h"
#include "core/ops/memory_order.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

constexpr OpTraits backward_of(const char* op) {
  return {.dtypes = kFloatingDtypes, .differentiable = false, .backward_of = op};
}

// All tensors are dense, of one shape and dtype; out and grad are that, or 0-d unless the reduction
// is None. A mean over no elements is NaN.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& input, const Tensor& target,
                  Reduction)>
    mse_loss_op{"mse_loss"};
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad, const Tensor& input,
                  const Tensor& target, Reduction)>
    mse_loss_backward_op{"mse_loss_backward", backward_of("mse_loss")};
/// weight and pos_weight may be undefined.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& input, const Tensor& target,
                  const Tensor& weight, const Tensor& pos_weight, Reduction)>
    bce_op{"binary_cross_entropy_with_logits"};
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad, const Tensor& input,
                  const Tensor& target, const Tensor& weight, const Tensor& pos_weight, Reduction)>
    bce_backward_op{"binary_cross_entropy_with_logits_backward",
                    backward_of("binary_cross_entropy_with_logits")};

/// `t` as kernels take it; undefined stays.
Tensor dense(const Tensor& t, IntArrayRef sizes, ScalarType dtype) {
  if (!t.defined()) return t;
  Tensor cast = cast_input(t, dtype);
  return cast.sizes() == sizes ? cast.contiguous() : cast.expand(sizes).contiguous();
}

/// Whether a sum of element-wise losses may take both as they lie in memory.
bool summed_as_they_lie(const Tensor& input, const Tensor& target, Reduction reduction) {
  return reduction != Reduction::None && !input.is_contiguous() &&
         input.dtype() == target.dtype() && same_memory_order(input, target);
}

/// A node of (input, target) whose gradients have the forward's common shape and dtype.
struct LossBackward : Node {
  SavedTensor input_, target_;
  Reduction reduction_ = Reduction::Mean;
  ScalarType dtype_ = kFloat;
  DimVector sizes_;

  Tensor gradient_output() { return make_output(sizes_, dtype_, stream()); }
  Scalar mean_scale() const {
    return reduction_ == Reduction::Mean ? 1 / double(numel_of(sizes_)) : 1.0;
  }
  void release_variables() override {
    input_.release();
    target_.release();
  }
};

struct MseLossBackward final : LossBackward {
  const char* name() const override { return "MseLossBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor input = input_.unpack(*this), target = target_.unpack(*this), grad;
    if (GradMode::is_enabled()) {
      grad = (input - target) * (grads[0] * Scalar(2 * mean_scale().toDouble()));
    } else if (summed_as_they_lie(input, target, reduction_)) {
      grad = make_output_like(input, dtype_, stream());
      mse_loss_backward_op(stream(), in_memory_order(grad), grads[0].contiguous(),
                           in_memory_order(input), in_memory_order(target), reduction_);
    } else {
      grad = gradient_output();
      if (grad.numel() != 0) {
        mse_loss_backward_op(stream(), grad, grads[0].contiguous(), dense(input, sizes_, dtype_),
                             dense(target, sizes_, dtype_), reduction_);
      }
    }
    GradList out(2);
    if (task_should_compute_output(1)) out[1] = -grad;
    if (task_should_compute_output(0)) out[0] = std::move(grad);
    return out;
  }
};

struct BceWithLogitsBackward final : LossBackward {
  SavedTensor weight_, pos_weight_;
  const char* name() const override { return "BinaryCrossEntropyWithLogitsBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor x = input_.unpack(*this), t = target_.unpack(*this);
    Tensor weight = weight_.unpack(*this), pos_weight = pos_weight_.unpack(*this);
    GradList out(2);
    if (task_should_compute_output(0) && !GradMode::is_enabled()) {
      out[0] = gradient_output();
      if (out[0].numel() != 0) {
        bce_backward_op(stream(), out[0], grads[0].contiguous(), dense(x, sizes_, dtype_),
                        dense(t, sizes_, dtype_), dense(weight, sizes_, dtype_),
                        dense(pos_weight, sizes_, dtype_), reduction_);
      }
    } else if (task_should_compute_output(0)) {
      // The weight of log s(x) beside that of log(1 - s(x)).
      Tensor positive = pos_weight.defined() ? (pos_weight - 1) * t + 1 : ones_like(t);
      out[0] = weighted((1 - t) - positive * sigmoid(-x), weight, grads[0]);
    }
    if (task_should_compute_output(1)) {
      Tensor slope = -x;
      if (pos_weight.defined()) slope = slope - (pos_weight - 1) * log_sigmoid(x);
      out[1] = weighted(slope, weight, grads[0]);
    }
    return out;
  }
  void release_variables() override {
    LossBackward::release_variables();
    weight_.release();
    pos_weight_.release();
  }

 private:
  Tensor weighted(const Tensor& slope, const Tensor& weight, const Tensor& grad) const {
    Tensor scaled = grad * mean_scale();
    return weight.defined() ? slope * weight * scaled : slope * scaled;
  }
};

Tensor loss_output(IntArrayRef sizes, ScalarType dtype, Reduction reduction, const Stream& stream) {
  return make_output(reduction == Reduction::None ? sizes : IntArrayRef(), dtype, stream);
}

template <class Backward>
intrusive_ptr<Backward> loss_node(const Tensor& input, const Tensor& target, Reduction reduction,
                                  ScalarType dtype, IntArrayRef sizes) {
  auto node = make_node<Backward>(input, target);
  node->input_.save(input);
  node->target_.save(target);
  node->reduction_ = reduction;
  node->dtype_ = dtype;
  node->sizes_ = sizes;
  return node;
}

}  // namespace

void register_loss_ops(OpRegistry& registry) {
  registry.add(mse_loss_op);
  registry.add(mse_loss_backward_op);
  registry.add(bce_op);
  registry.add(bce_backward_op);
}

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  Stream stream = stream_for(input);
  check_same_device("mse_loss", input, target);
  warn_of_other_sizes(input, target);
  ScalarType dtype = result_type(input, target);
  check_dtype(mse_loss_op, dtype);
  DimVector sizes = broadcast_shapes(input.sizes(), target.sizes());
  Tensor out = loss_output(sizes, dtype, reduction, stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    if (summed_as_they_lie(input, target, reduction)) {
      mse_loss_op(stream, out, in_memory_order(input), in_memory_order(target), reduction);
    } else {
      mse_loss_op(stream, out, dense(input, sizes, dtype), dense(target, sizes, dtype), reduction);
    }
  }
  if (needs_grad(input, target)) {
    set_history(out, loss_node<MseLossBackward>(input, target, reduction, dtype, sizes));
  }
  return out;
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                        const Tensor& weight, const Tensor& pos_weight,
                                        Reduction reduction) {
  Stream stream = stream_for(input);
  check_same_device(bce_op.name(), input, target);
  ADJOINT_CHECK_VALUE(target.sizes() == input.sizes(), "Target size (torch.Size(", target.sizes(),
                      ")) must be the same as input size (torch.Size(", input.sizes(), "))");
  for (const Tensor* w : {&weight, &pos_weight}) {
    if (!w->defined()) continue;
    check_same_device(bce_op.name(), input, *w);
    DimVector common = broadcast_shapes(w->sizes(), input.sizes());
    ADJOINT_CHECK(input.sizes() == common, bce_op.name(), ": expected a weight that broadcasts to ",
                  input.sizes(), ", got ", w->sizes());
  }
  ScalarType dtype = result_type(input, target);
  check_dtype(bce_op, dtype);
  IntArrayRef sizes = input.sizes();
  Tensor out = loss_output(sizes, dtype, reduction, stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    bce_op(stream, out, dense(input, sizes, dtype), dense(target, sizes, dtype),
           dense(weight, sizes, dtype), dense(pos_weight, sizes, dtype), reduction);
  }
  if (needs_grad(input, target)) {
    auto node = loss_node<BceWithLogitsBackward>(input, target, reduction, dtype, sizes);
    node->weight_.save(weight);
    node->pos_weight_.save(pos_weight);
    set_history(out, node);
  }
  return out;
}

}  // namespace adjoint
