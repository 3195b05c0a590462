// SPDX-License-Identifier: MIT
// Different values: unique, isin, bincount, histc. Composed of sorting, and of counting where
// values change.
#include <algorithm>

#include "adjoint/ops/order.h"
#include "adjoint/ops/shape.h"
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

using Unique = std::tuple<Tensor, Tensor, Tensor>;

TensorOptions places_on(const Tensor& t) { return TensorOptions(kLong).device(t.device()); }

/// Where runs of equal slices of dimension 0 start: kBool [n].
Tensor run_starts(const Tensor& ordered) {
  const int64_t n = ordered.size(0);
  Tensor changes = ne(ordered.narrow(0, 1, n - 1), ordered.narrow(0, 0, n - 1));
  if (changes.dim() > 1) changes = changes.reshape({n - 1, -1}).any(1);
  return cat({ones({1}, TensorOptions(kBool).device(ordered.device())), changes});
}

/// The runs of `ordered`, of which element i stood at order[i] (undefined: at i).
Unique runs(const Tensor& ordered, const Tensor& order, bool return_inverse, bool return_counts) {
  const int64_t n = ordered.size(0);
  if (n == 0) {
    Tensor none = zeros({0}, places_on(ordered));
    return {ordered, return_inverse ? none : Tensor(), return_counts ? none.clone() : Tensor()};
  }
  Tensor starts = run_starts(ordered), places = starts.nonzero().reshape({-1});
  Tensor values = ordered.index_select(0, places), inverse, counts;
  if (return_inverse) {
    inverse = starts.cumsum(0) - 1;
    if (order.defined()) inverse = empty_like(inverse).scatter_(0, order, inverse);
  }
  if (return_counts) {
    Tensor ends = cat({places.narrow(0, 1, places.size(0) - 1), full({1}, n, places.options())});
    counts = ends - places;
  }
  return {values, inverse, counts};
}

/// The order of the rows of a matrix: by the last column first, so that the first decides.
Tensor row_order(const Tensor& rows) {
  Tensor order = arange(rows.size(0), places_on(rows));
  for (int64_t c = rows.size(1); c-- > 0;) {
    Tensor column = rows.select(1, c).index_select(0, order);
    order = order.index_select(0, argsort(column));
  }
  return order;
}

/// With `dim` in front, and as it was.
Unique with_dim(Unique u, int64_t dim) {
  return {movedim(std::get<0>(u), 0, dim).contiguous(), std::get<1>(u), std::get<2>(u)};
}

}  // namespace

Unique _unique2(const Tensor& self, bool, bool return_inverse, bool return_counts) {
  NoGradGuard no_grad;
  auto [values, order] = self.reshape({-1}).sort();
  Unique u = runs(values, order, return_inverse, return_counts);
  if (return_inverse) std::get<1>(u) = std::get<1>(u).view(self.sizes());
  return u;
}

Unique unique_dim(const Tensor& self, int64_t dim, bool, bool return_inverse, bool return_counts) {
  NoGradGuard no_grad;
  dim = wrap_dim(dim, self.dim());
  Tensor slices = movedim(self, dim, 0).contiguous();
  ADJOINT_CHECK(self.numel() != 0 || slices.size(0) == 0,
                "There are 0 sized dimensions, and they aren't selected, so unique cannot be "
                "applied");
  if (slices.size(0) == 0) return with_dim(runs(slices, {}, return_inverse, return_counts), dim);
  Tensor order = row_order(slices.view({slices.size(0), -1}));
  return with_dim(runs(slices.index_select(0, order), order, return_inverse, return_counts), dim);
}

Unique unique_consecutive(const Tensor& self, bool return_inverse, bool return_counts,
                          std::optional<int64_t> dim) {
  NoGradGuard no_grad;
  if (dim) {
    const int64_t d = wrap_dim(*dim, self.dim());
    return with_dim(runs(movedim(self, d, 0).contiguous(), {}, return_inverse, return_counts), d);
  }
  Unique u = runs(self.reshape({-1}), {}, return_inverse, return_counts);
  if (return_inverse) std::get<1>(u) = std::get<1>(u).view(self.sizes());
  return u;
}

Tensor isin(const Tensor& elements, const Tensor& test_elements, bool, bool invert) {
  NoGradGuard no_grad;
  check_same_device("isin", elements, test_elements);
  if (test_elements.numel() == 0) {
    return full(elements.sizes(), invert, elements.options().dtype(kBool));
  }
  const ScalarType dtype = promoteTypes(elements.dtype(), test_elements.dtype());
  Tensor wanted = elements.to(dtype).contiguous();
  Tensor sorted = std::get<0>(test_elements.to(dtype).reshape({-1}).sort());
  Tensor places = searchsorted(sorted, wanted).clamp_max(sorted.size(0) - 1);
  Tensor found = sorted.take(places);
  return invert ? ne(found, wanted) : eq(found, wanted);
}

Tensor bincount(const Tensor& self, const Tensor& weights, int64_t minlength) {
  NoGradGuard no_grad;
  ADJOINT_CHECK(isIntegralType(self.dtype(), false),
                "bincount only supports 1-d non-negative "
                "integral inputs, got ",
                self.dtype());
  ADJOINT_CHECK(minlength >= 0, "minlength should be >= 0, got ", minlength);
  ADJOINT_CHECK(self.dim() == 1, "bincount only supports 1-d non-negative integral inputs, got ",
                self.sizes());
  int64_t length = minlength;
  if (self.numel() != 0) {
    ADJOINT_CHECK(min(self).item().to<int64_t>() >= 0,
                  "bincount only supports 1-d non-negative integral inputs.");
    length = std::max(length, max(self).item().to<int64_t>() + 1);
  }
  ADJOINT_CHECK(!weights.defined() || weights.sizes() == self.sizes(),
                "weights should be 1-d and have the same length as input");
  Tensor each = weights.defined() ? weights : ones({1}, places_on(self)).expand(self.sizes());
  if (weights.defined() && each.dtype() != kFloat) each = each.to(kDouble);
  return zeros({length}, each.options()).index_add_(0, self.to(kLong), each);
}

Tensor histc(const Tensor& self, int64_t bins, const Scalar& min, const Scalar& max) {
  NoGradGuard no_grad;
  ADJOINT_CHECK(bins > 0, "torch.histogram(): bins must be > 0, but got ", bins,
                " for dimension 0");
  ADJOINT_CHECK_WITH(NotImplementedError, self.is_floating_point(),
                     "\"histc\" not implemented for '", self.dtype(), "'");
  double low = min.toDouble(), high = max.toDouble();
  if (low == high && self.numel() != 0) {
    low = adjoint::min(self).item().toDouble();
    high = adjoint::max(self).item().toDouble();
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  ADJOINT_CHECK(low < high, "torch.histc: max must be larger than min, got ", high, " and ", low);
  Tensor x = self.reshape({-1});
  Tensor inside = logical_and(ge(x, low), le(x, high));
  Tensor bin = masked_fill((x - low) * (double(bins) / (high - low)), logical_not(inside), 0);
  return zeros({bins}, self.options())
      .index_add_(0, bin.to(kLong).clamp_max(bins - 1), inside.to(self.dtype()));
}

}  // namespace adjoint
