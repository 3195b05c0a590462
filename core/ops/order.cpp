// SPDX-License-Identifier: MIT
// Order statistics, composed of sorting and selecting: median, kthvalue, mode.
#include "adjoint/ops/order.h"

#include <limits>

#include "core/ops/selected.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

using Selected = std::tuple<Tensor, Tensor>;

/// The values at `indices`, which has size 1 at `dim`.
Selected select_at(const Tensor& self, int64_t dim, const Tensor& indices, bool keepdim,
                   const char* node_name) {
  Tensor values, places = indices;
  {
    NoGradGuard no_grad;
    values = self.gather(dim, indices);
    if (!keepdim && self.dim() != 0) {
      values = values.squeeze(dim).clone();
      places = indices.squeeze(dim).clone();
    }
  }
  if (needs_grad(self)) {
    auto node = make_node<SelectedBackward>(self);
    node->name_ = node_name;
    node->sizes_ = self.sizes();
    node->dim_ = dim;
    node->indices_.save(indices);
    set_history(values, node);
  }
  return {values, places};
}

Tensor nan_count(const Tensor& self, int64_t dim) { return isnan(self).sum({dim}, true); }

/// Where the median of each line stands in its order: the first NaN, if any, is behind all numbers.
Tensor median_rank(const Tensor& self, int64_t dim) {
  const int64_t n = self.dim() == 0 ? 1 : self.size(dim);
  Tensor nans = nan_count(self, dim);
  return where(nans.gt(0), n - nans, Scalar((n - 1) / 2));
}

struct MedianBackward final : Node {
  SavedTensor self_, result_;
  const char* name() const override { return "MedianBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor ties = eq(self_.unpack(*this), result_.unpack(*this));
    return {where(ties, grads[0] / ties.sum().clamp_min(1), 0)};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

}  // namespace

Tensor median(const Tensor& self) {
  Tensor out;
  {
    NoGradGuard no_grad;
    if (self.numel() == 0) {
      ADJOINT_CHECK(self.is_floating_point(),
                    "median() operation does not have an identity for "
                    "empty input tensor of integers");
      out = full({}, std::numeric_limits<double>::quiet_NaN(), self.options());
    } else {
      out = std::get<0>(median(self.reshape({-1}), 0));
    }
  }
  if (needs_grad(self)) {
    auto node = make_node<MedianBackward>(self);
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

Selected median(const Tensor& self, int64_t dim, bool keepdim) {
  dim = checked_dim("median", self, dim);
  Tensor indices;
  {
    NoGradGuard no_grad;
    indices = argsort(self, dim).gather(dim, median_rank(self, dim));
  }
  return select_at(self, dim, indices, keepdim, "MedianBackward1");
}

Selected kthvalue(const Tensor& self, int64_t k, int64_t dim, bool keepdim) {
  dim = checked_dim("kthvalue", self, dim);
  ADJOINT_CHECK(k >= 1 && k <= (self.dim() == 0 ? 1 : self.size(dim)),
                "kthvalue(): selected number k out of range for dimension ", dim, ": got ", k);
  Tensor indices;
  {
    NoGradGuard no_grad;
    Tensor order = std::get<1>(topk(self, k, dim, false));
    indices = self.dim() == 0 ? order : order.narrow(dim, k - 1, 1);
  }
  return select_at(self, dim, indices, keepdim, "KthvalueBackward0");
}

Selected mode(const Tensor& self, int64_t dim, bool keepdim) {
  dim = checked_dim("mode", self, dim);
  if (self.dim() == 0)
    return select_at(self, 0, zeros({}, self.options().dtype(kLong)), keepdim, "ModeBackward0");
  Tensor indices;
  {
    NoGradGuard no_grad;
    auto [values, order] = self.sort(dim);
    // In order, equal values are runs: of the longest, the end of the first one.
    const int64_t n = self.size(dim);
    DimVector along(size_t(self.dim()), 1);
    along[size_t(dim)] = n;
    Tensor places = arange(n, order.options()).view(along);
    Tensor first = ones_like(values.narrow(dim, 0, 1), TensorOptions(kBool));
    Tensor starts =
        cat({first, ne(values.narrow(dim, 1, n - 1), values.narrow(dim, 0, n - 1))}, dim);
    Tensor since = places - std::get<0>(where(starts, places, 0).cummax(dim));
    indices = order.gather(dim, since.argmax(dim, true));
  }
  return select_at(self, dim, indices, keepdim, "ModeBackward0");
}

Tensor msort(const Tensor& self) { return std::get<0>(sort(self, 0)); }

}  // namespace adjoint
