// SPDX-License-Identifier: MIT
// Shapes composed of views and joins: grids, repetitions, stacks, moved dimensions, one_hot.
#include "adjoint/ops/shape.h"

#include <algorithm>

#include "adjoint/ops/order.h"
#include "core/ops/elementwise.h"
#include "core/ops/view.h"

namespace adjoint {
namespace {

struct SqueezeBackward final : Node {
  DimVector sizes_;
  const char* name() const override { return "SqueezeBackward2"; }
  GradList apply(GradList&& grads) override { return {grads[0].reshape(sizes_)}; }
};

Tensor arange_like(int64_t n, const Tensor& t) {
  return arange(n, TensorOptions(kLong).device(t.device()));
}

template <class F>
std::vector<Tensor> each(TensorList tensors, const F& f) {
  std::vector<Tensor> out;
  for (const Tensor& t : tensors) out.push_back(f(t));
  return out;
}

/// Which index each element of a repetition has.
Tensor repeated_indices(const Tensor& repeats, std::optional<int64_t> output_size) {
  ADJOINT_CHECK(repeats.dim() == 1, "repeat_interleave only accept 1D vector as repeat");
  ADJOINT_CHECK(repeats.dtype() == kLong || repeats.dtype() == kInt,
                "repeats has to be Long or Int tensor");
  if (repeats.size(0) == 0) return repeats.to(kLong);
  ADJOINT_CHECK(!repeats.lt(0).any().item().to<bool>(), "repeats can not be negative");
  Tensor ends = repeats.cumsum(0);
  const int64_t total = ends[-1].item().to<int64_t>();
  ADJOINT_CHECK(!output_size || *output_size == total,
                "allocated size does not match required size: got output_size ",
                output_size.value_or(0), " for ", total);
  return searchsorted(ends, arange_like(total, repeats), false, true);
}

}  // namespace

std::vector<Tensor> meshgrid(TensorList tensors, std::string_view indexing) {
  ADJOINT_CHECK(!tensors.empty(), "meshgrid expects a non-empty TensorList");
  ADJOINT_CHECK(
      indexing == "ij" || indexing == "xy",
      "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: ", indexing);
  DimVector sizes;
  for (const Tensor& t : tensors) {
    ADJOINT_CHECK(
        t.dim() <= 1,
        "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ", t.sizes());
    ADJOINT_CHECK(t.dtype() == tensors[0].dtype(),
                  "meshgrid expects all tensors to have the same dtype");
    check_same_device("meshgrid", tensors[0], t);
    sizes.push_back(t.numel());
  }
  const bool swaps = indexing == "xy" && sizes.size() >= 2;
  if (swaps) std::swap(sizes[0], sizes[1]);
  std::vector<Tensor> grids;
  for (size_t i = 0; i < tensors.size(); ++i) {
    DimVector shape(sizes.size(), 1);
    const size_t along = swaps && i < 2 ? 1 - i : i;
    shape[along] = -1;
    grids.push_back(tensors[i].view(shape).expand(sizes));
  }
  return grids;
}

Tensor cartesian_prod(TensorList tensors) {
  for (const Tensor& t : tensors) {
    ADJOINT_CHECK(t.dim() == 1, "Expect a 1D vector, but got shape ", t.sizes());
  }
  if (tensors.size() == 1) return tensors[0];
  return stack(each(meshgrid(tensors), [](const Tensor& t) { return t.flatten(); }), 1);
}

Tensor repeat_interleave(const Tensor& self, int64_t repeats, std::optional<int64_t> dim) {
  ADJOINT_CHECK(repeats >= 0, "Repeats must be non-negative, got ", repeats);
  if (!dim || self.dim() == 0) return repeat_interleave(self.reshape({-1}), repeats, 0);
  const int64_t d = wrap_dim(*dim, self.dim());
  DimVector sizes = self.sizes(), merged = self.sizes();
  sizes.insert(size_t(d + 1), repeats);
  merged[size_t(d)] *= repeats;
  return self.unsqueeze(d + 1).expand(sizes).clone().view(merged);
}

Tensor repeat_interleave(const Tensor& repeats, std::optional<int64_t> output_size) {
  NoGradGuard no_grad;
  return repeated_indices(repeats, output_size);
}

Tensor repeat_interleave(const Tensor& self, const Tensor& repeats, std::optional<int64_t> dim,
                         std::optional<int64_t> output_size) {
  Tensor input = dim && self.dim() != 0 ? self : self.reshape({-1});
  const int64_t d = wrap_dim(dim.value_or(0), input.dim());
  ADJOINT_CHECK(repeats.dim() <= 1, "repeats must be 0-dim or 1-dim tensor");
  Tensor each = repeats;
  if (repeats.numel() == 1) each = repeats.reshape({1}).expand({input.size(d)});
  ADJOINT_CHECK(each.size(0) == input.size(d),
                "repeats must have the same size as input along dim, but got repeats.size(0) = ",
                each.size(0), " and input.size(", d, ") = ", input.size(d));
  return input.index_select(d, repeat_interleave(each, output_size));
}

Tensor tile(const Tensor& self, IntArrayRef dims) {
  DimVector repeats;
  for (int64_t d = int64_t(dims.size()); d < self.dim(); ++d) repeats.push_back(1);
  for (int64_t r : dims) repeats.push_back(r);
  return self.repeat(repeats);
}

Tensor movedim(const Tensor& self, IntArrayRef source, IntArrayRef destination) {
  ADJOINT_CHECK(source.size() == destination.size(),
                "movedim: Invalid source or destination dims: source (", source,
                " dims) should contain the same number of dims as destination (", destination,
                " dims)");
  if (self.dim() == 0) return self;
  DimVector order(size_t(self.dim()), -1);
  uint32_t moved = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    const int64_t from = wrap_dim(source[i], self.dim()), to = wrap_dim(destination[i], self.dim());
    ADJOINT_CHECK(!(moved >> from & 1u), "movedim: repeated dim in `source` (", source, ")");
    ADJOINT_CHECK(order[size_t(to)] < 0, "movedim: repeated dim in `destination` (", destination,
                  ")");
    moved |= 1u << from;
    order[size_t(to)] = from;
  }
  int64_t next = 0;
  for (int64_t& from : order) {
    if (from >= 0) continue;
    while (moved >> next & 1u) ++next;
    from = next++;
  }
  return self.permute(order);
}

