// SPDX-License-Identifier: MIT
// Other orders along dimensions: flip, rot90, roll. No kernels: slices are selected, and joined.
#include "adjoint/ops/shape.h"
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

struct FlipBackward final : Node {
  DimVector dims_;
  const char* name() const override { return "FlipBackward0"; }
  GradList apply(GradList&& grads) override { return {flip(grads[0], dims_)}; }
};
struct RollBackward final : Node {
  DimVector back_, dims_;
  const char* name() const override { return "RollBackward0"; }
  GradList apply(GradList&& grads) override { return {roll(grads[0], back_, dims_)}; }
};

Tensor rolled(const Tensor& t, int64_t shift, int64_t dim) {
  const int64_t n = t.size(dim);
  if (n == 0) return t;
  const int64_t first = (shift % n + n) % n;
  if (first == 0) return t;
  return cat({t.narrow(dim, n - first, first), t.narrow(dim, 0, n - first)}, dim);
}

}  // namespace

Tensor flip(const Tensor& self, IntArrayRef dims) {
  Tensor out = self;
  uint32_t seen = 0;
  {
    NoGradGuard no_grad;
    for (int64_t each : dims) {
      const int64_t d = wrap_dim(each, self.dim());
      ADJOINT_CHECK(!(seen >> d & 1u), "dim ", d, " appears multiple times in the list of dims");
      seen |= 1u << d;
      if (self.dim() == 0) continue;
      const int64_t n = self.size(d);
      Tensor backwards = (n - 1) - arange(n, TensorOptions(kLong).device(self.device()));
      out = out.index_select(d, backwards);
    }
    if (out.is_same(self)) out = self.clone();
  }
  if (needs_grad(self)) {
    auto node = make_node<FlipBackward>(self);
    node->dims_ = dims;
    set_history(out, node);
  }
  return out;
}
Tensor fliplr(const Tensor& self) {
  ADJOINT_CHECK(self.dim() >= 2, "Input must be >= 2-d.");
  return flip(self, {1});
}
Tensor flipud(const Tensor& self) {
  ADJOINT_CHECK(self.dim() >= 1, "Input must be >= 1-d.");
  return flip(self, {0});
}

Tensor rot90(const Tensor& self, int64_t k, IntArrayRef dims) {
  ADJOINT_CHECK(dims.size() == 2,
                "expected total rotation dims == 2, but got dims = ", dims.size());
  ADJOINT_CHECK(self.dim() >= 2, "expected total dims >= 2, but got total dims = ", self.dim());
  const int64_t from = wrap_dim(dims[0], self.dim()), to = wrap_dim(dims[1], self.dim());
  ADJOINT_CHECK(from != to, "expected rotation dims to be different, but got dim0 = ", dims[0],
                " and dim1 = ", dims[1]);
  switch ((k % 4 + 4) % 4) {
    case 1:
      return flip(self, {to}).transpose(from, to);
    case 2:
      return flip(self, {from, to});
    case 3:
      return flip(self, {from}).transpose(from, to);
    default:
      return self.clone();
  }
}

Tensor roll(const Tensor& self, IntArrayRef shifts, IntArrayRef dims) {
  ADJOINT_CHECK(!shifts.empty(), "`shifts` required");
  if (dims.empty() && shifts.size() == 1) {
    return roll(self.reshape({-1}), shifts, {0}).view(self.sizes());
  }
  ADJOINT_CHECK(shifts.size() == dims.size(),
                "shifts and dimensions must align. shifts: ", shifts.size(),
                ", dims:", dims.size());
  Tensor out = self;
  DimVector back;
  {
    NoGradGuard no_grad;
    for (size_t i = 0; i < dims.size(); ++i) {
      out = rolled(out, shifts[i], wrap_dim(dims[i], self.dim()));
      back.push_back(-shifts[i]);
    }
    if (out.is_same(self)) out = self.clone();
  }
  if (needs_grad(self)) {
    auto node = make_node<RollBackward>(self);
    node->back_ = back;
    node->dims_ = dims;
    set_history(out, node);
  }
  return out;
}

}  // namespace adjoint
