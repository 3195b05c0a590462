// SPDX-License-Identifier: MIT
// Indexing by what stands between brackets: numbers, slices, tensors of indices, masks.
//
// Note [Indexing by tensors]
// ~~~~~~~~~~~~~~~~~~~~~~~~~~
// Numbers, slices and None make a view; what is left are index tensors, each for one dimension (a
// mask becomes one for each of its dimensions). They broadcast, and together number the elements of
// the dimensions that they index, as if those were one: so that all of it is index_select along one
// dimension, and writing is index_add or index_copy. Where dimensions that are not indexed stand
// between, the indexed ones are moved to the front.
#include "adjoint/indexing.h"

#include "core/ops/index.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

/// out = before * size + index, which may be negative and then counts from the end; `before` may be
/// undefined (0). All are dense; `index` is of kInt or kLong, the others kLong.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& before, const Tensor& index,
                  int64_t dim, int64_t size)>
    linear_index_op{"linear_index", {.dtypes = {kInt, kLong}, .differentiable = false}};

/// One for each dimension, undefined for those that are not indexed.
using IndexTensors = SmallVector<Tensor, size_t(kMaxDims)>;

bool is_mask(const Tensor& t) { return t.dtype() == kBool || t.dtype() == kByte; }

void check_mask_sizes(const Tensor& mask, const Tensor& self, int64_t at) {
  for (int64_t d = 0; d < mask.dim(); ++d) {
    ADJOINT_CHECK_INDEX(at + d < self.dim() && mask.size(d) == self.size(at + d),
                        "The shape of the mask ", mask.sizes(), " at index ", d,
                        " does not match the shape of the indexed tensor ", self.sizes(),
                        " at index ", at + d);
  }
}

/// Adds the index tensors that `index`, at dimension `at` of `self`, stands for.
void add_index(IndexTensors& tensors, const Tensor& index, const Tensor& self, int64_t at) {
  ADJOINT_CHECK_INDEX(is_mask(index) || is_index_dtype(index),
                      "tensors used as indices must be long, int, byte or bool tensors, got ",
                      index.dtype());
  NoGradGuard no_grad;
  while (int64_t(tensors.size()) < at) tensors.emplace_back();
  Tensor there = index.device() == self.device() ? index : index.to(self.device());
  if (!is_mask(there)) {
    tensors.push_back(there);
    return;
  }
  check_mask_sizes(there, self, at);
  for (const Tensor& along : there.nonzero().unbind(1)) tensors.push_back(along);
}

int64_t dims_consumed(const TensorIndex& index) {
  switch (index.kind()) {
    case TensorIndex::Kind::Integer:
    case TensorIndex::Kind::Slice:
      return 1;
    case TensorIndex::Kind::Tensor: {
      const Tensor t(index.tensor());
      return t.defined() && is_mask(t) ? t.dim() : 1;
    }
    default:
      return 0;
  }
}

/// A view of `self` by all indices but tensors, which go to `tensors`.
Tensor apply_views(const Tensor& self, ArrayRef<TensorIndex> indices, IndexTensors& tensors) {
  using Kind = TensorIndex::Kind;
  int64_t consumed = 0, ellipses = 0;
  for (const TensorIndex& i : indices) {
    consumed += dims_consumed(i);
    ellipses += i.kind() == Kind::Ellipsis;
  }
  ADJOINT_CHECK_INDEX(ellipses <= 1, "an index can only have a single ellipsis ('...')");
  ADJOINT_CHECK_INDEX(consumed <= self.dim(), "too many indices for tensor of dimension ",
                      self.dim());
  Tensor out = self;
  int64_t d = 0, source_dim = 0;
  auto select = [&](int64_t index) {
    const int64_t size = out.size(d);
    ADJOINT_CHECK_INDEX(index >= -size && index < size, "index ", index,
                        " is out of bounds for dimension ", source_dim, " with size ", size);
    out = out.select(d, index);
    ++source_dim;
  };
  auto choose = [&](bool value) {
    out = out.unsqueeze(d);
    Tensor none_or_one = zeros({value ? 1 : 0}, TensorOptions(kLong).device(self.device()));
    add_index(tensors, none_or_one, out, d++);
  };
  for (const TensorIndex& i : indices) {
    switch (i.kind()) {
      case Kind::None:
        out = out.unsqueeze(d++);
        break;
      case Kind::Ellipsis:
        d += self.dim() - consumed;
        source_dim += self.dim() - consumed;
        break;
      case Kind::Integer:
        select(i.integer());
        break;
      case Kind::Boolean:
        choose(i.boolean());
        break;
      case Kind::Slice:
        out = out.slice(d++, i.slice().start(), i.slice().stop(), i.slice().step());
        ++source_dim;
        break;
      case Kind::Tensor: {
        const Tensor t(i.tensor());
        if (!t.defined()) {
          ++d, ++source_dim;
        } else if (t.dim() == 0 && is_mask(t)) {
          choose(t.item().to<bool>());
        } else if (t.dim() == 0 && is_index_dtype(t)) {
          select(t.item().to<int64_t>());
        } else {
          add_index(tensors, t, out, d);
          const int64_t taken = dims_consumed(i);
          d += taken;
          source_dim += taken;
        }
        break;
      }
    }
  }
  return out;
}

