// SPDX-License-Identifier: MIT
// Views: other shapes of the same memory. No kernels.
#include "core/ops/view.h"

#include <algorithm>

#include "adjoint/ops.h"
#include "core/autograd/record.h"

namespace adjoint {

Tensor alias(const Tensor& t, const Geometry& g, CreationMeta meta) {
  Tensor view(intrusive_ptr<TensorImpl>::adopt(
      new TensorImpl(t.impl()->storage(), t.dtype(), g.sizes, g.strides, g.offset)));
  view.impl()->share_version(*t.impl());
  set_view_of(view, t, meta);
  return view;
}

namespace {

DimVector input_sizes(const Node& node) {
  return node.next_edge(0).function->input_metadata(node.next_edge(0).input_nr).sizes;
}

/// What a view's gradient must be turned into: the base's shape.
struct ViewBackward final : Node {
  const char* name_ = "ViewBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override { return {grads[0].reshape(input_sizes(*this))}; }
};
struct TransposeBackward final : Node {
  int64_t dim0_ = 0, dim1_ = 1;
  const char* name_ = "TransposeBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override { return {grads[0].transpose(dim0_, dim1_)}; }
};
struct PermuteBackward final : Node {
  DimVector inverse_;
  const char* name() const override { return "PermuteBackward0"; }
  GradList apply(GradList&& grads) override { return {grads[0].permute(inverse_)}; }
};
/// The engine sums what was stretched.
struct ExpandBackward final : Node {
  const char* name() const override { return "ExpandBackward0"; }
  GradList apply(GradList&& grads) override { return {std::move(grads[0])}; }
};
struct SelectBackward final : Node {
  int64_t dim_ = 0, index_ = 0;
  const char* name() const override { return "SelectBackward0"; }
  GradList apply(GradList&& grads) override {
    Geometry base = contiguous_geometry(input_sizes(*this));
    return {embed_strided(grads[0], base.sizes, base.strides, select_geometry(base, dim_, index_))};
  }
};
struct SliceBackward final : Node {
  int64_t dim_ = 0, step_ = 1;
  std::optional<int64_t> start_, end_;
  const char* name() const override { return "SliceBackward0"; }
  GradList apply(GradList&& grads) override {
    Geometry base = contiguous_geometry(input_sizes(*this));
    return {embed_strided(grads[0], base.sizes, base.strides,
                          slice_geometry(base, dim_, start_, end_, step_))};
  }
};
struct AsStridedBackward final : Node {
  DimVector base_strides_;
  Geometry view_;  // relative to the base's first element
  const char* name() const override { return "AsStridedBackward0"; }
  GradList apply(GradList&& grads) override {
    return {embed_strided(grads[0], input_sizes(*this), base_strides_, view_)};
  }
};
/// The gradient of embed_strided: the view.
struct EmbedStridedBackward final : Node {
  DimVector base_strides_;
  Geometry view_;
  const char* name() const override { return "AsStridedBackwardBackward0"; }
  GradList apply(GradList&& grads) override {
    const Tensor& grad = grads[0];
    if (grad.strides() == IntArrayRef(base_strides_)) {
      return {grad.as_strided(view_.sizes, view_.strides, grad.storage_offset() + view_.offset)};
    }
    Tensor laid_out = empty_strided(grad.sizes(), base_strides_, grad.options()).copy_(grad);
    return {laid_out.as_strided(view_.sizes, view_.strides, view_.offset)};
  }
};

/// Views of one tensor that together are all of it. Outputs without a gradient count as zeros.
struct SplitBackward final : Node {
  int64_t dim_ = 0;
  bool removed_dim_ = false;  // unbind: each output was one index
  const char* name_ = "SplitBackward0";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    variable_list parts(grads.begin(), grads.end());
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].defined()) continue;
      const InputMetadata& m = input_metadata(i);
      parts[i] = zeros(m.sizes, TensorOptions(m.dtype).device(m.stream.device()));
    }
    return {removed_dim_ ? stack(parts, dim_) : cat(parts, dim_)};
  }
};

std::vector<Tensor> split_views(const Tensor& self, ArrayRef<Geometry> parts, int64_t dim,
                                bool removes_dim, const char* node_name) {
  std::vector<Tensor> views;
  views.reserve(parts.size());
  for (const Geometry& part : parts)
    views.push_back(alias(self, part, CreationMeta::MultiOutputNode));
  if (needs_grad(self) && !views.empty()) {
    auto node = make_node<SplitBackward>(self);
    node->dim_ = dim;
    node->removed_dim_ = removes_dim;
    node->name_ = node_name;
    for (const Tensor& view : views) set_history(view, node);
  }
  return views;
}

