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

namespace {

constexpr const char* kVectorNorm = "LinalgVectorNormBackward0";

/// `self` in the dtype that a norm is to be computed in.
Tensor widened(const char* op, const Tensor& self, std::optional<ScalarType> dtype) {
  if (!dtype || *dtype == self.dtype()) return self;
  ADJOINT_CHECK(isFloatingType(*dtype), op, ": dtype should be floating point, but got ", *dtype);
  ADJOINT_CHECK(promoteTypes(self.dtype(), *dtype) == *dtype, op, ": the dtype of the input (",
                self.dtype(), ") should be convertible without narrowing to the specified dtype (",
                *dtype, ")");
  return self.to(*dtype);
}

struct MatrixDims {
  int64_t row, column;
};
MatrixDims matrix_dims(const Tensor& self, IntArrayRef dim) {
  ADJOINT_CHECK(self.dim() >= 2,
                "linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
  ADJOINT_CHECK_WITH(
      NotImplementedError, self.is_floating_point(),
      "linalg.matrix_norm: Expected a floating point or complex tensor as input. Got ",
      self.dtype());
  ADJOINT_CHECK(dim.size() == 2, "linalg.matrix_norm: dim must be a 2-tuple. Got ", dim);
  const MatrixDims dims{wrap_dim(dim[0], self.dim()), wrap_dim(dim[1], self.dim())};
  ADJOINT_CHECK(dims.row != dims.column, "linalg.matrix_norm: dims must be different. Got (",
                dim[0], ", ", dim[1], ")");
  return dims;
}

/// Of the matrices in `dims`, in a last dimension.
Tensor singular_values(const Tensor& self, const MatrixDims& dims) {
  return linalg_svdvals(movedim(self, {dims.row, dims.column}, {-2, -1}));
}
/// `reduced` with sizes of 1 at the dimensions of the matrices, where they are to be kept.
Tensor with_matrix_dims(const Tensor& reduced, const MatrixDims& dims, bool keepdim) {
  if (!keepdim) return reduced;
  return movedim(reduced.unsqueeze(-1).unsqueeze(-1), {-2, -1}, {dims.row, dims.column});
}

}  // namespace

Tensor linalg_vector_norm(const Tensor& self, const Scalar& ord, OptionalIntArrayRef dim,
                          bool keepdim, std::optional<ScalarType> dtype) {
  return norm_over(widened("linalg.vector_norm", self, dtype), ord, dim.value_or({}), keepdim,
                   kVectorNorm);
}

Tensor linalg_matrix_norm(const Tensor& self, const Scalar& ord, IntArrayRef dim, bool keepdim,
                          std::optional<ScalarType> dtype) {
  const MatrixDims dims = matrix_dims(self, dim);
  const double order = ord.toDouble(), magnitude = std::abs(order);
  if (magnitude == 2) {
    const Tensor s = singular_values(widened("linalg.matrix_norm", self, dtype), dims);
    return with_matrix_dims(order > 0 ? amax(s, {-1}) : amin(s, {-1}), dims, keepdim);
  }
  ADJOINT_CHECK(magnitude == 1 || magnitude == kInfinity, "linalg.matrix_norm: Order ", order,
                " not supported.");
  const int64_t summed = magnitude == 1 ? dims.row : dims.column;
  int64_t chosen = magnitude == 1 ? dims.column : dims.row;
  Tensor sums = linalg_vector_norm(self, 1, summed, keepdim, dtype);
  if (!keepdim && chosen > summed) --chosen;
  return order > 0 ? amax(sums, chosen, keepdim) : amin(sums, chosen, keepdim);
}

Tensor linalg_matrix_norm(const Tensor& self, std::string_view ord, IntArrayRef dim, bool keepdim,
                          std::optional<ScalarType> dtype) {
  const MatrixDims dims = matrix_dims(self, dim);
  if (ord == "nuc") {
    const Tensor s = singular_values(widened("linalg.matrix_norm", self, dtype), dims);
    return with_matrix_dims(s.sum({-1}), dims, keepdim);
  }
  ADJOINT_CHECK(ord == "fro", "linalg.matrix_norm: Order ", ord, " not supported.");
  return linalg_vector_norm(self, 2, dim, keepdim, dtype);
}

Tensor linalg_norm(const Tensor& self, const std::optional<Scalar>& ord, OptionalIntArrayRef dim,
                   bool keepdim, std::optional<ScalarType> dtype) {
  if (!ord) return linalg_vector_norm(self, 2, dim, keepdim, dtype);
  ADJOINT_CHECK(!dim || (*dim).size() == 1 || (*dim).size() == 2,
                "linalg.norm: If dim is specified, it must be of length 1 or 2. Got ",
                dim.value_or({}));
  ADJOINT_CHECK(dim || self.dim() == 1 || self.dim() == 2,
                "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ",
                self.dim(), "D.");
  if ((dim ? int64_t((*dim).size()) : self.dim()) == 1) {
    return linalg_vector_norm(self, *ord, dim, keepdim, dtype);
  }
  return linalg_matrix_norm(self, *ord, dim.value_or({-2, -1}), keepdim, dtype);
}

Tensor linalg_norm(const Tensor& self, std::string_view ord, OptionalIntArrayRef dim, bool keepdim,
                   std::optional<ScalarType> dtype) {
  return linalg_matrix_norm(self, ord, dim.value_or({-2, -1}), keepdim, dtype);
}

Tensor norm(const Tensor& self, const Scalar& p) {
  return norm_over(self, p, {}, false, "NormBackward0");
}
Tensor norm(const Tensor& self, const Scalar& p, IntArrayRef dims, bool keepdim) {
  return norm_over(self, p, dims, keepdim, "NormBackward1");
}

}  // namespace adjoint
