// SPDX-License-Identifier: MIT
// Changes of a tensor's shape in place: the memory stays, and is shown in another way.
//
// A view is not changed by them for its base's history: its grad_fn is a strided view of the base
// (Note [Views and in-place changes]), which is made anew in the new shape.
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

struct ReshapeBackward final : Node {
  DimVector sizes_;
  const char* name_ = nullptr;
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override { return {grads[0].reshape(sizes_)}; }
};
struct TransposeBackward final : Node {
  int64_t dim0_ = 0, dim1_ = 0;
  const char* name_ = nullptr;
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override { return {grads[0].transpose(dim0_, dim1_)}; }
};

/// `node`, whose edge is self's before, is null where nothing is recorded.
Tensor& show_as(const Tensor& self, const Geometry& g, intrusive_ptr<Node> node) {
  TensorImpl& impl = *self.impl();
  impl.set_sizes_and_strides(g.sizes, g.strides);
  bump_version(self);
  if (impl.view_base()) {
    impl.make_view_stale();
  } else if (node) {
    rebase_history(self, std::move(node));
  }
  return const_cast<Tensor&>(self);
}

Tensor& show_transposed(const Tensor& self, int64_t dim0, int64_t dim1, const char* name) {
  check_history_change(self, self.requires_grad());
  Geometry g = geometry_of(self);
  if (!g.sizes.empty()) {
    std::swap(g.sizes[size_t(dim0)], g.sizes[size_t(dim1)]);
    std::swap(g.strides[size_t(dim0)], g.strides[size_t(dim1)]);
  }
  intrusive_ptr<TransposeBackward> node;
  if (needs_grad(self) && !self.impl()->view_base()) {
    node = make_node<TransposeBackward>(self);
    node->dim0_ = dim0;
    node->dim1_ = dim1;
    node->name_ = name;
  }
  return show_as(self, g, std::move(node));
}

Tensor& show_reshaped(const Tensor& self, const Geometry& g, const char* name) {
  check_history_change(self, self.requires_grad());
  intrusive_ptr<ReshapeBackward> node;
  if (needs_grad(self) && !self.impl()->view_base()) {
    node = make_node<ReshapeBackward>(self);
    node->sizes_ = self.sizes();
    node->name_ = name;
  }
  return show_as(self, g, std::move(node));
}

}  // namespace

Tensor& Tensor::t_() const {
  ADJOINT_CHECK(dim() <= 2, "t_() expects a tensor with <= 2 dimensions, but self is ", dim(), "D");
  return show_transposed(*this, 0, dim() < 2 ? 0 : 1, "TBackward1");
}
Tensor& Tensor::transpose_(int64_t dim0, int64_t dim1) const {
  return show_transposed(*this, wrap_dim(dim0, dim()), wrap_dim(dim1, dim()), "TransposeBackward1");
}

Tensor& Tensor::squeeze_() const {
  Geometry g{{}, {}, storage_offset()};
  for (int64_t d = 0; d < dim(); ++d) {
    if (size(d) == 1) continue;
    g.sizes.push_back(size(d));
    g.strides.push_back(stride(d));
  }
  return show_reshaped(*this, g, "SqueezeBackward3");
}
Tensor& Tensor::squeeze_(int64_t dim) const {
  const size_t d = size_t(wrap_dim(dim, this->dim()));
  Geometry g = geometry_of(*this);
  if (!g.sizes.empty() && g.sizes[d] == 1) {
    g.sizes.erase(d);
    g.strides.erase(d);
  }
  return show_reshaped(*this, g, "SqueezeBackward4");
}
Tensor& Tensor::unsqueeze_(int64_t dim) const {
  const size_t d = size_t(wrap_dim(dim, this->dim() + 1));
  Geometry g = geometry_of(*this);
  const int64_t stride = d < g.sizes.size() ? g.sizes[d] * g.strides[d] : 1;
  g.sizes.insert(d, 1);
  g.strides.insert(d, stride);
  return show_reshaped(*this, g, "UnsqueezeBackward1");
}

Tensor& Tensor::resize_(IntArrayRef sizes) const {
  ADJOINT_CHECK(!requires_grad(), "cannot resize variables that require grad");
  check_history_change(*this, false);
  for (int64_t s : sizes) {
    ADJOINT_CHECK(s >= 0, "resize_: sizes must not be negative, got ", sizes);
  }
  const Geometry wanted = contiguous_geometry(sizes);
  const int64_t available = int64_t(impl_->storage()->nbytes() / element_size()) - storage_offset();
  if (numel_of(sizes) > available) {
    NoGradGuard no_grad;
    Tensor larger = make_output(sizes, dtype(), stream_for(*this));
    Tensor kept(intrusive_ptr<TensorImpl>::adopt(
        new TensorImpl(impl_->storage(), dtype(), {available}, {1}, storage_offset())));
    if (available > 0) larger.view({-1}).narrow(0, 0, available).copy_(kept);
    impl_->set_data(*larger.impl());
  } else {
    impl_->set_sizes_and_strides(wanted.sizes, wanted.strides);
  }
  bump_version(*this);
  return const_cast<Tensor&>(*this);
}

}  // namespace adjoint
