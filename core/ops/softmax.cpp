// SPDX-License-Identifier: MIT
// softmax, log_softmax and logsumexp.
#include "core/ops/reduce.h"

namespace adjoint {
namespace {

/// All tensors are dense and of one dtype; `dim` is not negative and 0 for a 0-d tensor.
using SoftmaxOp = Op<void(const Stream&, const Tensor& out, const Tensor& self, int64_t dim)>;
using SoftmaxBackwardOp = Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad,
                                  const Tensor& out, int64_t dim)>;

constexpr OpTraits backward_of(const char* op) {
  return {.dtypes = kFloatingDtypes, .differentiable = false, .backward_of = op};
}

constinit SoftmaxOp softmax_op{"softmax"};
constinit SoftmaxOp log_softmax_op{"log_softmax"};
constinit SoftmaxBackwardOp softmax_backward_op{"softmax_backward", backward_of("softmax")};
constinit SoftmaxBackwardOp log_softmax_backward_op{"log_softmax_backward",
                                                    backward_of("log_softmax")};
/// `out` has one element for each line of `self` along `dim`. A line of none gives -inf.
constinit SoftmaxOp logsumexp_op{"logsumexp"};
/// grad_input = grad * exp(self - out), with grad and out as logsumexp's out.
constinit Op<void(const Stream&, const Tensor& grad_input, const Tensor& grad, const Tensor& self,
                  const Tensor& out, int64_t dim)>
    logsumexp_backward_op{"logsumexp_backward", backward_of("logsumexp")};

Tensor run_backward(const SoftmaxBackwardOp& op, const Tensor& grad, const Tensor& y, int64_t dim) {
  Tensor out = make_output(y.sizes(), y.dtype(), stream_for(y));
  if (out.numel() != 0) op(stream_for(y), out, grad.contiguous(), y, dim);
  return out;
}

struct SoftmaxBackward final : Node {
  SavedTensor result_;
  int64_t dim_ = 0;
  const char* name() const override { return "SoftmaxBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor y = result_.unpack(*this);
    if (!GradMode::is_enabled()) return {run_backward(softmax_backward_op, grads[0], y, dim_)};
    Tensor weighted = grads[0] * y;
    return {weighted - y * weighted.sum(dim_, true)};
  }
  void release_variables() override { result_.release(); }
};

struct LogSoftmaxBackward final : Node {
  SavedTensor result_;
  int64_t dim_ = 0;
  const char* name() const override { return "LogSoftmaxBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor y = result_.unpack(*this);
    if (!GradMode::is_enabled()) return {run_backward(log_softmax_backward_op, grads[0], y, dim_)};
    return {grads[0] - exp(y) * grads[0].sum(dim_, true)};
  }
  void release_variables() override { result_.release(); }
};

template <class Backward>
Tensor run_softmax(const SoftmaxOp& op, const Tensor& self, int64_t dim) {
  int64_t wrapped = wrap_dim(dim, self.dim());
  check_dtype(op, self.dtype());
  Tensor out = make_output(self.sizes(), self.dtype(), stream_for(self));
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    op(stream_for(self), out, self.contiguous(), wrapped);
  }
  if (needs_grad(self)) {
    auto node = make_node<Backward>(self);
    node->dim_ = wrapped;
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

/// The dimensions in the mask made one: as dimension `dim` of a dense tensor.
struct Lines {
  Tensor tensor;
  int64_t dim;
};
Lines lines_over(const Tensor& t, uint32_t mask) {
  int64_t first = 0, last = t.dim() - 1;
  while (first < last && !(mask >> first & 1u)) ++first;
  while (last > first && !(mask >> last & 1u)) --last;
  bool side_by_side = true;
  for (int64_t d = first; d <= last; ++d) side_by_side = side_by_side && (mask >> d & 1u);
  if (mask == 0) return {t.contiguous().reshape({t.numel(), 1}), 1};
  if (side_by_side) return {t.contiguous().flatten(first, last), first};
  DimVector order;
  int64_t lines = 1, length = 1;
  for (int64_t d = 0; d < t.dim(); ++d) {
    if (mask >> d & 1u) continue;
    order.push_back(d);
    lines *= t.sizes()[size_t(d)];
  }
  for (int64_t d = 0; d < t.dim(); ++d) {
    if (!(mask >> d & 1u)) continue;
    order.push_back(d);
    length *= t.sizes()[size_t(d)];
  }
  return {t.permute(order).contiguous().reshape({lines, length}), 1};
}

struct LogsumexpBackward final : Node {
  SavedTensor self_, result_;
  uint32_t mask_ = 0;
  const char* name() const override { return "LogsumexpBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this), result = result_.unpack(*this);
    bool one_dim = (mask_ & (mask_ - 1)) == 0;
    if (!GradMode::is_enabled() && one_dim && mask_ != 0) {
      Tensor out = make_output(self.sizes(), self.dtype(), stream_for(self));
      int64_t dim = __builtin_ctz(mask_);
      if (out.numel() != 0) {
        logsumexp_backward_op(stream_for(self), out, grads[0].contiguous(), self.contiguous(),
                              result, dim);
      }
      return {out};
    }
    Tensor grad = unreduce(grads[0], self.sizes(), mask_);
    return {grad * exp(self - unreduce(result, self.sizes(), mask_))};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

}  // namespace

void register_softmax_ops(OpRegistry& registry) {
  registry.add(softmax_op);
  registry.add(log_softmax_op);
  registry.add(softmax_backward_op);
  registry.add(log_softmax_backward_op);
  registry.add(logsumexp_op);
  registry.add(logsumexp_backward_op);
}

Tensor softmax(const Tensor& self, int64_t dim, std::optional<ScalarType> dtype) {
  return run_softmax<SoftmaxBackward>(softmax_op, dtype ? self.to(*dtype) : self, dim);
}
Tensor log_softmax(const Tensor& self, int64_t dim, std::optional<ScalarType> dtype) {
  return run_softmax<LogSoftmaxBackward>(log_softmax_op, dtype ? self.to(*dtype) : self, dim);
}

Tensor logsumexp(const Tensor& self, IntArrayRef dims, bool keepdim) {
  uint32_t mask = dim_mask(dims, self.dim());
  ScalarType dtype = floating_result(self.dtype());
  Tensor out = make_output(reduced_sizes(self.sizes(), mask, keepdim), dtype, stream_for(self));
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    Lines lines = lines_over(cast_input(self, dtype), mask);
    logsumexp_op(stream_for(self), out, lines.tensor, lines.dim);
  }
  if (needs_grad(self)) {
    auto node = make_node<LogsumexpBackward>(self);
    node->mask_ = mask;
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

}  // namespace adjoint