Tensor unflatten(const Tensor& self, int64_t dim, IntArrayRef sizes) {
  const int64_t d = wrap_dim(dim, self.dim());
  ADJOINT_CHECK(!sizes.empty(), "unflatten: sizes must be non-empty");
  int64_t known = 1, unknown = 0;
  for (int64_t s : sizes) s == -1 ? ++unknown : known *= s;
  const int64_t size = self.size(d);
  ADJOINT_CHECK(unknown == 0 ? known == size : unknown == 1 && known > 0 && size % known == 0,
                "unflatten: Provided sizes ", sizes, " don't multiply up to the size of dim ", d,
                " (", size, ") in the input tensor");
  DimVector shape;
  for (int64_t i = 0; i < self.dim(); ++i) {
    if (i != d) {
      shape.push_back(self.size(i));
      continue;
    }
    for (int64_t s : sizes) shape.push_back(s == -1 ? size / known : s);
  }
  return self.view(shape);
}

Tensor squeeze(const Tensor& self, IntArrayRef dims) {
  const uint32_t mask = dims.empty() ? 0 : dim_mask(dims, self.dim());
  Geometry g{{}, {}, self.storage_offset()};
  for (int64_t d = 0; d < self.dim(); ++d) {
    if ((mask >> d & 1u) && self.size(d) == 1) continue;
    g.sizes.push_back(self.size(d));
    g.strides.push_back(self.stride(d));
  }
  Tensor out = alias(self, g);
  if (needs_grad(self)) {
    auto node = make_node<SqueezeBackward>(self);
    node->sizes_ = self.sizes();
    set_history(out, node);
  }
  return out;
}

std::vector<Tensor> broadcast_tensors(TensorList tensors) {
  DimVector sizes;
  for (const Tensor& t : tensors) sizes = broadcast_shapes(sizes, t.sizes());
  return each(tensors, [&](const Tensor& t) { return t.expand(sizes); });
}

Tensor atleast_1d(const Tensor& self) { return self.dim() == 0 ? self.reshape({1}) : self; }
Tensor atleast_2d(const Tensor& self) {
  return self.dim() == 0 ? self.reshape({1, 1}) : self.dim() == 1 ? self.unsqueeze(0) : self;
}
Tensor atleast_3d(const Tensor& self) {
  switch (self.dim()) {
    case 0:
      return self.reshape({1, 1, 1});
    case 1:
      return self.unsqueeze(0).unsqueeze(-1);
    case 2:
      return self.unsqueeze(-1);
    default:
      return self;
  }
}

