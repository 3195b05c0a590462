// SPDX-License-Identifier: MIT
// Writing elements at indices along a dimension: scatter, scatter_add, scatter_reduce.
#include <limits>

#include "core/ops/index.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// Combines with what `out` holds, which is dense, all that goes to one element, in the order of
/// `index`. `src` has the sizes of `index`.
using ScatterOp =
    Op<void(const Stream&, const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src)>;
constinit ScatterOp scatter_op{"scatter", {.dtypes = kAllDtypes}};  // the last one stays
constinit ScatterOp scatter_add_op{"scatter_add", {.dtypes = kAllDtypes}};
constinit ScatterOp scatter_prod_op{"scatter_prod", {.dtypes = kNumericDtypes}};
constinit ScatterOp scatter_amax_op{"scatter_amax", {.dtypes = kNumericDtypes}};
constinit ScatterOp scatter_amin_op{"scatter_amin", {.dtypes = kNumericDtypes}};

struct ScatterBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override {
    return num_outputs() > 1 ? "ScatterBackward0" : "ScatterBackward1";
  }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    Tensor index = index_.unpack(*this);
    if (num_outputs() > 1 && task_should_compute_output(1)) out[1] = grads[0].gather(dim_, index);
    if (task_should_compute_output(0)) out[0] = grads[0].scatter(dim_, index, 0);
    return out;
  }
  void release_variables() override { index_.release(); }
};

struct ScatterAddBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "ScatterAddBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(1)) out[1] = grads[0].gather(dim_, index_.unpack(*this));
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override { index_.release(); }
};

/// Writes to `out`, which is dense.
void run(const ScatterOp& op, const Tensor& out, int64_t dim, const Tensor& index,
         const Tensor& src) {
  if (index.numel() == 0) return;
  NoGradGuard no_grad;
  check_dtype(op, out.dtype());
  op(stream_for(out), as_vector(out), dim, as_vector(index), as_vector(src));
}

template <class Backward, class... Src>
intrusive_ptr<Node> make_scatter_node(const Tensor& self, int64_t dim, const Tensor& index,
                                      const Src&... src) {
  auto node = make_node<Backward>(self, src...);
  node->dim_ = dim;
  node->index_.save(index);
  return node;
}

void check_scatter(const char* op, const Tensor& self, int64_t dim, const Tensor& index) {
  if (index.numel() == 0) return;
  check_indices(op, self, index);
  if (index.dim() != 0 && self.dim() != 0) check_index_sizes(index, self, "self", dim, self, dim);
}

/// The part of `src` that `index` uses.
Tensor check_source(const char* op, const Tensor& self, int64_t dim, const Tensor& index,
                    const Tensor& src) {
  check_same_device(op, self, src);
  ADJOINT_CHECK(self.dtype() == src.dtype(),
                "scatter(): Expected self.dtype to be equal to src.dtype, but got ", self.dtype(),
                " and ", src.dtype());
  check_scatter(op, self, dim, index);
  if (index.numel() == 0) return src.reshape({-1}).narrow(0, 0, 0).reshape(index.sizes());
  ADJOINT_CHECK(as_vector(src).dim() == as_vector(self).dim(),
                "Index tensor must have the same number of dimensions as src tensor: got ",
                index.dim(), " and ", src.dim());
  if (index.dim() != 0 && src.dim() != 0) check_index_sizes(index, src, "src", -1, self, dim);
  Tensor part = src;
  for (int64_t d = 0; d < index.dim() && d < src.dim(); ++d) {
    if (src.size(d) != index.size(d)) part = part.narrow(d, 0, index.size(d));
  }
  return part;
}

Tensor number_at(const Tensor& self, const Tensor& index, const Scalar& value) {
  return full({}, value, self.options()).expand(index.sizes());
}

Tensor copy_of(const Tensor& self) {
  NoGradGuard no_grad;
  return self.clone();
}

