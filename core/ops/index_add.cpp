// SPDX-License-Identifier: MIT
// Writing slices at indices: index_add, index_copy, index_fill.
#include "core/ops/index.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

using WriteKernel = void(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                         const Tensor& src);

/// Adds to what `out` holds. `out` and `src` are dense, `index` is 1-d.
constinit Op<WriteKernel> index_add_op{"index_add", {.dtypes = kAllDtypes}};
/// Replaces what `out` holds; of equal indices the last one counts.
constinit Op<WriteKernel> index_copy_op{"index_copy", {.dtypes = kAllDtypes}};

struct IndexAddBackward final : Node {
  int64_t dim_ = 0;
  Scalar alpha_ = 1;
  SavedTensor index_;
  const char* name() const override { return "IndexAddBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(1)) {
      out[1] = grads[0].index_select(dim_, index_.unpack(*this));
      if (alpha_.toDouble() != 1) out[1] = out[1] * alpha_;
    }
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override { index_.release(); }
};

struct IndexCopyBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "IndexCopyBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor index = index_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = grads[0].index_fill(dim_, index, 0);
    if (task_should_compute_output(1)) out[1] = grads[0].index_select(dim_, index);
    return out;
  }
  void release_variables() override { index_.release(); }
};

/// Of a number, or of a 0-d tensor, which then is the second input.
struct IndexFillBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override {
    return num_outputs() > 1 ? "IndexFillBackward1" : "IndexFillBackward0";
  }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    Tensor index = index_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = grads[0].index_fill(dim_, index, 0);
    if (num_outputs() > 1 && task_should_compute_output(1)) {
      // Equal indices fill an element once.
      Tensor filled = zeros_like(grads[0], kBool).index_fill(dim_, index, 1);
      out[1] = where(filled, grads[0], 0).sum();
    }
    return out;
  }
  void release_variables() override { index_.release(); }
};

intrusive_ptr<Node> make_add_node(const Tensor& self, int64_t dim, const Tensor& index,
                                  const Tensor& src, const Scalar& alpha) {
  auto node = make_node<IndexAddBackward>(self, src);
  node->dim_ = dim;
  node->alpha_ = alpha;
  node->index_.save(index);
  return node;
}

/// `index` as a vector, after checks that it, and `src`, go with `self`.
Tensor check_slices(const char* op, const Tensor& self, int64_t dim, const Tensor& index,
                    const Tensor& src) {
  check_same_device(op, self, index);
  check_same_device(op, self, src);
  ADJOINT_CHECK_INDEX(index.dim() <= 1, op,
                      "(): Index is supposed to be a vector, but got dim: ", index.dim());
  ADJOINT_CHECK(is_index_dtype(index), op,
                "(): Expected dtype int32/int64 for index but got: ", index.dtype());
  ADJOINT_CHECK(self.dtype() == src.dtype(), op,
                "(): self and source expected to have the same dtype, but got (self) ",
                self.dtype(), " and (source) ", src.dtype());
  Tensor vector = index.detach().reshape({-1});
  const Tensor a = as_vector(self), b = as_vector(src);
  ADJOINT_CHECK(b.dim() == a.dim(), op,
                "(): Source dimensionality must match self, but got (self) ", self.sizes(),
                " and (source) ", src.sizes());
  ADJOINT_CHECK(vector.size(0) == b.size(dim), op, "(): Number of indices (", vector.size(0),
                ") should be equal to source.size(dim): (", b.size(dim), "), for dim: ", dim);
  for (int64_t d = 0; d < a.dim(); ++d) {
    ADJOINT_CHECK(d == dim || a.size(d) == b.size(d),
                  "source tensor shape must match self tensor shape, excluding the specified "
                  "dimension. Got self.shape = ",
                  self.sizes(), " source.shape = ", src.sizes());
  }
  return vector;
}

void check_copy_index(const Tensor& index) {
  ADJOINT_CHECK(index.dtype() == kLong, "index_copy_(): Expected a long tensor for index, but got ",
                index.dtype());
}

void add_to(const Tensor& dense, int64_t dim, const Tensor& index, const Tensor& src,
            const Scalar& alpha) {
  write_slices(as_vector(dense), dim, index, as_vector(alpha.toDouble() == 1 ? src : src * alpha),
               SliceWrite::Add);
}
void copy_to(const Tensor& dense, int64_t dim, const Tensor& index, const Tensor& src) {
  write_slices(as_vector(dense), dim, index, as_vector(src), SliceWrite::Copy);
}

intrusive_ptr<Node> make_copy_node(const Tensor& self, int64_t dim, const Tensor& index,
                                   const Tensor& src) {
  auto node = make_node<IndexCopyBackward>(self, src);
  node->dim_ = dim;
  node->index_.save(index);
  return node;
}

// ---- index_fill

