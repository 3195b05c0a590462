// SPDX-License-Identifier: MIT
// Products of elements.
#include <vector>

#include "core/ops/reduce.h"

namespace adjoint {
namespace {

/// 1 for an empty input.
constinit ReduceOp prod_op{"prod", {.dtypes = kFloatingDtypes | DtypeSet{kLong}}};

/// For each element the product of the others along the last dimension, without a division, so that
/// zeros are like any other number. Products of pairs go up a tree; what is outside of a pair comes
/// down it.
Tensor products_of_others(const Tensor& x) {
  std::vector<std::pair<Tensor, Tensor>> levels;  // left and right members of pairs
  std::vector<int64_t> lengths;
  Tensor level = x;
  for (int64_t n = x.size(-1); n > 1; n = (n + 1) / 2) {
    lengths.push_back(n);
    if (n % 2 != 0) level = cat({level, ones_like(level.narrow(-1, 0, 1))}, -1);
    levels.emplace_back(level.slice(-1, 0, std::nullopt, 2), level.slice(-1, 1, std::nullopt, 2));
    level = levels.back().first * levels.back().second;
  }
  Tensor outside = ones_like(level);
  while (!levels.empty()) {
    const auto& [left, right] = levels.back();
    outside = stack({outside * right, outside * left}, -1).flatten(-2);
    outside = outside.narrow(-1, 0, lengths.back());
    levels.pop_back();
    lengths.pop_back();
  }
  return outside;
}

/// Over all elements where dim_ is -1.
struct ProdBackward final : Node {
  const char* name_ = "ProdBackward0";
  int64_t dim_ = -1;
  bool keepdim_ = false;
  SavedTensor self_;

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    if (self.numel() == 0) return {zeros_like(self)};
    if (dim_ < 0) {
      return {grads[0] * products_of_others(self.reshape({-1})).reshape(self.sizes())};
    }
    Tensor grad = keepdim_ ? grads[0] : grads[0].unsqueeze(dim_);
    return {grad * products_of_others(self.transpose(dim_, -1)).transpose(dim_, -1)};
  }
  void release_variables() override { self_.release(); }
};

Tensor product(const Tensor& self, uint32_t mask, bool keepdim, std::optional<ScalarType> dtype,
               const char* name, int64_t dim) {
  ScalarType natural = isFloatingType(self.dtype()) ? self.dtype() : kLong;
  ScalarType result = dtype.value_or(natural);
  ScalarType compute = isFloatingType(result) ? result : kLong;
  Tensor out = run_reduce(prod_op, self, mask, keepdim, compute, compute);
  if (result != compute) out = out.to(result);
  if (needs_grad(self) && isFloatingType(result)) {
    auto node = make_node<ProdBackward>(self);
    node->name_ = name;
    node->dim_ = self.dim() == 0 ? -1 : dim;
    node->keepdim_ = keepdim;
    node->self_.save(self);
    set_history(out, node);
  }
  return out;
}

}  // namespace

void register_prod_ops(OpRegistry& registry) { registry.add(prod_op); }

Tensor prod(const Tensor& self, std::optional<ScalarType> dtype) {
  return product(self, dim_mask({}, self.dim()), false, dtype, "ProdBackward0", -1);
}
Tensor prod(const Tensor& self, int64_t dim, bool keepdim, std::optional<ScalarType> dtype) {
  dim = wrap_dim(dim, self.dim());
  return product(self, dim_mask(dim, self.dim()), keepdim, dtype, "ProdBackward1", dim);
}

}  // namespace adjoint