template <class Backward>
Tensor scattered(const ScatterOp& op, const Tensor& self, int64_t dim, const Tensor& index,
                 const Tensor& src) {
  dim = wrap_dim(dim, self.dim());
  Tensor part = check_source(op.name(), self, dim, index, src), out = copy_of(self);
  run(op, out, dim, index, part);
  if (needs_grad(self, src)) {
    set_history(out, make_scatter_node<Backward>(self, dim, index, part));
  }
  return out;
}

template <class Backward>
Tensor& scatter_in_place(const ScatterOp& op, const Tensor& self, int64_t dim, const Tensor& index,
                         const Tensor& src) {
  dim = wrap_dim(dim, self.dim());
  Tensor part = check_source(op.name(), self, dim, index, src);
  check_inplace(self, src);
  Tensor source = apart_from(self, part), places = apart_from(self, index);
  write_dense(self, [&](const Tensor& out) { run(op, out, dim, places, source); });
  bump_version(self);
  if (needs_grad(self, src)) {
    rebase_history(self, make_scatter_node<Backward>(self, dim, places, part));
  }
  return const_cast<Tensor&>(self);
}

// ---- scatter_reduce

enum class Combine : uint8_t { Sum, Prod, Mean, Amax, Amin };

Combine combine_of(std::string_view name) {
  if (name == "sum") return Combine::Sum;
  if (name == "prod") return Combine::Prod;
  if (name == "mean") return Combine::Mean;
  if (name == "amax") return Combine::Amax;
  if (name == "amin") return Combine::Amin;
  detail::fail<Error>("reduce argument must be either sum, prod, mean, amax or amin, got ", name);
}
const ScatterOp& op_of(Combine combine) {
  switch (combine) {
    case Combine::Prod:
      return scatter_prod_op;
    case Combine::Amax:
      return scatter_amax_op;
    case Combine::Amin:
      return scatter_amin_op;
    default:
      return scatter_add_op;
  }
}

template <class T>
Scalar bound_of(bool largest) {
  using Limits = std::numeric_limits<T>;
  return largest ? Limits::max() : Limits::min();
}
/// What leaves any number of the dtype as it is.
Scalar identity_of(Combine combine, ScalarType dtype) {
  if (combine == Combine::Prod) return 1;
  if (combine == Combine::Sum || combine == Combine::Mean) return 0;
  const bool largest = combine == Combine::Amin;
  switch (dtype) {
    case kByte:
      return bound_of<uint8_t>(largest);
    case kInt:
      return bound_of<int32_t>(largest);
    case kLong:
      return bound_of<int64_t>(largest);
    default: {
      constexpr double infinity = std::numeric_limits<double>::infinity();
      return largest ? infinity : -infinity;
    }
  }
}

/// How many elements each mean is of, at least 1.
Tensor counts(const Tensor& self, int64_t dim, const Tensor& index, bool include_self) {
  NoGradGuard no_grad;
  Tensor n = include_self ? ones_like(self) : ones_like(self).scatter(dim, index, 0);
  n = n.scatter_add(dim, index, full({}, 1, self.options()).expand(index.sizes()));
  return n.clamp_min(1);
}

struct ScatterReduceBackward final : Node {
  Combine combine_ = Combine::Sum;
  int64_t dim_ = 0;
  bool include_self_ = true;
  SavedTensor self_, index_, src_, result_;

  const char* name() const override { return "ScatterReduceBackward0"; }
  GradList apply(GradList&& grads) override {
    const Tensor index = index_.unpack(*this), self = self_.unpack(*this);
    GradList out(2);
    switch (combine_) {
      case Combine::Sum:
        out = {grads[0], grads[0].gather(dim_, index)};
        break;
      case Combine::Mean: {
        Tensor each = grads[0] / counts(self, dim_, index, include_self_);
        out = {each, each.gather(dim_, index)};
        break;
      }
      case Combine::Prod:
        out = of_product(grads[0], self, src_.unpack(*this), index);
        break;
      default:
        out = of_extremum(grads[0], self, src_.unpack(*this), index);
    }
    if (!include_self_) out[0] = out[0].scatter(dim_, index, 0);
    return out;
  }
  void release_variables() override {
    self_.release();
    index_.release();
    src_.release();
    result_.release();
  }

