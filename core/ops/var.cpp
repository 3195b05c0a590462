// SPDX-License-Identifier: MIT
// Variance and standard deviation, made of other operations.
#include <algorithm>
#include <limits>

#include "adjoint/warning.h"
#include "core/ops/reduce.h"

namespace adjoint {
namespace {

/// What both directions need to know.
struct Spread {
  DimVector dims;
  double divisor = 1;

  Spread() = default;
  Spread(const Tensor& self, IntArrayRef over, bool unbiased) {
    uint32_t mask = dim_mask(over, self.dim());
    int64_t count = 1;
    for (int64_t d = 0; d < self.dim(); ++d) {
      if (!(mask >> d & 1u)) continue;
      dims.push_back(d);
      count *= self.size(d);
    }
    divisor = double(std::max<int64_t>(count - (unbiased ? 1 : 0), 0));
  }
  Tensor deviation(const Tensor& self) const { return self - mean(self, dims, true); }
  uint32_t mask(int64_t ndim) const { return dim_mask(dims, ndim); }
};

/// `grad` has a number for each variance.
Tensor var_gradient(const Tensor& grad, const Tensor& self, const Spread& spread) {
  const Tensor scale = grad * (2 / spread.divisor);
  // The deviation first: the result lies in memory as that does.
  return spread.deviation(self) * unreduce(scale, self.sizes(), spread.mask(self.dim()));
}

/// The gradient of the variance, from that of its root; 0 where the root is.
Tensor std_scaled(const Tensor& grad, const Tensor& result) {
  Tensor safe = masked_fill(result, eq(result, 0), std::numeric_limits<double>::infinity());
  return grad / (safe * 2);
}

struct VarBackward final : Node {
  Spread spread_;
  SavedTensor self_;

  const char* name() const override { return "VarBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    return {var_gradient(grads[0], self, spread_)};
  }
  void release_variables() override { self_.release(); }
};
struct StdBackward final : Node {
  Spread spread_;
  SavedTensor self_, result_;

  const char* name() const override { return "StdBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this), scaled = std_scaled(grads[0], result_.unpack(*this));
    return {var_gradient(scaled, self, spread_)};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

/// Not recorded. 16-bit floats compute in float.
Tensor variance(const char* op, const Tensor& self, const Spread& spread, bool keepdim) {
  ADJOINT_CHECK(self.is_floating_point(),
                "std and var only support floating point and complex dtypes");
  NoGradGuard no_grad;
  Tensor deviation = spread.deviation(self.to(promoteTypes(self.dtype(), kFloat)));
  Tensor out = sum(square(deviation), spread.dims, keepdim) / spread.divisor;
  if (spread.divisor == 0 && out.numel() != 0) [[unlikely]] {
    ADJOINT_WARN(op,
                 "(): degrees of freedom is <= 0. Correction should be strictly less than the "
                 "reduction factor (input numel divided by output numel).");
  }
  return out;
}

template <class Backward>
intrusive_ptr<Backward> spread_node(const Tensor& self, const Spread& spread) {
  auto node = make_node<Backward>(self);
  node->spread_ = spread;
  node->self_.save(self);
  return node;
}

}  // namespace

Tensor var(const Tensor& self, IntArrayRef dims, bool unbiased, bool keepdim) {
  Spread spread(self, dims, unbiased);
  Tensor out = variance("var", self, spread, keepdim).to(self.dtype());
  if (needs_grad(self)) set_history(out, spread_node<VarBackward>(self, spread));
  return out;
}
Tensor var(const Tensor& self, bool unbiased) { return var(self, IntArrayRef(), unbiased); }

Tensor std(const Tensor& self, IntArrayRef dims, bool unbiased, bool keepdim) {
  Spread spread(self, dims, unbiased);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = sqrt(variance("std", self, spread, keepdim)).to(self.dtype());
  }
  if (needs_grad(self)) {
    auto node = spread_node<StdBackward>(self, spread);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}
Tensor std(const Tensor& self, bool unbiased) { return std(self, IntArrayRef(), unbiased); }

namespace {

/// Of both; the gradient of either may be missing.
struct SpreadAndMeanBackward final : Node {
  Spread spread_;
  bool is_std_ = false;
  SavedTensor self_, result_;

  const char* name() const override { return is_std_ ? "StdMeanBackward0" : "VarMeanBackward0"; }
  GradList apply(GradList&& grads) override {
    const uint32_t mask = spread_.mask(int64_t(self_sizes_.size()));
    Tensor out;
    if (grads[0].defined()) {
      Tensor self = self_.unpack(*this), grad = grads[0];
      if (is_std_) grad = std_scaled(grad, result_.unpack(*this));
      out = var_gradient(unreduce(grad, self_sizes_, mask), self, spread_);
    }
    if (grads[1].defined()) {
      Tensor share = (unreduce(grads[1], self_sizes_, mask) / count()).expand(self_sizes_);
      out = out.defined() ? out + share : share;
    }
    return {out};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }

  DimVector self_sizes_;

 private:
  double count() const {
    int64_t n = 1;
    for (int64_t d : spread_.dims) n *= self_sizes_[size_t(d)];
    return double(n);
  }
};

std::tuple<Tensor, Tensor> spread_and_mean(const Tensor& self, IntArrayRef dims, bool unbiased,
                                           bool keepdim, bool is_std) {
  Tensor spread, middle;
  {
    NoGradGuard no_grad;
    spread = is_std ? std(self, dims, unbiased, keepdim) : var(self, dims, unbiased, keepdim);
    middle = mean(self, dims, keepdim);
  }
  if (needs_grad(self)) {
    auto node = spread_node<SpreadAndMeanBackward>(self, Spread(self, dims, unbiased));
    node->is_std_ = is_std;
    node->self_sizes_ = self.sizes();
    set_history(spread, node);
    set_history(middle, node);
    if (is_std) node->result_.save_output(spread);
  }
  return {spread, middle};
}

}  // namespace

std::tuple<Tensor, Tensor> var_mean(const Tensor& self, bool unbiased) {
  return spread_and_mean(self, {}, unbiased, false, false);
}
std::tuple<Tensor, Tensor> var_mean(const Tensor& self, IntArrayRef dims, bool unbiased,
                                    bool keepdim) {
  return spread_and_mean(self, dims, unbiased, keepdim, false);
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& self, bool unbiased) {
  return spread_and_mean(self, {}, unbiased, false, true);
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& self, IntArrayRef dims, bool unbiased,
                                    bool keepdim) {
  return spread_and_mean(self, dims, unbiased, keepdim, true);
}

}  // namespace adjoint
