// SPDX-License-Identifier: MIT
// Norms of vectors.
#include <cmath>
#include <limits>

#include "core/ops/reduce.h"

namespace adjoint {
namespace {

/// (sum |x|^p)^(1/p); for p = 0 the count of elements that are not 0, for p = inf (-inf) the
/// largest (smallest) |x|. NaN where any element is, but for p = 0, which counts it. 16-bit floats
/// accumulate in float. For an empty input called with 0 <= p < inf only, and then 0.
constinit Op<void(const Stream&, const TensorIterator&, const Scalar& p)> norm_op{"norm"};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// 0 where the norm is.
struct NormBackward final : Node {
  double p_ = 2;
  uint32_t mask_ = 0;
  SavedTensor self_, result_;

  const char* name_ = "NormBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    if (p_ == 0) return GradList(1);
    Tensor self = self_.unpack(*this);
    Tensor grad = unreduce(grads[0], self.sizes(), mask_);
    if (p_ == 1) return {grad * sign(self)};
    Tensor norm = unreduce(result_.unpack(*this), self.sizes(), mask_);
    if (p_ == 2) return {grad * (self / masked_fill(norm, eq(norm, 0), kInfinity))};
    if (std::isinf(p_)) return {share(grad, self, norm)};
    return {general(grad, self, norm)};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }

 private:
  /// The elements that are the norm share its gradient.
  Tensor share(const Tensor& grad, const Tensor& self, const Tensor& norm) const {
    Tensor ties = logical_or(eq(abs(self), norm), isnan(self));
    DimVector dims;
    for (int64_t d = 0; d < self.dim(); ++d) {
      if (mask_ >> d & 1u) dims.push_back(d);
    }
    return where(ties, sign(self) * (grad / sum(ties, dims, true)), 0);
  }
  /// sign(x) |x|^(p - 1) / norm^(p - 1). Powers of 0 are kept out from before they are taken, so
  /// that they do not come back as NaN in further derivatives.
  Tensor general(const Tensor& grad, const Tensor& self, const Tensor& norm) const {
    Tensor none = eq(self, 0), nothing = eq(norm, 0);
    Tensor power = masked_fill(pow(abs(masked_fill(self, none, 1)), p_ - 1), none, 0);
    Tensor scale = masked_fill(pow(masked_fill(norm, nothing, 1), 1 - p_), nothing, 0);
    return sign(self) * power * (grad * scale);
  }
};

void check_not_empty(const Tensor& self, double p, uint32_t mask, bool full) {
  if (self.numel() != 0 || (p >= 0 && p < kInfinity)) return;
  DimVector out = reduced_sizes(self.sizes(), mask, true);
  if (numel_of(out) == 0) return;
  std::string norm = std::isinf(p) ? (p < 0 ? "-inf" : "inf") : detail::str(p);
  ADJOINT_CHECK(!full, "linalg.vector_norm cannot compute the ", norm,
                " norm on an empty tensor because the operation does not have an identity");
  int64_t dim = 0;
  while (!(mask >> dim & 1u) || self.size(dim) != 0) ++dim;
  ADJOINT_CHECK(false, "linalg.vector_norm cannot compute the ", norm, " norm on the dimension ",
                dim,
                " because this dimension is empty and the operation does not have an identity");
}

Tensor norm_over(const Tensor& self, const Scalar& p, IntArrayRef dims, bool keepdim,
                 const char* name) {
  ADJOINT_CHECK_WITH(
      NotImplementedError, self.is_floating_point(),
      "linalg.vector_norm: Expected a floating point or complex tensor as input. Got ",
      self.dtype());
  uint32_t mask = dim_mask(dims, self.dim());
  check_not_empty(self, p.toDouble(), mask, dims.empty());
  Tensor out =
      run_reduce<const Scalar&>(norm_op, self, mask, keepdim, self.dtype(), self.dtype(), p);
  if (needs_grad(self)) {
    auto node = make_node<NormBackward>(self);
    node->p_ = p.toDouble();
    node->mask_ = mask;
    node->name_ = name;
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

}  // namespace

void register_norm_ops(OpRegistry& registry) { registry.add(norm_op); }

Tensor norm(const Tensor& self, const Scalar& p) { return norm_over(self, p, {}, false, "NormBackward0"); }
Tensor norm(const Tensor& self, const Scalar& p, IntArrayRef dims, bool keepdim) {
  return norm_over(self, p, dims, keepdim, "NormBackward1");
}

}  // namespace adjoint
