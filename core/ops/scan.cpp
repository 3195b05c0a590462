// SPDX-License-Identifier: MIT
// Scans along a dimension: cumsum, cumprod, logcumsumexp, cummax, cummin.
//
// Note [Gradients of scans]
// ~~~~~~~~~~~~~~~~~~~~~~~~~
// The gradient of a sum is a sum from the other end. Those of cumprod and logcumsumexp are
//   d_i = c_i * s_i,  s_i = g_i + a_i * s_(i+1)
// with c_i the product of all before x_i and a_i = x_(i+1), so that nothing is divided by an
// element; or with c_i = exp(x_i - y_i) and a_i = exp(y_i - y_(i+1)), none of which is above 1.
// Such a recurrence is a scan too, of the maps s -> g + a * s, and so is its gradient.
#include <limits>

#include "core/ops/composed.h"
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

// All tensors are dense, of one shape of at least one dimension. `reverse`: from the last element
// to the first.
using ScanOp =
    Op<void(const Stream&, const Tensor& out, const Tensor& self, int64_t dim, bool reverse)>;
constinit ScanOp cumsum_op{"cumsum", {.dtypes = kFloatingDtypes | DtypeSet{kLong}}};
constinit ScanOp cumprod_op{"cumprod", {.dtypes = kFloatingDtypes | DtypeSet{kLong}}};
constinit ScanOp logcumsumexp_op{"logcumsumexp"};
/// out_i = x_i + a_i * out_(i-1), from 0.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& x, const Tensor& a, int64_t dim,
                  bool reverse)>
    recurrence_op{"linear_recurrence", {.backward_of = "cumprod"}};
using ExtremumScanOp = Op<void(const Stream&, const Tensor& values, const Tensor& indices,
                               const Tensor& self, int64_t dim)>;
constinit ExtremumScanOp cummax_op{"cummax", {.dtypes = kAllDtypes}};
constinit ExtremumScanOp cummin_op{"cummin", {.dtypes = kAllDtypes}};

Tensor run_scan(const ScanOp& op, const Tensor& self, int64_t dim, bool reverse) {
  check_dtype(op, self.dtype());
  const Stream stream = stream_for(self);
  Tensor out = make_output(self.sizes(), self.dtype(), stream);
  if (out.numel() == 0) return out;
  NoGradGuard no_grad;
  if (self.dim() == 0) {
    out.copy_(self);
  } else {
    op(stream, out, self.contiguous(), dim, reverse);
  }
  return out;
}

// ---- cumsum

Tensor running_sum(const Tensor& self, int64_t dim, bool reverse);

struct CumsumBackward final : Node {
  int64_t dim_ = 0;
  bool reverse_ = false;
  const char* name() const override { return "CumsumBackward0"; }
  GradList apply(GradList&& grads) override { return {running_sum(grads[0], dim_, !reverse_)}; }
};

Tensor running_sum(const Tensor& self, int64_t dim, bool reverse) {
  Tensor out = run_scan(cumsum_op, self, dim, reverse);
  if (needs_grad(self)) {
    auto node = make_node<CumsumBackward>(self);
    node->dim_ = dim;
    node->reverse_ = reverse;
    set_history(out, node);
  }
  return out;
}

// ---- linear recurrences

/// The elements one further on, or back; what comes in is `fill`.
Tensor shifted(const Tensor& t, int64_t dim, bool from_the_next, double fill) {
  const int64_t n = t.size(dim);
  Tensor edge = full_like(t.narrow(dim, 0, 1), fill);
  return from_the_next ? cat({t.narrow(dim, 1, n - 1), edge}, dim)
                       : cat({edge, t.narrow(dim, 0, n - 1)}, dim);
}

Tensor recurrence(const Tensor& x, const Tensor& a, int64_t dim, bool reverse);

struct RecurrenceBackward final : Node {
  int64_t dim_ = 0;
  bool reverse_ = false;
  SavedTensor a_, result_;
  const char* name() const override { return "LinearRecurrenceBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor towards_the_start = shifted(a_.unpack(*this), dim_, !reverse_, 0);
    Tensor of_x = recurrence(grads[0], towards_the_start, dim_, !reverse_);
    if (task_should_compute_output(1)) {
      out[1] = of_x * shifted(result_.unpack(*this), dim_, reverse_, 0);
    }
    if (task_should_compute_output(0)) out[0] = std::move(of_x);
    return out;
  }
  void release_variables() override {
    a_.release();
    result_.release();
  }
};

Tensor recurrence(const Tensor& x, const Tensor& a, int64_t dim, bool reverse) {
  const Stream stream = stream_for(x);
  Tensor out = make_output(x.sizes(), x.dtype(), stream);
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    recurrence_op(stream, out, x.contiguous(), a.contiguous(), dim, reverse);
  }
  if (needs_grad(x, a)) {
    auto node = make_node<RecurrenceBackward>(x, a);
    node->dim_ = dim;
    node->reverse_ = reverse;
    node->a_.save(a);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

// ---- cumprod, logcumsumexp

struct CumprodBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor self_;
  const char* name() const override { return "CumprodBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    if (self.dim() == 0 || self.numel() == 0) return {std::move(grads[0])};
    Tensor before = shifted(self.cumprod(dim_), dim_, false, 1);
    return {before * recurrence(grads[0], shifted(self, dim_, true, 0), dim_, true)};
  }
  void release_variables() override { self_.release(); }
};