/// Which elements of a tensor index tensors name.
struct Plan {
  DimVector order;  // of the dimensions, the indexed ones beside each other; empty: as they are
  int64_t first = 0, count = 0;  // in that order
  int64_t size = 1;              // elements of the indexed dimensions
  DimVector merged;              // sizes in that order, the indexed dimensions as one
  DimVector result;              // sizes of what is named
  Tensor linear;                 // kLong, 1-d: the numbers of the elements

  /// `t`, of the indexed tensor's sizes, with the indexed dimensions as one.
  Tensor arrange(const Tensor& t) const {
    return (order.empty() ? t : t.permute(order)).reshape(merged);
  }
};

DimVector broadcast_indices(const IndexTensors& tensors) {
  DimVector sizes;
  for (const Tensor& t : tensors) {
    if (!t.defined()) continue;
    try {
      sizes = broadcast_shapes(sizes, t.sizes());
    } catch (const Error&) {
      std::string shapes;
      for (const Tensor& each : tensors) {
        if (!each.defined()) continue;
        if (!shapes.empty()) shapes += ", ";
        append(shapes, each.sizes());
      }
      detail::fail<IndexError>(
          "shape mismatch: indexing tensors could not be broadcast together with shapes ", shapes);
    }
  }
  return sizes;
}

Plan make_plan(const Tensor& self, const IndexTensors& tensors) {
  NoGradGuard no_grad;
  Plan plan;
  const DimVector index_sizes = broadcast_indices(tensors);
  auto is_indexed = [&](int64_t d) {
    return size_t(d) < tensors.size() && tensors[size_t(d)].defined();
  };
  int64_t last = 0;
  for (int64_t d = 0; d < self.dim(); ++d) {
    if (!is_indexed(d)) continue;
    if (plan.count++ == 0) plan.first = d;
    last = d;
  }
  if (last - plan.first + 1 != plan.count) {
    for (bool indexed : {true, false}) {
      for (int64_t d = 0; d < self.dim(); ++d) {
        if (is_indexed(d) == indexed) plan.order.push_back(d);
      }
    }
    plan.first = 0;
  }
  for (int64_t at = 0; at < self.dim(); ++at) {
    const int64_t size = self.size(plan.order.empty() ? at : plan.order[size_t(at)]);
    if (at >= plan.first && at < plan.first + plan.count) {
      plan.size *= size;
      if (at == plan.first) {
        plan.merged.push_back(1);
        for (int64_t s : index_sizes) plan.result.push_back(s);
      }
    } else {
      plan.merged.push_back(size);
      plan.result.push_back(size);
    }
  }
  plan.merged[size_t(plan.first)] = plan.size;
  const int64_t n = numel_of(index_sizes);
  ADJOINT_CHECK_INDEX(plan.size != 0 || n == 0, "index is out of bounds for dimension with size 0");
  const Stream stream = stream_for(self);
  for (int64_t d = 0; d < self.dim(); ++d) {
    if (!is_indexed(d)) continue;
    Tensor next = make_output({n}, kLong, stream);
    if (n != 0) {
      linear_index_op(stream, next, plan.linear,
                      tensors[size_t(d)].detach().expand(index_sizes).contiguous(), d,
                      self.size(d));
    }
    plan.linear = next;
  }
  return plan;
}

