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

Tensor var_gradient(const Tensor& grad, const Tensor& self, const Spread& spread) {
  return grad * (spread.deviation(self) * (2 / spread.divisor));
}

struct VarBackward final : Node {
  Spread spread_;
  SavedTensor self_;

  const char* name() const override { return "VarBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    Tensor grad = unreduce(grads[0], self.sizes(), spread_.mask(self.dim()));
    return {var_gradient(grad, self, spread_)};
  }
  void release_variables() override { self_.release(); }
};
/// 0 where the deviation is.
struct StdBackward final : Node {
  Spread spread_;
  SavedTensor self_, result_;

  const char* name() const override { return "StdBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this), result = result_.unpack(*this);
    Tensor safe = masked_fill(result, eq(result, 0), std::numeric_limits<double>::infinity());
    Tensor grad = unreduce(grads[0] / (safe * 2), self.sizes(), spread_.mask(self.dim()));
    return {var_gradient(grad, self, spread_)};
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

std::tuple<Tensor, Tensor> var_mean(const Tensor& self, bool unbiased) {
  return {var(self, unbiased), mean(self)};
}
std::tuple<Tensor, Tensor> var_mean(const Tensor& self, IntArrayRef dims, bool unbiased,
                                    bool keepdim) {
  return {var(self, dims, unbiased, keepdim), mean(self, dims, keepdim)};
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& self, bool unbiased) {
  return {std(self, unbiased), mean(self)};
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& self, IntArrayRef dims, bool unbiased,
                                    bool keepdim) {
  return {std(self, dims, unbiased, keepdim), mean(self, dims, keepdim)};
}

}  // namespace adjoint