std::vector<Tensor> split_at(const Tensor& self, ArrayRef<int64_t> sizes, int64_t dim,
                             const char* node_name) {
  std::vector<Geometry> parts;
  int64_t start = 0;
  for (int64_t size : sizes) {
    parts.push_back(slice_geometry(geometry_of(self), dim, start, start + size, 1));
    start += size;
  }
  return split_views(self, parts, dim, false, node_name);
}

Tensor record_reshape(const Tensor& out, const Tensor& self, const char* node_name) {
  if (needs_grad(self)) {
    auto node = make_node<ViewBackward>(self);
    node->name_ = node_name;
    set_history(out, node);
  }
  return out;
}

Tensor reshape_view(const Tensor& self, IntArrayRef sizes, const DimVector& strides,
                    const char* node_name) {
  return record_reshape(alias(self, {sizes, strides, self.storage_offset()}), self, node_name);
}

Tensor transpose_named(const Tensor& self, int64_t dim0, int64_t dim1, const char* node_name) {
  Geometry g = geometry_of(self);
  if (!g.sizes.empty()) {
    std::swap(g.sizes[size_t(dim0)], g.sizes[size_t(dim1)]);
    std::swap(g.strides[size_t(dim0)], g.strides[size_t(dim1)]);
  }
  Tensor out = alias(self, g);
  if (needs_grad(self)) {
    auto node = make_node<TransposeBackward>(self);
    node->dim0_ = dim0;
    node->dim1_ = dim1;
    node->name_ = node_name;
    set_history(out, node);
  }
  return out;
}

}  // namespace

Tensor embed_strided(const Tensor& grad, IntArrayRef base_sizes, IntArrayRef base_strides,
                     const Geometry& view) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = empty_strided(base_sizes, base_strides, grad.options()).zero_();
    if (may_overlap(view.sizes, view.strides)) {
      int64_t span = span_of(base_sizes, base_strides);
      Tensor positions = arange(span, TensorOptions(kLong).device(grad.device()))
                             .as_strided(view.sizes, view.strides, view.offset)
                             .reshape({-1});
      Tensor flat = zeros({span}, grad.options()).index_add(0, positions, grad.reshape({-1}));
      out.copy_(flat.as_strided(base_sizes, base_strides));
    } else {
      out.as_strided(view.sizes, view.strides, view.offset).copy_(grad);
    }
  }
  if (needs_grad(grad)) {
    auto node = make_node<EmbedStridedBackward>(grad);
    node->base_strides_ = base_strides;
    node->view_ = view;
    set_history(out, node);
  }
  return out;
}

Tensor Tensor::view(IntArrayRef sizes) const {
  DimVector wanted = infer_sizes(sizes, numel());
  std::optional<DimVector> strides = view_strides(this->sizes(), this->strides(), wanted);
  ADJOINT_CHECK(strides,
                "view size is not compatible with input tensor's size and stride (at least one "
                "dimension spans "
                "across two contiguous subspaces). Use .reshape(...) instead.");
  return reshape_view(*this, wanted, *strides, "ViewBackward0");
}
Tensor Tensor::view_as(const Tensor& other) const { return view(other.sizes()); }

Tensor Tensor::reshape(IntArrayRef sizes) const {
  DimVector wanted = infer_sizes(sizes, numel());
  if (std::optional<DimVector> strides = view_strides(this->sizes(), this->strides(), wanted)) {
    return reshape_view(*this, wanted, *strides, "ViewBackward0");
  }
  // The copy is nobody's, so that the result is no view of it.
  Tensor copy = clone();
  Tensor out(
      intrusive_ptr<TensorImpl>::adopt(new TensorImpl(copy.impl()->storage(), dtype(), wanted)));
  return record_reshape(out, copy, "UnsafeViewBackward0");
}
Tensor Tensor::reshape_as(const Tensor& other) const { return reshape(other.sizes()); }