Tensor hstack(TensorList tensors) {
  ADJOINT_CHECK(!tensors.empty(), "hstack expects a non-empty TensorList");
  std::vector<Tensor> parts = each(tensors, atleast_1d);
  return cat(parts, parts[0].dim() == 1 ? 0 : 1);
}
Tensor vstack(TensorList tensors) {
  ADJOINT_CHECK(!tensors.empty(), "vstack expects a non-empty TensorList");
  return cat(each(tensors, atleast_2d), 0);
}
Tensor dstack(TensorList tensors) {
  ADJOINT_CHECK(!tensors.empty(), "dstack expects a non-empty TensorList");
  return cat(each(tensors, atleast_3d), 2);
}
Tensor column_stack(TensorList tensors) {
  ADJOINT_CHECK(!tensors.empty(), "column_stack expects a non-empty TensorList");
  return hstack(each(tensors, [](const Tensor& t) {
    return t.dim() <= 1 ? t.reshape({t.numel(), 1}) : t;
  }));
}

std::vector<Tensor> tensor_split(const Tensor& self, int64_t sections, int64_t dim) {
  ADJOINT_CHECK(self.dim() > 0,
                "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 "
                "dims");
  ADJOINT_CHECK(sections > 0, "number of sections must be larger than 0, got ", sections);
  const int64_t d = wrap_dim(dim, self.dim()), size = self.size(d);
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (int64_t i = 0; i < sections; ++i) {
    const int64_t end = start + size / sections + (i < size % sections ? 1 : 0);
    parts.push_back(self.slice(d, start, end));
    start = end;
  }
  return parts;
}

namespace {

std::vector<Tensor> equal_parts(const char* op, const Tensor& self, int64_t sections, int64_t dim,
                                int64_t min_dims) {
  ADJOINT_CHECK(self.dim() >= min_dims, "torch.", op, " requires a tensor with at least ", min_dims,
                " dimension", min_dims == 1 ? "" : "s", ", but got a tensor with ", self.dim(),
                " dimensions!");
  ADJOINT_CHECK(sections > 0 && self.size(dim) % sections == 0, "torch.", op,
                " attempted to split along dimension ", dim, ", but the size of the dimension ",
                self.size(dim), " is not divisible by the split_size ", sections, "!");
  return tensor_split(self, sections, dim);
}

}  // namespace

std::vector<Tensor> hsplit(const Tensor& self, int64_t sections) {
  return equal_parts("hsplit", self, sections, self.dim() == 1 ? 0 : 1, 1);
}
std::vector<Tensor> vsplit(const Tensor& self, int64_t sections) {
  return equal_parts("vsplit", self, sections, 0, 2);
}
std::vector<Tensor> dsplit(const Tensor& self, int64_t sections) {
  return equal_parts("dsplit", self, sections, 2, 3);
}

Tensor diff(const Tensor& self, int64_t n, int64_t dim, const std::optional<Tensor>& prepend,
            const std::optional<Tensor>& append) {
  ADJOINT_CHECK(self.dim() >= 1, "diff expects input to be at least one-dimensional");
  ADJOINT_CHECK(n >= 0, "order must be non-negative but got ", n);
  dim = wrap_dim(dim, self.dim());
  std::vector<Tensor> parts;
  if (prepend) parts.push_back(*prepend);
  parts.push_back(self);
  if (append) parts.push_back(*append);
  Tensor out = parts.size() == 1 ? self : cat(parts, dim);
  if (n == 0) return out.clone();
  for (int64_t i = 0; i < n; ++i) {
    const int64_t size = out.size(dim);
    if (size == 0) return out;
    Tensor behind = out.narrow(dim, 1, size - 1), before = out.narrow(dim, 0, size - 1);
    out = out.dtype() == kBool ? logical_xor(behind, before) : behind - before;
  }
  return out;
}

Tensor one_hot(const Tensor& self, int64_t num_classes) {
  NoGradGuard no_grad;
  ADJOINT_CHECK(self.dtype() == kLong,
                "one_hot is only applicable to index tensor of type LongTensor.");
  if (self.numel() == 0) {
    ADJOINT_CHECK(num_classes > 0, "Can not infer total number of classes from empty tensor.");
  } else {
    ADJOINT_CHECK(min(self).item().to<int64_t>() >= 0, "Class values must be non-negative.");
    const int64_t largest = max(self).item().to<int64_t>();
    if (num_classes == -1) num_classes = largest + 1;
    ADJOINT_CHECK(num_classes > largest, "Class values must be smaller than num_classes.");
  }
  DimVector sizes = self.sizes();
  sizes.push_back(num_classes);
  return zeros(sizes, self.options()).scatter_(-1, self.unsqueeze(-1), 1);
}

}  // namespace adjoint