 private:
  GradList of_extremum(const Tensor& grad, const Tensor& self, const Tensor& src,
                       const Tensor& index) {
    const Tensor result = result_.unpack(*this);
    Tensor self_ties = self.eq(result).to(grad.dtype()),
           src_ties = src.eq(result.gather(dim_, index)).to(grad.dtype());
    Tensor ties = (include_self_ ? self_ties : zeros_like(self)).scatter_add(dim_, index, src_ties);
    Tensor each = grad / ties.clamp_min(1);
    // Where nothing went, the element is what it was.
    return {include_self_ ? each * self_ties : grad, each.gather(dim_, index) * src_ties};
  }
  /// A product's derivative is the product of the others: by division, but for zeros, which are
  /// left out of the product.
  GradList of_product(const Tensor& grad, const Tensor& self, const Tensor& src,
                      const Tensor& index) {
    const Tensor result = result_.unpack(*this);
    auto product = [&](const Tensor& to, const Tensor& from) {
      return scatter_reduce(to, dim_, index, from, "prod", include_self_);
    };
    Tensor self_without = self.masked_fill(self.eq(0), 1);
    Tensor src_zero = src.eq(0);
    Tensor zeros_there =
        zeros_like(self).scatter_add(dim_, index, src_zero.to(grad.dtype())).gather(dim_, index);
    Tensor only_zero = logical_and(src_zero, zeros_there.eq(1));
    Tensor others = (grad * product(self, src.masked_fill(only_zero, 1))).gather(dim_, index);
    Tensor divided = (grad * result).gather(dim_, index) / src.masked_fill(src_zero, 1);
    Tensor of_self = include_self_ ? grad * product(self_without, src) / self_without : grad;
    return {of_self, adjoint::where(only_zero, others, divided)};
  }
};

/// Writes to `out`, which holds the values of self and is dense.
void reduce_into(Combine combine, const Tensor& out, int64_t dim, const Tensor& index,
                 const Tensor& part, bool include_self) {
  ADJOINT_CHECK_TYPE(combine != Combine::Mean || out.is_floating_point(),
                     "scatter_reduce: expected a floating point tensor for \"mean\", got ",
                     out.dtype());
  NoGradGuard no_grad;
  Tensor n;
  if (combine == Combine::Mean) n = counts(out, dim, index, include_self);
  if (!include_self) {
    run(scatter_op, out, dim, index, number_at(out, index, identity_of(combine, out.dtype())));
  }
  run(op_of(combine), out, dim, index, part);
  if (combine == Combine::Mean) out.div_(n);
}

intrusive_ptr<ScatterReduceBackward> make_reduce_node(Combine combine, const Tensor& self,
                                                      const Tensor& saved, int64_t dim,
                                                      const Tensor& index, const Tensor& part,
                                                      bool include_self) {
  auto node = make_node<ScatterReduceBackward>(self, part);
  node->combine_ = combine;
  node->dim_ = dim;
  node->include_self_ = include_self;
  node->self_.save(saved);
  node->index_.save(index);
  if (combine != Combine::Sum && combine != Combine::Mean) node->src_.save(part);
  return node;
}

}  // namespace

void register_scatter_ops(OpRegistry& registry) {
  registry.add(scatter_op);
  registry.add(scatter_add_op);
  registry.add(scatter_prod_op);
  registry.add(scatter_amax_op);
  registry.add(scatter_amin_op);
}

void check_index_sizes(const Tensor& index, const Tensor& other, const char* other_name,
                       int64_t except, const Tensor& self, int64_t dim) {
  for (int64_t d = 0; d < index.dim(); ++d) {
    if (d == except) continue;
    if (except < 0) {
      ADJOINT_CHECK(index.size(d) <= other.size(d), "Expected index ", index.sizes(),
                    " to be no larger than self ", self.sizes(), " apart from dimension ", dim,
                    " and to be no larger size than src ", other.sizes());
    } else {
      ADJOINT_CHECK(index.size(d) <= other.size(d), "Size does not match at dimension ", d,
                    " expected index ", index.sizes(), " to be no larger than ", other_name, " ",
                    other.sizes(), " apart from dimension ", dim);
    }
  }
}