/// What a node of either direction keeps of a plan.
struct IndexNode : Node {
  Plan plan_;  // its numbers are in linear_
  SavedTensor linear_;

  void save(const Plan& plan) {
    plan_ = plan;
    plan_.linear = {};
    linear_.save(plan.linear);
  }
  Plan unpack_plan() {
    Plan plan = plan_;
    plan.linear = linear_.unpack(*this);
    return plan;
  }
  void release_variables() override { linear_.release(); }
};

Tensor put_into(const Tensor& out, const Tensor& self, const Plan& plan, const Tensor& value,
                bool accumulate);
Tensor put(const Tensor& self, const Plan& plan, const Tensor& value, bool accumulate);

struct IndexBackward final : IndexNode {
  DimVector sizes_;
  const char* name() const override { return "IndexBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor base = zeros(sizes_, grads[0].options());
    return {put_into(base, base, unpack_plan(), grads[0], true)};
  }
};

Tensor get(const Tensor& self, const Plan& plan) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = in_shape(plan.arrange(self).index_select(plan.first, plan.linear), plan.result);
  }
  if (needs_grad(self)) {
    auto node = make_node<IndexBackward>(self);
    node->sizes_ = self.sizes();
    node->save(plan);
    set_history(out, node);
  }
  return out;
}

struct IndexPutBackward final : IndexNode {
  bool accumulate_ = false;
  const char* name() const override { return "IndexPutBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Plan plan = unpack_plan();
    if (task_should_compute_output(1)) out[1] = get(grads[0], plan);
    if (task_should_compute_output(0)) {
      out[0] = accumulate_ ? grads[0] : put(grads[0], plan, zeros({}, grads[0].options()), false);
    }
    return out;
  }
};

/// Writes to `out`, which is dense. `value` has the plan's result's sizes, or broadcasts to them.
void write_planned(const Tensor& out, const Plan& plan, const Tensor& value, bool accumulate) {
  if (numel_of(plan.result) == 0) return;
  DimVector source_sizes = plan.merged;
  source_sizes[size_t(plan.first)] = plan.linear.numel();
  Tensor source = value.expand(plan.result).reshape(source_sizes);
  auto write = [&](const Tensor& target) {
    write_slices(target, plan.first, plan.linear, source,
                 accumulate ? SliceWrite::Add : SliceWrite::Copy);
  };
  if (plan.order.empty()) {
    write(out.view(plan.merged));
    return;
  }
  write_dense(out.permute(plan.order),
              [&](const Tensor& arranged) { write(arranged.view(plan.merged)); });
}

intrusive_ptr<Node> make_put_node(const Tensor& self, const Plan& plan, const Tensor& value,
                                  bool accumulate) {
  auto node = make_node<IndexPutBackward>(self, value);
  node->accumulate_ = accumulate;
  node->save(plan);
  return node;
}

/// `out`, which holds the values of `self` and belongs to the caller alone, changed.
Tensor put_into(const Tensor& out, const Tensor& self, const Plan& plan, const Tensor& value,
                bool accumulate) {
  {
    NoGradGuard no_grad;
    write_planned(out, plan, value, accumulate);
  }
  if (needs_grad(self, value)) set_history(out, make_put_node(self, plan, value, accumulate));
  return out;
}

Tensor put(const Tensor& self, const Plan& plan, const Tensor& value, bool accumulate) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = self.clone();
  }
  return put_into(out, self, plan, value, accumulate);
}

/// `value` as it can be written: on self's device, of its dtype, of no more dimensions than
/// `sizes`.
Tensor checked_value(const Tensor& self, IntArrayRef sizes, const Tensor& value) {
  Tensor v =
      value.numel() == 1 && value.is_cpu() && !self.is_cpu() ? value.to(self.device()) : value;
  check_same_device("index_put_", self, v);
  ADJOINT_CHECK(v.dtype() == self.dtype(),
                "Index put requires the source and destination dtypes match, got ", self.dtype(),
                " for the destination and ", v.dtype(), " for the source.");
  while (v.dim() > int64_t(sizes.size()) && v.size(0) == 1) v = v.squeeze(0);
  bool fits = v.dim() <= int64_t(sizes.size());
  for (int64_t d = 1; fits && d <= v.dim(); ++d) {
    fits = v.size(-d) == 1 || v.size(-d) == sizes[sizes.size() - size_t(d)];
  }
  ADJOINT_CHECK(fits, "shape mismatch: value tensor of shape ", value.sizes(),
                " cannot be broadcast to indexing result of shape ", sizes);
  return v;
}