Tensor check_fill(const Tensor& self, const Tensor& index) {
  check_same_device("index_fill_", self, index);
  ADJOINT_CHECK_INDEX(index.dtype() == kLong, "index_fill_(): Expected dtype int64 for index.");
  ADJOINT_CHECK(index.dim() <= 1, "Index has to be a vector/scalar");
  return index.detach().reshape({-1});
}
/// The number as a tensor: 0-d, of self's dtype, on its device.
Tensor check_fill_value(const Tensor& self, const Tensor& value) {
  ADJOINT_CHECK(value.dim() == 0,
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with ",
                value.dim(), " dimension(s).");
  return value.device() == self.device() && value.dtype() == self.dtype()
             ? value
             : value.to(self.device(), self.dtype());
}
void fill_slices(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value) {
  NoGradGuard no_grad;
  Tensor target = as_vector(self.data());
  std::vector<TensorIndex> indices;
  for (int64_t d = 0; d < dim; ++d) indices.emplace_back(indexing::Slice());
  indices.emplace_back(index);
  target.index_put_(indices, value);
}
intrusive_ptr<Node> make_fill_node(const Tensor& self, int64_t dim, const Tensor& index,
                                   const Tensor* value) {
  auto node =
      value ? make_node<IndexFillBackward>(self, *value) : make_node<IndexFillBackward>(self);
  node->dim_ = dim;
  node->index_.save(index);
  return node;
}
/// `value`: a 0-d tensor of self's dtype; `is_tensor`: that the user gave.
Tensor filled(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value,
              bool is_tensor) {
  dim = wrap_dim(dim, self.dim());
  Tensor vector = check_fill(self, index), out;
  {
    NoGradGuard no_grad;
    out = self.clone();
    fill_slices(out, dim, vector, value);
  }
  if (needs_grad(self, value)) {
    set_history(out, make_fill_node(self, dim, vector, is_tensor ? &value : nullptr));
  }
  return out;
}
Tensor& fill_in_place(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value,
                      bool is_tensor) {
  dim = wrap_dim(dim, self.dim());
  Tensor vector = check_fill(self, index);
  check_inplace(self, value);
  fill_slices(self, dim, vector, apart_from(self, value));
  bump_version(self);
  if (needs_grad(self, value)) {
    rebase_history(self, make_fill_node(self, dim, vector, is_tensor ? &value : nullptr));
  }
  return const_cast<Tensor&>(self);
}
Tensor number(const Tensor& self, const Scalar& value) { return full({}, value, self.options()); }

}  // namespace

void register_index_add_ops(OpRegistry& registry) {
  registry.add(index_add_op);
  registry.add(index_copy_op);
}

void write_slices(const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src,
                  SliceWrite write) {
  if (out.numel() == 0 || src.numel() == 0) return;
  NoGradGuard no_grad;
  const Op<WriteKernel>& op = write == SliceWrite::Add ? index_add_op : index_copy_op;
  op(stream_for(out), out, dim, index, src.contiguous());
}

Tensor add_slices_to_zeros(IntArrayRef sizes, int64_t dim, const Tensor& index, const Tensor& src) {
  Tensor out = zeros(sizes, src.options());
  write_slices(out, dim, index, src, SliceWrite::Add);
  if (needs_grad(src)) set_history(out, make_add_node(Tensor(), dim, index, src, 1));
  return out;
}

Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                 const Scalar& alpha) {
  dim = wrap_dim(dim, self.dim());
  Tensor vector = check_slices("index_add_", self, dim, index, src), out;
  {
    NoGradGuard no_grad;
    out = self.clone();
    add_to(out, dim, vector, src, alpha);
  }
  if (needs_grad(self, src)) set_history(out, make_add_node(self, dim, vector, src, alpha));
  return out;
}
Tensor& Tensor::index_add_(int64_t dim, const Tensor& index, const Tensor& src,
                           const Scalar& alpha) const {
  dim = wrap_dim(dim, this->dim());
  Tensor vector = check_slices("index_add_", *this, dim, index, src);
  check_inplace(*this, src);
  Tensor source = apart_from(*this, src);
  write_dense(*this, [&](const Tensor& out) { add_to(out, dim, vector, source, alpha); });
  bump_version(*this);
  if (needs_grad(*this, src)) {
    rebase_history(*this, make_add_node(*this, dim, vector, src, alpha));
  }
  return const_cast<Tensor&>(*this);
}

Tensor index_copy(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  dim = wrap_dim(dim, self.dim());
  check_copy_index(index);
  Tensor vector = check_slices("index_copy_", self, dim, index, src), out;
  {
    NoGradGuard no_grad;
    out = self.clone();
    copy_to(out, dim, vector, src);
  }
  if (needs_grad(self, src)) set_history(out, make_copy_node(self, dim, vector, src));
  return out;
}
Tensor& Tensor::index_copy_(int64_t dim, const Tensor& index, const Tensor& src) const {
  dim = wrap_dim(dim, this->dim());
  check_copy_index(index);
  Tensor vector = check_slices("index_copy_", *this, dim, index, src);
  check_inplace(*this, src);
  Tensor source = apart_from(*this, src);
  write_dense(*this, [&](const Tensor& out) { copy_to(out, dim, vector, source); });
  bump_version(*this);
  if (needs_grad(*this, src)) rebase_history(*this, make_copy_node(*this, dim, vector, src));
  return const_cast<Tensor&>(*this);
}

Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  return filled(self, dim, index, number(self, value), false);
}
Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& value) {
  return filled(self, dim, index, check_fill_value(self, value), true);
}
Tensor& Tensor::index_fill_(int64_t dim, const Tensor& index, const Scalar& value) const {
  return fill_in_place(*this, dim, index, number(*this, value), false);
}
Tensor& Tensor::index_fill_(int64_t dim, const Tensor& index, const Tensor& value) const {
  return fill_in_place(*this, dim, index, check_fill_value(*this, value), true);
}

}  // namespace adjoint
