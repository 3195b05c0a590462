// SPDX-License-Identifier: MIT
// The largest and the smallest: of two tensors, of all elements, along a dimension.
#include "core/ops/reduce.h"
#include "core/ops/selected.h"

namespace adjoint {
namespace {

// NaN where either is.
constinit ElementwiseOp maximum_op{"maximum", {.dtypes = kAllDtypes}};
constinit ElementwiseOp minimum_op{"minimum", {.dtypes = kAllDtypes}};
// NaN where any is; not called for an empty input.
constinit ReduceOp max_op{"max", {.dtypes = kAllDtypes}};
constinit ReduceOp min_op{"min", {.dtypes = kAllDtypes}};

// The outputs are dense, with size 1 at `dim`; the input has any strides and is not empty. NaN
// counts as the extremum; of ties the first is taken.
using DimExtremumOp = Op<void(const Stream&, const Tensor& values, const Tensor& indices,
                              const Tensor& self, int64_t dim)>;
constinit DimExtremumOp max_dim_op{"max_dim", {.dtypes = kAllDtypes}};
constinit DimExtremumOp min_dim_op{"min_dim", {.dtypes = kAllDtypes}};
using ArgOp = Op<void(const Stream&, const Tensor& indices, const Tensor& self, int64_t dim)>;
constinit ArgOp argmax_op{"argmax", {.dtypes = kNumericDtypes, .differentiable = false}};
constinit ArgOp argmin_op{"argmin", {.dtypes = kNumericDtypes, .differentiable = false}};

// ---- Of two tensors

/// Ties halve the gradient; where neither is the other's bound (NaN), both get all of it.
struct ExtremumBackward : Node {
  SavedTensor self_, other_;