void put_in_place(const Tensor& self, const Plan& plan, const Tensor& value, bool accumulate) {
  Tensor v = checked_value(self, plan.result, value);
  check_inplace(self, v);
  {
    NoGradGuard no_grad;
    Tensor source = apart_from(self, v);
    write_dense(self, [&](const Tensor& out) { write_planned(out, plan, source, accumulate); });
  }
  bump_version(self);
  if (needs_grad(self, v)) rebase_history(self, make_put_node(self, plan, v, accumulate));
}

/// The index tensors of a list, of which one may stand for several dimensions.
IndexTensors listed(const Tensor& self, TensorList indices) {
  int64_t consumed = 0;
  for (const Tensor& t : indices) consumed += t.defined() && is_mask(t) ? t.dim() : 1;
  ADJOINT_CHECK_INDEX(consumed <= self.dim(), "too many indices for tensor of dimension ",
                      self.dim(), " (got ", consumed, ")");
  IndexTensors tensors;
  for (const Tensor& t : indices) {
    if (t.defined()) {
      add_index(tensors, t, self, int64_t(tensors.size()));
    } else {
      tensors.emplace_back();
    }
  }
  return tensors;
}

bool has_tensors(const IndexTensors& tensors) {
  for (const Tensor& t : tensors) {
    if (t.defined()) return true;
  }
  return false;
}

}  // namespace

void register_advanced_index_ops(OpRegistry& registry) { registry.add(linear_index_op); }

Tensor Tensor::operator[](const Tensor& index) const { return this->index({index}); }

Tensor Tensor::index(ArrayRef<TensorIndex> indices) const {
  IndexTensors tensors;
  Tensor view = apply_views(*this, indices, tensors);
  return has_tensors(tensors) ? get(view, make_plan(view, tensors)) : view;
}

const Tensor& Tensor::index_put_(ArrayRef<TensorIndex> indices, const Tensor& value,
                                 bool accumulate) const {
  IndexTensors tensors;
  Tensor view = apply_views(*this, indices, tensors);
  if (has_tensors(tensors)) {
    put_in_place(view, make_plan(view, tensors), value, accumulate);
    return *this;
  }
  Tensor v = value;
  while (v.dim() > view.dim() && v.size(0) == 1) v = v.squeeze(0);
  accumulate ? view.add_(v) : view.copy_(v);
  return *this;
}

const Tensor& Tensor::index_put_(ArrayRef<TensorIndex> indices, const Scalar& value,
                                 bool accumulate) const {
  IndexTensors tensors;
  Tensor view = apply_views(*this, indices, tensors);
  if (has_tensors(tensors)) {
    put_in_place(view, make_plan(view, tensors), full({}, value, view.options()), accumulate);
  } else {
    accumulate ? view.add_(value) : view.fill_(value);
  }
  return *this;
}

Tensor Tensor::index_put(ArrayRef<TensorIndex> indices, const Tensor& value,
                         bool accumulate) const {
  Tensor out = clone();
  out.index_put_(indices, value, accumulate);
  return out;
}

Tensor index(const Tensor& self, TensorList indices) {
  IndexTensors tensors = listed(self, indices);
  ADJOINT_CHECK_INDEX(has_tensors(tensors), "index: expected at least one defined index tensor");
  return get(self, make_plan(self, tensors));
}

Tensor index_put(const Tensor& self, TensorList indices, const Tensor& values, bool accumulate) {
  IndexTensors tensors = listed(self, indices);
  ADJOINT_CHECK_INDEX(has_tensors(tensors),
                      "index_put: expected at least one defined index tensor");
  Plan plan = make_plan(self, tensors);
  return put(self, plan, checked_value(self, plan.result, values), accumulate);
}

}  // namespace adjoint