Tensor Tensor::flatten(int64_t start_dim, int64_t end_dim) const {
  int64_t from = wrap_dim(start_dim, dim()), to = wrap_dim(end_dim, dim());
  ADJOINT_CHECK(from <= to, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (dim() == 0) return reshape({1});
  if (from == to) return *this;
  DimVector sizes;
  int64_t merged = 1;
  for (int64_t d = 0; d < dim(); ++d) {
    if (d < from || d > to)
      sizes.push_back(size(d));
    else
      merged *= size(d);
    if (d == to) sizes.push_back(merged);
  }
  return reshape(sizes);
}

Tensor Tensor::t() const {
  ADJOINT_CHECK(dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", dim(), "D");
  return transpose_named(*this, 0, dim() < 2 ? 0 : 1, "TBackward0");
}
Tensor Tensor::transpose(int64_t dim0, int64_t dim1) const {
  return transpose_named(*this, wrap_dim(dim0, dim()), wrap_dim(dim1, dim()), "TransposeBackward0");
}
Tensor Tensor::permute(IntArrayRef dims) const {
  ADJOINT_CHECK(int64_t(dims.size()) == dim(),
                "permute: number of dimensions in the tensor input does not match the "
                "length of the desired ordering of dimensions i.e. input.dim() = ",
                dim(), " is not equal to len(dims) = ", dims.size());
  Geometry g{DimVector(dims.size(), 0), DimVector(dims.size(), 0), storage_offset()};
  DimVector inverse(dims.size(), -1);
  for (size_t i = 0; i < dims.size(); ++i) {
    size_t from = size_t(wrap_dim(dims[i], dim()));
    ADJOINT_CHECK(inverse[from] < 0, "permute(): duplicate dims are not allowed.");
    inverse[from] = int64_t(i);
    g.sizes[i] = sizes()[from];
    g.strides[i] = strides()[from];
  }
  Tensor out = alias(*this, g);
  if (needs_grad(*this)) {
    auto node = make_node<PermuteBackward>(*this);
    node->inverse_ = inverse;
    set_history(out, node);
  }
  return out;
}

Tensor Tensor::expand(IntArrayRef sizes) const {
  int64_t extra = int64_t(sizes.size()) - dim();
  ADJOINT_CHECK(extra >= 0, "expand(", sizes, ", size=", this->sizes(),
                "): the number of sizes provided (", sizes.size(),
                ") must be greater or equal to the number of dimensions in the tensor (", dim(),
                ")");
  Geometry g{sizes, DimVector(sizes.size(), 0), storage_offset()};
  for (int64_t d = 0; d < int64_t(sizes.size()); ++d) {
    size_t i = size_t(d);
    int64_t own = d < extra ? 1 : this->sizes()[size_t(d - extra)];
    if (sizes[i] == -1) {
      ADJOINT_CHECK(d >= extra, "expand(", sizes, ", size=", this->sizes(),
                    "): the expanded size of the tensor (-1) "
                    "isn't allowed in a leading, non-existing dimension ",
                    d);
      g.sizes[i] = own;
    }
    ADJOINT_CHECK(own == g.sizes[i] || own == 1, "The expanded size of the tensor (", g.sizes[i],
                  ") must match the existing size (", own, ") at non-singleton dimension ", d,
                  ".  Target sizes: ", sizes, ".  Tensor sizes: ", this->sizes());
    if (d >= extra && own == g.sizes[i]) g.strides[i] = strides()[size_t(d - extra)];
  }
  Tensor out = alias(*this, g);
  if (needs_grad(*this)) set_history(out, make_node<ExpandBackward>(*this));
  return out;
}
Tensor Tensor::expand_as(const Tensor& other) const { return expand(other.sizes()); }

Tensor Tensor::select(int64_t dim, int64_t index) const {
  Tensor out = alias(*this, select_geometry(geometry_of(*this), dim, index));
  if (needs_grad(*this)) {
    auto node = make_node<SelectBackward>(*this);
    node->dim_ = dim;
    node->index_ = index;
    set_history(out, node);
  }
  return out;
}
Tensor Tensor::operator[](int64_t index) const {
  ADJOINT_CHECK_INDEX(
      dim() > 0, "invalid index of a 0-dim tensor. Use tensor.item<T>() to convert it to a number");
  ADJOINT_CHECK_INDEX(index >= -size(0) && index < size(0), "index ", index,
                      " is out of bounds for dimension 0 with size ", size(0));
  return select(0, index);
}

Tensor Tensor::slice(int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
                     int64_t step) const {
  Tensor out = alias(*this, slice_geometry(geometry_of(*this), dim, start, end, step));
  if (needs_grad(*this)) {
    auto node = make_node<SliceBackward>(*this);
    node->dim_ = dim;
    node->start_ = start;
    node->end_ = end;
    node->step_ = step;
    set_history(out, node);
  }
  return out;
}
Tensor Tensor::narrow(int64_t dim, int64_t start, int64_t length) const {
  ADJOINT_CHECK(this->dim() > 0, "narrow() cannot be applied to a 0-dim tensor.");
  ADJOINT_CHECK(length >= 0, "narrow(): length must be non-negative.");
  int64_t size = this->size(dim);
  ADJOINT_CHECK_INDEX(start >= -size && start <= size,
                      "start out of range (expected to be in range of [", -size, ", ", size,
                      "], but got ", start, ")");
  if (start < 0) start += size;
  ADJOINT_CHECK(start + length <= size, "start (", start, ") + length (", length,
                ") exceeds dimension size (", size, ").");
  return slice(dim, start, start + length);
}

Tensor Tensor::squeeze() const {
  Geometry g{{}, {}, storage_offset()};
  for (int64_t d = 0; d < dim(); ++d) {
    if (size(d) == 1) continue;
    g.sizes.push_back(size(d));
    g.strides.push_back(stride(d));
  }
  return reshape_view(*this, g.sizes, g.strides, "SqueezeBackward0");
}
Tensor Tensor::squeeze(int64_t dim) const {
  size_t d = size_t(wrap_dim(dim, this->dim()));
  Geometry g = geometry_of(*this);
  if (!g.sizes.empty() && g.sizes[d] == 1) {
    g.sizes.erase(d);
    g.strides.erase(d);
  }
  return reshape_view(*this, g.sizes, g.strides, "SqueezeBackward1");
}
Tensor Tensor::unsqueeze(int64_t dim) const {
  size_t d = size_t(wrap_dim(dim, this->dim() + 1));
  Geometry g = geometry_of(*this);
  int64_t stride = d < g.sizes.size() ? g.sizes[d] * g.strides[d] : 1;
  g.sizes.insert(d, 1);
  g.strides.insert(d, stride);
  return reshape_view(*this, g.sizes, g.strides, "UnsqueezeBackward0");
}

Tensor Tensor::as_strided(IntArrayRef sizes, IntArrayRef strides,
                          std::optional<int64_t> storage_offset) const {
  ADJOINT_CHECK(sizes.size() == strides.size(),
                "mismatch in length of strides and shape: got sizes ", sizes, " and strides ",
                strides);
  int64_t offset = storage_offset.value_or(this->storage_offset());
  for (size_t i = 0; i < sizes.size(); ++i) {
    ADJOINT_CHECK(sizes[i] >= 0 && strides[i] >= 0,
                  "as_strided: sizes and strides must not be negative, got sizes ", sizes,
                  " and strides ", strides);
  }
  int64_t available = int64_t(impl_->storage()->nbytes() / element_size());
  int64_t needed = numel_of(sizes) == 0 ? 0 : offset + span_of(sizes, strides);
  ADJOINT_CHECK(offset >= 0 && needed <= available, "setStorage: sizes ", sizes, ", strides ",
                strides, ", storage offset ", offset, ", requiring ", needed,
                " elements are out of bounds for storage of ", available, " elements");
  Tensor out = alias(*this, {sizes, strides, offset});
  if (needs_grad(*this)) {
    auto node = make_node<AsStridedBackward>(*this);
    node->base_strides_ = this->strides();
    node->view_ = {sizes, strides, offset - this->storage_offset()};
    set_history(out, node);
  }
  return out;
}

std::vector<Tensor> Tensor::split(int64_t split_size, int64_t dim) const {
  ADJOINT_CHECK(this->dim() != 0, "split expects at least a 1-dimensional tensor");
  ADJOINT_CHECK(split_size > 0,
                "split expects split_size be positive, but got split_size=", split_size);
  int64_t size = this->size(dim);
  std::vector<int64_t> sizes;
  for (int64_t at = 0; at < std::max<int64_t>(size, 1); at += split_size) {
    sizes.push_back(std::min(split_size, size - at));
  }
  return split_at(*this, sizes, dim, "SplitBackward0");
}
std::vector<Tensor> Tensor::split_with_sizes(IntArrayRef split_sizes, int64_t dim) const {
  ADJOINT_CHECK(this->dim() != 0, "split expects at least a 1-dimensional tensor");
  int64_t size = this->size(dim), sum = 0;
  for (int64_t s : split_sizes) {
    ADJOINT_CHECK(
        s >= 0,
        "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=",
        split_sizes);
    sum += s;
  }
  ADJOINT_CHECK(sum == size, "split_with_sizes expects split_sizes to sum exactly to ", size,
                " (input tensor's size at dimension ", dim, "), but got split_sizes=", split_sizes);
  return split_at(*this, split_sizes, dim, "SplitWithSizesBackward0");
}
std::vector<Tensor> Tensor::chunk(int64_t chunks, int64_t dim) const {
  ADJOINT_CHECK(chunks > 0, "chunk expects `chunks` to be greater than 0, got: ", chunks);
  return split(std::max<int64_t>((size(dim) + chunks - 1) / chunks, 1), dim);
}
std::vector<Tensor> Tensor::unbind(int64_t dim) const {
  std::vector<Geometry> parts;
  for (int64_t i = 0, n = size(dim); i < n; ++i)
    parts.push_back(select_geometry(geometry_of(*this), dim, i));
  return split_views(*this, parts, dim, true, "UnbindBackward0");
}

}  // namespace adjoint
