// SPDX-License-Identifier: MIT
// What is not zero: nonzero, masked_select, masked_scatter.
#include "core/ops/index.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// The indices of the elements at which `ranks`, a running count, rises: out [count, dimensions].
/// Both are dense and of kLong.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& ranks)> nonzero_op{
    "nonzero", {.dtypes = {kLong}, .differentiable = false}};

/// Where elements of the flattened `mask` hold, kLong, 1-d.
Tensor positions_of(const Tensor& mask) {
  NoGradGuard no_grad;
  return mask.reshape({-1}).nonzero().reshape({-1});
}

void check_bool(const char* op, const Tensor& mask) {
  ADJOINT_CHECK(mask.dtype() == kBool, op, ": expected BoolTensor for mask, got ", mask.dtype());
}

struct MaskedSelectBackward final : Node {
  DimVector sizes_;  // of the tensor as the mask stretched it
  SavedTensor positions_;
  const char* name() const override { return "MaskedSelectBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor positions = positions_.unpack(*this);
    return {add_slices_to_zeros({numel_of(sizes_)}, 0, positions, grads[0]).reshape(sizes_)};
  }
  void release_variables() override { positions_.release(); }
};

struct MaskedScatterBackward final : Node {
  DimVector source_sizes_;
  SavedTensor mask_;
  const char* name() const override { return "MaskedScatterBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor mask = mask_.unpack(*this);
    GradList out(2);
    if (task_should_compute_output(0)) out[0] = masked_fill(grads[0], mask, 0);
    if (task_should_compute_output(1)) {
      Tensor used = masked_select(grads[0], mask);
      const int64_t unused = numel_of(source_sizes_) - used.numel();
      out[1] = cat({used, zeros({unused}, used.options())}).reshape(source_sizes_);
    }
    return out;
  }
  void release_variables() override { mask_.release(); }
};

/// `mask` in the sizes of `self`, after checks.
Tensor check_masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source) {
  check_bool("masked_scatter", mask);
  ADJOINT_CHECK(self.dtype() == source.dtype(),
                "masked_scatter: expected self and source to have same dtypes but got ",
                self.dtype(), " and ", source.dtype());
  check_same_device("masked_scatter", self, mask);
  check_same_device("masked_scatter", self, source);
  return mask.detach().expand(self.sizes());
}
/// Writes to `out`, which is dense.
void scatter_masked(const Tensor& out, const Tensor& mask, const Tensor& source) {
  NoGradGuard no_grad;
  Tensor positions = positions_of(mask);
  ADJOINT_CHECK(source.numel() >= positions.numel(),
                "masked_scatter: Number of elements of source < number of ones in mask: got ",
                source.numel(), " and ", positions.numel());
  write_slices(out.reshape({-1}), 0, positions,
               source.reshape({-1}).narrow(0, 0, positions.numel()), SliceWrite::Copy);
}
intrusive_ptr<Node> make_scatter_node(const Tensor& self, const Tensor& mask,
                                      const Tensor& source) {
  auto node = make_node<MaskedScatterBackward>(self, source);
  node->source_sizes_ = source.sizes();
  node->mask_.save(mask);
  return node;
}

}  // namespace

void register_masked_ops(OpRegistry& registry) { registry.add(nonzero_op); }

Tensor nonzero(const Tensor& self) {
  NoGradGuard no_grad;
  const int64_t numel = self.numel();
  int64_t count = 0;
  Tensor ranks;
  if (numel != 0) {
    ranks = cumsum((self.dtype() == kBool ? self : self.ne(0)).reshape({-1}), 0);
    count = ranks[numel - 1].item().to<int64_t>();
  }
  Stream stream = stream_for(self);
  Tensor out = make_output({count, self.dim()}, kLong, stream);
  if (out.numel() != 0) nonzero_op(stream, out, ranks.view(self.sizes()));
  return out;
}

std::vector<Tensor> nonzero_numpy(const Tensor& self) {
  NoGradGuard no_grad;
  return as_vector(self).nonzero().unbind(1);
}
std::vector<Tensor> where(const Tensor& condition) { return condition.nonzero_numpy(); }
Tensor argwhere(const Tensor& self) { return nonzero(self); }

Tensor count_nonzero(const Tensor& self, IntArrayRef dims) { return sum(self.ne(0), dims); }

Tensor masked_select(const Tensor& self, const Tensor& mask) {
  check_bool("masked_select", mask);
  check_same_device("masked_select", self, mask);
  DimVector sizes = broadcast_shapes(mask.sizes(), self.sizes());
  Tensor positions, out;
  {
    NoGradGuard no_grad;
    positions = positions_of(mask.expand(sizes));
    out = self.expand(sizes).reshape({-1}).index_select(0, positions);
  }
  if (needs_grad(self)) {
    auto node = make_node<MaskedSelectBackward>(self);
    node->sizes_ = sizes;
    node->positions_.save(positions);
    set_history(out, node);
  }
  return out;
}

Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source) {
  DimVector sizes = broadcast_shapes(mask.sizes(), self.sizes());
  Tensor stretched = self.expand(sizes), chosen = check_masked_scatter(stretched, mask, source);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = stretched.clone();
    scatter_masked(out, chosen, source);
  }
  if (needs_grad(self, source)) set_history(out, make_scatter_node(stretched, chosen, source));
  return out;
}
Tensor& Tensor::masked_scatter_(const Tensor& mask, const Tensor& source) const {
  Tensor chosen = apart_from(*this, check_masked_scatter(*this, mask, source));
  check_inplace(*this, source);
  Tensor from = apart_from(*this, source);
  write_dense(*this, [&](const Tensor& out) { scatter_masked(out, chosen, from); });
  bump_version(*this);
  if (needs_grad(*this, source)) {
    rebase_history(*this, make_scatter_node(*this, chosen, source));
  }
  return const_cast<Tensor&>(*this);
}

}  // namespace adjoint