  virtual Tensor loses(const Tensor& self, const Tensor& other) const = 0;
  GradList apply(GradList&& grads) final {
    GradList out(2);
    Tensor self = self_.unpack(*this), other = other_.unpack(*this);
    Tensor shared = where(eq(self, other), grads[0] / 2, grads[0]);
    if (task_should_compute_output(0)) out[0] = masked_fill(shared, loses(self, other), 0);
    if (task_should_compute_output(1)) out[1] = masked_fill(shared, loses(other, self), 0);
    return out;
  }
  void release_variables() final {
    self_.release();
    other_.release();
  }
};
struct MaximumBackward final : ExtremumBackward {
  const char* name() const override { return "MaximumBackward0"; }
  Tensor loses(const Tensor& self, const Tensor& other) const override { return lt(self, other); }
};
struct MinimumBackward final : ExtremumBackward {
  const char* name() const override { return "MinimumBackward0"; }
  Tensor loses(const Tensor& self, const Tensor& other) const override { return gt(self, other); }
};

template <class Backward>
Tensor extremum_of_two(const ElementwiseOp& op, const Tensor& self, const Tensor& other) {
  Tensor out = run_binary(op, self, other, false, false);
  if (needs_grad(self, other)) {
    auto node = make_node<Backward>(self, other);
    node->self_.save(self);
    node->other_.save(other);
    set_history(out, node);
  }
  return out;
}

// ---- Of all elements

struct FullExtremumBackward final : Node {
  const char* name_ = nullptr;
  SavedTensor self_, result_;

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    // Where the result is NaN, the NaNs tie.
    Tensor ties = logical_or(eq(self, result_.unpack(*this)), isnan(self));
    return {where(ties, grads[0] / sum(ties), 0)};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

Tensor full_extremum(const ReduceOp& op, const Tensor& self, const char* node_name) {
  ADJOINT_CHECK(self.numel() != 0, op.name(),
                "(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                "reduction dim with the 'dim' argument.");
  Tensor out = run_reduce(op, self, dim_mask({}, self.dim()), false, self.dtype(), self.dtype());
  if (needs_grad(self)) {
    auto node = make_node<FullExtremumBackward>(self);
    node->name_ = node_name;
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

/// Of all elements of several dimensions.
struct DimsExtremumBackward final : Node {
  const char* name_ = nullptr;
  uint32_t mask_ = 0;
  SavedTensor self_, result_;

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    Tensor self = self_.unpack(*this);
    auto kept = [&](const Tensor& t) { return unreduce(t, self.sizes(), mask_); };
    Tensor ties = logical_or(eq(self, kept(result_.unpack(*this))), isnan(self));
    DimVector dims;
    for (int64_t d = 0; d < self.dim(); ++d) {
      if (mask_ >> d & 1u) dims.push_back(d);
    }
    Tensor count = dims.empty() ? ties.to(kLong) : sum(ties, dims, true);
    return {where(ties, kept(grads[0]) / count, 0)};
  }
  void release_variables() override {
    self_.release();
    result_.release();
  }
};

Tensor dims_extremum(const ReduceOp& op, const char* name, const Tensor& self, IntArrayRef dims,
                     bool keepdim, const char* node_name) {
  ADJOINT_CHECK(self.numel() != 0 || !dims.empty(), name,
                "(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
                "reduction dim with the 'dim' argument.");
  const uint32_t mask = dim_mask(dims, self.dim());
  for (int64_t d = 0; d < self.dim(); ++d) {
    ADJOINT_CHECK_INDEX(!(mask >> d & 1u) || self.size(d) != 0, name, "(): Expected reduction dim ",
                        d, " to have non-zero size.");
  }
  Tensor out = self.numel() == 0 ? make_output(reduced_sizes(self.sizes(), mask, keepdim),
                                               self.dtype(), stream_for(self))
                                 : run_reduce(op, self, mask, keepdim, self.dtype(), self.dtype());
  if (needs_grad(self)) {
    auto node = make_node<DimsExtremumBackward>(self);
    node->name_ = node_name;
    node->mask_ = mask;
    node->self_.save(self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

// ---- Along a dimension

/// The same memory in another shape, outside of the graph.
Tensor reshaped(const Tensor& t, IntArrayRef sizes) {
  return Tensor(
      intrusive_ptr<TensorImpl>::adopt(new TensorImpl(t.impl()->storage(), t.dtype(), sizes)));
}

std::tuple<Tensor, Tensor> dim_extremum(const DimExtremumOp& op, const char* name,
                                        const Tensor& self, int64_t dim, bool keepdim,
                                        const char* node_name) {
  dim = checked_dim(name, self, dim);
  Stream stream = stream_for(self);
  check_dtype(op, self.dtype());
  uint32_t mask = self.dim() == 0 ? 0 : 1u << dim;
  DimVector kept = reduced_sizes(self.sizes(), mask, true);
  Tensor values = make_output(kept, self.dtype(), stream),
         indices = make_output(kept, kLong, stream);
  if (values.numel() != 0 && self.dim() == 0) {
    NoGradGuard no_grad;
    values.copy_(self);
    indices.zero_();
  } else if (values.numel() != 0) {
    op(stream, values, indices, self, dim);
  }
  Tensor kept_indices = indices;
  if (!keepdim && mask != 0) {
    DimVector sizes = reduced_sizes(self.sizes(), mask, false);
    values = reshaped(values, sizes);
    indices = reshaped(indices, sizes);
  }
  if (needs_grad(self)) {
    auto node = make_node<SelectedBackward>(self);
    node->name_ = node_name;
    node->sizes_ = self.sizes();
    node->dim_ = dim;
    node->indices_.save(kept_indices);
    set_history(values, node);
  }
  return {values, indices};
}

Tensor arg_extremum(const ArgOp& op, const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  ADJOINT_CHECK_WITH(NotImplementedError, self.dtype() != kBool, op.name(),
                     "(): does not support bool input");
  Stream stream = stream_for(self);
  uint32_t mask = dim_mask({}, self.dim());
  Tensor input = self;
  int64_t along = 0;
  if (dim) {
    along = checked_dim(op.name(), self, *dim);
    if (self.dim() != 0) mask = 1u << along;
  } else {
    ADJOINT_CHECK_INDEX(self.numel() != 0, op.name(),
                        "(): Expected reduction dim to be specified for input.numel() == 0.");
  }
  if (!dim || self.dim() == 0) {
    NoGradGuard no_grad;
    input = self.reshape({-1});
  }
  check_dtype(op, self.dtype());
  Tensor out = make_output(reduced_sizes(input.sizes(), 1u << along, true), kLong, stream);
  if (out.numel() != 0) op(stream, out, input, along);
  return reshaped(out, reduced_sizes(self.sizes(), mask, keepdim));
}

}  // namespace

void register_extremum_ops(OpRegistry& registry) {
  registry.add(maximum_op);
  registry.add(minimum_op);
  registry.add(max_op);
  registry.add(min_op);
  registry.add(max_dim_op);
  registry.add(min_dim_op);
  registry.add(argmax_op);
  registry.add(argmin_op);
}

Tensor maximum(const Tensor& self, const Tensor& other) {
  return extremum_of_two<MaximumBackward>(maximum_op, self, other);
}
Tensor minimum(const Tensor& self, const Tensor& other) {
  return extremum_of_two<MinimumBackward>(minimum_op, self, other);
}
Tensor max(const Tensor& self) { return full_extremum(max_op, self, "MaxBackward1"); }
Tensor min(const Tensor& self) { return full_extremum(min_op, self, "MinBackward1"); }
Tensor amax(const Tensor& self, IntArrayRef dims, bool keepdim) {
  return dims_extremum(max_op, "amax", self, dims, keepdim, "AmaxBackward0");
}
Tensor amin(const Tensor& self, IntArrayRef dims, bool keepdim) {
  return dims_extremum(min_op, "amin", self, dims, keepdim, "AminBackward0");
}
std::tuple<Tensor, Tensor> aminmax(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  ADJOINT_CHECK(self.numel() != 0 || (dim && self.size(*dim) != 0),
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
                "identity.");
  DimVector dims;
  if (dim) dims.push_back(*dim);
  return {amin(self, dims, keepdim), amax(self, dims, keepdim)};
}
std::tuple<Tensor, Tensor> max(const Tensor& self, int64_t dim, bool keepdim) {
  return dim_extremum(max_dim_op, "max", self, dim, keepdim, "MaxBackward0");
}
std::tuple<Tensor, Tensor> min(const Tensor& self, int64_t dim, bool keepdim) {
  return dim_extremum(min_dim_op, "min", self, dim, keepdim, "MinBackward0");
}
Tensor argmax(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  return arg_extremum(argmax_op, self, dim, keepdim);
}
Tensor argmin(const Tensor& self, std::optional<int64_t> dim, bool keepdim) {
  return arg_extremum(argmin_op, self, dim, keepdim);
}

}  // namespace adjoint