void check_indices(const char* op, const Tensor& self, const Tensor& index) {
  check_same_device(op, self, index);
  ADJOINT_CHECK(is_index_dtype(index), op, "(): Expected dtype int32/int64 for index, but got ",
                index.dtype());
  ADJOINT_CHECK(as_vector(index).dim() == as_vector(self).dim(),
                "Index tensor must have the same number of dimensions as input tensor: got ",
                index.dim(), " and ", self.dim());
}

Tensor scatter_to_zeros(IntArrayRef sizes, int64_t dim, const Tensor& index, const Tensor& src) {
  Tensor out = zeros(sizes, src.options());
  run(scatter_add_op, out, dim, index, src);
  if (needs_grad(src)) {
    set_history(out, make_scatter_node<ScatterAddBackward>(Tensor(), dim, index, src));
  }
  return out;
}

Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  return scattered<ScatterAddBackward>(scatter_add_op, self, dim, index, src);
}
Tensor& Tensor::scatter_add_(int64_t dim, const Tensor& index, const Tensor& src) const {
  return scatter_in_place<ScatterAddBackward>(scatter_add_op, *this, dim, index, src);
}

Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  return scattered<ScatterBackward>(scatter_op, self, dim, index, src);
}
Tensor& Tensor::scatter_(int64_t dim, const Tensor& index, const Tensor& src) const {
  return scatter_in_place<ScatterBackward>(scatter_op, *this, dim, index, src);
}
Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  dim = wrap_dim(dim, self.dim());
  check_scatter("scatter", self, dim, index);
  Tensor out = copy_of(self);
  run(scatter_op, out, dim, index, number_at(self, index, value));
  if (needs_grad(self)) set_history(out, make_scatter_node<ScatterBackward>(self, dim, index));
  return out;
}
Tensor& Tensor::scatter_(int64_t dim, const Tensor& index, const Scalar& value) const {
  dim = wrap_dim(dim, this->dim());
  check_scatter("scatter", *this, dim, index);
  check_inplace(*this);
  Tensor places = apart_from(*this, index);
  write_dense(*this, [&](const Tensor& out) {
    run(scatter_op, out, dim, places, number_at(out, places, value));
  });
  bump_version(*this);
  if (needs_grad(*this)) {
    rebase_history(*this, make_scatter_node<ScatterBackward>(*this, dim, places));
  }
  return const_cast<Tensor&>(*this);
}

Tensor scatter_reduce(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                      std::string_view reduce, bool include_self) {
  const Combine combine = combine_of(reduce);
  dim = wrap_dim(dim, self.dim());
  Tensor part = check_source("scatter_reduce", self, dim, index, src), out = copy_of(self);
  reduce_into(combine, out, dim, index, part, include_self);
  if (needs_grad(self, src)) {
    auto node = make_reduce_node(combine, self, self, dim, index, part, include_self);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}
Tensor& Tensor::scatter_reduce_(int64_t dim, const Tensor& index, const Tensor& src,
                                std::string_view reduce, bool include_self) const {
  const Combine combine = combine_of(reduce);
  dim = wrap_dim(dim, this->dim());
  Tensor part = check_source("scatter_reduce", *this, dim, index, src);
  check_inplace(*this, src);
  const bool recorded = needs_grad(*this, src);
  Tensor before = recorded ? clone() : *this;
  Tensor source = apart_from(*this, part), places = apart_from(*this, index);
  write_dense(*this, [&](const Tensor& out) {
    reduce_into(combine, out, dim, places, source, include_self);
  });
  bump_version(*this);
  if (recorded) {
    auto node = make_reduce_node(combine, *this, before, dim, places, source, include_self);
    ScatterReduceBackward* kept = node.get();
    rebase_history(*this, std::move(node));
    kept->result_.save_output(*this);
  }
  return const_cast<Tensor&>(*this);
}

}  // namespace adjoint