struct LogcumsumexpBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor self_, result_;
  const char* name() const override { return "LogcumsumexpBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this), result = result_.unpack(*this);
    if (self.dim() == 0 || self.numel() == 0) return {std::move(grads[0])};
    // The part that nothing has in nothing, exp(-inf - -inf), is taken for 1.
    auto ratio = [](const Tensor& a, const Tensor& b) {
      constexpr double nothing = -std::numeric_limits<double>::infinity();
      return exp(masked_fill(a - b, logical_and(a.eq(nothing), b.eq(nothing)), 0));
    };
    Tensor next = cat(
        {result.narrow(dim_, 1, self.size(dim_) - 1), result.narrow(dim_, self.size(dim_) - 1, 1)},
        dim_);
    return {ratio(self, result) * recurrence(grads[0], ratio(result, next), dim_, true)};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

// ---- cummax, cummin

/// Output 1, the indices, has no gradient.
struct CumExtremumBackward final : Node {
  const char* name_ = nullptr;
  int64_t dim_ = 0;
  SavedTensor indices_;
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    Tensor base = zeros(grads[0].sizes(), grads[0].options());
    return {scatter_add(base, dim_, indices_.unpack(*this), grads[0])};
  }
  void release_variables() override { indices_.release(); }
};

std::tuple<Tensor, Tensor> extremum_scan(const ExtremumScanOp& op, const Tensor& self, int64_t dim,
                                         const char* node_name) {
  dim = wrap_dim(dim, self.dim());
  const Stream stream = stream_for(self);
  Tensor values = make_output(self.sizes(), self.dtype(), stream),
         indices = make_output(self.sizes(), kLong, stream);
  if (values.numel() != 0) {
    NoGradGuard no_grad;
    if (self.dim() == 0) {
      values.copy_(self);
      indices.zero_();
    } else {
      op(stream, values, indices, self.contiguous(), dim);
    }
  }
  if (needs_grad(self)) {
    auto node = make_node<CumExtremumBackward>(self);
    node->name_ = node_name;
    node->dim_ = dim;
    node->indices_.save(indices);
    set_history(values, node);
  }
  return {values, indices};
}

/// `self` in the dtype that sums and products are computed in.
Tensor summand(const Tensor& self, ScalarType result) {
  return self.to(isFloatingType(result) ? result : kLong);
}
ScalarType sum_result(const Tensor& self, std::optional<ScalarType> dtype) {
  return dtype.value_or(isFloatingType(self.dtype()) ? self.dtype() : kLong);
}

}  // namespace

void register_scan_ops(OpRegistry& registry) {
  registry.add(cumsum_op);
  registry.add(cumprod_op);
  registry.add(logcumsumexp_op);
  registry.add(recurrence_op);
  registry.add(cummax_op);
  registry.add(cummin_op);
}

Tensor cumsum(const Tensor& self, int64_t dim, std::optional<ScalarType> dtype) {
  dim = wrap_dim(dim, self.dim());
  const ScalarType result = sum_result(self, dtype);
  return running_sum(summand(self, result), dim, false).to(result);
}

Tensor& Tensor::cumsum_(int64_t dim) const { return become(*this, cumsum(dim, dtype())); }
Tensor& Tensor::cumprod_(int64_t dim) const {
  return become(*this, before_change(*this).cumprod(dim, dtype()));
}

Tensor cumprod(const Tensor& self, int64_t dim, std::optional<ScalarType> dtype) {
  dim = wrap_dim(dim, self.dim());
  const ScalarType result = sum_result(self, dtype);
  Tensor x = summand(self, result), out = run_scan(cumprod_op, x, dim, false);
  if (needs_grad(x)) {
    auto node = make_node<CumprodBackward>(x);
    node->dim_ = dim;
    node->self_.save(x);
    set_history(out, node);
  }
  return out.to(result);
}

Tensor logcumsumexp(const Tensor& self, int64_t dim) {
  dim = wrap_dim(dim, self.dim());
  Tensor out = run_scan(logcumsumexp_op, self, dim, false);
  if (needs_grad(self)) {
    auto node = make_node<LogcumsumexpBackward>(self);
    node->dim_ = dim;
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

std::tuple<Tensor, Tensor> cummax(const Tensor& self, int64_t dim) {
  return extremum_scan(cummax_op, self, dim, "CummaxBackward0");
}
std::tuple<Tensor, Tensor> cummin(const Tensor& self, int64_t dim) {
  return extremum_scan(cummin_op, self, dim, "CumminBackward0");
}

}  // namespace adjoint
