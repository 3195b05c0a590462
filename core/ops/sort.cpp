// SPDX-License-Identifier: MIT
// sort, argsort, topk.
#include "core/autograd/record.h"
#include "core/ops/index.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// The first elements of each line of `self` along `dim`, in order, and where they are (kLong): as
/// many as the outputs, which are dense, have. Stable; NaN is the largest. `self` has any strides
/// and at least one dimension.
constinit Op<void(const Stream&, const Tensor& values, const Tensor& indices, const Tensor& self,
                  int64_t dim, bool descending)>
    sort_op{"sort", {.dtypes = kAllDtypes}};

/// Output 1, the indices, has no gradient.
struct SortBackward final : Node {
  const char* name_ = nullptr;
  DimVector sizes_;
  int64_t dim_ = 0;
  SavedTensor indices_;

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    return {scatter_to_zeros(sizes_, dim_, indices_.unpack(*this), grads[0])};
  }
  void release_variables() override { indices_.release(); }
};

std::tuple<Tensor, Tensor> sort_lines(const Tensor& self, int64_t dim, int64_t count,
                                      bool descending, const char* node_name) {
  check_dtype(sort_op, self.dtype());
  ADJOINT_CHECK(self.dim() == 0 || self.size(dim) <= INT32_MAX,
                "sort: expected a dimension of fewer than 2^31 elements, got ", self.sizes());
  DimVector sizes = self.sizes();
  if (!sizes.empty()) sizes[size_t(dim)] = count;
  Stream stream = stream_for(self);
  Tensor values = make_output(sizes, self.dtype(), stream),
         indices = make_output(sizes, kLong, stream);
  if (values.numel() != 0) {
    NoGradGuard no_grad;
    if (self.dim() == 0) {
      values.copy_(self);
      indices.zero_();
    } else {
      sort_op(stream, values, indices, self, dim, descending);
    }
  }
  if (needs_grad(self)) {
    auto node = make_node<SortBackward>(self);
    node->name_ = node_name;
    node->sizes_ = self.sizes();
    node->dim_ = dim;
    node->indices_.save(indices);
    set_history(values, node);
  }
  return {values, indices};
}

}  // namespace

void register_sort_ops(OpRegistry& registry) { registry.add(sort_op); }

std::tuple<Tensor, Tensor> sort(const Tensor& self, int64_t dim, bool descending) {
  dim = wrap_dim(dim, self.dim());
  return sort_lines(self, dim, self.dim() == 0 ? 1 : self.size(dim), descending, "SortBackward0");
}

Tensor argsort(const Tensor& self, int64_t dim, bool descending) {
  NoGradGuard no_grad;
  return std::get<1>(sort(self, dim, descending));
}

std::tuple<Tensor, Tensor> topk(const Tensor& self, int64_t k, int64_t dim, bool largest,
                                bool /*sorted*/) {
  dim = wrap_dim(dim, self.dim());
  const int64_t size = self.dim() == 0 ? 1 : self.size(dim);
  ADJOINT_CHECK(k >= 0 && k <= size, "selected index k out of range: expected k in [0, ", size,
                "], got ", k);
  if (self.dim() == 0 && k == 0) return topk(self.reshape({1}), 0, 0, largest);
  return sort_lines(self, dim, k, largest, "TopkBackward0");
}

}  // namespace adjoint
